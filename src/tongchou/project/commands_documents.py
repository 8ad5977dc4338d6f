"""Commands about the project itself: ``trace`` (requirements proved by tests), ``errors`` (docs/errors.md), ``bench``,
``openapi``, ``dependencies`` (known vulnerabilities)."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tongchou.project import coverage, error_catalogue
from tongchou.project.problems import OperationProblem

ROOT = Path(__file__).resolve().parents[3]
"""The repository, when the program runs from one (these commands are for those who work on it)."""


def add_parser(subparsers: Any) -> None:
    """Add ``trace``, ``errors``, ``bench``, ``openapi`` and ``dependencies``."""
    trace = subparsers.add_parser("trace", help="各组需求有多少条由测试证明 / requirements proved by tests, per group")
    trace.add_argument("--missing", metavar="GROUP", help="列出该组未证明的编号 / list the group's ids not yet proved")
    trace.set_defaults(act=_trace)
    errors = subparsers.add_parser("errors", help="由拒绝目录生成 docs/errors.md / generate docs/errors.md")
    errors.add_argument("--check", action="store_true", help="只检查是否最新 / only check that it is up to date")
    errors.set_defaults(act=_errors)
    bench = subparsers.add_parser(
        "bench", help="性能测量，写入 docs/performance.md / measure, write docs/performance.md"
    )
    bench.add_argument("arguments", nargs=argparse.REMAINDER, help="传给 benchmarks/run.py 的参数 / passed on")
    bench.set_defaults(act=_bench)
    openapi = subparsers.add_parser(
        "openapi",
        help="打印接口的 OpenAPI 3.1 文档 / print the OpenAPI 3.1 document of the gateway and the machine's addresses",
    )
    openapi.set_defaults(act=_openapi)
    dependencies = subparsers.add_parser(
        "dependencies", help="核查锁定的依赖有无已知漏洞 / known vulnerabilities in the locked dependencies"
    )
    dependencies.add_argument(
        "options", nargs=argparse.REMAINDER, help="传给 pip-audit 的参数 / passed on to pip-audit"
    )
    dependencies.set_defaults(act=_dependencies)


def run(args: argparse.Namespace) -> int:
    """Run the command that was parsed."""
    return int(args.act(args))


def _trace(args: argparse.Namespace) -> int:
    index = coverage.read_index(_in_repository("docs/requirements-index.tsv"))
    proved = coverage.proved_by(_in_repository("tests"))
    if args.missing:
        print("\n".join(coverage.missing(index, proved, args.missing)))
    else:
        print(coverage.table(index, proved))
    unknown = sorted(set(proved) - {row.id for row in index})
    if unknown:
        print(f"测试标注了不存在的编号 / unknown ids in tests: {', '.join(unknown)}", file=sys.stderr)
    return 1 if unknown else 0


def _errors(args: argparse.Namespace) -> int:
    path = _in_repository("docs") / "errors.md"
    text = error_catalogue.render()
    if not args.check:
        path.write_text(text, "utf-8")
        print(f"{path.relative_to(ROOT)}: {text.count(chr(10) + '| `')} 条 / kinds")
        return 0
    if not path.exists() or path.read_text("utf-8") != text:
        raise OperationProblem(
            "docs/errors.md 已过期：请执行 tongchou errors", "docs/errors.md is stale: run tongchou errors"
        )
    return 0


def _bench(args: argparse.Namespace) -> int:
    return subprocess.run(
        [sys.executable, str(_in_repository("benchmarks/run.py")), *args.arguments], check=False
    ).returncode


def _openapi(args: argparse.Namespace) -> int:
    from tongchou.project.openapi import document

    print(json.dumps(document(), ensure_ascii=False, indent=1))
    return 0


def _dependencies(args: argparse.Namespace) -> int:
    from tongchou.project import dependencies

    verdict = dependencies.audit(_in_repository("requirements.lock"), [one for one in args.options if one != "--"])
    print("\n".join(verdict.lines()))
    return verdict.exit_code


def _in_repository(name: str) -> Path:
    path = ROOT / name
    if not path.exists():
        raise OperationProblem(
            f"未找到 {name}：此命令须在源代码仓库中使用", f"no {name}: this command works in the source repository only"
        )
    return path
