"""Filters that show money, quantities, ratios, dates, codes and masked personal data."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import template

from tongchou.kernel import identifiers
from tongchou.kernel.money import divide_half_up, format_yuan_grouped
from tongchou.web import names

register = template.Library()

register.filter("masked_name", identifiers.mask_name)
register.filter("masked_number", identifiers.mask_id_number)
register.filter("masked_phone", identifiers.mask_phone)


@register.filter
def masked_address(address: str) -> str:
    """Keep the first six characters, which name the town or street, and hide the rest."""
    return address[:6] + "*" * max(0, len(address) - 6)


@register.filter
def yuan(fen: int | None) -> str:
    """Fen as yuan with two decimals and thousands separators; nothing for None."""
    return "" if fen is None else format_yuan_grouped(fen)


@register.filter
def yuan_or_dash(fen: int | None) -> str:
    """Like ``yuan``, but nought is a dash, so that a table of mostly noughts can be read."""
    return format_yuan_grouped(fen) if fen else "—"


@register.filter
def micro_yuan(price: int | None) -> str:
    """A price in 1/1,000,000 yuan with at least two decimals: ``12500000`` → ``12.50``."""
    if price is None:
        return ""
    whole, _, fraction = f"{Decimal(price).scaleb(-6):f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


@register.filter
def quantity(amount: int | None) -> str:
    """A quantity in 1/10,000 without useless noughts."""
    return "" if amount is None else _plain(Decimal(amount).scaleb(-4))


@register.filter
def ratio(ten_thousandths: int | None) -> str:
    """A ratio in 1/10,000 as percent: ``6500`` → ``65%``."""
    return "—" if ten_thousandths is None else _plain(Decimal(ten_thousandths).scaleb(-2)) + "%"


@register.filter
def code_name(code: object, table: str) -> str:
    """The Chinese name of a national code."""
    return names.name_of(table, code)


@register.filter
def last_day(period: Any) -> date | None:
    """The last day of a half-open period as people write it; None when it is open."""
    upper: date | None = period.upper
    if upper is None or upper.year >= 9999:
        return None
    return upper - timedelta(days=1)


@register.filter
def item(table: dict[str, str], key: str) -> str:
    """What a table says of a key; the key itself where it says nothing."""
    return table.get(key, key)


@register.filter
def group(number: int | None) -> str:
    """A count with thousands separators."""
    return "" if number is None else f"{number:,}"


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def share_of(part: int, whole: int) -> str:
    """How much of the whole a part is, in percent with one decimal; a dash where there is no whole."""
    return f"{Decimal(divide_half_up(1000 * part, whole)) / 10}%" if whole else "—"


@register.filter
def negated(amount: int) -> int:
    """The amount with the other sign: a credit as it is written in the credit column."""
    return -amount


@register.filter
def debit_credit(entries: list[dict[str, Any]] | None) -> tuple[int, int]:
    """The sums of the debit and the credit column, in fen."""
    amounts = [entry["amount"] for entry in entries or []]
    return sum(amount for amount in amounts if amount > 0), -sum(amount for amount in amounts if amount < 0)
