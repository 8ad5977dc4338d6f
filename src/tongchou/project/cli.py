"""The command line ``tongchou``.

A room brings its own commands in ``cli.py``::

    NEEDS_DATABASE = True  # start the database if need be, migrate is not run; set Django up


    def add_parser(subparsers) -> None: ...  # may add several commands
    def run(args: argparse.Namespace) -> int: ...

These modules are imported to build the help, so they import Django and everything heavy inside ``run`` only. What the
person at the terminal can mend is one line and exit code 2; a business rejection likewise; a bug keeps its traceback.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import pkgutil
import re
import signal
import sys
from types import FrameType, ModuleType
from typing import NoReturn

import tongchou
from tongchou.kernel.rejection import Rejection
from tongchou.project.problems import OperationProblem

OWN_COMMANDS = (
    "tongchou.project.commands_run",
    "tongchou.project.commands_database",
    "tongchou.project.commands_documents",
)
INTERRUPTED = 130
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Parser(argparse.ArgumentParser):
    """Wrong usage is one line that names the help, in both languages, like every other problem."""

    def error(self, message: str) -> NoReturn:
        shown = message.replace("invalid fromisoformat value", "invalid date, YYYY-MM-DD is needed").partition(
            " (choose"
        )[0]
        problem = f"错误：命令用法不对：{_in_chinese(message)}；用 {self.prog} -h 查看用法 / wrong usage: {shown}; see {self.prog} -h"
        print(problem, file=sys.stderr)
        raise SystemExit(2)


_TROUBLES = (
    (r"argument (\S+)(?: .*)?: invalid fromisoformat value: '(.*)'", "{0} 的日期 {1} 无效，应为 YYYY-MM-DD"),
    (r"argument (\S+)(?: .*)?: invalid int value: '(.*)'", "{0} 的值 {1} 不是整数"),
    (r"argument (\S+)(?: .*)?: invalid choice: '(.*)' \(choose .*", "{0} 没有 {1} 这个选择"),
    (r"argument (\S+)(?: .*)?: expected .*", "{0} 后缺少值"),
    (r"unrecognized arguments: (.*)", "没有 {0} 这个参数"),
    (r"the following arguments are required: (.*)", "缺少 {0}"),
)
"""What argparse says, in words of ours."""


def _in_chinese(message: str) -> str:
    for pattern, words in _TROUBLES:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return words.format(*found.groups())
    return message


def build_parser() -> argparse.ArgumentParser:
    """The parser with the commands of the house and of every room that has some."""
    parser = _Parser(prog="tongchou", description="统筹：医保中心信息系统 / the system of a medical insurance centre")
    parser.add_argument("--version", action="version", version=f"tongchou {tongchou.__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="命令 COMMAND", required=True, parser_class=_Parser)
    for name in (*OWN_COMMANDS, *_room_modules()):
        _add_module(subparsers, importlib.import_module(name))
    return parser


def dispatch(args: argparse.Namespace) -> int:
    """Run the parsed command in its room, with the database and Django if the room needs them."""
    module: ModuleType = args.room
    if not getattr(args, "needs_database", getattr(module, "NEEDS_DATABASE", False)):
        return int(module.run(args) or 0)
    from tongchou.project import database

    with database.started():
        set_django_up()
        try:
            return int(module.run(args) or 0)
        except Exception as error:
            if database.is_behind(error):
                raise OperationProblem(
                    "数据库结构尚未建立或不是本版本的：请先运行 tongchou migrate（全新安装直接运行 tongchou run）",
                    "the database has no schema yet, or another version's: run tongchou migrate first",
                ) from error
            raise


def set_django_up() -> None:
    """Load the settings and the apps; can be called again."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.project.settings")
    import django

    django.setup()


def main(argv: list[str] | None = None) -> int:
    """Entry point of the console script; returns the exit code."""
    for signum in _INTERRUPTS:
        signal.signal(signum, _interrupt)
    try:
        return dispatch(build_parser().parse_args(argv))
    except OperationProblem as problem:
        print(f"错误：{problem.zh} / {problem.en}", file=sys.stderr)
        return problem.exit_code
    except Rejection as rejection:
        print(f"拒绝 {rejection.code}：{rejection.message} 处理办法：{rejection.remedy}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def _interrupt(signum: int, frame: FrameType | None) -> None:
    """Ctrl-C, a service manager or a closed terminal: stop in order, and let nothing interrupt the stopping."""
    for each in _INTERRUPTS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _room_modules() -> list[str]:
    """``tongchou.<room>.cli`` of every room that has one, in alphabetical order."""
    rooms = sorted(
        info.name for info in pkgutil.iter_modules(tongchou.__path__) if info.ispkg and info.name != "project"
    )
    candidates = [f"tongchou.{room}.cli" for room in rooms]
    return [name for name in candidates if importlib.util.find_spec(name) is not None]


def _add_module(subparsers: argparse._SubParsersAction[_Parser], module: ModuleType) -> None:
    before = set(subparsers.choices)
    module.add_parser(subparsers)
    for name in set(subparsers.choices) - before:
        subparsers.choices[name].set_defaults(room=module)


if __name__ == "__main__":
    sys.exit(main())
