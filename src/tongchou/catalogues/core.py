"""Pure rules of the catalogues: which terms are in force over which days, and what a caller sees of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from tongchou.kernel.levels import PRICED_AS
from tongchou.kernel.period import Period

KINDS_SEPARATOR = "、"
SPECIAL_SERVICE, NEGOTIATED = "特检特治", "国谈药"
"""Item kinds that follow from the marks of an item."""
ANY_LEVEL = "0"
"""Level of a price limit that holds at every institution that has none of its own level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermView:
    """On what terms an item is paid on a day.

    ``item_class`` 01 甲类, 02 乙类, 03 丙类; ``prior_self_pay`` in 1/10,000 or ``None`` where the catalogue leaves it to the
    policy; ``price_limit`` in 1/1,000,000 yuan per unit or ``None`` without limit; ``kinds`` the item kinds that policies may
    name (进口材料, 特药, 血液 …), the most specific first, joined by ``KINDS_SEPARATOR``.
    """

    item_code: str
    name: str
    list_type: str
    charge_type: str
    item_class: str
    prior_self_pay: int | None
    restricted: bool
    special_service: bool
    negotiated: bool
    basic_drug: bool
    children: bool
    price_limit: int | None
    list_code: str
    unit: str
    spec: str
    dosage_form: str
    restriction: str = ""
    kinds: str = ""


def kinds_of_item(*, own: str, special_service: bool, negotiated: bool) -> str:
    """All kinds that an item is registered with, the most specific first: those of its terms, then those of its marks."""
    found = own.split(KINDS_SEPARATOR) if own else []
    found += [kind for kind, has in ((SPECIAL_SERVICE, special_service), (NEGOTIATED, negotiated)) if has]
    return KINDS_SEPARATOR.join(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class DatedTerm:
    """Terms that hold over a period."""

    period: Period
    view: TermView


@dataclass(frozen=True, slots=True)
class DatedLimit:
    """A price limit in 1/1,000,000 yuan that holds over a period at a level (``ANY_LEVEL`` = all)."""

    period: Period
    level: str
    limit: int


@dataclass(frozen=True, slots=True)
class DatedCode:
    """The national item code that an institution's local code stands for over a period."""

    period: Period
    item_code: str


def with_limits(*, terms: Sequence[DatedTerm], limits: Sequence[DatedLimit], level: str) -> tuple[DatedTerm, ...]:
    """Cut the terms of one item where a price limit begins or ends, so that each piece has one limit.

    A limit of the institution's own level goes before the limit for every level.
    """
    pieces: list[DatedTerm] = []
    for term in terms:
        for period in _cut(term.period, limits):
            limit = _limit_on(limits, level, period.start)
            pieces.append(DatedTerm(period, replace(term.view, price_limit=limit)))
    return tuple(pieces)


def in_force(pieces: Sequence[DatedTerm], on: date) -> TermView | None:
    """The terms of the piece that covers the day."""
    for piece in pieces:
        period = piece.period
        if period.start <= on and (period.end is None or on < period.end):
            return piece.view
    return None


def code_in_force(codes: Sequence[DatedCode], on: date) -> str | None:
    """The national code of the mapping that covers the day."""
    for dated in codes:
        period = dated.period
        if period.start <= on and (period.end is None or on < period.end):
            return dated.item_code
    return None


def _cut(whole: Period, limits: Sequence[DatedLimit]) -> list[Period]:
    edges = {whole.start}
    for limit in limits:
        for edge in (limit.period.start, limit.period.end):
            if edge is not None and edge in whole:
                edges.add(edge)
    starts = sorted(edges)
    return [Period(start, end) for start, end in zip(starts, [*starts[1:], whole.end], strict=True)]


def _limit_on(limits: Sequence[DatedLimit], level: str, day: date) -> int | None:
    by_level = {limit.level: limit.limit for limit in limits if day in limit.period}
    return by_level.get(PRICED_AS.get(level, level), by_level.get(ANY_LEVEL))
