"""The archive of the server's log: switched on by the first backup, collected into the store, watched."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tongchou.operation import sealing, servers
from tongchou.operation.rejections import ARCHIVE_STUCK, RESTART_NEEDED
from tongchou.operation.servers import EmbeddedServer
from tongchou.operation.store import Store

LONGEST_UNARCHIVED = "60s"
"""A segment that is not full is archived after this time: at most this much is lost with the database's disk."""
WAIT_SECONDS = 60


def switch_on(server: EmbeddedServer, store: Store) -> None:
    """Let the running server archive its log into the store (module basic_archive: whole files, synced, never twice).

    Raises:
        Rejection: OPER-014 the server was started without archiving and needs one restart; OPER-015 the folder can't
            be written, or belongs to somebody else.
    """
    for folder in (store.root, store.incoming, store.wal):
        try:
            server.owner.make_dir(folder)
        except OSError as error:
            raise ARCHIVE_STUCK(folder=folder, reason=error.strerror or str(error)) from error
    wanted = {
        "archive_command": "",
        "archive_library": "basic_archive",
        "basic_archive.archive_directory": str(store.incoming),
        "archive_timeout": LONGEST_UNARCHIVED,
    }
    with servers.connect(server.conninfo("postgres")) as connection:
        connection.execute("LOAD 'basic_archive'")
        changed = [name for name, value in wanted.items() if _setting(connection, name, value)]
        if changed:
            connection.execute("SELECT pg_reload_conf()")
        if _show(connection, "archive_mode") != "on":
            connection.execute("ALTER SYSTEM SET archive_mode = 'on'")
            raise RESTART_NEEDED()


def wait_for(connection: psycopg.Connection[Any], segment: str, store: Store) -> None:
    """Wait until a segment is in the store.

    Raises:
        Rejection: OPER-015 it does not come; with the server's own reason.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if segment in store.segments():
            return
        time.sleep(0.05)
    failed = connection.execute("SELECT last_failed_wal FROM pg_stat_archiver").fetchone()
    reason = f"最近失败的日志段 {failed[0]}" if failed and failed[0] else f"{WAIT_SECONDS} 秒内没有收到 {segment}"
    raise ARCHIVE_STUCK(folder=store.incoming, reason=reason)


def collect(store: Store, server: EmbeddedServer | None = None) -> int:
    """Compress (and seal) what the server archived, and remove it from ``incoming``. Returns how many segments.

    Interrupted at any place it is simply done again: a segment leaves ``incoming`` only when its packed copy is whole.
    """
    key = sealing.recipient()
    done = 0
    if not store.incoming.is_dir():
        return 0
    with alone(store):
        for source in sorted(store.incoming.iterdir()):
            if source.name.startswith((".", "archtemp")):
                continue
            packed = sealing.pack(source, store.wal / source.name, key)
            if server is not None:
                servers.give_to(server.owner, packed)
            source.unlink()
            done += 1
    return done


@contextmanager
def alone(store: Store) -> Iterator[None]:
    """Nobody else moves segments meanwhile: the worker's minute and a backup may come together."""
    folder = os.open(store.root, os.O_RDONLY)  # the folder itself: no lock file that belongs to the wrong user
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _show(connection: psycopg.Connection[Any], name: str) -> str:
    row = connection.execute("SELECT current_setting(%s, true)", [name]).fetchone()
    return str(row[0] or "") if row else ""


def _setting(connection: psycopg.Connection[Any], name: str, value: str) -> bool:
    """Set it in postgresql.auto.conf unless it is so; returns whether it was changed."""
    if _show(connection, name) in (value, {"60s": "1min"}.get(value, value)):
        return False
    connection.execute(f"ALTER SYSTEM SET {name} = {psycopg.sql.Literal(value).as_string(connection)}")
    return True
