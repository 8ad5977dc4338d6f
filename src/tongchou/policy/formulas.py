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
from tongchou.policy.emitter import RATE_SCALE, Emitter
from tongchou.policy.findings import Finding
from tongchou.policy.model import Condition, FactSpec, FormulaRule, Quantity
from tongchou.policy.rejections import FACT_MISSING, FACT_WRONG
from tongchou.policy.typed import Code
from tongchou.policy.wording import formula_in_words

Value = int | bool | date | Rate | str


@dataclass(frozen=True, slots=True)
class FormulaValue:
    """One computed step: fen (``unit`` 元), a count (个), a rate (率), a decimal (数), a date (日) or yes/no (是否).

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
        return decimal_text(value.value) if unit == "数" else value.percent_text()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str):
        return value
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
        specs = {spec.name: spec for spec in rule.inputs}
        emitter = Emitter(facts=specs, accumulators={}, findings=findings)
        emitter.defines, emitter.tables = defines, tables
        emitter.allow_dates()
        for number, spec in enumerate(rule.inputs):
            emitter.facts[spec.name] = f"f{number}"
        for step in rule.steps:
            code, _ = emitter.quantity(step.quantity, f"v_{step.name}")
            emitter.name_result(step.name, code, step.title)
            self._codes.append(code)
        emitter.refuse_unknowns("1")
        self._refusals = [refusal for _, refusal in emitter.refusals]
        refused = "0"
        for number in range(len(emitter.refusals), 0, -1):
            refused = f"{number} if {emitter.refusals[number - 1][0]} else {refused}"
        body = "".join(f"    {line}\n" for line in emitter.lines)
        results = ", ".join([refused, *(code.text for code in self._codes)])
        self.source = f"def formula({', '.join(emitter.facts.values())}):\n{body}    return ({results})\n"
        namespace: dict[str, object] = {**DATE_FUNCTIONS, **emitter.constants}
        exec(compile(self.source, f"<formula {rule.name}>", "exec"), namespace)  # noqa: S102 - text generated here
        self._call = cast("Callable[..., tuple[int, ...]]", namespace["formula"])

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
        refused, *results = self._call(*(_encode(inputs, spec) for spec in self.inputs))
        if refused:
            refusal = self._refusals[refused - 1]
            raise refusal.kind(**dict(refusal.details))
        titles = {spec.name: spec.title for spec in self.inputs} | {step.name: step.title for step in self._rule.steps}
        units = {"fen": "元", "date": "日", "rate": "数", "bool": "是否"}
        texts = {spec.name: shown(cast("Value", inputs[spec.name]), units.get(spec.kind, "个")) for spec in self.inputs}
        found = []
        for step, number, code in zip(self._rule.steps, results, self._codes, strict=True):
            value, text = _decode(number, code), _text(step.quantity)
            words, numbers = formula_in_words(text, titles), formula_in_words(text, texts)
            entry = FormulaValue(
                step.name, step.title, value, step.quantity.unit, words, numbers, step.quantity.place.citation
            )
            texts[step.name] = entry.value_text()
            found.append(entry)
        return found


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


def decimal_text(value: Fraction) -> str:
    """An exact decimal without trailing zeros; six places and ``…`` where it has no end."""
    digits = f"{value.numerator * 10**12 // value.denominator:013d}" if value >= 0 else ""
    if not digits:
        return f"-{decimal_text(-value)}"
    text = f"{digits[:-12]}.{digits[-12:]}".rstrip("0").rstrip(".")
    return text if (value * 10**12).denominator == 1 else f"{text[: text.index('.') + 7]}…"


DATE_FUNCTIONS: dict[str, Callable[..., int]] = {
    "next_month": lambda day: first_of_next_month(date.fromordinal(day)).toordinal(),
    "add_months": lambda day, months: add_months(date.fromordinal(day), months).toordinal(),
    "year_start": lambda year: date(year, 1, 1).toordinal(),
    "year_of": lambda day: date.fromordinal(day).year,
    "days_between": lambda start, end: end - start,
}
