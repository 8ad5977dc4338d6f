"""Money as integer fen (分).

One yuan (元) is 100 fen. Inside the system an amount is always an ``int`` of fen, in a ``bigint`` column; yuan exist
only as text at the edges (the wire, the screens, the packs). A float is refused wherever it knocks.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NewType

Fen = NewType("Fen", int)
"""An amount of money in fen. A plain ``int`` at run time, a distinct type for the checker."""

FEN_PER_YUAN = 100
MAX_FEN = 10**16 - 1
"""Largest amount that the national interface's n16,2 can carry: 99,999,999,999,999.99 yuan."""
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)


def parse_yuan(value: str | int | Decimal) -> Fen:
    """Read an amount in yuan exactly.

    Args:
        value: yuan as text (``"12.30"``, ``"-5"``, ``"1,234.50"``), as int, or as Decimal.

    Returns:
        The amount in fen.

    Raises:
        TypeError: a float or a bool was given; money is never a float.
        ValueError: not a number, finer than a fen, or beyond n16,2.
    """
    if isinstance(value, bool | float):
        raise TypeError(f"money is never a {type(value).__name__}: {value!r}")
    if isinstance(value, int):
        return _bounded(value * FEN_PER_YUAN, value)
    text = format(value, "f") if isinstance(value, Decimal) else value.strip()
    if "," in text:
        if not _GROUPED.fullmatch(text):
            raise ValueError(f"a comma that groups no thousands: {value!r}")
        text = text.replace(",", "")
    sign = -1 if text[:1] == "-" else 1
    body = text[1:] if text[:1] in ("-", "+") else text
    whole, _, fraction = body.partition(".")
    digits = fraction.rstrip("0")
    if not (whole or fraction) or not (whole + fraction).isascii() or not (whole + fraction).isdigit():
        raise ValueError(f"not an amount in yuan: {value!r}")
    if len(digits) > 2:
        raise ValueError(f"finer than a fen: {value!r}")
    return _bounded(sign * (int(whole or "0") * FEN_PER_YUAN + int(digits.ljust(2, "0"))), value)


def format_yuan(fen: int) -> str:
    """Print fen as yuan with two decimals and no separators: ``123456`` → ``"1234.56"``."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{sign}{whole}.{rest:02d}"


def format_yuan_grouped(fen: int) -> str:
    """Print fen as yuan for people, with thousands separators: ``123456`` → ``"1,234.56"``."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{sign}{whole:,}.{rest:02d}"


def divide_half_up(numerator: int, denominator: int) -> int:
    """Divide and round half up, away from zero on ties (四舍五入), exactly on integers.

    ``divide_half_up(5, 10) == 1`` and ``divide_half_up(-5, 10) == -1``.

    Raises:
        ZeroDivisionError: the denominator is zero.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return quotient if numerator >= 0 else -quotient


def _bounded(fen: int, shown: object) -> Fen:
    if abs(fen) > MAX_FEN:
        raise ValueError(f"beyond the largest amount n16,2: {shown!r}")
    return Fen(fen)
