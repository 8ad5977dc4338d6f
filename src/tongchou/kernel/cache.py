"""A bounded in-process cache of dated reference data that is only valid for one revision of its source."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class RevisionCache(Generic[K, V]):
    """Least-recently-used values by key; all of them are dropped when the caller shows another revision.

    Safe to share between threads: the lock is held for dictionary work only, never while values are fetched. Two threads
    may fetch the same key at the same time; that costs a query, not correctness.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be positive: {capacity}")
        self._capacity = capacity
        self._revision: int | None = None
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get_many(
        self, keys: Collection[K], *, revision: int, fetch: Callable[[Collection[K]], Mapping[K, V]]
    ) -> dict[K, V]:
        """The values of ``keys``; those not held are fetched at once.

        Args:
            revision: number of the source's state that the caller has seen; another number than before empties the cache.
            fetch: gets the missing keys, returns the values of those that exist.
        """
        found, missing = self._held(keys, revision)
        if missing:
            fetched = fetch(missing)
            self._keep(fetched, revision)
            found.update(fetched)
        return found

    def _held(self, keys: Collection[K], revision: int) -> tuple[dict[K, V], list[K]]:
        found: dict[K, V] = {}
        missing: list[K] = []
        with self._lock:
            if revision != self._revision:
                self._values.clear()
                self._revision = revision
            values = self._values
            crowded = 2 * len(values) > self._capacity  # before that nothing is dropped for long: no need to keep order
            for key in keys:
                if key in values:
                    found[key] = values[key]
                    if crowded:
                        values.move_to_end(key)
                else:
                    missing.append(key)
        return found, missing

    def _keep(self, fetched: Mapping[K, V], revision: int) -> None:
        with self._lock:
            if revision != self._revision:  # the source changed while we fetched: what we hold may be of either state
                return
            self._values.update(fetched)
            while len(self._values) > self._capacity:
                self._values.popitem(last=False)
