"""Formulas: small dated calculations of a pack that are not a visit (entitlement dates, fund split, premiums).

The same expressions, typed and compiled to integers in the same way as a plan; days are ordinals inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import cast

from tongchou.kernel.period import add_months, age_on, first_of_next_month
from tongchou.kernel.rate import Rate
from tongchou.policy.calculation import FormulaValue, Value, shown
from tongchou.policy.emitter import RATE_SCALE, Emitter
from tongchou.policy.explain import exact_yuan
from tongchou.policy.expressions import ExpressionError, names_in, operations_in
from tongchou.policy.findings import Finding
from tongchou.policy.model import Condition, FactSpec, FormulaRule, FormulaStep, Quantity, Repeat
from tongchou.policy.program import Refusal
from tongchou.policy.rejections import FACT_MISSING, FACT_WRONG, NOT_APPLICABLE
from tongchou.policy.typed import ROUNDS, Code, typed
from tongchou.policy.wording import formula_in_words

Rows = tuple[tuple[int, int], ...]
Results = tuple[int, tuple[int, ...], tuple[Rows, ...], tuple[tuple[int, ...], ...], tuple[Fraction | int, ...]]
"""Refusal, and for each step: value, rows of a repetition, values of the tables it names, amount in fen before rounding."""
MOST_REPEATS = 600
"""Fifty years of months; a longer accumulation is refused."""


class Formula:
    """A compiled formula."""

    def __init__(
        self,
        rule: FormulaRule,
        defines: Mapping[str, Condition],
        tables: Mapping[str, Quantity],
        findings: list[Finding],
    ) -> None:
        self.name = rule.name
        self.title = rule.title
        self.inputs = rule.inputs
        self._rule = rule
        self._codes: list[Code] = []
        self._named: list[list[tuple[str, Code]]] = []
        specs = {spec.name: spec for spec in rule.inputs}
        emitter = Emitter(facts=specs, accumulators={}, findings=findings)
        emitter.defines, emitter.tables = defines, tables
        emitter.allow_dates()
        for number, spec in enumerate(rule.inputs):
            emitter.facts[spec.name] = f"f{number}"
        for condition in rule.requires:
            text = emitter.condition(condition)
            details = (("benefit", rule.title), ("reason", condition.because), ("cite", condition.place.citation))
            emitter.refuse(f"not ({text})", Refusal(NOT_APPLICABLE, details))
        exact = []
        for step in rule.steps:
            if step.repeat is None:
                exact.append(unrounded(emitter, step.quantity))
                self._named.append(mentioned(emitter, step.quantity))
                code, _ = emitter.quantity(step.quantity, f"v_{step.name}")
            else:
                exact.append("0")
                self._named.append([])
                code = repeated(emitter, step, step.repeat)
            emitter.name_result(step.name, code, step.title)
            self._codes.append(code)
        emitter.refuse_unknowns("1")
        self._refusals = [refusal for _, refusal in emitter.refusals]
        refused = "0"
        for number in range(len(emitter.refusals), 0, -1):
            refused = f"{number} if {emitter.refusals[number - 1][0]} else {refused}"
        body = "".join(f"    {line}\n" for line in emitter.lines)
        codes = "".join(f"{code.text}, " for code in self._codes)
        rows = "".join(f"{rows_name(step)}, " for step in rule.steps)
        named = "".join(f"({''.join(f'{code.text}, ' for _, code in each)}), " for each in self._named)
        parameters = ", ".join(emitter.facts.values())
        returned = f"({refused}), ({codes}), ({rows}), ({named}), ({''.join(f'{text}, ' for text in exact)})"
        self.source = f"def formula({parameters}):\n{body}    return {returned}\n"
        namespace: dict[str, object] = {**DATE_FUNCTIONS, **emitter.constants, "Fraction": Fraction}
        exec(compile(self.source, f"<formula {rule.name}>", "exec"), namespace)  # noqa: S102 - text generated here
        self._call = cast("Callable[..., Results]", namespace["formula"])

    def evaluate(self, inputs: Mapping[str, object]) -> dict[str, Value]:
        """All steps by name.

        Args:
            inputs: fen, counts, booleans and dates by name.

        Raises:
            Rejection: POL-010 or POL-011 for an input, POL-022 where the document lacks a number.
        """
        return {entry.name: entry.value for entry in self.explain(inputs)}

    def explain(self, inputs: Mapping[str, object]) -> list[FormulaValue]:
        """All steps in order, with titles and citations; raises as :meth:`evaluate`."""
        refused, results, rows, named, exact = self._call(*(_encode(inputs, spec) for spec in self.inputs))
        if refused:
            refusal = self._refusals[refused - 1]
            raise refusal.kind(**dict(refusal.details))
        titles = {spec.name: spec.title for spec in self.inputs} | {step.name: step.title for step in self._rule.steps}
        units = {"fen": "元", "date": "日", "rate": "数", "bool": "是否"}
        texts = {spec.name: shown(cast("Value", inputs[spec.name]), units.get(spec.kind, "个")) for spec in self.inputs}
        found: list[FormulaValue] = []
        for place, (step, code) in enumerate(zip(self._rule.steps, self._codes, strict=True)):
            if step.repeat is not None:
                titles = titles | {step.repeat.name: step.repeat.title, step.name: f"上次的{step.title}"}
            value, unit = _decode(results[place], code), step.quantity.unit
            looked_up = {
                name: shown(_decode(number, of), UNITS.get(of.type, "个"))
                for (name, of), number in zip(self._named[place], named[place], strict=True)
            }
            entry = FormulaValue(
                no=place + 1,
                name=step.name,
                title=step.title,
                value=value,
                unit=unit,
                formula=formula_in_words(_text(step.quantity), titles),
                substituted=formula_in_words(_text(step.quantity), titles | texts, looked_up),
                citation=step.quantity.place.citation,
                exact=_before_rounding(exact[place], results[place], unit),
                rows=tuple((count, shown(_decode(amount, code), unit)) for count, amount in rows[place]),
            )
            texts[step.name] = entry.value_text()
            found.append(entry)
        return found


UNITS = {"fen": "元", "date": "日", "rate": "率", "bool": "是否"}
"""How values of a type are shown, where they are no step of their own."""


def mentioned(emitter: Emitter, quantity: Quantity) -> list[tuple[str, Code]]:
    """The tables and named conditions that an expression mentions, each once, with their values."""
    found: list[tuple[str, Code]] = []
    known = len(emitter.unknowns)
    for name in names_in(quantity.expression):
        if name in emitter.tables:
            found.append((name, emitter.quantity(emitter.tables[name], "t")[0]))
        elif name in emitter.defines:
            found.append((name, Code(emitter.condition(emitter.defines[name]), "bool")))
    del emitter.unknowns[known:]  # the expression itself asks for them
    return found


def unrounded(emitter: Emitter, quantity: Quantity) -> str:
    """The text of an amount in fen before anything in it is rounded; zero where nothing is."""
    if quantity.expression is None or quantity.unit != "元" or not ROUNDS & operations_in(quantity.expression):
        return "0"
    try:
        return emitter.let("exact", typed(quantity.expression, replace(emitter.scope, exact=True)).text)
    except ExpressionError:
        return "0"  # the mistake is reported where the value itself is typed


def _before_rounding(exact: Fraction | int, amount: int, unit: str) -> str:
    """The amount before rounding in yuan; empty where rounding changed nothing."""
    return exact_yuan(Fraction(exact) / 100) if unit == "元" and exact and exact != amount else ""


def rows_name(step: FormulaStep) -> str:
    """The variable that lists the values of a repeated step; of any other step an empty tuple."""
    return f"rows_{step.name}" if step.repeat else "()"


def repeated(emitter: Emitter, step: FormulaStep, repeat: Repeat) -> Code:
    """A bounded accumulation: inside, the step's name is the value before and the counter is a whole number."""
    first, _ = emitter.quantity(repeat.first, f"from_{step.name}")
    last, _ = emitter.quantity(repeat.last, f"to_{step.name}")
    start, _ = emitter.quantity(repeat.start, f"start_{step.name}")
    value, counter, rows = f"v_{step.name}", f"n_{step.name}", rows_name(step)
    emitter.names |= {value, counter, rows}
    allowed = f"最多{MOST_REPEATS}次"
    details = (("fact", repeat.name), ("title", repeat.title), ("value", f"超过{MOST_REPEATS}次"), ("allowed", allowed))
    emitter.refuse(f"{last.text} - {first.text} >= {MOST_REPEATS}", Refusal(FACT_WRONG, details))
    outside = {name: emitter.named.get(name) for name in (repeat.name, step.name)}
    emitter.name_result(repeat.name, Code(counter, "int"), repeat.title)
    emitter.name_result(step.name, Code(value, start.type), step.title)
    lines, unknown = len(emitter.lines), len(emitter.unknowns)
    code, _ = emitter.quantity(step.quantity, f"{value}_next")
    body, emitter.lines = emitter.lines[lines:], emitter.lines[:lines]
    lacking = emitter.unknowns[unknown:]
    for number, (missing, quantity) in enumerate(lacking, unknown):
        if missing != "True":  # the number may be missing in one year and known in the last
            flag = f"missing_{step.name}_{number - unknown}"
            emitter.lines.append(f"{flag} = False")
            body.append(f"{flag} = {flag} or ({missing})")
            emitter.unknowns[number] = (flag, quantity)
    body += [f"{value} = {code.text}", f"{rows} += (({counter}, {value}),)"]
    emitter.lines += [f"{value} = {start.text}", f"{rows} = ()"]
    emitter.lines.append(f"for {counter} in range({first.text}, min({last.text} + 1, {first.text} + {MOST_REPEATS})):")
    emitter.lines += [f"    {line}" for line in body]
    if outside[repeat.name] is None:
        del emitter.named[repeat.name]
    return Code(value, start.type)


def _text(quantity: Quantity) -> str:
    """The rule as written; of a table the names by which it is read."""
    return f"查表({'、'.join(quantity.table.by)})" if quantity.table else quantity.text


def _encode(inputs: Mapping[str, object], spec: FactSpec) -> int:
    if spec.name not in inputs:
        raise FACT_MISSING(fact=spec.name, title=spec.title)
    value, kind = inputs[spec.name], spec.kind
    if kind == "date" and isinstance(value, date):
        return value.toordinal()
    if kind == "enum" and value in spec.values:
        return spec.values.index(str(value))
    if kind == "rate" and isinstance(value, Rate) and (value.value * RATE_SCALE).denominator == 1:
        return int(value.value * RATE_SCALE)
    if (kind == "bool" and isinstance(value, bool)) or (kind in ("int", "fen") and type(value) is int):
        return int(value)
    allowed = {"date": "日期", "bool": "是或否", "fen": "整数(分)", "rate": "六位以内的小数"}.get(kind, "整数")
    raise FACT_WRONG(fact=spec.name, title=spec.title, value=value, allowed="、".join(spec.values) or allowed)


def _decode(number: int, code: Code) -> Value:
    if code.type == "date":
        return date.fromordinal(number)
    if code.type == "bool":
        return bool(number)
    return Rate(Fraction(number, code.scale)) if code.type == "rate" else number


def months_between(start: date, end: date) -> int:
    """Full months from one day to another (满月数); none where the second does not come later."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return max(0, months if add_months(start, months) <= end else months - 1)


DATE_FUNCTIONS: dict[str, Callable[..., int]] = {
    "next_month": lambda day: first_of_next_month(date.fromordinal(day)).toordinal(),
    "add_months": lambda day, months: add_months(date.fromordinal(day), months).toordinal(),
    "year_start": lambda year: date(year, 1, 1).toordinal(),
    "year_of": lambda day: date.fromordinal(day).year,
    "days_between": lambda start, end: end - start,
    "add_days": lambda day, days: day + days,
    "months_between": lambda start, end: months_between(date.fromordinal(start), date.fromordinal(end)),
    "age_on": lambda birth, day: age_on(date.fromordinal(birth), date.fromordinal(day)),
}
