"""Collects the straight-line integer code of one plan: variables, tables, refusals, explained steps.

Every statement is ``name = expression`` on integers, each name is set once, conditions are conditional expressions. So the
same text runs as plain Python, records its steps for the explanation, and can run over arrays.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import lcm

from tongchou.policy.dividedcode import YES_NO, Divided
from tongchou.policy.expressions import Expression, ExpressionError
from tongchou.policy.findings import Finding
from tongchou.policy.model import BILL_COMPONENTS, AccumulatorSpec, Condition, FactSpec, Pack, Place, Quantity, Table
from tongchou.policy.program import Check, Display, Refusal
from tongchou.policy.rejections import NUMBER_UNKNOWN
from tongchou.policy.typed import UNIT_TYPES, Code, Scope, at_scale, typed, typed_as
from tongchou.policy.vocabulary import COMPONENT_TITLES

UNKNOWN_CELL = -(10**15)
BILL_NAMES = {f"bill.{name}": f"c_{name}" for name in BILL_COMPONENTS}
_RANGE = re.compile(r"(\d{1,9})(\.\.(\d{1,9})?)?")
_NO_END = 10**9
RATE_SCALE = 1_000_000
"""Decimals that a formula is given (points, coefficients) have at most six places."""


Unknown = tuple[str, Quantity]
"""A number that the document does not give, at least not always: the condition under which it is missing, and where it stands."""


def _bounds(match: re.Match[str]) -> tuple[int, int]:
    """``6..11`` → (6, 11); ``12..`` → (12, no end); ``6`` → (6, 6)."""
    low = int(match.group(1))
    if not match.group(2):
        return low, low
    return low, int(match.group(3)) if match.group(3) else _NO_END


class Emitter:
    """The code of one plan while it grows."""

    def __init__(
        self,
        *,
        facts: Mapping[str, FactSpec],
        accumulators: Mapping[str, AccumulatorSpec],
        findings: list[Finding],
    ) -> None:
        self.known_facts = facts
        self.known_accumulators = accumulators
        self.defines: Mapping[str, Condition] = {}
        self.tables: Mapping[str, Quantity] = {}
        self.findings = findings
        self.lines: list[str] = []
        self.constants: dict[str, tuple[int, ...]] = {}
        self.facts: dict[str, str] = {}
        self.accumulators: dict[str, str] = {}
        self.current: dict[str, str] = {}
        self.fed: dict[str, list[str]] = {}
        self.divided = Divided(self)
        self.refusals: list[tuple[str, Refusal]] = []
        self.displays: list[Display] = []
        self.unknowns: list[Unknown] = []
        self.names: set[str] = set()
        self.checks: list[Check] = []
        self.max_scale = 1
        self.named: dict[str, Code] = {}
        self.named_titles: dict[str, str] = {}
        self.components: dict[str, str] = {}
        self.component_titles: dict[str, str] = dict(COMPONENT_TITLES)
        self.scope = Scope(self._resolve, lambda name: facts[name], self.let)

    def allow_dates(self) -> None:
        """Date functions may be used (in formulas, not in plans)."""
        self.scope = replace(self.scope, dates=True)

    def read_names_of(self, pack: Pack) -> None:
        """From here on, named conditions and tables are those of this pack; packs don't see each other's."""
        self.defines, self.tables = pack.defines, pack.tables

    # -- names --------------------------------------------------------------------------------------------------

    def let(self, name: str, text: str) -> str:
        """Write ``name = text`` under a name not used before, and give that name. Atoms are passed through."""
        if text.isidentifier() or text.isdigit():
            return text
        unique, count = name, 2
        while unique in self.names:
            unique, count = f"{name}_{count}", count + 1
        self.names.add(unique)
        self.lines.append(f"{unique} = {text}")
        return unique

    def smaller(self, name: str, a: str, b: str) -> str:
        """The smaller of two atoms."""
        return self.let(name, f"{a} if {a} < {b} else {b}")

    def positive(self, name: str, text: str) -> str:
        """The positive part."""
        value = self.let(name, text)
        return self.let(name, f"{value} if {value} > 0 else 0")

    def report(self, place: Place, message: str, remedy: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(place.file, place.line, place.cite, message, remedy))

    def accumulator(self, name: str, place: Place) -> str:
        """The variable that now holds an accumulator."""
        spec = self.known_accumulators.get(name)
        if spec is None:
            self.report(place, f"没有声明累计项“{name}”", "请在accumulators中声明，或改正名称")
        elif spec.by and self.divided.divide(spec):
            return self.current[name]
        self.accumulators.setdefault(name, f"a{len(self.accumulators)}")
        return self.current.get(name, self.accumulators[name])

    def feed(self, name: str, amount: str, place: Place) -> None:
        """Add to an accumulator."""
        before = self.accumulator(name, place)
        if name in self.divided:
            self.divided.feed(name, before, amount)
            return
        self.current[name] = self.let(self.accumulators[name] + "_new", f"{before} + {amount}")
        self.fed.setdefault(name, []).append(amount)

    def name_result(self, name: str, code: Code, title: str) -> None:
        """Let later expressions use a computed value under a name."""
        self.named[name], self.named_titles[name] = code, title

    def _resolve(self, name: str) -> Code | Expression | None:
        if name in self.named:
            return self.named[name]
        component = name.removeprefix("burden.")
        if component != name and component in self.components:
            return Code(self.components[component], "fen")
        if name in self.known_facts:
            spec = self.known_facts[name]
            variable = self.facts.setdefault(name, f"f{len(self.facts)}")
            if spec.kind == "bool":
                return Code(f"({variable} != 0)", "bool")
            if spec.kind == "rate":
                return Code(variable, "rate", RATE_SCALE)
            kind = f"{spec.kind}:{name}" if spec.kind in ("enum", "set", "code") else spec.kind
            return Code(variable, kind)
        if name in self.known_accumulators:
            unit = "fen" if self.known_accumulators[name].unit == "元" else "int"
            return Code(self.accumulator(name, self.known_accumulators[name].place), unit)
        if name == "bill.total":
            return Code("bill_total", "fen")
        if name in BILL_NAMES:
            return Code(f"b_{name.removeprefix('bill.')}", "fen")
        if name in self.defines:
            return self._defined(self.defines[name])
        if name in self.tables:
            code, _ = self.quantity(self.tables[name], "t")
            return code
        return None

    def _defined(self, condition: Condition) -> Code:
        """A named condition; its mistakes are reported where it is written, not where it is used."""
        try:
            return typed(condition.expression, self.scope)
        except ExpressionError as error:
            self.report(condition.place, str(error), "请改正define中的表达式")
            return Code("False", "bool")

    # -- values ---------------------------------------------------------------------------------------------------

    def condition(self, condition: Condition) -> str:
        """The text of a condition; a mistake becomes a finding and ``False``."""
        try:
            text = typed_as(condition.expression, "bool", self.scope).text
            self.checks.append(Check("condition", text, 1, condition.place, condition.text))
            return text
        except ExpressionError as error:
            self.report(condition.place, str(error), "请改正条件")
            return "False"

    def quantity(self, quantity: Quantity, name: str) -> tuple[Code, str]:
        """A number of the document as an atom, and the condition under which the document does not give it ("" = never).

        Unknown numbers count as zero here; what needs them refuses (see :meth:`refuse_unknowns`).
        """
        wanted = UNIT_TYPES[quantity.unit]
        if quantity.table is not None:
            code, missing = self._table(quantity.table, wanted, name)
        elif quantity.expression is None:
            code, missing = Code("0", wanted), "True"
        else:
            try:
                code, missing = typed_as(quantity.expression, wanted, self.scope), ""
            except ExpressionError as error:
                self.report(quantity.place, str(error), "请改正表达式")
                code, missing = Code("0", wanted), ""
        if missing:
            self.unknowns.append((missing, quantity))
        self.max_scale = max(self.max_scale, code.scale)
        return replace(code, text=self.let(name, code.text)), missing

    def _table(self, table: Table, wanted: str, name: str) -> tuple[Code, str]:
        axes = [self._axis(fact, table, position) for position, fact in enumerate(table.by)]
        if not all(values for _, values in axes):
            return Code("0", wanted), ""
        combinations = list(product(*(axis[1] for axis in axes)))
        used: set[tuple[str, ...]] = set()
        rows = {key[:depth] for key in table.cells for depth in range(1, len(key) + 1)}
        cells = [
            self._cell(table, _written_as(combination, rows), combination, wanted, used) for combination in combinations
        ]
        for key in table.cells.keys() - used:
            self.report(
                table.place, f"表格的“{'/'.join(key)}”没有对应的取值", f"表头是{'、'.join(table.by)}，请核对用词"
            )
        scale = lcm(*(cell.scale for cell in cells if cell is not None))
        numbers = tuple(UNKNOWN_CELL if cell is None else int(at_scale(cell, scale)) for cell in cells)
        index, stride = [], len(combinations)
        for variable, values in axes:
            stride //= len(values)
            index.append(f"({variable}) * {stride}" if stride > 1 else f"({variable})")
        constant = f"T{len(self.constants)}"
        self.constants[constant] = numbers
        looked_up = self.let(name, f"{constant}[{' + '.join(index)}]")
        if UNKNOWN_CELL not in numbers:
            return Code(looked_up, wanted, scale), ""
        known = self.let(name, f"0 if {looked_up} == {UNKNOWN_CELL} else {looked_up}")
        return Code(known, wanted, scale), f"{looked_up} == {UNKNOWN_CELL}"

    def _axis(self, fact: str, table: Table, position: int) -> tuple[str, tuple[str, ...]]:
        spec = self.known_facts.get(fact)
        counted = self._resolve(fact) if spec is None or spec.kind == "int" else None
        if isinstance(counted, Code) and counted.type == "int":
            return self._ranges(counted.text, fact, table, position)
        if spec is None or spec.kind not in ("enum", "bool", "code"):
            self.report(table.place, f"表头“{fact}”不是枚举、是否或代码信息", "请改用已声明的枚举信息")
            return "", ()
        variable = self.facts.setdefault(fact, f"f{len(self.facts)}")
        if spec.kind == "code":  # codes that no pack names are −1: the last row, else
            return f"{variable} if {variable} >= 0 else {len(spec.values)}", (*spec.values, "else")
        return variable, YES_NO if spec.kind == "bool" else spec.values

    def _ranges(self, number: str, fact: str, table: Table, position: int) -> tuple[str, tuple[str, ...]]:
        """An axis of whole numbers: keys like ``0..5``, ``6`` or ``12..``; without ``else`` they leave no hole from 0 on."""
        keys = list(dict.fromkeys(key[position] for key in table.cells))
        words = [key for key in keys if key != "else"]
        matches = [(word, _RANGE.fullmatch(word)) for word in words]
        bounds = sorted((_bounds(match), word) for word, match in matches if match)
        if len(bounds) < len(words) or not bounds:
            self.report(table.place, f"“{fact}”的表头应为个数的范围", "请写成0..5、6或12..")
            return "", ()
        following = 0
        for (low, high), word in bounds:
            if low < following or high < low:
                self.report(table.place, f"表格的“{word}”与前一格重叠", "请核对各格的起止")
            if low > following and "else" not in keys:
                self.report(
                    table.place, f"表格缺少“{following}..{low - 1}”一格", "请补上该格；文件未规定时写null并加note"
                )
            following = high + 1
        if following < _NO_END and "else" not in keys:
            self.report(table.place, f"表格缺少“{following}..”一格", "最后一格请写成“12..”的形式")
        text = str(len(bounds) if "else" in keys else len(bounds) - 1)
        for index in range(len(bounds) - 1, -1, -1):
            low, high = bounds[index][0]
            upper = "" if high >= _NO_END else f" and {number} <= {high}"
            text = f"{index} if {number} >= {low}{upper} else {text}"
        return text, (*(word for _, word in bounds), *(("else",) if "else" in keys else ()))

    def _cell(
        self, table: Table, written: tuple[str, ...], key: tuple[str, ...], wanted: str, used: set[tuple[str, ...]]
    ) -> Code | None:
        """The number of one combination of values; ``written`` is the cell that holds it. ``None``: the document has none."""
        if written not in table.cells:
            self.report(table.place, f"表格缺少“{'/'.join(key)}”一格", "请补上该格；文件未规定时写null并加note")
            return Code("0", wanted)
        used.add(written)
        cell = table.cells[written]
        return None if isinstance(cell, str) else self._constant(cell, wanted, table.place)

    def _constant(self, cell: Expression, wanted: str, place: Place) -> Code:
        try:
            code = typed_as(cell, wanted, self.scope)
            negative = code.text.startswith("(-")
            text = code.text.strip("()") if negative else code.text
            int(text)
            return replace(code, text=text)
        except (ExpressionError, ValueError) as error:
            reason = str(error) if isinstance(error, ExpressionError) else "表格的格子应为数字"
            self.report(place, reason, "请写数字及其单位")
            return Code("0", wanted)

    # -- refusals and explanation -----------------------------------------------------------------------------------

    def refuse(self, condition: str, refusal: Refusal) -> None:
        """Refuse when the condition holds; earlier refusals take precedence."""
        if (condition, refusal) not in self.refusals:
            self.refusals.append((condition, refusal))

    def refuse_unknowns(self, needed: str) -> None:
        """Refuse where a number that the document does not give is needed, that is where ``needed`` is positive."""
        self.refuse_where(f"{needed} > 0", self.unknowns)
        self.unknowns.clear()

    def refuse_where(self, reached: str, unknowns: Sequence[Unknown]) -> None:
        """Refuse where a condition holds and one of the numbers that the document does not give is the one that counts."""
        for missing, quantity in unknowns:
            note = quantity.unknown or _cell_note(quantity)
            details = (("note", note), ("cite", quantity.place.citation))
            self.refuse(reached if missing == "True" else f"{missing} and {reached}", Refusal(NUMBER_UNKNOWN, details))

    def show(self, display: Display) -> None:
        """Add an explained step."""
        self.displays.append(display)


def _written_as(values: tuple[str, ...], rows: Collection[tuple[str, ...]]) -> tuple[str, ...]:
    """The cell that holds a combination of values: at each heading the row of the value itself, else that of ``else``."""
    here: tuple[str, ...] = ()
    for value in values:
        here = (*here, value if (*here, value) in rows else "else")
    return here


def _cell_note(quantity: Quantity) -> str:
    notes = [cell for cell in quantity.table.cells.values() if isinstance(cell, str)] if quantity.table else []
    return notes[0] if notes else "文件未给出数字"
