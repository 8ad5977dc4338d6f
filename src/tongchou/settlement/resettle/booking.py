"""Booking what was reviewed: reversal and new settlement of each change, one transaction per person, at most once.

Everything is evaluated again under the person's locks. If that gives another result than the one that was reviewed, nothing
is booked. The institution keeps what it was told: its payables do not move, the difference is the person's
(docs/decisions, re-run).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from msgspec.structs import replace as with_changes

from tongchou.ledger.api import open_day
from tongchou.settlement import packages, rejections
from tongchou.settlement.core.decision import Told
from tongchou.settlement.core.facts import storable
from tongchou.settlement.core.inputs import Receipt
from tongchou.settlement.core.rerun import Change, NewSplit
from tongchou.settlement.core.snapshots import AccountSnapshot
from tongchou.settlement.core.views import LineSplitView, SettlementView
from tongchou.settlement.database import as_json, run
from tongchou.settlement.reading import local_day
from tongchou.settlement.resettle.choosing import Chooser, Scope
from tongchou.settlement.resettle.evaluating import Trial, try_person
from tongchou.settlement.resettle.models import Replacement
from tongchou.settlement.resettle.reading import lock_person, read_states
from tongchou.settlement.revoking import write_counterpart
from tongchou.settlement.serials import next_id
from tongchou.settlement.stored import StoredSettlement, read_stored, signed, view_of

TRANSACTION = "RERUN"
"""Transaction of the receipts of rows that the centre made itself; no message of the interface has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to book: the run and case it belongs to, and the digest of the proposal that was reviewed."""

    run_id: int
    case_id: int
    scope: Scope
    digest: str
    now: datetime


def book_person(*, person_id: int, order: Order) -> Trial:
    """Book a person's reviewed changes. Call it inside the transaction that also notes that it was done.

    Raises:
        Rejection: SETL-072 the result is another than the one that was reviewed.
    """
    if not transaction.get_connection().in_atomic_block:
        raise AssertionError("booking belongs in the transaction that notes it")
    closed_through = lock_person(person=person_id, area=order.scope.area)
    scope = order.scope
    states = read_states(persons=[person_id], begin=scope.begin, end=scope.end, scheme=scope.scheme, facts=scope.facts)
    trial = try_person(states[0], Chooser(scope))
    if trial.digest != order.digest:
        raise rejections.RERUN_STALE(subject=f"参保人员 {trial.number}")
    for change in trial.changes:
        _replace(change, closed_through=closed_through, order=order)
    return trial


def _replace(change: Change, *, closed_through: Any, order: Order) -> None:
    """Reverse one settlement and settle it anew. What an account paid goes back to the account that paid it."""
    stored = read_stored(settlement_id=change.old.id, with_lines=bool(change.choice.splits))
    if stored is None or stored.reversed_by is not None:
        raise rejections.RERUN_STALE(subject=f"结算 {change.old.id}")
    account, original = stored.account, view_of(stored)
    day = open_day(today=local_day(order.now), closed_through=closed_through)
    reversal = _reversal(original, account, day, order)
    _write(stored, reversal, action="revoke", name="RR")
    account = _moved(account, original.account_pay)
    former = _split_lines(stored, change.choice.splits)
    for plan in (*(part.plan for part in change.choice.earlier), change.choice.plan):
        packages.store(plan=plan, area=original.area, scheme=original.scheme, now=order.now)
    successor = _successor(change, original, account, day, order)
    told = stored.told or Told(original.payments, original.account_pay, original.cash_pay)
    run(_PERIODS, (original.person.id, original.scheme, list(change.delta)))
    _write(replace(stored, account=account, told=told), successor, action="restore", name="RN")
    Replacement.objects.create(
        original_id=original.id,
        reversal_id=reversal.id,
        successor_id=successor.id,
        run_id=order.run_id,
        case_id=order.case_id,
        causes=[[cause.kind, cause.title, cause.before, cause.after] for cause in change.causes],
        former=former,
        made_at=order.now,
    )


_PERIODS = """
INSERT INTO settlement_accumulators (person_id, scheme, period, values, version)
SELECT %s, %s, period, '{}', 0 FROM unnest(%s::text[]) AS period ORDER BY period
ON CONFLICT DO NOTHING RETURNING 1
"""


def _reversal(original: SettlementView, account: AccountSnapshot | None, day: Any, order: Order) -> SettlementView:
    return with_changes(
        signed(original, -1),
        id=next_id(order.now),
        direction=-1,
        reversal_of=original.id,
        message_id=f"RR{original.id}",
        settled_at=order.now,
        business_date=day,
        account_balance=_balance(account) + original.account_pay,
        values=(),
        earlier_years=None,
        lines=(),
    )


def _successor(
    change: Change, original: SettlementView, account: AccountSnapshot | None, day: Any, order: Order
) -> SettlementView:
    choice, bill = change.choice, change.choice.bill
    return with_changes(
        original,
        id=next_id(order.now),
        person_type=choice.person_type,
        settled_at=order.now,
        business_date=day,
        benefit_year=change.benefit_year,
        benefit=choice.plan.benefit,
        out_of_scope=bill.out_of_scope,
        over_limit=bill.over_limit,
        prior_self_pay=bill.prior_self_pay,
        in_scope=bill.in_scope,
        deductible=change.deductible,
        pool_ratio=change.pool_ratio,
        fund_pay=change.fund_pay,
        account_pay=change.account_pay,
        cash_pay=change.cash_pay,
        account_balance=_balance(account) - change.account_pay,
        package=choice.plan.package_hash,
        plan=choice.plan.id,
        facts=storable(choice.facts),
        accumulators_before=dict(change.before),
        accumulator_delta={period: dict(values) for period, values in change.delta.items()},
        values=change.values,
        payments=change.payments,
        earlier_years=change.earlier or None,
        reversed_by=None,
        lines=(),
    )


def _write(stored: StoredSettlement, view: SettlementView, *, action: str, name: str) -> None:
    """One row with its journal. The lines stay with the visit; the receipt's id makes a second time impossible."""
    job: dict[str, Any] = {
        "action": action,
        "original": stored.settlement["id"],
        "keep": True,
        "new_status": stored.encounter_status,
    }
    receipt = Receipt(
        institution_code=view.institution_code,
        message_id=f"{name}{stored.settlement['id']}",
        transaction=TRANSACTION,
        body_hash=b"",
    )
    kind = "revocation" if view.direction < 0 else "settlement"
    if write_counterpart(stored, view, job, kind=kind, receipt=receipt, body=b"") is None:
        raise rejections.RERUN_STALE(subject=f"结算 {stored.settlement['id']}")


_SPLIT = """
UPDATE settlement_feeline f
SET out_of_scope = n.out_of_scope, over_limit = n.over_limit, prior_self_pay = n.prior_self_pay, in_scope = n.in_scope,
    prior_self_pay_ratio = n.ratio
FROM json_to_recordset(%s::json) AS n(
    line_no bigint, out_of_scope bigint, over_limit bigint, prior_self_pay bigint, in_scope bigint, ratio integer)
WHERE f.fee_month = %s AND f.encounter_id = %s AND f.line_no = n.line_no AND f.settlement_id = %s
RETURNING 1
"""


def _split_lines(stored: StoredSettlement, splits: Sequence[NewSplit]) -> list[list[int]]:
    """Split the fee lines as the new version says. Returns how the changed ones were split before."""
    if not splits:
        return []
    row = stored.settlement
    rows = [
        {"line_no": each.line_no, "out_of_scope": each.out_of_scope, "over_limit": each.over_limit,
         "prior_self_pay": each.prior_self_pay, "in_scope": each.in_scope, "ratio": each.ratio}
        for each in splits
    ]  # fmt: skip
    changed = run(_SPLIT, (as_json(rows), stored.fee_month, row["encounter_id"], row["id"]))
    if len(changed) != len(splits):
        raise rejections.RERUN_STALE(subject=f"结算 {row['id']}")
    lines: dict[int, LineSplitView] = {line.line_no: line for line in stored.lines}
    return [_former(lines[each.line_no]) for each in splits]


def _former(line: LineSplitView) -> list[int]:
    return [
        line.line_no, line.out_of_scope, line.over_limit, line.prior_self_pay, line.in_scope, line.prior_self_pay_ratio,
    ]  # fmt: skip


def _moved(account: AccountSnapshot | None, change: int) -> AccountSnapshot | None:
    """The account after a movement: each one that is not zero raises the version."""
    if account is None or change == 0:
        return account
    return with_changes(account, balance=account.balance + change, version=account.version + 1)


def _balance(account: AccountSnapshot | None) -> int:
    return account.balance if account is not None else 0
