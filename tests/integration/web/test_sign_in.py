"""Signing in, the lock after repeated failures, signing out, changing the password."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf
from tongchou.control.models import SignInAttempt


def sign_in(password: str = cities.PASSWORD, login: str = "clerk", **more: str) -> tuple[int, str, str]:
    answer = Client().post("/login/", {"login": login, "password": password, **more})
    return answer.status_code, answer.headers.get("Location", ""), answer.content.decode()


def test_a_wrong_password_says_how_often_it_may_be_tried_and_keeps_the_name(city: cities.City) -> None:
    status, _, page = sign_in("wrong")
    assert status == 422
    assert "登录名或密码不正确" in page
    assert "还可以再试 4 次" in page
    assert 'value="clerk"' in page
    assert "wrong" not in page


def test_an_unknown_name_is_answered_like_a_wrong_password(city: cities.City) -> None:
    assert (
        sign_in("wrong")[2].count("登录名或密码不正确")
        == sign_in("wrong", login="nobody")[2].count("登录名或密码不正确")
        == 1
    )


def test_five_failures_lock_the_name_for_a_quarter_of_an_hour(city: cities.City) -> None:
    for _ in range(5):
        sign_in("wrong")
    status, _, page = sign_in()
    assert status == 422
    assert "已暂时锁定" in page
    assert sign_in(login="accountant")[0] == 302
    SignInAttempt.objects.filter(login="clerk").update(tried_at=timezone.now() - timedelta(minutes=16))
    assert sign_in()[0] == 302


def test_empty_fields_are_named(city: cities.City) -> None:
    page = sign_in("", login="")[2]
    assert "请输入登录名" in page
    assert "请输入密码" in page


def test_after_signing_in_one_comes_back_but_never_to_another_host(city: cities.City) -> None:
    answer = Client().get("/days/")
    assert answer.headers["Location"] == "/login/?next=/days/"
    assert sign_in(next="/days/")[1] == "/days/"
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"):
        assert sign_in(next=elsewhere)[1] == "/"


def test_a_part_of_a_page_sends_the_browser_to_the_sign_in_page(city: cities.City) -> None:
    answer = Client().get("/desk/live/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/login/")


def test_signing_out_ends_the_session(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("clerk")
    assert client.post("/logout/").status_code == 302
    assert client.get("/").status_code == 302


def test_a_new_password_must_be_good_and_typed_twice(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("clerk")

    def change(old: str, new: str, again: str) -> str:
        return client.post("/password/", {"old": old, "new": new, "again": again}).content.decode()

    assert "当前密码不正确" in change("wrong", "long-enough-9", "long-enough-9")
    assert "不一致" in change(cities.PASSWORD, "long-enough-9", "long-enough-8")
    assert 'id="new-error"' in change(cities.PASSWORD, "123", "123")
    assert (
        client.post(
            "/password/", {"old": cities.PASSWORD, "new": "long-enough-9", "again": "long-enough-9"}
        ).status_code
        == 302
    )
    assert client.get("/").status_code == 200
    assert sign_in("long-enough-9")[0] == 302
    assert sign_in(cities.PASSWORD)[0] == 422


def test_answers_carry_the_content_security_policy_and_are_not_stored(city: cities.City, client_of: ClientOf) -> None:
    for client, path in (
        (Client(), "/login/"),
        (client_of("clerk"), "/"),
        (client_of("clerk"), "/admin/catalogues/item/"),
    ):
        answer = client.get(path)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "no-store" in answer.headers["Cache-Control"]
        page = answer.content.decode()
        assert " style=" not in page
        assert "<style" not in page
        assert "<script>" not in page
        assert "onclick=" not in page
