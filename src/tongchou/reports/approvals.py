"""An extract leaves the centre, so somebody asks for it with a reason and the management approves it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tongchou.control.api import Change, Execution, Kind, Operator, approvals, register_kind, rights
from tongchou.operation import api as operation
from tongchou.reports import rejections
from tongchou.reports.extract import FORMATS, least_persons

CASE = "data.extract"
JOB = "reports.extract"


def register() -> None:
    """Make the kind of case known; called when the room starts."""
    register_kind(
        Kind(
            code=CASE, title="匿名数据抽取", make=rights.DATA_EXTRACT, execute=_start, describe=_describe, check=_check
        )
    )


def request_extract(
    *, area: str, scheme: str, year: int, form: str, reason: str, maker: Operator, now: datetime
) -> Any:
    """Hand an extract in for approval. Returns the case.

    Raises:
        Rejection: REPO-003 the request is not valid, and those of ``control.api.request_approval``.
    """
    if not reason:
        raise rejections.WRONG_REQUEST(why="没有写明用途")
    return approvals.request_approval(
        kind=CASE,
        subject=f"{area}:{scheme}:{year}:{form}",
        title=f"匿名抽取 {year} 年度 险种 {scheme} 的结算数据",
        payload={"area": area, "scheme": scheme, "year": year, "form": form},
        area=area,
        maker=maker,
        reason=reason,
        now=now,
    )


def _check(payload: dict[str, Any]) -> None:
    if payload["form"] not in FORMATS:
        raise rejections.WRONG_REQUEST(why="文件格式应为 Parquet 或 CSV")
    if not 2000 <= int(payload["year"]) <= 2999 or not str(payload["scheme"]).isdigit():
        raise rejections.WRONG_REQUEST(why="年度或险种不正确")


def _start(run: Execution) -> str:
    maker = Operator.objects.get(login=run.maker)
    job = operation.request_job(
        kind=JOB,
        key=f"case:{run.case_id}",
        title=f"匿名抽取 {run.payload['year']} 年度 险种 {run.payload['scheme']}",
        area=run.payload["area"],
        arguments=run.payload,
        operator=maker,
        now=run.now,
    )
    return f"已提交抽取任务 {job.pk}，完成后由经办人下载"


def _describe(payload: dict[str, Any]) -> Sequence[Change]:
    rows = {
        "统筹区": payload["area"],
        "险种": payload["scheme"],
        "年度": str(payload["year"]),
        "格式": payload["form"],
        "同组最少人数": str(least_persons(area=payload["area"])),
        "内容": "区县、性别、年龄段、参保类别、月份、待遇、级别、金额（元）；无姓名、证件、人员编号、机构和日期",
    }
    return [Change(label=label, before="—", after=value) for label, value in rows.items()]
