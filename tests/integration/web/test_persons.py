"""Finding a person, what the record shows, what it hides, and who looked."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf
from tongchou.control.models import PersonalDataAccess


def find(client: Client, query: str) -> str:
    answer = client.post("/persons/", {"q": query}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def numbers(page: str) -> set[str]:
    return set(re.findall(r'data-row href="/persons/(\d+)/"', page))


def test_by_name_everyone_of_that_name_is_listed(city: cities.City, client_of: ClientOf) -> None:
    page = find(client_of("clerk"), "张小三")
    assert numbers(page) == {person.number for person in city.persons if person.name == "张小三"}
    assert "共 3 人" in page


@pytest.mark.parametrize("kind", ["number", "cert_no", "card"])
def test_a_full_number_opens_the_record(kind: str, city: cities.City, client_of: ClientOf) -> None:
    person = city.persons[2]
    query = {"number": person.number, "cert_no": person.cert_no, "card": f"E{2:08d}"}[kind]
    page = find(client_of("clerk"), f"  {query} ")
    assert f"<title>{person.name[0]}*" in page.replace("\n", "")
    assert "就诊与结算" in page


def test_what_was_searched_for_stays_out_of_addresses(city: cities.City, client_of: ClientOf) -> None:
    answer = client_of("clerk").post("/persons/", {"q": "张小三"}, follow=True)
    assert all("张" not in address and "%E5" not in address for address, _ in answer.redirect_chain)


def test_nobody_found_says_what_to_do(city: cities.City, client_of: ClientOf) -> None:
    assert "请核对号码是否完整" in find(client_of("clerk"), "没有这个人")
    assert city.stranger is not None
    assert "没有找到" in find(client_of("clerk"), city.stranger.cert_no)


def test_the_record_is_masked(city: cities.City, client_of: ClientOf) -> None:
    person = city.persons[0]
    client = client_of("clerk")
    for page in (client.get(f"/persons/{person.number}/").content.decode(), find(client, "张小三")):
        assert "张*三" in page
        assert person.cert_no[:3] + "*" * 11 + person.cert_no[-4:] in page
        for secret in (person.cert_no, person.phone, "12号3单元402室", f"{person.birth_date:%Y-%m-%d}"):
            assert secret not in page
    assert "张小三" not in client.get(f"/persons/{person.number}/").content.decode()


def test_full_data_needs_a_reason_and_is_logged(city: cities.City, client_of: ClientOf) -> None:
    person, client = city.persons[0], client_of("clerk")
    path = f"/persons/{person.number}/reveal/"
    refused = client.post(path, {"reason": " "})
    assert refused.status_code == 422
    assert "请填写查看原因" in refused.content.decode()
    assert not PersonalDataAccess.objects.exists()
    shown = client.post(path, {"reason": "业务办理核对身份"}).content.decode()
    for told in (person.cert_no, person.phone, "12号3单元402室", "张小三"):
        assert told in shown
    logged = PersonalDataAccess.objects.get()
    assert (logged.operator.login, logged.person_number, logged.reason) == ("clerk", person.number, "业务办理核对身份")
    assert person.cert_no not in client.get(f"/persons/{person.number}/").content.decode()


@pytest.mark.requirement("R0.24")
def test_the_record_leads_to_entitlement_account_and_settlements(city: cities.City, client_of: ClientOf) -> None:
    """个人信息关联到个人缴费(待遇享受期与连续缴费)、个人账户、个人结算."""
    person, client = city.persons[0], client_of("clerk")
    page = client.get(f"/persons/{person.number}/").content.decode()
    assert "可享受" in page
    assert "连续缴费起" in page
    assert "本月个人账户划入" in page
    links = set(re.findall(r'href="(/settlements/\d+/)"', page))
    assert links
    for link in links:
        assert person.number in client.get(link).content.decode()


@pytest.mark.requirement("R1.2.39")
def test_the_account_balance_is_the_sum_of_its_movements(city: cities.City, client_of: ClientOf) -> None:
    page = client_of("clerk").get(f"/persons/{city.persons[0].number}/").content.decode()
    balance = re.search(r'余额 <strong class="num">([\d,.]+)</strong>', page)
    table = page[page.index("个人账户流水") :]
    amounts = re.findall(r'<td class="num(?: minus)?">(-?[\d,.]+)</td><td class="num">[\d,.]+</td></tr>', table)
    assert balance is not None
    assert len(amounts) >= 2
    fen = [int(amount.replace(",", "").replace(".", "")) for amount in amounts]
    assert sum(fen) == int(balance[1].replace(",", "").replace(".", ""))


def test_the_record_costs_as_many_queries_however_much_it_shows(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("clerk")
    counted = []
    for person in (city.persons[0], city.persons[5]):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(f"/persons/{person.number}/")
        counted.append(len(captured))
    assert max(counted) <= 12
    assert max(counted) - min(counted) <= 1  # no account, no movements asked for
