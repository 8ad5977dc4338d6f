"""A second server that holds every answered write: made, required, promoted, looked at.

With a synchronous standby a commit is answered only when both servers have it on disk, so the loss of either machine
loses nothing that was answered. Deciding that the primary is dead stays with people (or with the site's own cluster
manager): two servers that both believe to be the primary would be worse than a pause.
"""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import conninfo as libpq
from psycopg import sql

from tongchou.operation import servers
from tongchou.operation.backup import Say
from tongchou.operation.rejections import NOT_A_STANDBY, SERVER_RUNS, STANDBY_EXISTS, STANDBY_NOT_CONNECTED
from tongchou.operation.servers import EmbeddedServer

REPLICATOR = "tongchou_replicator"
NAME = "tongchou_standby"
"""Name by which the primary knows the standby; also its slot."""
WAIT_SECONDS = 30
MOST_KEPT_FOR_STANDBY = "32GB"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a server says about replication. ``lag_bytes`` is what the other side has not confirmed yet."""

    role: str
    partners: tuple[tuple[str, str, str, int], ...]
    """Name, state, synchronous or not, lag in bytes: the standbys of a primary, or the primary of a standby."""
    required: str
    """The primary's synchronous_standby_names; empty: commits do not wait for a standby."""

    def lines(self) -> list[str]:
        """For people."""
        lines = [f"角色：{self.role}"]
        if self.role == "主机":
            lines.append(f"提交须等待备机：{self.required or '否'}")
        names = {"sync": "同步", "async": "异步", "potential": "候补同步", "quorum": "同步", "": ""}
        lines += [
            f"  {name}  {state}  {names.get(mode, mode)}  落后 {lag} 字节" for name, state, mode, lag in self.partners
        ]
        if not self.partners:
            lines.append("  没有连接的备机" if self.role == "主机" else "  没有连上主机")
        return lines


def create(server: EmbeddedServer, *, primary: str, name: str = NAME, say: Say) -> None:
    """Copy the primary into this (empty) instance and let it follow. Started and streaming when this returns.

    Args:
        primary: libpq connection string of the primary, of a role that may replicate.
        name: letters, digits and underscores; the slot on the primary is called so too.

    Raises:
        Rejection: OPER-019 the instance holds a database, OPER-004/005 the copy failed, OPER-021 it does not stream.
    """
    if server.exists or (server.data.exists() and any(server.data.iterdir())):
        raise STANDBY_EXISTS(folder=server.data)
    building = server.data.with_name(server.data.name + ".new")
    shutil.rmtree(building, ignore_errors=True)
    server.owner.make_dir(building)
    source = libpq.make_conninfo(primary, application_name=name, dbname="postgres", target_session_attrs="any")
    try:
        _drop_idle_slot(source, name)
        say("复制主机数据")
        servers.run_program(
            server, "pg_basebackup", "-D", str(building), "-X", "stream", "-c", "fast", "-R", "-C", "-S", name, "-w",
            "-d", source,
        )  # fmt: skip
    except psycopg.OperationalError as error:
        raise STANDBY_NOT_CONNECTED(reason=" ".join(str(error).split())) from error
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    with (building / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write("listen_addresses = ''\n")  # the copied address is the primary's
    if server.data.exists():
        server.data.rmdir()
    building.rename(server.data)
    say("启动备机")
    server.start()
    _wait_streaming(server)


def require(server: EmbeddedServer, *, name: str | None) -> None:
    """On the primary: let commits wait for this standby from now on; ``None`` ends the waiting.

    Raises:
        Rejection: OPER-021 no standby of that name is streaming, so every commit would wait for ever.
    """
    with servers.connect(server.conninfo("postgres")) as connection:
        if name is None:
            connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        else:
            row = connection.execute(
                "SELECT 1 FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming'", [name]
            ).fetchone()
            if row is None:
                raise STANDBY_NOT_CONNECTED(reason=f"没有名为 {name} 的备机在接收日志")
            value = sql.Literal(f'FIRST 1 ("{name}")')
            connection.execute(sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(value))
            # A standby that stays away must not fill the primary's disk; past this it is made anew.
            connection.execute(f"ALTER SYSTEM SET max_slot_wal_keep_size = '{MOST_KEPT_FOR_STANDBY}'")
        connection.execute("SELECT pg_reload_conf()")


def promote(server: EmbeddedServer, *, say: Say) -> None:
    """Make the standby the primary. The old primary must be dead, or be stopped first.

    Raises:
        Rejection: OPER-020 it is no standby; OPER-005 it can't be promoted.
    """
    if not (server.data / "standby.signal").exists():
        raise NOT_A_STANDBY(folder=server.data)
    server.start()
    say("提升备机为主机")
    servers.run_program(server, "pg_ctl", "promote", "-D", str(server.data), "-w", "-t", str(WAIT_SECONDS))
    with servers.connect(server.conninfo("postgres")) as connection:
        # The copied settings name this very server as the standby to wait for: nothing would ever be answered.
        for setting in ("synchronous_standby_names", "primary_conninfo", "primary_slot_name"):
            connection.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")


def status(conninfo: str) -> Status:
    """Role and partners of a server."""
    with servers.connect(conninfo) as connection:
        following = bool(_one(connection, "SELECT pg_is_in_recovery()"))
        if following:
            rows = connection.execute(
                "SELECT coalesce(sender_host, slot_name, ''), status, '', "
                "coalesce(pg_wal_lsn_diff(latest_end_lsn, pg_last_wal_replay_lsn()), 0)::bigint "
                "FROM pg_stat_wal_receiver"
            )
        else:
            rows = connection.execute(
                "SELECT application_name, state, sync_state, "
                "coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn), 0)::bigint "
                "FROM pg_stat_replication ORDER BY 1"
            )
        partners = tuple((str(row[0]), str(row[1]), str(row[2]), int(row[3])) for row in rows.fetchall())
        required = str(_one(connection, "SELECT current_setting('synchronous_standby_names')"))
        return Status(role="备机" if following else "主机", partners=partners, required="" if following else required)


def allow(server: EmbeddedServer, *, listen: str, network: str) -> tuple[str, str] | None:
    """Listen on an address and let a network replicate and work, each with a password of its own.

    On a standby the passwords are the primary's; it gets its address and its rules, for the day it is promoted.

    The embedded server carries no TLS: the network between the two machines must be closed or a VPN
    (docs/operations/standby.md). Takes effect with the next start.

    Returns:
        The passwords of the replicating role and of the site's role, made by chance; shown once. ``None`` on a standby.

    Raises:
        Rejection: OPER-007 the server runs.
    """
    if server.is_running():
        raise SERVER_RUNS()
    replicator, site = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    with servers.running(server), servers.connect(server.conninfo("postgres")) as connection:
        following = bool(_one(connection, "SELECT pg_is_in_recovery()"))
        if not following:
            role = sql.Identifier(REPLICATOR)
            if _one(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", REPLICATOR) is None:
                connection.execute(sql.SQL("CREATE ROLE {} REPLICATION LOGIN").format(role))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(replicator)))
            connection.execute(sql.SQL("ALTER ROLE tongchou PASSWORD {}").format(sql.Literal(site)))
        connection.execute(sql.SQL("ALTER SYSTEM SET listen_addresses = {}").format(sql.Literal(listen)))
    rules = server.data / "pg_hba.conf"
    ours = [
        f"host replication {REPLICATOR} {network} scram-sha-256",
        f"host postgres {REPLICATOR} {network} scram-sha-256",
        f"host {servers.DATABASE} tongchou {network} scram-sha-256",
    ]
    lines = [line for line in rules.read_text("utf-8").splitlines() if line not in ours]
    rules.write_text("\n".join([*ours, *lines]) + "\n", "utf-8")
    return None if following else (replicator, site)


def _wait_streaming(server: EmbeddedServer) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        with servers.connect(server.conninfo("postgres")) as connection:
            if _one(connection, "SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'"):
                return
        time.sleep(0.1)
    raise STANDBY_NOT_CONNECTED(reason=f"{WAIT_SECONDS} 秒内没有开始接收日志")


def _drop_idle_slot(primary: str, name: str) -> None:
    """A slot left by a former standby of this name would keep the primary's log for ever, and bars the new one."""
    with servers.connect(primary) as connection:
        connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active",
            [name],
        )


def _one(connection: psycopg.Connection[Any], query: str, *parameters: object) -> Any:
    row = connection.execute(query, parameters).fetchone()
    return row[0] if row else None
