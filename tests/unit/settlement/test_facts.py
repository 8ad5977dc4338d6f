"""What the policy is told about a person and a visit."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tongchou.kernel.rejection import Rejection
from tongchou.policy import STANDARD_FACTS
from tongchou.settlement.core.decision import (
    JournalLine,
    admit_person,
    counter_changes,
    family_account,
    journal_lines,
    settled_days,
    usable_balance,
)
from tongchou.settlement.core.facts import Visit, facts_of, restored, storable
from tongchou.settlement.core.snapshots import (
    AccountSnapshot,
    AccumulatorSnapshot,
    EnrolmentSnapshot,
    EntitlementSnapshot,
    FamilySnapshot,
    IdentitySnapshot,
    PersonSnapshot,
    Snapshot,
)
from tongchou.settlement.core.tables import IDENTITIES, PERSON_TYPES
from tongchou.settlement.core.views import PaymentView

DAY = date(2026, 3, 1)
PERSON = PersonSnapshot(
    id=1, number="1", cert_type="01", cert_no="", name="张三", sex="1", ethnicity="1", birth_date=date(1984, 3, 2),
    enrolment=EnrolmentSnapshot(person_type="11", area="629902", pooling_area="629900"),
)  # fmt: skip
VISIT = Visit(level="2", local=True, chinese_medicine=False, emergency=False, rule_day=DAY, days=3, disease="M00503")


def facts(person: PersonSnapshot = PERSON, visit: Visit = VISIT, since: date = date(2020, 3, 2)) -> dict[str, object]:
    assert person.enrolment is not None
    return facts_of(person=person, enrolment=person.enrolment, continuous_since=since, visit=visit)


def test_years_are_completed_years_on_the_rule_day() -> None:
    assert facts()["person.age"] == 41
    assert facts()["person.continuous_years"] == 5
    day_later = replace(VISIT, rule_day=date(2026, 3, 2))
    assert (facts(visit=day_later)["person.age"], facts(visit=day_later)["person.continuous_years"]) == (42, 6)
    assert facts(since=date(2027, 1, 1))["person.continuous_years"] == 0


@pytest.mark.parametrize(
    ("code", "word"),
    [("1", "一级"), ("2", "二级"), ("3", "三级"), ("4", "社区"), ("5", "未定级"), ("9", "药店"), ("", "未定级")],
)
def test_the_level_is_that_of_the_register(code: str, word: str) -> None:
    """Community centres and hospitals without a level are told apart; what they count as is the policy's word."""
    assert facts(visit=replace(VISIT, level=code))["visit.level"] == word
    levels = STANDARD_FACTS["visit.level"]
    assert word in {*levels.values, *(alias for alias, _ in levels.aliases)}


def test_identities_are_those_that_benefits_ask_for() -> None:
    person = replace(
        PERSON, identities=(IdentitySnapshot("2303"), IdentitySnapshot("2308", "1"), IdentitySnapshot("24"))
    )
    assert facts(person)["person.identities"] == {"低保", "困难", "重度残疾"}
    lightly = replace(PERSON, identities=(IdentitySnapshot("2308", "4"),))
    assert facts(lightly)["person.identities"] == frozenset()


def test_a_flexibly_employed_person_is_told_apart() -> None:
    flexible = replace(PERSON, enrolment=EnrolmentSnapshot(person_type="11", area="", flexible=True))
    assert (facts()["person.type"], facts(flexible)["person.type"]) == ("在职", "灵活就业")


def test_every_word_we_use_is_in_the_policy_vocabulary() -> None:
    types = STANDARD_FACTS["person.type"]
    allowed = {*types.values, *(alias for alias, _ in types.aliases)}
    assert set(PERSON_TYPES.values()) <= allowed
    assert {word for words in IDENTITIES.values() for word in words} <= set(STANDARD_FACTS["person.identities"].values)
    known = {*STANDARD_FACTS, "person.diseases"}
    assert set(facts()) <= known


def test_registered_particulars_reach_the_policy() -> None:
    told = facts(
        visit=replace(VISIT, details={"referral": "转诊", "liable_person": "1", "exclusion": "", "other": "x"})
    )
    assert told["visit.referral"] == "转诊"
    assert told["visit.liable_person"] is True
    assert "visit.exclusion" not in told
    assert "visit.other" not in told


def test_stored_facts_come_back_as_they_were() -> None:
    person = replace(PERSON, identities=(IdentitySnapshot("2303"),), diseases=("M00503",))
    told = facts(person)
    assert restored(storable(told)) == told


def snapshot(person: PersonSnapshot | None = PERSON, *, entitled: bool = True) -> Snapshot:
    entitlement = EntitlementSnapshot(continuous_since=date(2020, 1, 1)) if entitled else None
    return Snapshot(day=DAY, catalogue_revision=1, provider_revision=1, person=person, entitlement=entitlement)


@pytest.mark.parametrize(
    ("known", "code"),
    [
        (snapshot(None), "SETL-010"),
        (snapshot(replace(PERSON, enrolment=None)), "SETL-011"),
        (snapshot(replace(PERSON, enrolment=EnrolmentSnapshot(person_type="11", area="", status="2"))), "SETL-012"),
        (snapshot(entitled=False), "SETL-013"),
        (snapshot(replace(PERSON, death_date=date(2026, 2, 28))), "SETL-014"),
    ],
)
def test_the_gate_says_why_it_stays_shut(known: Snapshot, code: str) -> None:
    with pytest.raises(Rejection, match=code) as refusal:
        admit_person(snapshot=known, person_number="1", scheme="310")
    assert refusal.value.remedy


def test_the_day_of_death_is_still_paid() -> None:
    died_today = replace(PERSON, death_date=DAY)
    assert admit_person(snapshot=snapshot(died_today), person_number="1", scheme="310").person is died_today


def test_an_account_pays_only_when_it_is_asked_for() -> None:
    account = AccountSnapshot(id=5, balance=700, version=1)
    assert usable_balance(account=account, account_used="1") == 700
    assert usable_balance(account=account, account_used="0") == 0
    assert usable_balance(account=None, account_used="1") == 0
    assert usable_balance(account=account, account_used="2") == 700  # drafting puts the family's in its place


def test_a_family_account_is_of_the_same_area_and_its_owner_lives() -> None:
    account = AccountSnapshot(id=5, balance=700, version=1, scheme="310")
    family = FamilySnapshot(account=account, area="629900")
    assert family_account(family=family, area="629900", day=DAY) is account
    assert family_account(family=replace(family, died=DAY), area="629900", day=DAY) is account
    for other, area in (
        (None, "629900"),
        (family, "620100"),
        (replace(family, died=DAY - timedelta(days=1)), "629900"),
    ):
        with pytest.raises(Rejection, match="SETL-016"):
            family_account(family=other, area=area, day=DAY)


def test_days_of_a_stay() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    begin = datetime(2026, 3, 1, 23, tzinfo=zone)
    assert settled_days(begin, None) == 0
    assert settled_days(begin, datetime(2026, 3, 1, 23, 30, tzinfo=zone)) == 1
    assert settled_days(begin, datetime(2026, 3, 4, 1, tzinfo=zone)) == 3


def test_counters_go_back_to_exactly_what_they_were() -> None:
    held = {"2026": AccumulatorSnapshot({"a": 5}, 3)}
    (change,) = counter_changes({"a": "2026", "b": "2026"}, {"b": 7}, held)
    assert (change.version, change.after()) == (3, {"a": 5, "b": 7})
    after = {"2026": AccumulatorSnapshot(change.after(), 4)}
    (back,) = counter_changes({"a": "2026", "b": "2026"}, {"b": -7}, after)
    assert back.after() == {"a": 5}


def test_a_period_that_was_only_read_is_watched_too() -> None:
    held = {"2026": AccumulatorSnapshot({"a": 5}, 3), "life": AccumulatorSnapshot({"l": 1}, 9)}
    changes = counter_changes({"a": "2026", "l": "life"}, {"a": 1}, held)
    assert [(change.period, change.version, dict(change.delta)) for change in changes] == [
        ("2026", 3, {"a": 1}),
        ("life", 9, {}),
    ]


def test_the_journal_of_a_settlement_balances_and_names_its_parties() -> None:
    payments = (
        PaymentView("pool", "310100", 0, 700),
        PaymentView("large", "330100", 0, 200),
        PaymentView("x", "310100", 0, 50),
    )
    lines = journal_lines(payments=payments, account_pay=30, cash_pay=20, account_id=5, institution_id=9, scheme="310")
    assert sum(line.amount for line in lines) == 0
    assert lines == (
        JournalLine("5001.310100", 750),
        JournalLine("2101.310100", -750, 9),
        JournalLine("5001.330100", 200),
        JournalLine("2101.330100", -200, 9),
        JournalLine("2201", 30, 5),
        JournalLine("2101.310200", -30, 9),
        JournalLine("9001", 20),
        JournalLine("9002", -20, 9),
    )
    assert journal_lines(payments=(), account_pay=0, cash_pay=0, account_id=0, institution_id=9, scheme="310") == ()
