"""How the trail's blocks hang together: the hash of a block, and what is wrong with a chain or with a block's rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

GENESIS = b"\0" * 32
ROW_BYTES = 16
"""In ``row_digests``: 8 bytes sequence number, 8 bytes of the row's SHA-256."""
CLOCK_TOLERANCE = timedelta(seconds=60)
"""Rows take number and time one right after the other; more than this back in time is no coincidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A sealed stretch of one area's trail on one day. ``first_seq`` is outside it, ``last_seq`` inside."""

    area: str
    number: int
    day: date
    first_seq: int
    last_seq: int
    row_count: int
    earliest: datetime
    latest: datetime
    content_hash: bytes
    previous_hash: bytes
    block_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that can't be if nobody tampered. ``number`` is the invariant of ``doctor``, ``what`` says it in Chinese."""

    number: str
    what: str


def block_hash(
    *,
    previous: bytes,
    area: str,
    number: int,
    day: date,
    first_seq: int,
    last_seq: int,
    row_count: int,
    earliest: datetime,
    latest: datetime,
    content: bytes,
) -> bytes:
    """SHA-256 over the previous block's hash, what stands at the head of this one, and its rows' hash."""
    times = f"{earliest.astimezone(UTC).isoformat()}|{latest.astimezone(UTC).isoformat()}"
    head = f"{area}|{number}|{day.isoformat()}|{first_seq}|{last_seq}|{row_count}|{times}"
    return hashlib.sha256(previous + head.encode() + b"\n" + content).digest()


def hash_of(block: Block) -> bytes:
    """The hash that a block should have, from its own columns."""
    return block_hash(
        previous=block.previous_hash,
        area=block.area,
        number=block.number,
        day=block.day,
        first_seq=block.first_seq,
        last_seq=block.last_seq,
        row_count=block.row_count,
        earliest=block.earliest,
        latest=block.latest,
        content=block.content_hash,
    )


def chain_faults(blocks: Iterable[Block]) -> list[Fault]:
    """Faults of one area's blocks in the order of their numbers: gaps, changed heads, broken links, time running back."""
    found = []
    number, previous, latest = 0, GENESIS, None
    for block in blocks:
        if block.number != number + 1:
            missing = f"{number + 1}" if block.number == number + 2 else f"{number + 1} 至 {block.number - 1}"
            found.append(Fault(number="T4", what=f"区划 {block.area} 的留痕区块 {missing} 缺失"))
        elif block.previous_hash != previous:
            found.append(Fault(number="T4", what=f"区划 {block.area} 的留痕区块 {block.number} 与前一区块不衔接"))
        if hash_of(block) != block.block_hash:
            found.append(Fault(number="T4", what=f"区划 {block.area} 的留痕区块 {block.number} 的块头被改动"))
        if latest is not None and block.earliest < latest - CLOCK_TOLERANCE:
            what = f"区划 {block.area} 的留痕区块 {block.number} 含有倒填日期的行（{block.earliest:%Y-%m-%d %H:%M:%S}）"
            found.append(Fault(number="T6", what=what))
        number, previous = block.number, block.block_hash
        latest = block.latest if latest is None else max(latest, block.latest)
    return found


def row_faults(*, sealed: bytes, now: Mapping[int, bytes]) -> list[Fault]:
    """Name the rows of a block that are not what was sealed.

    Args:
        sealed: the block's ``row_digests``.
        now: sequence number → SHA-256 of the row as it stands today.
    """
    kept = {
        int.from_bytes(sealed[at : at + 8], "big"): sealed[at + 8 : at + ROW_BYTES]
        for at in range(0, len(sealed), ROW_BYTES)
    }
    altered = [seq for seq in kept.keys() & now.keys() if now[seq][:8] != kept[seq]]
    return [
        *(Fault(number="T1", what=f"留痕第 {seq} 行被改动") for seq in sorted(altered)),
        *(Fault(number="T2", what=f"留痕第 {seq} 行被删除") for seq in sorted(kept.keys() - now.keys())),
        *(Fault(number="T3", what=f"留痕第 {seq} 行是封存后插入的") for seq in sorted(now.keys() - kept.keys())),
    ]
