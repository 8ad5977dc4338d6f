"""Taking a backup: the whole embedded server with its log, or a dump of a foreign one.

The backup ends in a named restore point at which the books' totals are known exactly: while the ledger is locked for a
few milliseconds, the restore point is written to the log and the snapshot for the totals is taken. What was posted
before is in both, what is posted later in neither.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

import tongchou
from tongchou.operation import archive, sealing, servers, store, ties
from tongchou.operation.rejections import BUSY
from tongchou.operation.servers import EmbeddedServer
from tongchou.operation.store import Backup, Manifest, Store

Say = Callable[[str], None]
LOCK_SECONDS = 10
RESTORE_POINT_PREFIX = "tongchou:"


def take(server: EmbeddedServer, place: Store, *, now: datetime, say: Say = lambda line: None) -> Backup:
    """Back up a running embedded server, and verify what was written.

    Args:
        now: the time that names the backup.
        say: is told the steps, one Chinese line each.

    Raises:
        Rejection: OPER-004 no space, OPER-005 pg_basebackup failed, OPER-014 archiving needs a restart, OPER-015 the
            log does not arrive, OPER-018 the ledger is busy.
    """
    archive.switch_on(server, place)
    name = store.name_for(now)
    key = sealing.recipient()
    with servers.connect(server.conninfo(servers.DATABASE)) as connection:
        data_bytes = _server_bytes(connection)
        store.require_space(place.root, data_bytes // 2 + 64 * store.MEGABYTE)
        with _building(place, server, name) as folder:
            say(f"备份数据库（{data_bytes // store.MEGABYTE} MB）")
            _base_backup(server, folder, name)
            point = RESTORE_POINT_PREFIX + name
            say("确定备份点并计算账簿合计")
            lsn, figures = _restore_point(server, point)
            first, last = _segments(connection, folder, lsn)
            say("等待日志归档")
            archive.wait_for(connection, last, place)
            with archive.alone(place):
                _keep_log(place, folder, first=first, last=last, key=key)
            if key:
                say("加密")
                for path in [path for path in folder.iterdir() if path.is_file()]:
                    sealing.seal(path, key)
            manifest = Manifest(
                name=name,
                kind="physical",
                product=tongchou.__version__,
                postgres=_version(connection),
                started_at=now.astimezone(UTC).isoformat(),
                finished_at=datetime.now(UTC).isoformat(),
                data_bytes=data_bytes,
                sealed=key is not None,
                system_identifier=_one(connection, "SELECT system_identifier::text FROM pg_control_system()"),
                restore_point=point,
                restore_lsn=lsn,
                first_segment=first,
                last_segment=last,
                migrations=_migrations(connection),
                ties=figures,
                files=store.describe(folder),
            )
            store.write_manifest(folder, manifest)
    archive.collect(place, server)
    say(f"备份完成：{place.root / name}，{ties.summary(figures)}")
    return Backup(place.root / name, manifest)


def dump(url: str, place: Store, *, programs: Path, now: datetime, say: Say = lambda line: None) -> Backup:
    """Dump a foreign server's database with pg_dump, totals and dump from one snapshot.

    Raises:
        Rejection: OPER-004 no space, OPER-005 pg_dump failed (for example an older one than the server).
    """
    name = store.name_for(now)
    key = sealing.recipient()
    place.root.mkdir(parents=True, exist_ok=True)
    with servers.connect(url) as connection, _building(place, None, name) as folder:
        data_bytes = int(_one(connection, "SELECT pg_database_size(current_database())"))
        store.require_space(place.root, data_bytes // 4 + 16 * store.MEGABYTE)
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = _one(connection, "SELECT pg_export_snapshot()")
            say(f"导出数据库（{data_bytes // store.MEGABYTE} MB）")
            target = folder / "database.dump"
            command = [str(programs / "pg_dump"), "-Fc", "--no-owner", "-Z", "gzip:1", "--snapshot", snapshot]
            done = subprocess.run([*command, "-f", str(target), "-d", url], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise servers.program_failure("pg_dump", done.stderr)
            figures = ties.totals(connection)
            migrations = _migrations(connection)
        if key:
            sealing.seal(target, key)
        manifest = Manifest(
            name=name,
            kind="dump",
            product=tongchou.__version__,
            postgres=_version(connection),
            started_at=now.astimezone(UTC).isoformat(),
            finished_at=datetime.now(UTC).isoformat(),
            data_bytes=data_bytes,
            sealed=key is not None,
            migrations=migrations,
            ties=figures,
            files=store.describe(folder),
        )
        store.write_manifest(folder, manifest)
    say(f"备份完成：{place.root / name}，{ties.summary(figures)}")
    return Backup(place.root / name, manifest)


@contextmanager
def _building(place: Store, server: EmbeddedServer | None, name: str) -> Iterator[Path]:
    """A folder that takes the backup's name only when everything in it is on the disk."""
    folder = place.root / f".{name}.partial"
    for left_over in place.root.glob(".*.partial"):
        shutil.rmtree(left_over, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        if server is not None:
            servers.give_to(server.owner, folder)
        yield folder
        store.sync_tree(folder)
        folder.rename(place.root / name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _base_backup(server: EmbeddedServer, folder: Path, name: str) -> None:
    command = ["pg_basebackup", "-D", str(folder), "-F", "tar", "-X", "stream", "-c", "fast", "-l", name]
    servers.run_program(
        server, *command, "-Z", "gzip:1", "--manifest-checksums=SHA256", "-w", "-d", server.conninfo("postgres")
    )


def _restore_point(server: EmbeddedServer, point: str) -> tuple[str, ties.Totals]:
    """Write the restore point and compute the totals of exactly that moment; postings wait for milliseconds only."""
    conninfo = server.conninfo(servers.DATABASE)
    with servers.connect(conninfo) as gate, servers.connect(conninfo) as reader:
        try:
            with gate.transaction():
                gate.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
                # One table only, the one that every posting writes: waiting for it can't end in a deadlock.
                if _one(gate, "SELECT to_regclass('ledger_journal')"):
                    gate.execute("LOCK TABLE ledger_journal IN SHARE MODE")
                reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                reader.execute("SELECT 1")  # takes the snapshot
                lsn = _one(gate, "SELECT pg_create_restore_point(%s)::text", point)
        except psycopg.errors.LockNotAvailable as error:
            raise BUSY() from error
        figures = json.loads(json.dumps(ties.totals(reader), default=str))
        reader.execute("COMMIT")
        gate.execute("SELECT pg_switch_wal()")
        return lsn, figures


def _segments(connection: psycopg.Connection[Any], folder: Path, lsn: str) -> tuple[str, str]:
    """First and last segment that a restore to the restore point needs."""
    with tarfile.open(folder / "base.tar.gz") as base:
        member = base.extractfile("backup_label")
        label = member.read().decode() if member else ""
    first = label.split("(file ")[1].split(")")[0]
    return first, _one(connection, "SELECT pg_walfile_name(%s::pg_lsn)", lsn)


def _keep_log(place: Store, folder: Path, *, first: str, last: str, key: Any | None) -> None:
    """Keep the log up to the restore point with the backup, so that it can be restored when the archive is gone."""
    target = folder / "wal"
    target.mkdir(mode=0o700)
    for name, source in sorted(place.segments().items()):
        if not (len(name) == 24 and first <= name <= last):
            continue
        if source.parent == place.incoming:
            sealing.pack(source, target / name, key)
        else:
            shutil.copyfile(source, target / source.name)


def _server_bytes(connection: psycopg.Connection[Any]) -> int:
    return int(_one(connection, "SELECT sum(pg_database_size(oid))::bigint FROM pg_database"))


def _version(connection: psycopg.Connection[Any]) -> str:
    number = connection.info.server_version
    return f"{number // 10000}.{number % 10000}"


def _migrations(connection: psycopg.Connection[Any]) -> list[str]:
    if not _one(connection, "SELECT to_regclass('django_migrations')"):
        return []
    return [f"{app}.{name}" for app, name in connection.execute("SELECT app, name FROM django_migrations ORDER BY id")]


def _one(connection: psycopg.Connection[Any], sql: str, *parameters: object) -> Any:
    row = connection.execute(sql, parameters).fetchone()
    return row[0] if row else None


def default_store() -> Store:
    """The instance's backup folder."""
    from django.conf import settings

    return Store(store.default_folder(Path(settings.HOME.root)))
