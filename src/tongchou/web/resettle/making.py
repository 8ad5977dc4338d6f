"""新建试算, 提交复核, 作废: what a clerk does with a re-run."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongchou.control.api import record_reading, rights
from tongchou.kernel.rejection import Rejection
from tongchou.operation import api as operation
from tongchou.settlement.api import resettle
from tongchou.web import names, person_queries
from tongchou.web.access import Request, page
from tongchou.web.excel import download
from tongchou.web.imports import LARGEST_FILE
from tongchou.web.resettle import cases
from tongchou.web.resettle.pages import came_back, visible

REASONS = ("前序结算撤销", "参保身份追溯变更", "政策版本追溯生效", "参保补办", "稽核发现差错")
ERRORS_SHOWN = 50
_FIELDS = ("kind", "number", "scheme", "begin", "end", "reason")


@require_http_methods(["GET", "POST"])
@page(rights.RESETTLE_MAKE)
def new(request: Request) -> HttpResponse:
    """Whom to try, over which days of service, on which grounds. One person is tried at once, many by a job."""
    begin, end = resettle.default_period(timezone.localdate())
    form: dict[str, Any] = {
        "kind": "person", "number": request.GET.get("person", ""), "scheme": "", "begin": begin.isoformat(),
        "end": end.isoformat(), "reason": "", "facts": True, "policy": True,
    }  # fmt: skip
    problems: dict[str, str] = {}
    context: dict[str, Any] = {}
    if request.method == "POST":
        form = {name: request.POST.get(name, "").replace("\0", "").strip()[:300] for name in _FIELDS}
        form |= {"facts": "facts" in request.POST, "policy": "policy" in request.POST}
        try:
            made = _make(request, form, problems, context)
        except Rejection as refused:
            context["refusal"] = refused
            made = None
        if made is not None:
            return redirect("resettle_run", run_id=made.pk)
    context |= {"form": form, "problems": problems, "reasons": REASONS, "schemes": names.SCHEMES_SHORT.items()}
    context["whole"] = request.scope.whole
    return render(request, "web/resettle/new.html", context, status=422 if request.method == "POST" else 200)


def _make(
    request: Request, form: dict[str, Any], problems: dict[str, str], context: dict[str, Any]
) -> resettle.Resettlement | None:
    """The new run; ``None`` with what is wrong beside the fields."""
    days = {name: _day(form[name]) for name in ("begin", "end")}
    problems |= {name: "请填写日期，例如 2026-01-01" for name, day in days.items() if day is None}
    if len(form["reason"]) < 4:
        problems["reason"] = "请写明重新结算的原因和依据（至少 4 个字）"
    if form["kind"] not in resettle.Resettlement.Kind.values:
        problems["kind"] = "请选择范围"
    elif form["kind"] != "person" and not request.scope.whole:
        problems["kind"] = "批量重新结算由统筹区经办机构办理"
    persons = _persons(request, form, problems, context)
    if problems or days["begin"] is None or days["end"] is None:
        return None
    scope = resettle.Scope(
        area=request.scope.pooling_area, begin=days["begin"], end=days["end"], scheme=form["scheme"],
        facts=form["facts"], policy=form["policy"] or form["kind"] == "policy",
    )  # fmt: skip
    now = timezone.now()
    made = resettle.make_run(
        kind=form["kind"], scope=scope, reason=form["reason"], maker=request.user, now=now, persons=persons
    )
    if len(persons) == 1:
        record_reading(persons=persons, object_kind="resettlement", object_id=str(made.pk), reason=form["reason"])
        return resettle.try_all(made, now=now)
    operation.request_job(
        kind=resettle.TRY, key=f"rerun:{made.pk}", now=now, title=f"重新结算 {made.pk} 试算", area=made.area,
        arguments={"run": made.pk}, operator=request.user,
    )  # fmt: skip
    return made


def _persons(request: Request, form: dict[str, Any], problems: dict[str, str], context: dict[str, Any]) -> list[int]:
    if form["kind"] == "person":
        found = person_queries.person(form["number"], timezone.localdate(), request.scope.parameters())
        if found is None:
            told = "没有这个人员编号，或不在您的数据范围内" if form["number"] else "请填写人员编号"
            problems["number"] = told
        return [found["id"]] if found else []
    if form["kind"] != "list" or problems.get("kind"):
        return []
    file = request.FILES.get("file")
    if file is None or file.size is None or file.size > LARGEST_FILE:
        problems["file"] = f"请选择 Excel 或 CSV 名单，不超过 {LARGEST_FILE // 1024 // 1024} MB"
        return []
    persons, errors = resettle.check_list(
        content=file.read(), filename=file.name or "", area=request.scope.pooling_area
    )
    if errors:
        problems["file"] = f"名单有 {len(errors)} 处错误，没有采用任何一行；改正后请重新选择文件"
        context["errors"] = errors[:ERRORS_SHOWN]
    return persons


@require_safe
@page(rights.RESETTLE_MAKE)
def template(request: Request) -> HttpResponse:
    """An empty list to fill in."""
    return download(resettle.list_template(), "重新结算名单.xlsx")


@require_POST
@page(rights.RESETTLE_MAKE)
def submit(request: Request, run_id: int) -> HttpResponse:
    """Hand the differences in for review."""
    made = visible(request, run_id)
    try:
        case = cases.hand_in(run_id=made.pk, maker=request.user)
    except Rejection as refused:
        messages.error(request, refused.told)
        return redirect("resettle_run", run_id=run_id)
    messages.success(request, f"已提交复核（事项 {case}），通过后入账")
    return redirect("resettle_run", run_id=run_id)


@require_POST
@page(rights.RESETTLE_MAKE)
def drop(request: Request, run_id: int) -> HttpResponse:
    """Give a trial up that nobody has submitted, or that came back."""
    made = visible(request, run_id)
    try:
        resettle.drop_run(run_id=made.pk, came_back=came_back(made))
    except Rejection as refused:
        messages.error(request, refused.told)
    else:
        messages.success(request, "试算已作废，没有任何入账")
    return redirect("resettle_run", run_id=run_id)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
