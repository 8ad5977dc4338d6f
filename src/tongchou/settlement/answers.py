"""How answers are kept: one marker byte, then the bytes as they are or deflated; all of it encrypted.

An answer repeats names and certificate numbers, so the table holds a ciphertext. Its first byte is no marker, which tells
it from an answer that was stored before encryption.

Measured on answers of ten-line purchases (benchmarks/settlement_core.py): deflating in the process (level 1) costs less than
letting PostgreSQL's pglz do it, and writes a quarter of the bytes; with the words of an answer given beforehand it costs half as
much again and writes a tenth.
"""

from __future__ import annotations

import zlib
from importlib.resources import files

from tongchou.settlement.rejections import ANSWER_GONE
from tongchou.settlement.sealed import open_answer, seal_answer

PLAIN, DEFLATED, WITH_WORDS, SEALED = b"=", b"z", b"d", b"\x01"
WORTHWHILE = 1_000
"""Answers shorter than this many bytes are kept as they are."""
WORDS = files("tongchou.settlement").joinpath("answers.dict").read_bytes()
"""An answer without contents: deflating refers to its words. Never changed, or no stored answer can be read any more; a better
one is another file with another marker."""


def pack(answer: bytes) -> bytes:
    """The stored form of an answer."""
    return seal_answer(PLAIN + answer if len(answer) < WORTHWHILE else WITH_WORDS + _deflated(answer))


def unpack(stored: bytes) -> bytes:
    """The answer as it was given.

    Raises:
        Rejection: CTRL-050 the key is missing, CTRL-051 the ciphertext does not verify, SETL-080 past its retention period.
        ValueError: not a stored answer.
    """
    if not stored:
        raise ANSWER_GONE()
    if stored[:1] == SEALED:
        stored = open_answer(stored)
    marker, body = stored[:1], stored[1:]
    if marker == WITH_WORDS:
        return zlib.decompressobj(zdict=WORDS).decompress(body)
    if marker == DEFLATED:  # before there were words
        return zlib.decompress(body)
    if marker == PLAIN:
        return body
    raise ValueError("not a stored answer")


def _deflated(answer: bytes) -> bytes:
    deflater = zlib.compressobj(1, zdict=WORDS)
    return deflater.compress(answer) + deflater.flush()
