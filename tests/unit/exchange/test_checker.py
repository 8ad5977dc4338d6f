"""Fields of an incoming message: what is understood, and what is refused with which code."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.messages import line, purchase
from tongchou.exchange.checker import TIME_ZONE, check_input
from tongchou.kernel.money import format_yuan
from tongchou.kernel.rejection import Rejection


def checked_line(**changes: Any) -> dict[str, Any]:
    nodes = {"druginfo": purchase()["druginfo"], "drugdetail": [line(**changes)]}
    return check_input("2102", nodes)["drugdetail"][0]


def refused(**changes: Any) -> Rejection:
    with pytest.raises(Rejection) as caught:
        checked_line(**changes)
    return caught.value


class TestUnderstood:
    @pytest.mark.parametrize("written", ["12.30", "12.3", 1230e-2, "012.30", " 12.3 ", "1.23E1", "12.30000", "+12.3"])
    def test_amount_in_many_spellings(self, written: object) -> None:
        value = str(written) if isinstance(written, float) else written  # the decoder hands points over as text
        assert checked_line(det_item_fee_sumamt=value)["det_item_fee_sumamt"] == 1230

    def test_numbers_are_scaled_by_the_decimals_of_the_field(self) -> None:
        row = checked_line(cnt="2.5", pric=6, det_item_fee_sumamt="-15")
        assert (row["cnt"], row["pric"], row["det_item_fee_sumamt"]) == (25_000, 6_000_000, -1500)

    @pytest.mark.parametrize("empty", ["", "null", None])
    def test_empties(self, empty: object) -> None:
        assert checked_line(rxno=empty)["rxno"] is None

    def test_code_with_or_without_leading_zero(self) -> None:
        for written in ("02", "2", 2):
            assert check_input("2102", purchase(mdtrt_cert_type=written))["druginfo"]["mdtrt_cert_type"] == "02"

    def test_text_given_as_number(self) -> None:
        assert checked_line(rxno=12345)["rxno"] == "12345"

    def test_time_and_date(self) -> None:
        assert checked_line()["fee_ocur_time"] == datetime(2026, 11, 22, 10, 30, tzinfo=TIME_ZONE)
        assert checked_line(fee_ocur_time="2026-11-22")["fee_ocur_time"] == datetime(2026, 11, 22, tzinfo=TIME_ZONE)
        total = {"insutype": "310", "clr_type": "41", "setl_optins": "620100", "medfee_sumamt": 0, "fund_pay_sumamt": 0}
        days = {"stmt_begndate": "2026-11-22", "stmt_enddate": "2026-11-22 00:00:00"}
        data = check_input("3201", {"data": {**total, **days, "acct_pay": 0, "fixmedins_setl_cnt": "3"}})["data"]
        assert (data["stmt_begndate"], data["stmt_enddate"]) == (date(2026, 11, 22), date(2026, 11, 22))
        assert data["fixmedins_setl_cnt"] == 3

    def test_upper_case_keys(self) -> None:
        nodes = purchase()
        shouted = {key.upper(): value for key, value in nodes["druginfo"].items()}
        assert check_input("2102", {"DRUGINFO": shouted, "drugDetail": nodes["drugdetail"]}) == check_input(
            "2102", nodes
        )

    def test_one_object_where_an_array_is_expected_and_the_reverse(self) -> None:
        nodes = purchase()
        loose = {"druginfo": [nodes["druginfo"]], "drugdetail": nodes["drugdetail"][0]}
        assert check_input("2102", loose) == check_input("2102", nodes)

    def test_both_spellings_of_the_trace_codes(self) -> None:
        trace = {"feedetl_sn": "1", "drug_trac_codg": "8" * 20, "trdn_flag": "0"}
        for name in ("durg_trac_info", "drug_trac_info"):
            assert check_input("2102", {**purchase(), name: [trace]})["durg_trac_info"] == [trace]
            assert checked_line(**{name: [trace]})["durg_trac_info"] == [trace]

    def test_hunan_only_fields_are_optional(self) -> None:
        data = {
            "psn_no": "1", "insutype": "310", "begntime": "2026-11-22 08:00:00", "mdtrt_cert_type": "02",
            "mdtrt_cert_no": "620102198001010011", "ipt_otp_no": "M1", "dept_code": "A", "dept_name": "内科", "caty": "A03",
        }  # fmt: skip
        assert check_input("2201", {"data": data})["data"]["psn_type"] is None

    @given(st.integers(-(10**16) + 1, 10**16 - 1))
    def test_every_amount_is_read_exactly(self, fen: int) -> None:
        assert checked_line(det_item_fee_sumamt=format_yuan(fen))["det_item_fee_sumamt"] == fen


class TestRefused:
    @pytest.mark.parametrize(
        ("code", "field", "value"),
        [
            ("EXCH-010", "med_list_codg", ""),
            ("EXCH-010", "med_list_codg", "null"),
            ("EXCH-010", "fee_ocur_time", None),
            ("EXCH-011", "med_list_codg", "X" * 51),
            ("EXCH-011", "sin_dos_dscr", "剂" * 201),
            ("EXCH-012", "rx_circ_flag", "7"),
            ("EXCH-012", "tcmdrug_used_way", "煎"),
            ("EXCH-013", "rxno", ["1"]),
            ("EXCH-013", "rxno", True),
            ("EXCH-013", "cnt", {"a": 1}),
            ("EXCH-013", "cnt", True),
            ("EXCH-014", "cnt", "two"),
            ("EXCH-014", "cnt", "1,000"),
            ("EXCH-014", "cnt", "１２"),
            ("EXCH-014", "cnt", "1_000"),
            ("EXCH-014", "cnt", "NaN"),
            ("EXCH-014", "cnt", "Infinity"),
            ("EXCH-014", "cnt", "-"),
            ("EXCH-014", "cnt", "."),
            ("EXCH-015", "det_item_fee_sumamt", "12.345"),
            ("EXCH-015", "cnt", "0.00001"),
            ("EXCH-016", "det_item_fee_sumamt", "1" + "0" * 14),
            ("EXCH-016", "det_item_fee_sumamt", "1e300000"),
            ("EXCH-016", "det_item_fee_sumamt", 10**300),
            ("EXCH-017", "fee_ocur_time", "22.11.2026"),
            ("EXCH-017", "fee_ocur_time", "2026-02-30 10:00:00"),
            ("EXCH-017", "fee_ocur_time", "20261122103000"),
            ("EXCH-017", "fee_ocur_time", "0001-01-01 00:00:00"),
            ("EXCH-018", "feedetl_sn", "0"),
            ("EXCH-018", "feedetl_sn", "A1"),
            ("EXCH-018", "feedetl_sn", "1" * 16),
            ("EXCH-018", "feedetl_sn", "-1"),
        ],
    )
    def test_field(self, code: str, field: str, value: object) -> None:
        rejection = refused(**{field: value})
        assert rejection.code == code
        assert rejection.field == field
        assert "drugdetail 第 1 行" in rejection.message
        assert field in rejection.message
        assert rejection.remedy

    def test_the_row_is_named(self) -> None:
        nodes = purchase(lines=3)
        nodes["drugdetail"][2]["cnt"] = "x"
        with pytest.raises(Rejection, match="第 3 行"):
            check_input("2102", nodes)

    def test_card_serial_is_needed_when_a_card_was_read(self) -> None:
        with pytest.raises(Rejection, match="card_sn") as caught:
            check_input("2102", purchase(mdtrt_cert_type="03", card_sn=""))
        assert caught.value.code == "EXCH-010"

    @pytest.mark.parametrize(
        ("code", "nodes"),
        [
            ("EXCH-019", {"drugdetail": []}),
            ("EXCH-019", {}),
            ("EXCH-020", {"druginfo": "text", "drugdetail": []}),
            ("EXCH-020", {"druginfo": [], "drugdetail": []}),
            ("EXCH-020", {**purchase(), "drugdetail": [1]}),
            ("EXCH-020", {**purchase(), "drugdetail": "x"}),
            ("EXCH-021", {**purchase(), "drugdetail": [line()] * 5001}),
        ],
    )
    def test_node(self, code: str, nodes: dict[str, Any]) -> None:
        with pytest.raises(Rejection) as caught:
            check_input("2102", nodes)
        assert caught.value.code == code

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_nothing_but_a_rejection_ever_comes_out(self, value: Any) -> None:
        for field in line():
            try:
                checked_line(**{field: value})
            except Rejection as rejection:
                _ = rejection.message  # the template must find all its details
