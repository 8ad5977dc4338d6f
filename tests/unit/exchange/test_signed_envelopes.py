"""Envelope signatures and encrypted inputs (interface section 5, variants 3 and 4): what is let in, and what never is."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from tests.unit.exchange.signed import (
    HOSPITAL,
    NOW,
    body,
    centre_key,
    hand_over,
    message,
    sign_by_hand,
    use_folder,
    with_digest,
)
from tongchou.exchange import signing
from tongchou.exchange.signing import keyring, sm
from tongchou.exchange.signing.envelopes import signed_text
from tongchou.kernel.rejection import Rejection
from tongchou.traffic.signer import AnswerWrong, Signer

pytestmark = pytest.mark.skipif(not sm.available(), reason="gmssl-pyx has no wheel for this machine")
NAMES = st.sampled_from(("a", "b", "ab", "a_b", "cainfo", "input", "infno"))
ANSWER = b'{"infcode":0,"inf_refmsgid":"629901","err_msg":"","output":{"a":"\xe6\xb1\x89","b":1.20},"warn_msg":"","cainfo":"","signtype":""}'


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    use_folder(monkeypatch, tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def centre(folder: Path) -> str:
    return centre_key()


@pytest.fixture
def hospital(centre: str) -> Signer:
    return hand_over(HOSPITAL, centre)


def admit(fields: dict[str, Any] | bytes, attachment: bytes | None = None, **later: int) -> signing.Admitted:
    raw = fields if isinstance(fields, bytes) else body(fields)
    return signing.admit({}, raw, attachment, now=NOW + timedelta(**later))


def refused(fields: dict[str, Any] | bytes, attachment: bytes | None = None, **later: int) -> str:
    with pytest.raises(Rejection) as caught:
        admit(fields, attachment, **later)
    return caught.value.code


def test_a_signed_message_is_let_in_and_read_as_it_was_signed(hospital: Signer) -> None:
    fields = sign_by_hand(hospital, with_digest(message()))
    assert json.loads(admit(fields).body) == fields


def test_numbers_nulls_and_objects_are_signed_as_they_are_written(hospital: Signer) -> None:
    """An input that is an object is digested just as it stands in the message; null is signed as nothing."""
    text = '{"data": {"fixmedins_code" : "H62990100001"}}'
    fields = message(input="?", dev_no=None, opter_type=1)
    fields["input_sm3"] = sm.sm3(text.encode()).hex().upper()
    signed = sign_by_hand(hospital, fields)
    assert admit(body(signed).replace(b'"?"', text.encode())).body
    assert refused(body(signed).replace(b'"?"', text.replace(" :", ":").encode())) == "EXCH-044"


def test_unsigned_is_refused_whatever_signtype_says(hospital: Signer) -> None:
    for cainfo in ("", "null", None):
        for signtype in ("", "SM2", "SM3", "PRCSSC", "none"):
            assert refused(message(cainfo=cainfo, signtype=signtype)) == "EXCH-040"
    missing = message()
    assert refused(missing) == "EXCH-040"
    assert refused({**missing, "CAINFO": "1" * 128}) == "EXCH-040"


@pytest.mark.parametrize(
    "field", ["infno", "msgid", "mdtrtarea_admvs", "dev_no", "signtype", "inf_time", "fixmedins_name"]
)
def test_every_field_around_the_input_is_covered(hospital: Signer, field: str) -> None:
    signed = sign_by_hand(hospital, with_digest(message()))
    other = {**signed, field: "2026-11-22 12:00:01" if field == "inf_time" else str(signed[field]) + "1"}
    assert refused(other) == "EXCH-042"
    del other[field]
    assert refused(other) in ("EXCH-041", "EXCH-042")
    assert refused({**signed, "added": "x"}) == "EXCH-042"


def test_the_input_is_covered_by_its_digest(hospital: Signer) -> None:
    signed = sign_by_hand(hospital, with_digest(message()))
    assert refused({**signed, "input": signed["input"] + " "}) == "EXCH-044"
    altered = {**signed, "input": "{}"}
    assert refused({**altered, "input_sm3": sm.sm3(b"{}").hex()}) == "EXCH-042"
    assert refused(sign_by_hand(hospital, message())) == "EXCH-043"


def test_a_file_is_covered_by_its_digest(hospital: Signer) -> None:
    fields = with_digest(message())
    assert refused(sign_by_hand(hospital, fields), b"file") == "EXCH-043"
    signed = sign_by_hand(hospital, {**fields, "file_sm3": sm.sm3(b"file").hex()})
    assert admit(signed, b"file").body
    assert refused(signed, b"other file") == "EXCH-044"


def test_a_text_can_not_be_cut_into_fields_otherwise(hospital: Signer) -> None:
    """k=v&k=v is the same text for one field that holds "&k=v" and for two: so no value may hold an &."""
    honest = sign_by_hand(hospital, with_digest(message(fixmedins_name="a&infno=2207")))
    assert refused(honest) == "EXCH-046"
    signed = sign_by_hand(hospital, with_digest(message()))
    merged = {name: value for name, value in signed.items() if name != "infno"}
    merged["fixmedins_name"] = f"{signed['fixmedins_name']}&infno={signed['infno']}"
    assert refused(merged) == "EXCH-046"
    assert refused({**signed, "x=1&y": "2"}) == "EXCH-046"
    assert refused({**signed, "dev_no": {"a": 1}}) == "EXCH-046"


def text_of(fields: dict[str, str]) -> bytes | None:
    """The text that would be signed; None where the fields can't be."""
    raws = {name: Raw(json.dumps(value).encode()) for name, value in fields.items()}
    try:
        return signed_text(raws, without="input")
    except Rejection:
        return None


@given(*[st.dictionaries(NAMES, st.text(min_size=1), max_size=4)] * 2)
def test_two_messages_never_have_the_same_text(one: dict[str, str], other: dict[str, str]) -> None:
    """Whatever is moved between fields: another message is another text, or none at all."""
    covered = [
        {name: value for name, value in each.items() if name not in ("cainfo", "input")} for each in (one, other)
    ]
    texts = text_of(one), text_of(other)
    if None not in texts:
        assert (texts[0] == texts[1]) == (covered[0] == covered[1])


def test_of_a_field_that_stands_twice_the_checked_one_is_read(hospital: Signer) -> None:
    """Two decoders could each take another one: what goes on is put together from what was verified."""
    signed = body(sign_by_hand(hospital, with_digest(message())))
    twice = signed[:-1] + b', "infno": "2207"}'
    assert refused(twice) == "EXCH-042"
    first = b'{"infno": "2207", ' + signed[1:]
    assert json.loads(admit(first).body)["infno"] == "1201"
    assert admit(first).body.count(b'"infno"') == 1


def test_another_ones_key_signs_nothing(hospital: Signer, centre: str) -> None:
    other = hand_over("H62990100002", centre)
    assert refused(sign_by_hand(other, with_digest(message()))) == "EXCH-042"
    theirs = with_digest(message(fixmedins_code="H62990100002"))
    assert admit(sign_by_hand(other, theirs)).body
    assert refused(sign_by_hand(hospital, theirs)) == "EXCH-042"


@pytest.mark.parametrize("code", ["H62990199999", "", "centre", "../centre", "H6299010000\\1", "陇", "H" * 40])
def test_who_has_no_keys_is_refused(hospital: Signer, code: str) -> None:
    assert refused(sign_by_hand(hospital, with_digest(message(fixmedins_code=code)))) == "EXCH-042"


@pytest.mark.parametrize("minutes", [-31, 31])
def test_a_message_from_yesterday_is_not_taken_again(hospital: Signer, minutes: int) -> None:
    signed = sign_by_hand(hospital, with_digest(message()))
    assert admit(signed, minutes=29).body
    assert refused(signed, minutes=minutes) == "EXCH-041"


@pytest.mark.parametrize(
    "text", ["", "now", "2026-11-22", "2026-13-22 12:00:00", "2026-11-22T12:00:00", "2026-11-22 12:00:00Z"]
)
def test_a_time_that_is_none_is_out_of_the_window(hospital: Signer, text: str) -> None:
    assert refused(sign_by_hand(hospital, with_digest(message(inf_time=text)))) == "EXCH-041"


@pytest.mark.parametrize("raw", [b"", b"[]", b'"x"', b"{", b'{"a":', b"\xff\xfe", b"{}", b'{"infno":"1201"}'])
def test_what_is_no_message_is_refused_as_without_signatures(hospital: Signer, raw: bytes) -> None:
    assert refused(raw) in ("EXCH-001", "EXCH-002", "EXCH-003", "EXCH-004", "EXCH-040")


def test_an_institution_of_the_older_form_signs_the_fields_only(centre: str) -> None:
    """covers = envelope: as seen in the field. A digest that is sent all the same must be right."""
    old = hand_over(HOSPITAL, centre, covers="envelope")
    signed = sign_by_hand(old, message())
    assert admit({**signed, "input": "{}"}).body, "the input is not covered: that is what this form means"
    assert refused(sign_by_hand(old, {**with_digest(message()), "input": "{}"})) == "EXCH-044"


def test_clients_that_leave_empties_out_of_the_text(centre: str) -> None:
    client = hand_over(HOSPITAL, centre, empties="dropped")
    assert admit(sign_by_hand(client, with_digest(message()), empties=False)).body
    assert refused(sign_by_hand(client, with_digest(message()))) == "EXCH-042"


# --- encryption -------------------------------------------------------------------------------------------------------


def sealed(signer: Signer, **changes: Any) -> dict[str, Any]:
    """An encrypted message; changes are made before it is signed."""
    fields = message(enc_type="SM4")
    fields["input"] = base64.b64encode(signer._encrypt(str(fields["input"]).encode())).decode()
    return sign_by_hand(signer, with_digest({**fields, **changes}))


@pytest.mark.parametrize("cipher", sm.CIPHERS)
@pytest.mark.parametrize("encryption", ["answers", "both"])
def test_an_encrypted_input_is_opened(centre: str, cipher: str, encryption: str) -> None:
    client = hand_over(HOSPITAL, centre, encryption=encryption, cipher=cipher)
    opened = json.loads(admit(sealed(client)).body)
    assert opened["input"] == message()["input"]
    assert opened["enc_type"] == ""


def test_what_was_agreed_to_be_encrypted_is_not_taken_in_the_open(centre: str) -> None:
    client = hand_over(HOSPITAL, centre, encryption="both")
    assert refused(sign_by_hand(client, with_digest(message()))) == "EXCH-045"
    assert refused(sign_by_hand(client, with_digest(message(enc_type="none")))) == "EXCH-045"


@pytest.mark.parametrize("cipher", sm.CIPHERS)
def test_wrong_ciphertexts_are_one_refusal(centre: str, cipher: str) -> None:
    client = hand_over(HOSPITAL, centre, encryption="both", cipher=cipher)
    other = hand_over("H62990100002", centre, encryption="both", cipher=cipher)
    wrong = [
        "",
        "not base64!",
        base64.b64encode(b"short").decode(),
        base64.b64encode(b"x" * 64).decode(),
        base64.b64encode(other._encrypt(b"{}")).decode(),
        base64.b64encode(client._encrypt(b"\xff\xfe")).decode(),
    ]
    for text in wrong:
        assert refused(sealed(client, input=text)) == "EXCH-047", text


def test_paddings_are_only_tried_by_who_can_sign(centre: str) -> None:
    """An altered ciphertext fails at the digest, an altered digest at the signature: never at the padding."""
    client = hand_over(HOSPITAL, centre, encryption="both", cipher=sm.ECB)
    signed = sealed(client)
    raw = bytearray(base64.b64decode(signed["input"]))
    raw[-1] ^= 1
    altered = base64.b64encode(raw).decode()
    assert refused({**signed, "input": altered}) == "EXCH-044"
    assert refused(with_digest({**signed, "input": altered})) == "EXCH-042"
    with pytest.raises(ValueError, match="covers"):
        keyring.parse('covers = "envelope"\nencryption = "both"', centre=False)
    old = hand_over("H62990100003", centre, covers="envelope", encryption="answers", cipher=sm.ECB)
    bare = message(fixmedins_code="H62990100003", enc_type="SM4", input=altered)
    assert refused(sign_by_hand(old, bare)) == "EXCH-043"


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "agreed",
    [{}, {"covers": "envelope"}, {"encryption": "answers"}, {"encryption": "both", "cipher": sm.ECB},
     {"covers": "envelope", "encryption": "answers", "cipher": sm.ECB}],
    ids=["signed", "older", "encrypted", "ecb", "older-encrypted"],
)  # fmt: skip
def test_answers_are_signed_and_encrypted_as_agreed(centre: str, agreed: dict[str, str]) -> None:
    client = hand_over(HOSPITAL, centre, **agreed)
    fields = sealed(client) if agreed.get("encryption") == "both" else sign_by_hand(client, with_digest(message()))
    answer = admit(fields).seal(ANSWER)
    decoded = json.loads(answer)
    assert decoded["signtype"] == "SM2"
    assert len(decoded["cainfo"]) == 128
    assert isinstance(decoded["output"], str) == ("encryption" in agreed)
    assert "汉".encode() in client.open(answer, fields["msgid"])
    assert json.loads(client.open(answer, fields["msgid"]))["output"] == {"a": "汉", "b": 1.2}


def test_an_altered_or_exchanged_answer_is_noticed(hospital: Signer) -> None:
    fields = sign_by_hand(hospital, with_digest(message()))
    answer = admit(fields).seal(ANSWER)
    for old, new in ((b"1.20", b"9.20"), (b'"infcode":0', b'"infcode":1'), (b'"629901"', b'"629902"')):
        assert old in answer
        with pytest.raises(AnswerWrong):
            hospital.open(answer.replace(old, new), fields["msgid"])
    with pytest.raises(AnswerWrong):
        hospital.open(answer, "another message")


def test_an_ampersand_in_a_refusal_is_written_wide(hospital: Signer) -> None:
    fields = sign_by_hand(hospital, with_digest(message()))
    answer = admit(fields).seal(ANSWER.replace(b'"err_msg":""', b'"err_msg":"a&b=c"'))
    assert json.loads(hospital.open(answer, fields["msgid"]))["err_msg"] == "a＆b=c"


# --- keys -------------------------------------------------------------------------------------------------------------


def test_two_keys_count_while_an_institution_changes_them(hospital: Signer, centre: str, folder: Path) -> None:
    new = hand_over(HOSPITAL, centre)
    old_message, new_message = (sign_by_hand(each, with_digest(message())) for each in (hospital, new))
    assert admit(old_message).body
    assert admit(new_message).body
    kept = keyring.ring(HOSPITAL)
    assert kept is not None
    file = folder / f"{HOSPITAL}.toml"
    text = file.read_text(encoding="utf-8").replace("since", "until = 2026-11-21\nsince", 1)
    file.write_text(text, encoding="utf-8")
    assert refused(old_message) == "EXCH-042", "its last day is over; the change counts at once"
    assert admit(new_message).body


def test_a_key_of_a_coming_day_does_not_count_yet(hospital: Signer, folder: Path) -> None:
    file = folder / f"{HOSPITAL}.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("2026-01-01", "2026-11-23"), encoding="utf-8")
    assert refused(sign_by_hand(hospital, with_digest(message()))) == "EXCH-042"


def test_unsigned_until_a_day_and_not_beyond(hospital: Signer, folder: Path) -> None:
    file = folder / f"{HOSPITAL}.toml"
    file.write_text("unsigned_until = 2026-11-22\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert json.loads(admit(message()).body) == message()
    assert refused({**message(), "cainfo": "1" * 128}) == "EXCH-042", "who signs is checked"
    assert refused(message(), days=1) == "EXCH-040"


@pytest.mark.parametrize(
    ("old", "new"),
    [('public = "04', 'public = "05'), ('covers = "all"', 'covers = "some"'), ("[[keys]]", "[[keys"), ("since", "sinc"),
     ('cipher = "', 'unknown = "'), ("since = 2026-01-01", 'since = "2026-01-01"'),
     ("covers", "unsigned_until = 2026-11-22T00:00:00\ncovers")],
    ids=["no-point", "covers", "no-toml", "missing", "unknown", "no-date", "a-time"],
)  # fmt: skip
def test_a_broken_file_is_the_centres_own_trouble(hospital: Signer, folder: Path, old: str, new: str) -> None:
    file = folder / f"{HOSPITAL}.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert refused(sign_by_hand(hospital, with_digest(message()))) == "EXCH-048"
    assert HOSPITAL in signing.misconfiguration()


def test_without_a_key_of_the_centre_nothing_is_answered(hospital: Signer, folder: Path) -> None:
    assert signing.misconfiguration() == ""
    (folder / "centre.toml").unlink()
    assert refused(sign_by_hand(hospital, with_digest(message()))) == "EXCH-048"
    assert "gateway-keys centre" in signing.misconfiguration()


def test_files_of_keys_are_for_their_owner_only(hospital: Signer, folder: Path) -> None:
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
