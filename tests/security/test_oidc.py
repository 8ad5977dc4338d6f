"""Signing in by the city's identity provider: who it lets in, and everything that it must not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from joserfc.jwk import RSAKey

from tests.integration.web import city as cities
from tests.security.conftest import ClientOf
from tests.security.identity_provider import CLIENT, Provider, running
from tests.security.test_entrance import code_of, with_factor
from tongchou.control.models import Case, Grant, Identity, Operator, Post, SignInAttempt, Trail, WorkSession
from tongchou.control.services import sign_in as doors
from tongchou.web.control import oidc

SUBJECT = "wang.xiulan"


@pytest.fixture
def provider(city: cities.City, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider that this site trusts, and that knows the clerk as ``wang.xiulan``."""
    with running() as one:
        monkeypatch.setenv("TONGCHOU_OIDC_ISSUER", one.issuer)
        monkeypatch.setenv("TONGCHOU_OIDC_CLIENT", CLIENT)
        oidc._registered.cache_clear()
        yield one
        oidc._registered.cache_clear()


@pytest.fixture
def bound(provider: Provider, client_of: ClientOf) -> Identity:
    """The clerk's binding, as the administrator asks for it and the controller approves it."""
    asked = client_of("admin").post("/control/operators/clerk/identity/", {"subject": SUBJECT, "reason": "新上线"})
    case = Case.objects.get()
    assert asked.headers["Location"] == f"/control/cases/{case.pk}/"
    assert not Identity.objects.exists(), "one person alone binds nothing"
    client_of("controller").post(f"/control/cases/{case.pk}/approve/", {"seen": case.payload_hash})
    return Identity.objects.get()


def come_in(provider: Provider, client: Client, target: str = "") -> Any:
    """From the sign-in page to the provider and back."""
    away = client.get("/login/oidc/" + (f"?next={target}" if target else ""))
    assert away.headers["Location"].startswith(f"{provider.issuer}/authorise?")
    return client.get(provider.authorise(away.headers["Location"]).partition("testserver")[2])


def signed_in(client: Client) -> bool:
    return client.get("/persons/").status_code == 200


def test_it_is_off_by_default(city: cities.City) -> None:
    client = Client()
    assert "统一身份认证" not in client.get("/login/").content.decode()
    for path in ("/login/oidc/", "/login/oidc/back/?code=x&state=y", "/login/oidc/out/"):
        assert client.get(path).status_code == 404


@pytest.mark.requirement("R1.9.02")
def test_the_bound_operator_comes_in_with_the_own_posts_and_nothing_more(bound: Identity, provider: Provider) -> None:
    client = Client()
    assert "/login/oidc/" in client.get("/login/?next=/days/").content.decode()
    answer = come_in(provider, client, "/days/")
    assert answer.headers["Location"] == "/days/"
    assert signed_in(client)
    session = WorkSession.objects.get(operator__login="clerk", ended_at=None)
    assert session.grant is not None
    assert session.grant.post.code == "clerk"
    assert SignInAttempt.objects.get(outcome="统一身份认证登录").login == "clerk"
    assert client.get("/control/rights/").status_code == 403


def test_a_subject_that_is_bound_to_nobody_is_told_what_to_do_and_logged(provider: Provider) -> None:
    provider.subject = "stranger-77"
    client = Client()
    assert come_in(provider, client).headers["Location"] == "/login/"
    page = client.get("/login/").content.decode()
    assert "stranger-77" in page
    assert "交给管理员" in page
    assert not signed_in(client)
    assert SignInAttempt.objects.filter(succeeded=False, outcome__startswith="统一身份认证").count() == 1


LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "from another sign-in"},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "another-application"},
    "no audience": {"aud": None},
    "expired": {"exp": int(time.time()) - 3600},
    "no expiry": {"exp": None},
    "from the future": {"iat": int(time.time()) + 3600},
    "not yet valid": {"nbf": int(time.time()) + 3600},
    "issued to another": {"aud": [CLIENT, "other"], "azp": "other"},
    "no subject": {"sub": None},
    "a subject that is no text": {"sub": {"$ne": ""}},
}


@pytest.mark.requirement("R0.53")
def test_a_token_that_is_not_as_it_must_be_opens_nothing(bound: Identity, provider: Provider) -> None:
    for number, (lie, told) in enumerate(LIES.items(), 1):
        provider.lie = told
        client = Client()
        assert come_in(provider, client).headers["Location"] == "/login/", lie
        assert provider.tokens_given == number, "it came as far as the token"
        assert not signed_in(client), lie
    provider.lie = {}
    assert come_in(provider, client).headers["Location"] == "/"


def test_signatures_by_nobody_by_another_key_or_by_a_shared_secret_open_nothing(
    bound: Identity, provider: Provider
) -> None:
    def none() -> None:
        provider.header = {"alg": "none", "kid": "one"}

    def another_key() -> None:
        provider.header = {"alg": "RS256", "kid": "one"}
        provider.signs_with = RSAKey.generate_key(2048, auto_kid=False)

    def unknown_key() -> None:
        provider.header = {"alg": "RS256", "kid": "never published"}

    for attack in (none, another_key, unknown_key, provider.shared_secret):
        attack()
        client = Client()
        assert come_in(provider, client).headers["Location"] == "/login/", attack.__name__
        assert not signed_in(client)


def test_keys_that_the_provider_has_changed_are_asked_for_anew(bound: Identity, provider: Provider) -> None:
    come_in(provider, Client())
    provider.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"}, auto_kid=False)
    provider.signs_with, provider.header = provider.key, {"alg": "RS256", "kid": "two"}
    assert come_in(provider, Client()).headers["Location"] == "/"


def test_state_is_of_one_browser_and_one_use(bound: Identity, provider: Provider) -> None:
    """A replayed answer, somebody else's answer, an answer nobody asked for."""
    client, other = Client(), Client()
    away = client.get("/login/oidc/").headers["Location"]
    answer = provider.authorise(away).partition("testserver")[2]
    assert other.get(answer).headers["Location"] == "/login/", "another browser's state"
    assert not signed_in(other)
    assert client.get("/login/oidc/back/?code=x&state=invented").headers["Location"] == "/login/"
    assert client.get(answer).headers["Location"] == "/"
    client.post("/logout/")
    given = provider.tokens_given
    assert client.get(answer).headers["Location"] == "/login/", "replayed"
    assert provider.tokens_given == given
    assert not signed_in(client)
    assert client.get("/login/oidc/back/?error=access_denied&state=x").headers["Location"] == "/login/"


def test_the_browsers_session_gets_a_new_key_and_goes_to_our_own_host_only(bound: Identity, provider: Provider) -> None:
    client = Client()
    away = client.get("/login/oidc/?next=https://evil.example/").headers["Location"]
    before = client.session.session_key
    answer = client.get(provider.authorise(away).partition("testserver")[2])
    assert answer.headers["Location"] == "/"
    assert client.session.session_key != before


def test_a_document_that_names_another_issuer_is_not_believed(bound: Identity, provider: Provider) -> None:
    provider.metadata = {"issuer": "https://evil.example"}
    client = Client()
    assert client.get("/login/oidc/").headers["Location"] == "/login/"
    assert "认证服务没有应答" in client.get("/login/").content.decode()


def test_a_provider_that_does_not_answer_leaves_the_password(
    bound: Identity, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGCHOU_OIDC_ISSUER", "http://127.0.0.1:9")
    client, asked = Client(), []
    monkeypatch.setattr("requests.Session.request", lambda *_, **__: asked.append(1) or _no_answer())
    for _ in range(5):
        assert client.get("/login/oidc/").headers["Location"] == "/login/"
    assert len(asked) == 1, "who visits the page five times does not make us wait five times"
    assert client.post("/login/", {"login": "clerk", "password": cities.PASSWORD}).headers["Location"] == "/"


def _no_answer() -> None:
    raise requests.ConnectionError


def test_the_second_factor_is_taken_from_the_provider_only_if_it_says_so(
    city: cities.City, bound: Identity, provider: Provider, client_of: ClientOf
) -> None:
    operator = with_factor(city, client_of, "clerk")
    provider.lie = {"amr": "mfa"}  # a list it must be
    assert come_in(provider, Client()).headers["Location"] == "/login/"
    for said in ({}, {"amr": ["pwd"]}, {"amr": ["otp"]}):
        provider.lie = said
        client = Client()
        assert come_in(provider, client).headers["Location"] == "/login/code/", said
        assert not signed_in(client)
    assert client.post("/login/code/", {"code": code_of(operator, ahead=1)}).headers["Location"] == "/"
    provider.lie = {"amr": ["pwd", "mfa"]}
    assert come_in(provider, Client()).headers["Location"] == "/"


def test_a_post_that_needs_a_second_factor_needs_it_here_too(bound: Identity, provider: Provider) -> None:
    Post.objects.filter(code="clerk").update(second_factor=True)
    client = Client()
    assert come_in(provider, client).headers["Location"] == "/account/security/"
    assert client.get("/persons/").status_code == 403, "in, but without the post"
    provider.lie = {"amr": ["mfa"]}
    other = Client()
    come_in(provider, other)
    assert signed_in(other)


def test_who_left_is_locked_out_or_without_a_grant_stays_outside(bound: Identity, provider: Provider) -> None:
    for _ in range(doors.FAILURES_ANYWHERE):
        doors.note_attempt(login="clerk", address="10.1.1.1", succeeded=False, outcome="x", now=timezone.now())
    client = Client()
    assert come_in(provider, client).headers["Location"] == "/login/"
    assert "已暂时锁定" in client.get("/login/").content.decode()
    SignInAttempt.objects.all().delete()
    grant = Grant.objects.get(operator__login="clerk")
    Grant.objects.filter(pk=grant.pk).update(until=grant.since)
    come_in(provider, client)
    assert client.get("/persons/").status_code == 403, "no grant in force: no work"
    Operator.objects.filter(login="clerk").update(is_active=False, left_on=timezone.localdate())
    assert come_in(provider, Client()).headers["Location"] == "/login/"


def test_an_idle_session_is_unlocked_by_asking_the_same_person_anew(
    city: cities.City, bound: Identity, provider: Provider
) -> None:
    client = Client()
    come_in(provider, client)
    WorkSession.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    assert client.get("/persons/").headers["Location"].startswith("/lock/")
    assert "/login/oidc/" in client.get("/lock/").content.decode()
    away = client.get("/login/oidc/?next=/persons/").headers["Location"]
    assert "prompt=login" in away
    provider.lie = {"auth_time": int(time.time()) - 3600}
    client.get(provider.authorise(away).partition("testserver")[2])
    assert not signed_in(client), "the provider did not ask anew"
    provider.lie, provider.subject = {}, "somebody else"
    come_in(provider, client)
    assert not signed_in(client), "another person"
    provider.subject = SUBJECT
    assert come_in(provider, client, "/persons/").headers["Location"] == "/persons/"
    assert signed_in(client)


def test_signing_out_offers_to_sign_out_there_too(bound: Identity, provider: Provider) -> None:
    client = Client()
    come_in(provider, client)
    left = client.post("/logout/")
    assert left.headers["Location"] == "/login/?left=1"
    assert "一并退出" in client.get("/login/?left=1").content.decode()
    assert client.get("/login/oidc/out/").headers["Location"].startswith(f"{provider.issuer}/out?client_id={CLIENT}")
    assert not signed_in(client)


def test_a_binding_is_made_by_two_people_ended_by_one_and_never_changed(
    bound: Identity, provider: Provider, client_of: ClientOf
) -> None:
    admin = client_of("admin")
    admin.post("/control/operators/clerk/identity/", {"subject": "second"})
    admin.post("/control/operators/reviewer/identity/", {"subject": SUBJECT})
    admin.post("/control/operators/admin/identity/", {"subject": "my own"})
    assert Case.objects.count() == 1, "bound already; taken already; not for oneself"
    page = admin.get("/control/operators/clerk/").content.decode()
    assert SUBJECT in page
    for statement in (
        "UPDATE control_identity SET subject = 'x'",
        "DELETE FROM control_identity",
        "INSERT INTO control_identity (operator_id, issuer, subject, case_id, bound_at, ended_by, end_reason) "
        "SELECT operator_id, issuer, 'y', case_id, now(), '', '' FROM control_identity",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    admin.post("/control/operators/clerk/identity/end/", {"reason": ""})
    assert Identity.objects.get().ended_at is None
    admin.post("/control/operators/clerk/identity/end/", {"reason": "调离"})
    assert come_in(provider, Client()).headers["Location"] == "/login/"


# --- the provider ends our sessions (Back-Channel Logout 1.0) ---------------------------------------------------------

EVENT = {"http://schemas.openid.net/event/backchannel-logout": {}}


def tell(provider: Provider, *, header: dict[str, Any] | None = None, **lie: Any) -> int:
    """The provider calls us. ``lie`` changes a claim, ``None`` leaves it out. Returns the status of our answer."""
    now = int(time.time())
    claims = {"iss": provider.issuer, "aud": CLIENT, "sub": SUBJECT, "iat": now, "exp": now + 120, "jti": "one",
              "events": EVENT, **lie}  # fmt: skip
    provider.header |= {"typ": "logout+jwt"} | (header or {})
    token = provider._signed({name: value for name, value in claims.items() if value is not None})
    return Client(enforce_csrf_checks=True).post("/login/oidc/logout/", {"logout_token": token}).status_code


def test_who_signs_out_at_the_provider_is_signed_out_here(bound: Identity, provider: Provider) -> None:
    client = Client()
    come_in(provider, client)
    assert signed_in(client)
    assert tell(provider) == 200
    assert not signed_in(client)
    session = WorkSession.objects.get(operator__login="clerk")
    assert (session.ended_by, session.identity) == ("统一身份认证退出", bound)
    row = Trail.objects.get(action="sign_out")
    assert (row.operator, row.post, row.reason) == ("clerk", "clerk", "身份认证服务通知退出")


def test_one_session_of_several_can_be_named(bound: Identity, provider: Provider) -> None:
    here, there = Client(), Client()
    provider.lie = {"sid": "first"}
    come_in(provider, here)
    provider.lie = {"sid": "second"}
    come_in(provider, there)
    assert tell(provider, sid="first", sub=None) == 200
    assert (signed_in(here), signed_in(there)) == (False, True)
    assert tell(provider, sid="second", sub="somebody.else") == 200
    assert signed_in(there), "both must fit"


def test_sessions_of_the_password_and_later_ones_go_on(
    bound: Identity, provider: Provider, client_of: ClientOf
) -> None:
    by_password = client_of("clerk")
    later = Client()
    come_in(provider, later)
    assert tell(provider, iat=int(time.time()) - 400) == 200, "a token that was held back, or sent again"
    assert signed_in(later)
    assert tell(provider) == 200
    assert (signed_in(by_password), signed_in(later)) == (True, False)


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://elsewhere.test"}, {"aud": "another"}, {"iss": None}, {"aud": None}, {"iat": None}, {"jti": None},
        {"exp": None}, {"exp": 1}, {"iat": 1}, {"events": None}, {"events": {"other": {}}}, {"events": "x"},
        {"nonce": "x"}, {"sub": None}, {"sub": 7}, {"sub": ""}, {"header": {"typ": "at+jwt"}},
    ],
)  # fmt: skip
def test_a_logout_token_that_is_not_as_it_must_be_ends_nothing(
    bound: Identity, provider: Provider, lie: dict[str, Any]
) -> None:
    client = Client()
    come_in(provider, client)
    assert tell(provider, **lie) == 400
    assert signed_in(client)


@pytest.mark.parametrize("how", ["none", "shared", "stranger", "unknown key", "no token", "ID token"])
def test_a_logout_by_somebody_else_ends_nothing(bound: Identity, provider: Provider, how: str) -> None:
    client = Client()
    come_in(provider, client)
    if how == "none":
        provider.header = {"alg": "none"}
    elif how == "shared":
        provider.shared_secret()
    elif how in ("stranger", "unknown key"):
        provider.signs_with = RSAKey.generate_key(2048, auto_kid=False)
        provider.header = {"alg": "RS256", "kid": "one" if how == "stranger" else "two"}
    if how == "no token":
        assert Client().post("/login/oidc/logout/", {}).status_code == 400
    elif how == "ID token":
        assert tell(provider, header={"typ": "JWT"}, events=None, nonce="n") == 400
    else:
        assert tell(provider) == 400
    assert signed_in(client)


def test_without_a_provider_there_is_no_such_address(city: cities.City) -> None:
    assert Client().post("/login/oidc/logout/", {"logout_token": "x"}).status_code == 404
