"""Collects the settlements that arrive together, so that they share one commit.

While a batch is on its way, arriving jobs wait. When it is back, those that wait leave together with as many as the batch
brought home: institutions that have just got their answer ask again in a moment, and without that pause the two groups would
take turns for ever, each half as large and each settlement dearer by a third. The pause ends with the last of them, and lasts
no longer than the batch took and :data:`PAUSE_SECONDS`. A job that has been alone leaves at once: an idle gateway adds
no delay. All bookkeeping is done in the event loop, so there are no locks.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from tongchou.exchange import rejections
from tongchou.kernel.rejection import Rejection

J = TypeVar("J")

BATCH_LIMIT = 64
PAUSE_SECONDS = 0.01
MAX_WAITING = 4096

Settle = Callable[[Sequence[J]], Awaitable[Sequence[bytes | Exception]]]


class Gather(Generic[J]):
    """Turns single jobs into batches for ``settle``, which returns one result per job, in order."""

    def __init__(self, settle: Settle[J], *, limit: int = BATCH_LIMIT) -> None:
        self._settle = settle
        self._limit = limit
        self._waiting: deque[tuple[J, asyncio.Future[bytes]]] = deque()
        self._on_the_way: asyncio.Task[None] | None = None
        self._expected = 0
        self._pause: asyncio.TimerHandle | None = None

    async def submit(self, job: J) -> bytes:
        """Settle one job together with its neighbours.

        Raises:
            Rejection: what the settlement refused, or EXCH-091 when too many wait.
            Exception: a bug that this job alone runs into; its neighbours are settled nevertheless.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise rejections.BUSY()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bytes] = loop.create_future()
        self._waiting.append((job, future))
        loop.call_soon(self._send_off)  # after all requests that are ready in this turn of the loop
        return await future

    def _send_off(self) -> None:
        if not self._waiting or self._on_the_way is not None or len(self._waiting) < self._expected:
            return
        self._end_pause()
        batch = [self._waiting.popleft() for _ in range(min(self._limit, len(self._waiting)))]
        loop = asyncio.get_running_loop()
        left_at = loop.time()
        self._on_the_way = loop.create_task(self._carry(batch))
        self._on_the_way.add_done_callback(lambda _: self._back(len(batch), loop.time() - left_at))

    def _back(self, size: int, seconds: float) -> None:
        self._on_the_way = None
        self._expected = min(self._limit, size + len(self._waiting))
        self._pause = asyncio.get_running_loop().call_later(min(PAUSE_SECONDS, seconds), self._wait_no_longer)
        self._send_off()

    def _wait_no_longer(self) -> None:
        self._end_pause()
        self._send_off()

    def _end_pause(self) -> None:
        self._expected = 0
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    async def _carry(self, batch: list[tuple[J, asyncio.Future[bytes]]]) -> None:
        try:
            results = await self._settle([job for job, _ in batch])
        except Rejection as rejection:  # refuses all of them alike: the database is away
            results = [rejection] * len(batch)
        except Exception as error:
            if len(batch) == 1:
                _fail(batch[0][1], error)
            else:  # one of them runs into a bug: find it, and let the others pass
                for single in batch:
                    await self._carry([single])
            return
        for (_, future), result in zip(batch, results, strict=True):
            if isinstance(result, Exception):
                _fail(future, result)
            elif not future.done():
                future.set_result(result)


def _fail(future: asyncio.Future[bytes], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
