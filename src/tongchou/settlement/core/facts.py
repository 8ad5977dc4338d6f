"""What the policy is told about a person and a visit, built from the snapshots. Names are those of the policy vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from tongchou.kernel.levels import LEVELS, UNGRADED
from tongchou.kernel.period import age_on
from tongchou.settlement.core.snapshots import EnrolmentSnapshot, PersonSnapshot
from tongchou.settlement.core.tables import (
    DISABLED_HEAVILY,
    FLEXIBLE,
    IDENTITIES,
    OTHER_PERSON,
    PERSON_TYPES,
    SEXES,
)


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """The visit as the policy sees it; ``rule_day`` is the day whose rules apply."""

    level: str
    local: bool
    chinese_medicine: bool
    emergency: bool
    rule_day: date
    days: int = 0
    disease: str = ""
    accident: bool = False
    continued: bool = False
    details: Mapping[str, Any] | None = None


def facts_of(
    *, person: PersonSnapshot, enrolment: EnrolmentSnapshot, continuous_since: date, visit: Visit
) -> dict[str, object]:
    """All facts of the vocabulary that settlement can state, by dotted name.

    Completed years are counted on the rule day (周岁; 连续缴费年数). The details of a registration may state
    ``referral`` (转诊/未转诊), ``liable_person``, ``accident``, ``mass_event``, ``mental_illness`` and ``exclusion``.
    """
    day = visit.rule_day
    facts: dict[str, object] = {
        "person.age": age_on(person.birth_date, day),
        "person.type": FLEXIBLE if _is_flexible(enrolment) else PERSON_TYPES.get(enrolment.person_type, OTHER_PERSON),
        "person.identities": identities_of(person),
        "person.continuous_years": max(0, age_on(continuous_since, day)),
        "person.diseases": frozenset(person.diseases),
        "person.civil_servant": enrolment.civil_servant,
        "visit.level": LEVELS.get(visit.level, LEVELS[UNGRADED]),
        "visit.where": "本市" if visit.local else "异地",
        "visit.chinese_medicine": visit.chinese_medicine,
        "visit.emergency": visit.emergency,
        "visit.date": day,
        "visit.days": visit.days,
        "visit.disease": visit.disease,
    }
    if visit.continued:
        facts["visit.continued"] = True
    if visit.accident:
        facts["visit.accident"] = True
    if person.sex in SEXES:
        facts["person.sex"] = SEXES[person.sex]
    if visit.details:
        for name in ("referral", "exclusion"):
            if visit.details.get(name):
                facts[f"visit.{name}"] = visit.details[name]
        for name in ("liable_person", "accident", "mass_event", "mental_illness"):
            if visit.details.get(name) in (True, "1"):
                facts[f"visit.{name}"] = True
    return facts


def identities_of(person: PersonSnapshot) -> frozenset[str]:
    """Identity classes of the policy that the person's registered identities stand for."""
    found: set[str] = set()
    for identity in person.identities:
        if identity.kind == "2308" and identity.level not in DISABLED_HEAVILY:
            continue
        found.update(IDENTITIES.get(identity.kind, ()))
    return frozenset(found)


def storable(facts: Mapping[str, object]) -> dict[str, object]:
    """The facts as JSON values: sets as sorted lists, days as text. :func:`restored` turns them back."""
    return {name: _plain(value) for name, value in facts.items()}


def restored(stored: Mapping[str, Any]) -> dict[str, object]:
    """Facts as :func:`facts_of` gave them, from what :func:`storable` stored."""
    facts: dict[str, object] = dict(stored)
    for name in ("person.identities", "person.diseases"):
        if name in facts:
            facts[name] = frozenset(stored[name])
    if "visit.date" in facts:
        facts["visit.date"] = date.fromisoformat(str(stored["visit.date"]))
    return facts


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if isinstance(value, date) else value


def _is_flexible(enrolment: EnrolmentSnapshot) -> bool:
    return enrolment.flexible and enrolment.person_type == "11"
