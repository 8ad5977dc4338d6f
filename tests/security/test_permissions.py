"""One table: who may open which page of internal control. An address that is not in it fails the test.

The other pages' table is in tests/integration/web/test_permissions.py; together they name every address of the site.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.urls.resolvers import URLResolver

from tests.integration.web import city as cities
from tests.integration.web.test_permissions import TABLE as PAGES
from tests.security.conftest import ClientOf
from tongchou.control.models import WorkSession
from tongchou.control.services import sign_in as doors
from tongchou.web.access import PUBLIC
from tongchou.web.control import urls

OK, GO, NO, NONE, WRONG, METHOD = 200, 302, 403, 404, 422, 405
WHO = (None, "clerk", "reviewer", "accountant", "admin", "auditor", "controller", "director")

# name: method, status for each of WHO
TABLE: dict[str, tuple[str, tuple[int, ...]]] = {
    # Off by default: without a provider there is nothing there (tests/security/test_oidc.py has it switched on).
    "oidc_start": ("GET", (NONE,) * 8),
    "oidc_back": ("GET", (NONE,) * 8),
    "oidc_out": ("GET", (NONE,) * 8),
    "oidc_logout": ("POST", (NONE,) * 8),
    "control_identity": ("POST", (GO, NO, NO, NO, NONE, NO, NO, NO)),
    "control_identity_end": ("POST", (GO, NO, NO, NO, NONE, NO, NO, NO)),
    "login_code": ("GET", (GO, GO, GO, GO, GO, GO, GO, GO)),
    "login_post": ("GET", (GO, GO, GO, GO, GO, GO, GO, GO)),
    "switch_post": ("GET", (GO, OK, OK, OK, OK, OK, OK, OK)),
    "security": ("GET", (GO, OK, OK, OK, OK, OK, OK, OK)),
    "factor": ("POST", (GO, OK, OK, OK, OK, OK, OK, OK)),
    "lock": ("GET", (GO, GO, GO, GO, GO, GO, GO, GO)),
    "lock_open": ("POST", (GO, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, WRONG)),
    "lock_alive": ("POST", (GO, 204, 204, 204, 204, 204, 204, 204)),
    "lock_draft": ("GET", (GO, GO, GO, GO, GO, GO, GO, GO)),
    "control_queue": ("GET", (GO, OK, OK, OK, OK, OK, OK, OK)),
    # The case asks for a grant, made by the administrator: control and management decide, audit may look.
    "control_case": ("GET", (GO, NONE, NONE, NONE, OK, OK, OK, OK)),
    "control_case_approve": ("POST", (GO, NONE, NONE, NONE, WRONG, WRONG, WRONG, WRONG)),
    "control_case_return": ("POST", (GO, NONE, NONE, NONE, WRONG, WRONG, WRONG, WRONG)),
    "control_case_withdraw": ("POST", (GO, NONE, NONE, NONE, GO, WRONG, WRONG, WRONG)),
    "control_attachment": ("GET", (GO, NONE, NONE, NONE, NONE, NONE, NONE, NONE)),
    "control_correction": ("GET", (GO, OK, NO, NO, NO, NO, NO, NO)),
    "control_paper": ("GET", (GO, OK, OK, OK, OK, OK, OK, OK)),
    # The form is the correction of a person's record: clerks key it.
    "control_paper_single": ("GET", (GO, OK, NO, NO, NO, NO, NO, NO)),
    "control_paper_double": ("GET", (GO, OK, NO, NO, NO, NO, NO, NO)),
    "control_paper_find": ("POST", (GO, OK, NO, NO, NO, NO, NO, NO)),
    "control_paper_discard": ("POST", (GO, GO, NO, NO, NO, NO, NO, NO)),
    "control_organisations": ("GET", (GO, NO, NO, NO, OK, OK, OK, OK)),
    "control_organisation_new": ("GET", (GO, NO, NO, NO, OK, NO, NO, NO)),
    "control_organisation": ("GET", (GO, NO, NO, NO, NONE, NONE, NONE, NONE)),
    "control_inspections": ("GET", (GO, NO, NO, NO, NO, OK, OK, NO)),
    "control_inspection": ("GET", (GO, NO, NO, NO, NO, NONE, NONE, NO)),
    "control_rights": ("GET", (GO, NO, NO, NO, OK, OK, OK, OK)),
    "control_posts": ("GET", (GO, NO, NO, NO, OK, OK, OK, OK)),
    "control_grant_request": ("GET", (GO, OK, OK, OK, OK, OK, OK, NO)),
    "control_yearly": ("GET", (GO, NO, NO, NO, NO, NO, OK, NO)),
    "control_grant_end": ("POST", (GO, NO, NO, NO, NO, NO, NONE, NO)),
    "control_operator_new": ("GET", (GO, NO, NO, NO, OK, NO, NO, NO)),
    "control_operator": ("GET", (GO, NO, NO, NO, OK, OK, OK, OK)),
    "control_operator_change": ("POST", (GO, NO, NO, NO, GO, NO, NO, NO)),
    # Nobody's password was given out: there is nothing to confirm.
    "control_operator_confirm": ("POST", (GO, NO, NO, NO, NONE, NONE, NONE, NONE)),
    "control_trail": ("GET", (GO, NO, NO, NO, NO, OK, OK, NO)),
    "control_trail_export": ("GET", (GO, NO, NO, NO, NO, OK, NO, NO)),
    "control_trail_person": ("GET", (GO, NO, NO, NO, NO, OK, OK, NO)),
    "control_parameters": ("GET", (GO, NO, NO, NO, OK, OK, OK, OK)),
    "control_dictionary": ("GET", (GO, NO, NO, NO, OK, OK, OK, OK)),
    "control_calendar": ("GET", (GO, NO, NO, NO, OK, OK, OK, OK)),
    "control_online": ("GET", (GO, NO, NO, NO, OK, NO, OK, NO)),
    "control_session_end": ("POST", (GO, NO, NO, NO, NONE, NO, NONE, NO)),
    "control_sign_ins": ("GET", (GO, NO, NO, NO, OK, NO, OK, NO)),
}
BY_ANYONE = {"login_code", "login_post", "oidc_start", "oidc_back", "oidc_out", "oidc_logout"}


def patterns() -> Iterator[URLPattern]:
    """The addresses of internal control."""
    yield from urls.urlpatterns


def test_every_address_is_in_the_table_and_passes_the_guard() -> None:
    assert {entry.name for entry in patterns()} == set(TABLE)
    assert not [entry.name for entry in patterns() if not hasattr(entry.callback, "right")]
    assert {entry.name for entry in patterns() if entry.callback.right == PUBLIC} == BY_ANYONE


def test_the_two_tables_name_every_address_of_the_site() -> None:
    def names(resolver: URLResolver) -> Iterator[str | None]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from [] if str(entry.pattern) == "admin/" else names(entry)
            else:
                yield entry.name

    assert set(names(get_resolver())) == set(TABLE) | set(PAGES)


@pytest.mark.requirement("R1.9.02", "R1.9.07")
@pytest.mark.parametrize("place", range(len(WHO)), ids=[str(login) for login in WHO])
def test_who_may_open_what(place: int, city: cities.City, client_of: ClientOf, grant_case: Callable[[], int]) -> None:
    login = WHO[place]
    client = Client() if login is None else client_of(login)
    arguments = {
        "case_id": grant_case(),
        "attachment_id": 1,
        "inspection_id": 1,
        "grant_id": 1,
        "login": "clerk" if login != "clerk" else "reviewer",
        "number": city.persons[0].number,
        "code": "correction",
        "field": "person_number",
        "session_id": 1,
    }
    found = {}
    order = sorted(patterns(), key=lambda entry: entry.name in ("control_case_withdraw", "lock_open"))
    for entry in order:
        method, _ = TABLE[str(entry.name)]
        path = _path(entry, arguments)
        found[entry.name] = (client.get(path) if method == "GET" else client.post(path)).status_code
    assert found == {name: statuses[place] for name, (_, statuses) in TABLE.items()}


def test_pages_that_change_something_take_no_get(
    city: cities.City, client_of: ClientOf, grant_case: Callable[[], int]
) -> None:
    client = client_of("admin")
    arguments: dict[str, object] = dict.fromkeys(
        ("case_id", "attachment_id", "inspection_id", "grant_id", "session_id"), 1
    )
    arguments |= {"code": "correction", "field": "person_number"}
    for entry in patterns():
        if TABLE[str(entry.name)][0] == "POST":
            path = _path(entry, arguments | {"login": "clerk", "number": "1"})
            assert client.get(path).status_code == METHOD, entry.name


def test_whoever_has_no_post_in_force_reaches_the_own_account_and_nothing_else(
    city: cities.City, client_of: ClientOf
) -> None:
    client = client_of("clerk")
    grant = city.operators["clerk"].grants.get()
    grant.until = grant.since
    grant.save(update_fields=["until"])
    assert client.get("/account/security/").status_code == 200
    refused = client.get("/persons/")
    assert refused.status_code == 403
    assert "岗位授权" in refused.content.decode()
    assert client.get("/").status_code == 403


def test_a_session_without_its_work_session_is_none(city: cities.City, client_of: ClientOf) -> None:
    """A browser session alone opens nothing: ended at the desk of the controller, it is ended everywhere."""
    client = client_of("clerk")
    assert client.get("/persons/").status_code == 200
    session = WorkSession.objects.get(operator__login="clerk", ended_at=None)
    doors.end_session(session=session, by="强制下线", now=session.started_at)
    for path in ("/persons/", "/", "/admin/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert "/login/?next=" in answer.headers["Location"]


def _path(entry: URLPattern, arguments: dict[str, object]) -> str:
    return reverse(str(entry.name), kwargs={name: arguments[name] for name in entry.pattern.regex.groupindex})
