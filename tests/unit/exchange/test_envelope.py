"""The envelope: bytes in, bytes out (interface section 1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.exchange.messages import body, envelope, purchase
from tongchou.exchange import rejections
from tongchou.exchange.addresses import is_gateway_path, transaction_in_path
from tongchou.exchange.envelope import Message, answer, error_text, read, refusal
from tongchou.exchange.shapes import yuan
from tongchou.kernel.rejection import Rejection

NOON = datetime(2026, 11, 22, 4, 0, 0, 123_000, tzinfo=UTC)


def message(infno: str = "2102", nodes: Any = None, *, path: str | None = None, **changes: Any) -> Message:
    return read(
        body(envelope(infno, purchase() if nodes is None else nodes, **changes)),
        path_transaction=path,
        received_at=NOON,
    )


def code_of(raw: bytes, path: str | None = None) -> str:
    with pytest.raises(Rejection) as caught:
        read(raw, path_transaction=path, received_at=NOON)
    return caught.value.code


class TestIn:
    def test_a_message(self) -> None:
        read_message = message()
        assert read_message.transaction == "2102"
        assert read_message.message_id == "P62010000001202611221030000001"
        assert read_message.nodes["druginfo"]["medfee_sumamt"] == 1230

    def test_the_input_may_be_a_string(self) -> None:
        assert message(nodes=json.dumps(purchase())).nodes == message().nodes

    def test_a_json_number_is_read_exactly(self) -> None:
        raw = body(envelope("2102", purchase())).replace(
            b'"medfee_sumamt": "12.30"', b'"medfee_sumamt": 70368744177664.07'
        )
        amount = read(raw, path_transaction=None, received_at=NOON).nodes["druginfo"]["medfee_sumamt"]
        assert amount == 7_036_874_417_766_407  # a binary float would print 70368744177664.0625

    def test_form_urlencoded(self) -> None:
        raw = body(envelope("2102", purchase()))
        form = urlencode({"data": raw.decode()}).encode()
        assert read(form, path_transaction=None, received_at=NOON) == read(raw, path_transaction=None, received_at=NOON)

    def test_byte_order_mark(self) -> None:
        raw = b"\xef\xbb\xbf" + body(envelope("2102", purchase()))
        assert read(raw, path_transaction=None, received_at=NOON).transaction == "2102"

    def test_other_capitals_in_the_envelope(self) -> None:
        shouted = {key.upper(): value for key, value in envelope("2102", purchase()).items()}
        assert read(body(shouted), path_transaction=None, received_at=NOON).nodes == message().nodes

    def test_one_field_in_other_capitals(self) -> None:
        mixed = {"infNo" if key == "infno" else key: value for key, value in envelope("2102", purchase()).items()}
        assert read(body(mixed), path_transaction=None, received_at=NOON).nodes == message().nodes

    def test_transaction_from_the_address_alone(self) -> None:
        assert message(infno="2102", path="2102").transaction == "2102"
        raw = body({**envelope("2102", purchase()), "infno": ""})
        assert read(raw, path_transaction="2102", received_at=NOON).transaction == "2102"

    def test_the_word_null_is_empty(self) -> None:
        assert message(dev_no="null", cainfo="null", sign_no="null").transaction == "2102"

    def test_any_message_id_up_to_thirty(self) -> None:
        assert message(msgid="f" * 30).message_id == "f" * 30
        assert code_of(body(envelope("2102", purchase(), msgid="f" * 31))) == "EXCH-011"

    def test_the_digest_covers_transaction_and_input_only(self) -> None:
        assert message().digest == message(inf_time="2026-11-22 11:00:00", opter="002").digest
        assert message().digest != message(nodes=purchase(lines=2)).digest

    @pytest.mark.parametrize(
        ("code", "raw"),
        [
            ("EXCH-001", b""),
            ("EXCH-001", b"  \r\n"),
            ("EXCH-002", '{"infno":"2102","opter_name":"王"}'.encode("gbk")),
            ("EXCH-003", b'{"infno":"2102"'),
            ("EXCH-003", b"<xml/>"),
            ("EXCH-003", b'{"dev_no":' + b"[" * 100_000),
            ("EXCH-003", b'{"infno":"\\ud800"}'),
            ("EXCH-004", b'["2102"]'),
            ("EXCH-004", b'"2102"'),
            ("EXCH-007", b"{}"),
            ("EXCH-008", b'{"infno":"9999","msgid":"1"}'),
            ("EXCH-022", b'{"infno":"2102","msgid":"\\u0000"}'),
        ],
    )
    def test_refused(self, code: str, raw: bytes) -> None:
        assert code_of(raw) == code

    @pytest.mark.parametrize(
        ("raw", "words"),
        [
            (b'{"infno":"2102"', "内容不完整"),
            (b"<xml/>", "第 1 字节处有误"),
            (b'{"infno":"2102",,}', "第 17 字节处有误"),
        ],
    )
    def test_what_is_no_json_is_told_in_chinese(self, raw: bytes, words: str) -> None:
        with pytest.raises(Rejection) as refused:
            read(raw, path_transaction=None, received_at=NOON)
        assert error_text(refused.value).startswith(f"【EXCH-003】报文不是有效的 JSON:{words}。处理办法:")

    def test_a_form_in_another_encoding(self) -> None:
        form = "jsonStr=" + quote(json.dumps(envelope("2102", purchase()), ensure_ascii=False).encode("gbk"))
        assert code_of(form.encode()) == "EXCH-002"

    def test_the_area_has_six_digits(self) -> None:
        assert code_of(body(envelope("2102", purchase(), mdtrtarea_admvs="abc"))) == "EXCH-013"

    @pytest.mark.parametrize("name", ["msgid", "fixmedins_code", "opter", "inf_time", "infver", "mdtrtarea_admvs"])
    def test_required_fields(self, name: str) -> None:
        with pytest.raises(Rejection, match=name) as caught:
            message(**{name: ""})
        assert caught.value.code == "EXCH-010"

    def test_input_missing_or_not_an_object(self) -> None:
        assert code_of(body(envelope("2102", None))) == "EXCH-010"
        for nothing in ("", "  ", "null"):
            assert code_of(body(envelope("2102", nothing))) == "EXCH-010"
        assert code_of(body(envelope("2102", [1]))) == "EXCH-004"
        assert code_of(body(envelope("2102", "4711"))) == "EXCH-004"

    def test_encrypted_input(self) -> None:
        assert code_of(body(envelope("2102", "c2VjcmV0", enc_type="SM4"))) == "EXCH-023"

    def test_address_and_message_disagree(self) -> None:
        assert code_of(body(envelope("2102", purchase())), path="2101") == "EXCH-009"

    @given(st.binary(max_size=200))
    def test_arbitrary_bytes_are_refused_not_crashed_on(self, raw: bytes) -> None:
        with pytest.raises(Rejection):
            read(raw, path_transaction=None, received_at=NOON)

    @given(st.data())
    def test_a_damaged_message_is_read_or_refused(self, data: st.DataObject) -> None:
        raw = bytearray(body(envelope("2102", purchase())))
        for _ in range(data.draw(st.integers(1, 4))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        try:
            read(bytes(raw), path_transaction=None, received_at=NOON)
        except Rejection as rejection:
            error_text(rejection)


class TestOut:
    def test_an_answer(self) -> None:
        raw = answer(area="620100", received_at=NOON, now=NOON, output={"medfee_sumamt": yuan(1230), "age": 40})
        assert b'"infcode":0,' in raw
        assert b'"medfee_sumamt":12.30,"age":40' in raw
        decoded = json.loads(raw)
        assert set(decoded) == {
            "infcode", "inf_refmsgid", "refmsg_time", "respond_time", "err_msg", "output", "warn_msg", "cainfo", "signtype",
        }  # fmt: skip
        assert decoded["inf_refmsgid"][:20] == "62010020261122120000"
        assert len(decoded["inf_refmsgid"]) == 30
        assert decoded["refmsg_time"] == "20261122120000123"
        assert decoded["err_msg"] == ""

    def test_reference_numbers_differ(self) -> None:
        numbers = {
            json.loads(answer(area="1", received_at=NOON, now=NOON, output=None))["inf_refmsgid"] for _ in range(100)
        }
        assert len(numbers) == 100

    def test_no_output_is_an_empty_object(self) -> None:
        assert b'"output":{}' in answer(area="620100", received_at=NOON, now=NOON, output=None)

    def test_a_bare_array_stays_one(self) -> None:
        assert b'"output":[]' in answer(area="620100", received_at=NOON, now=NOON, output=[])

    def test_a_refusal(self) -> None:
        decoded = json.loads(refusal(rejections.UNKNOWN_TRANSACTION(infno="9999"), area="", received_at=NOON, now=NOON))
        assert decoded["infcode"] == -1
        assert decoded["err_msg"].startswith("【EXCH-008】中心不支持交易 9999。处理办法:")
        assert decoded["output"] == {}

    def test_the_error_text_fits_its_field(self) -> None:
        long = rejections.FILE_ROW(row=1, reason="长" * 500)
        assert len(error_text(long)) == 200


class TestAddresses:
    @pytest.mark.parametrize(
        ("path", "transaction"),
        [
            ("/fsi/api/rsfComIfsService/callService", None),
            ("/fsi/api/rsfComIfsService/callService/2102", "2102"),
            ("/ebus/gdyb_api/prd/hsa/hgs/1101", "1101"),
            ("/hss-call-service-interface", None),
            ("/CSB", None),
            ("/x/CSB", None),
            ("/mbs-fsi/web/api/fsi/callService", None),
            ("/ebus/rio_fsi/fsi/api/signInSignOutService/signIn", "9001"),
            ("/fsi/api/hospSettService/settV2", "2304"),
            ("/fsi/api/outpatientDocInfoService/outpatientRregistration", "2201"),
            ("/fsi/api/reverseService/revsMethod", "2601"),
        ],
    )
    def test_known(self, path: str, transaction: str | None) -> None:
        assert is_gateway_path(path)
        assert transaction_in_path(path) == transaction

    @pytest.mark.parametrize("path", ["/", "/login/", "/admin/exchange/", "/persons/2102", "/healthz"])
    def test_the_site_keeps_its_own(self, path: str) -> None:
        assert not is_gateway_path(path)
