"""Formulas: small dated calculations of a pack that are not a visit (entitlement dates, fund split, premiums).

The same expressions, typed and compiled to integers in the same way as a plan; days are ordinals inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import cast

from tongchou.kernel.money import format_yuan
from tongchou.kernel.period import add_months, first_of_next_month
from tongchou.kernel.rate import Rate
from tongchou.policy.expressions import Expression, ExpressionError
from tongchou.policy.findings import Finding
from tongchou.policy.model import Condition, FormulaRule, Quantity
from tongchou.policy.rejections import FACT_MISSING, FACT_WRONG, NUMBER_UNKNOWN
from tongchou.policy.typed import UNIT_TYPES, Code, Scope, typed_as
from tongchou.policy.wording import formula_in_words

Value = int | bool | date | Rate


@dataclass(frozen=True, slots=True)
class FormulaValue:
    """One computed step: fen (``unit`` 元), a count (个), a rate (率) or a date (日).

    ``formula`` is the rule in words, ``substituted`` the same with the numbers, ``citation`` document and article.
    """

    name: str
    title: str
    value: Value
    unit: str
    formula: str
    substituted: str
    citation: str

    def value_text(self) -> str:
        """The value for people: yuan with two decimals, percent, a count, or an ISO date."""
        return shown(self.value, self.unit)

    def text(self) -> str:
        """Title, formula, numbers, value and article in Chinese."""
        return f"{self.title}：{self.formula}：{self.substituted} = {self.value_text()}〔{self.citation}〕"


def shown(value: Value, unit: str) -> str:
    """A value for people; see :meth:`FormulaValue.value_text`."""
    if isinstance(value, Rate):
        return value.percent_text()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "是" if value else "否"
    return format_yuan(value) if unit == "元" else str(value)


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
        self._defines = defines
        specs = {spec.name: spec for spec in rule.inputs}
        known: dict[str, Code] = {}
        for spec in rule.inputs:
            text = f"(v_{spec.name} != 0)" if spec.kind == "bool" else f"v_{spec.name}"
            known[spec.name] = Code(text, spec.kind)
        scope = Scope(lambda name: known.get(name) or self._defined(name), lambda name: specs[name], dates=True)
        lines = []
        for step in rule.steps:
            code = self._compile(step.quantity, scope, findings)
            known[step.name] = Code(f"v_{step.name}", code.type, code.scale)
            self._codes.append(code)
            lines.append(f"    v_{step.name} = {code.text}")
        names = "".join(f"v_{step.name}, " for step in rule.steps)
        parameters = ", ".join(f"v_{spec.name}" for spec in rule.inputs)
        self.source = f"def formula({parameters}):\n" + "\n".join(lines) + f"\n    return ({names})\n"
        namespace: dict[str, object] = dict(DATE_FUNCTIONS)
        exec(compile(self.source, f"<formula {rule.name}>", "exec"), namespace)  # noqa: S102 - text generated here
        self._call = cast("Callable[..., tuple[int, ...]]", namespace["formula"])

    def _defined(self, name: str) -> Expression | None:
        return self._defines[name].expression if name in self._defines else None

    def _compile(self, quantity: Quantity, scope: Scope, findings: list[Finding]) -> Code:
        wanted = UNIT_TYPES[quantity.unit]
        if quantity.expression is None:
            return Code("0", wanted)
        try:
            return typed_as(quantity.expression, wanted, scope)
        except ExpressionError as error:
            place = quantity.place
            findings.append(Finding(place.file, place.line, place.cite, str(error), "请改正表达式"))
            return Code("0", wanted)

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
        for step in self._rule.steps:
            if step.quantity.unknown:
                raise NUMBER_UNKNOWN(note=step.quantity.unknown, cite=step.place.citation)
        results = self._call(*(self._encode(inputs, spec.name, spec.kind, spec.title) for spec in self.inputs))
        titles = {spec.name: spec.title for spec in self.inputs} | {step.name: step.title for step in self._rule.steps}
        units = {"fen": "元", "date": "日"}
        texts = {spec.name: shown(cast("Value", inputs[spec.name]), units.get(spec.kind, "个")) for spec in self.inputs}
        found = []
        for step, number, code in zip(self._rule.steps, results, self._codes, strict=True):
            value, text = _decode(number, code), step.quantity.text
            words, numbers = formula_in_words(text, titles), formula_in_words(text, texts)
            entry = FormulaValue(
                step.name, step.title, value, step.quantity.unit, words, numbers, step.quantity.place.citation
            )
            texts[step.name] = entry.value_text()
            found.append(entry)
        return found

    def _encode(self, inputs: Mapping[str, object], name: str, kind: str, title: str) -> int:
        if name not in inputs:
            raise FACT_MISSING(fact=name, title=title)
        value = inputs[name]
        if kind == "date" and isinstance(value, date):
            return value.toordinal()
        if (kind == "bool" and isinstance(value, bool)) or (kind in ("int", "fen") and type(value) is int):
            return int(value)
        allowed = {"date": "日期", "bool": "是或否", "fen": "整数(分)"}.get(kind, "整数")
        raise FACT_WRONG(fact=name, title=title, value=value, allowed=allowed)


def _decode(number: int, code: Code) -> Value:
    if code.type == "date":
        return date.fromordinal(number)
    return Rate(Fraction(number, code.scale)) if code.type == "rate" else number


DATE_FUNCTIONS: dict[str, Callable[..., int]] = {
    "next_month": lambda day: first_of_next_month(date.fromordinal(day)).toordinal(),
    "add_months": lambda day, months: add_months(date.fromordinal(day), months).toordinal(),
    "year_start": lambda year: date(year, 1, 1).toordinal(),
    "year_of": lambda day: date.fromordinal(day).year,
    "days_between": lambda start, end: end - start,
}
