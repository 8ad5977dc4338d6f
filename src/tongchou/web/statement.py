"""The printed statement (结算单): the data of a settlement as text for the Typst template, and the PDF made of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.utils import timezone

from tongchou.kernel.identifiers import mask_id_number, mask_name
from tongchou.kernel.money import format_yuan_grouped
from tongchou.policy.explain import ExplainedStep
from tongchou.web.names import name_of
from tongchou.web.templatetags.tongchou import micro_yuan, quantity, ratio, yuan_or_dash
from tongchou.web.waterfall import Bar, waterfall
from tongchou.web.words import yuan_in_words

_ROOM = Path(__file__).parent


def statement_pdf(
    *,
    settlement: dict[str, Any],
    steps: Sequence[ExplainedStep],
    lines: Sequence[dict[str, Any]],
    policy: str,
    centre: str,
    printed_by: str,
    printed_at: datetime,
) -> bytes:
    """The PDF, A4, with every font it needs inside."""
    data = statement_data(
        settlement=settlement,
        steps=steps,
        lines=lines,
        policy=policy,
        centre=centre,
        printed_by=printed_by,
        printed_at=printed_at,
    )
    compiler = typst.Compiler(
        (_ROOM / "print" / "statement.typ").read_bytes(),
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
    content = compiler.compile(format="pdf")
    if not isinstance(content, bytes):
        raise TypeError("a PDF is one file")
    return content


@cache
def _fonts() -> typst.Fonts:
    """Our own font and no other, so that a statement looks the same wherever it is printed. Read once per process."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_ROOM / "fonts"])


def statement_data(
    *,
    settlement: dict[str, Any],
    steps: Sequence[ExplainedStep],
    lines: Sequence[dict[str, Any]],
    policy: str,
    centre: str,
    printed_by: str,
    printed_at: datetime,
) -> dict[str, Any]:
    """Everything that stands on the statement, as text."""
    bars = waterfall(settlement, settlement["payments"] or [])
    return {
        "title": "医疗保险费用结算单",
        "centre": centre,
        "id": str(settlement["id"]),
        "state": _state(settlement),
        "facts": _facts(settlement),
        "bars": [_bar(bar, number in (0, len(bars) - 1)) for number, bar in enumerate(bars)],
        "parts": [
            {"kind": one.kind, "title": one.title, "amount": format_yuan_grouped(one.amount)}
            for one in bars[0].segments
        ],
        "payer": _payer(settlement),
        "cash": format_yuan_grouped(settlement["cash_pay"]),
        "cash_words": yuan_in_words(settlement["cash_pay"]),
        "policy": policy,
        "steps": [_step(step) for step in steps],
        "lines": [_line(number, line) for number, line in enumerate(lines, 1)],
        "totals": _totals(settlement),
        "printed_by": printed_by,
        "printed_at": f"{printed_at:%Y-%m-%d %H:%M:%S}",
    }


def _state(settlement: dict[str, Any]) -> str:
    if settlement["direction"] < 0:
        return f"撤销单：红冲结算 {settlement['reversal_of_id']}"
    if settlement["revoked_by"]:
        return f"本结算已于 {timezone.localtime(settlement['revoked_at']):%Y-%m-%d %H:%M} 撤销，不作报销凭证"
    return ""


def _payer(one: dict[str, Any]) -> str:
    """Who let the person pay from the own account (家庭共济), masked; empty for the person's own account."""
    if not one.get("payer") or not one["account_pay"]:
        return ""
    paid = format_yuan_grouped(one["account_pay"])
    return f"个人账户支付 {paid} 元为家庭共济，由 {mask_name(one['payer']['name'])} 的个人账户支付。"


def _facts(one: dict[str, Any]) -> list[tuple[str, str]]:
    begin, end = timezone.localtime(one["begin_at"]), one["end_at"] and timezone.localtime(one["end_at"])
    stay = f"{begin:%Y-%m-%d}" + (f" 至 {end:%Y-%m-%d}" if end and end.date() != begin.date() else "")
    level = name_of("level", one["institution_level"] or "")
    return [
        ("姓名", one["person_name"]),
        ("证件号码", mask_id_number(one["cert_no"])),
        ("人员编号", one["person_number"]),
        ("险种", name_of("scheme_short", one["scheme"])),
        ("人员类别", name_of("person_type", one["person_type"])),
        ("医疗类别", name_of("med_type", one["med_type"])),
        ("定点机构", f"{one['institution_name']}（{level}）" if level else one["institution_name"]),
        ("就诊日期", stay),
        ("住院/门诊号", one["visit_no"] or "—"),
        ("诊断", one["disease_name"] or one["diagnosis_name"] or "—"),
        ("结算时间", f"{timezone.localtime(one['settled_at']):%Y-%m-%d %H:%M:%S}"),
        ("发票号", one["invoice_no"] or "—"),
    ]


def _bar(bar: Bar, strong: bool) -> dict[str, Any]:
    return {
        "title": bar.title,
        "amount": f"− {format_yuan_grouped(bar.amount)}"
        if not strong and bar.amount > 0
        else format_yuan_grouped(bar.amount),
        "left": "" if strong else f"余 {format_yuan_grouped(bar.left)}",
        "strong": strong,
        "segments": [{"kind": one.kind, "x": one.x, "width": one.width} for one in bar.segments],
    }


def _step(step: ExplainedStep) -> dict[str, Any]:
    return {
        "no": step.no,
        "title": step.title,
        "formula": step.formula,
        "substituted": step.substituted + (f"（舍入前 {step.amount_exact}）" if step.amount_exact else ""),
        "amount": "" if step.amount is None else format_yuan_grouped(step.amount),
        "citation": step.citation,
    }


def _line(number: int, line: dict[str, Any]) -> list[str]:
    own_share = yuan_or_dash(line["prior_self_pay"])
    if line["prior_self_pay"]:
        own_share += f" ({ratio(line['prior_self_pay_ratio'])})"
    return [
        str(number), f"{line['name']} {line['spec'] or ''}".strip(), name_of("item_class", line["item_class"]),
        micro_yuan(line["unit_price"]), quantity(line["quantity"]) + (line["unit"] or ""),
        format_yuan_grouped(line["amount"]), yuan_or_dash(line["out_of_scope"]), yuan_or_dash(line["over_limit"]),
        own_share, yuan_or_dash(line["in_scope"]),
    ]  # fmt: skip


def _totals(one: dict[str, Any]) -> list[str]:
    amounts = [one[name] for name in ("total", "out_of_scope", "over_limit", "prior_self_pay", "in_scope")]
    return ["", "合计", "", "", "", *(yuan_or_dash(amount) for amount in amounts)]
