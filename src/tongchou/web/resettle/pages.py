"""The re-runs, one with its persons, one person with old and new side by side, the Excel export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tongchou.control.api import record, record_reading, rights
from tongchou.kernel.identifiers import mask_name
from tongchou.operation.api import JobRun
from tongchou.settlement.api import resettle
from tongchou.web import names
from tongchou.web.access import Request, page
from tongchou.web.database import value
from tongchou.web.excel import download, workbook_bytes, yuan_cell
from tongchou.web.resettle.comparing import compared, institutions

PER_PAGE = 15
EXPORT_ROWS = 50_000
HEAD = (
    "人员编号", "姓名", "结算编号", "服务日期", "机构", "待遇", "总额(元)", "付款方", "原金额(元)", "新金额(元)", "差额(元)", "原因",
)  # fmt: skip
State = resettle.Resettlement.State
JOBS = (resettle.TRY, resettle.BOOK)


def in_scope(request: Request) -> QuerySet[resettle.Resettlement]:
    """Re-runs that the operator may see: those of the pooling area, or the own ones where the operator has a part of it."""
    found = resettle.Resettlement.objects.filter(area=request.scope.pooling_area).select_related("made_by")
    return found if request.scope.whole else found.filter(made_by=request.user)


def visible(request: Request, run_id: int) -> resettle.Resettlement:
    """A re-run in the operator's scope; others do not exist."""
    made = in_scope(request).filter(pk=run_id).first()
    if made is None:
        raise Http404("没有这次重新结算，或不在您的数据范围内")
    return made


def came_back(made: resettle.Resettlement) -> bool:
    """Was the run handed in and returned by the reviewer, or taken back by its maker?"""
    if made.state != State.SUBMITTED or made.case_id is None:
        return False
    state = value("SELECT state FROM control_case WHERE id = %(id)s", {"id": made.case_id})
    return state in ("returned", "withdrawn")


@require_safe
@page(rights.SETTLEMENT_READ)
def runs(request: Request) -> HttpResponse:
    """The re-runs, newest first."""
    state = request.GET.get("state", "")
    found = in_scope(request).order_by("-made_at", "-pk")
    if state in State.values:
        found = found.filter(state=state)
    part = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"part": part, "state": state, "states": State.choices}
    return render(request, "web/resettle/runs.html", context)


@require_safe
@page(rights.SETTLEMENT_READ)
def run(request: Request, run_id: int) -> HttpResponse:
    """One re-run: sums, who is touched, what can't be settled again."""
    made = visible(request, run_id)
    return render(request, "web/resettle/run.html", _context(request, made))


@require_safe
@page(rights.SETTLEMENT_READ)
def live(request: Request, run_id: int) -> HttpResponse:
    """The part of the page that is asked for again while a job works on it."""
    made = visible(request, run_id)
    return render(request, "web/resettle/parts/run_live.html", _context(request, made))


def _context(request: Request, made: resettle.Resettlement) -> dict[str, Any]:
    only = request.GET.get("only", "")
    persons = made.persons.filter(Q(changed__gt=0) | Q(refused__gt=0)).select_related("person").order_by("person_id")
    if only == "refused":
        persons = persons.filter(refused__gt=0)
    elif only == "stale":
        persons = persons.filter(state=resettle.ResettledPerson.State.STALE)
    tried = made.state != State.TRYING
    part = Paginator(persons, PER_PAGE).get_page(request.GET.get("page")) if tried else None
    if part is not None:
        record_reading(persons=[row.person_id for row in part], object_kind="resettlement", object_id=str(made.pk))
    job = JobRun.objects.filter(kind__in=JOBS, key=f"rerun:{made.pk}").order_by("-pk").first()
    funds = [
        {"name": names.FUNDS.get(fund, fund), "before": before, "after": after, "change": after - before}
        for fund, before, after in made.totals.get("funds", ())
    ]
    back = came_back(made)
    return {
        "back": back,
        "made": made, "part": part, "job": job, "only": only, "funds": funds,
        "open": made.state in (State.TRYING, State.BOOKING),
        "may_submit": request.user.may(rights.RESETTLE_MAKE) and (made.state == State.TRIED or back),
        "may_drop": request.user.may(rights.RESETTLE_MAKE) and (made.state in (State.TRYING, State.TRIED) or back),
        "scheme": names.SCHEMES_SHORT.get(made.scheme, made.scheme or "全部"),
    }  # fmt: skip


@require_safe
@page(rights.SETTLEMENT_READ)
def person(request: Request, run_id: int, row_id: int) -> HttpResponse:
    """One person of a re-run: each settlement as it was decided and as it would be, with the steps of both."""
    made = visible(request, run_id)
    row = made.persons.select_related("person").filter(pk=row_id).first()
    if row is None:
        raise Http404("这次重新结算没有此人")
    record_reading(persons=[row.person_id], object_kind="resettlement", object_id=str(made.pk))
    shown, current = compared(made, row)
    context = {
        "made": made, "row": row, "changes": shown, "current": current, "owes": resettle.owes(row.cash),
        "refused": row.proposal.get("refused", []), "institutions": institutions(row.proposal),
    }  # fmt: skip
    return render(request, "web/resettle/person.html", context)


@require_safe
@page(rights.SETTLEMENT_EXPORT)
def export(request: Request, run_id: int) -> HttpResponse:
    """The differences as an Excel file, names masked."""
    made = visible(request, run_id)
    many = made.totals.get("changed", 0)
    record(action="export", object_kind="resettlement", object_id=str(made.pk), after={"settlements": many})
    content = workbook_bytes("重新结算差异", HEAD, _rows(made))
    return download(content, f"重新结算{made.pk}差异{timezone.localtime():%Y%m%d-%H%M%S}.xlsx")


def _rows(made: resettle.Resettlement) -> Iterator[tuple[object, ...]]:
    rows = made.persons.filter(changed__gt=0).select_related("person").order_by("person_id")
    for row in rows[:EXPORT_ROWS].iterator(chunk_size=500):
        known = institutions(row.proposal)
        for change in row.proposal["changes"]:
            for payer, before, after in resettle.payer_rows(change):
                yield (
                    row.person.number, mask_name(row.person.name), change["settlement"], change["day"],
                    known.get(change["institution"], change["institution"]), change["benefit"],
                    yuan_cell(change["total"]), payer, yuan_cell(before), yuan_cell(after), yuan_cell(after - before),
                    resettle.reasons(change),
                )  # fmt: skip
