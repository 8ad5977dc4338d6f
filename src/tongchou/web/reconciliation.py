"""One business day side by side: what the institutions are owed and state, the settlements, the ledger.

Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tongchou.ledger import api as ledger
from tongchou.settlement.api import DayView
from tongchou.web.database import Row
from tongchou.web.names import name_of

_FIRST = (ledger.TOTAL, ledger.FUND_TOTAL)
_LAST = (ledger.ACCOUNT, ledger.CASH)


@dataclass(frozen=True, slots=True)
class Line:
    """One figure as each view has it, in fen; None where a view has no say on it."""

    title: str
    amounts: tuple[int | None, ...]
    of_fund: bool

    @property
    def difference(self) -> int:
        """How far the views are apart, in fen."""
        stated = [amount for amount in self.amounts if amount is not None]
        return max(stated) - min(stated) if stated else 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The views of a day by name, and their figures line by line."""

    views: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def equal(self) -> bool:
        """Do all views agree on every figure?"""
        return not any(line.difference for line in self.lines)


def compare(views: Mapping[str, Mapping[str, int]]) -> Comparison:
    """Put the views side by side: totals, then each fund, then account and cash."""
    names = tuple(views)
    figures = {figure for view in views.values() for figure in view}
    funds = sorted(figure for figure in figures if figure.isdigit())
    ordered = [*_FIRST, *funds, *_LAST]
    ordered += sorted(figures - set(ordered))
    lines = tuple(
        Line(
            title=name_of("fund", figure),
            amounts=tuple(views[name].get(figure) for name in names),
            of_fund=figure.isdigit(),
        )
        for figure in ordered
        if figure in figures
    )
    return Comparison(views=names, lines=lines)


def with_statements(institutions: Sequence[Row], day: DayView) -> list[Row]:
    """The institutions of a day, each with its difference in fen and with what it stated itself (3201).

    ``stated`` is ``equal``, ``differs`` or ``silent``.
    """
    for one in institutions:
        one["difference"] = institution_difference(one)
        claims = [claim for claim in day.claims if claim.institution_code == one["code"]]
        one["stated"] = "silent" if not claims else "equal" if all(claim.equal for claim in claims) else "differs"
    return list(institutions)


def institution_difference(one: Row) -> int:
    """How far settlements and ledger are apart for an institution, in fen, over all three payers."""
    pairs = (("fund_pay", "ledger_fund"), ("account_pay", "ledger_account"), ("cash_pay", "ledger_cash"))
    return sum(abs(one[settled] - one[booked]) for settled, booked in pairs)
