"""One table: who may open which address. An address that is not in the table fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf
from tongchou.web import urls
from tongchou.web.access import PUBLIC
from tongchou.web.control import urls as control_urls

OK, SIGN_IN, DENIED, MOVED, MISSING, WRONG = 200, 302, 403, 302, 404, 422

# name: method, (anonymous, clerk, accountant, admin)
TABLE: dict[str, tuple[str, tuple[int, int, int, int]]] = {
    "login": ("GET", (OK, MOVED, MOVED, MOVED)),
    "logout": ("POST", (SIGN_IN, MOVED, MOVED, MOVED)),
    "password": ("GET", (SIGN_IN, OK, OK, OK)),
    "desk": ("GET", (SIGN_IN, OK, OK, OK)),
    "desk_live": ("GET", (SIGN_IN, OK, OK, DENIED)),
    "persons": ("GET", (SIGN_IN, OK, OK, DENIED)),
    "person": ("GET", (SIGN_IN, OK, OK, DENIED)),
    "person_reveal": ("POST", (SIGN_IN, WRONG, DENIED, DENIED)),
    "family": ("GET", (SIGN_IN, OK, OK, DENIED)),
    "family_new": ("GET", (SIGN_IN, OK, DENIED, DENIED)),
    "family_end": ("GET", (SIGN_IN, MISSING, DENIED, DENIED)),
    "settlements": ("GET", (SIGN_IN, OK, OK, DENIED)),
    "settlements_export": ("GET", (SIGN_IN, DENIED, OK, DENIED)),
    "settlement": ("GET", (SIGN_IN, OK, OK, DENIED)),
    "settlement_statement": ("GET", (SIGN_IN, OK, OK, DENIED)),
    "days": ("GET", (SIGN_IN, OK, OK, DENIED)),
    "day": ("GET", (SIGN_IN, OK, OK, DENIED)),
    "day_close": ("POST", (SIGN_IN, DENIED, MOVED, DENIED)),
    "day_export": ("GET", (SIGN_IN, OK, OK, DENIED)),
    "import": ("GET", (SIGN_IN, DENIED, DENIED, OK)),
    "import_template": ("GET", (SIGN_IN, DENIED, DENIED, OK)),
    "import_check": ("GET", (SIGN_IN, DENIED, DENIED, MISSING)),
    "import_errors": ("GET", (SIGN_IN, DENIED, DENIED, MISSING)),
    "import_confirm": ("POST", (SIGN_IN, DENIED, DENIED, MISSING)),
    "policy": ("GET", (SIGN_IN, OK, OK, OK)),
    "policy_try": ("GET", (SIGN_IN, OK, OK, OK)),
    "policy_version": ("GET", (SIGN_IN, OK, OK, OK)),
    "policy_arrangement": ("GET", (SIGN_IN, OK, OK, OK)),
    "policy_arrangement_new": ("POST", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_arrangement_undo": ("POST", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_difference": ("GET", (SIGN_IN, OK, OK, OK)),
    "policy_cases": ("GET", (SIGN_IN, OK, OK, OK)),
    "policy_text": ("GET", (SIGN_IN, OK, OK, OK)),
    "policy_undo": ("POST", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_drafts": ("GET", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_draft_new": ("POST", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_draft_upload": ("POST", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_draft": ("GET", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_draft_save": ("POST", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_draft_rules": ("GET", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_draft_rules_change": ("POST", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_draft_trial": ("GET", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_draft_expectation": ("POST", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_draft_cases": ("POST", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_draft_hand_in": ("POST", (SIGN_IN, DENIED, DENIED, DENIED)),
    "policy_draft_withdraw": ("POST", (SIGN_IN, DENIED, DENIED, DENIED)),
    "operation_jobs": ("GET", (SIGN_IN, DENIED, OK, OK)),
    "operation_job_start": ("POST", (SIGN_IN, DENIED, DENIED, MISSING)),
    "operation_job": ("GET", (SIGN_IN, DENIED, MISSING, MISSING)),
    "operation_job_live": ("GET", (SIGN_IN, DENIED, MISSING, MISSING)),
    "operation_job_cancel": ("POST", (SIGN_IN, DENIED, DENIED, MISSING)),
    "operation_job_retry": ("POST", (SIGN_IN, DENIED, DENIED, MISSING)),
    "operation_job_file": ("GET", (SIGN_IN, DENIED, MISSING, MISSING)),
    "operation_plans": ("GET", (SIGN_IN, DENIED, OK, OK)),
    "operation_plan_start": ("POST", (SIGN_IN, DENIED, DENIED, MOVED)),
    "operation_plan": ("GET", (SIGN_IN, DENIED, MISSING, MISSING)),
    "operation_plan_live": ("GET", (SIGN_IN, DENIED, MISSING, MISSING)),
    "operation_state": ("GET", (SIGN_IN, DENIED, OK, OK)),
    "resettle": ("GET", (SIGN_IN, OK, OK, DENIED)),
    "resettle_new": ("GET", (SIGN_IN, OK, DENIED, DENIED)),
    "resettle_template": ("GET", (SIGN_IN, OK, DENIED, DENIED)),
    "resettle_run": ("GET", (SIGN_IN, MISSING, MISSING, DENIED)),
    "resettle_live": ("GET", (SIGN_IN, MISSING, MISSING, DENIED)),
    "resettle_export": ("GET", (SIGN_IN, DENIED, MISSING, DENIED)),
    "resettle_submit": ("POST", (SIGN_IN, MISSING, DENIED, DENIED)),
    "resettle_drop": ("POST", (SIGN_IN, MISSING, DENIED, DENIED)),
    "resettle_person": ("GET", (SIGN_IN, MISSING, MISSING, DENIED)),
    "extracts": ("GET", (SIGN_IN, DENIED, OK, DENIED)),
    "extract_file": ("GET", (SIGN_IN, DENIED, MISSING, DENIED)),
    "simulation": ("GET", (SIGN_IN, DENIED, OK, DENIED)),
    "simulation_new": ("GET", (SIGN_IN, DENIED, OK, DENIED)),
    "simulation_compare": ("GET", (SIGN_IN, DENIED, MOVED, DENIED)),
    "simulation_data": ("GET", (SIGN_IN, DENIED, OK, DENIED)),
    "simulation_template": ("GET", (SIGN_IN, DENIED, OK, DENIED)),
    "simulation_errors": ("GET", (SIGN_IN, DENIED, MISSING, DENIED)),
    "simulation_data_delete": ("POST", (SIGN_IN, DENIED, MISSING, DENIED)),
    "simulation_run": ("GET", (SIGN_IN, DENIED, MISSING, DENIED)),
    "simulation_live": ("GET", (SIGN_IN, DENIED, MISSING, DENIED)),
    "simulation_cancel": ("POST", (SIGN_IN, DENIED, MISSING, DENIED)),
    "simulation_excel": ("GET", (SIGN_IN, DENIED, MISSING, DENIED)),
    "messages": ("GET", (SIGN_IN, OK, OK, OK)),
    "messages_read": ("POST", (SIGN_IN, MOVED, MOVED, MOVED)),
}
OPERATORS = (None, "clerk", "accountant", "admin")
REFERENCE = (
    "/admin/", "/admin/catalogues/", "/admin/catalogues/item/", "/admin/catalogues/itemterm/",
    "/admin/catalogues/pricelimit/", "/admin/catalogues/diagnosis/", "/admin/catalogues/outpatientdisease/",
    "/admin/catalogues/mapping/", "/admin/providers/institution/", "/admin/providers/agreement/",
)  # fmt: skip


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    """All addresses of the pages, without those of the admin and of internal control, which has a table of its own
    for more posts (tests/security/test_permissions.py).
    """
    for entry in urls.urlpatterns if resolver is None else resolver.url_patterns:
        if isinstance(entry, URLResolver) and entry.urlconf_name is control_urls:
            continue
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


def test_every_address_is_in_the_table_and_passes_the_guard() -> None:
    assert {entry.name for entry in patterns()} == set(TABLE)
    unguarded = [entry.name for entry in patterns() if not hasattr(entry.callback, "right")]
    assert not unguarded
    public = {entry.name for entry in patterns() if entry.callback.right == PUBLIC}
    assert public == {"login"}


def test_nothing_but_the_pages_the_admin_and_the_gateway_is_served() -> None:
    beside = [
        str(entry.pattern)
        for entry in get_resolver().url_patterns
        if not (isinstance(entry, URLResolver) and entry.urlconf_name is urls) and str(entry.pattern) != "admin/"
    ]
    assert beside == []


@pytest.mark.parametrize("place", range(len(OPERATORS)), ids=[str(login) for login in OPERATORS])
def test_who_may_open_what(place: int, city: cities.City, client_of: ClientOf) -> None:
    arguments = _arguments(city)
    # Closing the day and signing out change what comes after them.
    last = ["day_close", "logout"]
    login = OPERATORS[place]
    client = Client() if login is None else client_of(login)
    found = {}
    for entry in sorted(patterns(), key=lambda one: last.index(one.name) if one.name in last else -1):
        method, _ = TABLE[str(entry.name)]
        path = "/" + _path(entry, arguments)
        found[entry.name] = (client.get(path) if method == "GET" else client.post(path)).status_code
    assert found == {name: statuses[place] for name, (_, statuses) in TABLE.items()}


def test_pages_that_change_something_take_no_get(city: cities.City, client_of: ClientOf) -> None:
    arguments = _arguments(city)
    for login in ("clerk", "accountant", "admin"):
        client = client_of(login)
        for entry in patterns():
            if TABLE[str(entry.name)][0] == "POST":
                assert client.get("/" + _path(entry, arguments)).status_code == 405, entry.name


def test_a_change_without_csrf_token_is_refused(city: cities.City) -> None:
    client = Client(enforce_csrf_checks=True)
    for path in ("/login/", "/logout/", f"/days/{timezone.localdate()}/close/", "/persons/"):
        answer = client.post(path, {"login": "clerk", "password": cities.PASSWORD})
        assert answer.status_code == 403, path
        assert "页面已过期" in answer.content.decode()


@pytest.mark.parametrize("path", REFERENCE)
def test_reference_data_is_read_only(path: str, city: cities.City, client_of: ClientOf) -> None:
    assert Client().get(path).status_code == 302
    for login in ("clerk", "admin"):
        assert client_of(login).get(path).status_code == 200
    admin = client_of("admin")
    if path.count("/") == 4:
        assert admin.get(f"{path}add/").status_code == 403
        assert admin.post(path, {"action": "delete_selected"}).status_code in (200, 302)


def test_the_admin_has_no_money_no_persons_and_no_operators(city: cities.City, client_of: ClientOf) -> None:
    for path in ("settlement/settlement", "ledger/journal", "registry/person", "accounts/account", "control/operator"):
        assert client_of("admin").get(f"/admin/{path}/").status_code == 404


def test_others_areas_do_not_exist(city: cities.City, client_of: ClientOf) -> None:
    """The neighbour city's centre sees nothing of ours, our county nothing of the district."""
    neighbour, county = client_of("lanzhou"), client_of("county")
    settlement, person = city.settlements[0], city.persons[0]
    for path in (
        f"/settlements/{settlement}/",
        f"/settlements/{settlement}/statement.pdf",
        f"/persons/{person.number}/",
    ):
        assert client_of("clerk").get(path).status_code == 200
        assert neighbour.get(path).status_code == 404, path
        assert county.get(path).status_code == 404, path
    assert city.stranger is not None
    assert client_of("clerk").get(f"/persons/{city.stranger.number}/").status_code == 404
    in_county = next(person for person in city.persons if person.area_id == cities.COUNTY)
    assert county.get(f"/persons/{in_county.number}/").status_code == 200
    assert neighbour.post(f"/persons/{person.number}/reveal/", {"reason": "核对身份信息"}).status_code in (403, 404)
    shown = county.get("/settlements/?begin=&end=").content.decode()
    assert f"/settlements/{settlement}/" not in shown
    assert "没有符合条件的结算" in neighbour.get("/settlements/?begin=").content.decode()


def _arguments(city: cities.City) -> dict[str, object]:
    return {
        "number": city.persons[0].number,
        "settlement_id": city.settlements[0],
        "day": timezone.localdate(),
        "pack": "gansu-city",
        "area": "629900",
        "scheme": "390",
        "since": date(2007, 10, 1),
        "draft_id": 1,
        "kind": "items",
        "upload_id": 1,
        "run_id": 1,
        "digest": "0123456789abcdef",
        "plan_id": 1,
        "row_id": 1,
        "binding_id": 1,
    }


def _path(entry: URLPattern, arguments: dict[str, object]) -> str:
    names = entry.pattern.regex.groupindex
    given = {name: arguments[name] for name in names}
    given = {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items()}
    return reverse(str(entry.name), kwargs=given).removeprefix("/")


@pytest.mark.parametrize("path", ["/", "/admin/catalogues/item/", "/admin/providers/institution/"])
def test_an_asynchronous_server_can_serve_the_page(path: str, city: cities.City) -> None:
    """The site runs under ASGI, whose requests carry a ``scope`` of their own."""
    client = AsyncClient()
    sign_in = async_to_sync(client.post)("/login/", {"login": "admin", "password": cities.PASSWORD})
    assert sign_in.status_code == 302
    assert async_to_sync(client.get)(path).status_code == 200
