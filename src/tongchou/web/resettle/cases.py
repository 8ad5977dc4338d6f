"""What a re-run would book passes two people: the kind of case, how it is handed in, shown and carried out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from tongchou.control.api import (
    Change,
    Execution,
    Kind,
    Operator,
    approvals,
    operators,
    register_kind,
    rights,
    search_hash,
)
from tongchou.kernel.money import format_yuan_grouped
from tongchou.operation import api as operation
from tongchou.registry.api import person_by_number
from tongchou.settlement.api import resettle
from tongchou.web import names

RERUN = "settlement.rerun"
SHOWN = 40


def register() -> None:
    """Make the kind known; called when the site starts."""
    register_kind(
        Kind(code=RERUN, title="重新结算", make=rights.RESETTLE_MAKE, execute=_book, describe=_describe, check=_check)
    )


def hand_in(*, run_id: int, maker: Operator) -> int:
    """Hand a tried run in for review. The case freezes its sums and the digest of each person's differences.

    Returns:
        The number of the case.

    Raises:
        Rejection: SETL-073, SETL-074, and those of ``control.api.request_approval`` (right, limit, a pending case).
    """
    made = resettle.check_submittable(run_id)
    payload = resettle.payload_of(made)
    if made.totals["persons"] <= resettle.AT_ONCE:
        rows = made.persons.filter(changed__gt=0).order_by("person_id")
        payload["proposals"] = [row.proposal for row in rows]
    case = approvals.request_approval(
        kind=RERUN,
        subject=f"rerun:{made.pk}",
        title=f"重新结算 {made.pk}：{made.totals['persons']:,} 人 {made.totals['changed']:,} 笔",
        payload=payload,
        area=made.area,
        maker=maker,
        amount=made.totals["moved"],
        subject_person=_whose(made),
        reason=made.reason,
        now=timezone.now(),
    )
    resettle.mark_submitted(run_id=made.pk, case_id=case.pk)
    return int(case.pk)


def _whose(made: resettle.Resettlement) -> str:
    """Whose settlements they are, where it is one person: nobody reviews the own ones."""
    if made.kind != resettle.Resettlement.Kind.PERSON:
        return ""
    number = person_by_number(number=made.persons.get().person.number).cert_no
    return search_hash(column=operators.ID_NUMBER_COLUMN, text=number.strip().upper())


def _check(payload: dict[str, Any]) -> None:
    resettle.check_submittable(payload["run"])


def _book(run: Execution) -> str:
    """The last approval: few persons are booked with it, many by a job."""
    made = resettle.approve_run(run_id=run.payload["run"], case_id=run.case_id, digest=run.payload["digest"])
    persons = made.totals["persons"]
    if persons > resettle.AT_ONCE:
        operation.request_job(
            kind=resettle.BOOK,
            key=f"rerun:{made.pk}",
            now=run.now,
            title=f"重新结算 {made.pk} 入账",
            area=made.area,
            arguments={"run": made.pk},
        )
        return f"{persons:,} 人的差异由后台任务入账，进度见“重新结算 {made.pk}”"
    while (row := resettle.next_to_book(made)) is not None:
        resettle.book_row(row_id=row, now=run.now)
    resettle.finish_booking(made, now=run.now)
    return f"已入账：{persons:,} 人 {made.totals['changed']:,} 笔"


def _describe(payload: dict[str, Any]) -> Sequence[Change]:
    totals = payload["totals"]
    sign = {True: "按现有", False: "沿用原"}
    told = [
        _same("重新结算编号", str(payload["run"])),
        _same("服务日期", f"{payload['begin']} 至 {payload['end']}"),
        _same("依据", f"{sign[payload['facts']]}参保身份，{sign[payload['policy']]}政策版本"),
        _same("有变化", f"{totals['persons']:,} 人 {totals['changed']:,} 笔；不能重新结算 {totals['refused']:,} 笔"),
    ]
    for fund, before, after in totals["funds"]:
        told.append(Change(label=names.FUNDS.get(fund, fund), before=_yuan(before), after=_yuan(after)))
    told += [
        _same("应退个人", _yuan(totals["to_persons"])),
        _same("个人应补", _yuan(totals["from_persons"])),
        _same("应付定点机构", "不变"),
    ]
    changes = [change for proposal in payload.get("proposals", ()) for change in proposal["changes"]]
    for change in changes[:SHOWN]:
        for payer, before, after in resettle.payer_rows(change):
            label = f"{change['day']} 结算 {change['settlement']} {payer}"
            told.append(Change(label=label, before=_yuan(before), after=_yuan(after)))
    if len(changes) > SHOWN:
        told.append(_same("其余", f"{len(changes) - SHOWN} 笔见“重新结算 {payload['run']}”"))
    return told


def _same(label: str, text: str) -> Change:
    return Change(label=label, before=text, after=text)


def _yuan(fen: int) -> str:
    return f"{format_yuan_grouped(fen)} 元"
