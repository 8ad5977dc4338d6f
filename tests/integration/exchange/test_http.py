"""The gateway on the wire: addresses, content types, limits, bugs, and what arbitrary bytes do (nothing)."""

from __future__ import annotations

import json
import re
import socket
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.exchange import nodes
from tests.integration.exchange.gateway import CALL, Caller, Gateway
from tests.integration.exchange.test_pharmacy import rows

pytestmark = pytest.mark.django_db

INSTITUTION = {"medinsinfo": {"fixmedins_type": "1", "fixmedins_code": "H62990000001"}}


@pytest.mark.parametrize(
    "path",
    [
        CALL,
        f"{CALL}/1201",
        "/ebus/gdyb_api/prd/hsa/hgs/1201",
        "/hss-call-service-interface",
        "/CSB",
        "/mbs-fsi/web/api/fsi/callService",
        "/ebus/rio_fsi/fsi/api/fsiFixMedInsService/queryFixMedIns",
    ],
)
@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "application/json;charset=utf-8"])
def test_every_address_and_content_type(hospital: Caller, path: str, content_type: str) -> None:
    answer = hospital.post(hospital.message("1201", INSTITUTION), path=path, content_type=content_type)
    assert answer.output["medinsinfo"]
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"


def test_a_form(hospital: Caller) -> None:
    body = urlencode({"jsonStr": json.dumps(hospital.message("1201", INSTITUTION))}).encode()
    assert hospital.post(body, content_type="application/x-www-form-urlencoded").output["medinsinfo"]
    raw = json.dumps(hospital.message("1201", INSTITUTION)).encode()
    assert hospital.post(raw, content_type="application/x-www-form-urlencoded").output["medinsinfo"]


def test_the_input_as_a_string(hospital: Caller) -> None:
    assert hospital.call("1201", json.dumps(INSTITUTION)).output["medinsinfo"]


def test_refusals_have_http_200_and_a_full_envelope(hospital: Caller) -> None:
    answer = hospital.call("9999", {})
    assert answer.code == "EXCH-008"
    assert answer.status == 200
    assert answer.envelope["inf_refmsgid"][:6] == "629900"
    assert len(answer.envelope["err_msg"]) <= 200
    assert answer.envelope["infcode"] == -1


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("EXCH-001", b""),
        ("EXCH-003", b"{"),
        ("EXCH-002", '{"opter_name":"王"}'.encode("gbk")),
        ("EXCH-004", b"[]"),
        ("EXCH-005", b'{"input":"' + b"x" * (4 * 1024 * 1024) + b'"}'),
    ],
)
def test_broken_messages(hospital: Caller, code: str, body: bytes) -> None:
    answer = hospital.post(body)
    assert (answer.status, answer.code) == (200, code)


def test_only_post(hospital: Caller) -> None:
    assert hospital.post(b"", method="GET").code == "EXCH-024"


def test_a_body_that_never_ends_is_dropped(hospital: Caller, gateway: Gateway) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as connection:
        connection.sendall(f"POST {CALL} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{".encode())
    assert hospital.call("1201", INSTITUTION).output["medinsinfo"]  # the gateway goes on


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
def test_arbitrary_bytes_write_nothing(pharmacy: Caller, body: bytes) -> None:
    before = rows()
    answer = pharmacy.post(body)
    assert answer.status == 200
    assert answer.code.startswith("EXCH-0")
    assert answer.code != "EXCH-099"  # that would be a bug of ours
    assert rows() == before


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_sale_is_refused_or_settled_never_half(pharmacy: Caller, data: st.DataObject) -> None:
    raw = bytearray(json.dumps(pharmacy.message("2102", nodes.purchase(lines=[nodes.line(yuan=1)]))).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0x20, 0x7E))
    before = rows()
    answer = pharmacy.post(bytes(raw))
    settlements, receipts, journals = (after - earlier for after, earlier in zip(rows(), before, strict=True))
    assert answer.status == 200
    assert answer.envelope["infcode"] in (0, -1)
    assert settlements == receipts == journals
    settled = "setl_id" in answer.envelope["output"].get("setlinfo", {})  # a 2101 by accident has none
    assert settlements == (1 if settled else 0)
    assert "EXCH-099" not in answer.envelope["err_msg"]


def test_half_a_character_is_refused(pharmacy: Caller) -> None:
    before = rows()
    broken = nodes.purchase(lines=[nodes.line(durg_trac_info={"drug_trac_codg": "\udcff"})])
    assert pharmacy.post(json.dumps(pharmacy.message("2102", broken)).encode()).code == "EXCH-003"
    assert rows() == before


def test_upload_and_download(hospital: Caller, pharmacy: Caller) -> None:
    content = bytes(range(256)) * 10 + b"\r\n--x\r\n"
    message = hospital.message("9101", {"fsUploadIn": {"filename": "a.zip", "fixmedins_code": hospital.institution}})
    body = (
        b'--limit\r\nContent-Disposition: form-data; name="jsonStr"\r\n\r\n'
        + json.dumps(message).encode()
        + b'\r\n--limit\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n'
        + b"Content-Type: application/octet-stream\r\n\r\n"
        + content
        + b"\r\n--limit--\r\n"
    )
    stored = hospital.post(body, content_type="multipart/form-data; boundary=limit").output
    assert re.fullmatch("[0-9a-f]{30}", stored["file_qury_no"])
    wanted = {"file_qury_no": stored["file_qury_no"], "filename": "a.zip"}
    answer = hospital.call("9102", {"fsDownloadIn": {**wanted, "fixmedins_code": hospital.institution}})
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.content == content
    other = pharmacy.call("9102", {"fsDownloadIn": {**wanted, "fixmedins_code": pharmacy.institution}})
    assert other.code == "EXCH-050"
    foreign = pharmacy.call("9102", {"fsDownloadIn": {**wanted, "fixmedins_code": hospital.institution}})
    assert foreign.code == "EXCH-030"
    assert hospital.post(b"--x--", content_type="multipart/form-data; boundary=x").code == "EXCH-025"
