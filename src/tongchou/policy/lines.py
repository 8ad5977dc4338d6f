"""Splits one fee line by the rules of a pack: out of scope, over the price limit, prior self-pay, in scope."""

from __future__ import annotations

from dataclasses import dataclass

from tongchou.kernel.money import divide_half_up
from tongchou.kernel.rate import Rate
from tongchou.policy.expressions import Number
from tongchou.policy.model import LineRules, Quantity
from tongchou.policy.rejections import ITEM_CLASS_WRONG, ITEM_RATIO_UNKNOWN

LIMIT_SCALE = 10**8
"""quantity (1/10,000) × price (1/1,000,000 yuan) divided by this is fen."""


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A fee line as the catalogue and the institution describe it.

    ``amount`` fen, negative for a refund; ``quantity`` in 1/10,000; ``unit_price`` and ``price_limit`` in 1/1,000,000
    yuan per unit; ``prior_self_pay`` is the item's own ratio for this scheme, ``None`` = the pack's default.
    """

    amount: int
    quantity: int
    unit_price: int
    item_class: str
    prior_self_pay: Rate | None = None
    price_limit: int | None = None
    restricted: bool = False
    restriction_met: bool = True
    item_kind: str = ""


@dataclass(frozen=True, slots=True)
class LineSplit:
    """A fee line in four parts, in fen; they add up to the line's amount, sign included."""

    out_of_scope: int
    over_limit: int
    prior_self_pay: int
    in_scope: int


class LineSplitter:
    """The line rules of one pack, with their ratios as exact rates."""

    def __init__(self, rules: LineRules) -> None:
        self._classes = {name: _rate(quantity) for name, quantity in rules.classes.items()}
        self._kinds = {name: _rate(quantity) for name, quantity in rules.kinds.items()}
        self._notes = {name: quantity.unknown for name, quantity in rules.classes.items()}
        self._item_ratio_first = rules.item_ratio_first

    def split(self, line: LineFacts) -> LineSplit:
        """Split a line: class 丙 or an unmet restriction → out of scope; price limit; prior self-pay of the rest.

        Raises:
            Rejection: POL-030, POL-031.
        """
        if line.item_class not in ("甲类", "乙类", "丙类"):
            raise ITEM_CLASS_WRONG(item_class=line.item_class)
        if line.item_class == "丙类" or (line.restricted and not line.restriction_met):
            return LineSplit(line.amount, 0, 0, 0)
        over = over_limit(line)
        allowed = line.amount - over
        prior = self._ratio(line).of(allowed)
        return LineSplit(0, over, int(prior), allowed - int(prior))

    def _ratio(self, line: LineFacts) -> Rate:
        """The item's own ratio, else that of its kind, else that of its class."""
        if line.prior_self_pay is not None and self._item_ratio_first:
            return line.prior_self_pay
        by_kind = self._kinds.get(line.item_kind)
        ratio = by_kind if by_kind is not None else self._classes.get(line.item_class)
        if ratio is None:
            raise ITEM_RATIO_UNKNOWN(item_class=line.item_class, note=self._notes.get(line.item_class) or "文件未规定")
        return ratio


def over_limit(line: LineFacts) -> int:
    """What lies above price limit × quantity, in fen with the sign of the line; 0 where the price keeps the limit."""
    if line.price_limit is None or line.unit_price <= line.price_limit:
        return 0
    limit = divide_half_up(abs(line.quantity) * line.price_limit, LIMIT_SCALE)
    over = max(0, abs(line.amount) - limit)
    return over if line.amount >= 0 else -over


def _rate(quantity: Quantity) -> Rate | None:
    return Rate(quantity.expression.value) if isinstance(quantity.expression, Number) else None
