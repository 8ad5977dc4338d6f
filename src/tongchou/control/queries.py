"""Reads for the screens of control: operators and grants, cases, sessions, sign-ins, parameters, dictionaries."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from tongchou.control import rights
from tongchou.control.models import (
    Attachment,
    CalendarDay,
    Case,
    CodeSet,
    CodeValue,
    Grant,
    Inspection,
    InspectionItem,
    NumberSeries,
    Operator,
    Organisation,
    Parameter,
    Post,
    ReviewRule,
    SeparationRule,
    SignInAttempt,
)
from tongchou.control.services.parameters import standard_value
from tongchou.kernel.areas import prefix_of


def operators(*, area: str, text: str = "") -> list[Operator]:
    """Operators with a grant in the area, and those without any; narrowed by login name or name."""
    found = _working_in(area)
    if text:
        found = found.filter(Q(login__icontains=text) | Q(name__icontains=text))
    return list(found.order_by("-is_active", "login")[:300])


def _working_in(area: str) -> QuerySet[Operator]:
    held = Q(grants__area__startswith=prefix_of(area)) | Q(grants__isnull=True)
    return Operator.objects.filter(held).distinct().prefetch_related("grants__post")


def operator_in(*, login: str, area: str) -> Operator | None:
    """One operator, if the operator works in the area or has no grant yet."""
    return _working_in(area).filter(login=login).first()


def grants_of(operator: Operator) -> list[Grant]:
    """Every grant of an operator, the running ones first."""
    return list(
        operator.grants.select_related("post", "organisation", "case", "deputy_for__operator").order_by("-until", "-pk")
    )


def posts() -> list[Post]:
    """The posts with their functions, each with its Chinese name and limit."""
    found = list(Post.objects.prefetch_related("functions").order_by("category", "code"))
    for post in found:
        post.listed = [  # type: ignore[attr-defined]
            (rights.FUNCTIONS.get(each.function, each.function), each.limit)
            for each in sorted(post.functions.all(), key=lambda one: list(rights.FUNCTIONS).index(one.function))
            if each.function in rights.FUNCTIONS
        ]
    return found


def operator_names() -> dict[str, str]:
    """Login name → name of every operator, those who left too."""
    return dict(Operator.objects.values_list("login", "name"))


def post_names() -> dict[str, str]:
    """Code → name of every post."""
    return dict(Post.objects.values_list("code", "name"))


def separations() -> list[SeparationRule]:
    """The rules of separated duties."""
    return list(SeparationRule.objects.order_by("pk"))


def review_rules() -> list[ReviewRule]:
    """The review steps by kind."""
    return list(ReviewRule.objects.order_by("kind", "step"))


def organisation(*, code: str) -> Organisation | None:
    """One organisation by its code."""
    return Organisation.objects.select_related("parent").filter(code=code).first()


def attachment(*, case: Case, attachment_id: int) -> Attachment | None:
    """One attachment of a case."""
    return case.attachments.filter(pk=attachment_id).first()


def only_attachment(case_id: int) -> bytes:
    """The content of the one file of a case."""
    return bytes(Attachment.objects.get(case_id=case_id).content)


def decisions(case: Case) -> QuerySet[Any]:
    """The decisions on a case in order."""
    return case.decisions.select_related("operator").order_by("step")


def desk_counts(*, operator: Operator, waiting: int, today: date) -> dict[str, int]:
    """The figures of the desk: waiting for my review, my cases pending, returned to me lately, overdue."""
    mine = Case.objects.filter(maker=operator)
    return {
        "waiting": waiting,
        "pending": mine.filter(state=Case.State.PENDING).count(),
        "returned": mine.filter(
            state=Case.State.RETURNED, resolved_at__date__gt=today - timedelta(days=14), replaced_by__isnull=True
        ).count(),
        "overdue": mine.filter(state=Case.State.PENDING, deadline__lt=today).count(),
    }


def inspections(*, area: str) -> list[Inspection]:
    """Samples of cases of the area, the latest first, with how many cases are inspected."""
    done = Count("items", filter=Q(items__inspected_at__isnull=False))
    return list(_inspected_in(area).select_related("drawn_by").annotate(done=done).order_by("-pk")[:50])


def inspection(inspection_id: int, *, area: str) -> Inspection | None:
    """One sample with its cases, if all of them are of the area."""
    return _inspected_in(area).filter(pk=inspection_id).prefetch_related("items__case__maker").first()


def _inspected_in(area: str) -> QuerySet[Inspection]:
    inside = Q(case__area="") | Q(case__area__startswith=prefix_of(area))
    elsewhere = InspectionItem.objects.exclude(inside).values("inspection_id")
    return Inspection.objects.exclude(pk__in=elsewhere)


def sign_ins(*, since: datetime, area: str = "", login: str = "", failed: bool = False) -> list[SignInAttempt]:
    """The log of sign-ins, the latest first; with an area, of the names that work there."""
    found = SignInAttempt.objects.filter(tried_at__gte=since)
    if area:
        found = found.filter(login__in=_working_in(area).values("login"))
    if login:
        found = found.filter(login=login)
    if failed:
        found = found.filter(succeeded=False)
    return list(found.order_by("-tried_at")[:300])


def parameters(*, on: date) -> list[Parameter]:
    """Every parameter with its values: those of today and later first, then history."""
    found = list(Parameter.objects.prefetch_related("values__case").order_by("code"))
    for each in found:
        each.shown = sorted(each.values.all(), key=lambda one: (one.area, one.period.lower), reverse=True)  # type: ignore[attr-defined]
        each.now = [one for one in each.shown if on in one.period]  # type: ignore[attr-defined]
        each.standard = standard_value(each.code)  # type: ignore[attr-defined]
    return found


def code_sets(*, text: str = "") -> list[CodeSet]:
    """The current version of each dictionary, with how many values it has."""
    found = CodeSet.objects.filter(current=True).annotate(size=Count("values"))
    if text:
        found = found.filter(Q(code__icontains=text) | Q(name__icontains=text))
    return list(found.order_by("code"))


def code_values(*, code: str) -> tuple[CodeSet | None, list[CodeValue]]:
    """The current version of one dictionary and its values in order."""
    found = CodeSet.objects.filter(code=code, current=True).first()
    return found, list(found.values.order_by("order")) if found else []


def calendar_days(*, year: int) -> list[CalendarDay]:
    """The days of a year that are not what their weekday says."""
    return list(CalendarDay.objects.filter(day__year=year).order_by("day"))


def number_series() -> list[NumberSeries]:
    """The series of gapless numbers and how far they are."""
    return list(NumberSeries.objects.order_by("-year", "code", "area"))


def pending_of(*, kind: str, area: str) -> QuerySet[Case]:
    """Cases of one kind and area that wait, the newest first."""
    waiting = Case.objects.filter(kind=kind, area=area, state=Case.State.PENDING)
    return waiting.select_related("maker").order_by("-made_at")
