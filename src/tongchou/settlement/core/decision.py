"""The decision on one request: gate, plan inputs, what each pays, what moves. Everything checked before it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from tongchou.kernel.money import divide_half_up
from tongchou.policy import Bill, Outcome, Plan
from tongchou.settlement import rejections
from tongchou.settlement.core.facts import Visit, facts_of
from tongchou.settlement.core.snapshots import (
    AccountSnapshot,
    AccumulatorSnapshot,
    EnrolmentSnapshot,
    EntitlementSnapshot,
    FamilySnapshot,
    PersonSnapshot,
    Snapshot,
)
from tongchou.settlement.core.tables import ACCOUNT_FUND, ACTIVE_ENROLMENT, ENROLMENT_STATES, MED_TYPES, MedType
from tongchou.settlement.core.views import EarlierYear, PaymentView

NOT_USED, OWN_ACCOUNT, FAMILY_ACCOUNT = "0", "1", "2"


class Insured(msgspec.Struct, frozen=True):
    """A person who passed the gate: everything that must be there is there."""

    person: PersonSnapshot
    enrolment: EnrolmentSnapshot
    entitlement: EntitlementSnapshot


class CounterChange(msgspec.Struct, frozen=True):
    """What a settlement does to the counters of one period; ``version`` 0 means that the row does not exist yet."""

    period: str
    version: int | None
    before: Mapping[str, int]
    delta: Mapping[str, int]

    def after(self) -> dict[str, int]:
        """The counters afterwards; zeros are left out, so that a reversal restores the very same row."""
        values = dict(self.before)
        for name, amount in self.delta.items():
            values[name] = values.get(name, 0) + amount
        return {name: amount for name, amount in values.items() if amount}


class JournalLine(msgspec.Struct, frozen=True):
    """An entry to be: account code, signed fen (debit positive), party."""

    code: str
    amount: int
    party: int = 0


class Told(msgspec.Struct, frozen=True):
    """What an institution was told of a settlement that a re-run decided otherwise, in fen; it stays owed just that."""

    payments: tuple[PaymentView, ...]
    account_pay: int
    cash_pay: int

    def signed(self, sign: int) -> Told:
        """The same with every amount multiplied by ``sign``."""
        payments = tuple(PaymentView(one.layer, one.fund, sign * one.base, sign * one.amount) for one in self.payments)
        return Told(payments, sign * self.account_pay, sign * self.cash_pay)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Who pays what of one bill (fen), and what that moves. ``account_id`` 0: no personal account is touched.

    ``account_scheme`` is named where the account is another person's.

    ``earlier_years`` is filled for stays that the policy divides (:mod:`tongchou.settlement.core.years`).
    """

    plan: Plan
    facts: Mapping[str, object]
    bill: Bill
    benefit_year: str
    payments: tuple[PaymentView, ...]
    deductible: int
    pool_ratio: int
    fund_pay: int
    account_pay: int
    cash_pay: int
    account_id: int
    account_version: int
    account_balance: int
    account_scheme: str
    counters: tuple[CounterChange, ...]
    accumulators_before: Mapping[str, int]
    values: tuple[int, ...]
    earlier_years: tuple[EarlierYear, ...] = ()
    earlier_plans: tuple[Plan, ...] = ()


def med_type_of(code: str) -> MedType:
    """The table row of a med_type.

    Raises:
        Rejection: SETL-015 unknown.
    """
    found = MED_TYPES.get(code)
    if found is None:
        raise rejections.UNKNOWN_MED_TYPE(med_type=code)
    return found


def admit_person(*, snapshot: Snapshot, person_number: str, scheme: str) -> Insured:
    """The gate: the person exists, lives, is enrolled in the scheme and entitled on the service day.

    Raises:
        Rejection: SETL-010 … SETL-014, in this order.
    """
    person, day = snapshot.person, snapshot.day
    if person is None:
        raise rejections.UNKNOWN_PERSON(person_number=person_number)
    if person.death_date is not None and day > person.death_date:
        raise rejections.DECEASED(person_number=person_number, death_date=person.death_date, day=day)
    enrolment = person.enrolment
    if enrolment is None:
        raise rejections.NOT_ENROLLED(person_number=person_number, day=day, scheme=scheme)
    if enrolment.status != ACTIVE_ENROLMENT:
        state = ENROLMENT_STATES.get(enrolment.status, enrolment.status)
        raise rejections.ENROLMENT_PAUSED(person_number=person_number, state=state)
    if snapshot.entitlement is None:
        raise rejections.NOT_ENTITLED(person_number=person_number, day=day, scheme=scheme)
    return Insured(person, enrolment, snapshot.entitlement)


def usable_balance(*, account: AccountSnapshot | None, account_used: str) -> int:
    """What the personal account may pay, in fen: all it holds when the request asks for an account, else nothing.

    ``account`` is the one that is asked for: the own one, or that of a family member.
    """
    return account.balance if account is not None and account_used != NOT_USED else 0


def family_account(*, family: FamilySnapshot | None, area: str, day: date) -> AccountSnapshot:
    """The account of the family member who lets the person use it.

    Args:
        area: the pooling area that the person is insured in; ``day``: the day of payment.

    Raises:
        Rejection: SETL-016 there is none, it was bound elsewhere, or its owner has died.
    """
    if family is None:
        raise rejections.FAMILY_ACCOUNT(why="没有在期的家庭共济绑定")
    if family.area != area:
        raise rejections.FAMILY_ACCOUNT(why=f"绑定的账户属于统筹区 {family.area}，不是参保的统筹区 {area}")
    if family.died is not None and day > family.died:
        raise rejections.FAMILY_ACCOUNT(why="账户所有人已经身故")
    return family.account


def decide(
    *,
    plan: Plan,
    insured: Insured,
    visit: Visit,
    bill: Bill,
    parts: Mapping[str, int],
    counting_day: date,
    account: AccountSnapshot | None,
    account_used: str,
    accumulators: Mapping[str, AccumulatorSnapshot],
    scheme: str,
) -> Decision:
    """Apply the plan to one bill.

    Args:
        parts: the facts ``bill.NAME`` (fen) where the plan pays for some items in ways of their own.

    Raises:
        Rejection: what the policy refuses (POL-0xx).
    """
    facts = facts_of(
        person=insured.person,
        enrolment=insured.enrolment,
        continuous_since=insured.entitlement.continuous_since,
        visit=visit,
    )
    facts.update(parts)
    periods = {spec.name: plan.period_key(spec, counting_day) for spec in plan.accumulators}
    before = {name: _counter(accumulators, period, name) for name, period in periods.items()}
    balance = usable_balance(account=account, account_used=account_used)
    outcome = plan.trace(facts, bill, before, balance)
    account_pay = outcome.account_pay
    touched = account is not None and account_pay > 0
    decision = Decision(
        plan=plan,
        facts=facts,
        bill=bill,
        benefit_year=str(plan.benefit_year(counting_day).start.year),
        payments=payments_of(outcome, bill),
        deductible=outcome.deductible,
        pool_ratio=pool_ratio(plan, outcome),
        fund_pay=outcome.fund_pay,
        account_pay=account_pay,
        cash_pay=outcome.cash_pay,
        account_id=account.id if touched and account is not None else 0,
        account_version=account.version if account is not None else 0,
        account_balance=(account.balance if account is not None else 0) - account_pay,
        account_scheme=account.scheme if account is not None else "",
        counters=counter_changes(periods, outcome.accumulator_delta, accumulators),
        accumulators_before=before,
        values=outcome.values,
    )
    check(decision, scheme=scheme)
    return decision


def payments_of(outcome: Outcome, bill: Bill) -> tuple[PaymentView, ...]:
    """What each layer pays, layers that pay nothing left out."""
    return tuple(
        PaymentView(payment.layer, payment.fund, bill.in_scope, payment.amount)
        for payment in outcome.payments
        if payment.amount
    )


def pool_ratio(plan: Plan, outcome: Outcome) -> int:
    """The nominal ratio of the first layer in 1/10,000 (wire: pool_prop_selfpay); 0 where there is none."""
    rate = outcome.ratio_of(plan.layers[0].id) if plan.layers else None
    return 0 if rate is None else divide_half_up(rate.numerator * 10_000, rate.denominator)


def counter_changes(
    periods: Mapping[str, str], delta: Mapping[str, int], accumulators: Mapping[str, AccumulatorSnapshot]
) -> tuple[CounterChange, ...]:
    """The delta by period. A counter of an unknown period would be a bug: KeyError.

    Periods that were read and are not moved are named too: their version is checked, because the decision rests on them.
    """
    by_period: dict[str, dict[str, int]] = {period: {} for period in periods.values() if period in accumulators}
    for name, amount in delta.items():
        by_period.setdefault(periods[name], {})[name] = amount
    changes = []
    for period in sorted(by_period):
        held = accumulators.get(period)
        changes.append(
            CounterChange(period, held.version if held else 0, held.values if held else {}, by_period[period])
        )
    return tuple(changes)


def journal_lines(
    *,
    payments: tuple[PaymentView, ...],
    account_pay: int,
    cash_pay: int,
    account_id: int,
    institution_id: int,
    scheme: str,
    account_scheme: str = "",
    told: Told | None = None,
    person_id: int = 0,
) -> tuple[JournalLine, ...]:
    """The entries of a settlement (docs/contracts.md, ledger): per fund, personal account, cash as memo.

    Negative amounts give the mirror, which is the journal of a revocation.

    Args:
        account_scheme: the scheme of the account where it is another person's; empty for the own one.
        told: what the institution was told, where a re-run decided otherwise (with the same sign as the amounts): the
            institution stays owed that, and the difference is owed to the person, or by the person where it is negative.
    """
    if told is None:
        told = Told(payments, account_pay, cash_pay)
    paid, stated = _by_fund(payments), _by_fund(told.payments)
    lines = []
    for fund in {**stated, **paid}:
        amount, owed = paid.get(fund, 0), stated.get(fund, 0)
        lines += [JournalLine(f"5001.{fund}", amount), JournalLine(f"2101.{fund}", -owed, institution_id)]
        lines.append(JournalLine(f"2102.{fund}", owed - amount, person_id))
    if account_pay or told.account_pay:
        fund, owed = ACCOUNT_FUND[account_scheme or scheme], told.account_pay
        lines += [JournalLine("2201", account_pay, account_id), JournalLine(f"2101.{fund}", -owed, institution_id)]
        lines.append(JournalLine(f"2102.{fund}", owed - account_pay, person_id))
    lines += [JournalLine("9001", cash_pay), JournalLine("9002", -told.cash_pay, institution_id)]
    lines.append(JournalLine("9003", told.cash_pay - cash_pay, person_id))
    return tuple(line for line in lines if line.amount)


def _by_fund(payments: tuple[PaymentView, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for payment in payments:
        found[payment.fund] = found.get(payment.fund, 0) + payment.amount
    return found


def check(decision: Decision, *, scheme: str) -> None:
    """The identities that hold for every settlement. A violation is a bug: nothing is written.

    Raises:
        AssertionError: payments + account + cash differ from the bill, something is negative, the account is overdrawn.
    """
    bill = decision.bill
    paid = sum(payment.amount for payment in decision.payments)
    if paid != decision.fund_pay:
        raise AssertionError(f"payments {paid} are not the fund payment {decision.fund_pay}")
    if decision.fund_pay + decision.account_pay + decision.cash_pay != bill.total:
        raise AssertionError(f"{decision.fund_pay} + {decision.account_pay} + {decision.cash_pay} is not {bill.total}")
    if min(decision.fund_pay, decision.account_pay, decision.cash_pay, decision.deductible) < 0:
        raise AssertionError("a settlement has no negative amounts")
    if any(payment.amount < 0 for payment in decision.payments):
        raise AssertionError("a fund never pays a negative amount")
    if decision.account_balance < 0 or (decision.account_pay and not decision.account_id):
        raise AssertionError(f"the personal account of scheme {scheme} can't pay {decision.account_pay}")


def settled_days(begin: datetime, end: datetime | None) -> int:
    """Days of a stay: the day of admission counts, the day of discharge does not; at least one once discharged."""
    if end is None:
        return 0
    return max(1, (end.date() - begin.date()).days)


def _counter(accumulators: Mapping[str, AccumulatorSnapshot], period: str, name: str) -> int:
    held = accumulators.get(period)
    return held.values.get(name, 0) if held is not None else 0
