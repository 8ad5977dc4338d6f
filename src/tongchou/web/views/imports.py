"""Import of reference data: template → upload → check → errors or confirmation → result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongchou.control.api import rights, writing
from tongchou.kernel.rejection import Rejection
from tongchou.tables.api import Report
from tongchou.web.access import Request, page
from tongchou.web.control import import_cases
from tongchou.web.excel import download
from tongchou.web.imports import IMPORTS, LARGEST_FILE, Import, check, errors_file
from tongchou.web.models import Upload

KEPT = timedelta(hours=12)
ERRORS_SHOWN = 100


@require_http_methods(["GET", "POST"])
@page(rights.REFERENCE_IMPORT)
def upload(request: Request, kind: str) -> HttpResponse:
    """Ask for the file; a file that was sent is kept and checked, nothing is written yet."""
    one = _import(kind)
    context: dict[str, Any] = {"one": one, "largest": LARGEST_FILE // 1024 // 1024}
    if request.method != "POST":
        return render(request, "web/import.html", context)
    file = request.FILES.get("file")
    if file is None:
        return render(request, "web/import.html", context | {"problem": "请选择要导入的文件"}, status=422)
    if file.size is None or file.size > LARGEST_FILE:
        problem = f"文件超过 {LARGEST_FILE // 1024 // 1024} MB，请拆成几个文件分次导入"
        return render(request, "web/import.html", context | {"problem": problem}, status=422)
    now = timezone.now()
    Upload.objects.filter(uploaded_at__lt=now - KEPT).delete()
    kept = Upload.objects.create(
        operator=request.user, kind=kind, filename=(file.name or "")[:200], content=file.read(), uploaded_at=now
    )
    return redirect("import_check", kind=kind, upload_id=kept.pk)


@require_safe
@page(rights.REFERENCE_IMPORT)
def import_check(request: Request, kind: str, upload_id: int) -> HttpResponse:
    """What the import would do, or what is wrong with the file, row by row."""
    one, kept = _import(kind), _upload(request, kind, upload_id)
    try:
        report = check(one, content=bytes(kept.content), filename=kept.filename)
    except Rejection as refused:
        kept.delete()
        context = {"one": one, "refusal": refused, "largest": LARGEST_FILE // 1024 // 1024}
        return render(request, "web/import.html", context, status=422)
    context = {"one": one, "kept": kept, "report": report, "errors": report.errors[:ERRORS_SHOWN]}
    context["reviewed"] = kind in import_cases.REVIEWED
    return render(request, "web/import_check.html", context)


@require_safe
@page(rights.REFERENCE_IMPORT)
def import_errors(request: Request, kind: str, upload_id: int) -> HttpResponse:
    """All errors of the file as an Excel file."""
    one, kept = _import(kind), _upload(request, kind, upload_id)
    report = check(one, content=bytes(kept.content), filename=kept.filename)
    return download(errors_file(report.errors), f"{one.title}导入错误.xlsx")


@require_POST
@page(rights.REFERENCE_IMPORT)
def import_confirm(request: Request, kind: str, upload_id: int) -> HttpResponse:
    """Write all rows or none; or hand them in for review, where a second person must see them first."""
    one, kept = _import(kind), _upload(request, kind, upload_id)
    reviewed = kind in import_cases.REVIEWED
    content = bytes(kept.content)
    with writing(reason=f"导入 {kept.filename}"):
        report = (check if reviewed else _run)(one, content=content, filename=kept.filename)
    if not report.ok:
        messages.error(request, "检查之后数据有变化，部分行已不能导入，没有写入任何一行。请按下面的提示处理")
        return redirect("import_check", kind=kind, upload_id=upload_id)
    if reviewed:
        return _hand_in(request, one, kept, report)
    kept.delete()
    messages.success(request, f"{one.title}已导入：新增 {report.created:,} 条，更新 {report.updated:,} 条")
    return redirect(one.list_url)


@require_safe
@page(rights.REFERENCE_IMPORT)
def import_template(request: Request, kind: str) -> HttpResponse:
    """The empty file to fill in."""
    one = _import(kind)
    return download(one.template(), f"{one.title}导入模板.xlsx")


def _run(one: Import, *, content: bytes, filename: str) -> Report:
    return one.run(content=content, filename=filename)


def _hand_in(request: Request, one: Import, kept: Upload, report: Report) -> HttpResponse:
    """What decides about money waits for a second person."""
    try:
        case = import_cases.hand_in(
            one=one,
            filename=kept.filename,
            content=bytes(kept.content),
            report=report,
            area=request.scope.area,
            maker=request.user,
        )
    except Rejection as refused:
        messages.error(request, refused.told)
        return redirect("import_check", kind=one.kind, upload_id=kept.pk)
    kept.delete()
    messages.success(request, f"{one.title}导入已提交（事项 {case}），复核通过后写入")
    return redirect("control_case", case_id=case)


def _import(kind: str) -> Import:
    if kind not in IMPORTS:
        raise Http404("没有这种导入")
    return IMPORTS[kind]


def _upload(request: Request, kind: str, upload_id: int) -> Upload:
    kept = Upload.objects.filter(pk=upload_id, kind=kind, operator=request.user).first()
    if kept is None:
        raise Http404("文件已导入或已过期，请重新上传")
    return kept
