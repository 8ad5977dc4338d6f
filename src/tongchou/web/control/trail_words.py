"""What a row of the audit trail says, in words: the field's Chinese name, what stood there, what stands there now."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from tongchou.web.names import name_of
from tongchou.web.templatetags.tongchou import yuan

ACTIONS = {
    "insert": "新增",
    "update": "修改",
    "delete": "删除",
    "load": "批量装载",
    "read": "查看",
    "unmask": "查看完整信息",
    "export": "导出",
    "upload": "上传",
    "settle": "结算",
    "revoke": "撤销结算",
    "rerun_try": "试算",
    "publish": "发布",
    "undo": "撤销发布",
    "withdraw": "撤回",
    "sign_out": "退出登录",
    "family_bind": "绑定共济成员",
    "family_end": "解除共济成员",
}
CHANNELS = {"web": "界面", "gateway": "接口", "cli": "命令行", "job": "后台任务", "database": "数据库"}
_OTHERS = {
    "person": "参保人员",
    "person_search": "参保人员查询",
    "settlement": "结算",
    "resettlement": "重新结算",
    "reconciliation": "日终对账",
    "trail": "审计留痕",
    "attachment": "附件",
    "simulation": "政策模拟",
    "simulation.data": "模拟费用数据",
    "case": "复核事项",
    "family": "家庭共济",
}
_EPOCH = date(2000, 1, 1)
_SETTLEMENT = ("scheme", "med_type", "institution", "person", "day", "total", "out_of_scope", "over_limit",
               "prior_self_pay", "in_scope", "deductible", "fund_pay", "account_pay", "cash_pay", "balance", "package")  # fmt: skip
_AMOUNTS = {
    "total": "总额",
    "fund_pay": "基金",
    "account_pay": "账户",
    "cash_pay": "现金",
    "out_of_scope": "目录外费用",
    "over_limit": "超限价费用",
    "prior_self_pay": "先行自付",
    "in_scope": "符合范围费用",
    "deductible": "起付标准",
    "balance": "账户余额",
}
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Line:
    """One field of a row of the trail; ``before`` is None where nothing stood there or it is not about a change."""

    label: str
    before: str | None
    after: str | None


@cache
def object_names() -> dict[str, str]:
    """Chinese names of what the trail speaks of: tables by their models, and what has no table of its own."""
    ours = (model._meta for model in apps.get_models() if model.__module__.startswith("tongchou."))
    return {meta.db_table: str(meta.verbose_name) for meta in ours} | _OTHERS


def lines_of(*, kind: str, before: str | None, after: str | None) -> list[Line]:
    """The fields of one row, the telling ones first. ``before`` and ``after`` are the row's texts as they were sealed."""
    if kind == "settlement" and after and not after.startswith("{"):
        return _settlement(after)
    was, now = _values(before), _values(after)
    columns = _columns(kind)
    lines = []
    for name in dict.fromkeys([*was, *now]):
        if name != "id" and was.get(name) != now.get(name):
            label, choices = columns.get(name, (_COUNTS.get(name, name), {}))
            lines.append(Line(label, _shown(was.get(name), choices), _shown(now.get(name), choices)))
    return lines


def address_of(*, kind: str, number: str) -> str:
    """Where the object has a page of its own; empty for others."""
    if kind == "settlement" and number.isdigit():
        return reverse("settlement", args=[int(number)])
    if kind == "resettlement" and number.isdigit():
        return reverse("resettle_run", args=[int(number)])
    if kind == "publication_draft" and number.isdigit():
        return reverse("policy_draft", args=[int(number)])
    if kind == "publication_publishedversion" and "@" in number:
        pack, _, day = number.rpartition("@")
        area, slash, scheme = pack.partition("/")
        if slash:
            return reverse("policy_arrangement", args=[area, scheme])
        return reverse("policy_version", args=[pack, day])
    if kind == "control_case" and number.isdigit():
        return reverse("control_case", args=[int(number)])
    return ""


def _settlement(text: str) -> list[Line]:
    """A settlement is sealed as one line of values (``settlement_in_one_line``); amounts are fen."""
    parts = text.split("|")
    reversal = parts.pop(1) if parts[0] == "-1" else ""
    family_account = parts.pop() if len(parts) > len(_SETTLEMENT) + 1 else ""
    values: dict[str, str] = dict(zip(_SETTLEMENT, parts[1:], strict=False))
    if len(parts) < len(_SETTLEMENT) + 1:  # without an account there is no balance, and the line leaves nothing empty
        values["package"] = values.pop("balance", "")
    lines = [Line("类别", None, name_of("med_type", values["med_type"]))]
    lines += [Line(label, None, yuan(int(values[name]))) for name, label in _AMOUNTS.items() if name in values]
    lines.append(Line("险种", None, name_of("scheme_short", values["scheme"])))
    if reversal:
        lines.append(Line("撤销的结算", None, reversal))
    if family_account:
        lines.append(Line("共济账户编号", None, family_account))
    lines.append(Line("业务日期", None, str(_EPOCH + timedelta(days=int(values["day"])))))
    lines.append(Line("政策包", None, values["package"][:12]))
    return lines


def _values(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return {"text": text}
    return found if isinstance(found, dict) else {"text": found}


@cache
def _columns(kind: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Column → its Chinese name and the names of its codes."""
    for model in apps.get_models():
        if model._meta.db_table == kind:
            fields = model._meta.concrete_fields
            return {each.column: (str(each.verbose_name), _choices(each.flatchoices)) for each in fields}
    return {}


def _choices(pairs: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    return {str(code): str(name) for code, name in pairs}


_COUNTS = {"rows": "行数", "query": "查询条件", "text": "内容", "member": "共济成员", "first_day_without": "停止使用日"}


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:?\d\d|Z)")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def _readable(text: str) -> str:
    """A moment in the centre's time, a digest by its beginning."""
    if _MOMENT.fullmatch(text):
        return f"{timezone.localtime(datetime.fromisoformat(text)):%Y-%m-%d %H:%M:%S}"
    return f"{text[:12]}…" if _DIGEST.fullmatch(text) else text


def _shown(value: Any, choices: Mapping[str, str]) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "是" if value else "否"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = _readable(choices.get(text, text))
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
