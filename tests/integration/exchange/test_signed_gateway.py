"""SM2 and SM4 over HTTP: institutions that sign, encrypt and verify at work, and everything that is tried against them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.integration.exchange import nodes
from tests.integration.exchange.conftest import over_the_world
from tests.integration.exchange.gateway import Answer, Caller, Gateway
from tests.integration.settlement import world as worlds
from tests.unit.exchange.signed import centre_key, hand_over, sign_by_hand
from tongchou.exchange.checker import TIME_ZONE
from tongchou.exchange.signing import keyring, sm
from tongchou.project.postgres import Cluster
from tongchou.traffic.signer import Signer

pytestmark = pytest.mark.skipif(not sm.available(), reason="gmssl-pyx has no wheel for this machine")
OTHER = "P62990000009"


class Signed:
    """An institution that signs: what it sends, and what it believes of the answers."""

    def __init__(self, port: int, code: str, signer: Signer) -> None:
        self.caller = Caller(port, code)
        self.signer = signer

    def message(self, infno: str, content: Any, **changes: str) -> dict[str, Any]:
        """A signed message, decoded; changes are made before it is signed."""
        fields = self.caller.message(infno, None, **changes)
        text = json.dumps(content, ensure_ascii=False, default=str).encode()
        return dict(json.loads(self.signer.seal(fields, text)))

    def send(self, message: dict[str, Any]) -> Answer:
        """Send a message as it is; the answer is verified and comes out in the open."""
        answer = self.caller.post(message)
        answer.content = self.signer.open(answer.content, message["msgid"])
        return answer


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of keys, for the server and for the tests."""
    folder: Path = tmp_path_factory.mktemp("keys") / "gateway-keys"
    with patch.dict("os.environ", {"TONGCHOU_GATEWAY_KEYS": str(folder)}):
        yield folder


@pytest.fixture(scope="module")
def centre(keys: Path) -> str:
    return centre_key()


@pytest.fixture(scope="module")
def signed_gateway(
    cluster: Cluster, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any, keys: Path, centre: str
) -> Iterator[Gateway]:
    """The gateway of the small world, which asks for SM2 signatures."""
    log: Path = tmp_path_factory.mktemp("gateway") / "server.log"
    environment = {"TONGCHOU_GATEWAY_SIGNING": "sm", "TONGCHOU_GATEWAY_KEYS": str(keys)}
    yield from over_the_world(cluster, django_db_blocker, log, **environment)


@pytest.fixture(scope="module")
def pharmacy(signed_gateway: Gateway, centre: str) -> Signed:
    """Signs and encrypts both ways."""
    return Signed(signed_gateway.port, worlds.PHARMACY, hand_over(worlds.PHARMACY, centre, encryption="both"))


@pytest.fixture(scope="module")
def hospital(signed_gateway: Gateway, centre: str) -> Signed:
    """Signs only."""
    return Signed(signed_gateway.port, worlds.HOSPITAL, hand_over(worlds.HOSPITAL, centre))


def test_a_sale_is_signed_encrypted_settled_and_answered_so(pharmacy: Signed) -> None:
    message = pharmacy.message("2102", nodes.purchase())
    assert "druginfo" not in json.dumps(message), "nothing of the input is to be seen"
    raw = pharmacy.caller.post(message)
    assert "setlinfo" not in raw.content.decode(), "nothing of the output is to be seen"
    first = json.loads(pharmacy.signer.open(raw.content, message["msgid"]))
    assert first["infcode"] == 0, first["err_msg"]
    again = pharmacy.send(message)
    assert again.output["setlinfo"]["setl_id"] == first["output"]["setlinfo"]["setl_id"], "repeated, not settled twice"


def test_a_hospital_signs_only(hospital: Signed) -> None:
    message = hospital.message("2201", nodes.registration())
    answer = hospital.caller.post(message)
    assert (answer.envelope["signtype"], len(answer.envelope["cainfo"])) == ("SM2", 128)
    assert json.loads(hospital.signer.open(answer.content, message["msgid"]))["output"]["data"]["mdtrt_id"]


def test_a_refusal_is_signed_too(hospital: Signed) -> None:
    message = hospital.message("2201", nodes.registration(insutype="999"))
    answer = hospital.caller.post(message)
    assert answer.code == "EXCH-012"
    assert len(answer.envelope["cainfo"]) == 128
    assert b"EXCH-012" in hospital.signer.open(answer.content, message["msgid"])


def test_a_repeated_message_signed_anew_is_the_same_message(pharmacy: Signed) -> None:
    """Another nonce, another time, another signature: but the same id and the same content."""
    fields = pharmacy.caller.message("2102", None)
    text = json.dumps(nodes.purchase(2), default=str).encode()
    first, second = (json.loads(pharmacy.signer.seal(fields, text)) for _ in range(2))
    assert first["input"] != second["input"]
    one, two = (pharmacy.send(each).output["setlinfo"]["setl_id"] for each in (first, second))
    assert one == two


def test_a_file_is_signed_with_its_message(hospital: Signed) -> None:
    fields = hospital.caller.message("9101", None)
    content = {"fsUploadIn": {"filename": "a.zip", "fixmedins_code": worlds.HOSPITAL}}
    message = hospital.signer.seal(fields, json.dumps(content).encode(), b"the file")

    def upload(file: bytes) -> Answer:
        parts = [b'--xx\r\ncontent-disposition: form-data; name="jsonStr"\r\n\r\n' + message + b"\r\n",
                 b'--xx\r\ncontent-disposition: form-data; name="file"; filename="a.zip"\r\n\r\n' + file + b"\r\n--xx--\r\n"]  # fmt: skip
        return hospital.caller.post(b"".join(parts), content_type="multipart/form-data; boundary=xx")

    assert upload(b"another file").code == "EXCH-044"
    stored = json.loads(hospital.signer.open(upload(b"the file").content, fields["msgid"]))
    number = stored["output"]["file_qury_no"]
    wanted = {"fsDownloadIn": {"file_qury_no": number, "filename": "a.zip", "fixmedins_code": worlds.HOSPITAL}}
    assert hospital.caller.post(hospital.message("9102", wanted)).content == b"the file"


# --- attacks ----------------------------------------------------------------------------------------------------------


def settled(code: str) -> int:
    """How often a message with this id was settled."""
    from tongchou.settlement.models import Settlement

    return int(Settlement.objects.filter(message_id=code).count())


@pytest.mark.django_db
def test_one_altered_byte_anywhere_is_refused(pharmacy: Signed) -> None:
    message = pharmacy.message("2102", nodes.purchase())
    sealed = base64.b64decode(message["input"])
    altered = [
        {"input": base64.b64encode(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]).decode()}
        for at in (0, 12, len(sealed) // 2, len(sealed) - 1)
    ]
    altered += [{"input_sm3": "0" * 64}, {"opter": "002"}, {"msgid": message["msgid"][:-1] + "x"}, {"infno": "2101"}]
    altered += [
        {"cainfo": message["cainfo"][:-1] + ("0" if message["cainfo"][-1] != "0" else "1")},
        {"cainfo": "F" * 128},
    ]
    for change in altered:
        assert pharmacy.caller.post({**message, **change}).code in ("EXCH-042", "EXCH-044"), change
    assert settled(message["msgid"]) == 0
    assert pharmacy.send(message).output


def test_another_ones_key_opens_nothing(pharmacy: Signed, hospital: Signed, centre: str) -> None:
    """Neither another institution's, nor one that nobody registered, nor the sender's own name under another's key."""
    for signer in (hospital.signer, Signer({**pharmacy.signer._keys, "private": sm.make_pair()[0]})):
        forged = Signed(pharmacy.caller.port, worlds.PHARMACY, signer)
        assert forged.caller.post(forged.message("1201", {"data": {}})).code == "EXCH-042"
    stranger = Signed(pharmacy.caller.port, OTHER, pharmacy.signer)
    assert stranger.caller.post(stranger.message("1201", {"data": {}})).code == "EXCH-042"


@pytest.mark.parametrize("minutes", [-31, 31])
def test_a_message_is_not_replayed_after_half_an_hour(hospital: Signed, minutes: int) -> None:
    moment = datetime.now(TIME_ZONE) + timedelta(minutes=minutes)
    fields = hospital.message("2201", nodes.registration())
    fields["inf_time"] = f"{moment:%Y-%m-%d %H:%M:%S}"
    assert hospital.caller.post(sign_by_hand(hospital.signer, fields)).code == "EXCH-041"


def test_signatures_can_not_be_left_out(pharmacy: Signed, hospital: Signed) -> None:
    message = hospital.message("2201", nodes.registration())
    for cainfo in ("", "null", None):
        assert hospital.caller.post({**message, "cainfo": cainfo}).code == "EXCH-040"
    bare = {name: value for name, value in message.items() if name not in ("cainfo", "signtype", "input_sm3")}
    assert hospital.caller.post(bare).code == "EXCH-040"
    assert hospital.caller.post(bare, path="/CSB").code == "EXCH-040"
    headers_of_others = sign_by_hand(hospital.signer, {**bare, "signtype": "PRCSSC"})
    assert hospital.caller.post(headers_of_others).code == "EXCH-043", "nor what it covers"
    plain = Signed(pharmacy.caller.port, worlds.PHARMACY, Signer({**pharmacy.signer._keys, "encryption": "off"}))
    assert plain.caller.post(plain.message("1201", {"data": {}})).code == "EXCH-045", "nor the encryption"


def test_a_form_is_checked_like_a_message(hospital: Signed) -> None:
    from urllib.parse import urlencode

    message = hospital.message("2201", nodes.registration())
    form = urlencode({"data": json.dumps(message)}).encode()
    answer = hospital.caller.post(form, content_type="application/x-www-form-urlencoded")
    assert json.loads(hospital.signer.open(answer.content, message["msgid"]))["infcode"] == 0
    unsigned = urlencode({"data": json.dumps({**message, "cainfo": ""})}).encode()
    assert hospital.caller.post(unsigned, content_type="application/x-www-form-urlencoded").code == "EXCH-040"


def test_wrong_paddings_tell_nothing(signed_gateway: Gateway, centre: str) -> None:
    """SM4-ECB has a padding. Who can't sign never reaches it; who can gets one answer for every mistake."""
    signer = hand_over("P62990000020", centre, encryption="both", cipher=sm.ECB)
    client = Signed(signed_gateway.port, "P62990000020", signer)
    message = client.message("1201", {"data": {}})
    sealed = bytearray(base64.b64decode(message["input"]))
    for at, byte in ((len(sealed) - 1, 1), (len(sealed) - 17, 1), (0, 255)):
        other = bytearray(sealed)
        other[at] ^= byte
        text = base64.b64encode(other).decode()
        digest = sm.sm3(text.encode()).hex()
        assert client.caller.post({**message, "input": text}).code == "EXCH-044"
        assert client.caller.post({**message, "input": text, "input_sm3": digest}).code == "EXCH-042"
    wrong = sign_by_hand(signer, {**message, "input": "AAAA", "input_sm3": sm.sm3(b"AAAA").hex()})
    assert client.caller.post(wrong).code == "EXCH-047"


def test_a_key_that_is_no_point_of_the_curve_lets_nobody_in(signed_gateway: Gateway, keys: Path, centre: str) -> None:
    signer = hand_over("P62990000021", centre)
    client = Signed(signed_gateway.port, "P62990000021", signer)
    file = keys / "P62990000021.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(signer._keys["public"], "04" + "11" * 64), encoding="utf-8")
    assert client.caller.post(client.message("1201", {"data": {}})).code == "EXCH-048"


def test_keys_change_while_the_gateway_works(signed_gateway: Gateway, keys: Path, centre: str) -> None:
    code = "P62990000022"
    first = Signed(signed_gateway.port, code, hand_over(code, centre))

    def code_of(sender: Signed) -> str:
        message = sender.message("1201", {"data": {"fixmedins_code": code}})
        return Answer(200, {}, sender.signer.open(sender.caller.post(message).content, message["msgid"])).code

    assert code_of(first) not in ("EXCH-040", "EXCH-042")
    second = Signed(signed_gateway.port, code, hand_over(code, centre))
    assert code_of(first) == code_of(second) not in ("EXCH-040", "EXCH-042")
    kept = keyring.ring(code)
    assert kept is not None
    keyring.write(code, keyring.Ring(keys=kept.keys[1:]))
    assert code_of(first) == "EXCH-042"
    assert code_of(second) not in ("EXCH-040", "EXCH-042")
