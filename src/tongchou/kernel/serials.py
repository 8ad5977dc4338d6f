"""Serial numbers that a process can give out by itself, unique over all processes, rising in time.

64 bits, sign bit free: 42 bits of milliseconds since 2020-01-01 UTC, 8 bits of node, 13 bits of sequence. The caller
passes the time, so that nothing here reads a clock. Which node a process may use, and for which milliseconds, a lease
says; leases of a node never overlap, so two processes can't give out the same number, whatever their clocks say.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

EPOCH_MS = 1_577_836_800_000
NODE_BITS = 8
SEQUENCE_BITS = 13
NODES = 1 << NODE_BITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A node (0…255) for numbers from ``from_ms`` up to, not including, ``until_ms`` (Unix time in milliseconds)."""

    node: int
    from_ms: int
    until_ms: int

    def __post_init__(self) -> None:
        if not 0 <= self.node < NODES:
            raise ValueError(f"node must be 0…{NODES - 1}: {self.node}")
        if self.until_ms <= self.from_ms:
            raise ValueError("a lease that never begins")


class SerialSource:
    """Gives out serial numbers under a lease, and takes a new one when it is over. Safe to share between threads.

    If more than 8,192 numbers are asked for in one millisecond, or the clock steps back, the numbers run ahead of the
    clock instead of repeating.

    Args:
        lease: takes the time (Unix milliseconds) for which a number is wanted and returns a lease that ends after it.
    """

    def __init__(self, lease: Callable[[int], Lease]) -> None:
        self._renew = lease
        self._lease: Lease | None = None
        self._last_ms = 0
        self._sequence = 0
        self._lock = threading.Lock()

    def next(self, *, now_ms: int) -> int:
        """The next number.

        Args:
            now_ms: Unix time in milliseconds.

        Raises:
            ValueError: the lease that was given is over already.
        """
        with self._lock:
            if now_ms > self._last_ms:
                self._last_ms, self._sequence = now_ms, 0
            else:
                self._step()
            lease = self._valid_lease()
            return (
                ((self._last_ms - EPOCH_MS) << (NODE_BITS + SEQUENCE_BITS))
                | (lease.node << SEQUENCE_BITS)
                | self._sequence
            )

    def _step(self) -> None:
        self._sequence += 1
        if self._sequence == 1 << SEQUENCE_BITS:
            self._last_ms, self._sequence = self._last_ms + 1, 0

    def _valid_lease(self) -> Lease:
        if self._lease is None or self._last_ms >= self._lease.until_ms:
            self._lease = self._renew(self._last_ms)
            if self._lease.from_ms > self._last_ms:  # another had this node until then: begin behind it
                self._last_ms, self._sequence = self._lease.from_ms, 0
            if self._last_ms >= self._lease.until_ms:
                raise ValueError("the lease of the serial node is over before it began")
        return self._lease


def fixed_node(node: int) -> Callable[[int], Lease]:
    """A node without end, for a program that runs alone (the first load of a city)."""
    return lambda now_ms: Lease(node=node, from_ms=0, until_ms=1 << 62)
