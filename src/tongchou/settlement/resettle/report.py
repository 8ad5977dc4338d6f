"""A trial as people read it: one row per settlement, who pays what before and after, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tongchou.kernel.money import format_yuan_grouped
from tongchou.ledger.api import FUNDS
from tongchou.providers import api as providers
from tongchou.settlement.resettle.evaluating import Trial

HEAD = (
    "人员编号", "结算编号", "服务日期", "机构", "待遇", "总额", "付款方", "原金额", "新金额", "差额", "原因",
)  # fmt: skip


def payer_rows(change: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Who pays how much before and after (fen): each layer that differs, the account, cash."""
    for layer in change["layers"]:
        if layer["before"] != layer["after"]:
            yield f"{layer['title']}（{FUNDS.get(layer['fund'], layer['fund'])}）", layer["before"], layer["after"]
    for title, name in (("个人账户", "account"), ("个人现金", "cash")):
        before, after = change[name]
        if before != after:
            yield title, before, after


def reasons(change: Mapping[str, Any]) -> str:
    """Why, in one line."""
    return "；".join(f"{kind} {title}：{before} → {after}" for kind, title, before, after in change["causes"])


def table(trial: Trial) -> Iterator[tuple[Any, ...]]:
    """The rows of a person, in the columns of :data:`HEAD`; amounts in fen."""
    for change in trial.proposal["changes"]:
        name = providers.describe(code=change["institution"], on=trial.changes[0].old.day).name
        for title, before, after in payer_rows(change) or [("—", 0, 0)]:
            yield (
                trial.number, change["settlement"], change["day"], name, change["benefit"], change["total"], title,
                before, after, after - before, reasons(change),
            )  # fmt: skip


def text(trials: Iterable[Trial]) -> Iterator[str]:
    """The lines that the command prints: each settlement with its payers, each person's sum, the sum of all."""
    persons = settlements = refused = fund = to_persons = from_persons = 0
    for trial in trials:
        if not trial.changes and not trial.refused:
            continue
        yield f"参保人员 {trial.number}"
        for change in trial.proposal["changes"]:
            name = providers.describe(code=change["institution"], on=trial.changes[0].old.day).name
            total = format_yuan_grouped(change["total"])
            yield f"  {change['day']}  {name}  结算 {change['settlement']}  {change['benefit']}  总额 {total} 元"
            for title, before, after in payer_rows(change):
                yield f"      {title}：{_yuan(before)} → {_yuan(after)}（{_yuan(after - before, sign=True)}）"
            for kind, title, before, after in change["causes"]:
                yield f"      原因 {kind}：{title} {before} → {after}"
        for each in trial.proposal["refused"]:
            yield f"  {each['day']}  结算 {each['settlement']}  不能重新结算：{each['code']} {each['message']}（{each['remedy']}）"
        yield f"  合计：基金 {_yuan(trial.fund, sign=True)}，个人账户 {_yuan(trial.account, sign=True)}，{owes(trial.cash)}"
        persons += bool(trial.changes)
        settlements += len(trial.changes)
        refused += len(trial.refused)
        fund += trial.fund
        to_persons += max(0, -trial.cash)
        from_persons += max(0, trial.cash)
    yield (
        f"共 {persons} 人 {settlements} 笔有变化，{refused} 笔不能重新结算；基金 {_yuan(fund, sign=True)}，"
        f"应退个人 {_yuan(to_persons)}，个人应补 {_yuan(from_persons)}；应付定点机构不变"
    )


def owes(cash: int) -> str:
    """Who owes whom how much in cash (fen)."""
    if cash == 0:
        return "个人现金不补不退"
    return f"应退个人 {_yuan(-cash)}" if cash < 0 else f"个人应补 {_yuan(cash)}"


def _yuan(fen: int, *, sign: bool = False) -> str:
    return f"{'+' if sign and fen > 0 else ''}{format_yuan_grouped(fen)} 元"
