"""审计查询: search the trail, export it, see who looked at a person's data, how far it is sealed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tongchou.control.api import queries, rights, sealing, trail
from tongchou.web.access import Request, page
from tongchou.web.control.trail_words import ACTIONS, CHANNELS, address_of, lines_of, object_names
from tongchou.web.excel import download, workbook_bytes
from tongchou.web.person_queries import person as find_person

MOST_EXPORTED = 50_000
PER_PAGE = 100
FIRST_LINES = 5
"""Fields of a row shown at once; the others unfold."""


@require_safe
@page(rights.TRAIL_READ)
def search(request: Request) -> HttpResponse:
    """Rows of the trail that fit the query strip, the latest first."""
    form, asked, error = _asked(request)
    before = request.GET.get("before", "")
    rows = trail.search(asked=asked, limit=PER_PAGE + 1, before_seq=int(before) if before.isdecimal() else None)
    names, posts = queries.operator_names(), queries.post_names()
    for row in rows:
        _tell(row)
        row.operator_name, row.post_name = names.get(row.operator, row.operator), posts.get(row.post, row.post)
    count, oldest = sealing.pending()
    strip = request.GET.copy()
    strip.pop("before", None)
    context = {
        "rows": rows[:PER_PAGE],
        "more": rows[PER_PAGE - 1].seq if len(rows) > PER_PAGE else None,
        "form": form,
        "error": error,
        "actions": ACTIONS,
        "kinds": sorted(object_names().items(), key=lambda pair: pair[1]),
        "pending": count,
        "oldest": oldest,
        "strip": strip.urlencode(),
    }
    return render(request, "control/trail.html", context, status=422 if error else 200)


@require_safe
@page(rights.TRAIL_EXPORT)
def export(request: Request) -> HttpResponse:
    """The rows as an Excel file that says who took it, when; the taking enters the trail."""
    _, asked, error = _asked(request)
    if error:
        raise Http404(error)
    rows = trail.search(asked=asked, limit=MOST_EXPORTED)
    trail.record(
        action=trail.EXPORT, object_kind="trail", after={"rows": len(rows), "query": request.GET.urlencode()[:300]}
    )
    now = timezone.localtime()
    mark = f"{request.user.name}({request.user.login}) {now:%Y-%m-%d %H:%M:%S} 导出 内部资料"
    head = (
        "流水号",
        "时间",
        "操作员",
        "岗位",
        "地址",
        "动作",
        "对象",
        "编号",
        "人员",
        "事项",
        "变更前",
        "变更后",
        "理由",
        "水印",
    )
    body = (
        (r.seq, r.at, r.operator, r.post, r.address, ACTIONS.get(r.action, r.action), r.object_kind, r.object_id,
         r.person_id, r.case_id, r.before or "", r.after or "", r.reason, mark)
        for r in rows
    )  # fmt: skip
    return download(workbook_bytes("审计留痕", head, body), f"审计留痕-{now:%Y%m%d%H%M%S}.xlsx")


@require_safe
@page(rights.TRAIL_READ)
def person(request: Request, number: str) -> HttpResponse:
    """谁看过我的信息: every look at one person's data."""
    found = find_person(number, timezone.localdate(), request.scope.parameters())
    if found is None:
        raise Http404("没有这个人员编号，或不在您的数据范围内")
    context = {
        "number": number,
        "rows": trail.readings_of(person_id=found["id"]),
        "actions": ACTIONS,
        "names": queries.operator_names(),
        "posts": queries.post_names(),
    }
    return render(request, "control/trail_person.html", context)


def _tell(row: Any) -> None:
    """Put beside a row what the page shows of it in words."""
    row.action_name = ACTIONS.get(row.action, row.action)
    row.channel_name = CHANNELS.get(row.channel, row.channel)
    row.object_name = object_names().get(row.object_kind, row.object_kind)
    row.page = address_of(kind=row.object_kind, number=row.object_id)
    lines = lines_of(kind=row.object_kind, before=row.before, after=row.after)
    row.first, row.rest = lines[:FIRST_LINES], lines[FIRST_LINES:]


def _asked(request: Request) -> tuple[dict[str, str], trail.Search, str]:
    today = timezone.localdate()
    form = {name: request.GET.get(name, "").strip()[:60] for name in _FIELDS}
    form["since"] = form["since"] or (today - timedelta(days=6)).isoformat()
    form["until"] = form["until"] or today.isoformat()
    error = ""
    try:
        since, until = date.fromisoformat(form["since"]), date.fromisoformat(form["until"])
    except ValueError:
        since = until = today
        error = "日期应如 2026-11-22"
    if until < since:
        error = "结束日期不能早于开始日期"
    numbers: dict[str, Any] = {}
    for name in ("person_id", "case_id"):
        if form[name] and not (form[name].isascii() and form[name].isdigit() and len(form[name]) < 19):
            error = "人员和事项编号应为数字"
        elif form[name]:
            numbers[name] = int(form[name])
    asked = trail.Search(
        since=since,
        until=until,
        operator=form["operator"],
        action=form["action"],
        object_kind=form["object_kind"],
        object_id=form["object_id"],
        area="" if request.scope.whole else request.scope.area[:6],
        **numbers,
    )
    return form, asked, error


_FIELDS = ("since", "until", "operator", "action", "object_kind", "object_id", "person_id", "case_id")
