"""Turns households into rows for the bulk loaders, a batch at a time. Pure but for the ids, which it is given."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import accumulate
from random import Random

from tongchou.demo.families import family_of
from tongchou.demo.insurance import EMPLOYEES, Insurance, insure
from tongchou.demo.people import HouseholdDraft, Member
from tongchou.demo.places import GOVERNMENT
from tongchou.demo.tables import CITY

TOKEN, CARD = "01", "03"
CARD_HOLDERS, TOKEN_HOLDERS, LOST_CARDS = 0.93, 0.7, 0.003
Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Workplace:
    """An employer with its id."""

    id: int
    area: str
    government: bool


class Workplaces:
    """Draws employers by their size."""

    def __init__(self, places: Sequence[Workplace], weights: Sequence[int]) -> None:
        self._places = places
        self._edges = list(accumulate(weights))

    def draw(self, rng: Random) -> Workplace:
        """An employer."""
        return self._places[bisect_right(self._edges, rng.randrange(self._edges[-1]))]


@dataclass(slots=True)
class Batch:
    """Rows for each bulk loader, in the order of its columns."""

    households: list[Row] = field(default_factory=list)
    persons: list[Row] = field(default_factory=list)
    cards: list[Row] = field(default_factory=list)
    enrolments: list[Row] = field(default_factory=list)
    identities: list[Row] = field(default_factory=list)
    diseases: list[Row] = field(default_factory=list)
    entitlements: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    openings: list[tuple[int, int]] = field(default_factory=list)
    """Account id and opening balance in fen, where it is not zero."""
    families: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Ids:
    """Where ids and numbers come from."""

    persons: Iterator[int]
    households: Iterator[int]
    accounts: Iterator[int]


class Registrar:
    """Writes households into a batch as the registry would have entered them."""

    def __init__(self, rng: Random, *, year: int, ids: Ids, workplaces: Workplaces, entered_at: datetime) -> None:
        self._rng = rng
        self._year = year
        self._ids = ids
        self._workplaces = workplaces
        self._entered_at = entered_at
        self.last_person = 0

    def enter(self, draft: HouseholdDraft, batch: Batch, *, at_most: int) -> int:
        """Enter a household.

        Args:
            at_most: so many of its members only; the city has exactly as many persons as were asked for.

        Returns:
            Number of persons entered.
        """
        household = next(self._ids.households)
        batch.households.append((household, f"6299H{household:09d}", draft.community.code, draft.address))
        insurances = insure(self._rng, draft, self._year)
        pairs = list(zip(draft.members, insurances, strict=True))[:at_most]
        persons = [self._person(draft, household, member, insurance, batch) for member, insurance in pairs]
        since = _range(date(self._year, 1, 1), None)
        for owner, member, relation in family_of(household, pairs):
            batch.families.append((persons[owner], persons[member], EMPLOYEES, CITY, relation, since))
        return len(pairs)

    def _person(self, draft: HouseholdDraft, household: int, member: Member, insurance: Insurance, batch: Batch) -> int:
        """Enter a person. Returns the id."""
        rng = self._rng
        person = self.last_person = next(self._ids.persons)
        phone = f"1{rng.choice('35789')}{rng.randrange(10**9):09d}" if member.age >= 12 else ""
        batch.persons.append(
            (
                person,
                f"6299{person:012d}",
                "01",
                member.id_number,
                member.name,
                member.sex,
                draft.ethnicity,
                member.birth_date,
                None,
                phone,
                draft.address,
                draft.community.county,
                household,
                self._entered_at,
            )
        )
        self._cards(person, batch)
        self._enrolment(person, draft, insurance, batch)
        since = insurance.since
        for kind, level, memo in insurance.identities:
            batch.identities.append((person, kind, level, memo, _range(date(self._year - 1, 1, 1), None)))
        for code, name in insurance.diseases:
            batch.diseases.append((person, code, name, _range(max(since, date(self._year - 1, 1, 1)), None)))
        if insurance.entitled is not None:
            period = _range(*insurance.entitled)
            row = (person, insurance.scheme, period, insurance.continuous_since, insurance.basis)
            batch.entitlements.append(row)
        if insurance.balance is not None:
            account = next(self._ids.accounts)
            batch.accounts.append((account, person, EMPLOYEES, insurance.balance, 1 if insurance.balance else 0))
            if insurance.balance:
                batch.openings.append((account, insurance.balance))
        return person

    def _cards(self, person: int, batch: Batch) -> None:
        rng = self._rng
        issued = date(self._year - 1, 1, 1)
        if rng.random() < CARD_HOLDERS:
            lost = rng.random() < LOST_CARDS
            serial = f"{rng.getrandbits(128):032X}"
            row = (person, CARD, f"LA{person:08d}", serial, not lost, issued, self._entered_at if lost else None)
            batch.cards.append(row)
        if rng.random() < TOKEN_HOLDERS:
            batch.cards.append((person, TOKEN, f"{rng.getrandbits(112):028x}", "", True, issued, None))

    def _enrolment(self, person: int, draft: HouseholdDraft, insurance: Insurance, batch: Batch) -> None:
        workplace = self._workplaces.draw(self._rng) if insurance.works else None
        batch.enrolments.append(
            (
                person,
                insurance.scheme,
                insurance.person_type,
                workplace.area if workplace else draft.community.county,
                workplace.id if workplace else None,
                workplace is not None and workplace.government,
                insurance.flexible,
                insurance.status,
                _range(insurance.since, None),
            )
        )


def workplaces_of(rows: Sequence[tuple[int, str, str, int]]) -> Workplaces:
    """Employers to draw from.

    Args:
        rows: id, area, kind, weight.
    """
    places = [Workplace(id_, area, kind == GOVERNMENT) for id_, area, kind, _ in rows]
    return Workplaces(places, [weight for _, _, _, weight in rows])


def _range(start: date, end: date | None) -> str:
    """A half-open range as COPY reads it."""
    return f"[{start},{'' if end is None else end})"
