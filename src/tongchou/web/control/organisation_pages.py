"""组织机构: the tree; adding, renaming, moving and closing, each with its date and a second person's review."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tongchou.control.api import approvals, organisations, queries, rights
from tongchou.control.rejections import WRONG_ORGANISATION
from tongchou.kernel.areas import is_within
from tongchou.kernel.rejection import Rejection
from tongchou.web.access import Request, page


@require_safe
@page(rights.RIGHTS_READ)
def tree(request: Request) -> HttpResponse:
    """The organisations of the area, open ones before closed ones."""
    found = organisations.tree(area=request.scope.area)
    context = {"found": found, "today": timezone.localdate()}
    return render(request, "control/organisations.html", context)


@require_http_methods(["GET", "POST"])
@page(rights.OPERATOR_MANAGE)
def new(request: Request) -> HttpResponse:
    """A new organisation below an existing one."""
    form = {"code": "", "name": "", "kind": "", "parent": request.GET.get("parent", ""), "area": "", "reason": ""}
    form |= {"on": timezone.localdate().isoformat()}
    form |= {name: str(value).strip()[:100] for name, value in request.POST.items() if name in form}
    refusal = None
    if request.method == "POST":
        if form["area"] and not is_within(form["area"], request.scope.area):
            refusal = WRONG_ORGANISATION(why="数据范围不在您的范围内", field="area")
        else:
            refusal, case = _hand_in(request, organisations.ADD, form)
            if case:
                return redirect("control_case", case_id=case)
    context = {
        "form": form,
        "refusal": refusal,
        "kinds": organisations.Organisation.Kind.choices,
        "parents": _open(request),
    }
    return render(request, "control/organisation_new.html", context, status=422 if refusal else 200)


@require_http_methods(["GET", "POST"])
@page(rights.RIGHTS_READ)
def change(request: Request, code: str) -> HttpResponse:
    """One organisation: what it is, what it was, and its change."""
    found = queries.organisation(code=code)
    if found is None or not is_within(found.area, request.scope.area):
        raise Http404("没有这个机构，或不在您的数据范围内")
    form = {"action": "", "name": found.name, "parent": found.parent.code if found.parent else "", "reason": ""}
    form |= {"on": timezone.localdate().isoformat()}
    form |= {name: str(value).strip()[:100] for name, value in request.POST.items() if name in form}
    refusal = None
    if request.method == "POST":
        if not request.user.may(rights.OPERATOR_MANAGE):
            raise PermissionDenied("您的岗位不能变更组织机构。")
        if form["action"] in (organisations.RENAME, organisations.MOVE, organisations.CLOSE):
            wanted = form | {"code": code, "kind": found.kind, "area": found.area}
            if form["action"] != organisations.RENAME:
                wanted["name"] = found.name
            refusal, case = _hand_in(request, form["action"], wanted)
            if case:
                return redirect("control_case", case_id=case)
    context = {
        "organisation": found,
        "versions": found.versions.select_related("parent", "case").order_by("since", "pk"),
        "actions": organisations.ACTIONS,
        "parents": [each for each in _open(request) if each.pk != found.pk],
        "form": form,
        "refusal": refusal,
        "today": timezone.localdate(),
    }
    return render(request, "control/organisation.html", context, status=422 if refusal else 200)


def _hand_in(request: Request, action: str, form: dict[str, str]) -> tuple[Rejection | None, int]:
    payload: dict[str, Any] = {name: form[name] for name in ("code", "name", "kind", "parent", "area", "on")}
    try:
        case = approvals.request_approval(
            kind=organisations.KIND,
            subject=payload["code"],
            title=f"{organisations.ACTIONS[action]}机构 {payload['name']}",
            payload=payload | {"action": action},
            area=request.scope.area,
            maker=request.user,
            reason=form["reason"],
            now=timezone.now(),
        )
    except Rejection as refused:
        return refused, 0
    messages.success(request, f"已提交（事项 {case.pk}），待内控复核")
    return None, int(case.pk)


def _open(request: Request) -> list[Any]:
    return [each for each in organisations.tree(area=request.scope.area) if each.closed_on is None]
