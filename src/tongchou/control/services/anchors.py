"""What of the trail lies outside the database: each day's root and the head of every area's chain.

Two files in the folder ``TONGCHOU_TRAIL_ANCHORS``: ``roots.jsonl`` is only added to, ``heads.json`` is replaced, but never by the
heads of a database that lacks the block it names: who deletes the end of the trail, or puts back an old database, would
otherwise be covered by the next sealing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from tongchou.control.models import TrailBlock, TrailRoot

ROOTS, HEADS = "roots.jsonl", "heads.json"
FIRST_HEAD = timedelta(hours=1)
"""So long after an area's first sealing its head may be missing outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One root or head. ``at`` is when it was written, ``None`` in files of earlier versions."""

    area: str
    what: str
    block: int
    digest: str
    at: datetime | None


def folder() -> Path:
    """Where they lie; a site puts it on another machine's disk (write once)."""
    return Path(os.environ.get("TONGCHOU_TRAIL_ANCHORS") or Path(settings.HOME.root) / "trail")


def read() -> list[Anchor]:
    """Every root and head that lies outside, oldest root first."""
    roots, heads = folder() / ROOTS, folder() / HEADS
    found = []
    for line in roots.read_text("utf-8").splitlines() if roots.is_file() else []:
        if line.strip():
            root = json.loads(line)
            found.append(_anchor(root["area"], f"{root['day']} 日根", root["root"], root))
    for area, head in json.loads(heads.read_text("utf-8")).items() if heads.is_file() else []:
        found.append(_anchor(area, "链头", head["hash"], head))
    return found


def write(
    heads: Mapping[str, tuple[int, bytes]], roots: Sequence[TrailRoot], *, now: datetime, anew: bool = False
) -> bool:
    """Write the roots and heads; on the disk before this returns.

    Args:
        anew: begin the files, with a reason that the trail keeps; else a head that was taken away is not put back.

    Returns:
        False when the heads outside are not in this database, or missing: then they stay as they are (finding T5).
    """
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    if roots:
        _append_roots(roots, now)
    outside = [anchor for anchor in read() if anchor.what == "链头"]
    if not all(_is_held(anchor) for anchor in outside):
        return False
    if not anew and _taken_away(heads.keys() - {anchor.area for anchor in outside}, now):
        return False
    stated = {
        area: {"block": number, "hash": digest.hex(), "at": now.isoformat()} for area, (number, digest) in heads.items()
    }
    draft = folder() / f".heads.{os.getpid()}"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(stated, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder() / HEADS)
    return True


def complete(heads: Mapping[str, tuple[int, bytes]]) -> bool:
    """Do the heads outside name every area, at the block where it stands? A sealing that broke off has left them behind."""
    outside = {anchor.area: anchor.block for anchor in read() if anchor.what == "链头"}
    return all(outside.get(area) == number for area, (number, _) in heads.items())


def set_aside(*, now: datetime) -> Path:
    """Move the files away, to begin anew after a point-in-time recovery. Returns where they lie."""
    aside = folder() / f"superseded-{now:%Y%m%dT%H%M%S}"
    aside.mkdir(parents=True, mode=0o700)
    for name in (ROOTS, HEADS):
        if (folder() / name).is_file():
            (folder() / name).rename(aside / name)
    return aside


def later_than(held: Mapping[str, int]) -> list[Anchor]:
    """The newest anchor of each area that names a block which a database does not have yet.

    Args:
        held: area → number of its last block, of a restored database.
    """
    newest: dict[str, Anchor] = {}
    for anchor in read():
        if anchor.block > max(held.get(anchor.area, 0), newest[anchor.area].block if anchor.area in newest else 0):
            newest[anchor.area] = anchor
    return [newest[area] for area in sorted(newest)]


def sentence(anchor: Anchor, held: Mapping[str, int]) -> str:
    """What an anchor that is later than a restored database says, for people."""
    written = f"，{timezone.localtime(anchor.at):%Y-%m-%d %H:%M:%S} 封存" if anchor.at else ""
    area = anchor.area or "全局"
    return f"区划 {area} 的{anchor.what}为区块 {anchor.block}{written}；恢复出的留痕止于区块 {held.get(anchor.area, 0)}"


def _taken_away(missing: Collection[str], now: datetime) -> bool:
    """Has an area without a head outside been sealed for long? A new one has none yet, nor one whose first sealing broke off."""
    return TrailBlock.objects.filter(area__in=missing, number=1, sealed_at__lt=now - FIRST_HEAD).exists()


def _is_held(anchor: Anchor) -> bool:
    kept = TrailBlock.objects.filter(area=anchor.area, number=anchor.block).values_list("block_hash", flat=True).first()
    return kept is not None and bytes(kept).hex() == anchor.digest


def _append_roots(roots: Sequence[TrailRoot], now: datetime) -> None:
    lines = [
        json.dumps(
            {
                "area": root.area,
                "day": root.day.isoformat(),
                "block": root.block_number,
                "rows": root.row_count,
                "root": bytes(root.root_hash).hex(),
                "at": now.isoformat(),
            }
        )
        for root in roots
    ]
    with (folder() / ROOTS).open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _anchor(area: str, what: str, digest: str, entry: Mapping[str, Any]) -> Anchor:
    at = datetime.fromisoformat(entry["at"]) if "at" in entry else None
    return Anchor(area=area, what=what, block=int(entry["block"]), digest=digest, at=at)
