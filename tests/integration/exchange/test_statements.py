"""Reconciliation over HTTP: 3201, and 3202 with its files, after losses and undoings."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.exchange import nodes
from tests.integration.exchange.gateway import Caller
from tests.integration.settlement.world import person_number
from tongchou.settlement.models import Reconciliation

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R1.3.03")]
ZERO = Decimal("0.00")


class Books:
    """A pharmacy that books what it is told, and reconciles."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.rows: list[tuple[Any, ...]] = []

    def book(self, info: Any, refund: str = "0") -> None:
        amounts = (info["medfee_sumamt"], info["fund_pay_sumamt"], info["acct_pay"])
        self.rows.append(
            (info["setl_id"], info["mdtrt_id"], info["psn_no"] if refund == "0" else person_number(1), *amounts, refund)
        )

    def _totals(self) -> dict[str, Any]:
        today = datetime.now(UTC).date()
        sums = [str(sum((row[column] for row in self.rows), ZERO)) for column in (3, 4, 5)]
        return {
            "clr_type": "41", "setl_optins": "629900", "stmt_begndate": str(today - timedelta(days=1)), "stmt_enddate": str(today + timedelta(days=1)),
            "medfee_sumamt": sums[0], "fund_pay_sumamt": sums[1], "acct_pay": sums[2], "fixmedins_setl_cnt": len(self.rows),
        }  # fmt: skip

    def totals(self, **changes: Any) -> dict[str, str]:
        return self.caller.call("3201", {"data": {**self._totals(), "insutype": "310", **changes}}).output["stmtinfo"]

    def details(self, columns: int = 7) -> list[list[str]]:
        """Upload the rows, ask for 3202, fetch the result."""
        extra = ("null",) * (columns - 7)
        text = "".join("\t".join(map(str, (*row[:6], *extra, row[6]))) + "\n" for row in self.rows)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.txt", text)
        number = self.upload(packed.getvalue())
        data = {**self._totals(), "cash_payamt": "0", "file_qury_no": number}
        info = self.caller.call("3202", {"data": data}).output["fileinfo"]
        wanted = {name: info[name] for name in ("file_qury_no", "filename")}
        answer = self.caller.call("9102", {"fsDownloadIn": {**wanted, "fixmedins_code": self.caller.institution}})
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            lines = archive.read(archive.namelist()[0]).decode().splitlines()
        return [line.split("\t") for line in lines]

    def upload(self, content: bytes) -> str:
        file = {
            "in": base64.b64encode(content).decode(),
            "filename": "a.zip",
            "fixmedins_code": self.caller.institution,
        }
        return str(self.caller.call("9101", {"fsUploadIn": file}).output["file_qury_no"])


@pytest.fixture(scope="module")
def _shared() -> list[tuple[Any, ...]]:
    return []


@pytest.fixture
def books(pharmacy: Caller, _shared: list[tuple[Any, ...]]) -> Books:
    """The books go on from test to test, like the centre's: both begin empty with the module."""
    mine = Books(pharmacy)
    mine.rows = _shared
    return mine


@pytest.mark.requirement("R2.11")
def test_equal_books(books: Books, pharmacy: Caller) -> None:
    sold = pharmacy.call("2102", nodes.purchase(1)).output["setlinfo"]
    books.book(sold)
    books.book(pharmacy.call("2102", nodes.purchase(1)).output["setlinfo"])
    books.book(pharmacy.call("2103", nodes.revocation(sold)).output["setlinfo"], refund="1")
    assert books.totals()["stmt_rslt"] == "0"
    rows = books.details()
    assert [row[4] for row in rows] == ["0", "0", "0"]
    assert all(len(row) == 10 for row in rows)
    assert Reconciliation.objects.filter(institution_code=pharmacy.institution, equal=True).count() == 2


def test_a_difference_is_told_to_the_fen(books: Books) -> None:
    total = str(sum((row[3] for row in books.rows), ZERO) + Decimal("0.01"))
    found = books.totals(medfee_sumamt=total)
    assert found["stmt_rslt"] == "1"
    assert "差 0.01 元" in found["stmt_rslt_dscr"]


def test_what_only_the_centre_has_is_found_and_undone(books: Books, pharmacy: Caller) -> None:
    message = pharmacy.message("2102", nodes.purchase(2))
    pharmacy.post(message)  # the answer is lost: nothing is booked
    assert books.totals()["stmt_rslt"] == "1"
    (extra,) = [row for row in books.details() if row[2] == "null"]
    assert (extra[0], extra[1], extra[3], extra[4]) == (person_number(2), "null", message["msgid"], "1")
    undo = {"data": {"psn_no": extra[0], "omsgid": extra[3], "oinfno": "2102"}}
    assert pharmacy.call("2601", undo).output == {}
    assert books.totals()["stmt_rslt"] == "0"
    assert {row[4] for row in books.details()} == {"0"}


def test_what_only_the_institution_has_and_other_amounts(books: Books) -> None:
    true = list(books.rows)
    books.rows.append(("123", "456", person_number(1), Decimal("1.00"), ZERO, ZERO, "0"))
    books.rows[1] = (*true[1][:3], true[1][3] + 1, *true[1][4:])
    unequal = [row for row in books.details(columns=8) if row[4] != "000000"]
    assert {row[2]: row[4] for row in unequal} == {"123": "000102", true[1][0]: "000103"}
    books.rows[:] = true


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("EXCH-052", "1\t2\t3\n"),
        ("EXCH-052", "1\t2\t3\tx\t0\t0\t0\n"),
        ("EXCH-052", "1\t2\t3\t1.00\t0\t0\t7\n"),
        ("EXCH-052", "null\t2\t3\t1.00\t0\t0\t0\n"),
        ("EXCH-052", "1\t2\t3\t1.001\t0\t0\t0\n"),
        ("EXCH-052", "中文\t2\t3\t1.00\t0\t0\t0\n".encode("gbk")),
    ],
)
def test_wrong_rows_are_named(books: Books, code: str, text: str | bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", text)
    data = {**books._totals(), "cash_payamt": "0", "file_qury_no": books.upload(packed.getvalue())}
    answer = books.caller.call("3202", {"data": data})
    assert answer.code == code
    assert "第 1 行" in answer.envelope["err_msg"]
    assert not re.search("[a-z]{5}", answer.envelope["err_msg"])  # told in Chinese, all of it


def test_files_that_are_none(books: Books) -> None:
    data = {**books._totals(), "cash_payamt": "0"}
    broken = books.upload(b"not a zip")
    assert books.caller.call("3202", {"data": {**data, "file_qury_no": broken}}).code == "EXCH-051"
    assert books.caller.call("3202", {"data": {**data, "file_qury_no": "0" * 30}}).code == "EXCH-050"
    backwards = {**data, "insutype": "310", "stmt_begndate": "2026-12-31", "stmt_enddate": "2026-01-01"}
    assert books.caller.call("3201", {"data": backwards}).code == "SETL-061"
    assert books.caller.call("3201", {"data": {**data, "insutype": "310", "setl_optins": "999999"}}).code == "REG-009"
    empty = {"fsUploadIn": {"in": "", "filename": "a.zip", "fixmedins_code": books.caller.institution}}
    assert books.caller.call("9101", empty).code == "EXCH-025"


def test_rows_of_another_person_or_visit_and_rows_listed_twice(books: Books) -> None:
    true = list(books.rows)
    first = true[0]
    books.rows += [first]
    by_result = [row[6] for row in books.details() if row[2] == first[0]]
    assert by_result == ["一致", "机构有、中心无：重复列出"]
    for changed, memo in (
        ((first[0], first[1], person_number(3), *first[3:]), "不一致：人员编号不是该结算的参保人"),
        ((first[0], "456", *first[2:]), f"不一致：就诊ID应为 {first[1]}"),
    ):
        books.rows[:] = [changed, *true[1:]]
        assert [row[6] for row in books.details() if row[2] == first[0]] == [memo]
    books.rows[:] = true
