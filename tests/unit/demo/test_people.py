"""The people of the city: plausible, unique, the same for the same seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

import pytest

from tongchou.demo import insurance, places
from tongchou.demo.people import HouseholdDraft, Member, households
from tongchou.demo.records import Batch, Ids, Registrar, workplaces_of
from tongchou.kernel.identifiers import parse_id_number
from tongchou.kernel.period import age_on

YEAR = 2026


def drafts(seed: int, persons: int) -> Iterator[HouseholdDraft]:
    number = 0
    for draft in households(Random(seed), year=YEAR, communities=places.communities()):
        if number >= persons:
            return
        number += len(draft.members)
        yield draft


@pytest.fixture(scope="module")
def members() -> list[Member]:
    return [member for draft in drafts(1, 12_000) for member in draft.members]


def rows(seed: int, persons: int) -> Batch:
    rng = Random(seed)
    employers = places.employers(rng, 20)
    registrar = Registrar(
        rng,
        year=YEAR,
        ids=Ids(persons=count(1), households=count(1), accounts=count(1)),
        workplaces=workplaces_of([(n, d.area, d.kind, d.weight) for n, d in enumerate(employers)]),
        entered_at=datetime(YEAR, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")),
    )
    batch = Batch()
    stream = households(rng, year=YEAR, communities=places.communities())
    done = 0
    while done < persons:
        done += registrar.enter(next(stream), batch, at_most=persons - done)
    return batch


def test_id_numbers_are_valid_agree_with_the_person_and_are_unique(members: list[Member]) -> None:
    assert len({member.id_number for member in members}) == len(members)
    for member in members:
        number = parse_id_number(member.id_number)
        assert (number.birth_date, number.sex) == (member.birth_date, member.sex)
        assert number.area.startswith("6299")
        assert age_on(member.birth_date, date(YEAR, 1, 1)) == member.age


def test_ages_and_sexes_are_plausible(members: list[Member]) -> None:
    total = len(members)
    share_old = sum(member.age >= 60 for member in members) / total
    share_young = sum(member.age < 18 for member in members) / total
    men_per_100_women = 100 * sum(m.sex == "1" for m in members) / sum(m.sex == "2" for m in members)
    assert 0.15 < share_old < 0.25
    assert 0.13 < share_young < 0.25
    assert 97 < men_per_100_women < 110
    assert 90 < max(member.age for member in members) <= 100


def test_names_follow_the_frequencies(members: list[Member]) -> None:
    surnames = Counter(member.name[0] for member in members)
    assert {name for name, _ in surnames.most_common(4)} == {"王", "李", "张", "刘"}
    assert all(2 <= len(member.name) <= 5 for member in members)


def test_children_carry_a_parent_s_name_and_are_younger() -> None:
    families = [draft for draft in drafts(3, 3_000) if any(member.age < 18 for member in draft.members)]
    assert families
    for draft in families:
        child = min(draft.members, key=lambda member: member.age)
        adults = [member for member in draft.members if member.age > child.age + 15]
        assert adults
        if draft.ethnicity != "4":
            assert any(adult.name[0] == child.name[0] for adult in adults)


def test_same_seed_same_rows_another_seed_others() -> None:
    def digest(seed: int) -> str:
        return hashlib.sha256(repr(rows(seed, 500)).encode()).hexdigest()

    assert digest(1) == digest(1)
    assert digest(1) != digest(2)


def test_a_larger_city_begins_like_a_smaller_one() -> None:
    small, large = rows(1, 300), rows(1, 900)
    assert large.persons[:299] == small.persons[:299]


def test_exactly_as_many_persons_as_asked_for() -> None:
    for wanted in (101, 500, 777):
        assert len(rows(5, wanted).persons) == wanted


def test_schemes_identities_and_entitlements_at_realistic_rates() -> None:
    batch = rows(7, 12_000)
    schemes = Counter(row[1] for row in batch.enrolments)
    assert 0.18 < schemes["310"] / 12_000 < 0.35
    assert schemes["310"] + schemes["390"] == 12_000
    types = Counter(str(row[2]) for row in batch.enrolments)
    assert types.keys() == {"11", "12", "15", "16", "1402", "1403", "1404"}
    identities = Counter(str(row[1]) for row in batch.identities)
    assert 0.015 < identities[insurance.LOW_INCOME] / 12_000 < 0.06
    assert identities[insurance.DESTITUTE] > 0
    assert identities[insurance.DISABLED] > 0
    assert 0.97 < len(batch.entitlements) / 12_000 < 1
    assert len(batch.accounts) == schemes["310"]
    assert len(batch.diseases) > 500
    assert all(isinstance(row[3], int) and row[3] >= 0 for row in batch.accounts)
    assert sum(balance for _, balance in batch.openings) == sum(int(str(row[3])) for row in batch.accounts)


def test_some_wait_some_have_lapsed_and_most_are_entitled_all_year() -> None:
    periods = [str(row[2]) for row in rows(7, 12_000).entitlements]
    starts = [date.fromisoformat(period[1:11]) for period in periods]
    ends = [date.fromisoformat(period[12:22]) if len(period) > 13 else None for period in periods]
    middle = date(YEAR, 6, 30)
    lapsed = sum(end is not None and end <= middle for end in ends)
    waiting = sum(start > date(YEAR, 1, 1) for start in starts)
    assert 20 < lapsed < 400
    assert 10 < waiting < 200
    covered = sum(
        start <= date(YEAR, 1, 1) and (end is None or end > date(YEAR, 12, 31))
        for start, end in zip(starts, ends, strict=True)
    )
    assert covered / len(periods) > 0.96


def test_nobody_is_insured_before_birth() -> None:
    batch = rows(11, 6_000)
    born = {row[0]: row[7] for row in batch.persons}
    for row in [*batch.enrolments, *batch.entitlements]:
        period = str(row[8] if len(row) == 9 else row[2])
        assert date.fromisoformat(period[1:11]) >= born[row[0]]
    continuous = [row[3] for row in batch.entitlements]
    assert {YEAR - since.year for since in continuous} >= set(range(16))  # type: ignore[attr-defined]
