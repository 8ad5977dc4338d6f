"""The one page of extracts: the form, what was asked for, the file to take out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tongchou.control.api import queries, rights, trail
from tongchou.kernel.rejection import Rejection
from tongchou.operation import api as operation
from tongchou.operation.api import JobRun
from tongchou.reports import api as reports
from tongchou.settlement import api as settlement
from tongchou.web.access import Request, page
from tongchou.web.names import TABLES

SHOWN = 20
FORM_NAMES = {"parquet": "Parquet（分析软件）", "csv": "CSV（电子表格）"}


@require_http_methods(["GET", "POST"])
@page(rights.DATA_EXTRACT)
def extracts(request: Request) -> HttpResponse:
    """Ask for an extract; what was asked for before, and where it stands."""
    area = request.scope.pooling_area
    form = {name: request.POST.get(name, "").strip() for name in ("scheme", "year", "form", "reason")}
    refusal = None
    if request.method == "POST":
        try:
            case = reports.request_extract(
                area=area,
                scheme=form["scheme"][:6],
                year=int(form["year"]) if form["year"].isdecimal() and len(form["year"]) == 4 else 0,
                form=form["form"],
                reason=form["reason"][:300],
                maker=request.user,
                now=timezone.now(),
            )
        except Rejection as refused:
            refusal = refused
        else:
            messages.success(request, f"抽取申请已提交（事项 {case.pk}），批准后自动生成")
            return redirect("extracts")
    schemes = {
        code: name for code, name in TABLES["scheme"].items() if settlement.years_with_claims(area=area, scheme=code)
    }
    context: dict[str, Any] = {
        "form": form,
        "refusal": refusal,
        "schemes": schemes.items(),
        "years": sorted(
            {year for code in schemes for year in settlement.years_with_claims(area=area, scheme=code)}, reverse=True
        ),
        "forms": FORM_NAMES.items(),
        "least": reports.least_persons(area=area),
        "waiting": queries.pending_of(kind=reports.CASE, area=area)[:SHOWN],
        "runs": _runs(request)[:SHOWN],
    }
    return render(request, "web/extracts/extracts.html", context, status=422 if refusal else 200)


@require_safe
@page(rights.DATA_EXTRACT)
def extract_file(request: Request, run_id: int) -> HttpResponse | FileResponse:
    """Take the file out: for who asked for it; each time stands in the trail."""
    run = _runs(request).filter(pk=run_id, requested_by=request.user).first()
    path = operation.file_folder(run_id) / (run.file if run is not None and run.file else "-")
    if run is None or not path.is_file():
        raise Http404("没有这个文件，或不是由您申请的")
    trail.record(action=trail.EXPORT, object_kind="extract", object_id=str(run_id), after={"file": run.file})
    return FileResponse(path.open("rb"), as_attachment=True, filename=run.file)


def _runs(request: Request) -> Any:
    found = JobRun.objects.filter(kind=reports.JOB, area=request.scope.pooling_area)
    return found.select_related("requested_by").order_by("-created_at")
