"""Variants 3 and 4: the envelope carries an SM2 signature in ``cainfo``; input and output may be SM4 ciphertexts.

The signed text is all top-level fields but ``cainfo`` and ``input`` (in an answer ``output``), sorted by name, as ``k=v``
joined by ``&``. That leaves the input unsigned; so an institution also sends ``input_sm3``, the digest of its input as it
travels, and with a file ``file_sm3``: as top-level fields they are signed by that same rule. Answers carry ``output_sm3`` and
``ref_msgid``, the message that they answer. An institution whose system can't do that is agreed ``covers = "envelope"``.

What is verified is what is read: the message that goes on is put together from the fields whose signature was checked.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import NamedTuple

import msgspec

from tongchou.exchange import envelope, rejections
from tongchou.exchange.checker import TIME_ZONE
from tongchou.exchange.signing import keyring, sm
from tongchou.exchange.signing.admitted import Admitted
from tongchou.exchange.signing.headers import WINDOW_SECONDS
from tongchou.exchange.signing.keyring import Key, KeysWrong, Ring

SIGNATURE, SIGNED_BY = "cainfo", "SM2"
INPUT_DIGEST, FILE_DIGEST, OUTPUT_DIGEST, ANSWERED = "input_sm3", "file_sm3", "output_sm3", "ref_msgid"
ENCRYPTED_BY = "SM4"
Fields = dict[str, msgspec.Raw]
_NAME = re.compile(r"[0-9A-Za-z_]+")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_fields_decoder = msgspec.json.Decoder(Fields)
_encoder = msgspec.json.Encoder()
_verified_last: dict[str, bytes] = {}
"""Institution → the public key that its last message was signed with: tried first, so that a rotation costs nothing."""


class Sender(NamedTuple):
    """Who signed a message: what was agreed, with which of the keys, and which message it was."""

    ring: Ring
    key: Key
    message_id: str


def admit(body: bytes, attachment: bytes | None, *, now: datetime) -> Admitted:
    """Check the signature of a message and open its input.

    Raises:
        Rejection: EXCH-001 … EXCH-004 no message, EXCH-040 unsigned, EXCH-041 out of the window, EXCH-042 wrong signature or
            unknown sender, EXCH-043 … EXCH-047, EXCH-048 the centre's own keys.
    """
    fields: Fields = envelope.decode(envelope.json_of(body), _fields_decoder)
    institution, on = _text_of(fields, "fixmedins_code"), now.astimezone(TIME_ZONE).date()
    ring = _ring(institution)
    signature = _text_of(fields, SIGNATURE)
    if signature in ("", "null"):
        if ring is not None and ring.unsigned_until is not None and on <= ring.unsigned_until:
            return Admitted(body)
        raise rejections.UNSIGNED(header=SIGNATURE)
    _check_window(_text_of(fields, "inf_time"), now)
    text = signed_text(fields, without="input", empties=keyring.KEPT if ring is None else ring.empties)
    key = None if ring is None else _signer(institution, ring.valid(on), text, signature)
    if ring is None or key is None:
        raise rejections.SIGNATURE_WRONG()
    _check_digests(fields, ring, attachment)
    _open_input(fields, ring, key)
    seal = _sealer(Sender(ring, key, _text_of(fields, "msgid")), on)
    return Admitted(_encoder.encode(fields), seal=seal)


def misconfiguration() -> str:
    """What keeps this variant from working, in Chinese, or nothing."""
    if not sm.available():
        return "签名方式 sm 需要 gmssl-pyx：请安装 pip install 'tongchou[sm]'"
    try:
        centre = keyring.ring(keyring.CENTRE)
        for name in keyring.names():
            keyring.ring(name)
    except KeysWrong as wrong:
        return f"网关密钥文件有误：{wrong}"
    if centre is None or not centre.valid(datetime.now(TIME_ZONE).date()):
        return f"{keyring.folder()} 中没有中心的有效密钥：请运行 tongchou gateway-keys centre"
    return ""


# --- the signed text --------------------------------------------------------------------------------------------------


def signed_text(fields: Mapping[str, msgspec.Raw], *, without: str, empties: str = keyring.KEPT) -> bytes:
    """The text that a signature covers: sorted ``k=v`` joined by ``&``, without ``cainfo`` and the named field.

    No value may hold an ``&``: moving a field's end into its neighbour would leave the text as it is.

    Raises:
        Rejection: EXCH-046 a field can't be part of it.
    """
    parts = []
    for name in sorted(fields):
        if name in (SIGNATURE, without):
            continue
        value = _value(name, fields[name])
        if value or empties == keyring.KEPT:
            parts.append(f"{name}={value}")
    return "&".join(parts).encode()


def _value(name: str, raw: msgspec.Raw) -> str:
    """A field's value as it is signed: text as it is, a number as it was written, null as nothing."""
    written = bytes(raw).strip()
    if written == b"null":
        value = ""
    elif written.startswith(b'"'):
        value = str(envelope.decode(written))
    else:
        value = written.decode()
    if "&" in value or written[:1] in (b"{", b"[") or not _NAME.fullmatch(name):
        raise rejections.NOT_SIGNABLE(name=name[:40])
    return value


def _text_of(fields: Mapping[str, msgspec.Raw], name: str) -> str:
    return _value(name, fields[name]) if name in fields else ""


# --- checking a message -----------------------------------------------------------------------------------------------


def _ring(name: str) -> Ring | None:
    try:
        return keyring.ring(name)
    except KeysWrong as wrong:
        raise rejections.GATEWAY_KEYS_WRONG(reason=str(wrong)) from None


def _check_window(text: str, now: datetime) -> None:
    if not _MOMENT.fullmatch(text):
        raise rejections.SIGNATURE_EXPIRED()
    try:
        sent = datetime.fromisoformat(text).replace(tzinfo=TIME_ZONE)
    except ValueError:
        raise rejections.SIGNATURE_EXPIRED() from None
    if abs((now - sent).total_seconds()) > WINDOW_SECONDS:
        raise rejections.SIGNATURE_EXPIRED()


def _signer(institution: str, keys: tuple[Key, ...], text: bytes, signature: str) -> Key | None:
    """The key that the signature was made with."""
    last = _verified_last.get(institution)
    for key in sorted(keys, key=lambda each: each.public != last):
        if sm.verify(key.public, text, signature):
            _verified_last[institution] = key.public
            return key
    return None


def _check_digests(fields: Fields, ring: Ring, attachment: bytes | None) -> None:
    """The input and the file are what was signed. A digest that was sent is checked even where none is asked for."""
    required = ring.covers == keyring.ALL
    _check_digest(fields, INPUT_DIGEST, _input_bytes(fields), required=required)
    if attachment is not None:
        _check_digest(fields, FILE_DIGEST, attachment, required=required)


def _check_digest(fields: Fields, name: str, data: bytes, *, required: bool) -> None:
    claimed = _text_of(fields, name)
    if not claimed:
        if required:
            raise rejections.DIGEST_MISSING(name=name)
        return
    if not hmac.compare_digest(sm.sm3(data).hex().encode(), claimed.lower().encode()):
        raise rejections.DIGEST_WRONG(name=name)


def _input_bytes(fields: Fields) -> bytes:
    """The input as it travels: the text of a string, or the object just as it stands in the message."""
    raw = bytes(fields.get("input", msgspec.Raw(b"null")))
    return str(envelope.decode(raw)).encode() if raw.startswith(b'"') else raw


def _open_input(fields: Fields, ring: Ring, key: Key) -> None:
    """Put the plain input in the place of an encrypted one."""
    if _text_of(fields, "enc_type").upper() != ENCRYPTED_BY:
        if ring.encryption == keyring.BOTH and key.secret:
            raise rejections.NOT_ENCRYPTED()
        return
    if not key.secret or ring.encryption == keyring.OFF:
        return  # nothing was agreed: reading the message refuses it (EXCH-023)
    if not _text_of(fields, INPUT_DIGEST):
        raise rejections.DIGEST_MISSING(name=INPUT_DIGEST)  # nobody may try paddings without the signing key
    try:
        sealed = base64.b64decode(_input_bytes(fields), validate=True)
        plain = sm.decrypt(ring.cipher, key.secret, sealed).decode()
    except (sm.NotOpened, binascii.Error, UnicodeDecodeError):
        raise rejections.NOT_OPENED() from None
    fields["input"] = msgspec.Raw(_encoder.encode(plain))
    fields["enc_type"] = msgspec.Raw(b'""')


# --- sealing an answer ------------------------------------------------------------------------------------------------


def _sealer(sender: Sender, on: date) -> Callable[[bytes], bytes]:
    centre = _ring(keyring.CENTRE)
    own = centre.valid(on) if centre is not None else ()
    if not own:
        raise rejections.GATEWAY_KEYS_WRONG(reason="没有中心的有效密钥")
    return partial(seal, sender=sender, own=own[0])


def seal(answer: bytes, *, sender: Sender, own: Key) -> bytes:
    """Encrypt an answer's output where that was agreed, and sign it.

    Args:
        answer: the envelope of the answer, in the open.
        sender: whom it goes to.
        own: the centre's key.
    """
    fields: Fields = _fields_decoder.decode(answer)
    output = bytes(fields["output"])
    if sender.ring.encryption != keyring.OFF and sender.key.secret:
        output = base64.b64encode(sm.encrypt(sender.ring.cipher, sender.key.secret, output))
        fields["output"] = msgspec.Raw(b'"' + output + b'"')
        _put(fields, "enc_type", ENCRYPTED_BY)
    if sender.ring.covers == keyring.ALL:
        _put(fields, OUTPUT_DIGEST, sm.sm3(output).hex().upper())
        _put(fields, ANSWERED, sender.message_id)
    _put(fields, "signtype", SIGNED_BY)
    for name in ("err_msg", "warn_msg"):  # free text; see signed_text for what an & would do
        _put(fields, name, str(envelope.decode(bytes(fields[name]))).replace("&", "＆"))
    text = signed_text(fields, without="output", empties=sender.ring.empties)
    _put(fields, SIGNATURE, sm.sign(own.secret, own.public, text))
    return _encoder.encode(fields)


def _put(fields: Fields, name: str, value: str) -> None:
    fields[name] = msgspec.Raw(_encoder.encode(value))
