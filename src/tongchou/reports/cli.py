"""The command ``tongchou extract``: an anonymised extract for who sits at the machine, with a reason that stands in the trail."""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path
from typing import Any

NEEDS_DATABASE = True


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "extract", help="匿名抽取一个年度的结算数据 / an anonymised extract of a year's settlements"
    )
    parser.add_argument("--area", required=True, metavar="CODE", help="统筹区 / pooling area")
    parser.add_argument("--scheme", default="390", help="险种，默认390 / scheme")
    parser.add_argument("--year", required=True, type=int, help="待遇年度 / benefit year")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help=".parquet 或 .csv")
    parser.add_argument("--reason", required=True, help="用途，记入审计留痕 / what for; it stands in the trail")


def run(args: argparse.Namespace) -> int:
    """Write it and say what it left out."""
    from tongchou.control.api import Actor, acting
    from tongchou.reports.extract import FORMATS, told, write_extract
    from tongchou.reports.rejections import WRONG_REQUEST

    if args.out.suffix not in FORMATS.values():
        raise WRONG_REQUEST(why="文件名应以 .parquet 或 .csv 结尾")
    who = Actor(operator=f"cli:{getpass.getuser()}"[:30], channel="cli", area=args.area, reason=args.reason)
    with acting(who):
        found = write_extract(args.out, area=args.area, scheme=args.scheme, year=args.year)
    args.out.chmod(0o600)
    print(f"{args.out}：" + "，".join(f"{name} {value:,}" for name, value in told(found).items()))
    return 0
