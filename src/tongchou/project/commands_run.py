"""``tongchou run`` (everything, with the demo city on first start) and ``tongchou serve`` (the server alone)."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from tongchou.project import database
from tongchou.project.home import Home
from tongchou.project.problems import OperationProblem
from tongchou.project.server import Server, Worker, check_port_free, collect_static

WATCH_SECONDS = 1


def add_parser(subparsers: Any) -> None:
    """Add ``run`` and ``serve``."""
    parser = subparsers.add_parser("run", help="启动全部：数据库、网站、接口；首次启动建立演示城市 / start everything")
    _add_address(parser)
    parser.add_argument("--no-demo", action="store_true", help="首次启动不建立演示数据 / no demo city on first start")
    parser.add_argument("--persons", type=int, help="演示城市参保人数 / persons in the demo city")
    parser.set_defaults(act=_run)
    serve = subparsers.add_parser("serve", help="只启动网站与接口（数据库须已建好）/ start site and gateway only")
    _add_address(serve)
    serve.set_defaults(act=_serve)


def run(args: argparse.Namespace) -> int:
    """Run the command that was parsed."""
    return int(args.act(args))


def _add_address(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="监听地址 / address (127.0.0.1)")
    default_port = int(os.environ.get("TONGCHOU_PORT", "8000"))
    parser.add_argument("--port", type=int, default=default_port, help=f"端口 / port ({default_port})")
    parser.add_argument("--workers", type=int, default=1, help="服务进程数 / server processes (1)")


def _serve(args: argparse.Namespace) -> int:
    from tongchou.project.cli import set_django_up

    check_port_free(args.host, args.port)
    with database.started():
        set_django_up()
        _check_migrated()
        _check_keys()
        _check_signing()
        _check_policies()
        collect_static()
        server = Server(host=args.host, port=args.port, workers=args.workers)
        try:
            server.wait_ready()
            print(f"统筹已启动 / running: {server.url}", flush=True)
            return _watch(server)
        except KeyboardInterrupt:
            return 0
        finally:
            server.stop()


def _run(args: argparse.Namespace) -> int:
    from tongchou.project.commands_database import migrate

    check_port_free(args.host, args.port)
    print("正在启动数据库 / starting the database …", flush=True)
    home = Home.current()
    with home.sole_run(), database.started(responsible=True):
        migrate(verbosity=0)
        _check_keys()
        _check_signing()
        _check_policies()
        collect_static()
        first_day = FirstDay(home.root / "demo-next-step")
        if not args.no_demo and not _has_persons():
            first_day.begin(persons=args.persons)
        first_day.before_server()
        server = Server(host=args.host, port=args.port, workers=args.workers)
        worker = Worker()
        try:
            server.wait_ready()
            first_day.with_server(server.url)
            _print_welcome(server.url)
            return _watch(server, worker)
        except KeyboardInterrupt:
            return 0
        finally:
            print("\n正在停止 / stopping …", flush=True)
            server.stop()
            worker.stop()


def _watch(server: Server, worker: Worker | None = None) -> int:
    """Stay until the server ends. A database that was killed is started again; one that was stopped ends the run.

    Raises:
        OperationProblem: the server ended by itself, or the database is gone.
    """
    cluster = None if database.external_url() else database.embedded_cluster()
    while True:
        code = server.poll(WATCH_SECONDS)
        if code is not None:
            raise OperationProblem(
                f"网站服务意外退出（{code}）：请查看上方日志后重新启动",
                f"the server ended by itself ({code}): see the log above and start again",
            )
        if worker is not None:
            worker.keep_alive()
        if cluster is None or cluster.is_running():
            continue
        if not cluster.has_crashed():
            raise OperationProblem(
                "数据库已被停止，网站随之停止：请重新运行 tongchou run",
                "the database was stopped, so the site stops too: run tongchou run again",
            )
        print("数据库意外退出，正在恢复 / the database died and is being recovered …", flush=True)
        cluster.start()


VISITS = 600
"""Of the first day: about what twenty thousand insured bring on one working day; some ten thousand messages."""


class FirstDay:
    """The demo of the first start: build the city, play one day against the gateway, close the day.

    The steps that are still due stand in a file, so that a start that was interrupted goes on where it ended, and a
    centre with data of its own never gets demo data.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, *, persons: int | None) -> None:
        """Plan the demo, to be called when the database holds no person."""
        demo = f"demo --persons {persons}" if persons else "demo"
        self._write([demo, f"traffic --visits {VISITS}", "close-day"])

    def before_server(self) -> None:
        """Build the city if that is due; it needs no server."""
        due = self._due()
        if due and due[0].startswith("demo"):
            _play(due[0].split())
            self._write(due[1:])

    def with_server(self, url: str) -> None:
        """Play and close the day if that is due."""
        due = self._due()
        while due:
            if not due[0].startswith("traffic"):
                _play(due[0].split())
            elif _signatures_are_asked_for():  # the demo's institutions have no keys
                print("接口要求签名，演示不演就医结算；可先生成密钥，再用 tongchou traffic --keys", flush=True)
            else:
                _play([*due[0].split(), "--url", url])
            due = due[1:]
            self._write(due)

    def _due(self) -> list[str]:
        return self._path.read_text("utf-8").splitlines() if self._path.exists() else []

    def _write(self, steps: list[str]) -> None:
        if steps:
            self._path.write_text("\n".join(steps), "utf-8")
        else:
            self._path.unlink(missing_ok=True)


def _signatures_are_asked_for() -> bool:
    return os.environ.get("TONGCHOU_GATEWAY_SIGNING", "off") not in ("", "off")


def _has_persons() -> bool:
    from django.apps import apps

    model = apps.get_model("registry", "Person")
    return bool(model._default_manager.exists())


def _check_migrated() -> None:
    """What only waits to be contracted is no hindrance: an old version may still be running on it."""
    from tongchou.operation import upgrade

    upgrade.refuse_newer_schema()
    if upgrade.state().expand:
        raise OperationProblem(
            "数据库结构不是最新：请先执行 tongchou migrate", "the schema is not up to date: run tongchou migrate first"
        )


def _check_keys() -> None:
    """Make the data keys, or refuse to start where they were lost or can't be read: no page could show a number.

    Raises:
        Rejection: CTRL-053, CTRL-054.
    """
    from tongchou.control.api import data_keys

    data_keys()


def _check_signing() -> None:
    """A centre that asks for signatures must be able to check them before the first message comes.

    Raises:
        OperationProblem: a setting or a file of keys is wrong.
    """
    from tongchou.exchange.api import signing_misconfiguration

    if wrong := signing_misconfiguration():
        raise OperationProblem(f"接口签名：{wrong}", "TONGCHOU_GATEWAY_SIGNING or the gateway's keys are wrong")


def _check_policies() -> None:
    """The packs that the areas have bound must be right before anybody asks to be settled."""
    from tongchou.policy import PolicyErrors
    from tongchou.settlement.planning import book

    try:
        book()
    except PolicyErrors as errors:
        raise OperationProblem(
            f"政策包有错误，不能结算：{errors.findings[0]}（共 {len(errors.findings)} 处，用 tongchou policy check 查看）",
            "the policy packs have errors: run tongchou policy check",
        ) from errors


def _play(arguments: list[str]) -> None:
    """Run another command of the command line in this process."""
    from tongchou.project.cli import build_parser

    print(f"首次启动 / first start: tongchou {' '.join(arguments)} …", flush=True)
    args = build_parser().parse_args(arguments)
    if args.room.run(args):
        print(f"演示步骤未完全成功 / not all went well: tongchou {' '.join(arguments)}", file=sys.stderr, flush=True)


def _print_welcome(url: str) -> None:
    """Say where to look: the room web knows its pages and logins (``web.welcome.welcome_lines``)."""
    from tongchou.web.welcome import welcome_lines

    lines = [f"统筹已启动 / running: {url}", "", *welcome_lines(url), "", "按 Ctrl-C 停止 / Ctrl-C stops everything"]
    print("\n" + "\n".join(lines), flush=True)
