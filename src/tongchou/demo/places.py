"""Communities and employers of the city, pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from tongchou.demo import tables
from tongchou.kernel.identifiers import credit_check_character, organisation_check_character

COMMUNITIES_PER_STREET = 5
_COMMUNITY_WORDS = ("新民", "和平", "团结", "建设", "光明", "幸福", "永安", "友谊")
_VILLAGE_WORDS = ("张家湾", "李家沟", "王家坪", "上川", "下川", "石家嘴", "杏树湾", "柳树沟")

GOVERNMENT, INSTITUTION, COMPANY, PRIVATE = "government", "institution", "company", "private"
CREDIT_PREFIX = {GOVERNMENT: "11", INSTITUTION: "12", COMPANY: "91", PRIVATE: "52"}
_SHARES = ((GOVERNMENT, 8), (INSTITUTION, 18), (COMPANY, 68), (PRIVATE, 6))
_WORK_AREAS = (("629901", 30), ("629902", 28), ("629903", 20), ("629921", 13), ("629922", 9))


@dataclass(frozen=True, slots=True)
class Community:
    """A community or village (twelve digits)."""

    code: str
    name: str
    street: str
    county: str
    full_name: str
    weight: int
    urban: bool


@dataclass(frozen=True, slots=True)
class EmployerDraft:
    """An employer before it has a number."""

    name: str
    kind: str
    area: str
    credit_code: str
    weight: int


def communities() -> list[Community]:
    """The communities of all streets and townships."""
    names = {area.code: area.name for area in tables.areas()}
    found: list[Community] = []
    for street in tables.areas():
        if len(street.code) != 9:
            continue
        words = _COMMUNITY_WORDS if street.urban else _VILLAGE_WORDS
        for number in range(1, COMMUNITIES_PER_STREET + 1):
            name = words[number - 1] + ("社区" if street.urban else "村")
            county = street.code[:6]
            full = names[county] + street.name + name
            found.append(
                Community(f"{street.code}{number:03d}", name, street.code, county, full, street.weight, street.urban)
            )
    return found


def area_rows() -> Iterator[tuple[str, str, str | None, str]]:
    """Rows of the area table: code, name, parent, pooling area; parents first."""
    for area in tables.areas():
        parent = None if area.code == tables.CITY else area.code[:6] if len(area.code) == 9 else tables.CITY
        yield area.code, area.name, parent, tables.CITY
    for community in communities():
        yield community.code, community.name, community.street, tables.CITY


def employers(rng: Random, count: int) -> list[EmployerDraft]:
    """Employers of all kinds; sizes fall off as they do, a few large ones and many small ones."""
    words = {row["kind"]: (row["words"].split(), row["endings"].split()) for row in tables.rows("employer_words")}
    kinds = [kind for kind, _ in _SHARES]
    kind_weights = list(accumulate(weight for _, weight in _SHARES))
    areas = [area for area, _ in _WORK_AREAS]
    area_weights = list(accumulate(weight for _, weight in _WORK_AREAS))
    places = {area.code: area.name for area in tables.areas()}
    found: list[EmployerDraft] = []
    taken: set[str] = set()
    for number in range(count):
        # The first of each kind, so that a small city has them all.
        kind = kinds[number] if number < len(kinds) else rng.choices(kinds, cum_weights=kind_weights)[0]
        area = rng.choices(areas, cum_weights=area_weights)[0]
        stem, ending = rng.choice(words[kind][0]), rng.choice(words[kind][1])
        place = tables.CITY_NAME if area == "629901" else places[area]
        name = f"{place}{stem}{ending}"
        if name in taken:
            name = f"{name}（{number}）"
        taken.add(name)
        weight = max(1, 400 // (1 + number % 97))
        found.append(EmployerDraft(name, kind, area, credit_code(kind, area, number), weight))
    return found


def credit_code(kind: str, area: str, number: int) -> str:
    """A valid unified social credit code; the organisation code inside is valid too."""
    body = f"MA{number:06d}"
    text = CREDIT_PREFIX[kind] + area + body + organisation_check_character(body)
    return text + credit_check_character(text)
