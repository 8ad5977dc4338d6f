"""One explained step of a calculation that is no visit: contributions, late fee, account credit, pension, assistance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tongchou.kernel.money import format_yuan
from tongchou.kernel.rate import Rate

Value = int | bool | date | Rate | str


@dataclass(frozen=True, slots=True)
class FormulaValue:
    """One computed step: fen (``unit`` 元), a count (个), a rate (率), a decimal (数), a date (日) or yes/no (是否).

    ``formula`` is the rule in words, ``substituted`` the same with the numbers, ``citation`` document and article; ``exact`` is
    the amount in yuan before rounding, empty where nothing was cut; ``rows`` are the values of a repeated step, by year or month.
    """

    no: int
    name: str
    title: str
    value: Value
    unit: str
    formula: str
    substituted: str
    citation: str
    exact: str = ""
    rows: tuple[tuple[int, str], ...] = ()

    def value_text(self) -> str:
        """The value for people: yuan with two decimals, percent, a count, or an ISO date."""
        return shown(self.value, self.unit)

    def text(self) -> str:
        """Number, title, formula, numbers, value and article in Chinese."""
        unit = "元" if self.unit == "元" else ""
        exact = f"（舍入前{self.exact}）" if self.exact else ""
        rows = "；".join(f"{number}：{value}" for number, value in self.rows)
        listed = f"（{rows}）" if rows else ""
        worked = f"{self.formula}：{self.substituted} = {self.value_text()}{unit}"
        return f"{self.no}. {self.title}：{worked}{exact}{listed}〔{self.citation}〕"


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


def decimal_text(value: Fraction) -> str:
    """An exact decimal without trailing zeros; six places and ``…`` where it has no end."""
    digits = f"{value.numerator * 10**12 // value.denominator:013d}" if value >= 0 else ""
    if not digits:
        return f"-{decimal_text(-value)}"
    text = f"{digits[:-12]}.{digits[-12:]}".rstrip("0").rstrip(".")
    return text if (value * 10**12).denominator == 1 else f"{text[: text.index('.') + 7]}…"
