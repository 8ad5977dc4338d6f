"""Settlements that arrive together leave together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from tongchou.exchange import rejections
from tongchou.exchange.gather import Gather
from tongchou.kernel.rejection import Rejection


class Desk:
    """Notes the batches it is given; ``gate`` holds a batch back."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def settle(self, jobs: Sequence[int]) -> Sequence[bytes | Rejection]:
        self.batches.append(list(jobs))
        await self.gate.wait()
        if 13 in jobs:
            raise RuntimeError("a bug that job 13 runs into")
        return [rejections.BUSY() if job < 0 else str(job).encode() for job in jobs]


def test_a_single_job_leaves_at_once() -> None:
    async def scene() -> None:
        desk = Desk()
        assert await Gather(desk.settle).submit(1) == b"1"
        assert desk.batches == [[1]]

    asyncio.run(scene())


def test_jobs_wait_for_the_batch_that_is_on_its_way() -> None:
    async def scene() -> None:
        desk = Desk()
        desk.gate.clear()
        gather = Gather(desk.settle, limit=3)
        first = asyncio.create_task(gather.submit(1))
        await asyncio.sleep(0.01)
        rest = [asyncio.create_task(gather.submit(number)) for number in range(2, 7)]
        await asyncio.sleep(0.01)
        assert desk.batches == [[1]]
        desk.gate.set()
        assert await asyncio.gather(first, *rest) == [str(number).encode() for number in range(1, 7)]
        assert desk.batches == [[1], [2, 3, 4], [5, 6]]

    asyncio.run(scene())


def test_who_was_answered_last_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two groups that took turns become one, as soon as the first comes again."""
    monkeypatch.setattr("tongchou.exchange.gather.PAUSE_SECONDS", 3_600)

    async def scene() -> None:
        desk = Desk()
        desk.gate.clear()
        gather = Gather(desk.settle)
        first = [asyncio.create_task(gather.submit(number)) for number in (1, 2)]
        await until(lambda: len(desk.batches) == 1)
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 10_000_000)  # the batch takes very long
        second = asyncio.create_task(gather.submit(3))
        await until(lambda: len(gather._waiting) == 1)
        desk.gate.set()
        await asyncio.gather(*first)
        again = asyncio.create_task(gather.submit(4))
        await until(lambda: len(gather._waiting) == 2)
        assert desk.batches == [[1, 2]], "one of the two has not come again"
        await asyncio.gather(gather.submit(5), again, second)
        assert desk.batches == [[1, 2], [3, 4, 5]]

    asyncio.run(scene())


def test_who_does_not_come_again_is_not_waited_for_long() -> None:
    async def scene() -> None:
        desk = Desk()
        gather = Gather(desk.settle)
        await asyncio.gather(*(gather.submit(number) for number in (1, 2, 3)))
        assert await gather.submit(4) == b"4"
        assert await gather.submit(5) == b"5"
        assert desk.batches == [[1, 2, 3], [4], [5]]

    asyncio.run(scene())


def test_a_job_that_was_alone_does_not_wait_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongchou.exchange.gather.PAUSE_SECONDS", 3_600)

    async def scene() -> None:
        desk = Desk()
        gather = Gather(desk.settle)
        for number in (1, 2, 3):
            assert await gather.submit(number) == str(number).encode()
        assert desk.batches == [[1], [2], [3]]

    asyncio.run(scene())


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something holds."""
    while not condition():
        await asyncio.sleep(0)


def test_a_refused_job_does_not_touch_its_neighbours() -> None:
    async def scene() -> None:
        gather = Gather(Desk().settle)
        results = await asyncio.gather(gather.submit(1), gather.submit(-1), gather.submit(2), return_exceptions=True)
        assert (results[0], results[2]) == (b"1", b"2")
        assert isinstance(results[1], Rejection)

    asyncio.run(scene())


def test_a_bug_in_one_job_does_not_touch_its_neighbours() -> None:
    async def scene() -> None:
        gather = Gather(Desk().settle)
        results = await asyncio.gather(*(gather.submit(job) for job in (12, 13, 14)), return_exceptions=True)
        assert (results[0], results[2]) == (b"12", b"14")
        assert isinstance(results[1], RuntimeError)

    asyncio.run(scene())


def test_too_many_waiting_jobs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        monkeypatch.setattr("tongchou.exchange.gather.MAX_WAITING", 1)
        desk = Desk()
        desk.gate.clear()
        gather = Gather(desk.settle)
        tasks = [asyncio.create_task(gather.submit(1))]
        await asyncio.sleep(0.01)
        tasks.append(asyncio.create_task(gather.submit(2)))
        await asyncio.sleep(0.01)
        with pytest.raises(Rejection, match="EXCH-091"):
            await gather.submit(3)
        desk.gate.set()
        await asyncio.gather(*tasks)

    asyncio.run(scene())
