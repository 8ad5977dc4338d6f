"""The envelope around every transaction (interface sections 1.1 and 1.2): bytes → Message, output → bytes.

What the input means is not known here.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tongchou.exchange import checker, rejections, tables
from tongchou.exchange.checker import TIME_ZONE
from tongchou.kernel.rejection import Rejection

ERROR_TEXT_LIMIT = 200
"""err_msg is s200."""
_TRANSACTION = re.compile(r"[0-9]{4,6}[A-Z]?")
_AREA = re.compile(r"[0-9]{6}")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A checked message: who sends it, which transaction, and its checked input nodes."""

    transaction: str
    message_id: str
    institution_code: str
    area: str
    operator: str
    operator_name: str
    digest: bytes
    nodes: dict[str, Any]
    received_at: datetime


class _Raw(msgspec.Struct):
    """The top level as it comes; every field is looked at by the checker, ``input`` stays undecoded for the digest."""

    infno: Any = None
    msgid: Any = None
    mdtrtarea_admvs: Any = None
    insuplc_admdvs: Any = None
    recer_sys_code: Any = None
    dev_no: Any = None
    dev_safe_info: Any = None
    cainfo: Any = None
    signtype: Any = None
    infver: Any = None
    opter_type: Any = None
    opter: Any = None
    opter_name: Any = None
    inf_time: Any = None
    fixmedins_code: Any = None
    fixmedins_name: Any = None
    sign_no: Any = None
    enc_type: Any = None
    input: msgspec.Raw = msgspec.Raw(b"")


# JSON numbers with a point reach the checker as text, so that money never becomes a float.
_envelope_decoder = msgspec.json.Decoder(_Raw, float_hook=str)
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=str)
_encoder = msgspec.json.Encoder(decimal_format="number")


# --- in ---------------------------------------------------------------------------------------------------------------


def read(body: bytes, *, path_transaction: str | None, received_at: datetime) -> Message:
    """Decode and check a message.

    Args:
        body: the HTTP body: the JSON object itself, or form-urlencoded with the object in one of its values.
        path_transaction: the transaction number that the address names, if it names one.
        received_at: when the message arrived.

    Raises:
        Rejection: EXCH-001 … EXCH-023.
    """
    raw = _decode_envelope(json_of(body))
    transaction = _transaction_of(raw.infno, path_transaction)
    fields = checker.check_envelope({**msgspec.structs.asdict(raw), "infno": transaction})
    values, text = _input_of(raw)
    return Message(
        transaction=transaction,
        message_id=fields["msgid"],
        institution_code=fields["fixmedins_code"],
        area=_area_of(fields["mdtrtarea_admvs"]),
        operator=fields["opter"],
        operator_name=fields["opter_name"],
        digest=hashlib.sha256(transaction.encode() + b"\n" + text).digest(),
        nodes=checker.check_input(transaction, values),
        received_at=received_at,
    )


def decode(text: bytes, target: msgspec.json.Decoder[Any] = _decoder) -> Any:
    """Decode JSON; numbers with a point come out as text.

    Raises:
        Rejection: EXCH-002 not UTF-8, EXCH-003 not JSON, EXCH-022 a NUL character.
    """
    if b"\\u0000" in text:
        raise rejections.NUL_CHARACTER()
    try:
        return target.decode(text)
    except UnicodeDecodeError:
        raise rejections.NOT_UTF8() from None
    except msgspec.ValidationError:
        raise rejections.NOT_OBJECT() from None
    except RecursionError:
        raise rejections.NOT_JSON(reason="嵌套过深") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise rejections.NOT_JSON(reason=_trouble(str(error))) from None


def _trouble(error: str) -> str:
    """What the decoder found, in words that a vendor's engineer can act on."""
    if "truncated" in error:
        return "内容不完整"
    place = re.search(r"byte ([0-9]+)", error)
    return f"第 {int(place[1]) + 1} 字节处有误" if place else "转义字符有误"


def json_of(body: bytes) -> bytes:
    """The JSON object in a body: the body itself, or the value of a form.

    Raises:
        Rejection: EXCH-001 there is nothing, EXCH-002 a form in another encoding.
    """
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        raise rejections.EMPTY_BODY()
    if not text.startswith(b"{") and b"=" in text and text.isascii():
        try:  # form-urlencoded: the object is one of the values
            pairs = parse_qsl(text.decode("ascii"), errors="strict", max_num_fields=20)
        except UnicodeDecodeError:
            raise rejections.NOT_UTF8() from None
        except ValueError:
            return text
        return next((value.encode() for _, value in pairs if value.lstrip().startswith("{")), text)
    return text


def _decode_envelope(text: bytes) -> _Raw:
    raw: _Raw = decode(text, _envelope_decoder)
    if bytes(raw.input) and raw.msgid is not None and raw.infno is not None:
        return raw
    values, fields = decode(text), _Raw.__struct_fields__
    if not any(key.lower() in fields for key in values if key not in fields):
        return raw
    lowered = {key.lower(): value for key, value in values.items()}  # other capitals
    known = {name: lowered.get(name) for name in fields if name != "input"}
    return _Raw(**known, input=msgspec.Raw(_encoder.encode(lowered.get("input"))))


def _transaction_of(infno: object, path_transaction: str | None) -> str:
    transaction = str(infno) if infno not in (None, "", "null") else path_transaction
    if not transaction:
        raise rejections.NO_TRANSACTION()
    if transaction not in tables.transactions():
        raise rejections.UNKNOWN_TRANSACTION(infno=transaction[:12])
    if path_transaction and transaction != path_transaction:
        raise rejections.TRANSACTION_MISMATCH(path=path_transaction, infno=transaction)
    return transaction


def _area_of(text: str) -> str:
    if not _AREA.fullmatch(text):
        raise rejections.WRONG_TYPE(
            where="", name="mdtrtarea_admvs", caption="就医地医保区划", expected="六位区划代码", field="mdtrtarea_admvs"
        )
    return text


def _input_of(raw: _Raw) -> tuple[dict[str, Any], bytes]:
    """The decoded input and the bytes that the digest covers. The input may also be a JSON string that holds the object."""
    text = bytes(raw.input)
    values = decode(text) if text else None
    if values is None or (isinstance(values, str) and values.strip() in ("", "null")):
        raise rejections.MISSING(where="", name="input", caption="交易输入", field="input")
    if isinstance(values, str):
        text = values.encode()
        if not text.lstrip().startswith(b"{") and raw.enc_type not in (None, "", "null"):
            raise rejections.ENCRYPTED(enc_type=str(raw.enc_type)[:10])
        values = decode(text)
    if not isinstance(values, dict):
        raise rejections.NOT_OBJECT()
    return values, text


# --- out --------------------------------------------------------------------------------------------------------------

_sequence = itertools.count(int.from_bytes(os.urandom(3)) % 1_000_000)


def stamp(moment: datetime) -> str:
    """A time as yyyyMMddHHmmssSSS in the centre's time zone (s17)."""
    local = moment.astimezone(TIME_ZONE)
    return f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}"


def answer(*, area: str, received_at: datetime, now: datetime, output: object) -> bytes:
    """The answer of a transaction that succeeded. ``output`` None is sent as ``{}``, never as null.

    Args:
        area: the area of treatment, first part of inf_refmsgid.
        output: nodes of plain values; amounts are Decimals, which are printed exactly.
    """
    return _envelope(0, area, received_at, now, "", _encoder.encode({} if output is None else output))


def refusal(rejection: Rejection, *, area: str, received_at: datetime, now: datetime) -> bytes:
    """The answer of a transaction that was refused: infcode -1 and the Chinese text with code and remedy."""
    return _envelope(-1, area, received_at, now, error_text(rejection), b"{}")


def error_text(rejection: Rejection) -> str:
    """``【code】message。处理办法:remedy``, cut to the 200 characters of err_msg."""
    return f"【{rejection.code}】{rejection.message}。处理办法:{rejection.remedy}"[:ERROR_TEXT_LIMIT]


def area_in(body: bytes) -> str:
    """The area of treatment of a message that was refused before it was read, as far as it can be found."""
    found = re.search(rb'"mdtrtarea_admvs"\s*:\s*"([0-9]{6})"', body)
    return found.group(1).decode() if found else "000000"


def _envelope(infcode: int, area: str, received_at: datetime, now: datetime, error: str, output: bytes) -> bytes:
    respond_time = stamp(now)
    area = area if _AREA.fullmatch(area) else "000000"
    number = (os.getpid() % 1000) * 10_000_000 + next(_sequence) % 10_000_000
    head = (
        f'{{"infcode":{infcode},"inf_refmsgid":"{area}{respond_time[:14]}{number:010d}",'
        f'"refmsg_time":"{stamp(received_at)}","respond_time":"{respond_time}","err_msg":'
    )
    return b"".join(
        (head.encode(), _encoder.encode(error), b',"output":', output, b',"warn_msg":"","cainfo":"","signtype":""}')
    )


def is_transaction_number(text: str) -> bool:
    """Whether a piece of an address looks like a transaction number."""
    return _TRANSACTION.fullmatch(text) is not None
