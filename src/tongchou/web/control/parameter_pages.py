"""参数字典: parameters with history, proposing a value, dictionaries, the calendar, numbering."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tongchou.control.api import approvals, queries, rights
from tongchou.control.rejections import BEYOND_THE_CASE
from tongchou.kernel.rejection import Rejection
from tongchou.web.access import Request, page


@require_http_methods(["GET", "POST"])
@page(rights.PARAMETER_READ)
def parameters(request: Request) -> HttpResponse:
    """Every parameter with its value today, planned values and history; a change is handed in for review."""
    today = timezone.localdate()
    names = ("code", "area", "value", "since", "source")
    form = {"since": today.isoformat()} | {
        name: request.POST.get(name, "").strip()[:200] for name in names if name in request.POST
    }
    refusal = None
    if request.method == "POST":
        payload: dict[str, Any] = {name: form.get(name, "") for name in names}
        try:
            _refuse_part(request, payload["area"])
            made = approvals.request_approval(
                kind="parameter.value",
                subject=f"{payload['code']}:{payload['area']}",
                title=f"参数 {payload['code']} 改为 {payload['value']}",
                payload=payload,
                area=request.scope.area,
                maker=request.user,
                reason=payload["source"],
                now=timezone.now(),
            )
        except Rejection as refused:
            refusal = refused
        else:
            messages.success(request, f"参数变更已提交（事项 {made.pk}），待复核")
            return redirect("control_case", case_id=made.pk)
    context = {"parameters": queries.parameters(on=today), "form": form, "refusal": refusal, "today": today}
    return render(request, "control/parameters.html", context, status=422 if refusal else 200)


@require_safe
@page(rights.PARAMETER_READ)
def dictionary(request: Request) -> HttpResponse:
    """The dictionaries, and the values of one."""
    text, code = request.GET.get("q", "").strip()[:60], request.GET.get("code", "")[:60]
    chosen, values = queries.code_values(code=code) if code else (None, [])
    context = {"sets": queries.code_sets(text=text), "q": text, "chosen": chosen, "values": values}
    return render(request, "control/dictionary.html", context)


@require_http_methods(["GET", "POST"])
@page(rights.PARAMETER_READ)
def calendar(request: Request) -> HttpResponse:
    """The working-day calendar of a year; a change is handed in for review."""
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and 2000 <= int(asked) <= 2100 else timezone.localdate().year
    names = ("day", "kind", "name", "source")
    form = {name: request.POST.get(name, "").strip()[:200] for name in names}
    refusal = None
    if request.method == "POST":
        try:
            _refuse_part(request, "")
            made = approvals.request_approval(
                kind="calendar.day",
                subject=form["day"][:10],
                title=f"工作日历 {form['day'][:10]}",
                payload=dict(form),
                area=request.scope.area,
                maker=request.user,
                reason=form["source"],
                now=timezone.now(),
            )
        except Rejection as refused:
            refusal = refused
        else:
            messages.success(request, f"日历变更已提交（事项 {made.pk}），待复核")
            return redirect("control_case", case_id=made.pk)
    days = queries.calendar_days(year=year)
    context = {"days": days, "year": year, "form": form, "refusal": refusal, "series": queries.number_series()}
    return render(request, "control/calendar.html", context, status=422 if refusal else 200)


def _refuse_part(request: Request, area: str) -> None:
    """What holds everywhere is not for a county to propose.

    Raises:
        Rejection: CTRL-057.
    """
    if not area and not request.scope.whole:
        raise BEYOND_THE_CASE(reach="全部", area=request.scope.area)
