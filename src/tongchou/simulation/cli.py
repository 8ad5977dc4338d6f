"""``tongchou simulate``: a year of claims under the policy in force and, beside it, under another pack directory or date."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tongchou.kernel.money import format_yuan_grouped
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Plan, PolicyBook, PolicyErrors, default_pack_directory
from tongchou.simulation.core import OrderError, Question, Totals
from tongchou.simulation.parquet import ColumnError, simulate_files

NEEDS_DATABASE = False
UNUSABLE = 2


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add ``simulate`` to the command line."""
    parser = subparsers.add_parser(
        "simulate", help="政策模拟：一年的费用按现行政策和另一版本各算一遍 / what-if on Parquet claims"
    )
    parser.add_argument(
        "claims", nargs="+", type=Path, help="Parquet文件或目录：person、year、in_scope（分）和各项事实"
    )
    parser.add_argument("--area", default="629900", help="统筹区，默认629900")
    parser.add_argument("--scheme", default="390", help="险种，默认390")
    parser.add_argument("--benefit", default="住院", help="待遇，默认住院")
    parser.add_argument("--on", type=date.fromisoformat, required=True, help="按哪一天的政策，如2026-06-01")
    parser.add_argument("--against", type=Path, help="对比的政策包目录（同样的结构，改过数字），不写则只算现行政策")
    parser.add_argument("--against-on", type=date.fromisoformat, help="对比另一天的政策")
    parser.add_argument("--varying", default="visit.level", help="作为列给出的事实，逗号分开，默认visit.level")
    parser.add_argument("--fixed", action="append", default=[], metavar="事实=取值", help="全部费用相同的事实，可重复")
    parser.add_argument("--group-by", default="", help="按哪些事实分组（须在--varying之中），逗号分开")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="同时处理的文件数")
    parser.add_argument("--json", action="store_true", help="以JSON输出，金额为分")


def run(args: argparse.Namespace) -> int:
    """Simulate and print; 0 = done, 2 = the claims, packs or options cannot be used."""
    try:
        question = _question(args)
        totals = simulate_files(question, _files(args.claims), threads=args.threads)
    except PolicyErrors as errors:
        for finding in errors.findings:
            print(finding, file=sys.stderr)
        return UNUSABLE
    except Rejection as refusal:
        print(f"错误：{refusal.message} 处理办法：{refusal.remedy}", file=sys.stderr)
        return UNUSABLE
    except (ColumnError, OrderError, ValueError, OSError) as error:
        print(f"错误：{error}", file=sys.stderr)
        return UNUSABLE
    print(_json(question, totals) if args.json else _table(question, totals))
    return 0


def _question(args: argparse.Namespace) -> Question:
    names = {"area": args.area, "scheme": args.scheme, "benefit": args.benefit}
    book = PolicyBook.load(default_pack_directory())
    plans: list[Plan] = [book.plan(**names, on=args.on)]
    if args.against is not None or args.against_on is not None:
        other = PolicyBook.load(args.against) if args.against else book
        plans.append(other.plan(**names, on=args.against_on or args.on))
    varying = tuple(name.strip() for name in args.varying.split(",") if name.strip())
    group_by = tuple(name.strip() for name in args.group_by.split(",") if name.strip())
    unknown = [name for name in group_by if name not in varying]
    if unknown:
        raise ValueError(f"--group-by 的 {unknown[0]} 不在 --varying 之中")
    question = Question(plans=tuple(plans), varying=varying, fixed=_fixed(args.fixed, plans[0]), group_by=group_by)
    for name in varying:
        if name not in {spec.name for plan in plans for spec in plan.facts}:
            raise ValueError(f"政策用不到事实 {name}，请从 --varying 去掉；它用到的有 {'、'.join(_names(plans))}")
    return question


def _names(plans: Sequence[Plan]) -> list[str]:
    return list(dict.fromkeys(spec.name for plan in plans for spec in plan.facts))


def _fixed(pairs: Sequence[str], plan: Plan) -> dict[str, object]:
    """Values of the fixed facts in their kinds."""
    kinds = {spec.name: spec.kind for spec in plan.facts}
    fixed: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in kinds:
            raise ValueError(f"--fixed 应写作 事实=取值，且政策用到该事实：{pair}")
        readers: dict[str, Callable[[str], object]] = {
            "int": int,
            "fen": int,
            "bool": lambda text: text == "是",
            "date": date.fromisoformat,
        }
        fixed[name] = set(value.split("、")) if kinds[name] == "set" else readers.get(kinds[name], str)(value)
    return fixed


def _files(paths: Sequence[Path]) -> list[Path]:
    files = [file for path in paths for file in (sorted(path.glob("*.parquet")) if path.is_dir() else [path])]
    if not files:
        raise ValueError(f"没有找到Parquet文件：{'、'.join(str(path) for path in paths)}")
    return files


def _json(question: Question, totals: Sequence[Totals]) -> str:
    names = question.group_names()
    plans = [
        {
            "plan": plan.id,
            "package": plan.package_hash,
            "claims": total.claims,
            "refused": sum(total.refused),
            "layers": total.layer_sums(),
            "groups": [
                {"group": dict(zip(question.group_by, name, strict=True)), "refused": refused}
                | {"paid": dict(zip(total.layers, row, strict=True))}
                for name, row, refused in zip(names, total.paid, total.refused, strict=True)
            ],
        }
        for plan, total in zip(question.plans, totals, strict=True)
    ]
    return json.dumps(plans, ensure_ascii=False, indent=2)


def _table(question: Question, totals: Sequence[Totals]) -> str:
    """Groups × layers in yuan; with a second plan its figure and the difference beside it."""
    first = totals[0]
    titles = {layer.id: layer.title for plan in question.plans for layer in plan.layers}
    lines = [f"方案 {number}：{plan.title}（{plan.id}）" for number, plan in enumerate(question.plans, 1)]
    lines.append(f"费用 {first.claims:,} 笔，拒付 {'、'.join(f'{sum(total.refused):,}' for total in totals)} 笔")
    layers = list(dict.fromkeys(layer for total in totals for layer in total.layers))
    head = ["分组", "待遇层", "现行（元）", *(["对比（元）", "差额（元）"] if len(totals) > 1 else [])]
    lines += ["", "\t".join(head)]
    for group, name in enumerate([*question.group_names(), ("合计",)]):
        for layer in layers:
            sums = [_sum(total, layer, group) for total in totals]
            figures = [*sums, sums[1] - sums[0]] if len(sums) > 1 else sums
            lines.append(
                "\t".join(["、".join(name), titles[layer], *(format_yuan_grouped(figure) for figure in figures)])
            )
    return "\n".join(lines)


def _sum(total: Totals, layer: str, group: int) -> int:
    if layer not in total.layers:
        return 0
    at = total.layers.index(layer)
    return total.paid[group][at] if group < len(total.paid) else sum(row[at] for row in total.paid)
