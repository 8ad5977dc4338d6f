"""Filters of the simulation screens: differences, shares, figures in their unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import template

from tongchou.kernel.money import divide_half_up, format_yuan_grouped

register = template.Library()


@register.filter
def get(mapping: Mapping[str, Any], key: str) -> Any:
    """An entry by a name that is not known beforehand."""
    return mapping.get(key, "")


@register.filter
def add_text(text: str, more: object) -> str:
    """Two texts together."""
    return f"{text}{more}"


@register.filter
def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


@register.filter
def change(values: Sequence[int]) -> int:
    """By how much the second figure is above the first."""
    return values[1] - values[0] if len(values) > 1 else 0


@register.filter
def minus(value: int, other: int) -> int:
    """The difference."""
    return value - other


@register.filter
def signed_yuan(fen: int) -> str:
    """Fen as yuan with its sign: ``+1,234.00``."""
    return f"{'+' if fen > 0 else ''}{format_yuan_grouped(fen)}"


@register.filter
def percent(values: Sequence[int]) -> str:
    """The change in percent with two decimals; a dash where there was nothing."""
    if len(values) < 2 or not values[0]:
        return "—"
    part = divide_half_up(abs(values[1] - values[0]) * 10_000, abs(values[0]))
    sign = "+" if values[1] > values[0] else "−" if values[1] < values[0] else ""
    return f"{sign}{Decimal(part).scaleb(-2)}%"


@register.filter
def figure(value: int, unit: str) -> str:
    """A figure in its unit: fen as yuan, 1/10,000 as percent, counts."""
    if unit == "元":
        return format_yuan_grouped(value)
    return f"{Decimal(value).scaleb(-2)}%" if unit == "%" else f"{value:,}"


@register.filter
def signed_figure(value: int, unit: str) -> str:
    """As :func:`figure`, with its sign."""
    if unit == "%":
        return f"{'+' if value > 0 else ''}{Decimal(value).scaleb(-2)} 百分点"
    return f"{'+' if value > 0 else ''}{figure(value, unit)}"


@register.filter
def tenths(value: int | None) -> str:
    """Tenths of a month: ``173.2``; a dash where the fund pays nothing."""
    return "—" if value is None else f"{Decimal(value).scaleb(-1):,}"


@register.filter
def total(counts: Mapping[str, int]) -> int:
    """The sum of counts by name."""
    return sum(counts.values())


@register.filter
def refusals(figures: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Scenario and refusal for each reason."""
    return [(scenario["title"], row) for scenario in figures["scenarios"] for row in scenario["refusals"]]
