"""日终对账: the days, one day three ways, closing it, export."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tongchou.control.api import record, rights
from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.settlement import api as settlement
from tongchou.web import day_queries, queries
from tongchou.web.access import Request, page
from tongchou.web.excel import download, workbook_bytes, yuan_cell
from tongchou.web.reconciliation import compare, institution_difference, with_statements

PER_PAGE = 20


@require_safe
@page(rights.RECONCILIATION_READ)
def days(request: Request) -> HttpResponse:
    """The business days, newest first."""
    number = int(request.GET["page"]) if request.GET.get("page", "").isdecimal() else 1
    number = max(1, min(number, 10_000))
    area = request.scope.pooling_area
    today = queries.business_day(area, timezone.localdate()).day
    found = day_queries.last_days(area, today, limit=PER_PAGE + 1, offset=(number - 1) * PER_PAGE)
    context = {"days": found[:PER_PAGE], "number": number, "more": len(found) > PER_PAGE, "today": today}
    return render(request, "web/days.html", context)


@require_safe
@page(rights.RECONCILIATION_READ)
def day(request: Request, day: date) -> HttpResponse:
    """The reconciliation of a day."""
    return render(request, "web/day.html", _reconciliation(request, day))


@require_POST
@page(rights.DAY_CLOSE)
def day_close(request: Request, day: date) -> HttpResponse:
    """Close the day. What stands against it comes back on the page with what to do."""
    try:
        settlement.close_day(area=request.scope.pooling_area, day=day, now=timezone.now())
    except Rejection as refused:
        return render(request, "web/day.html", _reconciliation(request, day) | {"refusal": refused}, status=422)
    messages.success(request, f"{day:%Y-%m-%d} 已日结，该日不再入账")
    return redirect("day", day=day)


@require_safe
@page(rights.RECONCILIATION_READ)
def day_export(request: Request, day: date) -> HttpResponse:
    """The institutions of the day as an Excel file."""
    head = ["机构编号", "机构名称", "结算笔数", "撤销笔数", "医疗费总额(元)", "基金支付(元)", "个人账户(元)", "现金(元)",
            "账簿基金(元)", "账簿账户(元)", "账簿现金(元)", "差异(元)"]  # fmt: skip
    money = ("total", "fund_pay", "account_pay", "cash_pay", "ledger_fund", "ledger_account", "ledger_cash")
    found = day_queries.by_institution(request.scope.pooling_area, day, sorted(ledger.ACCOUNT_FUNDS))
    body = (
        [one["code"], one["name"], one["settlements"], one["revocations"], *(yuan_cell(one[name]) for name in money),
         yuan_cell(institution_difference(one))]
        for one in found
    )  # fmt: skip
    record(action="export", object_kind="reconciliation", object_id=day.isoformat())
    return download(workbook_bytes(f"对账{day:%Y-%m-%d}", head, body), f"日终对账{day:%Y%m%d}.xlsx")


def _reconciliation(request: Request, day: date) -> dict[str, Any]:
    area = request.scope.pooling_area
    today = queries.business_day(area, timezone.localdate()).day
    if day > today:
        raise Http404("这个业务日还没有到来")
    viewed = settlement.day_view(area=area, day=day)
    comparison = compare(viewed.views)
    institutions = with_statements(day_queries.by_institution(area, day, sorted(ledger.ACCOUNT_FUNDS)), viewed)
    sums = ("settlements", "revocations", "total", "fund_pay", "account_pay", "cash_pay", "ledger_fund",
            "ledger_account", "ledger_cash", "difference")  # fmt: skip
    return {
        "day": day,
        "today": today,
        "begun": day <= timezone.localdate(),
        "figures": ledger.figures_of(area=area, day=day),
        "comparison": comparison,
        "institutions": institutions,
        "claims": [claim for claim in viewed.claims if not claim.equal],
        "silent": len(viewed.silent),
        "sums": {name: sum(one[name] for one in institutions) for name in sums},
        "printed_at": timezone.localtime(),
        "area_name": queries.area_name(area),
        "equal": viewed.equal and comparison.equal and not any(one["difference"] for one in institutions),
    }
