"""Serial numbers that a process can give out by itself, unique over all processes, rising in time.

64 bits, sign bit free: 42 bits of milliseconds since 2020-01-01 UTC, 8 bits of node, 13 bits of sequence. The caller
passes the time, so that nothing here reads a clock.
"""

from __future__ import annotations

import threading

EPOCH_MS = 1_577_836_800_000
NODE_BITS = 8
SEQUENCE_BITS = 13


class SerialSource:
    """Gives out serial numbers for one node (0…255). Safe to share between threads.

    If more than 8,192 numbers are asked for in one millisecond, or the clock steps back, the numbers run ahead of the
    clock instead of repeating.
    """

    def __init__(self, node: int) -> None:
        if not 0 <= node < 1 << NODE_BITS:
            raise ValueError(f"node must be 0…{(1 << NODE_BITS) - 1}: {node}")
        self._node = node
        self._last_ms = 0
        self._sequence = 0
        self._lock = threading.Lock()

    def next(self, *, now_ms: int) -> int:
        """The next number.

        Args:
            now_ms: Unix time in milliseconds.
        """
        ms = now_ms - EPOCH_MS
        with self._lock:
            if ms > self._last_ms:
                self._last_ms, self._sequence = ms, 0
            else:
                self._sequence += 1
                if self._sequence == 1 << SEQUENCE_BITS:
                    self._last_ms, self._sequence = self._last_ms + 1, 0
            return (self._last_ms << (NODE_BITS + SEQUENCE_BITS)) | (self._node << SEQUENCE_BITS) | self._sequence
