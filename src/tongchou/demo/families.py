"""Who lets whom in a household use the personal account (家庭共济). Pure, and without dice: the city stays as it was."""

from __future__ import annotations

from collections.abc import Sequence

from tongchou.demo.insurance import EMPLOYEES, NORMAL, RESIDENTS, Insurance
from tongchou.demo.people import Member
from tongchou.kernel.identifiers import MALE

EVERY = 4
"""One household in so many has registered a family account."""
_SAME_GENERATION, _NEXT_GENERATION = 15, 40
ADULT = 20


def family_of(household: int, pairs: Sequence[tuple[Member, Insurance]]) -> list[tuple[int, int, str]]:
    """Owner, member (places in the household) and relation: residents who may pay from the fullest account at home."""
    owners = [
        place
        for place, (_, one) in enumerate(pairs)
        if one.scheme == EMPLOYEES and one.status == NORMAL and one.balance
    ]
    if household % EVERY or not owners:
        return []
    surname = next((member.name[0] for member, _ in pairs if member.sex == MALE), "")
    owner = max(owners, key=lambda place: pairs[place][1].balance or 0)
    found = []
    for place, (member, insurance) in enumerate(pairs):
        relation = _relation(pairs[owner][0], member, surname)
        if place != owner and relation and insurance.scheme == RESIDENTS and insurance.status == NORMAL:
            found.append((owner, place, relation))
    return found


def _relation(owner: Member, member: Member, surname: str) -> str:
    """What a member is to the owner, by their ages. Who has another surname than the men of the household married in: she is
    nobody's child here, and the elders are not her parents.
    """
    older = member.age - owner.age
    if abs(older) < _SAME_GENERATION:
        return "spouse" if member.sex != owner.sex and min(member.age, owner.age) >= ADULT else ""
    if abs(older) > _NEXT_GENERATION:
        return ""
    younger, relation = (member, "child") if older < 0 else (owner, "parent")
    return relation if not surname or younger.name[0] == surname else ""
