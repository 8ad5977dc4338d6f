"""The restore drill: does the last backup restore, is the data sound, and does it tie to the books?

A backup that was never restored is a hope. The drill restores into a temporary server beside the store, up to the
backup's restore point, compares the totals with those in the manifest to the fen, runs the doctor, and looks whether
the live books have lost anything since.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from tongchou.operation import restore, servers, ties
from tongchou.operation.backup import Say
from tongchou.operation.servers import EmbeddedServer
from tongchou.operation.store import Backup, Store

DRILL_SETTINGS = restore.UNTIL_RECOVERED | {"archive_mode": "off", "fsync": "off", "shared_buffers": "64MB"}
"""The temporary server must not archive into the store, and need not survive a power cut."""
SEALING_TAKES = timedelta(minutes=5)
"""At most so long after its time a seal of the trail is in the database: what was sealed before must be in the backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a drill found. Empty lists are good; ``passed`` says so."""

    backup: str
    at: datetime
    seconds: float
    restored: str
    tie_differences: list[str]
    lost_since: list[str]
    sealed_since: list[str]
    """Seals outside the database that are newer than the backup: to be expected, and said so that nobody wonders."""
    doctor_exit: int
    doctor_output: str

    @property
    def passed(self) -> bool:
        """Restores, ties, and is sound."""
        return not self.tie_differences and not self.lost_since and self.doctor_exit == 0

    def lines(self) -> list[str]:
        """The report for people."""
        verdict = "通过" if self.passed else "未通过"
        return [
            f"恢复演练：{verdict}",
            f"备份 {self.backup}，演练时间 {self.at:%Y-%m-%d %H:%M:%S}，用时 {self.seconds:.1f} 秒",
            f"恢复出的账簿：{self.restored}",
            "与备份点账簿合计：一致" if not self.tie_differences else "与备份点账簿合计：不一致",
            *(f"  {line}" for line in self.tie_differences),
            "与现行账簿：备份之后没有丢失" if not self.lost_since else "与现行账簿：备份之后有丢失",
            *(f"  {line}" for line in self.lost_since),
            "与库外留痕存证：止于同一区块" if not self.sealed_since else "与库外留痕存证：备份之后又有封存，属正常",
            *(f"  {line}" for line in self.sealed_since),
            f"数据检查（doctor）：{'通过' if self.doctor_exit == 0 else '未通过'}",
            *(f"  {line}" for line in self.doctor_output.splitlines() if self.doctor_exit != 0),
        ]


def run(
    server: EmbeddedServer,
    place: Store,
    backup: Backup,
    *,
    key: Any | None,
    doctor: Sequence[str],
    live: str | None,
    now: datetime,
    say: Say,
    keys: str = "",
) -> Report:
    """Restore a backup into a temporary server and examine it; nothing is left behind.

    Args:
        doctor: command line of the doctor; it gets the temporary database as DATABASE_URL.
        keys: a copy of the data keys to open the backup with, as JSON; empty: those of the instance.
        live: connection string of the live database, or ``None`` when it is gone.

    Raises:
        Rejection: as ``restore.unpack`` and ``restore.recover``: the backup does not restore.
    """
    began = time.monotonic()
    with servers.workshop(server, beside=place.root) as folder:
        data = folder / "data"
        server.owner.make_dir(data)
        temporary = servers.elsewhere(
            server,
            data=data,
            socket=servers.short_socket(folder / "s"),
            log=folder / "postgres.log",
            overrides=DRILL_SETTINGS,
        )
        target = restore.Target(point=backup.manifest.restore_point)
        try:
            restore.unpack(temporary, backup, key=key, say=say)
            log_ends = restore.prepare_recovery(temporary, place, backup, target, folder=folder, key=key)
            say("重放日志至备份点")
            restore.recover(temporary, target, log_ends)
            with servers.connect(temporary.conninfo(servers.DATABASE)) as connection:
                found = ties.totals(connection)
            say("检查恢复出的数据")
            examined = _doctor(doctor, temporary, folder, of=backup.manifest.started - SEALING_TAKES, keys=keys)
        finally:
            temporary.stop(mode="immediate")
            shutil.rmtree(temporary.socket, ignore_errors=True)
    return Report(
        backup=backup.name,
        at=now,
        seconds=time.monotonic() - began,
        restored=ties.summary(found),
        tie_differences=ties.differences(backup.manifest.ties, found),
        lost_since=_lost(backup, live),
        sealed_since=_sealed_since(found),
        doctor_exit=examined.returncode,
        doctor_output=(examined.stdout + examined.stderr).strip(),
    )


def _doctor(
    command: Sequence[str], server: EmbeddedServer, folder: Path, *, of: datetime, keys: str
) -> subprocess.CompletedProcess[str]:
    # The trail's roots outside are those of today; the copy is of an earlier moment and has not the newest blocks.
    environment = os.environ | {
        "DATABASE_URL": server.conninfo(servers.DATABASE),
        "TONGCHOU_TRAIL_COPY": of.isoformat(),
        "TONGCHOU_HOME": str(Path(settings.HOME.root).resolve()),  # whose keys open the copy
    }
    if keys:
        environment["TONGCHOU_DATA_KEYS"] = keys
    return subprocess.run([*command], env=environment, capture_output=True, text=True, check=False, cwd=folder)


def _sealed_since(found: ties.Totals) -> list[str]:
    from tongchou.control.api import anchors

    held = ties.trail_ends(found)
    return [anchors.sentence(anchor, held) for anchor in anchors.later_than(held)]


def _lost(backup: Backup, live: str | None) -> list[str]:
    if live is None:
        return []
    with servers.connect(live) as connection:
        return ties.changed_since(backup.manifest.ties, ties.totals(connection))
