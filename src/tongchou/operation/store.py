"""Where backups lie, what is in one, and how long it is kept. Files only, no database.

Layout of the backup folder (``TONGCHOU_BACKUPS``; best on another disk than the database)::

    20261122T103000Z/     one backup, complete or not there at all
      base.tar.gz         data folder (pg_basebackup), or database.dump (pg_dump) of a foreign server
      pg_wal.tar.gz       log written while the base was taken
      backup_manifest     PostgreSQL's own list of files with SHA-256
      wal/                log from there to the backup's restore point
      manifest.json       what this is: versions, times, restore point, ledger totals, SHA-256 of each file
      manifest.sha256     checksum of manifest.json
    incoming/             log segments as the server archives them
    wal/                  the same, compressed and, if a key is set, sealed

A sealed file has the suffix ``.age``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tongchou.operation.rejections import BACKUP_BROKEN, NO_BACKUP, NO_SPACE, ONLY_A_DUMP

MANIFEST, MANIFEST_SUM = "manifest.json", "manifest.sha256"
NAME_FORMAT = "%Y%m%dT%H%M%SZ"
FORMAT = 1
MEGABYTE = 1024 * 1024
DAILY, WEEKLY, MONTHLY = 7, 5, 12
"""How many days, weeks and months have a backup kept; within the days any moment can be restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says about itself. Times are ISO 8601 UTC, sizes bytes."""

    name: str
    kind: str
    product: str
    postgres: str
    started_at: str
    finished_at: str
    data_bytes: int
    sealed: bool
    system_identifier: str = ""
    restore_point: str = ""
    restore_lsn: str = ""
    first_segment: str = ""
    last_segment: str = ""
    migrations: list[str] = field(default_factory=list)
    ties: dict[str, Any] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def started(self) -> datetime:
        """When it was begun."""
        return datetime.fromisoformat(self.started_at)

    @property
    def finished(self) -> datetime:
        """When the backup was complete."""
        return datetime.fromisoformat(self.finished_at)


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup: its folder and its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """Name of the backup, the time of its start."""
        return self.manifest.name

    @property
    def timeline(self) -> int:
        """The timeline of the server's log that it was taken on; 0 for a dump."""
        return int(self.manifest.first_segment[:8] or "0", 16)

    @property
    def bytes(self) -> int:
        """Size on disk."""
        return sum(entry["bytes"] for entry in self.manifest.files.values())

    def verify(self) -> None:
        """Compare every file with its checksum.

        Raises:
            Rejection: OPER-003 a file is missing, too many or changed.
        """
        for name, stated in self.manifest.files.items():
            path = self.folder / name
            if not path.is_file():
                raise BACKUP_BROKEN(backup=self.name, reason=f"缺少文件 {name}")
            if checksum(path) != stated["sha256"]:
                raise BACKUP_BROKEN(backup=self.name, reason=f"文件 {name} 的校验和不符")


@dataclass(frozen=True, slots=True)
class Store:
    """The backup folder."""

    root: Path

    @property
    def incoming(self) -> Path:
        """Where the server puts its log."""
        return self.root / "incoming"

    @property
    def wal(self) -> Path:
        """Where the log is kept."""
        return self.root / "wal"

    def backups(self) -> list[Backup]:
        """All complete backups, oldest first. A folder whose manifest can't be trusted is left out."""
        found = []
        for folder in sorted(self.root.glob("????????T??????Z")) if self.root.is_dir() else []:
            manifest = read_manifest(folder)
            if manifest is not None:
                found.append(Backup(folder, manifest))
        return found

    def choose(self, *, name: str | None = None, before: datetime | None = None, whole: bool = False) -> Backup:
        """The backup of that name, or the last one that was complete before a moment, or the last.

        Args:
            whole: only one of the whole server with its log; one place may hold dumps too (a worker with DATABASE_URL).

        Raises:
            Rejection: OPER-002 there is none; OPER-003 the named one has no trustworthy manifest; OPER-035 it is a dump.
        """
        if name and (self.root / name).is_dir() and read_manifest(self.root / name) is None:
            raise BACKUP_BROKEN(backup=name, reason="清单缺失或被改动")
        fitting = [
            backup
            for backup in self.backups()
            if (backup.name == name if name else self.on_newest_timeline(backup))
            and (before is None or backup.manifest.finished <= before)
            and (name or not whole or backup.manifest.kind == "physical")
        ]
        if not fitting:
            raise NO_BACKUP(folder=self.root, which=f" {name}" if name else "")
        if whole and fitting[-1].manifest.kind != "physical":
            raise ONLY_A_DUMP(backup=fitting[-1].name)
        return fitting[-1]

    def on_newest_timeline(self, backup: Backup) -> bool:
        """Does the log that was written last lead on from this backup?

        A restore to a moment begins a new timeline; what was backed up after that moment belongs to the past that was
        given up, and is restored only when it is named.
        """
        histories = {int(name[:8], 16): path for name, path in self.segments().items() if name.endswith(".history")}
        newest = max(histories, default=0)
        if not newest or backup.timeline in (0, newest):
            return True
        left = _left_at(histories[newest].read_text("ascii"))
        # A later entry may go back further: a restore to a moment that lies before an earlier switch.
        limits = [at for timeline, at in left if timeline >= backup.timeline]
        known = any(timeline == backup.timeline for timeline, _ in left)
        return known and position(backup.manifest.restore_lsn) <= min(limits)

    def segments(self) -> dict[str, Path]:
        """Kept log files by name, compressed and sealed ones too."""
        found: dict[str, Path] = {}
        for folder in (self.incoming, self.wal):
            for path in folder.iterdir() if folder.is_dir() else []:
                if not path.name.startswith((".", "archtemp")):
                    found[path.name.split(".gz")[0]] = path
        return found


def default_folder(home: Path) -> Path:
    """Where the backups of the instance in ``home`` go: ``TONGCHOU_BACKUPS``, else beside its database.

    The database's own user writes there, so it lies where that user can go (see ``postgres.path`` of the home).
    """
    if named := os.environ.get("TONGCHOU_BACKUPS"):
        return Path(named).absolute()
    pointer = home / "postgres.path"
    return (Path(pointer.read_text("utf-8").strip()) if pointer.is_file() else home) / "backups"


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a backup, or ``None`` when it is missing, changed or of an unknown format."""
    try:
        raw = (folder / MANIFEST).read_bytes()
        stated = (folder / MANIFEST_SUM).read_text("ascii").split()[0]
        content = json.loads(raw)
    except (OSError, ValueError, IndexError):
        return None
    if hashlib.sha256(raw).hexdigest() != stated or content.get("format") != FORMAT:
        return None
    return Manifest(**content)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and its checksum, last of all files."""
    raw = json.dumps(asdict(manifest), ensure_ascii=False, indent=1, sort_keys=True).encode()
    (folder / MANIFEST).write_bytes(raw)
    (folder / MANIFEST_SUM).write_text(f"{hashlib.sha256(raw).hexdigest()}  {MANIFEST}\n", "ascii")


def describe(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and checksum of every file of a backup, by path inside it."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in (MANIFEST, MANIFEST_SUM))
    return {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": checksum(path)} for path in paths
    }


def _left_at(history: str) -> list[tuple[int, int]]:
    """The timelines of a history file and the position at which each was left."""
    lines = [line.split() for line in history.splitlines()]
    return [(int(words[0]), position(words[1])) for words in lines if len(words) > 1 and words[0].isdigit()]


def position(lsn: str) -> int:
    """A position in the log (``0/7012830``) as a number."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low or "0", 16)


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def name_for(moment: datetime) -> str:
    """Name of a backup that starts at this moment."""
    return moment.astimezone(UTC).strftime(NAME_FORMAT)


def require_space(place: Path, needed: int) -> None:
    """Refuse before anything is written when the disk is too small.

    Args:
        needed: bytes.

    Raises:
        Rejection: OPER-004.
    """
    existing = next(parent for parent in (place, *place.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise NO_SPACE(place=place, needed=needed // MEGABYTE + 1, free=free // MEGABYTE)


def sync_tree(folder: Path) -> None:
    """Make sure that a folder and all in it are on the disk."""
    for path in (*folder.rglob("*"), folder, folder.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def kept(names: Collection[str], *, today: date) -> set[str]:
    """Which backups to keep: all of the last 7 days, the last of each of 5 weeks and of 12 months, and always the last."""
    days = {name: datetime.strptime(name, NAME_FORMAT).replace(tzinfo=UTC).date() for name in names}
    keep = {name for name, day in days.items() if day > today - timedelta(days=DAILY)}
    weeks: dict[tuple[int, int], str] = {}
    months: dict[tuple[int, int], str] = {}
    for name in sorted(names):
        day = days[name]
        weeks[day.isocalendar()[:2]] = name
        months[day.year, day.month] = name
    keep |= {weeks[week] for week in sorted(weeks)[-WEEKLY:]}
    keep |= {months[month] for month in sorted(months)[-MONTHLY:]}
    return keep | set(sorted(names)[-1:])


def expire(store: Store, *, today: date) -> list[str]:
    """Remove backups past their time, and the log older than the oldest backup of the last days.

    Returns:
        Names of what was removed.
    """
    backups = store.backups()
    keep = kept([backup.name for backup in backups], today=today)
    removed = [backup for backup in backups if backup.name not in keep]
    for backup in removed:
        shutil.rmtree(backup.folder)
    recent = [
        backup.manifest.first_segment
        for backup in backups
        if backup.name in keep and backup.manifest.finished.date() > today - timedelta(days=DAILY)
    ] or [backup.manifest.first_segment for backup in backups[-1:]]
    old = list(_older_than(store.segments(), min(recent))) if recent and all(recent) else []
    for path in old:
        path.unlink()
    return [*(backup.name for backup in removed), *(path.name for path in old)]


def _older_than(segments: Mapping[str, Path], first: str) -> Iterator[Path]:
    """Log segments before ``first``; the timeline (8 digits) does not count, histories stay."""
    for name, path in segments.items():
        if len(name) >= 24 and name[8:24] < first[8:24]:
            yield path
