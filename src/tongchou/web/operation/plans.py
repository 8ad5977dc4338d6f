"""日终计划: the runs of the daily and monthly plans and their steps."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tongchou.control.api import rights
from tongchou.operation import api as operation
from tongchou.operation.api import PLANS, PlanRun
from tongchou.web.access import Request, page

SHOWN = 40


@require_safe
@page(rights.OPERATION_READ)
def plans(request: Request) -> HttpResponse:
    """The last runs of the plans, and the form that starts one."""
    found = PlanRun.objects.filter(area=request.scope.pooling_area).order_by("-day", "plan")[:SHOWN]
    rows = [{"run": run, "title": PLANS[run.plan].title, "steps": _steps(run)} for run in found]
    context = {"rows": rows, "yesterday": timezone.localdate() - timedelta(days=1), "plans": PLANS.values()}
    return render(request, "web/operation/plans.html", context)


@require_POST
@page(rights.OPERATION_RUN)
def plan_start(request: Request) -> HttpResponse:
    """Start a plan for a day; one that exists is shown."""
    name = request.POST.get("plan", "")
    try:
        day = date.fromisoformat(request.POST.get("day", ""))
    except ValueError:
        messages.error(request, "业务日期无法识别，请按 2026-11-22 的形式填写")
        return redirect("operation_plans")
    if name not in PLANS:
        raise Http404
    if day > timezone.localdate():
        messages.error(request, f"业务日 {day} 尚未到来，请选择今天或以前的日期")
        return redirect("operation_plans")
    run = operation.start_plan(
        plan=name, area=request.scope.pooling_area, day=day, now=timezone.now(), operator=request.user
    )
    return redirect("operation_plan", plan_id=run.pk)


@require_safe
@page(rights.OPERATION_READ)
def plan(request: Request, plan_id: int) -> HttpResponse:
    """One run with its steps."""
    return render(request, "web/operation/plan.html", _plan(request, plan_id))


@require_safe
@page(rights.OPERATION_READ)
def plan_live(request: Request, plan_id: int) -> HttpResponse:
    """The steps, asked for again while the plan runs."""
    return render(request, "web/operation/parts/plan_live.html", _plan(request, plan_id))


def _plan(request: Request, plan_id: int) -> dict[str, Any]:
    run = PlanRun.objects.filter(area=request.scope.pooling_area, pk=plan_id).first()
    if run is None:
        raise Http404
    steps = _steps(run)
    failed = next((step for step in steps if step.status in ("failed", "cancelled")), None)
    return {
        "run": run,
        "title": PLANS[run.plan].title,
        "steps": steps,
        "failed": failed,
        "open": run.status == "running",
    }


def _steps(run: PlanRun) -> list[Any]:
    return list(run.steps.order_by("pk"))
