"""``tongchou simulate``: a year of claims under the policy in force and a changed one; ``simulate-export`` takes the claims out
of the database."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tongchou.kernel.money import format_yuan_grouped, parse_yuan
from tongchou.kernel.rejection import Rejection
from tongchou.policy import PolicyBook, PolicyErrors, default_pack_directory
from tongchou.policy.overlays import read_overlays
from tongchou.simulation.files import parquet_files
from tongchou.simulation.parquet import ColumnError
from tongchou.simulation.quick import sums_only
from tongchou.simulation.service import Inputs, scenarios_of, simulate_year
from tongchou.simulation.workbook import lines, sheets, write_workbook

NEEDS_DATABASE = False
UNUSABLE = 2


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add ``simulate`` and ``simulate-export`` to the command line."""
    parser = subparsers.add_parser(
        "simulate", help="政策模拟：一年的费用按现行政策和调整后的政策各算一遍 / what-if on a year of claims"
    )
    parser.add_argument("claims", nargs="+", type=Path, help="Parquet文件或目录，格式见 docs/simulation.md")
    parser.add_argument("--area", default="629900", help="统筹区，默认629900")
    parser.add_argument("--scheme", default="390", help="险种，默认390")
    parser.add_argument("--benefit", default="住院", help="没有benefit列时的待遇，默认住院")
    parser.add_argument("--on", type=_day, default="", help="全部按这一天的政策，如2026-06-01；不写则按每笔费用的日期")
    parser.add_argument(
        "--set", action="append", default=[], metavar="路径=新值", help="修改一个参数，可重复；路径@日期=新值 自该日起"
    )
    parser.add_argument(
        "--reform", type=Path, help="参数文件（YAML）：overlays: [{parameter: 路径, from: 日期, value: 新值}]"
    )
    parser.add_argument("--against", type=Path, help="对比的政策包目录")
    parser.add_argument("--against-on", type=_day, default="", help="对比另一天的政策")
    parser.add_argument("--against-packs", default="", help="对比另一组政策包，按支付顺序，逗号分开")
    parser.add_argument("--fixed", action="append", default=[], metavar="事实=取值", help="数据中没有的事实，可重复")
    parser.add_argument("--threshold", default="20000", help="灾难性支出：个人一年负担达到多少元，默认20000")
    parser.add_argument(
        "--balance", action="append", default=[], metavar="基金=元", help="基金结余，用于可支付月数，可重复"
    )
    parser.add_argument(
        "--insured", action="append", default=[], metavar="缴费类别=人数", help="参保人数，用于全年筹资收入，可重复"
    )
    parser.add_argument("--months", type=int, default=0, help="数据覆盖的月数，默认为数据中出现的月数")
    parser.add_argument(
        "--sums", metavar="事实", help="只要一项待遇的基金支付合计，按这些事实分组（逗号分开）；最快，须写--on"
    )
    parser.add_argument("--policies", type=Path, help="现行政策包目录，默认为随产品发布的政策包")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="线程数")
    parser.add_argument("--excel", type=Path, help="把全部表格写成Excel")
    parser.add_argument("--json", action="store_true", help="以JSON输出，金额为分")
    export = subparsers.add_parser("simulate-export", help="把一个待遇年度的结算导出为费用文件（无个人信息）")
    export.add_argument("file", type=Path, help="要写的Parquet文件")
    export.add_argument("--area", required=True, help="统筹区")
    export.add_argument("--scheme", required=True, help="险种")
    export.add_argument("--year", type=int, required=True, help="待遇年度")
    export.set_defaults(needs_database=True, exports=True)


def run(args: argparse.Namespace) -> int:
    """Simulate or export; 0 = done, 2 = the claims, packs or options cannot be used."""
    try:
        return _export(args) if getattr(args, "exports", False) else _simulate(args)
    except PolicyErrors as errors:
        for finding in errors.findings:
            print(finding.text(), file=sys.stderr)
        return UNUSABLE
    except Rejection as refusal:
        print(f"错误：{refusal.message} 处理办法：{refusal.remedy}", file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:
        raise  # the reader of the output has seen enough; the command's own end says nothing of it
    except (ColumnError, ValueError, OSError) as error:
        print(f"错误：{error}", file=sys.stderr)
        return UNUSABLE


def _simulate(args: argparse.Namespace) -> int:
    inputs = _inputs(args)
    book = PolicyBook.load(args.policies or default_pack_directory())
    other = PolicyBook.load(args.against) if args.against else None
    if args.sums is not None:
        return _sums(args, inputs, book, other)
    found = simulate_year(
        inputs, parquet_files(args.claims), book, other=other, threads=args.threads, progress=_progress()
    )
    if args.excel:
        write_workbook(args.excel, found, _described(args, inputs))
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    shown = sheets(found, _described(args, inputs))
    print(lines(shown))
    if found["recorded"]["compared"]:
        recorded = found["recorded"]
        print(f"\n与实际结算核对：{recorded['compared']:,} 笔，不同 {recorded['differing']:,} 笔")
    return 0


def _sums(args: argparse.Namespace, inputs: Inputs, book: PolicyBook, other: PolicyBook | None) -> int:
    facts = [name.strip() for name in args.sums.split(",") if name.strip()]
    text = sums_only(
        scenarios_of(inputs, book, other),
        parquet_files(args.claims),
        benefit=inputs.benefit,
        group_by=facts,
        fixed=inputs.fixed,
        threads=args.threads,
        as_json=args.json,
    )
    print(text)
    return 0


def _inputs(args: argparse.Namespace) -> Inputs:
    sets = list(args.set)
    if args.reform:
        for overlay in read_overlays(args.reform.read_text("utf-8"), args.reform.name):
            day = f"@{overlay.start}" if overlay.start else ""
            sets.append(f"{overlay.parameter}{day}={overlay.value}")
    return Inputs(
        area=args.area,
        scheme=args.scheme,
        on=args.on,
        sets=tuple(sets),
        against_on=args.against_on,
        against_packs=tuple(name.strip() for name in args.against_packs.split(",") if name.strip()),
        fixed=dict(_pair(text, "--fixed 事实=取值") for text in args.fixed),
        benefit=args.benefit,
        threshold=int(parse_yuan(args.threshold)),
        balances={fund: int(parse_yuan(yuan)) for fund, yuan in (_pair(t, "--balance 基金=元") for t in args.balance)},
        months=args.months,
        insured={name: int(count) for name, count in (_pair(t, "--insured 缴费类别=人数") for t in args.insured)},
    )


def _pair(text: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ValueError(f"{text}：应写作 {form}")
    return name.strip(), value.strip()


def _described(args: argparse.Namespace, inputs: Inputs) -> Sequence[tuple[str, str]]:
    said = [("数据", "、".join(str(path) for path in args.claims)), ("统筹区", inputs.area), ("险种", inputs.scheme)]
    said += [("政策日期", inputs.on or "各笔费用发生日"), *(("模拟参数", text) for text in inputs.sets)]
    if args.against:
        said.append(("对比政策包目录", str(args.against)))
    if inputs.against_on:
        said.append(("对比政策日期", inputs.against_on))
    if inputs.against_packs:
        said.append(("对比政策包", " + ".join(inputs.against_packs)))
    return [*said, ("灾难性支出（元）", format_yuan_grouped(inputs.threshold))]


def _progress() -> Any:
    """A line that is written over, where somebody watches."""
    if not sys.stderr.isatty():
        return lambda done, total: None

    def say(done: int, total: int) -> None:
        end = "\n" if done >= total else "\r"
        print(f"已计算 {done:,} / {total:,} 笔（{done * 100 // max(total, 1)}%）", end=end, file=sys.stderr, flush=True)

    return say


def _export(args: argparse.Namespace) -> int:
    from tongchou.settlement import api as settlement
    from tongchou.simulation.snapshots import export_year

    claims = export_year(args.file, area=args.area, scheme=args.scheme, year=args.year, book=settlement.book())
    print(f"已导出 {claims:,} 笔到 {args.file}")
    return 0


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat() if text else ""
