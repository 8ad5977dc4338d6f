"""From the password to the work session: second factor, several posts, initial password; roles of the database."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from tests.integration.web import city as cities
from tests.security.conftest import ClientOf
from tongchou.control import roles, vault
from tongchou.control.core.passwords import one_time_code
from tongchou.control.models import Case, Grant, Operator, Post, SignInAttempt, WorkSession
from tongchou.control.services import operators
from tongchou.settlement import api as settlement


def code_of(operator: Operator, ahead: int = 0) -> str:
    operator.refresh_from_db()
    secret = bytes.fromhex(vault.decrypt(column=operators.FACTOR_COLUMN, data=bytes(operator.factor_cipher or b"")))
    return one_time_code(secret=secret, step=int(timezone.now().timestamp()) // 30 + ahead)


def with_factor(city: cities.City, client_of: ClientOf, login: str) -> Operator:
    """Switch the second factor on as the operator does it."""
    client, operator = client_of(login), city.operators[login]
    assert "二维码" in client.post("/account/factor/", {"step": "begin"}).content.decode()
    done = client.post("/account/factor/", {"step": "confirm", "code": code_of(operator)})
    assert "恢复码" in done.content.decode()
    client.post("/logout/")
    return operator


def test_with_a_second_factor_the_password_alone_opens_nothing(city: cities.City, client_of: ClientOf) -> None:
    operator = with_factor(city, client_of, "clerk")
    client = Client()
    first = client.post("/login/", {"login": "clerk", "password": cities.PASSWORD, "next": "/days/"})
    assert first.headers["Location"] == "/login/code/"
    assert client.get("/persons/").headers["Location"].startswith("/login/?")
    wrong = client.post("/login/code/", {"code": "000000"})
    assert wrong.status_code == 422
    right = client.post("/login/code/", {"code": code_of(operator, ahead=1)})
    assert right.headers["Location"] == "/days/"
    assert client.get("/persons/").status_code == 200
    assert SignInAttempt.objects.filter(outcome="动态口令错误").count() == 1


def test_codes_can_not_be_tried_for_ever(city: cities.City, client_of: ClientOf) -> None:
    with_factor(city, client_of, "clerk")
    client = Client()
    client.post("/login/", {"login": "clerk", "password": cities.PASSWORD})
    for _ in range(4):
        assert client.post("/login/code/", {"code": "abc"}).status_code == 422
    assert client.post("/login/code/", {"code": "abc"}).headers["Location"] == "/login/"
    locked = client.post("/login/", {"login": "clerk", "password": cities.PASSWORD})
    assert "已暂时锁定" in locked.content.decode()


def test_an_entrance_left_half_way_is_closed_after_five_minutes(
    city: cities.City, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_factor(city, client_of, "clerk")
    client = Client()
    client.post("/login/", {"login": "clerk", "password": cities.PASSWORD})
    session = client.session
    session["entering"] = session["entering"] | {"until": (timezone.now() - timedelta(seconds=1)).isoformat()}
    session.save()
    assert client.get("/login/code/").headers["Location"] == "/login/"


def test_who_has_two_posts_works_in_one_at_a_time(city: cities.City) -> None:
    clerk = city.operators["clerk"]
    second = Grant.objects.create(
        operator=clerk, post=city.operators["reviewer"].grants.get().post, area=cities.COUNTY,
        since=timezone.localdate() - timedelta(days=1), until=timezone.localdate() + timedelta(days=30), installation=True,
        granted_at=timezone.now(),
    )  # fmt: skip
    client = Client()
    first = client.post("/login/", {"login": "clerk", "password": cities.PASSWORD})
    assert first.headers["Location"] == "/login/post/"
    assert client.get("/").status_code == 302, "no post chosen, no work"
    page = client.get("/login/post/").content.decode()
    assert page.count('name="grant"') == 2
    foreign = city.operators["director"].grants.get().pk
    assert client.post("/login/post/", {"grant": foreign}).status_code == 422
    assert client.post("/login/post/", {"grant": second.pk}).headers["Location"] == "/"
    assert client.get("/settlements/export/?begin=").status_code == 200, "a reviewer exports"
    in_town = next(person for person in city.persons if person.area_id != cities.COUNTY)
    assert client.get(f"/persons/{in_town.number}/").status_code == 404, "as reviewer the data of the county only"
    own = clerk.grants.exclude(pk=second.pk).get().pk
    assert client.post("/account/post/", {"grant": own}).status_code == 302
    assert client.get("/settlements/export/").status_code == 403
    assert WorkSession.objects.filter(operator=clerk, ended_at=None).count() == 1


def test_an_initial_password_opens_nothing_but_its_change(city: cities.City, client_of: ClientOf) -> None:
    first = client_of("admin").post("/control/operators/clerk/change/", {"action": "reset"}).content.decode()
    given = first.partition('<code class="big">')[2].partition("</code>")[0]
    client = Client()
    assert client.post("/login/", {"login": "clerk", "password": given}).status_code == 302
    assert client.get("/persons/").headers["Location"] == "/password/"
    changed = client.post("/password/", {"old": given, "new": "Neuer-weg-58", "again": "Neuer-weg-58"})
    assert changed.status_code == 302
    assert client.get("/persons/").status_code == 200


def test_whoever_resets_a_password_can_decide_nothing_with_it(
    city: cities.City, client_of: ClientOf, grant_case: Callable[[], int]
) -> None:
    """An administrator asks for a grant, makes a new password for the controller, and reviews it as the controller."""
    case = Case.objects.get(pk=grant_case())
    admin = client_of("admin")
    page = admin.post("/control/operators/controller/change/", {"action": "reset"}).content.decode()
    first = page.partition('<code class="big">')[2].partition("</code>")[0]
    false = Client()
    false.post("/login/", {"login": "controller", "password": first})
    confirm = "/control/operators/controller/confirm/"
    director = client_of("director")
    director.post(confirm)
    assert Operator.objects.get(login="controller").password_given_by == "admin", "the initial password first"
    false.post("/password/", {"old": first, "new": "Neuer-weg-58", "again": "Neuer-weg-58"})

    approval = {"seen": case.payload_hash, "remark": "同意"}
    refused = false.post(f"/control/cases/{case.pk}/approve/", approval, follow=True)
    assert "由 admin 发放，尚未确认由您本人取回" in refused.content.decode()
    assert not case.decisions.exists()

    assert admin.post(confirm).status_code == 403
    assert "须由发放人和本人以外" in false.post(confirm, follow=True).content.decode(), "nor by the account itself"
    assert "口令待确认" in director.get("/control/rights/").content.decode(), "found in the list of accounts"
    assert "确认本人取回" in director.get("/control/operators/controller/").content.decode()
    assert "已确认由本人取回" in director.post(confirm, follow=True).content.decode()
    false.post(f"/control/cases/{case.pk}/approve/", approval)
    assert case.decisions.count() == 1, "now it is the controller's own again"


def test_an_administrator_changes_nothing_of_the_own_account(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("admin")
    client.post("/control/operators/admin/change/", {"action": "reset"})
    assert client.get("/control/rights/").status_code == 200, "the password is still the old one"


def give_least_rights(role: str) -> None:
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(f"CREATE ROLE {role} NOLOGIN")
        for statement in roles.statements(role):
            cursor.execute(statement)


def test_the_days_work_is_done_with_the_least_rights(city: cities.City, client_of: ClientOf) -> None:
    """Settling, revoking, looking at persons, asking for and approving a grant: nothing of it needs the owner."""
    give_least_rights("tongchou_app_work")
    person = city.persons[1]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE tongchou_app_work")
        number = cities._purchase(person, random.Random(7), timezone.now())
        cities._revoke(number, person, timezone.now())
        assert client_of("clerk").get(f"/persons/{person.number}/").status_code == 200
        today = timezone.localdate()
        typed = {
            "reason": "轮岗",
            "login": "clerk",
            "post": "clerk",
            "area": cities.COUNTY,
            "since": today,
            "until": today + timedelta(days=9),
        }
        assert client_of("admin").post("/control/rights/request/", typed).status_code == 302
        case = Case.objects.get()
        for login in ("controller", "director"):
            seen = {"seen": case.payload_hash}
            assert client_of(login).post(f"/control/cases/{case.pk}/approve/", seen).status_code == 302
        assert Grant.objects.filter(case=case).exists()
        assert settlement.examine(today=today) == []
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def test_the_applications_role_can_add_to_the_trail_and_nothing_more(city: cities.City) -> None:
    give_least_rights("tongchou_app_test")
    allowed = "INSERT INTO control_trail (action, object_kind) VALUES ('update', 'x')"
    refused = (
        "UPDATE control_trail SET reason = 'x'",
        "DELETE FROM control_trail",
        "INSERT INTO control_trail (seq, action, object_kind) VALUES (1, 'update', 'x')",
        "INSERT INTO control_trail (at, action, object_kind) VALUES (now(), 'update', 'x')",
        "ALTER TABLE control_trail DISABLE TRIGGER stamp",
        "DELETE FROM control_casedecision",
        "UPDATE ledger_entry SET amount = 0",
        "UPDATE settlement_settlement SET total = 0",
        "SET session_replication_role = replica",
        "TRUNCATE control_grant",
    )
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE tongchou_app_test")
            cursor.execute(allowed)
            cursor.execute("SELECT count(*) FROM control_trail")
            for statement in refused:
                with pytest.raises(DatabaseError, match=r"permission denied|must be owner"), transaction.atomic():
                    cursor.execute(statement)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def test_a_correction_is_proposed_at_the_counter_and_keeps_what_was_typed_when_refused(
    city: cities.City, client_of: ClientOf
) -> None:
    person, client = city.persons[0], client_of("clerk")
    person.sex = "2"  # as the ID number says; the registry checks it with each change
    person.save(update_fields=["sex"])
    path = f"/control/corrections/{person.number}/"
    refused = client.post(path, {"field": "birth_date", "value": "1985-13-40", "reason": "身份证"})
    assert refused.status_code == 422
    assert 'value="1985-13-40"' in refused.content.decode()
    assert client.post(path, {"field": "id", "value": "1", "reason": "x"}).status_code == 422
    assert client.post(path, {"field": "phone", "value": "13909319999", "reason": "本人来电"}).status_code == 302
    person.refresh_from_db()
    assert person.phone != "13909319999", "it waits for a second person"
    case = Case.objects.get()
    reviewer = client_of("reviewer")
    assert reviewer.post(f"/control/cases/{case.pk}/approve/", {"seen": case.payload_hash}).status_code == 302
    person.refresh_from_db()
    assert person.phone == "13909319999"


def test_a_session_without_a_post_has_none_of_the_operators_rights(city: cities.City, client_of: ClientOf) -> None:
    """The only post needs a second factor that is not set up: in, to set it up, and to nothing else."""
    Post.objects.filter(code="clerk").update(second_factor=True)
    client, operator = Client(), city.operators["clerk"]
    entered = client.post("/login/", {"login": "clerk", "password": cities.PASSWORD})
    assert entered.headers["Location"] == "/account/security/"
    assert client.get("/persons/").status_code == 403
    client.post("/account/factor/", {"step": "begin"})
    client.post("/account/factor/", {"step": "confirm", "code": code_of(operator)})
    assert client.get("/persons/").status_code == 403, "a post is still to be chosen"
    grant = operator.grants.get().pk
    assert client.post("/account/post/", {"grant": grant}).status_code == 302
    assert client.get("/persons/").status_code == 200
