"""Re-run (重新结算): what the settlements of a person say today, in their order, with the counters as they would have been.

Who is evaluated again: every settlement whose facts, policy version or counters differ from those it was decided with.
A settlement whose inputs are the same keeps its result without being computed: the policy is a pure function of them. One
that can't be evaluated again stands as it is, with the reason, and the next ones count what it counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from tongchou.kernel.money import format_yuan_grouped
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, Outcome, Plan
from tongchou.settlement.core.decision import OWN_ACCOUNT, payments_of, pool_ratio
from tongchou.settlement.core.facts import storable
from tongchou.settlement.core.snapshots import EntitlementSnapshot, PersonSnapshot
from tongchou.settlement.core.views import EarlierYear, PaymentView

Counters = dict[str, dict[str, int]]
"""Period → counter → value, of one person in one scheme."""

COUNTER, FACT, VERSION, LINES, DIVIDED = "累计", "身份待遇", "政策版本", "明细划分", "年度划分"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A settlement that counts today, as it was decided; amounts in fen.

    ``earlier`` are the years before the last of a stay that the policy divides; their amounts are part of the settlement's own.
    ``root`` is the settlement that the institution was told of (itself, unless it was made again); it gives the place in the
    order. ``day`` chose rules and counters. ``person`` and ``entitlement`` are as known today, on that day.
    """

    id: int
    root: int
    encounter_id: int
    institution_code: str
    area: str
    scheme: str
    med_type: str
    person_type: str
    benefit: str
    benefit_year: str
    day: date
    admitted: date
    discharged: date | None
    business_date: date
    fee_month: date
    account_used: str
    account_id: int | None = None
    plan: str
    package: str
    out_of_scope: int
    over_limit: int
    prior_self_pay: int
    in_scope: int
    deductible: int
    fund_pay: int
    account_pay: int
    cash_pay: int
    payments: tuple[PaymentView, ...]
    facts: dict[str, Any]
    accumulators_before: dict[str, int]
    accumulator_delta: dict[str, dict[str, int]]
    earlier: tuple[EarlierYear, ...] = ()
    person: PersonSnapshot | None = None
    entitlement: EntitlementSnapshot | None = None

    @property
    def bill(self) -> Bill:
        """The four components of the bill."""
        return Bill(self.out_of_scope, self.over_limit, self.prior_self_pay, self.in_scope)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a result differs: kind (累计, 身份待遇, 政策版本, 明细划分, 年度划分), what, as it was decided, as it is."""

    kind: str
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class NewSplit:
    """A fee line that another version of the policy splits in another way; fen, ratio in 1/10,000."""

    line_no: int
    out_of_scope: int
    over_limit: int
    prior_self_pay: int
    in_scope: int
    ratio: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one plan decides of a settlement: all of it, or one benefit year of a stay that the policy divides.

    ``then`` are the counters that it was decided with, ``None`` for a year that was not decided by itself; ``year`` is the
    earlier year as it was stored, or with its days and costs only; none for the last.
    """

    plan: Plan
    facts: Mapping[str, object]
    bill: Bill
    day: date
    then: Mapping[str, int] | None
    year: EarlierYear | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """With what a settlement is evaluated again, and what of that is another than it was decided with.

    ``bill`` is the whole; ``plan`` and ``facts`` are those of the last year where a stay is divided. ``day`` (which chooses
    counters) and ``then`` (the counters it was decided with) are the settlement's own unless the division gives others.
    """

    plan: Plan
    facts: Mapping[str, object]
    bill: Bill
    person_type: str
    causes: tuple[Cause, ...] = ()
    splits: tuple[NewSplit, ...] = ()
    earlier: tuple[Part, ...] = ()
    day: date | None = None
    then: Mapping[str, int] | None = None

    def parts(self, one: Standing) -> tuple[Part, ...]:
        """What is evaluated one after the other."""
        rest = self.bill
        for part in self.earlier:
            rest = Bill(*(whole - own for whole, own in zip(rest, part.bill, strict=True)))
        then = one.accumulators_before if self.day is None else self.then
        last = Part(plan=self.plan, facts=self.facts, bill=rest, day=self.day or one.day, then=then)
        return (*self.earlier, last)


Choose = Callable[[Standing], Choice]
"""Raises a Rejection where a settlement can't be evaluated again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A settlement whose result is another: what would be booked instead of it; fen."""

    old: Standing
    choice: Choice
    payments: tuple[PaymentView, ...]
    deductible: int
    pool_ratio: int
    fund_pay: int
    account_pay: int
    cash_pay: int
    benefit_year: str
    before: Mapping[str, int]
    delta: Mapping[str, Mapping[str, int]]
    values: tuple[int, ...]
    causes: tuple[Cause, ...]
    earlier: tuple[EarlierYear, ...] = ()

    @property
    def to_person(self) -> int:
        """What the person is owed in cash (negative: owes), in fen."""
        return self.old.cash_pay - self.cash_pay


@dataclass(frozen=True, slots=True)
class Refused:
    """A settlement that can't be evaluated again: it stands, for this reason."""

    old: Standing
    code: str
    message: str
    remedy: str


@dataclass(slots=True)
class Rerun:
    """The result for one person in one scheme. ``evaluated`` settlements had another input."""

    changes: list[Change] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    seen: int = 0
    evaluated: int = 0


def rerun(
    *, standing: Sequence[Standing], counters: Mapping[str, Mapping[str, int]], balance: int, choose: Choose
) -> Rerun:
    """Evaluate settlements again, in their order.

    Args:
        standing: what counts today, in order; nothing that counts after the first of them may be missing.
        counters: the person's counters in the scheme today.
        balance: what the person's own account holds today, in fen.
    """
    held = baseline(counters, standing)
    found = Rerun(seen=len(standing))
    for one in standing:
        try:
            choice = choose(one)
            change = None
            if choice.causes or _counters_differ(choice.parts(one), held):
                found.evaluated += 1
                change = evaluate(one, choice, held, balance)
        except Rejection as refusal:
            found.refused.append(Refused(one, refusal.code, refusal.message, refusal.remedy))
            change = None
        if change is None:
            add(held, one.accumulator_delta)
        else:
            found.changes.append(change)
            add(held, change.delta)
            if one.account_id is None:
                balance += one.account_pay - change.account_pay
    return found


def evaluate(one: Standing, choice: Choice, held: Counters, balance: int) -> Change | None:
    """The result today on the counters held before it; ``None`` where it is what was decided.

    Raises:
        Rejection: what the policy refuses (POL-0xx).
        AssertionError: payers and bill differ (a bug).
    """
    parts = choice.parts(one)
    found = _decide(parts, held, one.account_pay, trace=False)
    if _same(one, choice, found):
        return None
    share = sum(decided.outcome.person_pay for decided in found)
    found = _decide(parts, held, account_share(one=one, share=share, balance=balance), trace=True)
    last = found[-1]
    change = Change(
        old=one,
        choice=choice,
        payments=tuple(paid for each in found for paid in payments_of(each.outcome, each.part.bill)),
        deductible=sum(each.outcome.deductible for each in found),
        pool_ratio=pool_ratio(last.part.plan, last.outcome),
        fund_pay=sum(each.outcome.fund_pay for each in found),
        account_pay=sum(each.outcome.account_pay for each in found),
        cash_pay=sum(each.outcome.cash_pay for each in found),
        benefit_year=_year(last.part),
        before=last.before,
        delta=_delta(found),
        values=last.outcome.values,
        causes=(*choice.causes, *(cause for each in found for cause in counter_causes(each))),
        earlier=tuple(_kept(each) for each in found[:-1]),
    )
    if not change.fund_pay + change.account_pay + change.cash_pay == choice.bill.total == one.bill.total:
        raise AssertionError(f"settlement {one.id}: {found!r} does not sum to {one.bill.total}")
    return change


class _Decided(NamedTuple):
    """A part with the counters it saw and what came of it."""

    part: Part
    before: dict[str, int]
    outcome: Outcome


def _decide(parts: Sequence[Part], held: Counters, account: int, *, trace: bool) -> list[_Decided]:
    """Decide parts one after the other, as separate settlements would be: each sees what the one before has counted and
    what it has left of the money (fen) that the account carries.
    """
    local = {period: dict(values) for period, values in held.items()} if len(parts) > 1 else held
    found = []
    for part in parts:
        before = values_before(part.plan, part.day, local)
        run = part.plan.trace if trace else part.plan.evaluate
        outcome = run(part.facts, part.bill, before, account)
        account -= outcome.account_pay
        if len(parts) > 1:
            add(local, delta_by_period(part.plan, part.day, outcome))
        found.append(_Decided(part, before, outcome))
    return found


def _counters_differ(parts: Sequence[Part], held: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether a part sees other counters than it was decided with. Of several parts, the first one that does is enough:
    the ones before it then count what they counted.
    """
    if any(part.then is None for part in parts):
        return True
    if len(parts) == 1:
        return dict(parts[0].then or {}) != values_before(parts[0].plan, parts[0].day, held)
    found = _decide(parts, {period: dict(values) for period, values in held.items()}, 0, trace=False)
    return any(dict(each.part.then or {}) != each.before for each in found)


def _delta(found: Sequence[_Decided]) -> dict[str, dict[str, int]]:
    total: Counters = {}
    for each in found:
        add(total, delta_by_period(each.part.plan, each.part.day, each.outcome))
    return total


def _year(part: Part) -> str:
    return str(part.plan.benefit_year(part.day).start.year)


def _kept(decided: _Decided) -> EarlierYear:
    """An earlier year of a divided stay as it is stored with the settlement."""
    part, outcome = decided.part, decided.outcome
    if part.year is None:
        raise AssertionError("an earlier year without its days")
    return replace(
        part.year,
        benefit_year=_year(part),
        out_of_scope=part.bill.out_of_scope,
        over_limit=part.bill.over_limit,
        prior_self_pay=part.bill.prior_self_pay,
        in_scope=part.bill.in_scope,
        package=part.plan.package_hash,
        plan=part.plan.id,
        deductible=outcome.deductible,
        pool_ratio=pool_ratio(part.plan, outcome),
        fund_pay=outcome.fund_pay,
        account_pay=outcome.account_pay,
        cash_pay=outcome.cash_pay,
        facts=storable(part.facts),
        accumulators_before=decided.before,
        values=outcome.values,
    )


def account_share(*, one: Standing, share: int, balance: int) -> int:
    """How much of the person's new share (fen) the personal account carries.

    How the person paid at the counter stays as it was; only the difference moves. What the person is given back is cash as
    far as cash was paid, then goes back to the account that paid: an account is never turned into cash. What the person owes
    in addition is taken from the own account if that was used then and holds as much today; the rest is owed in cash. From
    a family member's account nothing more is taken: its owner let the person pay then, not now.
    """
    more = share - one.account_pay - one.cash_pay
    if more > 0:
        return one.account_pay + (min(more, max(balance, 0)) if one.account_used == OWN_ACCOUNT else 0)
    return one.account_pay - max(0, -more - one.cash_pay)


def baseline(counters: Mapping[str, Mapping[str, int]], standing: Sequence[Standing]) -> Counters:
    """The counters as if none of the settlements counted: today's without their deltas."""
    held = {period: dict(values) for period, values in counters.items()}
    for one in standing:
        add(held, one.accumulator_delta, sign=-1)
    return held


def add(held: Counters, delta: Mapping[str, Mapping[str, int]], *, sign: int = 1) -> None:
    """Add what a settlement counted."""
    for period, values in delta.items():
        into = held.setdefault(period, {})
        for name, amount in values.items():
            into[name] = into.get(name, 0) + sign * amount


def values_before(plan: Plan, day: date, held: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """The counters that a plan reads on a day."""
    return {spec.name: held.get(plan.period_key(spec, day), {}).get(spec.name, 0) for spec in plan.accumulators}


def counter_causes(decided: _Decided) -> tuple[Cause, ...]:
    """Which counters a part saw otherwise; a year that was not decided by itself saw none."""
    part = decided.part
    then = part.then
    if then is None:
        return ()
    units = {spec.name: (spec.title, spec.unit) for spec in part.plan.accumulators}
    return tuple(
        Cause(COUNTER, units[name][0], _shown(then.get(name, 0), units[name][1]), _shown(value, units[name][1]))
        for name, value in decided.before.items()
        if then.get(name, 0) != value
    )


def fact_causes(plan: Plan, then: Mapping[str, object], now: Mapping[str, object]) -> tuple[Cause, ...]:
    """Which facts of the person, among those the plan asks for, are others than they were."""
    return tuple(
        Cause(FACT, spec.title, said(then.get(spec.name, spec.default)), said(now.get(spec.name, spec.default)))
        for spec in plan.facts
        if spec.name.startswith("person.") and then.get(spec.name, spec.default) != now.get(spec.name, spec.default)
    )


def said(value: object) -> str:
    """A fact as a person reads it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (frozenset, set, list, tuple)):
        return "、".join(sorted(str(each) for each in value)) or "无"
    return "无" if value is None else str(value)


def delta_by_period(plan: Plan, day: date, outcome: Outcome) -> dict[str, dict[str, int]]:
    """What an outcome counts, by period."""
    periods = {spec.name: plan.period_key(spec, day) for spec in plan.accumulators}
    found: dict[str, dict[str, int]] = {}
    for name, amount in outcome.accumulator_delta.items():
        found.setdefault(periods[name], {})[name] = amount
    return found


def _same(one: Standing, choice: Choice, found: Sequence[_Decided]) -> bool:
    """Whether a result is to the fen what was decided. The version alone is no difference, nor how much a layer counted."""
    paid: dict[tuple[str, str], int] = {}
    for each in found:
        for payment in each.outcome.payments:
            key = (payment.layer, payment.fund)
            paid[key] = paid.get(key, 0) + payment.amount
    then: dict[tuple[str, str], int] = {}
    for old in one.payments:
        then[old.layer, old.fund] = then.get((old.layer, old.fund), 0) + old.amount
    return (
        choice.bill == one.bill
        and {key: amount for key, amount in paid.items() if amount} == then
        and sum(each.outcome.account_pay for each in found) == one.account_pay
        and sum(each.outcome.cash_pay for each in found) == one.cash_pay
        and sum(each.outcome.deductible for each in found) == one.deductible
        and _delta(found) == {period: values for period, values in one.accumulator_delta.items() if values}
    )


def _shown(value: int, unit: str) -> str:
    return f"{format_yuan_grouped(value)} 元" if unit == "元" else f"{value} {unit}".strip()
