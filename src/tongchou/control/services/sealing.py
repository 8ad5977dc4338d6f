"""Sealing the trail in hash-chained blocks and verifying it.

A row is written plainly, on the hot path, and becomes part of a block within the sealing interval. Until then nothing
but the append-only trigger and the grants protect it: that window is what ``pending`` reports. A sealer takes the last
number given out, waits until every transaction that could own a smaller one has ended, and seals all rows up to it, per
area and day. Each day's root, and the head of every area's chain, also go to files outside the database.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Sum
from django.utils import timezone

from tongchou.control.core import chain
from tongchou.control.core.chain import Block, Fault
from tongchou.control.models import TrailBlock, TrailRoot
from tongchou.control.services import anchors
from tongchou.control.services.anchors import Anchor
from tongchou.control.services.trail import record
from tongchou.kernel.findings import Finding

ROWS_PER_PASS = 20_000
ROWS_PER_QUERY = 100_000
MOST_BOUNDS = 5_000
GRACE = timedelta(minutes=5)
"""So long after midnight the root of the day before is written."""
LONGEST_UNSEALED = timedelta(hours=1)
_LOCK = 0x746F6E67
_REMEDY = {
    "T1": "以存证文件和备份核对该行原文，查明何人以何权限改写了数据库，按安全事件上报",
    "T2": "从备份取回该行，查明何人以何权限删除，按安全事件上报",
    "T3": "该行不是系统写入的：查明来源，按安全事件上报",
    "T4": "区块表被改动：从备份取回区块，重新校验，按安全事件上报",
    "T5": "数据库与库外存证不一致：如刚做过时间点恢复，核对恢复说明后用 tongchou trail reanchor 重新存证；否则按安全事件上报",
    "T6": "该行的时间早于在它之前写入的行：查明来源，按安全事件上报",
    "T7": "运行 tongchou trail seal，并检查封存任务是否在运行、有无长事务",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What a sealing did: blocks and rows, the last number sealed; ``waited_out`` if open transactions kept it from it.

    ``anchored`` is False when the heads outside the database name blocks that it lacks, and were therefore left alone.
    """

    blocks: int
    rows: int
    last_seq: int
    waited_out: bool = False
    anchored: bool = True


def seal(*, now: datetime, wait_seconds: int = 10, certain: bool = False) -> Sealed:
    """Seal every row that can no longer get an earlier neighbour. One sealer works at a time, others return at once.

    ``certain`` skips the waiting, where the caller knows that nobody else writes (tests, a restored copy).
    """
    last_given = _last_number()
    if not certain and not _settled(_horizon(), wait_seconds):
        return Sealed(blocks=0, rows=0, last_seq=_last_sealed(), waited_out=True)
    blocks = rows = 0
    with transaction.atomic():
        if not _value("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK]):
            return Sealed(blocks=0, rows=0, last_seq=_last_sealed())
        start = _last_sealed()
        heads = _heads()
        while start < last_given:
            end = _pass_end(start, last_given)
            made = [_block(heads, start, end, group, now) for group in _groups(start, end)]
            TrailBlock.objects.bulk_create(made)
            blocks, rows = blocks + len(made), rows + sum(block.row_count for block in made)
            start = end
        roots = _roots(now)
    anchored = anchors.write(heads, roots, now=now) if blocks or not anchors.complete(heads) else True
    return Sealed(blocks=blocks, rows=rows, last_seq=start, anchored=anchored)


def pending() -> tuple[int, datetime | None]:
    """How many rows wait to be sealed, and since when the oldest."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), min(at) FROM control_trail WHERE seq > %s", [_last_sealed()])
        count, oldest = cursor.fetchone()
    return int(count), oldest


def check(area: str | None = None, *, workers: int = 2) -> list[Finding]:
    """Verify the whole trail. The findings of ``tongchou doctor``: T1 altered, T2 removed, T3 inserted, T4 chain broken,
    T5 not what was anchored outside, T6 back-dated, T7 unsealed too long.
    """
    found = [*_chains(area), *_contents(area, workers), *_anchored(area), *_tail()]
    return [
        Finding(
            number=fault.number,
            severity="warning" if fault.number == "T7" else "error",
            what=fault.what,
            remedy=_REMEDY[fault.number],
        )
        for fault in found
    ]


def reanchor(*, reason: str, now: datetime) -> Path:
    """After a point-in-time recovery: set the roots and heads outside aside and write those of the database.

    The old files stay beside the new ones; who did it and why enters the trail. Returns where the old ones lie.

    Raises:
        ValueError: no reason was given.
    """
    if not reason.strip():
        raise ValueError("a reason is needed")
    aside = anchors.set_aside(now=now)
    record(action="reanchor", object_kind="trail", reason=reason, after={"aside": aside.name})
    anchors.write(_heads(), list(TrailRoot.objects.order_by("area", "day")), now=now, anew=True)
    return aside


# --- sealing ---------------------------------------------------------------------------------------------------------

_DIGEST = "sha256(convert_to(t::text, 'UTF8'))"
_GROUPS = f"""
SELECT area, day, count(*), min(at), max(at), sha256(string_agg(digest, ''::bytea ORDER BY seq)),
       string_agg(int8send(seq) || substr(digest, 1, 8), ''::bytea ORDER BY seq)
FROM (SELECT t.seq, t.area, t.day, t.at, {_DIGEST} AS digest FROM control_trail t
      WHERE t.seq > %s AND t.seq <= %s ORDER BY t.seq OFFSET 0) AS rows
GROUP BY area, day ORDER BY area, day
"""
_AS_SEALED = "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'"


def _groups(start: int, end: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        _fix_formats(cursor)
        cursor.execute(_GROUPS, [start, end])
        return list(cursor.fetchall())


def _block(
    heads: dict[str, tuple[int, bytes]], start: int, end: int, group: Sequence[Any], now: datetime
) -> TrailBlock:
    area, day, count, earliest, latest, content, digests = group
    number, previous = heads.get(area, (0, chain.GENESIS))
    made = chain.block_hash(
        previous=previous,
        area=area,
        number=number + 1,
        day=day,
        first_seq=start,
        last_seq=end,
        row_count=count,
        earliest=earliest,
        latest=latest,
        content=bytes(content),
    )
    heads[area] = (number + 1, made)
    return TrailBlock(
        area=area,
        number=number + 1,
        day=day,
        first_seq=start,
        last_seq=end,
        row_count=count,
        earliest=earliest,
        latest=latest,
        content_hash=bytes(content),
        previous_hash=previous,
        block_hash=made,
        row_digests=bytes(digests),
        sealed_at=now,
    )


def _heads() -> dict[str, tuple[int, bytes]]:
    """The last block of each area: number and hash."""
    latest = TrailBlock.objects.order_by("area", "-number").distinct("area").values_list("area", "number", "block_hash")
    return {area: (number, bytes(block_hash)) for area, number, block_hash in latest}


def _last_number() -> int:
    return int(_value("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM control_trail_seq", []))


def _last_sealed() -> int:
    return int(TrailBlock.objects.aggregate(last=Max("last_seq"))["last"] or 0)


def _pass_end(start: int, last: int) -> int:
    """End of the next pass: so many rows further on, not so many numbers, for numbers have gaps."""
    sql = "SELECT max(seq) FROM (SELECT seq FROM control_trail WHERE seq > %s AND seq <= %s ORDER BY seq LIMIT %s) AS some_rows"
    end = _value(sql, [start, last, ROWS_PER_PASS])
    full = end is not None and _value("SELECT 1 FROM control_trail WHERE seq > %s AND seq <= %s LIMIT 1", [end, last])
    return int(end) if full else last


def _horizon() -> int:
    """A transaction number above all that were given out so far: one of our own.

    Not a snapshot's upper bound: that follows the last transaction that *ended*, and one that began since and is still open
    lies at or above it.
    """
    return int(_value("SELECT pg_current_xact_id()::text::bigint", []))


def _settled(horizon: int, wait_seconds: int) -> bool:
    """Wait until every transaction older than the horizon has ended."""
    deadline = time.monotonic() + wait_seconds
    while int(_value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint", [])) < horizon:
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


def _roots(now: datetime) -> list[TrailRoot]:
    """The roots of days that are over and have none."""
    over = timezone.localdate(now - GRACE)
    known = set(TrailRoot.objects.values_list("area", "day"))
    ended = TrailBlock.objects.filter(day__lt=over).values("area", "day")
    roots = []
    for each in ended.annotate(rows=Sum("row_count"), last=Max("number")).order_by("area", "day"):
        if (each["area"], each["day"]) not in known:
            block = TrailBlock.objects.get(area=each["area"], number=each["last"])
            roots.append(
                TrailRoot(
                    area=each["area"],
                    day=each["day"],
                    block_number=each["last"],
                    row_count=each["rows"],
                    root_hash=bytes(block.block_hash),
                    anchored_at=now,
                )
            )
    return TrailRoot.objects.bulk_create(roots)


# --- verifying -------------------------------------------------------------------------------------------------------

_COLUMNS = (
    "area",
    "number",
    "day",
    "first_seq",
    "last_seq",
    "row_count",
    "earliest",
    "latest",
    "content_hash",
    "previous_hash",
    "block_hash",
)
_CONTENTS = f"""
SELECT width_bucket(seq, %s::bigint[]), area, day, count(*), sha256(string_agg(digest, ''::bytea ORDER BY seq))
FROM (SELECT t.seq, t.area, t.day, {_DIGEST} AS digest FROM control_trail t
      WHERE t.seq > %s AND t.seq <= %s ORDER BY t.seq OFFSET 0) AS rows
GROUP BY 1, 2, 3
"""


def _blocks(area: str | None) -> Iterator[Block]:
    found = TrailBlock.objects.all() if area is None else TrailBlock.objects.filter(area=area)
    for row in found.order_by("area", "number").values_list(*_COLUMNS).iterator(chunk_size=5_000):
        values: list[Any] = [bytes(each) if isinstance(each, memoryview | bytes) else each for each in row]
        yield Block(**dict(zip(_COLUMNS, values, strict=True)))


def _chains(area: str | None) -> list[Fault]:
    return [fault for _, blocks in groupby(_blocks(area), lambda one: one.area) for fault in chain.chain_faults(blocks)]


def _contents(area: str | None, workers: int) -> list[Fault]:
    """Every sealed row against its block, a stretch of blocks in one query, several queries at a time."""
    sealed: dict[tuple[int, str, date], tuple[int, bytes]] = {}
    ranges: dict[int, tuple[int, int]] = {}
    for block in _blocks(area):
        sealed[block.first_seq, block.area, block.day] = (block.row_count, block.content_hash)
        first, rows = ranges.get(block.first_seq, (block.last_seq, 0))
        ranges[block.first_seq] = (first, rows + block.row_count)
    stretches = list(_stretches(ranges))
    if connection.in_atomic_block or workers < 2 or len(stretches) < 2:
        found = [_now_in(stretch) for stretch in stretches]
    else:
        with ThreadPoolExecutor(workers) as pool:
            found = list(pool.map(_now_in_thread, stretches))
    now = {key: value for part in found for key, value in part.items() if area is None or key[1] == area}
    wrong = sorted(key for key in sealed.keys() | now.keys() if sealed.get(key) != now.get(key))
    return [fault for key in wrong for fault in _name_rows(key, ranges)]


def _stretches(ranges: dict[int, tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    stretch: list[tuple[int, int]] = []
    held = 0
    for first in sorted(ranges):
        last, rows = ranges[first]
        stretch.append((first, last))
        held += rows
        if held >= ROWS_PER_QUERY or len(stretch) >= MOST_BOUNDS:
            yield stretch
            stretch, held = [], 0
    if stretch:
        yield stretch


def _now_in(stretch: list[tuple[int, int]]) -> dict[tuple[int, str, date], tuple[int, bytes]]:
    """What the rows of a stretch hash to today, by the first number of their range, area and day."""
    bounds = [first + 1 for first, _ in stretch]
    with transaction.atomic(), connection.cursor() as cursor:
        _fix_formats(cursor)
        cursor.execute(_CONTENTS, [bounds, stretch[0][0], stretch[-1][1]])
        return {
            (stretch[int(bucket) - 1][0], area, day): (int(count), bytes(content))
            for bucket, area, day, count, content in cursor.fetchall()
        }


def _now_in_thread(stretch: list[tuple[int, int]]) -> dict[tuple[int, str, date], tuple[int, bytes]]:
    try:
        return _now_in(stretch)
    finally:
        connection.close()


def _name_rows(key: tuple[int, str, date], ranges: dict[int, tuple[int, int]]) -> list[Fault]:
    first, area, day = key
    block = TrailBlock.objects.filter(first_seq=first, area=area, day=day).first()
    with transaction.atomic(), connection.cursor() as cursor:
        _fix_formats(cursor)
        sql = f"SELECT t.seq, {_DIGEST} FROM control_trail t WHERE t.seq > %s AND t.seq <= %s AND t.area = %s AND t.day = %s"
        cursor.execute(sql, [first, ranges[first][0], area, day])
        now = {int(seq): bytes(digest) for seq, digest in cursor.fetchall()}
    return chain.row_faults(sealed=bytes(block.row_digests) if block else b"", now=now)


def _anchored(area: str | None) -> list[Fault]:
    """What lies outside against what lies inside, both ways: who takes the files away has not taken the proof away."""
    outside = anchors.read()
    return [*_blocks_of(outside, area), *_roots_inside(outside, area), *_heads_outside(outside, area)]


def _roots_inside(outside: Sequence[Anchor], area: str | None) -> list[Fault]:
    """Each root of a day in the database is that of its block, and lies outside too."""
    found = []
    kept = {(anchor.area, anchor.block) for anchor in outside if anchor.what != "链头"}
    blocks = {(one.area, one.number): one for one in TrailBlock.objects.filter(
        pk__in=TrailBlock.objects.filter(number__in=TrailRoot.objects.values("block_number")).values("pk")
    ).defer("row_digests")}  # fmt: skip
    for root in TrailRoot.objects.order_by("area", "day"):
        if area is not None and root.area != area:
            continue
        block = blocks.get((root.area, root.block_number))
        if block is None or bytes(block.block_hash) != bytes(root.root_hash) or block.day != root.day:
            found.append(Fault(number="T5", what=f"区划 {root.area} 的 {root.day} 日根与区块 {root.block_number} 不符"))
        if (root.area, root.block_number) not in kept:
            found.append(Fault(number="T5", what=f"区划 {root.area} 的 {root.day} 日根在库外存证中不存在"))
    return found


def _heads_outside(outside: Sequence[Anchor], area: str | None) -> list[Fault]:
    """Each area's chain has its head outside, and it follows the chain: within an hour."""
    heads = {anchor.area: anchor for anchor in outside if anchor.what == "链头"}
    newest = TrailBlock.objects.order_by("area", "-number").distinct("area").values_list("area", "number", "sealed_at")
    found = []
    for held, number, sealed_at in newest:
        head = heads.get(held)
        if area is not None and held != area:
            continue
        if head is None:
            found.append(Fault(number="T5", what=f"区划 {held} 的链头在库外存证中不存在（库内已有 {number} 个区块）"))
        elif head.block < number and head.at is not None and sealed_at - head.at > LONGEST_UNSEALED:
            what = f"区划 {held} 的库外链头停在区块 {head.block}，库内已到 {number}"
            found.append(Fault(number="T5", what=what))
    return found


def _blocks_of(outside: Sequence[Anchor], area: str | None) -> list[Fault]:
    """The roots and heads that lie outside, against the blocks inside.

    ``TONGCHOU_TRAIL_COPY`` is the moment that this copy is of (a restore drill): what was anchored later is not missed.
    """
    found = []
    for anchor in outside:
        if area is not None and anchor.area != area:
            continue
        kept = (
            TrailBlock.objects.filter(area=anchor.area, number=anchor.block)
            .values_list("block_hash", flat=True)
            .first()
        )
        if kept is None and _after_this_copy(anchor):
            continue
        if kept is None:
            what = f"区划 {anchor.area} 的{anchor.what}存证在库外，区块 {anchor.block} 在数据库中不存在"
            found.append(Fault(number="T5", what=what))
        elif bytes(kept).hex() != anchor.digest:
            what = f"区划 {anchor.area} 的{anchor.what}与库外存证不符（区块 {anchor.block}）"
            found.append(Fault(number="T5", what=what))
    return found


def _after_this_copy(anchor: Anchor) -> bool:
    moment = os.environ.get("TONGCHOU_TRAIL_COPY", "")
    return bool(moment) and (anchor.at is None or anchor.at > datetime.fromisoformat(moment))


def _tail() -> list[Fault]:
    """Rows that are not sealed yet: none is back-dated, none waits too long."""
    latest = TrailBlock.objects.aggregate(latest=Max("latest"))["latest"]
    found = []
    if latest is not None:
        sql = "SELECT seq, at FROM control_trail WHERE seq > %s AND at < %s ORDER BY seq LIMIT 20"
        with connection.cursor() as cursor:
            cursor.execute(sql, [_last_sealed(), latest - chain.CLOCK_TOLERANCE])
            for seq, at in cursor.fetchall():
                found.append(
                    Fault(number="T6", what=f"留痕第 {seq} 行倒填了日期（{timezone.localtime(at):%Y-%m-%d %H:%M:%S}）")
                )
    # Against the newest row, not the clock: a restored copy of last night has not waited since then.
    count, oldest = pending()
    newest = _value("SELECT at FROM control_trail ORDER BY seq DESC LIMIT 1", [])
    if oldest is not None and max(newest, latest or newest) - oldest > LONGEST_UNSEALED:
        found.append(
            Fault(
                number="T7", what=f"有 {count} 行留痕未封存，最早一行写于 {timezone.localtime(oldest):%Y-%m-%d %H:%M}"
            )
        )
    return found


def _fix_formats(cursor: Any) -> None:
    """Rows are hashed as text: the text must not depend on who asks."""
    for statement in _AS_SEALED.split(";"):
        cursor.execute(statement)


def _value(sql: str, parameters: Sequence[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
    return row[0] if row else None
