"""How answers are kept: one marker byte, then the bytes as they are or deflated.

Measured on answers of ten-line purchases (benchmarks/settlement_core.py): deflating in the process (level 1) costs less than
letting PostgreSQL's pglz do it, and writes a quarter of the bytes.
"""

from __future__ import annotations

import zlib

PLAIN, DEFLATED = b"=", b"z"
WORTHWHILE = 1_000
"""Answers shorter than this many bytes are kept as they are."""


def pack(answer: bytes) -> bytes:
    """The stored form of an answer."""
    if len(answer) < WORTHWHILE:
        return PLAIN + answer
    return DEFLATED + zlib.compress(answer, 1)


def unpack(stored: bytes) -> bytes:
    """The answer as it was given.

    Raises:
        ValueError: not a stored answer.
    """
    marker, body = stored[:1], stored[1:]
    if marker == DEFLATED:
        return zlib.decompress(body)
    if marker == PLAIN:
        return body
    raise ValueError("not a stored answer")
