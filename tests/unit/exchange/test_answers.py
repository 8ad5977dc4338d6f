"""Outgoing values: funds, counters, circumstances, shapes, and what a bug leaves in the log."""

from __future__ import annotations

import json
import logging
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.exchange import shapes, tables
from tongchou.exchange.asgi import _log_bug
from tongchou.exchange.funds import FIELD_OF_FUND, FUND_FIELDS, field_of
from tongchou.exchange.handlers import transactions
from tongchou.exchange.handlers.enquiries import counter_code
from tongchou.exchange.handlers.outpatient import circumstances
from tongchou.kernel.money import MAX_FEN, format_yuan


def test_every_national_fund_has_exactly_one_field() -> None:
    funds = set(tables.labels("fund_pay_type"))
    assert set(FIELD_OF_FUND) <= funds
    assert {field_of(fund) for fund in funds} == set(FUND_FIELDS)
    assert (field_of("390200"), field_of("610100"), field_of("610200")) == ("hifmi_pay", "maf_pay", "oth_pay")


@given(st.integers(-MAX_FEN, MAX_FEN))
def test_amounts_are_printed_exactly(fen: int) -> None:
    assert str(shapes.yuan(fen)) == format_yuan(fen)


@given(st.integers(-(10**15), 10**15), st.sampled_from([1, 2, 4, 6]))
def test_numbers_are_written_as_they_are_counted(value: int, decimals: int) -> None:
    assert shapes.scaled_text(value, decimals) == f"{shapes.scaled(value, decimals):f}"
    assert shapes.yuan_text(value) == f"{shapes.yuan(value):f}"


def test_a_written_row_has_every_field_in_its_order_cut_and_quoted() -> None:
    values = {"psn_name": "it", "setl_id": "it", "medfee_sumamt": "yuan(-5)", "not_a_field": "it"}
    write = shapes.writer("2102", "setlinfo", "it", values, {"yuan": shapes.yuan_text})
    row = json.loads(write('"\\100%名' * 12), parse_float=Decimal)
    assert list(row) == [field.name for field in tables.output_nodes("2102")[0].fields]
    assert (row["psn_name"], row["medfee_sumamt"], row["clr_optins"]) == (('"\\100%名' * 12)[:50], Decimal("-0.05"), "")
    assert (
        shapes.node("2102", "setlinfo", {"setl_id": row["setl_id"], "psn_name": row["psn_name"]})
        | {"medfee_sumamt": Decimal("-0.05")}
        == row
    )


def test_missing_values_are_filled_as_the_interface_wants() -> None:
    row = shapes.node("2102", "setlinfo", {"psn_name": "名" * 60, "setl_id": "1"})
    assert (row["setl_id"], row["psn_name"], row["clr_optins"]) == ("1", "名" * 50, "")
    assert row["medfee_sumamt"] == Decimal("0.00")
    assert [field.name for field in tables.output_nodes("2102")[0].fields] == list(row)


def test_every_transaction_of_the_tables_is_worked_off() -> None:
    assert set(transactions()) == tables.transactions()


@pytest.mark.parametrize(
    ("counter", "code"),
    [
        ("year.pool_paid:390100", "D390101"),
        ("year.cii_paid:390200", "D390201"),
        ("year.admissions:390", "C0000"),
        ("year.special_deductible:390100", "Q0000"),
        ("year.inpatient_cost:390", "S0000"),
        ("year.cii_base:390200", ""),
        ("year.admissions:390/三级", "C0000"),
        ("year.pool_paid:390100/三级", "D390101"),
    ],
)
def test_counters_have_national_codes(counter: str, code: str) -> None:
    assert counter_code(counter) == code


def test_circumstances_of_a_visit() -> None:
    flags = {"REL_TTP_FLAG": "1", "TRUM_FLAG": 1, "OTP_ER_REFL_FLAG": "3"}
    expected = {"liable_person": "1", "accident": "1", "referral": "转诊"}
    assert circumstances({"exp_content": flags}) == expected
    assert circumstances({"exp_content": '{"rel_ttp_flag":"1","trum_flag":"1","otp_er_refl_flag":"2"}'}) == expected
    for nothing in (None, "", "free text", "[1]", {"REL_TTP_FLAG": "0"}):
        assert circumstances({"exp_content": nothing}) == {}


def test_a_bug_is_logged_with_its_place_and_without_personal_data(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise KeyError("张三 620102198001010011")
    except KeyError as bug:
        with caplog.at_level(logging.ERROR):
            reference = _log_bug(bug)
    assert reference in caplog.text
    assert "KeyError at test_answers.py" in caplog.text
    assert "620102198001010011" not in caplog.text
    assert "张三" not in caplog.text
