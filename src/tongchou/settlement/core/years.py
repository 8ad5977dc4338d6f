"""Stays that a policy divides by the dates of their costs: each benefit year is decided by its own plan and counters.

A stay that is not divided is one share. The shares are decided one after the other, as two settlements would be: each sees
what the one before has moved on counters without a year and on the personal account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tongchou.policy import Bill, StayYear
from tongchou.policy.stays import year_number
from tongchou.settlement.core.decision import CounterChange, Decision, Insured, decide
from tongchou.settlement.core.facts import Visit
from tongchou.settlement.core.snapshots import AccountSnapshot, AccumulatorSnapshot, LineGroup
from tongchou.settlement.core.views import EarlierYear


class Share(Struct, frozen=True, kw_only=True):
    """What one plan decides: its days, who the person was, the visit as it sees it, and the cost (fen) of those days."""

    year: StayYear
    insured: Insured
    visit: Visit
    bill: Bill
    parts: Mapping[str, int]


def divide(groups: Iterable[LineGroup], years: Sequence[StayYear]) -> list[list[LineGroup]]:
    """The lines of each year; what is dated before the first day or after the last is of the first or last year."""
    found: list[list[LineGroup]] = [[] for _ in years]
    for group in groups:
        found[year_number(group.day, years)].append(group)
    return found


def decide_shares(
    *,
    shares: Sequence[Share],
    account: AccountSnapshot | None,
    account_used: str,
    accumulators: Mapping[str, AccumulatorSnapshot],
    scheme: str,
) -> Decision:
    """Decide the shares of a visit in their order and join them to one decision.

    Raises:
        Rejection: what the policy refuses (POL-0xx).
    """
    decisions: list[Decision] = []
    for share in shares:
        decision = decide(
            plan=share.year.plan,
            insured=share.insured,
            visit=share.visit,
            bill=share.bill,
            parts=share.parts,
            counting_day=share.year.day,
            account=account,
            account_used=account_used,
            accumulators=accumulators,
            scheme=scheme,
        )
        moved = {
            change.period: AccumulatorSnapshot(change.after(), change.version or 0) for change in decision.counters
        }
        accumulators = {**accumulators, **moved}
        account = None if account is None else replace(account, balance=decision.account_balance)
        decisions.append(decision)
    return decisions[0] if len(decisions) == 1 else _joined(shares, decisions)


def _joined(shares: Sequence[Share], decisions: Sequence[Decision]) -> Decision:
    """One decision: the sums of all years; plan, facts, ratio and benefit year are those of the discharge."""
    earlier, last = decisions[:-1], decisions[-1]
    return replace(
        last,
        bill=Bill(*(sum(amounts) for amounts in zip(*(decision.bill for decision in decisions), strict=True))),
        payments=tuple(payment for decision in decisions for payment in decision.payments),
        deductible=sum(decision.deductible for decision in decisions),
        fund_pay=sum(decision.fund_pay for decision in decisions),
        account_pay=sum(decision.account_pay for decision in decisions),
        cash_pay=sum(decision.cash_pay for decision in decisions),
        account_id=next((decision.account_id for decision in decisions if decision.account_id), 0),
        counters=_counters(decisions),
        earlier_years=tuple(_kept(share, decision) for share, decision in zip(shares, earlier, strict=False)),
        earlier_plans=tuple(decision.plan for decision in earlier),
    )


def _counters(decisions: Sequence[Decision]) -> tuple[CounterChange, ...]:
    """What all years together do to each period, on the values that were read."""
    found: dict[str, CounterChange] = {}
    for change in (change for decision in decisions for change in decision.counters):
        first = found.get(change.period, replace(change, delta={}))
        delta = {name: first.delta.get(name, 0) + change.delta.get(name, 0) for name in {**first.delta, **change.delta}}
        found[change.period] = replace(first, delta=delta)
    return tuple(found[period] for period in sorted(found))


def _kept(share: Share, decision: Decision) -> EarlierYear:
    bill = decision.bill
    return EarlierYear(
        benefit_year=decision.benefit_year,
        since=share.year.since,
        until=share.year.until,
        package=decision.plan.package_hash,
        plan=decision.plan.id,
        out_of_scope=bill.out_of_scope,
        over_limit=bill.over_limit,
        prior_self_pay=bill.prior_self_pay,
        in_scope=bill.in_scope,
        deductible=decision.deductible,
        pool_ratio=decision.pool_ratio,
        fund_pay=decision.fund_pay,
        account_pay=decision.account_pay,
        cash_pay=decision.cash_pay,
        facts=decision.facts,
        accumulators_before=decision.accumulators_before,
        values=decision.values,
    )
