"""Sums only, of one benefit, at the speed of memory: for a province's year (see ``core``). One policy day for all claims."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from tongchou.kernel.money import format_yuan_grouped
from tongchou.policy import Plan
from tongchou.simulation.core import Question, Totals
from tongchou.simulation.parquet import simulate_files
from tongchou.simulation.year import Scenario


def sums_only(
    scenarios: Sequence[Scenario],
    files: Sequence[Path],
    *,
    benefit: str,
    group_by: Sequence[str],
    fixed: Mapping[str, str],
    threads: int,
    as_json: bool,
) -> str:
    """Fund payments by layer and by the words of some facts, as a table in yuan or as JSON in fen.

    Raises:
        ValueError: no day, an unknown fact, a policy that counts by the day. ColumnError, OrderError: the files. Rejection: no such benefit.
    """
    plans = []
    for scenario in scenarios:
        if scenario.on is None:
            raise ValueError("--sums 只按一天的政策计算，请写 --on 日期")
        plans.append(scenario.book.plan(area=scenario.area, scheme=scenario.scheme, benefit=benefit, on=scenario.on))
    daily = [spec.title for plan in plans for spec in plan.accumulators if spec.period == "day"]
    if daily:
        raise ValueError(f"政策按日累计（{daily[0]}），--sums 不能计算；请不写 --sums")
    varying = tuple(dict.fromkeys(group_by))
    for name in varying:
        if name not in {spec.name for plan in plans for spec in plan.facts}:
            raise ValueError(f"政策用不到事实 {name}；它用到的有 {'、'.join(_names(plans))}")
    question = Question(plans=tuple(plans), varying=varying, fixed=_fixed(fixed, plans[0]), group_by=varying)
    totals = simulate_files(question, files, threads=threads)
    return _json(question, totals) if as_json else _table(question, totals)


def _names(plans: Sequence[Plan]) -> list[str]:
    return list(dict.fromkeys(spec.name for plan in plans for spec in plan.facts))


def _fixed(pairs: Mapping[str, str], plan: Plan) -> dict[str, object]:
    """Values of the fixed facts in their kinds."""
    kinds = {spec.name: spec.kind for spec in plan.facts}
    readers: dict[str, Callable[[str], object]] = {
        "int": int,
        "fen": int,
        "bool": lambda text: text == "是",
        "date": date.fromisoformat,
    }
    unknown = [name for name in pairs if name not in kinds]
    if unknown:
        raise ValueError(f"政策用不到事实 {unknown[0]}，请从 --fixed 去掉；它用到的有 {'、'.join(kinds)}")
    return {
        name: set(value.split("、")) if kinds[name] == "set" else readers.get(kinds[name], str)(value)
        for name, value in pairs.items()
    }


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
