"""The demo city in a real database: complete, balanced, built once, reproducible."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test import TestCase

from tongchou.accounts import api as accounts
from tongchou.accounts import core
from tongchou.accounts.models import FamilyBinding
from tongchou.catalogues import api as catalogues
from tongchou.demo import api, city, tables
from tongchou.kernel.rejection import Rejection
from tongchou.ledger import api as ledger
from tongchou.providers import api as providers
from tongchou.registry import api as registry
from tongchou.registry.models import Card, Person

pytestmark = pytest.mark.django_db

YEAR, PERSONS = 2026, 600
DAY = date(2026, 6, 1)


def build(**given: object) -> city.Built:
    arguments: dict[str, object] = {"persons": PERSONS, "seed": 1, "year": YEAR, **given}
    return city.build(**arguments)  # type: ignore[arg-type]


def scalar(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


CIPHERS = ["cert_no_cipher", "phone_cipher", "address_cipher", "number_cipher"]


def digest() -> str:
    """One hash over all that was built; ids too, because the sequences start anew."""
    hashed = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in (
            "registry_person",
            "registry_card",
            "registry_enrolment",
            "registry_identityclass",
            "registry_diseasecertificate",
            "registry_employer",
            "contributions_entitlement",
            "accounts_account",
            "catalogues_itemterm",
            "catalogues_mapping",
            "providers_agreement",
            "ledger_entry",
        ):
            cursor.execute(f"SELECT (to_jsonb(t) - %s::text[])::text FROM {table} t ORDER BY 1", [CIPHERS])
            for (line,) in cursor.fetchall():
                hashed.update(line.encode())
    for person in Person.objects.order_by("pk"):  # a ciphertext is another one each time
        hashed.update(f"{person.cert_no} {person.phone} {person.address}".encode())
    for card in Card.objects.order_by("pk"):
        hashed.update(card.number.encode())
    return hashed.hexdigest()


def refusal(action: Callable[[], object]) -> Rejection:
    with pytest.raises(Rejection) as refused:
        action()
    return refused.value


class TestBuiltCity(TestCase):
    """What holds in a city; it is built once for all of these tests."""

    built: city.Built
    lines: list[str]

    @classmethod
    def setUpTestData(cls) -> None:
        cls.lines = []
        cls.built = build(report=cls.lines.append)

    def test_the_city_is_complete_and_the_ledger_carries_its_accounts(self) -> None:
        built = self.built
        assert scalar("SELECT count(*) FROM registry_person") == built.persons == PERSONS
        assert scalar("SELECT count(*) FROM registry_enrolment") == PERSONS
        assert scalar("SELECT count(*) FROM accounts_account") == built.accounts > 50
        assert scalar("SELECT sum(balance) FROM accounts_account") == built.account_total > 0
        assert accounts.check() == []
        assert ledger.balance(area=api.CITY, account_code="2201", on=None) == -built.account_total
        assert list(ledger.check(api.CITY)) == []
        assert ledger.is_closed(area=api.CITY, day=date(2025, 12, 31))
        assert any("参保人员" in line for line in self.lines)

    @pytest.mark.requirement("R1.5.01")
    def test_some_households_share_an_account_and_each_binding_could_have_been_made_at_the_counter(self) -> None:
        bound = list(FamilyBinding.objects.select_related("owner", "member"))
        assert len(bound) == self.built.families > 10
        for one in bound:
            assert one.owner.household_id == one.member.household_id
            assert core.relation_fits(
                relation=one.relation, owner_born=one.owner.birth_date, member_born=one.member.birth_date
            )
            account = accounts.account_of(person_id=one.owner_id, scheme=one.scheme)
            assert account is not None
            assert account.balance > 0
            assert accounts.account_of(person_id=one.member_id, scheme=one.scheme) is None
        assert {one.relation for one in bound} == {"spouse", "child", "parent"}
        family = {patient.id for patient in api.patients(on=DAY) if patient.family}
        assert family == {one.member_id for one in bound}

    def test_every_institution_can_settle_what_it_sells(self) -> None:
        sites = api.sites(on=DAY)
        assert len(sites) == len(tables.institutions()) == 20
        catalogue = catalogues.Catalogue()
        for site in sites:
            prices = api.price_list(institution_code=site.code, on=DAY)
            assert len(prices) > 200
            mapped = catalogue.mapping(
                institution_code=site.code, local_codes=[priced.local_code for priced in prices], on=DAY
            )
            assert mapped == {priced.local_code: priced.item_code for priced in prices}
            for scheme in ("310", "390"):
                terms = catalogue.terms(codes=set(mapped.values()), scheme=scheme, on=DAY, level=site.level)
                assert terms.keys() == set(mapped.values())
            view = providers.provider(code=site.code, on=DAY)
            providers.check_med_type(view, "41" if site.kind == "2" else "11")

    def test_limits_and_terms_of_the_city(self) -> None:
        catalogue = catalogues.Catalogue()
        visit = next(item for item in tables.items() if item.name == "普通门诊诊察费")
        negotiated = next(item for item in tables.items() if item.fields["negotiated"] == "是")

        def term(code: str, on: date, level: str) -> catalogues.TermView:
            return catalogue.terms(codes=[code], scheme="310", on=on, level=level)[code]

        assert [term(visit.code, DAY, level).price_limit for level in "321"] == [8_000_000, 7_200_000, 6_400_000]
        assert term(negotiated.code, date(YEAR - 1, 12, 31), "3").item_class == "03"
        assert term(negotiated.code, date(YEAR, 1, 1), "3").item_class == "02"

    def test_patients_come_page_by_page_with_card_and_entitlement(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(api, "PAGE", 250)
            patients = list(api.patients(on=DAY))
        assert len({patient.id for patient in patients}) == PERSONS
        assert {patient.entitled for patient in patients} == {True, False}
        with_card = next(patient for patient in patients if patient.card)
        found = registry.find_person(kind="03", number=with_card.card, serial=with_card.card_serial)
        assert found.number == with_card.number
        with_token = next(patient for patient in patients if patient.token)
        assert registry.find_person(kind="01", number=with_token.token).number == with_token.number
        assert api.person_id_range() == (patients[0].id, patients[-1].id)
        assert any(patient.diseases for patient in patients)

    def test_new_persons_get_numbers_behind_those_of_the_city(self) -> None:
        last = max(patient.number for patient in api.patients(on=DAY))
        added = registry.register_person(name="新来", cert_no="629901199003070013", area_code="629902")
        assert int(added.number[4:]) > int(last[4:])

    def test_a_second_city_is_refused_and_says_what_to_do(self) -> None:
        refused = refusal(build)
        assert refused.code == "DEMO-001"
        assert "--replace" in refused.remedy
        assert scalar("SELECT count(*) FROM registry_person") == PERSONS

    def test_a_city_with_business_is_not_replaced(self) -> None:
        person = next(iter(api.patients(on=DAY)))
        accounts.open_account(person_id=person.id, scheme="399")
        accounts.credit(
            person_id=person.id,
            scheme="399",
            amount=100,
            area=api.CITY,
            source_code="1004",
            journal_id=1,
            business_date=DAY,
            kind="allocation",
            business_key="test",
            posted_at=datetime(2026, 6, 1, tzinfo=UTC),
        )
        assert refusal(lambda: build(replace=True)).code == "DEMO-002"
        assert scalar("SELECT count(*) FROM registry_person") == PERSONS


@pytest.mark.django_db(transaction=True)
def test_same_seed_same_city_to_the_last_row() -> None:
    build(replace=True)
    first = digest()
    build(replace=True)
    assert digest() == first
    build(replace=True, seed=2)
    assert digest() != first


def test_too_small_a_city_is_refused() -> None:
    assert refusal(lambda: build(persons=10)).code == "DEMO-003"


def test_no_city_no_sites() -> None:
    assert refusal(lambda: api.sites(on=DAY)).code == "DEMO-004"
    assert refusal(api.person_id_range).code == "DEMO-004"


def test_the_command_says_what_it_built(capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    from tongchou.demo import cli

    parser = argparse.ArgumentParser()
    cli.add_parser(parser.add_subparsers())
    args = parser.parse_args(["demo", "--persons", "200", "--seed", "3", "--year", "2026"])
    assert cli.run(args) == 0
    printed = capsys.readouterr().out
    assert "参保人员 200 名" in printed
    assert "陇安市" in printed
