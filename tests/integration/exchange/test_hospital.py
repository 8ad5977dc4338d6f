"""Hospitals over HTTP: an outpatient visit and a stay from registration to revocation, and what each step refuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.exchange import nodes
from tests.integration.exchange.gateway import Caller
from tests.integration.exchange.nodes import line
from tests.integration.exchange.test_pharmacy import assert_identities
from tests.integration.settlement.world import CLASS_B, CLASS_C, RESTRICTED, person_number
from tongchou.exchange import tables
from tongchou.exchange.checker import TIME_ZONE
from tongchou.settlement.models import Encounter, FeeLine, Settlement

pytestmark = pytest.mark.django_db
PARTS = {"fulamt_ownpay_amt": "0", "overlmt_selfpay": "0", "preselfpay_amt": "0", "inscp_scp_amt": "100"}
"""How a line of 100 yuan of class A splits."""


def assert_complete(infno: str, output: Any) -> None:
    """Every node and field of the tables is there, the mandatory ones filled."""
    for table in tables.output_nodes(infno):
        rows = output[table.name] if table.many else [output[table.name]]
        assert rows
        for row in rows:
            assert list(row) == [field.name for field in table.fields]
            assert not [field.name for field in table.fields if field.required and row[field.name] in ("", None)]


def registered(hospital: Caller, who: int = 1) -> str:
    answer = hospital.call("2201", nodes.registration(who))
    assert_complete("2201", answer.output)
    return str(answer.output["data"]["mdtrt_id"])


@pytest.mark.requirement("R2.03", "R2.02", "R1.3.04")
def test_an_outpatient_visit(hospital: Caller) -> None:
    encounter = registered(hospital)
    assert hospital.call("2203", nodes.visit(encounter)).output == {}
    uploaded = hospital.call("2204", nodes.fees(encounter, [line(1, count=2), line(2, CLASS_B), line(3, CLASS_C)]))
    assert_complete("2204", uploaded.output)
    first, second, third = uploaded.output["result"]
    assert (first["inscp_scp_amt"], second["preselfpay_amt"]) == (Decimal("200.00"), Decimal("10.00"))
    assert third["fulamt_ownpay_amt"] == Decimal("100.00")
    before = Settlement.objects.count()
    promised = hospital.call("2206", nodes.settling(encounter, "400.00")).output
    assert Settlement.objects.count() == before
    settled = hospital.call("2207", nodes.settling(encounter, "400.00", **nodes.parts_of(promised)))
    assert_complete("2207", settled.output)
    assert_identities(settled.output)
    info = settled.output["setlinfo"]
    assert info["fund_pay_sumamt"] == promised["setlinfo"]["fund_pay_sumamt"]
    assert info["medfee_sumamt"] == Decimal("400.00")


def test_the_institutions_parts_are_compared(hospital: Caller) -> None:
    encounter = registered(hospital)
    hospital.call("2203", nodes.visit(encounter))
    hospital.call("2204", nodes.fees(encounter, [line(1)]))
    promised = hospital.call("2206", nodes.settling(encounter, "100.00")).output
    parts = {**nodes.parts_of(promised), "inscp_scp_amt": "99.99"}
    answer = hospital.call("2207", nodes.settling(encounter, "100.00", **parts))
    assert answer.code == "SETL-028"
    assert "99.99" in answer.envelope["err_msg"]
    assert "100.00" in answer.envelope["err_msg"]
    assert FeeLine.objects.filter(encounter_id=int(encounter), settlement_id=None).count() == 1


def test_lines_are_withdrawn_by_batch_or_all(hospital: Caller) -> None:
    encounter = registered(hospital)
    hospital.call("2204", nodes.fees(encounter, [line(1)], batch="B1"))
    hospital.call("2204", nodes.fees(encounter, [line(2)], batch="B2"))
    assert hospital.call("2205", nodes.of_visit(encounter, chrg_bchno="B1")).output == {}
    assert list(FeeLine.objects.filter(encounter_id=int(encounter)).values_list("line_no", flat=True)) == [2]
    assert hospital.call("2205", nodes.of_visit(encounter, chrg_bchno="0000")).output == {}
    assert not FeeLine.objects.filter(encounter_id=int(encounter)).exists()
    assert hospital.call("2202", nodes.of_visit(encounter, ipt_otp_no="M1")).output == {}
    assert Encounter.objects.get(pk=int(encounter)).status == Encounter.Status.CANCELLED


@pytest.mark.requirement("R2.04", "R2.02", "R2.01", "R2.27")
def test_a_stay_forwards_and_backwards(hospital: Caller) -> None:
    admitted = hospital.call("2401", nodes.admission(2)).output
    assert_complete("2401", admitted)
    encounter = admitted["result"]["mdtrt_id"]
    upload = nodes.fees(encounter, [line(1, count=9), line(2, CLASS_B)], who=2, med_type="2101")
    assert_complete("2301", hospital.call("2301", upload).output)
    refund = line(3, count=-1, init_feedetl_sn="1")
    assert hospital.call("2301", nodes.fees(encounter, [refund], who=2, med_type="2101")).output["result"]
    total = "900.00"
    assert hospital.call("2304", nodes.settling(encounter, total, who=2)).code == "SETL-033"
    assert hospital.call("2402", nodes.discharge(encounter, 2)).output == {}
    promised = hospital.call("2303", nodes.settling(encounter, total, who=2)).output
    settled = hospital.call("2304", nodes.settling(encounter, total, who=2, **nodes.parts_of(promised))).output
    assert_complete("2304", settled)
    assert_identities(settled)
    info = settled["setlinfo"]
    revoked = hospital.call("2305", nodes.revocation(info)).output
    assert revoked["setlinfo"]["medfee_sumamt"] == -info["medfee_sumamt"]
    assert revoked["setlinfo"]["setl_id"] != info["setl_id"]
    assert hospital.call("2405", nodes.of_visit(encounter, 2)).output == {}
    everything = {"data": [nodes.of_visit(encounter, 2, feedetl_sn="0000")["data"]]}
    assert hospital.call("2302", everything).output == {}
    assert hospital.call("2404", nodes.of_visit(encounter, 2)).output == {}


@pytest.mark.requirement("R2.23")
def test_somebody_elses_card_is_refused(hospital: Caller) -> None:
    before = Encounter.objects.count()
    stolen = nodes.registration(1, mdtrt_cert_no="629902198001010002")
    assert hospital.call("2201", stolen).code == "EXCH-031"
    assert hospital.call("2401", nodes.admission(1, mdtrt_cert_no="629902198001010002")).code == "EXCH-031"
    assert Encounter.objects.count() == before


@pytest.mark.requirement("R3.08")
def test_a_repeated_write_is_done_once(hospital: Caller) -> None:
    message = hospital.message("2201", nodes.registration(3))
    before = Encounter.objects.count()
    first, second = hospital.post(message), hospital.post(message)
    assert first.content == second.content
    assert Encounter.objects.count() == before + 1
    assert hospital.post({**message, "input": nodes.registration(1)}).code == "SETL-001"


def test_numbers_of_others_are_refused(hospital: Caller, pharmacy: Caller) -> None:
    sold = pharmacy.call("2102", nodes.purchase(3)).output["setlinfo"]
    assert hospital.call("2208", nodes.revocation(sold)).code == "SETL-040"
    assert pharmacy.call("2103", nodes.revocation(sold, mdtrt_id="12")).code == "EXCH-033"
    assert pharmacy.call("2103", nodes.revocation(sold, setl_id="x")).code == "EXCH-033"
    assert hospital.call("5203", nodes.revocation(sold)).code == "EXCH-033"
    assert pharmacy.call("2103", nodes.revocation(sold)).output["setlinfo"]["medfee_sumamt"] == -sold["medfee_sumamt"]
    assert pharmacy.call("2103", nodes.revocation(sold)).code == "SETL-041"


@pytest.mark.requirement("R3.08")
def test_2601_undoes_what_a_message_did(pharmacy: Caller) -> None:
    message = pharmacy.message("2102", nodes.purchase(3))
    settled = pharmacy.post(message).output["setlinfo"]
    undo = {"data": {"psn_no": person_number(3), "omsgid": message["msgid"], "oinfno": "2102"}}
    assert pharmacy.call("2601", undo).output == {}
    assert Settlement.objects.get(reversal_of_id=int(settled["setl_id"])).total == -10_000
    assert pharmacy.call("2601", undo).code == "SETL-052"
    assert pharmacy.post(message).code == "SETL-002"
    assert pharmacy.call("2601", {"data": {**undo["data"], "omsgid": "never sent"}}).code == "SETL-050"


@pytest.mark.requirement("R2.05", "R2.15", "R1.3.06")
def test_a_hospital_looks_up_its_own_business(hospital: Caller) -> None:
    encounter = registered(hospital, 3)
    hospital.call("2203", nodes.visit(encounter, 3))
    hospital.call("2204", nodes.fees(encounter, [line(1, count=9), line(2, CLASS_B)], who=3))
    promised = hospital.call("2206", nodes.settling(encounter, "1000.00", who=3)).output
    info = hospital.call("2207", nodes.settling(encounter, "1000.00", who=3, **nodes.parts_of(promised))).output[
        "setlinfo"
    ]
    found = hospital.call("5203", nodes.revocation(info))
    assert_complete("5203", found.output)
    same = ("medfee_sumamt", "fund_pay_sumamt", "hifp_pay", "acct_pay", "setl_time", "medins_setl_id")
    assert {name: found.output["setlinfo"][name] for name in same} == {name: info[name] for name in same}
    rows = hospital.call("5204", nodes.revocation(info)).output
    assert isinstance(rows, list)
    assert [row["feedetl_sn"] for row in rows] == ["1", "2"]
    assert rows[0]["bilg_dr_name"] == "陈医生"
    range_ = {"begntime": "2026-11-01", "endtime": "2026-11-20", "med_type": "11"}
    visits = hospital.call("5201", {"data": {"psn_no": person_number(3), **range_}}).output["mdtrtinfo"]
    assert encounter in {row["mdtrt_id"] for row in visits}
    counters = hospital.call("5206", {"data": {"psn_no": person_number(3)}}).output["cuminfo"]
    assert {row["year"] for row in counters} == {"2026"}


def tomorrow() -> str:
    return f"{datetime.now(TIME_ZONE) + timedelta(days=1):%Y-%m-%d %H:%M:%S}"


def test_what_has_not_happened_yet_is_refused(hospital: Caller) -> None:
    """A date to come would choose another policy version, another price and another benefit year."""
    encounter = registered(hospital)
    stay = hospital.call("2401", nodes.admission(3)).output["result"]["mdtrt_id"]
    before = Encounter.objects.count(), FeeLine.objects.count()
    assert hospital.call("2201", nodes.registration(begntime=tomorrow())).code == "EXCH-034"
    assert hospital.call("2401", nodes.admission(2, begntime=tomorrow())).code == "EXCH-034"
    late = hospital.call("2204", nodes.fees(encounter, [line(1), line(2, fee_ocur_time=tomorrow())]))
    assert late.code == "EXCH-034"
    assert "feedetail 第 2 行 fee_ocur_time(费用发生时间)" in late.envelope["err_msg"]
    leaving = nodes.discharge(stay, 3)
    leaving["dscginfo"]["endtime"] = tomorrow()
    assert hospital.call("2402", leaving).code == "EXCH-034"
    assert (Encounter.objects.count(), FeeLine.objects.count()) == before
    assert hospital.call("2404", nodes.of_visit(stay, 3)).output == {}


def test_lines_of_a_settlement_add_up_and_are_described(hospital: Caller) -> None:
    encounter = registered(hospital)
    hospital.call("2203", nodes.visit(encounter))
    hospital.call("2204", nodes.fees(encounter, [line(1, count=2), line(2, RESTRICTED)]))
    promised = hospital.call("2206", nodes.settling(encounter, "300.00")).output
    settled = hospital.call("2207", nodes.settling(encounter, "300.00", **nodes.parts_of(promised))).output["setlinfo"]
    rows = hospital.call("5204", nodes.revocation(settled)).output
    assert sum(row["det_item_fee_sumamt"] for row in rows) == settled["medfee_sumamt"] == 300
    assert sum(row["inscp_scp_amt"] for row in rows) == settled["inscp_scp_amt"]
    assert [row["lmt_used_flag"] for row in rows] == ["0", "1"]
    for field in tables.output_nodes("5204")[0].fields:
        assert not field.required or all(row[field.name] not in ("", None) for row in rows), field.name


def test_visits_of_a_range(hospital: Caller) -> None:
    encounter = registered(hospital, 2)
    asked = {"psn_no": person_number(2), "begntime": "2026-11-01", "endtime": "2026-11-30", "med_type": "11"}
    (row,) = [row for row in hospital.call("5201", {"data": asked}).output["mdtrtinfo"] if row["mdtrt_id"] == encounter]
    assert (row["med_type"], row["naty"]) == ("11", "1")  # 2203 has not said otherwise yet
    assert hospital.call("5201", {"data": {**asked, "endtime": "2026-10-01"}}).code == "SETL-061"


def test_a_stay_is_no_outpatient_visit_and_the_other_way_round(hospital: Caller) -> None:
    stay = hospital.call("2401", nodes.admission(2)).output["result"]["mdtrt_id"]
    visit = registered(hospital, 2)
    hospital.call("2203", nodes.visit(visit, 2))
    hospital.call("2204", nodes.fees(visit, [line(1)], who=2))
    before = [(row.pk, row.status, row.med_type) for row in Encounter.objects.order_by("pk")], FeeLine.objects.count()
    everything = {"data": [nodes.of_visit(visit, 2, feedetl_sn="0000")["data"]]}
    settling_stay = nodes.settling(stay, "100.00", who=2, batch="0000", med_type="2101", **PARTS)
    for infno, asked in (
        ("2202", nodes.of_visit(stay, 2, ipt_otp_no="Z1")),
        ("2203", nodes.visit(stay, 2)),
        ("2204", nodes.fees(stay, [line(1)], who=2)),
        ("2205", nodes.of_visit(stay, 2, chrg_bchno="0000")),
        ("2301", nodes.fees(visit, [line(2)], who=2, med_type="2101")),
        ("2302", everything),
        ("2303", nodes.settling(visit, "100.00", who=2)),
        ("2304", nodes.settling(visit, "100.00", who=2)),
        ("2402", nodes.discharge(visit, 2)),
        ("2404", nodes.of_visit(visit, 2)),
        ("2405", nodes.of_visit(visit, 2)),
    ):
        refused = hospital.call(infno, asked)
        assert (infno, refused.code) == (infno, "SETL-047")
    hospital.call("2301", nodes.fees(stay, [line(1)], who=2, med_type="2101"))
    assert hospital.call("2206", settling_stay).code == "SETL-047"
    assert hospital.call("2302", {"data": [nodes.of_visit(stay, 2, feedetl_sn="1")["data"]]}).output == {}
    assert hospital.call("2402", nodes.discharge(stay, 2)).output == {}
    hospital.call("2301", nodes.fees(stay, [line(1)], who=2, med_type="2101"))
    assert hospital.call("2207", settling_stay).code == "SETL-047"
    assert hospital.call("2302", {"data": [nodes.of_visit(stay, 2, feedetl_sn="1")["data"]]}).output == {}
    assert hospital.call("2405", nodes.of_visit(stay, 2)).output == {}
    after = [(row.pk, row.status, row.med_type) for row in Encounter.objects.order_by("pk")], FeeLine.objects.count()
    assert after == before
    assert hospital.call("2404", nodes.of_visit(stay, 2)).output == {}


def test_a_refunded_line_is_not_withdrawn_without_its_refund(hospital: Caller) -> None:
    stay = hospital.call("2401", nodes.admission(2)).output["result"]["mdtrt_id"]
    rows = [line(1, count=2), line(2, count=-1, init_feedetl_sn="1")]
    hospital.call("2301", nodes.fees(stay, rows, who=2, med_type="2101"))
    named = {number: nodes.of_visit(stay, 2, feedetl_sn=str(number))["data"] for number in (1, 2)}
    refused = hospital.call("2302", {"data": [named[1]]})
    assert refused.code == "SETL-048"
    assert "费用明细 1 已有退费明细 2" in refused.envelope["err_msg"]
    assert FeeLine.objects.filter(encounter_id=int(stay)).count() == 2
    assert hospital.call("2302", {"data": [named[1], named[2]]}).output == {}
    assert hospital.call("2404", nodes.of_visit(stay, 2)).output == {}


def test_lines_of_a_stay_say_the_same_med_type_as_the_admission(hospital: Caller) -> None:
    stay = hospital.call("2401", nodes.admission(2)).output["result"]["mdtrt_id"]
    assert hospital.call("2301", nodes.fees(stay, [line(1)], who=2, med_type="14")).code == "SETL-034"
    early = nodes.discharge(stay, 2)
    early["dscginfo"]["endtime"] = "2026-11-17 09:00:00"
    refused = hospital.call("2402", early).envelope["err_msg"]
    assert "结束时间 2026-11-17 09:00:00 早于开始时间 2026-11-18 09:00:00" in refused
    assert hospital.call("2404", nodes.of_visit(stay, 2)).output == {}


def test_counters_as_they_stood_at_the_end_of_a_month(hospital: Caller) -> None:
    encounter = registered(hospital, 3)
    hospital.call("2203", nodes.visit(encounter, 3))
    hospital.call("2204", nodes.fees(encounter, [line(1, count=9)], who=3))
    promised = hospital.call("2206", nodes.settling(encounter, "900.00", who=3)).output
    assert hospital.call("2207", nodes.settling(encounter, "900.00", who=3, **nodes.parts_of(promised))).output

    def asked(month: str) -> Any:
        return hospital.call("5206", {"data": {"psn_no": person_number(3), "cum_ym": month}})

    now = datetime.now(TIME_ZONE)
    here = asked(f"{now:%Y%m}").output["cuminfo"]
    assert here
    assert {row["cum_ym"] for row in here} == {f"{now:%Y%m}"}
    assert asked("").output["cuminfo"] == here
    assert asked(f"{now.replace(day=1) - timedelta(days=1):%Y%m}").output["cuminfo"] == []
    for wrong in ("202613", "2026", "abcdef"):
        assert asked(wrong).code == "EXCH-017"
