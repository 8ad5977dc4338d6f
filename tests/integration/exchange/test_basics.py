"""Sign-in, persons, institutions, code tables, entitlement over HTTP."""

from __future__ import annotations

import pytest

from tests.integration.exchange import nodes
from tests.integration.exchange.gateway import Caller, Gateway
from tests.integration.exchange.test_hospital import assert_complete
from tests.integration.settlement.world import HOSPITAL, person_number
from tongchou.exchange import tables
from tongchou.providers.models import OperatorSession

pytestmark = pytest.mark.django_db


def lookup(who: int = 1, **changes: str) -> dict[str, object]:
    keys = ("mdtrt_cert_type", "mdtrt_cert_no", "psn_cert_type", "certno", "psn_name")
    return {"data": {**{key: nodes.person(who)[key] for key in keys}, **changes}}


def test_sign_in_and_out(hospital: Caller) -> None:
    signed = hospital.call("9001", {"signIn": {"opter_no": "001", "mac": "02:00:00:00:00:01", "ip": "10.0.0.1"}})
    assert_complete("9001", signed.output)
    number = signed.output["signinoutb"]["sign_no"]
    out = hospital.call("9002", {"signOut": {"sign_no": number, "opter_no": "001"}}).output
    assert out["sign_time"] == out["signoutoutb"]["sign_time"]
    assert OperatorSession.objects.get(number=number).signed_out_at is not None
    assert hospital.call("9002", {"signOut": {"sign_no": number, "opter_no": "001"}}).code == "PROV-006"


@pytest.mark.requirement("R2.23")
def test_a_person_is_found_by_card(hospital: Caller) -> None:
    output = hospital.call("1101", lookup()).output
    assert output["baseinfo"]["psn_no"] == person_number(1)
    assert output["baseinfo"]["age"] == 46
    (insured,) = output["insuinfo"]
    assert (insured["insutype"], insured["psn_insu_stas"], insured["insuplc_admdvs"]) == ("310", "1", "629900")
    assert output["idetinfo"] == []
    other = hospital.call("1101", lookup(psn_name="李四"))
    assert other.code == "EXCH-031"
    assert "就诊凭证登记的姓名与报文不一致" in other.envelope["err_msg"]
    assert hospital.call("1101", lookup(mdtrt_cert_no="629902198001019999")).code == "REG-001"


def test_institutions_come_as_an_array(hospital: Caller) -> None:
    (found,) = hospital.call("1201", {"medinsinfo": {"fixmedins_type": "1", "fixmedins_code": HOSPITAL}}).output[
        "medinsinfo"
    ]
    assert found["fixmedins_name"] == "测试人民医院"
    by_name = hospital.call("1201", {"medinsinfo": {"fixmedins_type": "1", "fixmedins_name": "医院"}}).output[
        "medinsinfo"
    ]
    assert len(by_name) == 2
    assert (
        hospital.call("1201", {"medinsinfo": {"fixmedins_type": "1", "fixmedins_code": "H00000000000"}}).code
        == "PROV-001"
    )


def test_code_tables_come_in_both_spellings(hospital: Caller) -> None:
    rows = hospital.call("1901", {"data": {"type": "insutype"}}).output["list"]
    assert {"310", "390"} <= {row["value"] for row in rows}
    assert rows[0]["valiFlag"] == rows[0]["vali_flag"] == "1"
    (table,) = tables.output_nodes("1901")
    assert not [field.name for field in table.fields if field.required and rows[0][field.name] in ("", None)]
    assert hospital.call("1901", {"data": {"type": "insutype", "vali_flag": "0"}}).output["list"] == []
    assert hospital.call("1901", {"data": {"type": "no_such_set"}}).code == "EXCH-012"


def test_entitlement(hospital: Caller) -> None:
    def ask(**changes: str) -> Caller:
        data = {
            "psn_no": person_number(1), "insutype": "310", "fixmedins_code": HOSPITAL, "med_type": "11",
            "begntime": nodes.NOW, **changes,
        }  # fmt: skip
        return hospital.call("2001", {"data": data})  # type: ignore[return-value]

    enjoyed = ask()
    assert_complete("2001", enjoyed.output)
    assert {row["trt_enjymnt_flag"] for row in enjoyed.output["trtinfo"]} == {"1"}
    refused = ask(insutype="390").output["trtinfo"][0]
    assert refused["trt_enjymnt_flag"] == "0"
    assert refused["trt_chk_rslt"]
    uncovered = ask(med_type="41").output["trtinfo"]  # no pharmacy: its agreement does not cover it
    assert [row["trt_enjymnt_flag"] for row in uncovered] == ["0", "0"]
    assert "协议" in uncovered[0]["trt_chk_rslt"]
    assert ask(fixmedins_code="H62990000002").code == "EXCH-030"


@pytest.mark.parametrize(
    ("institution", "code"), [("H62990000009", "PROV-001"), ("P62990000008", "PROV-002"), ("P62990000007", "PROV-003")]
)
def test_unknown_unsigned_and_suspended_institutions_are_refused_everywhere(
    gateway: Gateway, institution: str, code: str
) -> None:
    stranger = Caller(gateway.port, institution)
    assert stranger.call("1101", lookup()).code == code
    assert stranger.call("2102", nodes.purchase()).code == code
    assert stranger.call("2201", nodes.registration()).code == code
    assert stranger.call("9001", {"signIn": {"opter_no": "1", "mac": "1", "ip": "1"}}).code == code
