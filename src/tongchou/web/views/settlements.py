"""结算查询: the list, its export, one settlement with its explanation, the printed statement."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tongchou.control.api import record, record_reading, rights
from tongchou.kernel.period import age_on
from tongchou.web import explanation, export, names, queries, statement
from tongchou.web import settlement_queries as reads
from tongchou.web.access import Request, page
from tongchou.web.excel import download
from tongchou.web.forms import SettlementFilterForm
from tongchou.web.waterfall import waterfall

PER_PAGE = 12
EXPORT_ROWS = 50_000


@require_safe
@page(rights.SETTLEMENT_READ)
def settlements(request: Request) -> HttpResponse:
    """The list with its query strip; without a question, the last day that has settlements."""
    given = _asked(request)
    form = SettlementFilterForm(given)
    context: dict[str, Any] = {"form": form, "choices": _choices(request), "columns": export.COLUMNS}
    if form.is_valid():
        asked, scope = form.filter(), request.scope.parameters()
        number = max(1, int(request.GET["page"])) if request.GET.get("page", "").isdecimal() else 1
        sums = reads.count(asked, scope)
        pages = max(1, -(-sums["settlements"] // PER_PAGE))
        number = min(number, pages)
        context |= {
            "found": reads.settlements(asked, scope, limit=PER_PAGE, offset=(number - 1) * PER_PAGE),
            "sums": sums, "number": number, "pages": pages, "query": _without_page(given),
        }  # fmt: skip
    template = "web/parts/settlement_list.html" if _only_part(request) else "web/settlements.html"
    return render(request, template, context, status=200 if form.is_valid() else 422)


@require_safe
@page(rights.SETTLEMENT_EXPORT)
def settlements_export(request: Request) -> HttpResponse:
    """What the list shows, as an Excel file with the chosen columns; names and ID numbers stay masked."""
    form = SettlementFilterForm(request.GET)
    if not form.is_valid():
        messages.error(request, "查询条件有误，没有导出。请先按提示改正查询条件")
        return redirect("settlements")
    asked, scope = form.filter(), request.scope.parameters()
    many = reads.count(asked, scope)["settlements"]
    if many > EXPORT_ROWS:
        messages.error(request, f"共 {many:,} 条，超过一次导出上限 {EXPORT_ROWS:,} 条。请缩短日期范围后分次导出")
        return redirect("settlements")
    chosen = export.chosen(request.GET.getlist("column"))
    record(action="export", object_kind="settlement", after={"rows": many, "columns": list(chosen)})
    content = export.settlements_file(reads.settlements(asked, scope, limit=EXPORT_ROWS), chosen)
    return download(content, f"结算清单{timezone.localtime():%Y%m%d-%H%M%S}.xlsx")


@require_safe
@page(rights.SETTLEMENT_READ)
def settlement(request: Request, settlement_id: int) -> HttpResponse:
    """One settlement: waterfall, explained steps, fee lines, journal."""
    found = _found(request, settlement_id)
    payments = found["payments"] or []
    context = {
        "settlement": found,
        "payments": payments,
        "bars": waterfall(found, payments),
        "steps": explanation.steps_of(found),
        "policy": explanation.policy_of(found),
        "versions": explanation.versions_of(found),
        "lines": reads.lines(found),
        "age": age_on(found["birth_date"], found["business_date"]),
    }
    return render(request, "web/settlement.html", context)


@require_safe
@page(rights.SETTLEMENT_READ)
def settlement_statement(request: Request, settlement_id: int) -> HttpResponse:
    """The statement (结算单) as a PDF, opened in the browser to be printed."""
    found = _found(request, settlement_id)
    content = statement.statement_pdf(
        settlement=found,
        steps=explanation.steps_of(found),
        lines=reads.lines(found),
        policy=explanation.policy_of(found),
        centre=queries.area_name(request.scope.pooling_area) + "医疗保险中心",
        printed_by=request.user.name,
        printed_at=timezone.localtime(),
    )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="statement-{settlement_id}.pdf"'
    return response


def _found(request: Request, settlement_id: int) -> dict[str, Any]:
    found = reads.settlement(settlement_id, request.scope.parameters())
    if found is None:
        raise Http404("没有这笔结算，或不在您的数据范围内")
    persons = [found["person_id"], *([found["payer"]["id"]] if found["payer"] else [])]
    record_reading(persons=persons, object_kind="settlement", object_id=str(settlement_id))
    return found


def _asked(request: Request) -> QueryDict:
    asked = request.GET.copy()
    if not any(name in asked for name in SettlementFilterForm.base_fields):
        area = request.scope.pooling_area
        day = queries.day_to_show(area, queries.business_day(area, timezone.localdate()).day).isoformat()
        asked["begin"] = asked["end"] = day
    return asked


def _choices(request: Request) -> dict[str, Any]:
    return {
        "institutions": reads.institutions(request.scope.pooling_area),
        "schemes": names.SCHEMES_SHORT.items(),
        "med_types": names.med_types_by_name(),
        "states": SettlementFilterForm.STATES,
    }


def _without_page(data: QueryDict) -> str:
    kept = data.copy()
    kept.pop("page", None)
    return kept.urlencode()


def _only_part(request: Request) -> bool:
    headers = request.headers
    return bool(headers.get("HX-Request")) and not headers.get("HX-History-Restore-Request")
