"""Attacks from a browser: forgery, injection, assignment of what is not asked, fixation, redirects, uploads, size, guessing."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from tests.integration.web import city as cities
from tests.security.conftest import ClientOf
from tongchou.control.models import Case, Grant, Operator, Trail, WorkSession
from tongchou.control.services import sign_in as doors

INJECTIONS = (
    "' OR '1'='1",
    "'; DROP TABLE control_trail; --",
    '" OR 1=1 --',
    "%' UNION SELECT password FROM control_operator --",
    "{{ 7*7 }}{% debug %}",
    "<script>alert(1)</script>",
    "${7*7}",
    "\\x00",
)


@pytest.mark.requirement("R0.53")
def test_a_change_without_its_token_is_refused(city: cities.City, grant_case: Callable[[], int]) -> None:
    client = Client(enforce_csrf_checks=True)
    number = grant_case()
    for path in (
        f"/control/cases/{number}/approve/", "/control/rights/request/", "/control/rights/yearly/", "/lock/", "/lock/open/",
        "/account/factor/", "/account/post/", "/control/operators/clerk/change/", "/control/online/1/end/", "/login/code/",
    ):  # fmt: skip
        assert client.post(path, {"seen": "x"}).status_code == 403, path


@pytest.mark.requirement("R0.53")
def test_what_is_typed_is_text_and_nothing_else(city: cities.City, client_of: ClientOf) -> None:
    """In every search field of the audit, rights, dictionary and sign-in pages: shown as typed, run by nobody."""
    auditor, controller, admin = client_of("auditor"), client_of("controller"), client_of("admin")
    before = Operator.objects.count()
    for client, path, field in (
        (auditor, "/control/trail/", "operator"), (auditor, "/control/trail/", "object_id"),
        (auditor, "/control/trail/", "object_id"), (controller, "/control/rights/", "q"),
        (admin, "/control/dictionary/", "q"), (admin, "/control/dictionary/", "code"), (controller, "/control/sign-ins/", "login"),
    ):  # fmt: skip
        for text in INJECTIONS:
            answer = client.get(path, {field: text})
            page = answer.content.decode()
            assert answer.status_code == 200, (path, field, text)
            assert "<script>alert(1)" not in page
            if field != "code":
                shown = escape(text)[: {"q": 30}.get(field, 60)]
                assert shown[:20] in page, (path, field, text)
    assert Operator.objects.count() == before
    assert Trail.objects.exists()


def test_what_a_form_does_not_ask_for_is_not_taken(city: cities.City, client_of: ClientOf) -> None:
    """Mass assignment: the maker, the state, the steps, the organisation of a grant can't be sent along."""
    client = client_of("clerk")
    today = timezone.localdate()
    answer = client.post(
        "/control/rights/request/",
        {
            "login": "clerk", "post": "auditor", "area": cities.AREA, "since": today, "until": today.replace(year=today.year + 1),
            "state": "done", "step": "9", "maker": "1", "maker_person": "", "installation": "1", "is_superuser": "1", "case": "1",
        },
    )  # fmt: skip
    assert answer.status_code == 422, "auditor excludes clerk"
    answer = client.post(
        "/control/rights/request/",
        {"login": "clerk", "post": "clerk", "area": cities.COUNTY, "since": today, "until": today.replace(month=12, day=31),
         "state": "done", "step": "9", "maker": "1", "installation": "1", "reason": "x"},
    )  # fmt: skip
    case = Case.objects.get()
    assert answer.status_code == 302
    assert (case.state, case.step, case.maker.login) == ("pending", 1, "clerk")
    assert set(case.payload.split('"')[1::4]) >= {"area"}
    assert Grant.objects.filter(operator__login="clerk").count() == 1


def test_a_session_key_from_before_the_sign_in_is_worth_nothing(city: cities.City) -> None:
    attacker = Client()
    attacker.get("/login/")
    attacker.session.save()
    planted = attacker.session.session_key or ""
    victim = Client()
    victim.cookies[settings.SESSION_COOKIE_NAME] = planted
    victim.post("/login/", {"login": "clerk", "password": cities.PASSWORD})
    assert victim.cookies[settings.SESSION_COOKIE_NAME].value != planted
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert thief.get("/").status_code == 302


def test_the_session_cookie_is_not_for_scripts_and_not_for_other_sites(city: cities.City, client_of: ClientOf) -> None:
    cookie = client_of("clerk").cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_page_sends_the_browser_to_another_host(city: cities.City, client_of: ClientOf, target: str) -> None:
    client = client_of("clerk")
    client.post("/lock/")
    opened = client.post("/lock/open/", {"password": cities.PASSWORD, "next": target})
    assert opened.headers["Location"] == "/"
    fresh = Client().post("/login/", {"login": "clerk", "password": cities.PASSWORD, "next": target})
    assert fresh.headers["Location"] == "/"


def test_oversized_and_endless_requests_are_refused(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("admin")
    many = {f"field{number}": "x" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 10)}
    assert client.post("/control/rights/request/", many).status_code == 400
    huge = client.post("/control/rights/request/", "reason=" + "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 10),
                       content_type="application/x-www-form-urlencoded")  # fmt: skip
    assert huge.status_code == 400
    long = client.get("/control/rights/", {"q": "x" * 5_000})
    assert long.status_code == 200


def test_what_does_not_exist_and_what_is_not_ones_own_look_the_same(
    city: cities.City, client_of: ClientOf, grant_case: Callable[[], int]
) -> None:
    """Guessing numbers tells nothing: the answers are the same but for the number itself."""
    clerk, number = client_of("clerk"), grant_case()
    foreign, missing = clerk.get(f"/control/cases/{number}/"), clerk.get("/control/cases/999999/")
    assert foreign.status_code == missing.status_code == 404
    assert _told(foreign) == _told(missing)
    admin = client_of("admin")
    other, unknown = admin.get("/control/operators/lanzhou/"), admin.get("/control/operators/nobody/")
    assert other.status_code == unknown.status_code == 404
    assert _told(other) == _told(unknown)


def test_signing_in_takes_as_long_for_an_unknown_name(city: cities.City, settings: object) -> None:
    """A real password hash is computed for both; what differs would tell which names exist."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]  # type: ignore[attr-defined]
    Operator.objects.filter(login="clerk").update(password=make_password(cities.PASSWORD))

    def took(login: str, number: int) -> float:
        client = Client(REMOTE_ADDR=f"10.9.{number // 250}.{number % 250 + 1}")
        began = time.perf_counter()
        client.post("/login/", {"login": login, "password": "wrong"})
        return time.perf_counter() - began

    pairs = [(took("clerk", 2 * number), took("nobody", 2 * number + 1)) for number in range(6)]
    known, unknown = (median(values) for values in zip(*pairs, strict=True))
    assert 0.4 < known / unknown < 2.5, (known, unknown)


@pytest.mark.requirement("R0.53")
def test_a_locked_session_does_nothing_not_even_in_the_admin_and_keeps_what_was_typed(
    city: cities.City, client_of: ClientOf
) -> None:
    client = client_of("admin")
    WorkSession.objects.update(seen_at=timezone.now() - doors.idle_time(timezone.now()) - timedelta(seconds=1))
    for path in ("/control/rights/", "/admin/providers/institution/", "/"):
        assert client.get(path).headers["Location"].startswith("/lock/?next=")
    part = client.get("/control/rights/", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Trigger"]) == (204, "session-locked")
    today = timezone.localdate()
    typed = {"login": "clerk", "post": "clerk", "area": cities.COUNTY, "since": today, "until": today.replace(month=12, day=31),
             "reason": "支援临河县两个月", "password": "not to be kept"}  # fmt: skip
    sent = client.post("/control/rights/request/", typed)
    assert sent.status_code == 303
    assert not Case.objects.exists(), "nothing was done"
    opened = client.post("/lock/open/", {"password": cities.PASSWORD, "next": "/lock/draft/"}, follow=True)
    page = opened.content.decode()
    assert "支援临河县两个月" in page
    assert "not to be kept" not in page
    assert 'action="/control/rights/request/"' in page
    assert client.post("/control/rights/request/", typed).status_code == 302
    assert Case.objects.count() == 1


def test_answers_do_not_say_what_the_server_is_made_of(city: cities.City, client_of: ClientOf) -> None:
    answer = client_of("clerk").get("/control/cases/999999/")
    page = answer.content.decode()
    assert answer.status_code == 404
    for word in ("Traceback", "Django", "psycopg", "/src/"):
        assert word not in page
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def _told(answer: object) -> str:
    return answer.content.decode().partition("<main")[2].partition("</main>")[0]  # type: ignore[attr-defined]
