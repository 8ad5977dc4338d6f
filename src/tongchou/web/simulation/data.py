"""The data sets of simulation: what is there, taking a file in with errors by row and column, deleting."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongchou.control.api import integer_of, record, rights
from tongchou.settlement import api as settlement
from tongchou.simulation import api as simulation
from tongchou.web.access import Request, page
from tongchou.web.excel import CONTENT_TYPE, workbook_bytes

LARGEST_FILE = 20 * 1024 * 1024
ERRORS_SHOWN = 100


@require_http_methods(["GET", "POST"])
@page(rights.SIMULATION_RUN)
def sets(request: Request) -> HttpResponse:
    """The data sets of the pooling area; a file that was sent is checked and taken in."""
    context: dict[str, Any] = {"schemes": schemes_of(request), "largest": LARGEST_FILE // 1024 // 1024}
    status = 200
    if request.method == "POST":
        problem = _take(request)
        if not problem:
            return redirect("simulation_data")
        context |= problem
        status = 422
    context |= {"sets": _with_their_end(store_of(request)), "scheme": request.POST.get("scheme", "")}
    context["titles"] = list(simulation.TITLES)
    context["names"] = {name: title for title, name in reversed(simulation.TITLES.items())}
    return render(request, "web/simulation/data.html", context, status=status)


def _with_their_end(store: simulation.Store) -> list[tuple[simulation.Snapshot, date]]:
    """The data sets, each with the day until which it is kept if nobody uses it again."""
    today = timezone.localdate()
    kept = timedelta(days=integer_of(code="retention.simulation_days", on=today))
    return [(one, timezone.localdate(store.last_used(one.hash) + kept)) for one in store.all()]


def _take(request: Request) -> dict[str, Any]:
    """Take the file in; what is wrong with it, or nothing."""
    file, scheme = request.FILES.get("file"), request.POST.get("scheme", "")
    if file is None or file.size is None:
        return {"problem": "请选择CSV或Parquet文件"}
    if file.size > LARGEST_FILE:
        return {"problem": f"文件超过 {LARGEST_FILE // 1024 // 1024} MB；更大的数据请用命令行 tongchou simulate"}
    if scheme not in dict(schemes_of(request)):
        return {"problem": "请选择险种"}
    name = (file.name or "费用文件")[:100]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source", Path(folder) / "claims.parquet"
        with source.open("wb") as opened:
            for chunk in file.chunks():
                opened.write(chunk)
        try:
            taken = simulation.take_in(source, target, name=name)
        except simulation.RowErrors as found:
            _keep_errors(request, found)
            return {"errors": found.errors[:ERRORS_SHOWN], "count": found.count, "kept": len(found.errors)}
        except simulation.ColumnError as error:
            return {"problem": str(error)}
        kept = store_of(request).keep(
            target, title=name, source="upload", scheme=scheme, claims=taken.claims, now=timezone.localtime()
        )
    record(action="upload", object_kind="simulation.data", object_id=kept.hash[:12], reason=f"{name} {taken.claims} 笔")
    messages.success(request, f"已收入 {name}：{taken.claims:,} 笔，{taken.persons:,} 人")
    return {}


@require_safe
@page(rights.SIMULATION_RUN)
def template(request: Request) -> HttpResponse:
    """A CSV file to fill in."""
    response = HttpResponse("\ufeff" + simulation.template(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="claims.csv"'
    return response


@require_safe
@page(rights.SIMULATION_RUN)
def errors(request: Request) -> HttpResponse | FileResponse:
    """All errors of the operator's last file, as an Excel file."""
    path = _errors_file(request)
    if not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename="数据错误.xlsx", content_type=CONTENT_TYPE)


@require_POST
@page(rights.SIMULATION_RUN)
def delete(request: Request, digest: str) -> HttpResponse:
    """Delete a data set; the results that were made from it stay."""
    if not store_of(request).forget(digest):
        raise Http404
    record(action="delete", object_kind="simulation.data", object_id=digest[:12])
    messages.success(request, "已删除这份数据；已有的模拟结果仍然保留")
    return redirect("simulation_data")


def store_of(request: Request) -> simulation.Store:
    """The data sets of the operator's pooling area."""
    return simulation.Store(Path(settings.MEDIA_ROOT), request.scope.pooling_area)


def schemes_of(request: Request) -> list[tuple[str, str]]:
    """The schemes that the pooling area has policies for: code and name."""
    area = request.scope.pooling_area
    bindings = settlement.book().bindings
    newest = [bindings.newest(at, scheme) for at, scheme in bindings.schemes if at == area]
    return [(bound.scheme, bound.title) for bound in newest if bound is not None]


def _errors_file(request: Request) -> Path:
    return store_of(request).folder / f"errors-{request.user.pk}.xlsx"


def _keep_errors(request: Request, found: simulation.RowErrors) -> None:
    head = ("行", "列", "问题", "处理办法")
    rows = [(error.row, error.column, error.message, error.remedy) for error in found.errors]
    path = _errors_file(request)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(workbook_bytes("数据错误", head, rows))
