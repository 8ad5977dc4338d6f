"""Revoke a settlement by its exact mirror; take a revocation back; undo a message (2601). Nothing is ever changed in place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from msgspec.structs import replace

from tongchou.ledger.api import open_day
from tongchou.providers import api as providers
from tongchou.settlement import rejections
from tongchou.settlement.core.decision import journal_lines
from tongchou.settlement.core.inputs import Receipt
from tongchou.settlement.core.tables import MED_TYPES
from tongchou.settlement.core.views import SettlementView
from tongchou.settlement.database import run
from tongchou.settlement.drafting import CANCELLED, DISCHARGED, OPEN, SETTLED
from tongchou.settlement.reading import local_day
from tongchou.settlement.receipts import bar, once, read_receipt
from tongchou.settlement.serials import next_id
from tongchou.settlement.settling import ATTEMPTS, stored_answer
from tongchou.settlement.stored import StoredSettlement, as_told, latest_of, read_stored, signed, view_of
from tongchou.settlement.writing import WRITTEN, Rows, add_header, add_journal, add_receipt

PURCHASES = frozenset({"2102"})
SETTLEMENTS = frozenset({"2102", "2207", "2304"})
REVOCATIONS = frozenset({"2103", "2208", "2305"})
ADMISSION = "2401"

Answer = Callable[[SettlementView], bytes]
UndoAnswer = Callable[[SettlementView | None], bytes]


def revoke(
    *, receipt: Receipt, settlement_id: int, person_number: str, answer: Answer, now: datetime, settled_by: str = ""
) -> bytes:
    """Revoke a settlement (2103, 2208, 2305): a mirror row, a mirror journal, counters and account back, lines freed.

    Args:
        settled_by: the transaction that must have made the settlement; empty for any.

    Raises:
        Rejection: SETL-040 unknown or another's, SETL-041 already revoked, SETL-042 a revocation itself, SETL-046 made by
            another transaction, SETL-001 message id used for another request, SETL-003 overtaken too often.
    """
    for _ in range(ATTEMPTS):
        stored = read_stored(settlement_id=latest_of(settlement_id), receipt=receipt)
        known = stored.receipt if stored is not None else read_receipt(receipt)
        if known is not None:
            return stored_answer(known, receipt)
        mine = _revocable(stored, settlement_id, receipt.institution_code, person_number)
        if settled_by and mine.original_transaction in SETTLEMENTS - {settled_by}:
            raise rejections.OTHER_REVOCATION(
                settlement=settlement_id, settled_by=mine.original_transaction, transaction=receipt.transaction
            )
        written = _mirror(mine, receipt=receipt, answer=answer, now=now)
        if written is not None:
            return written
    raise rejections.BUSY(person_number=person_number)


def _revocable(
    stored: StoredSettlement | None, settlement_id: int, institution_code: str, person_number: str
) -> StoredSettlement:
    if (
        stored is None
        or stored.settlement["institution_code"] != institution_code
        or (person_number and stored.person.number != person_number)
    ):
        raise rejections.UNKNOWN_SETTLEMENT(settlement=settlement_id)
    if stored.settlement["direction"] < 0:
        raise rejections.IS_A_REVOCATION(settlement=settlement_id)
    if stored.reversed_by is not None:
        if stored.restored_as is not None:
            raise rejections.RESTORED(settlement=settlement_id, restored=stored.restored_as)
        raise rejections.ALREADY_REVOKED(settlement=settlement_id, reversal=stored.reversed_by)
    return stored


def _mirror(stored: StoredSettlement, *, receipt: Receipt, answer: Answer, now: datetime) -> bytes | None:
    original = view_of(stored)
    view = replace(
        signed(original, -1),
        id=next_id(now),
        direction=-1,
        reversal_of=original.id,
        message_id=receipt.message_id,
        settled_at=now,
        business_date=open_day(today=local_day(now), closed_through=stored.closed_through),
        account_balance=_balance(stored) + original.account_pay,
        values=(),
        earlier_years=None,
    )
    purchase = stored.original_transaction in PURCHASES
    new_status = CANCELLED if purchase else _reopened(stored, original)
    job = {"action": "revoke", "original": original.id, "keep": purchase, "new_status": new_status}
    body = answer(as_told(view, stored))
    return write_counterpart(stored, view, job, kind="revocation", receipt=receipt, body=body)


def _restore(stored: StoredSettlement, *, receipt: Receipt, answer: UndoAnswer, now: datetime) -> bytes | None:
    """Settle again exactly what was revoked, under a new id, because the revocation itself is taken back."""
    original = view_of(stored)
    purchase = stored.original_transaction in PURCHASES
    parts = ("out_of_scope", "over_limit", "prior_self_pay", "in_scope")
    sums = {"amount": original.total, **{name: getattr(original, name) for name in parts}}
    if not purchase and any(stored.unsettled[name] != fen for name, fen in sums.items()):
        raise rejections.LINES_CHANGED(settlement=original.id)
    if original.account_pay > _balance(stored):
        raise rejections.ACCOUNT_SHORT(settlement=original.id)
    view = replace(
        original,
        id=next_id(now),
        settled_at=now,
        business_date=open_day(today=local_day(now), closed_through=stored.closed_through),
        account_balance=_balance(stored) - original.account_pay,
        reversed_by=None,
    )
    job = {
        "action": "restore",
        "original": original.id,
        "keep": purchase,
        "new_status": _settled_again(stored, original),
        "sums": sums,
    }
    body = answer(as_told(view, stored))
    return write_counterpart(stored, view, job, kind="settlement", receipt=receipt, body=body)


def write_counterpart(
    stored: StoredSettlement, view: SettlementView, job: dict[str, Any], *, kind: str, receipt: Receipt, body: bytes
) -> bytes | None:
    """Write a mirror, a restoration, or what takes a settlement's place. ``None``: something changed meanwhile."""
    rows = Rows()
    rows.jobs.append(
        {
            "sid": view.id,
            "area": view.area,
            "business_date": view.business_date,
            "encounter": view.encounter_id,
            "status": stored.encounter_status,
            "month": stored.fee_month,
            "batch": view.batch,
            **job,
        }
    )
    for period, delta in view.accumulator_delta.items():
        rows.counters.append(
            {
                "sid": view.id,
                "person_id": view.person.id,
                "scheme": view.scheme,
                "period": period,
                "version": None,
                "delta": delta,
            }
        )
    account = stored.account
    if view.account_pay and account is not None:
        change = {"sid": view.id, "id": account.id, "version": account.version, "change": -view.account_pay}
        rows.accounts.append(change)
    add_receipt(rows, receipt=receipt, subject=view.id, answer=body, now=view.settled_at)
    add_header(rows, view)
    lines = journal_lines(
        payments=view.payments,
        account_pay=view.account_pay,
        cash_pay=view.cash_pay,
        account_id=account.id if account is not None else 0,
        account_scheme=account.scheme if account is not None else "",
        institution_id=providers.describe(code=view.institution_code, on=view.business_date).id,
        scheme=view.scheme,
        told=stored.told.signed(view.direction) if stored.told is not None else None,
        person_id=view.person.id,
    )
    key = f"{'revoke' if kind == 'revocation' else 'restore'}:{job['original'] if kind == 'revocation' else view.id}"
    reversal_of = view.reversal_of
    add_journal(rows, view=view, lines=lines, kind=kind, key=key, reversal_of=reversal_of)
    return body if rows.write().get(view.id) == WRITTEN else None


def _balance(stored: StoredSettlement) -> int:
    return stored.account.balance if stored.account is not None else 0


def _reopened(stored: StoredSettlement, original: SettlementView) -> str:
    """The encounter's status after its settlement is revoked; an interim settlement never changed it."""
    if stored.encounter_status != SETTLED:
        return stored.encounter_status
    med_type = MED_TYPES.get(original.med_type)
    stay = med_type is not None and med_type.stay
    return DISCHARGED if stay and stored.end_at is not None else OPEN


def _settled_again(stored: StoredSettlement, original: SettlementView) -> str:
    """The encounter's status once its settlement is restored; one made before the discharge was an interim one."""
    med_type = MED_TYPES.get(original.med_type)
    stay = med_type is not None and med_type.stay
    return stored.encounter_status if stay and stored.encounter_status == OPEN else SETTLED


def undo(
    *,
    receipt: Receipt,
    original_message_id: str,
    original_transaction: str,
    answer: UndoAnswer,
    now: datetime,
    person_number: str = "",
) -> bytes:
    """Undo what an earlier message of the institution did (2601), once.

    A settlement is revoked, a revocation is taken back (settled again under a new id), an admission is cancelled. A message
    that is not known is barred: it is refused should it come later.

    Raises:
        Rejection: SETL-050 nothing to undo, SETL-051 not reversible, SETL-052 already undone, SETL-053 another person's,
            and what revoking or cancelling refuses.
    """
    known = read_receipt(receipt)
    if known is not None:
        return stored_answer(known, receipt)
    if original_transaction not in SETTLEMENTS | REVOCATIONS | {ADMISSION}:
        raise rejections.NOT_UNDOABLE(transaction=original_transaction)
    message = Receipt(
        institution_code=receipt.institution_code,
        message_id=original_message_id,
        transaction=original_transaction,
        body_hash=b"",
    )
    original = read_receipt(message)
    if original is None and not bar(message, by=receipt.message_id, now=now):
        original = read_receipt(message)
    if original is None or original.transaction != original_transaction or not original.body_hash:
        raise rejections.NOTHING_TO_UNDO(message_id=original_message_id, transaction=original_transaction)
    if original.undone_by:
        raise rejections.ALREADY_UNDONE(message_id=original_message_id, undone_by=original.undone_by)
    if original_transaction == ADMISSION:
        return _undo_admission(original.subject, message, receipt, answer, now, person_number)
    for _ in range(ATTEMPTS):
        done = _undo_settlement(original.subject, message, receipt, answer, now, person_number)
        if done is not None:
            return done
    raise rejections.BUSY(person_number=person_number)


class _Overtaken(Exception):
    """Something changed between reading and writing: the transaction is rolled back and tried again."""


def _undo_settlement(
    subject: int, message: Receipt, receipt: Receipt, answer: UndoAnswer, now: datetime, person_number: str
) -> bytes | None:
    revocation = message.transaction in REVOCATIONS
    stored = read_stored(settlement_id=latest_of(subject))
    if stored is None:
        raise rejections.UNKNOWN_SETTLEMENT(settlement=subject)
    if person_number and stored.person.number != person_number:
        raise rejections.OTHER_PERSON(message_id=message.message_id, person_number=person_number)
    try:
        with transaction.atomic():
            if not _mark_undone(message, receipt.message_id):
                raise rejections.ALREADY_UNDONE(message_id=message.message_id, undone_by=receipt.message_id)
            if revocation:
                original = read_stored(settlement_id=stored.settlement["reversal_of_id"])
                if original is None:
                    raise rejections.UNKNOWN_SETTLEMENT(settlement=subject)
                done = _restore(original, receipt=receipt, answer=answer, now=now)
            else:
                mine = _revocable(stored, subject, receipt.institution_code, person_number)
                done = _mirror(mine, receipt=receipt, answer=answer, now=now)
            if done is None:
                raise _Overtaken
            return done
    except _Overtaken:
        return None


def _undo_admission(
    subject: int, message: Receipt, receipt: Receipt, answer: UndoAnswer, now: datetime, person_number: str
) -> bytes:
    from tongchou.settlement import encounters

    def work() -> tuple[bytes, int]:
        if not _mark_undone(message, receipt.message_id):
            raise rejections.ALREADY_UNDONE(message_id=message.message_id, undone_by=receipt.message_id)
        encounters.cancel_admission(
            encounter_id=subject, institution_code=receipt.institution_code, person_number=person_number
        )
        return answer(None), subject

    return once(receipt=receipt, work=work, now=now)


def _mark_undone(message: Receipt, by: str) -> bool:
    rows = run(
        "UPDATE settlement_receipt SET undone_by = %s"
        " WHERE institution_code = %s AND message_id = %s AND undone_by = '' RETURNING 1",
        (by, message.institution_code, message.message_id),
    )
    return bool(rows)
