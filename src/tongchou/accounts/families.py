"""Use cases of the family account (家庭共济): binding a relative to an owner's account, and ending that.

A binding is money's permission, so each change bumps the version of the account: a payment that is on its way with what it
read before is decided anew (docs/settlement.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Q

from tongchou.accounts import core, rejections
from tongchou.accounts.models import Account, FamilyBinding
from tongchou.accounts.queries import family_view
from tongchou.control import api as control
from tongchou.kernel.period import Period
from tongchou.registry import api as registry
from tongchou.registry.api import PersonView

ACTIVE = "1"
FAMILY_COLUMNS = ("owner_id", "member_id", "scheme", "area", "relation", "period")
RELATIONS, MOST_MEMBERS = "family.relations", "family.most_members"
"""Parameters: who counts as family, how many members an owner may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A binding as it is asked for; ``last`` is the last day, ``None`` without end."""

    owner_number: str
    member_number: str
    scheme: str
    relation: str
    area: str
    since: date
    last: date | None = None


def admitted_relations(*, area: str, on: date) -> dict[str, str]:
    """The relations that an area admits on a day, code → Chinese name (parameter ``family.relations``)."""
    admitted = core.relations_of(control.value_of(code=RELATIONS, on=on, area=area))
    return {code: name for code, name in core.RELATIONS.items() if code in admitted}


def check_wish(*, wish: Wish, today: date) -> tuple[PersonView, PersonView]:
    """Look at a binding before it is handed in and before it is made. Returns owner and member.

    Raises:
        Rejection: REG-001 unknown person, ACCT-002 the owner has no account, ACCT-010 … ACCT-016.
    """
    owner = registry.person_by_number(number=wish.owner_number)
    member = registry.person_by_number(number=wish.member_number)
    if owner.id == member.id:
        raise rejections.OWN_FAMILY()
    period = _period(wish, today)
    if not Account.objects.filter(person_id=owner.id, scheme=wish.scheme).exists():
        raise rejections.NO_ACCOUNT(scheme=wish.scheme)
    _check_relation(wish, owner, member, today)
    _check_insured("账户所有人", owner, wish.area, today, schemes={wish.scheme})
    _check_insured("共济成员", member, wish.area, today, schemes=registry.BASIC_SCHEMES)
    _check_room(owner, wish, period)
    taken = _overlapping(member.id, wish.scheme, period)
    if taken is not None:
        raise rejections.MEMBER_BOUND(member=wish.member_number, period=_in_words(taken))
    return owner, member


@transaction.atomic
def bind(*, wish: Wish, today: date, case_id: int | None = None) -> int:
    """Bind a member to an owner's account, from the wished day on but not in the past. Returns the binding's id.

    Raises:
        Rejection: as :func:`check_wish`.
    """
    owner = registry.person_by_number(number=wish.owner_number)
    if not _bump(owner.id, wish.scheme):
        raise rejections.NO_ACCOUNT(scheme=wish.scheme)
    owner, member = check_wish(wish=wish, today=today)
    period = _period(wish, today)
    try:
        with transaction.atomic():
            made = FamilyBinding.objects.create(
                owner_id=owner.id,
                member_id=member.id,
                scheme=wish.scheme,
                area=wish.area,
                relation=wish.relation,
                period=DateRange(period.start, period.end),
                case_id=case_id,
            )
    except IntegrityError as error:
        if "family_one_owner" not in str(error):
            raise
        raise rejections.MEMBER_BOUND(member=wish.member_number, period=_in_words(period)) from error
    return int(made.pk)


@transaction.atomic
def end_binding(*, binding_id: int, first_day_without: date, today: date, case_id: int | None = None) -> date | None:
    """End a binding; from the returned day on it holds no more. ``None``: it had not begun, and is gone.

    Raises:
        Rejection: ACCT-016 it ends by itself before that day, ACCT-017 there is none, or it has ended.
    """
    found = FamilyBinding.objects.select_for_update().filter(pk=binding_id).first()
    if found is None or (found.period.upper is not None and found.period.upper <= today):
        raise rejections.NO_BINDING()
    _bump(found.owner_id, found.scheme)
    period = Period(found.period.lower, found.period.upper)
    end = core.end_of(period=period, asked=first_day_without, today=today)
    if end is None:
        found.delete()
        return None
    if period.end is not None and end >= period.end:
        raise rejections.WRONG_DAYS(why=f"这条绑定到 {period.end - timedelta(days=1)} 自行终止")
    found.period, found.ended_by = DateRange(period.start, end), case_id
    found.save(update_fields=["period", "ended_by"])
    return end


def load_families(rows: Iterable[tuple[object, ...]]) -> int:
    """Load bindings in bulk by COPY (``FAMILY_COLUMNS``). Returns the number of rows."""
    with connection.cursor() as cursor:
        return registry.copy_rows(cursor, "accounts_familybinding", FAMILY_COLUMNS, rows)


def _bump(owner: int, scheme: str) -> int:
    return Account.objects.filter(person_id=owner, scheme=scheme).update(version=F("version") + 1)


def _period(wish: Wish, today: date) -> Period:
    since = max(wish.since, today)
    if wish.last is None:
        return Period(since)
    if wish.last < since:
        raise rejections.WRONG_DAYS(why=f"最后一天 {wish.last} 在首日 {since} 之前")
    return Period(since, wish.last + timedelta(days=1))


def _check_relation(wish: Wish, owner: PersonView, member: PersonView, today: date) -> None:
    admitted = admitted_relations(area=wish.area, on=today)
    name = core.RELATIONS.get(wish.relation, wish.relation or "未选择")
    if wish.relation not in admitted:
        raise rejections.WRONG_RELATION(relation=name, admitted="、".join(admitted.values()))
    if not core.relation_fits(relation=wish.relation, owner_born=owner.birth_date, member_born=member.birth_date):
        raise rejections.RELATION_UNLIKELY(relation=name)


def _check_insured(who: str, person: PersonView, area: str, day: date, *, schemes: Iterable[str]) -> None:
    active = any(
        one.scheme in schemes and one.pooling_area == area and one.status == ACTIVE
        for one in registry.enrolments_of(person_id=person.id, on=day)
    )
    if person.death_date is not None or not active:
        raise rejections.NOT_INSURED_HERE(who=who, number=person.number, day=day)


def _check_room(owner: PersonView, wish: Wish, period: Period) -> None:
    most = control.integer_of(code=MOST_MEMBERS, on=period.start, area=wish.area)
    mine = FamilyBinding.objects.filter(owner_id=owner.id, scheme=wish.scheme)
    count = mine.filter(period__overlap=DateRange(period.start, period.end)).values("member_id").distinct().count()
    if count >= most:
        raise rejections.FAMILY_FULL(count=count, most=most)


def _overlapping(member: int, scheme: str, period: Period) -> Period | None:
    found = FamilyBinding.objects.filter(
        Q(member_id=member, scheme=scheme, period__overlap=DateRange(period.start, period.end))
    ).first()
    return None if found is None else family_view(found).period


def _in_words(period: Period) -> str:
    last = "长期" if period.end is None else str(period.end - timedelta(days=1))
    return f"{period.start} 至 {last}"
