"""What a day of traffic came to, in words and one table. Pure; amounts in fen."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from tongchou.kernel.money import format_yuan_grouped
from tongchou.traffic.player import Result
from tongchou.traffic.reconcile import Outcome

HEADINGS = ("机构", "名称", "清算类别", "险种", "笔数", "总额", "基金", "个人账户", "现金", "3201")
SHOWN_FAILURES = 20


def render(result: Result, outcomes: Sequence[Outcome], *, calls: int, repeats: int) -> list[str]:
    """The report, line by line."""
    scenes = sum(result.played.values())
    rate = f"{calls / result.seconds:.0f} 次/秒" if result.seconds else "—"
    lines = [f"{scenes} 个场景,{calls} 次交易,重发 {repeats} 次,{result.seconds:.1f} 秒({rate})", ""]
    lines += [f"  {name} × {count}" for name, count in result.played.most_common()]
    lines += [f"  {name} × {count}:没有合适的人员,未演" for name, count in result.skipped.items()]
    lines += ["", *_table(outcomes), ""]
    undone = sum(outcome.undone for outcome in outcomes)
    if undone:
        lines.append(f"对账发现中心单方有账 {undone} 笔,已用 2601 冲正")
    for failure in result.failures[:SHOWN_FAILURES]:
        lines.append(f"不符合预期:{failure}")
    if len(result.failures) > SHOWN_FAILURES:
        lines.append(f"……共 {len(result.failures)} 项不符合预期")
    lines.append(verdict(result, outcomes))
    return lines


def verdict(result: Result, outcomes: Sequence[Outcome]) -> str:
    """The last line: whether all is equal to the fen."""
    unequal = [outcome for outcome in outcomes if not outcome.equal]
    if unequal or result.failures:
        return f"结果:{len(unequal)} 组不平,{len(result.failures)} 项不符合预期"
    return "结果:各机构与中心逐笔相等,分毫不差"


def _table(outcomes: Iterable[Outcome]) -> list[str]:
    rows: list[tuple[str, ...]] = [HEADINGS]
    for outcome in outcomes:
        if not outcome.own.count and outcome.equal:
            continue
        amounts = (outcome.own.total, outcome.own.fund_pay, outcome.own.account_pay, outcome.own.cash_pay)
        rows.append(
            (
                outcome.institution,
                outcome.name,
                outcome.clearing_type,
                outcome.scheme,
                str(outcome.own.count),
                *(format_yuan_grouped(amount) for amount in amounts),
                "平" if outcome.equal else f"不平 {outcome.remark}",
            )
        )
    widths = [max(_width(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return [
        "  ".join(
            _pad(cell, width, right=4 <= n <= 8) for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _pad(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks
