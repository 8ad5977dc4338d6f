"""The rest of the table permission × address × method × status: the reference lists (admin), the gateway, the machine's own.

Together with ``test_permissions.py`` and ``tests/integration/web/test_permissions.py`` every address that the server answers
is named in a table, and one that is in none fails a test.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver

from tests.integration.exchange.gateway import Caller, Gateway
from tests.integration.web import city as cities
from tests.security.conftest import ClientOf
from tongchou.catalogues.models import Item
from tongchou.exchange import addresses
from tongchou.exchange import openapi as gateway
from tongchou.exchange.tables import transactions
from tongchou.operation import asgi as operation
from tongchou.project.openapi import PATH as DOCUMENT
from tongchou.project.openapi import document

pytestmark = pytest.mark.django_db  # the server needs the database that this creates

OK, GO, NO, NONE, METHOD = 200, 302, 403, 404, 405
WHO = (None, "clerk", "reviewer", "accountant", "admin", "auditor", "controller", "director")
LISTS = (
    "catalogues/item", "catalogues/itemterm", "catalogues/pricelimit", "catalogues/diagnosis", "catalogues/outpatientdisease",
    "catalogues/mapping", "providers/institution", "providers/agreement",
)  # fmt: skip
READ = (GO, *(OK,) * 7)
NEVER = (GO, *(NO,) * 7)
NOWHERE = (GO, *(NONE,) * 7)
ALL_AWAY = (GO,) * 8
# The path behind /admin/ as the site spells it, per list: what it answers to GET and to POST with a token.
ROWS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "": (READ, READ),
    "add/": (NEVER, NEVER),
    "<path:object_id>/history/": (READ, READ),
    "<path:object_id>/delete/": (NEVER, NEVER),
    "<path:object_id>/change/": (READ, NEVER),
    "<path:object_id>/": (ALL_AWAY, ALL_AWAY),
}
SITE: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "": (READ, READ),
    "login/": (ALL_AWAY, ALL_AWAY),
    "logout/": (ALL_AWAY, ALL_AWAY),
    "password_change/": (ALL_AWAY, ALL_AWAY),
    "jsi18n/": (READ, (GO, *(METHOD,) * 7)),
    "^(?P<app_label>catalogues|providers)/$": (READ, READ),
    "(?P<url>.*)$": (NOWHERE, NOWHERE),
}


def admin_paths(entries: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, URLResolver):
            yield from admin_paths(entry.url_patterns, before + str(entry.pattern))
        else:
            yield before + str(entry.pattern)


def test_every_address_of_the_reference_lists_is_in_the_table() -> None:
    """A model that a library registers, or another page of the admin, would be an address that is not here."""
    rows = {f"{name}/{path}" for name in LISTS for path in ROWS}
    assert set(admin_paths(admin.site.get_urls())) == rows | set(SITE)


@pytest.mark.requirement("R1.9.02", "R1.9.07")
@pytest.mark.parametrize("place", range(len(WHO)), ids=[str(login) for login in WHO])
def test_who_may_read_the_reference_lists_and_that_nobody_writes(
    place: int, city: cities.City, client_of: ClientOf
) -> None:
    login = WHO[place]
    client = Client() if login is None else client_of(login)
    item = Item.objects.first()
    assert item is not None
    found = {}
    for path in SITE:
        real = {"^(?P<app_label>catalogues|providers)/$": "providers/", "(?P<url>.*)$": "auth/group/"}.get(path, path)
        found[path] = (client.get(f"/admin/{real}").status_code, client.post(f"/admin/{real}").status_code)
    for path in ROWS:
        real = "/admin/catalogues/item/" + path.replace("<path:object_id>", str(item.pk))
        written = client.post(real, {"name": "改名", "_save": "1"}).status_code
        found["item/" + path] = (client.get(real).status_code, written)
    expected = SITE | {f"item/{path}": statuses for path, statuses in ROWS.items()}
    assert found == {path: (get[place], post[place]) for path, (get, post) in expected.items()}
    item.refresh_from_db()
    assert item.name != "改名"
    for name in LISTS:
        assert client.get(f"/admin/{name}/").status_code == READ[place], name
        assert client.get(f"/admin/{name}/add/").status_code == NEVER[place], name


def test_the_admin_gives_no_second_way_to_change_a_password(city: cities.City, client_of: ClientOf) -> None:
    """Django's own form knows nothing of our rules (ten characters, none of the last five)."""
    client = client_of("admin")
    own = client.post(
        "/admin/password_change/", {"old_password": cities.PASSWORD, "new_password1": "x", "new_password2": "x"}
    )
    assert own.headers["Location"] == "/password/"
    assert client.post("/admin/logout/").headers["Location"] == "/"
    for path in ("password_change/done/", "auth/group/add/", "procrastinate/procrastinatejob/", "r/1/1/"):
        assert client.get(f"/admin/{path}").status_code == NONE, path
        assert client.post(f"/admin/{path}", {"name": "x"}).status_code == NONE, path
    assert client.get("/control/rights/").status_code == OK, "still signed in"


# --- what the server answers without Django -----------------------------------------------------------------------------

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
HERE = "127.0.0.1"
MACHINE: dict[str, tuple[int, int]] = {"/healthz": (OK, OK), "/readyz": (OK, OK), "/metrics": (OK, NONE)}
"""Address: status for the machine itself, status for whom a proxy brought."""
NOT_THEM = (
    "/metrics/",
    "/METRICS",
    "//metrics",
    "/healthz/x",
    "/readyz%00",
    "/x/../metrics",
    "/.well-known/x",
    "/static/../x",
)


def ask(server: Gateway, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HERE, server.port, timeout=120)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body=body or None, headers=named)
    answer = connection.getresponse()
    said = answer.status, answer.read()
    connection.close()
    return said


def test_every_address_beside_the_site_is_in_a_table() -> None:
    assert set(operation.PATHS) == set(MACHINE)
    assert set(document()["paths"]) - set(gateway.paths()) - set(MACHINE) == {
        DOCUMENT,
        "/lock/alive/",
        "/lock/open/",
    }
    assert set(addresses.SERVICES.values()) <= transactions() | {"9101", "9102"}


@pytest.mark.parametrize("path", MACHINE)
def test_the_machines_own_addresses(server: Gateway, path: str) -> None:
    near, far = MACHINE[path]
    for method in METHODS:
        assert (method, ask(server, method, path)[0]) == (method, near)
        assert (method, ask(server, method, path, X_Forwarded_For="10.0.0.9")[0]) == (method, far)
    details = json.loads(ask(server, "GET", "/readyz", X_Forwarded_For="127.0.0.1")[1])
    assert set(details) == {"ready"}, "a forged address opens nothing"


def test_the_document_of_the_addresses_is_there_to_be_read_and_has_no_data(server: Gateway) -> None:
    for method in METHODS:
        assert (method, ask(server, method, DOCUMENT)[0]) == (method, OK if method in ("GET", "HEAD") else METHOD)
    said = ask(server, "GET", DOCUMENT, X_Forwarded_For="10.0.0.9")[1]
    assert json.loads(said) == document()
    assert not re.search(rb"[1-9][0-9]{16}[0-9X]", said), "no ID number in it"


@pytest.mark.parametrize("path", NOT_THEM)
def test_what_only_looks_like_them_is_not_there(server: Gateway, path: str) -> None:
    status, said = ask(server, "GET", path)
    assert status in (NONE, 301), status
    assert b"tongchou_" not in said


@pytest.mark.parametrize("prefix", [*addresses.PREFIXES, "/anything/rio_fsi/x", "/province/CSB"])
def test_the_gateway_takes_messages_by_post_and_gives_nothing_else(server: Gateway, prefix: str) -> None:
    """Every other method is refused in the envelope; no address of the gateway shows a page or keeps a session."""
    path = prefix + ("x" if prefix.endswith("/") else "")
    for method in METHODS:
        status, said = ask(server, method, path)
        assert (method, status) == (method, OK)
        if method != "HEAD":
            assert json.loads(said)["err_msg"][:10] == ("【EXCH-001】" if method == "POST" else "【EXCH-024】"), method


@pytest.mark.parametrize("service", sorted(addresses.SERVICES))
def test_every_service_address_asks_who_is_calling(server: Gateway, service: str) -> None:
    """Nobody who is not an institution with an agreement reaches a service by its address."""
    number = addresses.SERVICES[service]
    stranger = Caller(server.port, "H00000000000")
    answer = stranger.post(stranger.message(number, {}), path=f"/fsi/api/{service}")
    assert answer.status == OK
    assert answer.envelope["infcode"] == -1
    assert answer.code != "EXCH-099"
    assert b"set-cookie" not in str(answer.headers).lower().encode()


def test_where_signatures_are_checked_an_unsigned_message_is_refused(signed_server: Gateway) -> None:
    caller = Caller(signed_server.port, "H62990100001")
    for service, number in sorted(addresses.SERVICES.items()):
        answer = caller.post(caller.message(number, {}), path=f"/fsi/api/{service}")
        assert (service, answer.code) == (service, "EXCH-040")
    assert caller.post(caller.message("1201", {}), path="/CSB").code == "EXCH-040"
