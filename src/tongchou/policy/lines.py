"""Splits one fee line by the rules of a pack: out of scope, over the price limit, prior self-pay, in scope."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from tongchou.kernel.money import divide_half_up
from tongchou.kernel.rate import Rate
from tongchou.policy.expressions import Number
from tongchou.policy.model import LineRules, Part, Quantity
from tongchou.policy.rejections import ITEM_CLASS_WRONG, ITEM_RATIO_UNKNOWN

ITEM_CLASSES = ("甲类", "乙类", "丙类")
OF_CLASS = "/"
"""Between class and kind where a pack names a kind within one class only: 乙类/药品."""
LIMIT_SCALE = 10**8
"""quantity (1/10,000) × price (1/1,000,000 yuan) divided by this is fen."""


class LineFacts(NamedTuple):
    """A fee line as the catalogue and the institution describe it.

    ``amount`` fen, negative for a refund; ``quantity`` in 1/10,000; ``unit_price`` and ``price_limit`` in 1/1,000,000
    yuan per unit; ``prior_self_pay`` is the item's own ratio for this scheme, ``None`` = the pack's default;
    ``item_kinds`` are all kinds that the item belongs to, the most specific first (特药, 国谈药, 西药, 药品).
    """

    amount: int
    quantity: int
    unit_price: int
    item_class: str
    prior_self_pay: Rate | None = None
    price_limit: int | None = None
    restricted: bool = False
    restriction_met: bool = True
    item_kinds: Sequence[str] = ()


class LineSplit(NamedTuple):
    """A fee line in four parts, in fen; they add up to the line's amount, sign included."""

    out_of_scope: int
    over_limit: int
    prior_self_pay: int
    in_scope: int


class LineSplitter:
    """The line rules of one pack, with their ratios as exact rates."""

    def __init__(self, rules: LineRules) -> None:
        self._ratios = {item_class: _ratios_of(rules, item_class) for item_class in ITEM_CLASSES}
        self._item_ratio_first = rules.item_ratio_first

    def split(self, line: LineFacts) -> LineSplit:
        """Split a line: class 丙 or an unmet restriction → out of scope; price limit; prior self-pay of the rest.

        Raises:
            Rejection: POL-030, POL-031.
        """
        amount, item_class = line.amount, line.item_class
        if item_class not in ITEM_CLASSES:
            raise ITEM_CLASS_WRONG(item_class=item_class)
        if item_class == "丙类" or (line.restricted and not line.restriction_met):
            return LineSplit(amount, 0, 0, 0)
        over = over_limit(line)
        allowed = amount - over
        numerator, denominator = self._ratio(line)
        prior = divide_half_up(allowed * numerator, denominator) if numerator else 0
        return LineSplit(0, over, prior, allowed - prior)

    def ratio(self, line: LineFacts) -> Rate:
        """The prior self-pay ratio that applies to a line; zero where the line is out of scope as a whole.

        Raises:
            Rejection: POL-030.
        """
        if line.item_class == "丙类" or (line.restricted and not line.restriction_met):
            return Rate(Fraction(0))
        return Rate(Fraction(*self._ratio(line)))

    def _ratio(self, line: LineFacts) -> tuple[int, int]:
        """The item's own ratio, else that of its first kind that has one, else of its class: numerator and denominator.

        Of one kind, what is said for the item's class (乙类/药品) goes before what is said for every class (药品).
        """
        own = line.prior_self_pay
        if own is not None and self._item_ratio_first:
            return own.value.numerator, own.value.denominator
        known = self._ratios.get(line.item_class, {})
        source = next((kind for kind in line.item_kinds if kind in known), line.item_class)
        ratio, note = known.get(source, (None, ""))
        if ratio is None:
            raise ITEM_RATIO_UNKNOWN(item_class=source, note=note or "文件未规定")
        return ratio


def part_amounts(parts: Sequence[Part], lines: Iterable[tuple[Sequence[str], str, int]]) -> dict[str, int]:
    """The facts ``bill.NAME`` of a plan's parts, in fen.

    Args:
        lines: item kinds (the most specific first), class, and in-scope cost of fee lines or of sums of alike ones. A
            line counts in the part that names the first of its kinds that any part names (first of all for the line's
            class: 乙类/药品), else in that of its class.
    """
    of_kind = {kind: part.name for part in parts for kind in part.kinds}
    found = {f"bill.{part.name}": 0 for part in parts}
    for kinds, item_class, in_scope in lines:
        words = [word for kind in kinds for word in (f"{item_class}{OF_CLASS}{kind}", kind)]
        name = next((of_kind[word] for word in (*words, item_class) if word in of_kind), None)
        if name is not None:
            found[f"bill.{name}"] += in_scope
    return found


def over_limit(line: LineFacts) -> int:
    """What lies above price limit × quantity, in fen with the sign of the line; 0 where the price keeps the limit."""
    if line.price_limit is None or line.unit_price <= line.price_limit:
        return 0
    limit = divide_half_up(abs(line.quantity) * line.price_limit, LIMIT_SCALE)
    over = max(0, abs(line.amount) - limit)
    return over if line.amount >= 0 else -over


def _ratios_of(rules: LineRules, item_class: str) -> dict[str, tuple[tuple[int, int] | None, str]]:
    """What applies to the kinds of items of one class, and to the class itself: the ratio, or why there is none.

    A kind that is named for the class (乙类/药品) takes the place of the kind as such.
    """
    own = {item_class: rules.classes[item_class]} if item_class in rules.classes else {}
    plain = {name: quantity for name, quantity in rules.kinds.items() if OF_CLASS not in name}
    prefix = item_class + OF_CLASS
    of_class = {name.removeprefix(prefix): q for name, q in rules.kinds.items() if name.startswith(prefix)}
    return {name: (_fraction(quantity), quantity.unknown) for name, quantity in (own | plain | of_class).items()}


def _fraction(quantity: Quantity) -> tuple[int, int] | None:
    if not isinstance(quantity.expression, Number):
        return None
    return quantity.expression.value.numerator, quantity.expression.value.denominator
