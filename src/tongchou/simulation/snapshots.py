"""Data sets that simulations run on: exports of the database and uploaded files, kept under the hash of their content.

A result names the hash, so it can be computed again from the very same claims. The files hold no personal data: persons are
numbers that mean nothing outside the data set.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from tongchou.policy import STANDARD_FACTS, FactSpec, PolicyBook
from tongchou.settlement import api as settlement
from tongchou.simulation.files import ACCOUNT, AMOUNTS, BEFORE, RECORDED

CLAIMS, ABOUT = "claims.parquet", "about.json"
PORTION = 20_000
Progress = Callable[[int, int], None]
"""Called with claims done and in all; may raise to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One data set. ``source`` is ``database`` or ``upload``; ``insured`` counts the insured persons by class, if known."""

    hash: str
    title: str
    source: str
    area: str
    scheme: str
    claims: int
    created_at: str
    year: int = 0
    insured: dict[str, int] = field(default_factory=dict)


def export_year(
    path: Path,
    *,
    area: str,
    scheme: str,
    year: int,
    book: PolicyBook,
    progress: Progress = lambda done, total: None,
) -> int:
    """Write a benefit year's standing settlements of the database as a claim file; returns their number."""
    facts = _facts(book, area, scheme, year)
    counters = _counters(book, area, scheme, year)
    schema = _schema(facts, counters)
    total, done = settlement.count_of_year(area=area, scheme=scheme, year=year), 0
    rows: list[dict[str, Any]] = []
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for claim in settlement.claims_of_year(area=area, scheme=scheme, year=year):
            rows.append(_row(claim, facts, counters, year))
            if len(rows) == PORTION:
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
                done += len(rows)
                rows = []
                progress(done, total)
        writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    return done + len(rows)


def _facts(book: PolicyBook, area: str, scheme: str, year: int) -> dict[str, FactSpec]:
    """The facts of the vocabulary, and those that the policies of the year ask for besides."""
    facts = dict(STANDARD_FACTS)
    for plan in _plans(book, area, scheme, year):
        facts |= {spec.name: spec for spec in plan.facts if spec.name not in facts}
    return facts


def _counters(book: PolicyBook, area: str, scheme: str, year: int) -> list[str]:
    plans = _plans(book, area, scheme, year)
    return sorted({spec.name for plan in plans for spec in plan.accumulators if spec.period in ("year", "life")})


def _plans(book: PolicyBook, area: str, scheme: str, year: int) -> list[Any]:
    days = (date(year, 1, 1), date(year, 7, 1), date(year, 12, 31))
    return [
        book.plan(area=area, scheme=scheme, benefit=benefit, on=day)
        for day in days
        for benefit in book.benefits(area=area, scheme=scheme, on=day)
    ]


def _schema(facts: dict[str, FactSpec], counters: Sequence[str]) -> Any:
    kinds = {"int": pa.int64(), "fen": pa.int64(), "bool": pa.bool_(), "date": pa.date32()}
    return pa.schema([
        ("person", pa.int64()), ("date", pa.date32()), ("year", pa.int16()), ("benefit", pa.string()),
        *[(name, kinds.get(spec.kind, pa.string())) for name, spec in facts.items()],
        *[(name, pa.int64()) for name in AMOUNTS],
        *zip(ACCOUNT, (pa.bool_(), pa.int64(), pa.int64()), strict=True),
        *[(name, pa.int64()) for name in RECORDED],
        *[(BEFORE + name, pa.int64()) for name in counters],
    ])  # fmt: skip


def _row(claim: Any, facts: dict[str, FactSpec], counters: Sequence[str], year: int) -> dict[str, Any]:
    day = date.fromisoformat(claim.facts["visit.date"])
    row = {"person": claim.person, "date": day, "year": year, "benefit": claim.benefit}
    row |= {name: _stated(spec, claim.facts.get(name)) for name, spec in facts.items()}
    row |= {name: getattr(claim, name) for name in AMOUNTS}
    row |= dict(zip(ACCOUNT, (claim.usable, claim.held, claim.account_pay), strict=True))
    row |= dict(zip(RECORDED, (claim.fund_pay, claim.account_pay, claim.cash_pay), strict=True))
    return row | {BEFORE + name: claim.before.get(name, 0) for name in counters}


def _stated(spec: FactSpec, value: Any) -> Any:
    """A stored fact as the file holds it: sets joined by 、, days as days; what is not stated as text is left empty."""
    if spec.kind == "date":
        return date.fromisoformat(value) if value else date(1, 1, 1)
    if spec.kind == "set":
        return "、".join(value or ())
    if spec.kind == "bool":
        return bool(spec.default if value is None else value)
    if value is None and spec.kind in ("int", "fen"):
        return spec.default or 0
    return value


# -- the store ----------------------------------------------------------------------------------------------------------


class Store:
    """The data sets of one pooling area under a folder."""

    def __init__(self, folder: Path, area: str) -> None:
        self.folder = folder / "simulation" / area
        self.area = area

    def keep(
        self, file: Path, *, title: str, source: str, scheme: str, claims: int, now: datetime, **more: Any
    ) -> Snapshot:
        """Take a claim file in; the same content is kept once. The file is moved."""
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        place = self.folder / digest
        about = Snapshot(
            hash=digest, title=title, source=source, area=self.area, scheme=scheme, claims=claims,
            created_at=now.isoformat(sep=" ", timespec="seconds"), **more,
        )  # fmt: skip
        if not place.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            made = Path(tempfile.mkdtemp(dir=self.folder))
            shutil.move(file, made / CLAIMS)
            made.joinpath(ABOUT).write_text(json.dumps(asdict(about), ensure_ascii=False), "utf-8")
            made.rename(place)
        return self.find(digest) or about

    def find(self, digest: str) -> Snapshot | None:
        """The data set of a hash, or ``None``."""
        if not digest.isalnum():
            return None
        about = self.folder / digest / ABOUT
        return Snapshot(**json.loads(about.read_text("utf-8"))) if about.is_file() else None

    def claims(self, digest: str) -> Path:
        """The claim file of a data set."""
        return self.folder / digest / CLAIMS

    def use(self, digest: str, *, now: datetime) -> Path:
        """The claim file of a data set, which is used from now on: its time of keeping begins again."""
        os.utime(self.folder / digest, (now.timestamp(), now.timestamp()))
        return self.claims(digest)

    def all(self) -> list[Snapshot]:
        """Every data set, newest first."""
        if not self.folder.is_dir():
            return []
        found = [self.find(place.name) for place in self.folder.iterdir()]
        return sorted((one for one in found if one is not None), key=lambda one: one.created_at, reverse=True)

    def last_used(self, digest: str) -> datetime:
        """When a data set was taken in or last simulated with."""
        return datetime.fromtimestamp((self.folder / digest).stat().st_mtime, UTC)

    def forget(self, digest: str) -> bool:
        """Delete a data set; false where there is none."""
        if self.find(digest) is None:
            return False
        shutil.rmtree(self.folder / digest)
        return True


def forget_unused(folder: Path, *, before: datetime, dry: bool) -> int:
    """Delete the data sets of all areas that nobody has used since, and what an interrupted intake left; returns their number.

    Args:
        folder: that of the installation's files; the data sets lie below it.
        dry: count, delete nothing.
    """
    places = [place for area in (folder / "simulation").glob("*") if area.is_dir() for place in area.iterdir()]
    unused = [place for place in places if place.is_dir() and place.stat().st_mtime < before.timestamp()]
    for place in unused if not dry else ():
        shutil.rmtree(place, ignore_errors=True)
    return len(unused)
