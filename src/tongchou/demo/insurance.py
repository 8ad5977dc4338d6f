"""How each person is insured: scheme, employer, entitlement, account, identities, diseases. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from tongchou.demo import tables
from tongchou.demo.people import HouseholdDraft, Member
from tongchou.kernel.identifiers import FEMALE

EMPLOYEES, RESIDENTS = "310", "390"
ACTIVE, RETIRED = "11", "12"
ADULT, OLD, PRESCHOOL, PUPIL, STUDENT = "15", "16", "1402", "1403", "1404"
NORMAL, SUSPENDED = "1", "2"
LOW_INCOME, DESTITUTE, NEAR_LOW_INCOME, DISABLED, IMPOVERISHED, VETERAN = (
    "2303",
    "2304",
    "2305",
    "2308",
    "2306",
    "2104",
)
_OFFICES = {DISABLED: "残疾人联合会评定", VETERAN: "退役军人事务局认定"}
_CIVIL_AFFAIRS = "民政局认定"
_OLDEST_INSURED_YEARS = 15


@dataclass(frozen=True, slots=True)
class Insurance:
    """What the records of a person's insurance say. ``entitled`` is ``None`` where no period was ever entered.

    ``works`` says that an employer is to be drawn. ``balance`` in fen, ``None`` without an account.
    """

    scheme: str
    person_type: str
    works: bool
    flexible: bool
    status: str
    since: date
    entitled: tuple[date, date | None] | None
    continuous_since: date
    basis: str
    balance: int | None
    identities: tuple[tuple[str, str, str], ...]
    diseases: tuple[tuple[str, str], ...]


def insure(rng: Random, household: HouseholdDraft, year: int) -> list[Insurance]:
    """The insurance of every member, in their order."""
    poor = _household_identity(rng, household)
    return [_insure(rng, member, household.community.urban, poor, year) for member in household.members]


def _insure(rng: Random, member: Member, urban: bool, poor: str | None, year: int) -> Insurance:
    identities = _identities(rng, member, poor)
    diseases = _diseases(rng, member)
    if poor is None and _is_employee(rng, member, urban):
        return _employee(rng, member, year, identities, diseases)
    return _resident(rng, member, year, identities, diseases)


def _is_employee(rng: Random, member: Member, urban: bool) -> bool:
    if member.age < 20:
        return False
    if member.age >= _retirement_age(member):
        return rng.random() < (0.5 if urban else 0.1)
    if member.age <= 22 and rng.random() < 0.4:
        return False
    return rng.random() < (0.47 if urban else 0.14)


def _retirement_age(member: Member) -> int:
    return 53 if member.sex == FEMALE else 60


def _employee(
    rng: Random,
    member: Member,
    year: int,
    identities: tuple[tuple[str, str, str], ...],
    diseases: tuple[tuple[str, str], ...],
) -> Insurance:
    retired = member.age >= _retirement_age(member)
    flexible = not retired and rng.random() < 0.11
    years = min(_continuous_years(rng), max(0, member.age - 19))
    since = date(year - years, rng.randrange(1, 13) if years else 1, 1)
    status = NORMAL
    entitled: tuple[date, date | None] = (since, None)
    chance = rng.random()
    if not retired and chance < 0.006:  # contributions stopped: suspended, entitlement lapsed
        status, entitled = SUSPENDED, _lapsed(rng, since, year)
    elif flexible and chance > 0.97:  # newly enrolled: the waiting time has not passed
        since = date(year, 1, 1)
        entitled = (_later(rng, year), None)
    return Insurance(
        scheme=EMPLOYEES,
        person_type=RETIRED if retired else ACTIVE,
        works=not flexible,
        flexible=flexible,
        status=status,
        since=since,
        entitled=entitled,
        continuous_since=since,
        basis="灵活就业人员缴费" if flexible else "退休人员" if retired else "单位缴费",
        balance=_balance(rng, member.age),
        identities=identities,
        diseases=diseases,
    )


def _resident(
    rng: Random,
    member: Member,
    year: int,
    identities: tuple[tuple[str, str, str], ...],
    diseases: tuple[tuple[str, str], ...],
) -> Insurance:
    years = min(_continuous_years(rng), member.age)
    since = max(date(year - years, 1, 1), member.birth_date)
    entitled: tuple[date, date | None] | None = (max(since, date(year - 1, 1, 1)), date(year + 2, 1, 1))
    chance = rng.random()
    if chance < 0.012 and member.age >= 2:  # paid last year and not since
        entitled = (min(since, date(year - 1, 1, 1)), date(year, 1, 1))
        since = min(since, date(year - 1, 1, 1))
    elif chance < 0.017 and not identities:  # enrolled late: the waiting time has not passed
        since = date(year, 1, 1)
        entitled = (_later(rng, year), date(year + 2, 1, 1))
    elif chance < 0.018:  # enrolled, never paid
        entitled = None
    return Insurance(
        scheme=RESIDENTS,
        person_type=_resident_type(member.age),
        works=False,
        flexible=False,
        status=NORMAL,
        since=since,
        entitled=entitled,
        continuous_since=since,
        basis="资助参保" if identities else "居民年度缴费",
        balance=None,
        identities=identities,
        diseases=diseases,
    )


def _resident_type(age: int) -> str:
    for limit, kind in ((6, PRESCHOOL), (18, PUPIL), (22, STUDENT), (60, ADULT)):
        if age < limit:
            return kind
    return OLD


def _continuous_years(rng: Random) -> int:
    return max(rng.randrange(_OLDEST_INSURED_YEARS + 1), rng.randrange(_OLDEST_INSURED_YEARS + 1))


def _lapsed(rng: Random, since: date, year: int) -> tuple[date, date]:
    """Entitled until some month of last year."""
    end = date(year - 1, rng.randrange(2, 13), 1)
    return (min(since, end - timedelta(days=31)), end)


def _later(rng: Random, year: int) -> date:
    """The first of some month from February on, or of next year."""
    month = rng.randrange(2, 15)
    return date(year, month, 1) if month <= 12 else date(year + 1, month - 12, 1)


def _balance(rng: Random, age: int) -> int:
    """Opening balance of a personal account in fen: many small ones, older persons more, one in twenty nothing."""
    if rng.random() < 0.05:
        return 0
    highest = 120_000 + 14_000 * max(0, age - 20)
    return 1 + rng.randrange(highest) * rng.randrange(1, 1_001) // 1_000


def _household_identity(rng: Random, household: HouseholdDraft) -> str | None:
    """低保 and its margin are granted to families, 特困 to persons who live alone."""
    first = household.members[0] if household.members else None
    if first is not None and len(household.members) == 1 and first.age >= 60 and rng.random() < 0.06:
        return DESTITUTE
    chance = rng.random()
    low, near = (0.018, 0.008) if household.community.urban else (0.05, 0.02)
    return LOW_INCOME if chance < low else NEAR_LOW_INCOME if chance < low + near else None


def _identities(rng: Random, member: Member, poor: str | None) -> tuple[tuple[str, str, str], ...]:
    found: list[tuple[str, str, str]] = []
    if poor is not None:
        found.append((poor, "", _CIVIL_AFFAIRS))
    if rng.random() < (0.004 if member.age < 45 else 0.016):
        found.append((DISABLED, str(rng.randrange(1, 3)), _OFFICES[DISABLED]))
    if poor is None and member.age >= 40 and rng.random() < 0.002:
        found.append((IMPOVERISHED, "", _CIVIL_AFFAIRS))
    if member.age >= 50 and rng.random() < 0.001:
        found.append((VETERAN, str(rng.randrange(1, 7)), _OFFICES[VETERAN]))
    return tuple(found)


def _diseases(rng: Random, member: Member) -> tuple[tuple[str, str], ...]:
    """At most one random number per person and group of rates keeps this cheap: draw once, walk the cumulated rates."""
    group = 0 if member.age < 45 else 1 if member.age < 60 else 2
    found: list[tuple[str, str]] = []
    for _ in range(1 + (group == 2)):
        draw = rng.randrange(10_000)
        for disease in tables.outpatient_diseases():
            draw -= disease.rates[group]
            if draw < 0:
                if (disease.code, disease.name) not in found:
                    found.append((disease.code, disease.name))
                break
    return tuple(found)
