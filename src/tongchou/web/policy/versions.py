"""The packs on a timeline, a version as a document, the difference of two versions, the cases with their results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tongchou.control.api import rights
from tongchou.kernel.rejection import Rejection
from tongchou.policy import COMPONENT_TITLES
from tongchou.policy.casedata import case_data
from tongchou.policy.caseread import Case, read_case_file
from tongchou.policy.cases import CaseResult, run_case
from tongchou.policy.document import version_differences, version_document
from tongchou.publication import api as publication
from tongchou.publication.api import Draft
from tongchou.web.access import Request, page
from tongchou.web.policy import reading
from tongchou.web.policy.timeline import pieces, scale_of

EXPECTED = {
    "fund": "基金合计",
    "person": "个人合计",
    "account": "账户支付",
    "account_after": "账户余额",
    "cash": "现金",
    "counted_in": "计入年度",
    "refused": "拒绝",
    "total": "合计",
    "person_cash": "个人实缴",
    "on_behalf": "代缴",
}
"""What a case may expect, in words."""


@require_safe
@page(rights.REFERENCE_READ)
def packs(request: Request) -> HttpResponse:
    """All packs by area, each with its versions on the common line of years."""
    today = timezone.localdate()
    text = request.GET.get("q", "").strip()[:60]
    book = publication.library()
    found, scale = reading.groups(book, text=text, today=today)
    context = {
        "groups": found,
        "scale": scale,
        "today_at": scale.at(today),
        "text": text,
        "count": sum(len(group.lines) for group in found),
        "total": len(book.packs),
        "drafts": Draft.objects.filter(area=request.scope.pooling_area, state__in=["open", "submitted"]).count(),
        "tab": "packs",
    }
    return render(request, "policy/packs.html", context)


@require_safe
@page(rights.REFERENCE_READ)
def version(request: Request, pack: str, since: date) -> HttpResponse:
    """One version as a document."""
    book = publication.library()
    found = reading.version_or_404(book, pack, since)
    document = version_document(book, found)
    context = _head(book, found) | {"sections": reading.Printer().sections(document.sections), "tab": "document"}
    return render(request, "policy/version.html", context)


@require_safe
@page(rights.REFERENCE_READ)
def version_text(request: Request, pack: str, since: date) -> HttpResponse:
    """The text of a version as a file: what ``tongchou policy check`` and ``evaluate`` take."""
    found = reading.version_or_404(publication.library(), pack, since)
    response = HttpResponse(publication.text_of(found.tree), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'{pack}-{since}.yaml')}"
    return response


@require_safe
@page(rights.REFERENCE_READ)
def difference(request: Request, pack: str) -> HttpResponse:
    """What one version of a pack changes against another, in words."""
    book = publication.library()
    versions = list(book.packs.get(pack, ()))
    if not versions:
        raise Http404("没有这个政策包")
    after = _chosen(request.GET.get("after", ""), versions) or versions[-1]
    place = versions.index(after)
    before = _chosen(request.GET.get("before", ""), versions) or versions[max(place - 1, 0)]
    context = _head(book, after) | {
        "before": before,
        "after": after,
        "changes": version_differences(before, after) if before is not after else [],
        "tab": "difference",
    }
    return render(request, "policy/difference.html", context)


def _chosen(text: str, versions: list[Any]) -> Any:
    return next((version for version in versions if version.pack.start.isoformat() == text), None)


@require_safe
@page(rights.REFERENCE_READ)
def cases(request: Request, pack: str, since: date) -> HttpResponse:
    """The golden cases of a pack, run now: passed or not, expected and computed of every amount."""
    book = publication.library()
    found = reading.version_or_404(book, pack, since)
    run = request.GET.get("run") == "1"
    results = results_of(pack) if run else []
    context = _head(book, found) | {
        "run": run,
        "results": results,
        "passed": sum(shown.result.ok for shown in results),
        "count": len(results),
        "waiting": sum(pack in _packs_of(case) for tree in publication.case_trees(pack) for case in case_data(tree)),
        "tab": "cases",
    }
    return render(request, "policy/cases.html", context)


def _mentions(tree: Any, pack: str) -> bool:
    return any(pack in _packs_of(case) for case in case_data(tree))


def _packs_of(case: dict[str, Any]) -> list[str]:
    packs = case.get("packs") or []
    return packs if isinstance(packs, list) else [packs]


@dataclass(frozen=True, slots=True)
class ShownCase:
    """A case with its result and what it expected, amount by amount."""

    result: CaseResult
    expected: tuple[tuple[str, str], ...]


def results_of(pack: str) -> list[ShownCase]:
    """The cases of a pack, run with the packs as they are; the days that the cases name choose the versions."""
    book = publication.library()
    return [
        _shown(run_case(book, case), case)
        for tree in publication.case_trees(pack)
        if _mentions(tree, pack)
        for case in read_case_file(tree)
        if pack in case.packs
    ]


def _shown(result: CaseResult, case: Case) -> ShownCase:
    titles = {layer.id: layer.title for visit in result.visits for layer in visit.plan.layers}
    titles |= {spec.name: spec.title for visit in result.visits for spec in visit.plan.accumulators}
    titles |= {value.name: value.title for value in result.values} | EXPECTED
    titles |= {f"burden.{name}": f"个人：{title}" for name, title in COMPONENT_TITLES.items()} | COMPONENT_TITLES
    many = len(case.steps) > 1
    expected = tuple(
        (f"第{number}次 {_titled(name, titles)}" if many else _titled(name, titles), value)
        for number, step in enumerate(case.steps, 1)
        for name, value in step.expect.items()
    )
    return ShownCase(result, expected)


def _titled(name: str, titles: dict[str, str]) -> str:
    year, slash, rest = name.partition("/")
    if slash and year.isdigit():  # 2024/pool: one year of a stay that is divided
        return f"{year}年度{_titled(rest, titles)}"
    if name.startswith("ratio."):
        layer = name.removeprefix("ratio.")
        return f"{titles.get(layer, layer)}的比例"
    return titles.get(name, name)


@require_POST
@page(rights.POLICY_MAKE)
def undo(request: Request, pack: str, since: date) -> HttpResponse:
    """Ask for a published version to be taken back before its day."""
    row = reading.published_row(reading.version_or_404(publication.library(), pack, since))
    if row is None:
        raise Http404("没有这个已发布的政策版本")
    try:
        case = publication.propose_undoing(
            version=row, reason=request.POST.get("reason", ""), maker=request.user, now=timezone.now()
        )
    except Rejection as refused:
        messages.error(request, refused.told)
        return redirect("policy_version", pack=pack, since=since)
    messages.success(request, f"撤销申请已提交（事项 {case}），两人复核通过后该版本不再生效")
    return redirect("control_case", case_id=case)


def _head(book: Any, found: Any) -> dict[str, Any]:
    """What is above every page of a version."""
    today = timezone.localdate()
    versions = book.packs[found.pack.id]
    scale = scale_of(versions, today)
    row = reading.published_row(found)
    return {
        "version": found,
        "pack": found.pack,
        "versions": versions,
        "pieces": pieces(versions, scale, today),
        "scale": scale,
        "today_at": scale.at(today),
        "current": next(
            (piece.kind for piece in pieces(versions, scale, today) if piece.since == found.pack.start), ""
        ),
        "published": row,
        "may_undo": row is not None and row.starts_on > today,
        "chain": reading.chains_of(book, found.pack.id)[0][0],
    }
