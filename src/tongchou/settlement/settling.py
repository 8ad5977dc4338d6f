"""Settle: one round trip to read, the decision in memory, one statement to write; many requests at once or one."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import psycopg

from tongchou.kernel.rejection import Rejection
from tongchou.settlement import answers, packages, rejections
from tongchou.settlement.core.inputs import PurchaseInput, Receipt, Request
from tongchou.settlement.core.snapshots import ReceiptSnapshot, Snapshot
from tongchou.settlement.core.views import SettlementView
from tongchou.settlement.database import recover
from tongchou.settlement.drafting import Asked, Draft, draft
from tongchou.settlement.partitions import ensure_month
from tongchou.settlement.reading import question_of, read_snapshots
from tongchou.settlement.serials import next_id
from tongchou.settlement.writing import CLOSED, WRITTEN, Rows, add_settlement

logger = logging.getLogger(__name__)

ATTEMPTS = 5
"""How often a request is decided anew because something it had read changed before it was written."""

Answer = Callable[[SettlementView], bytes]
Result = bytes | Exception


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One request to settle. ``answer`` renders the bytes that are stored with the receipt and returned for a repeat."""

    receipt: Receipt
    request: Request
    answer: Answer
    now: datetime


def pre_settle(*, institution_code: str, request: Request, now: datetime) -> SettlementView:
    """What settling would give (2101, 2206, 2303). Writes nothing; the view's id is 0.

    Raises:
        Rejection: as settling would.
    """
    question = question_of(request=request, institution_code=institution_code, message_id="", now=now)
    snapshot = read_snapshots([question])[0]
    asked = Asked(institution_code=institution_code, message_id="", now=now)
    return draft(request=request, snapshot=snapshot, asked=asked).view


def settle_many(*, jobs: Sequence[Job]) -> list[Result]:
    """Settle requests (2102, 2207, 2304) together: they are read in one statement and written in one commit.

    A request that is refused, repeated or overtaken does not touch the others. Requests of one person, or with one
    message id, are taken one after the other.

    Returns:
        For each job, in order: the answer's bytes (stored, if the message was answered before), or the Rejection; any
        other exception is a bug in the system and is logged.
    """
    results: list[Result | None] = [None] * len(jobs)
    tries = [0] * len(jobs)
    waiting = list(range(len(jobs)))
    while waiting:
        batch, waiting = _take(jobs, waiting)
        left = _round(jobs, batch, results)
        waiting += left.postponed
        for number in left.overtaken:
            tries[number] += 1
            if tries[number] < ATTEMPTS:
                waiting.append(number)
            else:
                results[number] = rejections.BUSY(person_number=jobs[number].request.person_number)
    return [result if result is not None else AssertionError("a job without result") for result in results]


def _take(jobs: Sequence[Job], waiting: Sequence[int]) -> tuple[list[int], list[int]]:
    """The next round: at most one job of each person and of each message."""
    persons: set[str] = set()
    messages: set[tuple[str, str]] = set()
    batch, later = [], []
    for number in waiting:
        job = jobs[number]
        person, message = job.request.person_number, (job.receipt.institution_code, job.receipt.message_id)
        if person in persons or message in messages:
            later.append(number)
        else:
            batch.append(number)
            persons.add(person)
            messages.add(message)
    return batch, later


class _Left(NamedTuple):
    """What a round did not settle: jobs that something overtook, and those whose account another job of the round has."""

    overtaken: list[int]
    postponed: list[int]


class _AccountTaken(Exception):
    """Another job of the round pays from the same account: members of a family, or a member and the owner."""


def _round(jobs: Sequence[Job], batch: Sequence[int], results: list[Result | None]) -> _Left:
    """One round; what the database breaks off is tried job by job, so that only the culprit fails.

    That is safe even if the commit went through and only its answer was lost: reading again finds the receipts.
    """
    try:
        return _settle_together(jobs, batch, results)
    except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
        return _Left(list(batch), [])
    except Rejection as refusal:  # personal data that can't be decrypted
        if len(batch) == 1:
            results[batch[0]] = refusal
            return _Left([], [])
        return _one_by_one(jobs, batch, results)
    except psycopg.Error as error:
        recover()
        if len(batch) == 1:
            logger.exception("settlement of message %s failed", jobs[batch[0]].receipt.message_id)
            results[batch[0]] = error
            return _Left([], [])
        return _one_by_one(jobs, batch, results)


def _one_by_one(jobs: Sequence[Job], batch: Sequence[int], results: list[Result | None]) -> _Left:
    return _Left([again for number in batch for again in _round(jobs, [number], results).overtaken], [])


def _settle_together(jobs: Sequence[Job], batch: Sequence[int], results: list[Result | None]) -> _Left:
    """Read, decide and write the jobs of one round. Returns those that must be decided again."""
    questions = [
        question_of(
            request=jobs[n].request,
            institution_code=jobs[n].receipt.institution_code,
            message_id=jobs[n].receipt.message_id,
            now=jobs[n].now,
        )
        for n in batch
    ]
    snapshots = read_snapshots(questions)
    rows = Rows()
    rendered: dict[int, tuple[int, bytes]] = {}
    accounts: set[int] = set()
    postponed: list[int] = []
    for number, snapshot in zip(batch, snapshots, strict=True):
        try:
            results[number] = _prepare(jobs[number], snapshot, rows, rendered, accounts, number)
        except _AccountTaken:
            postponed.append(number)
        except Rejection as refusal:
            results[number] = refusal
        except psycopg.Error:
            raise
        except Exception as bug:
            logger.exception("settlement of message %s failed", jobs[number].receipt.message_id)
            results[number] = bug
    return _Left(_write(rows, rendered, results) if rendered else [], postponed)


def _prepare(
    job: Job,
    snapshot: Snapshot,
    rows: Rows,
    rendered: dict[int, tuple[int, bytes]],
    accounts: set[int],
    number: int,
) -> bytes | None:
    """Give the stored answer, or add the decided job to the rows; a failure in between leaves the rows untouched."""
    if snapshot.receipt is not None:
        return stored_answer(snapshot.receipt, job.receipt)
    decided = decide_job(job, snapshot)
    account = decided.decision.account_id
    if account and account in accounts:
        raise _AccountTaken
    answer = job.answer(decided.view)
    ensure_month(decided.fee_month)
    for plan in (decided.decision.plan, *decided.decision.earlier_plans):
        packages.store(plan=plan, area=decided.view.area, scheme=decided.view.scheme, now=job.now)
    mine = Rows()
    add_settlement(mine, draft=decided, receipt=job.receipt, answer=answer)
    rows.extend(mine)
    accounts.add(account)
    rendered[decided.view.id] = (number, answer)
    return None


def decide_job(job: Job, snapshot: Snapshot) -> Draft:
    """Decide a job under fresh serial numbers."""
    purchase = isinstance(job.request, PurchaseInput)
    asked = Asked(
        institution_code=job.receipt.institution_code,
        message_id=job.receipt.message_id,
        now=job.now,
        settlement_id=next_id(job.now),
        encounter_id=next_id(job.now) if purchase else 0,
    )
    return draft(request=job.request, snapshot=snapshot, asked=asked)


def _write(rows: Rows, rendered: dict[int, tuple[int, bytes]], results: list[Result | None]) -> list[int]:
    again = []
    outcomes = rows.write()
    for settlement_id, (number, answer) in rendered.items():
        outcome = outcomes.get(settlement_id)
        if outcome == WRITTEN:
            results[number] = answer
        else:
            if outcome == CLOSED:
                logger.info("business day was closed while a settlement was on its way; it takes the next day")
            again.append(number)
    return again


def stored_answer(stored: ReceiptSnapshot, receipt: Receipt) -> bytes:
    """The answer that a repeated message was given.

    Raises:
        Rejection: SETL-001 the message id belongs to another request, SETL-002 the message was undone.
    """
    barred = stored.undone_by and not stored.body_hash  # taken back before it arrived (receipts.bar): any body is late
    same = stored.transaction == receipt.transaction and stored.body_hash == receipt.body_hash.hex()
    if not barred and not same:
        raise rejections.REPEATED(message_id=receipt.message_id, transaction=stored.transaction)
    if stored.undone_by:
        raise rejections.UNDONE(message_id=receipt.message_id, undone_by=stored.undone_by)
    return answers.unpack(base64.b64decode(stored.answer))
