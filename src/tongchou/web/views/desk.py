"""工作台: the day's figures, the last settlements, the state of the days before."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tongchou.control.api import rights
from tongchou.web import day_queries, queries
from tongchou.web.access import SIGNED_IN, Request, page
from tongchou.web.control.cases import todo


@require_safe
@page(SIGNED_IN)
def desk(request: Request) -> HttpResponse:
    """The first page. Who may see no settlements gets the reference data's entrance instead of figures."""
    if not request.user.may(rights.SETTLEMENT_READ):
        counts = queries.reference_counts(timezone.localdate())
        return render(request, "web/desk_reference.html", {"counts": counts, "todo": todo(request)})
    return render(request, "web/desk.html", _figures(request) | {"todo": todo(request)})


@require_safe
@page(rights.SETTLEMENT_READ)
def desk_live(request: Request) -> HttpResponse:
    """The part of the desk that is asked for again every ten seconds."""
    return render(request, "web/parts/desk_live.html", _figures(request))


def _figures(request: Request) -> dict[str, Any]:
    area = request.scope.pooling_area
    today = queries.business_day(area, timezone.localdate()).day
    day: date = queries.day_to_show(area, today)
    totals = queries.day_totals(area, day)
    return {
        "day": day,
        "today": today,
        "totals": totals,
        "funds": queries.day_funds(area, day),
        "institutions": queries.day_institutions(area, day),
        "latest": queries.latest_settlements(request.scope.parameters() | {"day": day}),
        "days": day_queries.last_days(area, today, limit=4),
        "asked_at": timezone.localtime(),
    }
