"""Transaction number → work, and the way each kind of work takes.

Four kinds: a *query* writes nothing; a *write* runs in one database transaction with its receipt; a *settlement* is gathered
with its neighbours; *own receipt* is for services that store the receipt themselves (revocation, 2601).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tongchou.exchange import envelope, handlers
from tongchou.exchange.checker import TIME_ZONE
from tongchou.exchange.envelope import Message
from tongchou.exchange.gather import Gather
from tongchou.exchange.kinds import File, OwnReceipt, Query, Render, Settle, Transaction, Write
from tongchou.exchange.workers import AWAY, Workers
from tongchou.operation.api import figures
from tongchou.providers import api as providers
from tongchou.settlement import api as settlement


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of an answer: an envelope, or the bytes of a downloaded file."""

    content: bytes
    is_file: bool = False


class Dispatcher:
    """Carries checked messages to the services. One per process and event loop."""

    def __init__(self) -> None:
        self._workers = Workers()
        self._settling = Workers(threads=1)
        self._gather: Gather[settlement.Job] = Gather(self._settle_together)
        self._transactions = handlers.transactions()

    async def answer(self, message: Message, attachment: bytes | None) -> Answer:
        """Do what a message asks for.

        Args:
            attachment: the file that came with the message (9101).

        Raises:
            Rejection: the business refusal; nothing was written then.
        """
        transaction = self._transactions[message.transaction]
        if isinstance(transaction, Settle):
            return Answer(await self._gather.submit(_job(transaction, message)))
        return await self._workers.run(lambda: _work(transaction, message, attachment))

    async def _settle_together(self, jobs: Sequence[settlement.Job]) -> Sequence[bytes | Exception]:
        return await self._settling.run(lambda: _settle(jobs))

    def close(self) -> None:
        """Finish what is running and stop the threads."""
        self._settling.close()
        self._workers.close()


def _job(transaction: Settle, message: Message) -> settlement.Job:
    return settlement.Job(
        receipt=receipt_of(message),
        request=transaction.request(message),
        answer=_renderer(message, lambda view: transaction.output(message, view)),
        now=message.received_at,
    )


def _settle(jobs: Sequence[settlement.Job]) -> Sequence[bytes | Exception]:
    """Blocking. A connection that broke in the middle is everybody's trouble: raised, so that the batch is tried again."""
    figures.batched(len(jobs))
    results = settlement.settle_many(jobs=jobs)
    for result in results:
        if isinstance(result, AWAY):
            raise result
    return results


def _work(transaction: Transaction, message: Message, attachment: bytes | None) -> Answer:
    """Blocking: runs in a worker thread."""
    providers.provider(code=message.institution_code, on=message.received_at.astimezone(TIME_ZONE).date())
    match transaction:
        case Query(work):
            output = work(message)
            return Answer(output.content, True) if isinstance(output, File) else Answer(_renderer(message)(output))
        case Write(work):
            return Answer(
                settlement.once(
                    receipt=receipt_of(message), work=_in_one(work, message, attachment), now=message.received_at
                )
            )
        case OwnReceipt(work):
            return Answer(work(message, receipt_of(message), _renderer(message)))
    raise TypeError(f"not a way to work: {transaction!r}")


def _in_one(
    work: Callable[[Message, bytes | None], tuple[object, int]], message: Message, attachment: bytes | None
) -> Callable[[], tuple[bytes, int]]:
    def run() -> tuple[bytes, int]:
        output, subject = work(message, attachment)
        return _renderer(message)(output), subject

    return run


def receipt_of(message: Message) -> settlement.Receipt:
    """The identity of a message: the same one with the same content is answered once."""
    return settlement.Receipt(
        institution_code=message.institution_code,
        message_id=message.message_id,
        transaction=message.transaction,
        body_hash=message.digest,
    )


def _renderer(message: Message, output: Callable[[Any], object] = lambda value: value) -> Render:
    def render(value: Any) -> bytes:
        return envelope.answer(
            area=message.area, received_at=message.received_at, now=datetime.now(UTC), output=output(value)
        )

    return render
