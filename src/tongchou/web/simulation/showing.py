"""Runs of simulation: the list, one with its progress and result, two or more side by side, the workbook."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tongchou.control.api import record, rights
from tongchou.kernel.rejection import Rejection
from tongchou.operation import api as operation
from tongchou.operation.api import JobRun
from tongchou.simulation import api as simulation
from tongchou.web.access import Request, page
from tongchou.web.excel import CONTENT_TYPE
from tongchou.web.simulation.charts import Chart, column_chart
from tongchou.web.simulation.data import store_of

PER_PAGE = 20
OPEN = (JobRun.Status.WAITING, JobRun.Status.QUEUED, JobRun.Status.RUNNING)
FIRST, SECOND, GAIN, LOSS = "bar-total", "bar-fund", "bar-fund", "bar-cash"
MOST_COMPARED = 5


@require_safe
@page(rights.SIMULATION_RUN)
def runs(request: Request) -> HttpResponse:
    """The runs of the pooling area, newest first."""
    number = int(request.GET["page"]) if request.GET.get("page", "").isdecimal() else 1
    number = max(1, min(number, 10_000))
    found = _of_area(request).order_by("-created_at", "-pk")
    rows = list(found[(number - 1) * PER_PAGE : number * PER_PAGE + 1])
    shown = [(run, _change(run)) for run in rows[:PER_PAGE]]
    context = {
        "runs": shown,
        "more": len(rows) > PER_PAGE,
        "number": number,
        "open": any(r.status in OPEN for r in rows),
    }
    return render(request, "web/simulation/runs.html", context)


@require_safe
@page(rights.SIMULATION_RUN)
def run(request: Request, run_id: int) -> HttpResponse:
    """One run: progress while it runs, then its result."""
    return render(request, "web/simulation/run.html", _run(request, run_id))


@require_safe
@page(rights.SIMULATION_RUN)
def live(request: Request, run_id: int) -> HttpResponse:
    """The progress, asked for again while the run is open; when it has ended the page is loaded anew."""
    context = _run(request, run_id)
    if not context["open"]:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "web/simulation/parts/progress.html", context)


@require_POST
@page(rights.SIMULATION_RUN)
def cancel(request: Request, run_id: int) -> HttpResponse:
    """End a run after the portion that it is computing."""
    one = _one(request, run_id)
    try:
        operation.cancel_job(run_id=one.pk)
    except Rejection as refused:
        messages.error(request, refused.told)
    return redirect("simulation_run", run_id=run_id)


@require_safe
@page(rights.SIMULATION_RUN)
def excel(request: Request, run_id: int) -> HttpResponse | FileResponse:
    """The workbook of a run."""
    one = _one(request, run_id)
    path = operation.file_folder(one.pk) / simulation.FILE
    if one.status != JobRun.Status.DONE or not path.is_file():
        raise Http404
    record(action="export", object_kind="simulation", object_id=str(one.pk))
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=f"政策模拟{one.pk}.xlsx", content_type=CONTENT_TYPE
    )


@require_safe
@page(rights.SIMULATION_RUN)
def compare(request: Request) -> HttpResponse:
    """The changed policies of several runs side by side. Only runs on the same claims say something about policies."""
    asked = [int(text[:18]) for text in request.GET.getlist("run") if text.isdecimal()][:MOST_COMPARED]
    found = [(one, figures) for one in _of_area(request).filter(pk__in=asked) if (figures := _figures(one))]
    found.sort(key=lambda pair: asked.index(pair[0].pk))
    if len(found) < 2:
        messages.error(request, f"请选择2至{MOST_COMPARED}个已完成的模拟")
        return redirect("simulation")
    return render(request, "web/simulation/compare.html", _compared(found))


# -- finding ------------------------------------------------------------------------------------------------------------


def _of_area(request: Request) -> QuerySet[JobRun]:
    return JobRun.objects.filter(kind=simulation.KIND, area=request.scope.pooling_area).select_related("requested_by")


def _one(request: Request, run_id: int) -> JobRun:
    found = _of_area(request).filter(pk=run_id).first()
    if found is None:
        raise Http404
    return found


def _figures(one: JobRun) -> dict[str, Any] | None:
    path = operation.file_folder(one.pk) / simulation.FIGURES
    if one.status != JobRun.Status.DONE or not path.is_file():
        return None
    figures: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return figures


def _change(one: JobRun) -> int | None:
    """By how much the fund's outlay changes, in fen."""
    figures = _figures(one)
    row = _headline(figures).get("fund") if figures else None
    return row["values"][1] - row["values"][0] if row and len(row["values"]) > 1 else None


def _headline(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {row["name"]: row for row in figures["headline"]}


def _run(request: Request, run_id: int) -> dict[str, Any]:
    one = _one(request, run_id)
    inputs = simulation.Inputs.of(one.arguments["inputs"])
    figures = _figures(one)
    digest = one.result.get("数据哈希") or one.arguments.get("data") or ""
    context: dict[str, Any] = {
        "run": one,
        "open": one.status in OPEN,
        "inputs": simulation.described(inputs),
        "data": store_of(request).find(str(digest)) if digest else None,
        "digest": digest,
        "source": _source(one),
    }
    return context | (_shown(figures) if figures else {})


def _source(one: JobRun) -> str:
    """Which claims a run is about, before it knows more."""
    year = one.arguments.get("year")
    return str(one.result.get("数据") or (f"数据库 {year} 待遇年度" if year else "已有数据"))


# -- showing ------------------------------------------------------------------------------------------------------------


def _shown(figures: Mapping[str, Any]) -> dict[str, Any]:
    titles = [scenario["title"] for scenario in figures["scenarios"]]
    kinds = list(zip((FIRST, SECOND), titles, strict=False))
    tables = [
        (title, [(simulation.row_name(name, row["name"], figures), row["values"]) for row in figures["outlay"][name]])
        for name, title in simulation.grouping_titles().items()
    ]
    deciles, bands = figures["distribution"]["deciles"], simulation.bands_of(figures["distribution"])
    months = figures["outlay"]["month"]
    return {
        "figures": figures,
        "titles": titles,
        "headline": _headline(figures),
        "tables": tables,
        "bands": bands,
        "difference_bands": [(simulation.band_text(b["over"], b["upto"]), b) for b in _difference_bands(figures)],
        "capacity": [(figures["funds"].get(row["fund"], row["fund"]), row) for row in figures["capacity"]],
        "income_ends": _income_ends(figures),
        "by_month": _chart(
            "每月基金支出", [row["name"][0] for row in months], kinds, [row["values"] for row in months]
        ),
        "by_decile": _chart(
            "个人负担十等分人均", [f"第{row['tenth']}组" for row in deciles], kinds, [row["means"] for row in deciles]
        ),
        "by_band": _chart(
            "个人负担分档人数（元）",
            _short(figures["distribution"]["bands"]),
            kinds,
            [v for _, v in bands],
            money=False,
        ),
        "by_difference": _difference_chart(figures),
    }


def _income_ends(figures: Mapping[str, Any]) -> list[tuple[str, list[int]]]:
    income = figures.get("income")
    ends = (("收入合计", "received"), ("支出（折全年）", "outlay"), ("当年结余", "left"))
    return [(title, income[name]) for title, name in ends] if income else []


def _chart(
    title: str,
    labels: Sequence[str],
    kinds: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[int]],
    *,
    money: bool = True,
) -> Chart:
    series = [(kind, name, [values[number] for values in rows]) for number, (kind, name) in enumerate(kinds)]
    return column_chart(title, labels, series, money=money)


def _difference_bands(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    return figures["winners"]["bands"] if figures["winners"] else []


def _difference_chart(figures: Mapping[str, Any]) -> Chart | None:
    """Who gains above the line, who loses below it, by the size of the difference."""
    bands = _difference_bands(figures)
    if not bands:
        return None
    labels = _short(bands)
    gain, loss = [band["winners"] for band in bands], [-band["losers"] for band in bands]
    return column_chart(
        "受益与受损人数，按每人差额（元）", labels, [(GAIN, "负担减轻", gain), (LOSS, "负担加重", loss)], money=False
    )


def _short(bands: Sequence[Mapping[str, Any]]) -> list[str]:
    return [simulation.short_band(band["over"], band["upto"]) for band in bands]


def _compared(found: Sequence[tuple[JobRun, Mapping[str, Any]]]) -> dict[str, Any]:
    base = _headline(found[0][1])
    same = len({one.result.get("数据哈希") for one, _ in found}) == 1
    names = [name for name in base if name not in ("total", "share", "refused")]
    rows = [
        (base[name]["title"], base[name]["values"][0], [_last(_headline(figures)[name]) for _, figures in found])
        for name in names
    ]
    return {"found": found, "same": same, "rows": rows, "people": _people(found)}


def _last(row: Mapping[str, Any]) -> int:
    return int(row["values"][-1])


def _people(found: Sequence[tuple[JobRun, Mapping[str, Any]]]) -> list[tuple[str, list[int]]]:
    def column(figure: str) -> list[int]:
        return [(figures["winners"] or {}).get(figure, 0) for _, figures in found]

    cases = [figures["catastrophic"]["values"][-1] for _, figures in found]
    return [("负担减轻（人）", column("winners")), ("负担加重（人）", column("losers")), ("灾难性支出（人）", cases)]
