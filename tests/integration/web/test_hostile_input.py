"""What nobody types by accident: every page answers with a page, never with a stack trace, and shows text as text."""

from __future__ import annotations

import re

import pytest

from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf

SCRIPT = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    "path",
    [
        "/settlements/99999999999999999999999/", "/settlements/1/", "/settlements/9223372036854775808/", "/persons/%00/", "/persons/'%20OR%201=1/", "/days/9999-99-99/",
        "/imports/nothing/", "/imports/items/99999999999999999999/", "/persons/../../etc/passwd/",
    ],
)  # fmt: skip
def test_addresses_that_lead_nowhere(path: str, city: cities.City, client_of: ClientOf) -> None:
    answer = client_of("admin" if "imports" in path else "clerk").get(path)
    assert answer.status_code == 404
    assert "没有找到" in answer.content.decode()


@pytest.mark.parametrize("text", ["\0", "' OR 1=1 --", "%", "_", "张" * 500, "\\", "{{ 7*7 }}", SCRIPT])
def test_a_search_finds_nothing_else_than_what_was_asked(text: str, city: cities.City, client_of: ClientOf) -> None:
    answer = client_of("clerk").post("/persons/", {"q": text}, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'data-row href="/persons/' not in page
    assert SCRIPT not in page
    assert "49" not in re.sub(r'value="[^"]*"', "", page) or "{{ 7*7 }}" not in text  # a form's token may hold it


@pytest.mark.parametrize(
    "asked",
    [
        "number=%00", "number=99999999999999999999999999",
        "number=9223372036854775808", "least=1e9", "least=%00", "begin=%00", "page=99999999999999999999",
        "page=-1", "institution=' OR 1=1", "status=everything", "med_type=%3Cscript%3E", "most=99999999999999999999",
    ],
)  # fmt: skip
def test_the_query_strip_survives(asked: str, city: cities.City, client_of: ClientOf) -> None:
    answer = client_of("clerk").get(f"/settlements/?{asked}")
    assert answer.status_code in (200, 422)
    assert "<script>" not in answer.content.decode()


def test_a_name_is_shown_as_text(city: cities.City, client_of: ClientOf) -> None:
    person = city.persons[0]
    type(person).objects.filter(pk=person.pk).update(name="<b>x</b>", address=SCRIPT)
    client = client_of("clerk")
    shown = client.post(f"/persons/{person.number}/reveal/", {"reason": "业务办理核对身份"}).content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in shown
    assert SCRIPT not in shown
    statement = client.get(f"/settlements/{city.inpatient}/statement.pdf")
    assert statement.status_code == 200
