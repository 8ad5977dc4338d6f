"""Restoring a backup, to its end, to the last transaction, or to a moment.

Nothing that exists is touched until the restored server has recovered: it is unpacked beside the data folder, rolled
forward there, and only then takes its place. The old data folder is kept under another name.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tongchou.operation import sealing, servers, store, ties
from tongchou.operation.backup import Say
from tongchou.operation.rejections import (
    BACKUP_BROKEN,
    BEFORE_FIRST_BACKUP,
    NO_POINT_IN_DUMP,
    NOT_A_TIME,
    NOT_EMPTY,
    OTHER_VERSION,
    SERVER_RUNS,
    TARGET_NOT_REACHED,
)
from tongchou.operation.servers import EmbeddedServer
from tongchou.operation.store import Backup, Store

_NO_TRICKS: dict[str, Any] = {"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}
"""Nothing lands outside the target. Python 3.11.0 to 3.11.3 (Debian 12) have no filters; what is unpacked was made by us, and
its checksums were compared."""
LOCAL = ZoneInfo("Asia/Shanghai")
UNTIL_RECOVERED = {"hot_standby": "off"}
"""Nobody is let in before the target is reached; so a server that answers has reached it."""
_RECOVERY_SETTINGS = (
    "restore_command",
    "recovery_target_time",
    "recovery_target_name",
    "recovery_target_action",
    "recovery_target_timeline",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where recovery ends: a moment, a named restore point, or (neither) the last transaction in the log."""

    moment: datetime | None = None
    point: str = ""

    @property
    def settings(self) -> dict[str, str]:
        """The server's recovery settings for it."""
        if self.moment is not None:
            return {"recovery_target_time": self.moment.astimezone(UTC).isoformat(" ")}
        return {"recovery_target_name": self.point} if self.point else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore came to."""

    backup: Backup
    last_transaction: str
    totals: ties.Totals
    old_data: Path | None


def moment_of(text: str) -> datetime:
    """The moment a text names; local time of the centre unless it says its own zone.

    Raises:
        Rejection: OPER-009 it names none.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise NOT_A_TIME(text=text) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)


def choose(place: Store, *, name: str | None, target: Target) -> Backup:
    """The backup to start from: the named one, or the last that was complete before the target.

    Raises:
        Rejection: OPER-002 no backup, OPER-003 its manifest is broken, OPER-010 the target lies before all backups.
    """
    if target.moment is None or name:
        return place.choose(name=name)
    backups = [backup for backup in place.backups() if place.on_newest_timeline(backup)]
    if backups and backups[0].manifest.finished > target.moment:
        first = backups[0].manifest.finished.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
        raise BEFORE_FIRST_BACKUP(target=_text(target.moment), first=first)
    return place.choose(before=target.moment)


def replace_data(
    server: EmbeddedServer, place: Store, backup: Backup, target: Target, *, key: Any | None, say: Say
) -> Restored:
    """Put the restored database in the place of the instance's own. The server is stopped before and after.

    Raises:
        Rejection: OPER-003 broken, OPER-004 no space, OPER-006 other version, OPER-007 the server runs, OPER-008 the
            log ends before the target, OPER-011/012 the key is missing or wrong.
    """
    if server.is_running():
        raise SERVER_RUNS()
    server.data.parent.mkdir(parents=True, exist_ok=True)
    building = server.data.with_name(server.data.name + ".restoring")
    shutil.rmtree(building, ignore_errors=True)
    with servers.workshop(server, beside=server.data.parent) as folder:
        server.owner.make_dir(building)
        restored = servers.elsewhere(
            server,
            data=building,
            socket=servers.short_socket(folder / "s"),
            log=server.log.with_name("restore.log"),
            overrides=UNTIL_RECOVERED,
        )
        try:
            unpack(restored, backup, key=key, say=say)
            salvage = server.data / "pg_wal" if server.exists else None
            log_ends = prepare_recovery(restored, place, backup, target, folder=folder, key=key, salvage=salvage)
            say(f"重放日志至{_text(target.moment) if target.moment else target.point or '最后一笔事务'}")
            recover(restored, target, log_ends)
            with servers.connect(restored.conninfo(servers.DATABASE)) as connection:
                figures = ties.totals(connection)
            last = last_transaction(restored)
            finish(restored)
            restored.stop()
        except BaseException:
            restored.stop(mode="immediate")
            shutil.rmtree(building, ignore_errors=True)
            raise
    return Restored(backup=backup, last_transaction=last, totals=figures, old_data=_swap(server, building))


def unpack(server: EmbeddedServer, backup: Backup, *, key: Any | None, say: Say) -> None:
    """Check the backup, unpack it into the server's (empty) data folder and verify every file there.

    Raises:
        Rejection: OPER-003, OPER-004, OPER-006, OPER-011, OPER-012.
    """
    manifest = backup.manifest
    wanted = _version(server)
    if manifest.postgres.split(".")[0] != wanted:
        raise OTHER_VERSION(backup=backup.name, found=manifest.postgres, wanted=wanted)
    store.require_space(server.data, manifest.data_bytes * 3 // 2 + 128 * store.MEGABYTE)
    say(f"校验备份 {backup.name}")
    backup.verify()
    say("解开备份")
    files = {name.removesuffix(sealing.SUFFIX): backup.folder / name for name in manifest.files}
    _untar(files["base.tar.gz"], server, server.data, key=key, backup=backup.name)
    _untar(files["pg_wal.tar.gz"], server, server.data / "pg_wal", key=key, backup=backup.name)
    with sealing.opened(files["backup_manifest"], key=key, backup=backup.name) as source:
        sealing.copy(source, server.data / "backup_manifest")
    servers.give_to(server.owner, server.data / "backup_manifest")
    done = server.owner.run([str(server.bin / "pg_verifybackup"), "--exit-on-error", "-n", "-q", str(server.data)])
    if done.returncode != 0:
        raise BACKUP_BROKEN(backup=backup.name, reason=done.stderr.strip().splitlines()[-1])
    (server.data / "backup_manifest").unlink()


def prepare_recovery(
    server: EmbeddedServer,
    place: Store,
    backup: Backup,
    target: Target,
    *,
    folder: Path,
    key: Any | None,
    salvage: Path | None = None,
) -> str:
    """Lay out the log that recovery needs and tell the server where it ends. Returns the last segment's name.

    Args:
        folder: a folder of the server's owner for the unpacked log.
        salvage: ``pg_wal`` of the data folder that is replaced: what it had not archived yet is used as well.
    """
    log = folder / "log"
    server.owner.make_dir(log)
    own = {path.name.split(".gz")[0]: path for path in (backup.folder / "wal").glob("*")}
    for name, source in sorted((own | place.segments()).items()):
        if name.endswith(".history") or (len(name) == 24 and name[8:] >= backup.manifest.first_segment[8:]):
            _lay_out(server, source, log / name, key=key, backup=backup.name)
    for source in sorted(salvage.iterdir()) if salvage and _same_server(server, salvage, backup) else []:
        if re.fullmatch(r"[0-9A-F]{24}", source.name) and not (log / source.name).exists():
            _lay_out(server, source, log / source.name, key=None, backup=backup.name)
    escaped = str(log).replace("%", "%%").replace("'", "''")
    settings = {"restore_command": f'cp "{escaped}/%f" "%p"', "recovery_target_action": "promote", **target.settings}
    if not place.on_newest_timeline(backup):
        settings["recovery_target_timeline"] = str(backup.timeline)
    with (server.data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        for name, value in settings.items():
            file.write(f"{name} = '{value}'\n")
    (server.data / "recovery.signal").touch()
    servers.give_to(server.owner, server.data / "recovery.signal")
    return max((path.name for path in log.iterdir()), default="")


def recover(server: EmbeddedServer, target: Target, log_ends: str) -> None:
    """Start the server and let it roll forward to the target.

    Raises:
        Rejection: OPER-008 the log ends before the target.
    """
    server.log.unlink(missing_ok=True)
    try:
        server.start()
    except Exception as error:
        text = _log_text(server)
        if "recovery ended before configured recovery target was reached" in text:
            last = last_transaction(server) or f"日志段 {log_ends}"
            raise TARGET_NOT_REACHED(
                target=_text(target.moment) if target.moment else target.point, last=last
            ) from error
        raise


def finish(server: EmbeddedServer) -> None:
    """Forget the recovery settings, so that the next start is an ordinary one. The server runs."""
    with servers.connect(server.conninfo("postgres")) as connection:
        for name in _RECOVERY_SETTINGS:
            connection.execute(f"ALTER SYSTEM RESET {name}")
        connection.execute("CHECKPOINT")


def last_transaction(server: EmbeddedServer) -> str:
    """Time of the last transaction that recovery applied, local time, or empty when there was none."""
    found = re.findall(
        r"(?:last completed transaction was at log time|recovery stopping before commit of transaction \d+, time"
        r"|recovery stopping after commit of transaction \d+, time) ([0-9:. +-]+)",
        _log_text(server),
    )
    return _text(datetime.fromisoformat(found[-1].strip().rstrip("+"))) if found else ""


def load_dump(url: str, backup: Backup, *, programs: Path, key: Any | None, say: Say) -> ties.Totals:
    """Load a dump into an empty database and return its totals.

    Raises:
        Rejection: OPER-003 broken, OPER-005 pg_restore failed, OPER-016 the database is not empty.
    """
    with servers.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"
        ).fetchone()
        if row and row[0]:
            raise NOT_EMPTY()
    say(f"校验备份 {backup.name}")
    backup.verify()
    name = next(name for name in backup.manifest.files if name.startswith("database.dump"))
    say("载入数据库")
    with sealing.opened(backup.folder / name, key=key, backup=backup.name) as source:
        command = [str(programs / "pg_restore"), "--no-owner", "--exit-on-error", "--single-transaction", "-d", url]
        done = subprocess.run(command, stdin=source, capture_output=True, check=False)
    if done.returncode != 0:
        raise servers.program_failure("pg_restore", done.stderr.decode(errors="replace"))
    with servers.connect(url) as connection:
        return ties.totals(connection)


def refuse_target_for_dump(backup: Backup, target: Target) -> None:
    """A dump restores to its own moment.

    Raises:
        Rejection: OPER-017.
    """
    if target.moment is not None:
        raise NO_POINT_IN_DUMP(backup=backup.name)


def _untar(path: Path, server: EmbeddedServer, target: Path, *, key: Any | None, backup: str) -> None:
    owner = server.owner
    try:
        with (
            sealing.opened(path, key=key, backup=backup) as stream,
            tarfile.open(fileobj=stream, mode="r|") as archive,
        ):
            for member in archive:
                archive.extract(member, target, **_NO_TRICKS)
                if owner.switched:
                    servers.give_to(owner, target / member.name)
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BACKUP_BROKEN(backup=backup, reason=f"{path.name} 无法解开（{error}）") from error


def _lay_out(server: EmbeddedServer, source: Path, target: Path, *, key: Any | None, backup: str) -> None:
    with sealing.opened(source, key=key, backup=backup) as stream:
        sealing.copy(stream, target)
    servers.give_to(server.owner, target)


def _same_server(server: EmbeddedServer, salvage: Path, backup: Backup) -> bool:
    """Only the log of the very server that was backed up fits."""
    done = server.owner.run([str(server.bin / "pg_controldata"), "-D", str(salvage.parent)])
    found = re.search(r"system identifier:\s+(\d+)", done.stdout)
    return found is not None and found[1] == backup.manifest.system_identifier


def _swap(server: EmbeddedServer, building: Path) -> Path | None:
    old = None
    if server.data.exists():
        stamp = datetime.now(UTC).strftime(store.NAME_FORMAT)
        old = server.data.with_name(f"{server.data.name}.before-{stamp}")
        server.data.rename(old)
    building.rename(server.data)
    return old


def _version(server: EmbeddedServer) -> str:
    done = server.owner.run([str(server.bin / "postgres"), "--version"])
    return done.stdout.split()[-1].split(".")[0]


def _log_text(server: EmbeddedServer) -> str:
    return server.log.read_text("utf-8", errors="replace") if server.log.exists() else ""


def _text(moment: datetime) -> str:
    return moment.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
