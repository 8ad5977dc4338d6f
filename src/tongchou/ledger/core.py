"""Rules of double entry on plain numbers: what balances, what mirrors, which day is open. No database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tongchou.kernel.money import format_yuan_grouped


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry to post: signed fen on an account (debit positive) for a party, 0 where the account has none."""

    account_code: str
    amount: int
    party: int = 0


def difference(lines: Sequence[EntryLine]) -> int:
    """Debits minus credits in fen; 0 when the lines balance."""
    return sum(line.amount for line in lines)


def turnover(amounts: Sequence[int]) -> int:
    """Sum of the debits in fen."""
    return sum(amount for amount in amounts if amount > 0)


def mirror(lines: Sequence[EntryLine]) -> tuple[EntryLine, ...]:
    """The entries that reverse ``lines`` (红冲): the same accounts and parties, opposite amounts, same order."""
    return tuple(EntryLine(line.account_code, -line.amount, line.party) for line in lines)


def open_day(*, today: date, closed_through: date | None) -> date:
    """The business date of what happens today: today itself, or the first day after the last closed one."""
    if closed_through is None or closed_through < today:
        return today
    return closed_through + timedelta(days=1)


def differing(views: dict[str, dict[str, int]]) -> list[str]:
    """Figures on which the named views disagree, each as readable Chinese text.

    Args:
        views: name of the view → figure → fen. A view that leaves a figure out has no say on it.
    """
    figures = sorted({figure for view in views.values() for figure in view})
    texts = []
    for figure in figures:
        stated = {name: view[figure] for name, view in views.items() if figure in view}
        if len(set(stated.values())) > 1:
            shown = "、".join(f"{name} {format_yuan_grouped(value)} 元" for name, value in stated.items())
            texts.append(f"{figure}：{shown}")
    return texts
