"""The list of settlements, its export, one settlement with explanation and statement."""

from __future__ import annotations

import re
import subprocess
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from shutil import which

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf
from tongchou.settlement import api
from tongchou.web import settlement_queries


def fen(text: str) -> int:
    return int(text.replace(",", "").replace(".", "").replace("− ", "").replace("−", ""))


def test_the_list_shows_the_last_day_and_its_sums(city: cities.City, client_of: ClientOf) -> None:
    page = client_of("clerk").get("/settlements/").content.decode()
    assert "共 10 笔" in page
    views = [api.settlement_view(number) for number in (*city.settlements, city.inpatient, city.revocation)]
    assert f"{sum(view.total for view in views) / 100:,.2f}" in page
    assert "撤销单" in page
    assert "已撤销" in page


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("status=valid", 8), ("status=revoked", 1), ("status=revocation", 1), ("med_type=21", 1), ("med_type=2101", 1), ("begin=2020-01-01", 10),
        ("begin=2000-01-01&end=2000-01-02", 0), ("least=5000", 1), ("most=0.01", 0),
    ],
)  # fmt: skip
def test_the_query_strip_filters(asked: str, expected: int, city: cities.City, client_of: ClientOf) -> None:
    page = client_of("clerk").get(f"/settlements/?{asked}").content.decode()
    assert (f"共 {expected} 笔" in page) if expected else ("没有符合条件的结算" in page)


def test_a_number_finds_a_settlement_or_a_persons_settlements(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("clerk")
    assert "共 1 笔" in client.get(f"/settlements/?number={city.inpatient}").content.decode()
    page = client.get(f"/settlements/?number={city.persons[0].number}").content.decode()
    assert f"/settlements/{city.inpatient}/" in page


def test_wrong_input_is_named_beside_its_field_and_kept(city: cities.City, client_of: ClientOf) -> None:
    answer = client_of("clerk").get("/settlements/?begin=2026-11-22&end=2026-11-01&least=abc")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "结束日期不能早于开始日期" in page
    assert "金额应为数字" in page
    assert 'value="abc"' in page


def test_the_export_has_the_chosen_columns_masked_and_exact(city: cities.City, client_of: ClientOf) -> None:
    path = f"/settlements/export/?begin={timezone.localdate()}&column=id&column=person_name&column=cert_no&column=total"
    answer = client_of("accountant").get(path)
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
    assert sheet is not None
    head, *body = list(sheet.values)
    assert head == ("结算编号", "姓名", "证件号码", "医疗费总额(元)")
    assert len(body) == 10
    by_id = {row[0]: row for row in body}
    view = api.settlement_view(city.inpatient)
    _, name, certificate, total = by_id[str(city.inpatient)]
    assert Decimal(str(total)) * 100 == view.total
    assert name == "张*三"
    assert "*" * 11 in str(certificate)
    everything = client_of("accountant").get("/settlements/export/")
    assert not any(person.cert_no.encode() in everything.content for person in city.persons)


def test_a_text_never_becomes_a_formula() -> None:
    from tongchou.web.excel import workbook_bytes

    sheet = openpyxl.load_workbook(BytesIO(workbook_bytes("表", ["甲"], [["=1+1"], ["@x"]]))).active
    assert sheet is not None
    assert [(row[0].value, row[0].data_type) for row in sheet.iter_rows(min_row=2)] == [("=1+1", "s"), ("@x", "s")]


@pytest.mark.requirement("R1.3.04")
def test_one_settlement_explains_itself(city: cities.City, client_of: ClientOf) -> None:
    page = client_of("clerk").get(f"/settlements/{city.inpatient}/").content.decode()
    view = api.settlement_view(city.inpatient)
    # Waterfall: total, minus each payer, is the cash.
    rows = re.findall(r'<td class="num[^"]*">(− )?([\d,]+\.\d\d)</td>\s*<td class="num muted">', page)
    signed = [-fen(amount) if minus else fen(amount) for minus, amount in rows]
    assert signed[0] == view.total
    assert signed[-1] == view.cash_pay
    assert sum(signed[:-1]) == view.cash_pay
    # The steps name the deductible, the ratio and where they are written.
    for told in ("起付标准", "报销比例", "统筹基金支付", "执行政策"):
        assert told in page
    # Every line with its class, and the split sums to the total.
    assert page.count("乙类") >= 3
    assert "床位费" in page
    assert f"{view.prior_self_pay / 100:,.2f}" in page
    assert "借贷平衡" in page
    assert "借贷不平" not in page


def test_a_revocation_and_what_it_revokes_point_at_each_other(city: cities.City, client_of: ClientOf) -> None:
    client, revoked = client_of("clerk"), city.settlements[3]
    assert f"/settlements/{city.revocation}/" in client.get(f"/settlements/{revoked}/").content.decode()
    page = client.get(f"/settlements/{city.revocation}/").content.decode()
    assert f"/settlements/{revoked}/" in page
    assert "撤销单没有计算步骤" in page
    found = settlement_queries.settlement(city.revocation, {"pooling_area": cities.AREA, "below": None})
    assert found is not None
    lines = settlement_queries.lines(found)
    assert sum(line["amount"] for line in lines) == found["total"] < 0
    assert sum(line["in_scope"] for line in lines) == found["in_scope"]
    assert all(line["quantity"] < 0 < line["unit_price"] for line in lines)


def test_a_settlement_page_costs_few_queries(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("clerk")
    for path in (f"/settlements/{city.inpatient}/", "/settlements/", "/", f"/days/{timezone.localdate()}/"):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        assert len(captured) <= 20, path  # session, authority, frame and messages are up to nine of them


@pytest.mark.skipif(which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_the_statement_says_the_same_on_paper(city: cities.City, client_of: ClientOf, tmp_path: Path) -> None:
    answer = client_of("clerk").get(f"/settlements/{city.inpatient}/statement.pdf")
    assert answer["Content-Type"] == "application/pdf"
    (tmp_path / "statement.pdf").write_bytes(answer.content)
    text = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "statement.pdf"), "-"], capture_output=True, check=True, text=True
    ).stdout
    view = api.settlement_view(city.inpatient)
    person = city.persons[0]
    assert person.cert_no not in text
    assert person.cert_no[:3] + "*" * 11 + person.cert_no[-4:] in text
    for amount in (view.total, view.fund_pay, view.cash_pay, view.deductible):
        assert f"{amount / 100:,.2f}" in text
    for told in ("起付标准", "王秀兰", "第1页", str(city.inpatient), "三人间床位费"):
        assert told in text.replace(" ", "")


def test_the_page_names_the_policy_versions_and_leads_to_them(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("clerk")
    page = client.get(f"/settlements/{city.inpatient}/").content.decode()
    links = re.findall(r'href="(/policy/packs/[^"]+/\d{4}-\d{2}-\d{2}/)"', page)
    assert "/policy/packs/qingdao-employee/2025-01-01/" in links
    assert {client.get(link).status_code for link in links} == {200}


def test_each_kind_of_visit_is_offered_once(city: cities.City, client_of: ClientOf) -> None:
    page = client_of("clerk").get("/settlements/?med_type=2101").content.decode()
    offered = re.findall(r'<option value="\d+"( selected)?>普通住院</option>', page)
    assert offered == [" selected"]
