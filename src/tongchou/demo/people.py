"""Households and their members, drawn at random: pure, in constant memory, the same for the same seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from tongchou.demo import names
from tongchou.demo.places import Community
from tongchou.kernel.identifiers import FEMALE, MALE, id_check_character

SHAPES = (
    ("old single", 80),
    ("old couple", 140),
    ("single", 110),
    ("couple", 140),
    ("one child", 240),
    ("two children", 150),
    ("three generations", 140),
)
"""Kinds of households and their share per 1,000."""
LAST_AGE = 97


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a household; age in completed years on 1 January of the city's year."""

    name: str
    sex: str
    age: int
    birth_date: date
    id_number: str


@dataclass(frozen=True, slots=True)
class HouseholdDraft:
    """A household before it has a number."""

    community: Community
    address: str
    ethnicity: str
    members: tuple[Member, ...]


class Births:
    """Gives out ID numbers: the sequence numbers of an area and day, odd for men, even for women, never twice.

    Memory grows with the number of areas and days of birth, not with the number of persons.
    """

    def __init__(self) -> None:
        self._next: defaultdict[tuple[str, date, str], int] = defaultdict(int)

    def id_number(self, area: str, birth_date: date, sex: str) -> str | None:
        """The next ID number, or ``None`` when the day's numbers are used up."""
        key = (area, birth_date, sex)
        used = self._next[key]
        serial = 2 * used + (1 if sex == MALE else 2)
        if serial > 999:
            return None
        self._next[key] = used + 1
        body = f"{area}{birth_date:%Y%m%d}{serial:03d}"
        return body + id_check_character(body)


def households(rng: Random, *, year: int, communities: list[Community]) -> Iterator[HouseholdDraft]:
    """Households without end; the city's reference day is 1 January of ``year``."""
    births = Births()
    weights = list(accumulate(community.weight for community in communities))
    while True:
        community = rng.choices(communities, cum_weights=weights)[0]
        yield _household(rng, births, community, year)


def _household(rng: Random, births: Births, community: Community, year: int) -> HouseholdDraft:
    shape = rng.choices(_SHAPE_NAMES, cum_weights=_SHAPE_WEIGHTS)[0]
    ethnicity = names.ethnic_group(rng)
    father = names.surname(rng, ethnicity)
    members: list[Member] = []
    for age, sex, marries_in in _ages(rng, shape):
        family = names.surname(rng, ethnicity) if marries_in else father
        member = _member(rng, births, community, year, age, sex, family, ethnicity)
        if member is not None:
            members.append(member)
    address = f"{community.full_name}{rng.randrange(1, 120)}号"
    return HouseholdDraft(community, address, ethnicity, tuple(members))


_SHAPE_NAMES = [name for name, _ in SHAPES]
_SHAPE_WEIGHTS = list(accumulate(weight for _, weight in SHAPES))


def _member(
    rng: Random, births: Births, community: Community, year: int, age: int, sex: str, family: str, ethnicity: str
) -> Member | None:
    birth_date = date(year - 1 - age, 1, 2) + timedelta(days=rng.randrange(365))
    number = births.id_number(community.county, birth_date, sex)
    if number is None:
        return None
    given = names.given_name(rng, sex=sex, birth_year=birth_date.year, ethnicity=ethnicity)
    return Member(family + given, sex, age, birth_date, number)


def _ages(rng: Random, shape: str) -> list[tuple[int, str, bool]]:
    """Age, sex and whether the person married in (and so has a surname of her own)."""
    if shape == "old single":
        return [(_old_age(rng), FEMALE if rng.random() < 0.6 else MALE, False)]
    if shape == "old couple":
        return _couple(rng, _old_age(rng))
    if shape == "single":
        return [(rng.randrange(19, 60), MALE if rng.random() < 0.55 else FEMALE, False)]
    if shape == "couple":
        return _couple(rng, rng.randrange(46, 63) if rng.random() < 0.7 else rng.randrange(24, 36))
    parents = _couple(rng, rng.randrange(26, 55))
    young = parents[1][0]
    children = [_child(rng, young) for _ in range(2 if shape == "two children" else 1)]
    if shape != "three generations":
        return [*parents, *children]
    elders = _couple(rng, min(LAST_AGE, parents[0][0] + rng.randrange(22, 31)))
    return [*(elders if rng.random() < 0.55 else elders[rng.randrange(2) :][:1]), *parents, *children]


def _couple(rng: Random, age: int) -> list[tuple[int, str, bool]]:
    wife = max(20, min(LAST_AGE, age - rng.randrange(-2, 6)))
    return [(age, MALE, False), (wife, FEMALE, True)]


def _child(rng: Random, mother: int) -> tuple[int, str, bool]:
    age = max(0, min(28, mother - rng.randrange(21, 33)))
    return (age, MALE if rng.random() < 0.525 else FEMALE, False)


def _old_age(rng: Random) -> int:
    return 60 + min(rng.randrange(LAST_AGE - 59), rng.randrange(LAST_AGE - 59))
