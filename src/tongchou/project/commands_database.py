"""Commands around the database: ``tongchou db …`` and ``tongchou migrate``."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
from typing import Any

from tongchou.project import database
from tongchou.project.problems import OperationProblem


def add_parser(subparsers: Any) -> None:
    """Add ``db`` and ``migrate``."""
    parser = subparsers.add_parser(
        "db", help="内置数据库的启动、停止、状态、连接 / start, stop, look at, enter the database"
    )
    parser.set_defaults(act=_db)
    parser.add_argument(
        "action",
        choices=("start", "stop", "status", "psql", "url"),
        help="start 启动并等待可用；stop 停止；status 是否在运行；psql 进入命令行；url 打印连接串",
    )
    parser.add_argument("psql_arguments", nargs=argparse.REMAINDER, help="传给 psql 的参数 / passed on to psql")
    migrate = subparsers.add_parser("migrate", help="建立或升级数据库结构 / create or upgrade the schema")
    migrate.set_defaults(act=_migrate)


def run(args: argparse.Namespace) -> int:
    """Run the command that was parsed."""
    return int(args.act(args))


def migrate(*, verbosity: int = 1) -> None:
    """Bring the schema up to date. The database must run.

    Raises:
        OperationProblem: the database user may not create the schema or the extension.
        Rejection: OPER-022 a newer version made the schema.
    """
    from datetime import UTC, datetime

    from tongchou.project.cli import set_django_up

    set_django_up()
    from django.core.management import call_command
    from django.db.utils import ProgrammingError

    from tongchou.operation import upgrade

    try:
        upgrade.refuse_newer_schema()
        due = upgrade.state()
        call_command("migrate", interactive=False, verbosity=verbosity)
        upgrade.stamp([*due.expand, *due.contract], contract=bool(due.contract), now=datetime.now(UTC))
        if due.expand or due.contract:
            _bring_standards()
    except ProgrammingError as error:
        if "permission denied" not in str(error):
            raise
        reason = " ".join(str(error).split())
        raise OperationProblem(
            f"数据库用户权限不足（{reason}）：请授予建表权限，并由管理员执行 CREATE EXTENSION btree_gist",
            f"the database user lacks a right ({reason}): grant CREATE, and let an administrator create btree_gist",
        ) from error


def _bring_standards() -> None:
    """What a new version brings to an instance that works already: review steps and parameters it did not have."""
    from tongchou.control.api import Operator, posts

    if Operator.objects.exists():
        posts.ensure_posts()


def _migrate(args: argparse.Namespace) -> int:
    with database.started():
        migrate()
    return 0


def _db(args: argparse.Namespace) -> int:
    if args.action == "url":
        print(database.connection_string())
        return 0
    if args.action == "psql":
        return _psql(args.psql_arguments)
    cluster = database.embedded_cluster()
    if args.action == "start":
        database.ensure_ready()
        database.keep_marker().touch()
        print(f"数据库运行中 / running: pid {cluster.pid()}, {cluster.data}")
        return 0
    if args.action == "stop":
        cluster.stop()
        database.keep_marker().unlink(missing_ok=True)
        print("数据库已停止 / stopped")
        return 0
    pid = cluster.pid()
    print(f"数据库运行中 / running: pid {pid}, {cluster.data}" if pid else "数据库未运行 / not running")
    return 0 if pid else 1


def _psql(arguments: list[str]) -> int:
    """Run psql in the foreground on the instance's database; the embedded server is started for it if need be."""
    from tongchou.project.postgres import packaged_binaries

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is psql's: it cancels the statement

    with database.started():
        command = [str(packaged_binaries() / "psql"), database.connection_string(), *arguments]
        return subprocess.run(command, env=os.environ | {"PGCLIENTENCODING": "UTF8"}, check=False).returncode
