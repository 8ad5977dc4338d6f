"""任务中心: the jobs, one job with its progress and log, start, cancel, retry, download."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tongchou.control.api import rights
from tongchou.kernel.jobs import KINDS
from tongchou.kernel.rejection import Rejection
from tongchou.operation import api as operation
from tongchou.operation.api import JobRun
from tongchou.reports import api as reports
from tongchou.web.access import Request, page

PER_PAGE = 25
LOG_LINES = 200
OPEN = (JobRun.Status.WAITING, JobRun.Status.QUEUED, JobRun.Status.RUNNING)


@require_safe
@page(rights.OPERATION_READ)
def jobs(request: Request) -> HttpResponse:
    """The jobs of the operator's pooling area and of the instance, newest first."""
    number = int(request.GET["page"]) if request.GET.get("page", "").isdecimal() else 1
    number = max(1, min(number, 10_000))
    status = request.GET.get("status", "")
    found = in_scope(request).select_related("requested_by").order_by("-created_at", "-pk")
    if status in JobRun.Status.values:
        found = found.filter(status=status)
    rows = list(found[(number - 1) * PER_PAGE : number * PER_PAGE + 1])
    context = {
        "runs": rows[:PER_PAGE],
        "more": len(rows) > PER_PAGE,
        "number": number,
        "status": status,
        "statuses": JobRun.Status.choices,
        "kinds": sorted((kind for kind in KINDS.values() if kind.by_hand), key=lambda kind: kind.title),
        "now": timezone.now(),
    }
    return render(request, "web/operation/jobs.html", context)


@require_POST
@page(rights.OPERATION_RUN)
def job_start(request: Request) -> HttpResponse:
    """Start a job by hand. The form carries a key, so pressing twice starts one."""
    kind = KINDS.get(request.POST.get("kind", ""))
    if kind is None or not kind.by_hand:
        raise Http404
    key = request.POST.get("key", "")[:60] or timezone.now().isoformat()
    run = operation.request_job(
        kind=kind.name, key=f"hand:{key}", now=timezone.now(), area=request.scope.pooling_area, operator=request.user
    )
    return redirect("operation_job", run_id=run.pk)


@require_safe
@page(rights.OPERATION_READ)
def job(request: Request, run_id: int) -> HttpResponse:
    """One job."""
    return render(request, "web/operation/job.html", _job(request, run_id))


@require_safe
@page(rights.OPERATION_READ)
def job_live(request: Request, run_id: int) -> HttpResponse:
    """The part of the page that is asked for again while the job is open."""
    return render(request, "web/operation/parts/job_live.html", _job(request, run_id))


@require_POST
@page(rights.OPERATION_RUN)
def job_cancel(request: Request, run_id: int) -> HttpResponse:
    """Cancel a job."""
    one(request, run_id)
    try:
        run = operation.cancel_job(run_id=run_id)
    except Rejection as refused:
        messages.error(request, refused.told)
    else:
        text = "已取消" if run.status == JobRun.Status.CANCELLED else "已请求取消，当前一步完成后停止"
        messages.success(request, text)
    return redirect("operation_job", run_id=run_id)


@require_POST
@page(rights.OPERATION_RUN)
def job_retry(request: Request, run_id: int) -> HttpResponse:
    """Run a failed or cancelled job again from where it stopped."""
    one(request, run_id)
    try:
        operation.retry_job(run_id=run_id)
    except Rejection as refused:
        messages.error(request, refused.told)
    else:
        messages.success(request, "已重新排队，从断点继续")
    return redirect("operation_job", run_id=run_id)


@require_safe
@page(rights.OPERATION_READ)
def job_file(request: Request, run_id: int) -> HttpResponse | FileResponse:
    """Download the result: for who asked for it, and for who runs the system."""
    run = one(request, run_id)
    path = operation.file_folder(run.pk) / run.file
    own = run.requested_by_id == request.user.pk
    if run.kind == reports.JOB:  # leaves by its own page, which notes it in the trail
        raise Http404
    if not run.file or not path.is_file() or not (own or request.user.may(rights.OPERATION_RUN)):
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename=run.file)


def in_scope(request: Request) -> QuerySet[JobRun]:
    """The runs that the operator may know of: their pooling area's and the instance's own."""
    return JobRun.objects.filter(Q(area=request.scope.pooling_area) | Q(area=""))


def one(request: Request, run_id: int) -> JobRun:
    """A run in the operator's scope; others do not exist."""
    run = in_scope(request).select_related("requested_by", "plan").filter(pk=run_id).first()
    if run is None:
        raise Http404
    return run


def _job(request: Request, run_id: int) -> dict[str, Any]:
    run = one(request, run_id)
    lines = list(run.lines.order_by("-pk")[:LOG_LINES])[::-1]
    return {"run": run, "lines": lines, "open": run.status in OPEN, "result": sorted(run.result.items())}
