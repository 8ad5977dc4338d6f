"""Which database the instance uses: the embedded PostgreSQL, or the server that ``DATABASE_URL`` names."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo

from tongchou.project.home import Home
from tongchou.project.postgres import Cluster, cluster_in, settle_cluster_in
from tongchou.project.problems import OperationProblem

NAME = "tongchou"
"""Name of the database in the embedded cluster."""
MINIMUM_SERVER = 160000
CONNECT_SECONDS = 10
START_ATTEMPTS = 50
DEAD_PEER = {
    "connect_timeout": "5",  # for each host in turn
    "tcp_user_timeout": "10000",  # what was sent and not received, milliseconds
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
}
"""A server whose machine lost its power or its network says nothing any more. Without these limits a connection to it waits
for a quarter of an hour, and the site with it, though a standby has long been promoted. DATABASE_URL may state others."""


def external_url() -> str | None:
    """The address in ``DATABASE_URL``, or ``None`` when the embedded PostgreSQL is used."""
    return os.environ.get("DATABASE_URL") or None


def connection_string() -> str:
    """libpq connection string of the instance's database; nothing is started.

    Raises:
        OperationProblem: DATABASE_URL is not an address.
    """
    url = external_url()
    return url if url else cluster_in(Home.current().root).conninfo(NAME)


def django_settings() -> dict[str, Any]:
    """The ``default`` entry of Django's DATABASES.

    Under ASGI each request may run in a thread of its own, so connections are kept in a pool, not in threads.

    Raises:
        OperationProblem: DATABASE_URL is not an address.
    """
    parts = _parse(connection_string())
    options: dict[str, Any] = {name: value for name, value in parts.items() if name not in _DJANGO_NAMES}
    if external_url():
        options = DEAD_PEER | options
    options["pool"] = {"min_size": 1, "max_size": int(os.environ.get("TONGCHOU_POOL_SIZE", "16")), "timeout": 15}
    # Parameters travel beside the statement, and statements seen five times are prepared on the server.
    options["server_side_binding"] = True
    options["prepare_threshold"] = 5
    settings = {key: parts.get(name, "") for name, key in _DJANGO_NAMES.items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
        **settings,
    }


_DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def embedded_cluster() -> Cluster:
    """The instance's own cluster, for the commands that start and stop it.

    Raises:
        OperationProblem: DATABASE_URL is set, so there is nothing of ours to start; or the home can't be used.
    """
    if external_url():
        raise OperationProblem(
            "已设置 DATABASE_URL，使用外部数据库服务器，内置数据库不参与：如需内置数据库请取消该环境变量",
            "DATABASE_URL is set, so the embedded database is not used: unset it to use the embedded one",
        )
    home = Home.current()
    home.create()
    return settle_cluster_in(home.root)


def ensure_ready() -> Cluster | None:
    """Start the embedded server if it is ours to start, and check that the database can be used.

    Returns:
        The cluster if this call started it (whoever started it stops it), else ``None``.

    Raises:
        OperationProblem: with what to do.
    """
    if external_url():
        check_server(connection_string())
        return None
    cluster = embedded_cluster()
    for attempt in range(START_ATTEMPTS):
        ours = cluster.start()
        try:
            _create_database(cluster)
        except psycopg.OperationalError:
            if attempt == START_ATTEMPTS - 1:
                raise
            time.sleep(0.2)  # it was about to stop when we looked
        else:
            break
    return cluster if ours else None


def _create_database(cluster: Cluster) -> None:
    with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {NAME}")


@contextmanager
def started(*, responsible: bool = False) -> Iterator[None]:
    """The database runs inside the block; what the block's entry started is stopped at its end.

    Args:
        responsible: the caller runs the whole instance, and stops at its end also a server that an earlier run left
            behind when it was killed. A server that ``tongchou db start`` started stays.
    """
    cluster = ensure_ready()
    if cluster is None and responsible and not external_url() and not keep_marker().exists():
        cluster = embedded_cluster()
    try:
        yield
    finally:
        if cluster is not None:
            cluster.stop()


def keep_marker() -> Path:
    """The file that says that the embedded server was started by itself and outlives ``tongchou run``."""
    return Home.current().root / "postgres.keep"


def check_server(url: str) -> None:
    """Check that a foreign server can be used: it answers, is new enough, UTF-8, and has btree_gist.

    Raises:
        OperationProblem: with what to do.
    """
    _parse(url)
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS, autocommit=True) as connection:
            _check_connection(connection)
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise OperationProblem(
            f"无法连接 DATABASE_URL 指定的数据库（{reason}）：请检查地址、用户、密码和服务器是否已启动",
            f"cannot connect to the database in DATABASE_URL ({reason}): check address, user, password and server",
        ) from error


def _check_connection(connection: psycopg.Connection[Any]) -> None:
    version = connection.info.server_version
    if version < MINIMUM_SERVER:
        raise OperationProblem(
            f"数据库服务器为 PostgreSQL {version // 10000}，需要 16 或更高版本：请升级，或取消 DATABASE_URL 使用内置数据库",
            f"the server is PostgreSQL {version // 10000}, 16 or newer is needed: upgrade it, or unset DATABASE_URL",
        )
    encoding = connection.execute("SHOW server_encoding").fetchone()
    if encoding is None or encoding[0] != "UTF8":
        raise OperationProblem(
            "数据库编码不是 UTF8：请用 CREATE DATABASE … ENCODING 'UTF8' 新建数据库",
            "the database is not UTF8: create one with ENCODING 'UTF8'",
        )
    query = "SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gist'"
    if connection.execute(query).fetchone() is None:
        raise OperationProblem(
            "数据库服务器缺少扩展 btree_gist：请安装 PostgreSQL contrib 软件包",
            "the server lacks the extension btree_gist: install PostgreSQL's contrib package",
        )


def _parse(url: str) -> dict[str, str]:
    try:
        parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        raise OperationProblem(
            "DATABASE_URL 不是有效的数据库地址：应形如 postgresql://用户:密码@主机:5432/数据库名",
            "DATABASE_URL is not an address: it should look like postgresql://user:password@host:5432/name",
        ) from error
    if not parts.get("dbname"):
        raise OperationProblem(
            "DATABASE_URL 缺少数据库名：应形如 postgresql://用户:密码@主机:5432/数据库名",
            "DATABASE_URL names no database: it should look like postgresql://user:password@host:5432/name",
        )
    return parts


def is_behind(error: Exception) -> bool:
    """Whether a command failed because the database lacks tables or functions of this version. Needs Django set up."""
    from django.db import ProgrammingError, connection
    from django.db.migrations.executor import MigrationExecutor
    from psycopg.errors import UndefinedColumn, UndefinedFunction, UndefinedTable

    cause = error.__cause__ if isinstance(error, ProgrammingError) else error
    if not isinstance(cause, UndefinedColumn | UndefinedFunction | UndefinedTable):
        return False
    connection.close()
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
