"""The waterfall of a settlement as numbers: who pays how much of the total, and where each bar stands.

Lengths are thousandths of the total in whole numbers, so that the bars meet exactly; amounts are fen. Nothing is
decided here: every amount comes from the settlement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tongchou.web.names import name_of

WIDTH = 1000
PARTS = (
    ("in_scope", "符合范围"),
    ("prior_self_pay", "先行自付"),
    ("over_limit", "超限价自付"),
    ("out_of_scope", "全自费"),
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar: its kind, its amount in fen, its place and width in thousandths."""

    kind: str
    title: str
    amount: int
    x: int
    width: int

    @property
    def end(self) -> int:
        """Where it ends, in thousandths."""
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the waterfall. ``left`` is what is still to be paid after it, in fen."""

    title: str
    amount: int
    left: int
    segments: tuple[Segment, ...]


def waterfall(settlement: Mapping[str, Any], payments: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """The bars from the total over each fund and the personal account to the cash.

    Args:
        settlement: amounts in fen by column name; all negative for a revocation.
        payments: fund payments in the order of the policy's layers.

    Returns:
        The first bar is the total, cut into what the catalogue made of it; the last one is the cash.
    """
    payers = [("bar-fund", name_of("fund", payment["fund"]), payment["amount"]) for payment in payments]
    account = "个人账户支付" if settlement.get("account_id") is None else "共济账户支付"
    payers.append(("bar-account", account, settlement["account_pay"]))
    return bars_of(total=settlement["total"], parts=settlement, payments=payers, cash=settlement["cash_pay"])


def bars_of(*, total: int, parts: Mapping[str, Any], payments: Sequence[tuple[str, str, int]], cash: int) -> list[Bar]:
    """The bars of any result: ``parts`` of the total by component, who pays (kind, title, fen) in order, and the cash."""
    bars = [Bar("医疗费总额", total, total, _parts(parts, total))]
    left = total
    for kind, title, amount in payments:
        if amount:
            bars.append(_falling(kind, title, amount, left, total))
            left -= amount
    bars.append(Bar("个人现金支付", cash, 0, (Segment("bar-cash", "个人现金支付", cash, 0, _place(cash, total)),)))
    return bars


def _parts(settlement: Mapping[str, Any], total: int) -> tuple[Segment, ...]:
    segments, done = [], 0
    for name, title in PARTS:
        amount = settlement[name]
        if amount:
            start, end = _place(done, total), _place(done + amount, total)
            segments.append(Segment(f"part-{name}", title, amount, start, end - start))
        done += amount
    return tuple(segments)


def _falling(kind: str, title: str, amount: int, left: int, total: int) -> Bar:
    end, start = _place(left, total), _place(left - amount, total)
    return Bar(title, amount, left - amount, (Segment(kind, title, amount, start, max(end - start, 1)),))


def _place(amount: int, total: int) -> int:
    return WIDTH * amount // total if total else 0
