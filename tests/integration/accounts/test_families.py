"""Family accounts: one owner at a time, real relatives, a second person, a trail for both; the end holds from its day on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from tongchou.accounts import api
from tongchou.accounts.api import Wish
from tongchou.accounts.models import Account, FamilyBinding
from tongchou.control import api as control
from tongchou.control.api import Operator, create_operator
from tongchou.control.models import Case, Parameter, ParameterValue, Trail
from tongchou.kernel.identifiers import id_check_character
from tongchou.kernel.rejection import Rejection
from tongchou.registry.models import Area, Enrolment, Person

AREA = "629900"
EVER = ("2020-01-01", None)


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def family(db: None) -> dict[str, Person]:
    """An employee with an account, and those at home; a neighbour with an account of his own."""
    Area.objects.create(code=AREA, name="陇安市", pooling_area=AREA)
    found = {}
    for number, (who, born, scheme) in enumerate(
        (
            ("owner", 1980, "310"),
            ("wife", 1982, "390"),
            ("son", 2010, "390"),
            ("mother", 1955, "310"),
            ("neighbour", 1970, "310"),
        )
    ):
        person = Person.objects.create(
            number=f"62990000000{number}", cert_no=f"x{number}", name=f"甲{number}", sex="1",
            birth_date=date(born, 3, 1), area_id=AREA,
        )  # fmt: skip
        Enrolment.objects.create(person=person, scheme=scheme, person_type="11", area_id=AREA, period=EVER)
        found[who] = person
    for who in ("owner", "neighbour"):
        api.open_account(person_id=found[who].pk, scheme="310")
    return found


@pytest.fixture
def wish(family: dict[str, Person], today: date) -> Callable[..., Wish]:
    def make(member: str = "son", relation: str = "child", owner: str = "owner", **more: Any) -> Wish:
        given = {"scheme": "310", "relation": relation, "area": AREA, "since": today} | more
        return Wish(owner_number=family[owner].number, member_number=family[member].number, **given)

    return make


def refused(action: Callable[[], object]) -> str:
    with pytest.raises(Rejection) as found:
        action()
    return found.value.code


def snapshot(person: Person, scheme: str, day: date) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_family_snapshot(%s, %s, %s) -> 'account' -> 'id'", [person.pk, scheme, day])
        (found,) = cursor.fetchone()
    return None if found is None else int(found)


def test_a_member_of_another_scheme_uses_the_owners_account_while_bound(
    family: dict[str, Person], wish: Callable[..., Wish], today: date
) -> None:
    account = Account.objects.get(person=family["owner"])
    binding = api.bind(wish=wish(last=today + timedelta(days=9)), today=today)
    assert snapshot(family["son"], "390", today) == account.pk
    assert snapshot(family["son"], "390", today - timedelta(days=1)) is None
    assert snapshot(family["son"], "390", today + timedelta(days=10)) is None
    assert snapshot(family["wife"], "390", today) is None
    end = api.end_binding(binding_id=binding, first_day_without=today + timedelta(days=4), today=today)
    assert end == today + timedelta(days=4)
    assert snapshot(family["son"], "390", end) is None
    assert snapshot(family["son"], "390", end - timedelta(days=1)) == account.pk


def test_binding_and_ending_make_a_payment_that_is_on_its_way_be_decided_anew(
    family: dict[str, Person], wish: Callable[..., Wish], today: date
) -> None:
    def version() -> int:
        return int(Account.objects.get(person=family["owner"]).version)

    before = version()
    binding = api.bind(wish=wish(), today=today)
    bound = version()
    api.end_binding(binding_id=binding, first_day_without=today, today=today)
    assert before < bound < version()


def test_one_owner_at_a_time(family: dict[str, Person], wish: Callable[..., Wish], today: date) -> None:
    since = today - timedelta(days=3)
    first = api.bind(wish=wish("mother", "parent", since=since), today=since)
    second = wish("mother", "spouse", owner="neighbour")
    assert refused(lambda: api.bind(wish=second, today=today)) == "ACCT-013"
    api.end_binding(binding_id=first, first_day_without=today, today=today)
    api.bind(wish=second, today=today)
    assert snapshot(family["mother"], "310", today) == Account.objects.get(person=family["neighbour"]).pk


def test_the_database_itself_keeps_two_owners_and_oneself_out(family: dict[str, Person], today: date) -> None:
    def make(owner: str, member: str) -> None:
        with transaction.atomic():
            FamilyBinding.objects.create(
                owner=family[owner], member=family[member], scheme="310", area=AREA, relation="child",
                period=DateRange(today, None),
            )  # fmt: skip

    make("owner", "son")
    with pytest.raises(IntegrityError, match="family_one_owner"):
        make("neighbour", "son")
    with pytest.raises(IntegrityError, match="family_not_oneself"):
        make("owner", "owner")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"member": "owner", "relation": "spouse"}, "ACCT-010"),
        ({"relation": "sibling"}, "ACCT-011"),
        ({"relation": ""}, "ACCT-011"),
        ({"relation": "parent"}, "ACCT-012"),
        ({"owner": "wife"}, "ACCT-002"),
        ({"last": date(2021, 1, 1)}, "ACCT-016"),
    ],
)
def test_what_is_refused(wish: Callable[..., Wish], today: date, changes: dict[str, Any], code: str) -> None:
    assert refused(lambda: api.bind(wish=wish(**changes), today=today)) == code
    assert not FamilyBinding.objects.exists()


def test_both_must_be_insured_here_and_alive(family: dict[str, Person], wish: Callable[..., Wish], today: date) -> None:
    Enrolment.objects.filter(person=family["son"]).update(status="2")
    assert refused(lambda: api.bind(wish=wish(), today=today)) == "ACCT-015"
    Enrolment.objects.filter(person=family["son"]).update(status="1")
    Person.objects.filter(pk=family["owner"].pk).update(death_date=today)
    assert refused(lambda: api.bind(wish=wish(), today=today)) == "ACCT-015"


def test_the_area_says_who_is_family_and_how_many(
    family: dict[str, Person], wish: Callable[..., Wish], today: date
) -> None:
    control.parameters.ensure_parameters()
    for code, value in (("family.relations", "子女、兄弟姐妹"), ("family.most_members", "1")):
        ParameterValue.objects.create(
            parameter=Parameter.objects.get(code=code), area=AREA, value=value, period=DateRange(date(2020, 1, 1), None)
        )
    assert refused(lambda: api.bind(wish=wish("wife", "spouse"), today=today)) == "ACCT-011"
    api.bind(wish=wish("neighbour", "sibling"), today=today)
    assert refused(lambda: api.bind(wish=wish(), today=today)) == "ACCT-014"


def test_what_has_not_begun_is_taken_back_and_what_ended_is_not_ended_again(
    wish: Callable[..., Wish], today: date
) -> None:
    later = api.bind(wish=wish(since=today + timedelta(days=5)), today=today)
    assert api.end_binding(binding_id=later, first_day_without=today, today=today) is None
    assert not FamilyBinding.objects.exists()
    past = api.bind(wish=wish(since=today - timedelta(days=9)), today=today - timedelta(days=9))
    api.end_binding(binding_id=past, first_day_without=today, today=today)
    assert refused(lambda: api.end_binding(binding_id=past, first_day_without=today, today=today)) == "ACCT-017"
    assert refused(lambda: api.end_binding(binding_id=past + 1, first_day_without=today, today=today)) == "ACCT-017"


def test_a_binding_that_ends_by_itself_is_not_prolonged_by_ending_it(wish: Callable[..., Wish], today: date) -> None:
    binding = api.bind(wish=wish(last=today + timedelta(days=1)), today=today)
    late = today + timedelta(days=30)
    assert refused(lambda: api.end_binding(binding_id=binding, first_day_without=late, today=today)) == "ACCT-016"


# Two people, and what stays behind.


def id_number(number: int) -> str:
    body = f"62990019800101{number:03}"
    return body + id_check_character(body)


def operator(post: str, number: int) -> Operator:
    made = create_operator(
        login=post, password="Kupfer-dach-47", name=f"职工{number}", organisation="市医保中心", area=AREA, post=post,
        id_number=id_number(number),
    )  # fmt: skip
    return Operator.objects.get(pk=made.pk)


def approve(number: int, by: Operator) -> Case:
    case = Case.objects.get(pk=number)
    return control.approve(case_id=number, operator=by, seen_hash=case.payload_hash, now=timezone.now())


def test_a_binding_passes_a_second_person_and_stands_in_both_trails(
    family: dict[str, Person], wish: Callable[..., Wish], today: date
) -> None:
    clerk, reviewer = operator("clerk", 1), operator("reviewer", 2)
    case = api.propose_binding(wish=wish(), reason="授权书、出生证明", maker=clerk, now=timezone.now())
    assert not FamilyBinding.objects.exists()
    with pytest.raises(Rejection, match="CTRL-003"):
        approve(case, clerk)
    assert approve(case, reviewer).state == Case.State.DONE
    binding = FamilyBinding.objects.get()
    assert (binding.case_id, binding.period.lower) == (case, today)
    for person, action in ((family["son"], "insert"), (family["owner"], "family_bind")):
        assert Trail.objects.filter(
            person_id=person.pk, object_kind="accounts_familybinding", action=action, case_id=case
        ).exists()
    ending = api.propose_ending(
        binding_id=binding.pk,
        first_day_without=today + timedelta(days=1),
        reason="所有人申请",
        maker=clerk,
        now=timezone.now(),
    )
    assert "解除" in approve(ending, reviewer).outcome
    binding.refresh_from_db()
    assert (binding.period.upper, binding.ended_by) == (today + timedelta(days=1), ending)
    assert Trail.objects.filter(person_id=family["owner"].pk, action="family_end", case_id=ending).exists()


def test_what_became_impossible_meanwhile_is_refused_at_the_approval(
    family: dict[str, Person], wish: Callable[..., Wish], today: date
) -> None:
    clerk, reviewer = operator("clerk", 1), operator("reviewer", 2)
    case = api.propose_binding(wish=wish("mother", "parent"), reason="授权书", maker=clerk, now=timezone.now())
    api.bind(wish=wish("mother", "spouse", owner="neighbour"), today=today)
    assert refused(lambda: approve(case, reviewer)) == "ACCT-013"
    assert Case.objects.get(pk=case).state == Case.State.PENDING


def test_nothing_is_handed_in_without_grounds(wish: Callable[..., Wish]) -> None:
    clerk = operator("clerk", 1)
    code = refused(lambda: api.propose_binding(wish=wish(), reason="  ", maker=clerk, now=timezone.now()))
    assert code == "ACCT-018"
    wrong = replace(wish(), relation="parent")
    assert refused(lambda: api.propose_binding(wish=wrong, reason="x", maker=clerk, now=timezone.now())) == "ACCT-012"


def test_nobody_binds_or_reviews_what_concerns_oneself(
    family: dict[str, Person], wish: Callable[..., Wish], today: date
) -> None:
    clerk, reviewer = operator("clerk", 1), operator("reviewer", 2)
    family["son"].cert_no = id_number(1)
    family["son"].save()
    own = wish()
    assert refused(lambda: api.propose_binding(wish=own, reason="x", maker=clerk, now=timezone.now())) == "ACCT-019"
    family["son"].cert_no = id_number(2)
    family["son"].save()
    case = api.propose_binding(wish=own, reason="x", maker=clerk, now=timezone.now())
    assert refused(lambda: approve(case, reviewer)) == "CTRL-024"
    assert not FamilyBinding.objects.exists()


def test_lists_of_owner_and_member(family: dict[str, Person], wish: Callable[..., Wish], today: date) -> None:
    api.bind(wish=wish(), today=today)
    api.bind(wish=wish("wife", "spouse", since=today + timedelta(days=3)), today=today)
    given = api.members_of(owner_id=family["owner"].pk)
    assert [(one.member_number, one.relation, one.state(today)) for one in given] == [
        (family["wife"].number, "配偶", "待生效"),
        (family["son"].number, "子女", "有效"),
    ]
    (used,) = api.owners_of(member_id=family["son"].pk)
    assert (used.owner_number, used.last) == (family["owner"].number, None)
