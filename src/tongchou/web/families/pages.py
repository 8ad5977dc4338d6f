"""家庭共济 at the counter: the page of a person, binding a relative, ending a binding. Both are cases for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tongchou.accounts import api as accounts
from tongchou.accounts.api import FamilyView, Wish
from tongchou.control.api import Upload, queries, record_reading, rights
from tongchou.control.rejections import WRONG_VALUE
from tongchou.kernel.rejection import Rejection
from tongchou.registry import api as registry
from tongchou.web import person_queries
from tongchou.web.access import Request, page
from tongchou.web.database import Row
from tongchou.web.families import reads

ID_CARD, ID_DIGITS = "02", 18
REASONS = (
    "账户所有人授权书、户口簿",
    "账户所有人授权书、结婚证",
    "账户所有人授权书、出生医学证明",
    "账户所有人申请解除",
    "授权期满",
    "身份关系变化",
)
_FIELDS = ("member", "relation", "scheme", "since", "last", "reason", "ends")
_TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}


@require_safe
@page(rights.PERSON_READ)
def family(request: Request, number: str) -> HttpResponse:
    """A person's family account: members, owners, and what others paid."""
    found, today = _person(request, number), timezone.localdate()
    own = [account["id"] for account in found["accounts"] or []]
    members, owners = accounts.members_of(owner_id=found["id"]), accounts.owners_of(member_id=found["id"])
    used = reads.used_by_others(own) if own else []
    sums = reads.sums_by_member(own, today) if own else {}
    seen = {found["id"], *(one.member_id for one in members), *(one.owner_id for one in owners)}
    record_reading(persons=sorted(seen | {one["person_id"] for one in used}), object_kind="family", object_id=number)
    context = {
        "person": found,
        "members": [_row(one, today) | {"sums": sums.get(one.member_id)} for one in members],
        "owners": [_row(one, today) for one in owners],
        "used": used,
        "year": sum(row["this_year"] for row in sums.values()),
        "waiting": _waiting(request, found, [one.id for one in (*members, *owners)]),
    }
    return render(request, "web/families/family.html", context)


@require_http_methods(["GET", "POST"])
@page(rights.FAMILY_MAKE)
def bind(request: Request, number: str) -> HttpResponse:
    """Hand in a binding: the member by ID or person number, the relation, from when, on which grounds."""
    found, today = _person(request, number), timezone.localdate()
    schemes = [account["scheme"] for account in found["accounts"] or []]
    form = _form(request) or {"since": today.isoformat(), "scheme": schemes[0] if schemes else ""}
    form |= {"member": form.get("member") or request.GET.get("member", "")[:30]}
    refusal = None
    if request.method == "POST":
        try:
            case = accounts.propose_binding(
                wish=_wish(request, form, number),
                reason=form["reason"],
                maker=request.user,
                now=timezone.now(),
                attachments=_attachments(request),
            )
        except Rejection as refused:
            refusal = refused
        else:
            messages.success(request, f"共济绑定已提交（事项 {case}），请核对成员姓名；复核通过后可以使用")
            return redirect("control_case", case_id=case)
    else:
        record_reading(persons=[found["id"]], object_kind="family", object_id=number)
    context = {
        "person": found,
        "form": form,
        "schemes": schemes,
        "relations": accounts.admitted_relations(area=request.scope.pooling_area, on=today).items(),
        "reasons": REASONS[:3],
        "refusal": refusal,
    }
    return render(request, "web/families/new.html", context, status=422 if refusal else 200)


@require_http_methods(["GET", "POST"])
@page(rights.FAMILY_MAKE)
def end(request: Request, number: str, binding_id: int) -> HttpResponse:
    """Hand in the end of a binding, from which day on, on which grounds."""
    found, today = _person(request, number), timezone.localdate()
    bound = accounts.binding(binding_id=binding_id)
    if bound is None or bound.owner_number != number or bound.state(today) == "已解除":
        raise Http404("没有这条共济绑定，或它已经解除")
    form = _form(request) or {"ends": today.isoformat()}
    refusal = None
    if request.method == "POST":
        try:
            case = accounts.propose_ending(
                binding_id=binding_id,
                first_day_without=_day(form["ends"], "停止使用日", "ends"),
                reason=form["reason"],
                maker=request.user,
                now=timezone.now(),
                attachments=_attachments(request),
            )
        except Rejection as refused:
            refusal = refused
        else:
            messages.success(request, f"共济解除已提交（事项 {case}），复核通过后生效")
            return redirect("control_case", case_id=case)
    else:
        record_reading(persons=[found["id"], bound.member_id], object_kind="family", object_id=number)
    context = {"person": found, "bound": _row(bound, today), "form": form, "reasons": REASONS[3:], "refusal": refusal}
    return render(request, "web/families/end.html", context, status=422 if refusal else 200)


def _person(request: Request, number: str) -> Row:
    found = person_queries.person(number, timezone.localdate(), request.scope.parameters())
    if found is None:
        raise Http404("没有这个人员编号，或不在您的数据范围内")
    return found


def _row(one: FamilyView, today: date) -> dict[str, Any]:
    return {"binding": one, "state": one.state(today)}


def _waiting(request: Request, found: Row, bindings: Sequence[int]) -> list[Any]:
    """Cases about this person's bindings that wait for a second person, as owner or as member."""
    areas = sorted({found["area_id"], request.scope.area, request.scope.pooling_area})

    def of_kind(kind: str, about: Q) -> list[Any]:
        return [case for area in areas for case in queries.pending_of(kind=kind, area=area).filter(about)]

    number = found["number"]
    made = of_kind(accounts.BINDING, Q(title__startswith=number) | Q(subject=number))
    return made + of_kind(accounts.ENDING, Q(subject__in=[str(each) for each in bindings]))


def _form(request: Request) -> dict[str, str]:
    if request.method != "POST":
        return {}
    return {name: request.POST.get(name, "").replace("\0", "").strip()[:300] for name in _FIELDS}


def _wish(request: Request, form: dict[str, str], number: str) -> Wish:
    return Wish(
        owner_number=number,
        member_number=_member_number(form["member"]),
        scheme=form["scheme"],
        relation=form["relation"],
        area=request.scope.pooling_area,
        since=_day(form["since"], "首日", "since"),
        last=_day(form["last"], "最后一天", "last") if form["last"] else None,
    )


def _member_number(text: str) -> str:
    """The person number that an ID number stands for; anything else is taken for a person number."""
    if not text:
        raise WRONG_VALUE(name="共济成员", value="", why="请输入成员的证件号码或人员编号", field="member")
    if len(text) == ID_DIGITS:
        return registry.find_person(kind=ID_CARD, number=text.upper()).number
    return text


def _day(text: str, name: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WRONG_VALUE(name=name, value=text, why="日期应如 2026-11-22", field=field) from None


def _attachments(request: Request) -> list[Upload]:
    given: Any = request.FILES.get("paper")
    if given is None:
        return []
    name = (given.name or "授权书").replace("/", "_").replace("\\", "_")[-120:]
    kind = _TYPES.get(name.rpartition(".")[2].lower(), given.content_type or "")
    return [Upload(name=name, content_type=kind, content=given.read())]
