"""The cached catalogue: right terms on the right day, and never an old answer."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tongchou.catalogues import api
from tongchou.catalogues.models import Item, ItemTerm, Mapping, PriceLimit

pytestmark = pytest.mark.django_db

DAY = date(2026, 6, 1)


@pytest.fixture
def item() -> Item:
    item = Item.objects.create(code="XA01", list_type="101", charge_type="09", name="二甲双胍")
    ItemTerm.objects.create(
        item=item,
        scheme="310",
        list_code="XA01",
        item_class="02",
        prior_self_pay=1_000,
        period=(date(2026, 1, 1), None),
    )
    return item


def terms(catalogue: api.Catalogue, codes: list[str], on: date = DAY, level: str = "3") -> dict[str, api.TermView]:
    return catalogue.terms(codes=codes, scheme="310", on=on, level=level)


@pytest.mark.requirement("R1.5.03")
def test_terms_in_force_on_the_day(item: Item) -> None:
    catalogue = api.Catalogue()
    found = terms(catalogue, ["XA01", "missing"])
    assert set(found) == {"XA01"}
    assert (found["XA01"].item_class, found["XA01"].prior_self_pay, found["XA01"].price_limit) == ("02", 1_000, None)
    assert terms(catalogue, ["XA01"], on=date(2025, 12, 31)) == {}
    assert catalogue.terms(codes=["XA01"], scheme="390", on=DAY, level="3") == {}


def test_own_level_limit_goes_before_the_general_one_and_ends_on_its_day(item: Item) -> None:
    PriceLimit.objects.create(item=item, level="0", limit_micro=5_000_000, period=(date(2026, 1, 1), None))
    PriceLimit.objects.create(item=item, level="3", limit_micro=8_000_000, period=(date(2026, 5, 1), date(2026, 6, 1)))
    catalogue = api.Catalogue()

    def limit(level: str, on: date) -> int | None:
        return terms(catalogue, ["XA01"], on=on, level=level)["XA01"].price_limit

    assert limit("3", date(2026, 4, 30)) == 5_000_000
    assert limit("3", date(2026, 5, 1)) == 8_000_000
    assert limit("3", date(2026, 5, 31)) == 8_000_000
    assert limit("3", date(2026, 6, 1)) == 5_000_000
    assert limit("2", date(2026, 5, 15)) == 5_000_000


@pytest.mark.parametrize(
    ("level", "expected"), [("1", 6_000_000), ("4", 6_000_000), ("5", 6_000_000), ("2", 5_000_000)]
)
def test_community_centres_and_hospitals_without_a_level_have_the_limits_of_level_one(
    item: Item, level: str, expected: int
) -> None:
    """限价医院等级 1 is 一级及以下."""
    PriceLimit.objects.create(item=item, level="0", limit_micro=5_000_000, period=(date(2026, 1, 1), None))
    PriceLimit.objects.create(item=item, level="1", limit_micro=6_000_000, period=(date(2026, 1, 1), None))
    assert terms(api.Catalogue(), ["XA01"], level=level)["XA01"].price_limit == expected


def test_second_read_only_asks_for_the_revision_and_none_when_it_is_given(item: Item) -> None:
    catalogue = api.Catalogue()
    terms(catalogue, ["XA01"])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        terms(catalogue, ["XA01"])
    assert len(queries) == 1
    revision = api.revision()
    with CaptureQueriesContext(connection) as queries:
        catalogue.terms(codes=["XA01"], scheme="310", on=DAY, level="3", revision=revision)
    assert len(queries) == 0


def test_misses_are_fetched_together(item: Item) -> None:
    for number in range(10):
        other = Item.objects.create(code=f"XB{number}", list_type="101", charge_type="09", name="药")
        ItemTerm.objects.create(
            item=other, scheme="310", list_code="x", item_class="01", period=(date(2026, 1, 1), None)
        )
    with CaptureQueriesContext(connection) as queries:
        found = terms(api.Catalogue(), [f"XB{number}" for number in range(10)])
    assert len(found) == 10
    assert len(queries) == 3  # revision, terms, limits


def test_every_change_is_seen_at_once(item: Item) -> None:
    catalogue = api.Catalogue()
    assert terms(catalogue, ["XA01"])["XA01"].name == "二甲双胍"
    Item.objects.update(name="盐酸二甲双胍")
    assert terms(catalogue, ["XA01"])["XA01"].name == "盐酸二甲双胍"
    PriceLimit.objects.create(item=item, level="0", limit_micro=1, period=(date(2026, 1, 1), None))
    assert terms(catalogue, ["XA01"])["XA01"].price_limit == 1
    PriceLimit.objects.all().delete()
    assert terms(catalogue, ["XA01"])["XA01"].price_limit is None
    ItemTerm.objects.all().delete()
    assert terms(catalogue, ["XA01"]) == {}


@pytest.mark.requirement("R1.5.08")
def test_only_approved_mappings_count(item: Item) -> None:
    catalogue = api.Catalogue()
    mapping = Mapping.objects.create(
        institution_code="H62990100001", local_code="L1", item=item, period=(date(2026, 1, 1), date(2026, 7, 1))
    )

    def mapped(on: date = DAY) -> dict[str, str]:
        return catalogue.mapping(institution_code="H62990100001", local_codes=["L1", "L2"], on=on)

    assert mapped() == {}
    mapping.status = Mapping.Status.APPROVED
    mapping.save()
    assert mapped() == {"L1": "XA01"}
    assert mapped(date(2026, 6, 30)) == {"L1": "XA01"}
    assert mapped(date(2026, 7, 1)) == {}
    assert catalogue.mapping(institution_code="H62990100002", local_codes=["L1"], on=DAY) == {}


def test_a_revision_is_never_used_twice_even_after_a_rollback(item: Item) -> None:
    from django.db import transaction

    before = api.revision()
    with transaction.atomic():
        Item.objects.update(name="未提交")
        inside = api.revision()
        transaction.set_rollback(True)
    assert api.revision() == before
    Item.objects.update(name="已提交")
    assert api.revision() not in (before, inside)
