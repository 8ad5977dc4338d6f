"""What a code on a paper form may be: institutions, items of the catalogue, insured persons, found by a part of the name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tongchou.catalogues.api import search_items
from tongchou.control.api import record_reading
from tongchou.kernel.areas import prefix_of
from tongchou.kernel.identifiers import mask_id_number, mask_name
from tongchou.kernel.levels import LEVELS
from tongchou.registry.api import search_persons
from tongchou.web.access import Scope
from tongchou.web.database import rows

MOST = 8
LEAST_LETTERS = 2
"""Of an insured person's name: one letter would list the county."""


@dataclass(frozen=True, slots=True)
class Match:
    """What goes into the field, and what tells it from others."""

    value: str
    name: str
    more: str


_INSTITUTIONS = """
SELECT code, name, level FROM providers_institution
WHERE area LIKE %(below)s AND (code LIKE upper(%(begins)s) OR name LIKE %(part)s) ORDER BY code LIMIT %(most)s
"""


def institutions(text: str, scope: Scope) -> list[Match]:
    """Institutions of the area by the beginning of the code or a part of the name."""
    safe = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    asked = {"below": prefix_of(scope.area) + "%", "begins": safe + "%", "part": f"%{safe}%", "most": MOST}
    return [Match(row["code"], row["name"], LEVELS.get(row["level"], "")) for row in rows(_INSTITUTIONS, asked)]


def items(text: str, scope: Scope) -> list[Match]:
    """Items of the catalogue by the beginning of the code or a part of the name."""
    found = search_items(query=text, limit=MOST)
    return [Match(one.code, one.name, " ".join(part for part in (one.spec, one.unit) if part)) for one in found]


def persons(text: str, scope: Scope) -> list[Match]:
    """Insured persons of the area by name or number; each one shown is a look at personal data."""
    if len(text) < LEAST_LETTERS:
        return []
    found = search_persons(query=text, areas=[scope.area], limit=MOST)
    record_reading(persons=[one.id for one in found], object_kind="person_search", reason="纸质单据录入")
    return [Match(one.number, mask_name(one.name), f"{one.birth_date} {mask_id_number(one.cert_no)}") for one in found]


FINDERS: dict[str, Callable[[str, Scope], list[Match]]] = {
    "institution": institutions,
    "item": items,
    "person": persons,
}
