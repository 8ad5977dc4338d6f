"""What an institution books, and the bills it makes."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.traffic.books import Book, Entry, Totals, totals_of
from tongchou.traffic.desk import Failure, check_amounts
from tongchou.traffic.player import KINDS
from tongchou.traffic.reconcile import row_of
from tongchou.traffic.supplies import Institution, Patient, People, PriceItem, bill, priced


def entry(number: str, total: int = 10_000, **changes: object) -> Entry:
    given = {
        "settlement": number, "encounter": "9", "person": "P", "message_id": f"M{number}", "scheme": "310",
        "clearing_type": "41", "total": total, "fund_pay": total // 2, "account_pay": total // 4, "refund": total < 0,
        "day": "2026-11-22",
    }  # fmt: skip
    return Entry(**{**given, **changes})  # type: ignore[arg-type]


def test_totals_cancel_out_but_are_counted() -> None:
    assert totals_of([entry("1"), entry("2", -10_000)]) == Totals(2, 0, 0, 0, 0)


def test_the_same_settlement_is_not_booked_twice() -> None:
    book = Book()
    book.add(entry("1"))
    with pytest.raises(ValueError, match="twice"):
        book.add(entry("1"))


def test_a_book_survives_in_its_file_without_a_torn_last_line(tmp_path: Path) -> None:
    book = Book(tmp_path / "a.jsonl")
    book.add(entry("1"))
    book.add(entry("2", clearing_type="21", scheme="390"))
    with (tmp_path / "a.jsonl").open("ab") as file:
        file.write(b'{"settlement":"3"')
    again = Book(tmp_path / "a.jsonl")
    again.load()
    assert again.entries == book.entries
    assert again.groups() == [("21", "390"), ("41", "310")]
    assert again.of("21") == [book.entries[1]]


def test_the_upload_has_seven_columns() -> None:
    assert row_of(entry("1", -10_050)) == ("1", "9", "P", "-100.50", "-50.25", "-25.13", "1")


@given(st.integers(1, 10**10), st.integers(-(10**6), 10**6))
def test_a_line_is_within_a_fen_of_price_times_quantity(price: int, quantity: int) -> None:
    line = priced(PriceItem(item_code="X", local_code="L", unit_price=price, settings="p"), quantity)
    assert abs(line.amount * 10**8 - price * quantity) * 2 <= 10**8


def test_bills_take_what_is_sold_in_the_setting() -> None:
    items = tuple(
        PriceItem(item_code=f"X{n}", local_code="L", unit_price=10**6, settings="op" if n % 2 else "i")
        for n in range(9)
    )
    place = Institution(code="P", name="P", kind="2", area="1", share=1, prices=items)
    assert {line.item.item_code for line in bill(place, Random(1), lines=50, setting="p")} == {"X1", "X3", "X5", "X7"}


def test_nobody_is_at_two_counters() -> None:
    patients = [
        Patient(
            person_number=str(n), cert_type="01", cert_no="1", name="张", scheme="310", person_type="11", entitled=True
        )
        for n in range(3)
    ]
    people = People(patients)
    taken = [people.take(Random(1)) for _ in range(3)]
    assert len({each.person_number for each in taken}) == 3
    with pytest.raises(LookupError):
        people.take(Random(1))
    people.give_back(taken[0])
    assert people.take(Random(1)) == taken[0]


def test_amounts_that_do_not_add_up_are_a_failure() -> None:
    zero = dict.fromkeys(
        ("medfee_sumamt", "fund_pay_sumamt", "psn_part_amt", "acct_pay", "psn_cash_pay", "fulamt_ownpay_amt",
         "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay",
         "hifob_pay", "maf_pay", "oth_pay"), "0.00",
    )  # fmt: skip
    right = {**zero, "medfee_sumamt": "1.00", "inscp_scp_amt": "1.00", "psn_part_amt": "1.00", "psn_cash_pay": "1.00"}
    check_amounts({"setlinfo": right, "setldetail": []})
    for name in right:
        with pytest.raises(Failure):
            check_amounts({"setlinfo": {**right, name: "0.01"}, "setldetail": []})


def test_the_kinds_of_scenes_have_names_of_their_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
