"""Shares work out to threads. The compiled loops let go of the interpreter's lock, so threads really run side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

Result = TypeVar("Result")


def in_threads(work: Callable[[int, int], Result], pieces: int, threads: int) -> list[Result]:
    """Run ``work(first, after)`` over contiguous, even ranges of ``pieces``; the results in their order."""
    if threads <= 1 or pieces < threads:
        return [work(0, pieces)]
    bounds = [pieces * number // threads for number in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        return [done.result() for done in [pool.submit(work, low, high) for low, high in pairwise(bounds)]]
