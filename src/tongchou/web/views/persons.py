"""参保人员: search, a person's record, full identity data for a stated reason."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongchou.control.api import record_personal_access, record_reading, rights
from tongchou.kernel.period import age_on
from tongchou.registry.api import search_persons
from tongchou.web import explanation, person_queries
from tongchou.web.access import Request, page
from tongchou.web.forms import RevealForm
from tongchou.web.views.sign_in import address_of

MOST_FOUND = 200
PER_PAGE = 14
_SEARCHES = "person_searches"
_KEPT_SEARCHES = 10


@require_http_methods(["GET", "POST"])
@page(rights.PERSON_READ)
def persons(request: Request) -> HttpResponse:
    """Search by name, ID number, card or person number.

    What was searched for is kept in the session, not in the address: names and ID numbers belong neither in the
    browser's history nor in a server's log.
    """
    if request.method == "POST":
        return _remember(request)
    query = request.session.get(_SEARCHES, {}).get(request.GET.get("s", ""), "")
    if not query:
        return render(request, "web/persons.html", {"query": ""})
    found = search_persons(query=query, areas=[request.scope.area], limit=MOST_FOUND + 1)
    if len(found) == 1:
        return redirect("person", number=found[0].number)
    part = Paginator(found[:MOST_FOUND], PER_PAGE).get_page(request.GET.get("page"))
    record_reading(persons=[one.id for one in part], object_kind="person_search")
    today = timezone.localdate()
    enrolments = person_queries.current_enrolments([person.id for person in part], today)
    listed = [
        {"person": person, "age": age_on(person.birth_date, today), "enrolments": enrolments.get(person.id, [])}
        for person in part
    ]
    context = {"query": query, "found": listed, "part": part, "more": len(found) > MOST_FOUND, "s": request.GET["s"]}
    return render(request, "web/persons.html", context)


@require_safe
@page(rights.PERSON_READ)
def person(request: Request, number: str) -> HttpResponse:
    """A person's record, masked."""
    record = _record(request, number)
    record_reading(persons=[record["person"]["id"]], object_kind="person", object_id=number)
    return render(request, "web/person.html", record)


@require_POST
@page(rights.PERSON_UNMASK)
def person_reveal(request: Request, number: str) -> HttpResponse:
    """The record with full identity data, shown once, after the reason is kept."""
    record = _record(request, number)
    form = RevealForm(request.POST)
    if not form.is_valid():
        return render(request, "web/person.html", record | {"reveal_form": form}, status=422)
    record_personal_access(
        operator=request.user,
        person_number=number,
        reason=form.cleaned_data["reason"],
        address=address_of(request),
        now=timezone.now(),
    )
    record_reading(
        persons=[record["person"]["id"]],
        object_kind="person",
        object_id=number,
        reason=form.cleaned_data["reason"],
        action="unmask",
    )
    return render(request, "web/person.html", record | {"revealed": True, "reason": form.cleaned_data["reason"]})


def _remember(request: Request) -> HttpResponse:
    query = request.POST.get("q", "").replace("\0", "").strip()[:60]
    if not query:
        return redirect("persons")
    searches = dict(list(request.session.get(_SEARCHES, {}).items())[-_KEPT_SEARCHES + 1 :])
    known = next((key for key, kept in searches.items() if kept == query), None)
    key = known or secrets.token_hex(4)
    request.session[_SEARCHES] = searches | {key: query}
    return redirect(f"{reverse('persons')}?s={key}")


def _record(request: Request, number: str) -> dict[str, Any]:
    today, area = timezone.localdate(), request.scope.pooling_area
    found = person_queries.person(number, today, request.scope.parameters())
    if found is None:
        raise Http404("没有这个人员编号，或不在您的数据范围内")
    accounts = [account["id"] for account in found["accounts"] or []]
    return {
        "person": found,
        "age": age_on(found["birth_date"], found["death_date"] or today),
        "current": [enrolment for enrolment in found["enrolments"] or [] if enrolment["now"]],
        "entitled": [entitlement for entitlement in found["entitlements"] or [] if entitlement["now"]],
        "accumulators": explanation.counters_of(found["accumulators"], area, today),
        "visits": person_queries.visits(found["id"], area),
        "movements": person_queries.movements(accounts, area) if accounts else [],
        "reveal_form": RevealForm(),
        "reasons": RevealForm.REASONS,
        "today": today,
    }
