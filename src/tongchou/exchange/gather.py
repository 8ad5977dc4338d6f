"""Collects the settlements that arrive together, so that they share one commit.

While a batch is on its way, arriving jobs wait; when it is back, all that wait (up to a limit) leave together. When nothing
is on its way a job leaves at once: an idle gateway adds no delay. All bookkeeping is done in the event loop, so there
are no locks.
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
MAX_WAITING = 4096

Settle = Callable[[Sequence[J]], Awaitable[Sequence[bytes | Exception]]]


class Gather(Generic[J]):
    """Turns single jobs into batches for ``settle``, which returns one result per job, in order."""

    def __init__(self, settle: Settle[J], *, limit: int = BATCH_LIMIT, lanes: int = 1) -> None:
        self._settle = settle
        self._limit = limit
        self._lanes = lanes
        self._waiting: deque[tuple[J, asyncio.Future[bytes]]] = deque()
        self._on_the_way: set[asyncio.Task[None]] = set()

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
        if self._waiting and len(self._on_the_way) < self._lanes:
            batch = [self._waiting.popleft() for _ in range(min(self._limit, len(self._waiting)))]
            task = asyncio.get_running_loop().create_task(self._carry(batch))
            self._on_the_way.add(task)
            task.add_done_callback(self._back)

    def _back(self, task: asyncio.Task[None]) -> None:
        self._on_the_way.discard(task)
        self._send_off()

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
