"""Pharmacy sales over HTTP: 2101, 2102, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.exchange.gateway import Caller
from tests.integration.exchange.nodes import line, purchase, revocation
from tests.integration.settlement.world import CLASS_B, LIMITED
from tongchou.exchange import tables
from tongchou.exchange.checker import TIME_ZONE
from tongchou.exchange.funds import FUND_FIELDS
from tongchou.ledger.models import Journal
from tongchou.settlement.models import Receipt, Settlement

pytestmark = pytest.mark.django_db


def rows() -> tuple[int, int, int]:
    """Everything that a settlement writes: settlements, receipts, journals."""
    return Settlement.objects.count(), Receipt.objects.count(), Journal.objects.count()


def assert_identities(output: Any) -> None:
    """The amount identities of interface section 6."""
    info = output["setlinfo"]
    assert info["medfee_sumamt"] == info["fund_pay_sumamt"] + info["psn_part_amt"]
    assert info["psn_part_amt"] == info["acct_pay"] + info["psn_cash_pay"]
    assert info["fund_pay_sumamt"] == sum(info[name] for name in FUND_FIELDS)
    assert info["fund_pay_sumamt"] == sum(row["fund_payamt"] for row in output["setldetail"])
    parts = ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
    assert info["medfee_sumamt"] == sum(info[name] for name in parts)


@pytest.mark.requirement("R2.02", "R1.3.05", "R2.09", "R2.10")
def test_a_sale_is_settled(pharmacy: Caller) -> None:
    # 500 yuan class A + 100 yuan class B (10 prior self-pay): in scope 590, deductible 200, 70 % of 390 = 273.
    answer = pharmacy.call("2102", purchase(lines=[line(1, count=5), line(2, CLASS_B)]))
    info = answer.output["setlinfo"]
    assert_identities(answer.output)
    assert info["medfee_sumamt"] == Decimal("600.00")
    assert info["hifp_pay"] == info["fund_pay_sumamt"] == Decimal("273.00")
    assert info["acct_pay"] == Decimal("327.00")
    assert info["preselfpay_amt"] == Decimal("10.00")
    assert b'"hifp_pay":273.00' in answer.content  # a JSON number with two decimals
    assert info["age"] == 46
    assert [row["feedetl_sn"] for row in answer.output["detlcutinfo"]] == ["1", "2"]
    assert answer.output["setldetail"][0]["fund_pay_type_name"]
    assert answer.status == 200


def test_every_field_of_the_tables_is_there(pharmacy: Caller) -> None:
    output = pharmacy.call("2102", purchase(who=2)).output
    for node in tables.output_nodes("2102"):
        rows = output[node.name] if node.many else [output[node.name]]
        for row in rows:
            assert list(row) == [field.name for field in node.fields]
            assert not [field.name for field in node.fields if field.required and row[field.name] in ("", None)]


def test_pre_settlement_promises_the_same_and_writes_nothing(pharmacy: Caller) -> None:
    nodes = purchase(who=2, lines=[line(1, LIMITED, yuan=12), line(2, count=3)])
    before = rows()
    promised = pharmacy.call("2101", nodes).output
    assert rows() == before
    settled = pharmacy.call("2102", nodes).output
    assert "setl_id" not in promised["setlinfo"]
    assert promised["setlinfo"]["medins_setl_id"]
    differing = {"setl_id", "mdtrt_id", "medins_setl_id", "setl_time"}
    assert {name: value for name, value in promised["setlinfo"].items() if name not in differing} == {
        name: value for name, value in settled["setlinfo"].items() if name not in differing
    }


@pytest.mark.requirement("R3.08")
def test_the_same_message_is_settled_once_and_answered_alike(pharmacy: Caller) -> None:
    message = pharmacy.message("2102", purchase(who=3))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: pharmacy.post(message).content, range(16)))
    assert len(set(answers)) == 1
    assert Settlement.objects.filter(message_id=message["msgid"]).count() == 1
    later = {**message, "inf_time": "2026-11-20 11:00:00"}
    assert pharmacy.post(later).content == answers[0]
    other = {**message, "input": purchase(who=3, lines=[line(1, count=2)])}
    assert pharmacy.post(other).code == "SETL-001"


@pytest.mark.requirement("R1.3.01", "R3.08")
@pytest.mark.parametrize(
    ("code", "nodes"),
    [
        ("SETL-023", purchase(medfee_sumamt="100.01")),
        ("SETL-021", purchase(lines=[line(det_item_fee_sumamt="100.02")])),
        ("SETL-024", purchase(lines=[line(med_list_codg="XZ99")])),
        ("SETL-026", purchase(lines=[line(1), line(1)])),
        ("SETL-010", purchase(psn_no="629999999999")),
        ("SETL-011", purchase(insutype="390")),
        ("PROV-004", purchase(med_type="11")),
        ("EXCH-010", purchase(psn_no="")),
        ("EXCH-012", purchase(insutype="999")),
        ("EXCH-031", purchase(certno="629902198001019999")),
        ("EXCH-031", purchase(psn_name="李四")),
    ],
)
def test_refused_and_nothing_written(pharmacy: Caller, code: str, nodes: dict[str, Any]) -> None:
    before = rows()
    answer = pharmacy.call("2102", nodes)
    assert answer.code == code
    assert answer.status == 200
    assert "处理办法" in answer.envelope["err_msg"]
    assert rows() == before


def test_concurrent_sales_are_all_settled(pharmacy: Caller) -> None:
    messages = [pharmacy.message("2102", purchase(who=number % 3 + 1, lines=[line(1, yuan=1)])) for number in range(60)]
    with ThreadPoolExecutor(16) as pool:
        outputs = [answer.output for answer in pool.map(pharmacy.post, messages)]
    assert len({output["setlinfo"]["setl_id"] for output in outputs}) == 60


def test_a_pre_settlement_has_every_mandatory_field(pharmacy: Caller) -> None:
    info = pharmacy.call("2101", purchase()).output["setlinfo"]
    node = next(node for node in tables.output_nodes("2101") if node.name == "setlinfo")
    assert not [field.name for field in node.fields if field.required and info[field.name] in ("", None)]


def test_nothing_is_sold_on_a_day_to_come(pharmacy: Caller) -> None:
    tomorrow = f"{datetime.now(TIME_ZONE) + timedelta(days=1):%Y-%m-%d %H:%M:%S}"
    before = rows()
    assert pharmacy.call("2102", purchase(begntime=tomorrow)).code == "EXCH-034"
    assert pharmacy.call("2102", purchase(lines=[line(fee_ocur_time=tomorrow)])).code == "EXCH-034"
    assert pharmacy.call("2101", purchase(begntime=tomorrow)).code == "EXCH-034"
    assert rows() == before


def test_each_kind_of_settlement_has_its_own_revocation(pharmacy: Caller) -> None:
    sold = pharmacy.call("2102", purchase()).output["setlinfo"]
    before = rows()
    for infno in ("2208", "2305"):
        refused = pharmacy.call(infno, revocation(sold))
        assert refused.code == "SETL-046"
        assert "由交易 2102 办理" in refused.envelope["err_msg"]
    assert rows() == before
    assert pharmacy.call("2103", revocation(sold)).output["setlinfo"]["medfee_sumamt"] == -sold["medfee_sumamt"]


def test_a_pharmacy_has_no_hospital_level(pharmacy: Caller) -> None:
    sold = pharmacy.call("2102", purchase()).output
    assert sold["setldetail"] == [] or "计算基数" in sold["setldetail"][0]["setl_proc_info"]
    info = pharmacy.call("5203", revocation(sold["setlinfo"])).output["setlinfo"]
    assert (info["lmtpric_hosp_lv"], info["dedc_hosp_lv"]) == ("", "")


@pytest.mark.requirement("R2.11")
def test_lines_of_a_revocation_add_up_to_it(pharmacy: Caller) -> None:
    sold = pharmacy.call("2102", purchase(lines=[line(1, count=2), line(2, CLASS_B)])).output["setlinfo"]
    revoked = pharmacy.call("2103", revocation(sold)).output["setlinfo"]
    for info, sign in ((sold, 1), (revoked, -1)):
        shown = pharmacy.call("5204", revocation({**info, "psn_no": sold["psn_no"]})).output
        assert sum(row["det_item_fee_sumamt"] for row in shown) == info["medfee_sumamt"] == 300 * sign
        assert sum(row["preselfpay_amt"] for row in shown) == info["preselfpay_amt"] == 10 * sign
        assert [row["cnt"] for row in shown] == [2 * sign, sign]
        assert all(row["pric"] > 0 for row in shown)
