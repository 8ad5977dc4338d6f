"""Fee lines: what must be true of each, and how a bill is summed. Splitting itself is the policy's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, Protocol

from tongchou.kernel.money import divide_half_up, format_yuan
from tongchou.kernel.rate import Rate
from tongchou.policy import Bill, LineFacts, LineSplit, Plan
from tongchou.settlement import rejections
from tongchou.settlement.core.inputs import LineInput, Parts
from tongchou.settlement.core.snapshots import LineGroup, LineSums
from tongchou.settlement.core.tables import APPROVED, CHARGE_KINDS, DISAPPROVED, ITEM_CLASSES, PENDING_APPROVAL

PRODUCT_PER_FEN = 10**8
"""quantity (1/10,000) × price (1/1,000,000 yuan) counts 10⁻¹⁰ yuan; so many of them are one fen."""
MAX_LINE_NO = 10**15 - 1
TOLERANCE = 1
"""A line's amount may differ from price × quantity by this many fen (interface section 6)."""

PART_TITLES = {
    "out_of_scope": "全自费金额",
    "over_limit": "超限价自费费用",
    "prior_self_pay": "先行自付金额",
    "in_scope": "符合政策范围金额",
}


class Term(Protocol):
    """On what terms the catalogue pays for an item (``catalogues.api.TermView``): ratio 1/10,000, limit 1/1,000,000 yuan."""

    @property
    def item_class(self) -> str: ...
    @property
    def charge_type(self) -> str: ...
    @property
    def prior_self_pay(self) -> int | None: ...
    @property
    def price_limit(self) -> int | None: ...
    @property
    def restricted(self) -> bool: ...
    @property
    def special_service(self) -> bool: ...
    @property
    def name(self) -> str: ...
    @property
    def basic_drug(self) -> bool: ...
    @property
    def negotiated(self) -> bool: ...
    @property
    def children(self) -> bool: ...
    @property
    def kinds(self) -> str: ...


class PricedLine(NamedTuple):
    """A checked line with its terms and split (amounts in fen, ratio in 1/10,000)."""

    line: LineInput
    term: Term
    split: LineSplit
    ratio: int


def check_line(line: LineInput) -> None:
    """Check what a line says by itself (interface section 6).

    Raises:
        Rejection: SETL-027 number, SETL-022 signs, SETL-021 price × quantity, SETL-060 approval flag.
    """
    if not 0 < line.line_no <= MAX_LINE_NO:
        raise rejections.LINE_NUMBER(line_no=line.line_no)
    if line.unit_price <= 0 or line.quantity == 0 or (line.amount != 0 and (line.amount > 0) != (line.quantity > 0)):
        raise rejections.LINE_SIGN(line_no=line.line_no)
    product = divide_half_up(line.unit_price * line.quantity, PRODUCT_PER_FEN)
    if abs(product - line.amount) > TOLERANCE:
        raise rejections.LINE_AMOUNT(
            line_no=line.line_no, product=format_yuan(product), amount=format_yuan(line.amount)
        )
    if line.approval_flag not in (PENDING_APPROVAL, APPROVED, DISAPPROVED):
        raise rejections.RESTRICTED_UNAPPROVED(line_no=line.line_no, flag=line.approval_flag)


def check_numbers(lines: Iterable[LineInput]) -> None:
    """Refuse a line number that comes twice in one visit.

    Raises:
        Rejection: SETL-026.
    """
    seen: set[int] = set()
    for line in lines:
        if line.line_no in seen:
            raise rejections.DUPLICATE_LINE(line_no=line.line_no)
        seen.add(line.line_no)


def self_paid(*, restricted: bool, approval_flag: str) -> bool:
    """Whether the hospital's approval makes an item self-paid (hosp_appr_flag × lmt_used_flag, interface section 6).

    A restricted item is paid only when approved; an unrestricted one unless approval was refused.
    """
    return approval_flag != APPROVED if restricted else approval_flag == DISAPPROVED


def price_lines(
    *,
    lines: Sequence[LineInput],
    terms: Mapping[str, Term],
    mapping: Mapping[str, str],
    plan: Plan,
    scheme: str,
    day: date,
) -> tuple[PricedLine, ...]:
    """Check all lines and split each by the plan.

    Args:
        terms: terms in force by item code; mapping: item code by the institution's local code, approved and in force.

    Raises:
        Rejection: SETL-02x as :func:`check_line`, SETL-024 code not in force, SETL-025 not mapped, POL-03x.
    """
    check_numbers(lines)
    priced = []
    for line in lines:
        check_line(line)
        term = terms.get(line.item_code)
        if term is None:
            raise rejections.ITEM_NOT_IN_FORCE(line_no=line.line_no, item_code=line.item_code, day=day, scheme=scheme)
        if mapping.get(line.local_code) != line.item_code:
            raise rejections.NOT_MAPPED(
                line_no=line.line_no, local_code=line.local_code, item_code=line.item_code, day=day
            )
        priced.append(split_line(line=line, term=term, plan=plan))
    return tuple(priced)


def split_line(*, line: LineInput, term: Term, plan: Plan) -> PricedLine:
    """One line with its split. What the hospital's approval makes self-paid never reaches the policy."""
    if self_paid(restricted=term.restricted, approval_flag=line.approval_flag):
        return PricedLine(line, term, LineSplit(line.amount, 0, 0, 0), 0)
    split, ratio = _split(
        plan,
        term.item_class,
        term.prior_self_pay,
        term.price_limit,
        term.restricted,
        term.kinds,
        term.charge_type,
        line.amount,
        line.quantity,
        line.unit_price,
    )
    return PricedLine(line, term, split, ratio)


@lru_cache(maxsize=32_768)
def _split(
    plan: Plan,
    item_class: str,
    prior_self_pay: int | None,
    price_limit: int | None,
    restricted: bool,
    kinds: str,
    charge_type: str,
    amount: int,
    quantity: int,
    unit_price: int,
) -> tuple[LineSplit, int]:
    """The plan's split of a line and the ratio it shows. Remembered: the same items are sold at the same prices all day."""
    facts = LineFacts(
        amount=amount,
        quantity=quantity,
        unit_price=unit_price,
        item_class=ITEM_CLASSES.get(item_class, item_class),
        prior_self_pay=None if prior_self_pay is None else rate_of(prior_self_pay),
        price_limit=price_limit,
        restricted=restricted,
        item_kinds=kinds_of(kinds, charge_type),
    )
    split = plan.split_line(facts)
    check_split(amount, split)
    ratio = plan.line_ratio(facts)
    return split, divide_half_up(ratio.numerator * 10_000, ratio.denominator)


@lru_cache(maxsize=1024)
def kinds_of(registered: str, charge_type: str) -> tuple[str, ...]:
    """All kinds that an item belongs to, the most specific first: those it is registered with, those of its charge type."""
    own = tuple(registered.split("、")) if registered else ()
    return (*own, *CHARGE_KINDS.get(charge_type, ()))


def part_facts(plan: Plan, priced: Iterable[PricedLine]) -> dict[str, int]:
    """The facts ``bill.NAME`` (fen) of the parts that a plan pays for in ways of their own; none in most plans."""
    if not plan.program.parts:
        return {}
    return plan.part_amounts(
        (kinds_of(term.kinds, term.charge_type), ITEM_CLASSES.get(term.item_class, term.item_class), split.in_scope)
        for _, term, split, _ in priced
    )


def group_facts(plan: Plan, groups: Iterable[LineGroup]) -> dict[str, int]:
    """As :func:`part_facts`, of lines that are stored, by the kinds and class they were split with."""
    return plan.part_amounts(
        (
            kinds_of(group.item_kinds, group.charge_type),
            ITEM_CLASSES.get(group.item_class, group.item_class),
            group.in_scope,
        )
        for group in groups
    )


@lru_cache(maxsize=1024)
def rate_of(ten_thousandths: int) -> Rate:
    """The exact rate of so many 1/10,000."""
    return Rate(Fraction(ten_thousandths, 10_000))


def check_split(amount: int, split: LineSplit) -> None:
    """A split that does not sum to the line is a bug of the policy, never a business case.

    Raises:
        AssertionError: the parts don't sum to the amount, or have another sign.
    """
    parts = (split.out_of_scope, split.over_limit, split.prior_self_pay, split.in_scope)
    if sum(parts) != amount or any(part * amount < 0 for part in parts):
        raise AssertionError(f"split {parts} of {amount}")


def bill_of(priced: Iterable[PricedLine]) -> Bill:
    """The sums of the lines; their order does not matter."""
    out_of_scope = over_limit = prior_self_pay = in_scope = 0
    for line in priced:
        split = line.split
        out_of_scope += split.out_of_scope
        over_limit += split.over_limit
        prior_self_pay += split.prior_self_pay
        in_scope += split.in_scope
    return Bill(out_of_scope, over_limit, prior_self_pay, in_scope)


def sums_of(groups: Sequence[LineGroup]) -> LineSums:
    """The sums of stored lines, as the database gives them."""
    bill = Bill.of(
        LineSplit(group.out_of_scope, group.over_limit, group.prior_self_pay, group.in_scope) for group in groups
    )
    return LineSums(
        count=sum(group.count for group in groups),
        amount=bill.total,
        out_of_scope=bill.out_of_scope,
        over_limit=bill.over_limit,
        prior_self_pay=bill.prior_self_pay,
        in_scope=bill.in_scope,
        stamp=max((group.stamp for group in groups), default=0),
    )


def bill_of_sums(sums: LineSums) -> Bill:
    """The bill that stored lines add up to."""
    return Bill(sums.out_of_scope, sums.over_limit, sums.prior_self_pay, sums.in_scope)


def check_total(*, bill: Bill, claimed_total: int, claimed_parts: Parts | None) -> None:
    """Compare what the institution claims with the lines.

    Raises:
        Rejection: SETL-023 the total differs, SETL-028 a part differs, SETL-029 refunds exceed what they refund.
    """
    if bill.total != claimed_total:
        raise rejections.TOTAL_DIFFERS(claimed=format_yuan(claimed_total), total=format_yuan(bill.total))
    for name, title in PART_TITLES.items():
        own = getattr(bill, name)
        if own < 0:
            raise rejections.REFUND_EXCEEDS(part=title, amount=format_yuan(own))
        if claimed_parts is not None and getattr(claimed_parts, name) != own:
            claimed = format_yuan(getattr(claimed_parts, name))
            raise rejections.PARTS_DIFFER(part=title, claimed=claimed, own=format_yuan(own))
