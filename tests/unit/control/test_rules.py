"""Separation of duties, frozen payloads, samples, passwords, one-time codes, working days: the pure rules."""

from __future__ import annotations

from datetime import date

import pytest

from tongchou.control.core import approval
from tongchou.control.core.approval import Facts, Refusal, StepRule, refusal
from tongchou.control.core.passwords import PasswordRules, matching_step, one_time_code, weaknesses
from tongchou.control.core.separation import Duty, Rule, conflicts
from tongchou.control.core.workdays import after_working_days, is_working_day

FINANCE = Duty(post_name="财务", category="finance", since=date(2026, 1, 1), until=date(2026, 7, 1))


@pytest.mark.requirement("R4.07")
def test_duties_that_exclude_each_other_are_found_in_either_order_and_only_while_both_run() -> None:
    rules = [Rule(one="business", other="finance", why="资金收支审批与具体业务办理相分离")]
    clerk = Duty(post_name="柜员", category="business", since=date(2026, 6, 1), until=date(2027, 1, 1))
    later = Duty(post_name="柜员", category="business", since=date(2026, 7, 1), until=date(2027, 1, 1))
    assert [found.held for found in conflicts(held=[FINANCE], asked=clerk, rules=rules)] == [FINANCE]
    assert [found.held for found in conflicts(held=[clerk], asked=FINANCE, rules=rules)] == [clerk]
    assert conflicts(held=[FINANCE], asked=later, rules=rules) == []


def test_a_payload_has_one_text_and_no_floats() -> None:
    assert approval.canonical({"乙": 1, "甲": ["x", None]}) == approval.canonical({"甲": ["x", None], "乙": 1})
    with pytest.raises(ValueError, match="float"):
        approval.canonical({"amount": [{"fen": 1.0}]})


def test_the_seal_covers_every_part_and_their_borders() -> None:
    base = {"kind": "k", "area": "620100", "amount": 100, "payload_text": "{}", "attachments": ["aa", "bb"]}
    seals = {
        approval.seal(**base),  # type: ignore[arg-type]
        approval.seal(**base | {"amount": 101}),  # type: ignore[arg-type]
        approval.seal(**base | {"area": "620102"}),  # type: ignore[arg-type]
        approval.seal(**base | {"payload_text": "{} "}),  # type: ignore[arg-type]
        approval.seal(**base | {"attachments": ["aab", "b"]}),  # type: ignore[arg-type]
        approval.seal(**base | {"attachments": ["bb", "aa"]}),  # type: ignore[arg-type]
    }
    assert len(seals) == 6


def test_larger_amounts_need_more_steps() -> None:
    rules = [
        StepRule(step=2, function="case.approve", title="审批", from_amount=5_000_000),
        StepRule(step=1, function="correction.review", title="复核"),
    ]
    assert [step.step for step in approval.steps_for(rules=rules, amount=4_999_999)] == [1]
    assert [step.step for step in approval.steps_for(rules=rules, amount=-5_000_000)] == [1, 2]


@pytest.mark.requirement("R1.4.09", "R4.05")
@pytest.mark.parametrize(
    ("reviewer", "person", "seen", "state", "expected"),
    [
        (2, "b", "h", "pending", None),
        (2, "b", "h", "done", Refusal.NOT_PENDING),
        (2, "", "h", "pending", Refusal.NOT_IDENTIFIED),
        (1, "a", "h", "pending", Refusal.OWN_CASE),
        (2, "a", "h", "pending", Refusal.SECOND_ACCOUNT),
        (2, "s", "h", "pending", Refusal.OWN_BENEFIT),
        (2, "d", "h", "pending", Refusal.DECIDED_BEFORE),
        (2, "b", "other", "pending", Refusal.CHANGED),
    ],
)
def test_who_may_decide_a_case(reviewer: int, person: str, seen: str, state: str, expected: Refusal | None) -> None:
    facts = Facts(state=state, maker=1, maker_person="a", subject_person="s", payload_hash="h", deciders=("d",))
    assert (
        refusal(case=facts, reviewer=reviewer, persons=frozenset({person} - {""}), seen_hash=seen, pending="pending")
        is expected
    )


def test_a_sample_can_be_drawn_again_and_another_seed_draws_another() -> None:
    ids = range(1, 1001)
    first = approval.sample(ids=ids, seed="2026-11", size=20)
    assert first == approval.sample(ids=reversed(ids), seed="2026-11", size=20)
    assert len(set(first)) == 20
    assert first != approval.sample(ids=ids, seed="2026-12", size=20)
    assert approval.sample(ids=[3, 1], seed="x", size=5) in ([1, 3], [3, 1])


def test_two_entries_of_one_document_are_compared_field_by_field() -> None:
    assert approval.differences(first={"a": 1, "b": 2}, second={"a": 1, "b": 3, "c": None}) == ["b"]
    assert approval.differences(first={"a": 1}, second={"a": 1, "c": 0}) == ["c"]


@pytest.mark.parametrize(
    ("password", "weak"),
    [
        ("Kupfer-dach-47", False),
        ("kupferdach", True),
        ("Ab1-", True),
        ("Kupfer-1234-x", True),
        ("Kupfer-dddd-9x", True),
        ("clerk-Kupfer-9", True),
        ("王秀兰-Kupfer9", True),
        ("abcdEFG-13579", True),
    ],
)
def test_password_rules(password: str, weak: bool) -> None:
    assert bool(weaknesses(password=password, login="clerk", name="王秀兰", rules=PasswordRules())) is weak


RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        # RFC 6238, appendix B, SHA-1: the last six of the eight digits printed there.
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
    ],
)
def test_one_time_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert one_time_code(secret=RFC_SECRET, step=seconds // 30) == code


def test_a_code_works_once_and_only_near_its_time() -> None:
    at = 1_234_567_890
    code = one_time_code(secret=RFC_SECRET, step=at // 30)
    found = matching_step(secret=RFC_SECRET, code=code, now_seconds=at, last_step=0)
    assert found == at // 30
    assert matching_step(secret=RFC_SECRET, code=code, now_seconds=at, last_step=found) is None
    assert matching_step(secret=RFC_SECRET, code=code, now_seconds=at + 30, last_step=0) == found
    assert matching_step(secret=RFC_SECRET, code=code, now_seconds=at + 90, last_step=0) is None


def test_working_days_follow_the_calendar() -> None:
    exceptions = {date(2026, 2, 14): "worked", **{date(2026, 2, day): "holiday" for day in range(15, 24)}}
    assert is_working_day(day=date(2026, 2, 14), exceptions=exceptions)
    assert not is_working_day(day=date(2026, 2, 16), exceptions=exceptions)
    # Friday the 13th + 3 working days: Saturday the 14th (worked), then the 24th and 25th after the festival.
    assert after_working_days(start=date(2026, 2, 13), days=3, exceptions=exceptions) == date(2026, 2, 25)
