"""A small centre: one person per post, each bound to an ID number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tongchou.control.api import Operator, create_operator
from tongchou.kernel.identifiers import id_check_character

AREA = "620100"
PASSWORD = "Kupfer-dach-47"


def id_number(sequence: int) -> str:
    body = f"62010019800101{sequence:03}"
    return body + id_check_character(body)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def staff(db: None) -> Callable[..., Operator]:
    """Make an operator: ``staff("clerk")``; the same ``person`` number means the same natural person."""
    made: dict[str, Operator] = {}

    def make(post: str, *, login: str = "", person: int | None = None, area: str = AREA) -> Operator:
        login = login or post
        if login in made:
            return Operator.objects.get(pk=made[login].pk)
        number = len(made) + 1 if person is None else person
        operator = create_operator(
            login=login,
            password=PASSWORD,
            name=f"职工{number}",
            organisation="市医保中心",
            area=area,
            post=post,
            id_number=id_number(number) if number else "",
        )
        made[login] = operator
        return Operator.objects.get(pk=operator.pk)

    return make


@pytest.fixture
def grant_payload(now: datetime) -> Callable[..., dict[str, object]]:
    """What a request for a grant holds."""

    def payload(login: str, post: str, *, area: str = AREA, days: int = 90) -> dict[str, object]:
        today = timezone.localdate(now)
        return {
            "login": login,
            "post": post,
            "area": area,
            "organisation": "",
            "since": today.isoformat(),
            "until": (today + timedelta(days=days)).isoformat(),
            "deputy_for": None,
        }

    return payload
