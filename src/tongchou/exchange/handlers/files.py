"""Files: 9101 upload, 9102 download. What is inside them is the business of the transaction that uses them."""

from __future__ import annotations

import base64
import binascii

from tongchou.exchange import rejections
from tongchou.exchange.envelope import Message
from tongchou.exchange.kinds import File, Query, Transaction, Write
from tongchou.exchange.services import fetch_file, store_file
from tongchou.exchange.shapes import moment, node


def upload(message: Message, attachment: bytes | None) -> tuple[object, int]:
    """9101: keep a file. It comes as a part of a multipart body, or in the message as base64 text or array of bytes."""
    data = message.nodes["fsUploadIn"]
    _check_owner(message, data["fixmedins_code"])
    content = attachment if attachment is not None else _bytes_of(data["in"])
    if not content:
        raise rejections.NO_MESSAGE_OBJECT(part="file 的内容")
    stored = store_file(
        institution_code=message.institution_code,
        filename=data["filename"],
        content=content,
        now=message.received_at,
    )
    row = {
        "file_qury_no": stored.number,
        "filename": stored.filename,
        "fixmedins_code": message.institution_code,
        "dld_endtime": moment(stored.expires_at),
    }
    return node("9101", "", row), 0


def download(message: Message) -> object:
    """9102: the bytes of a file; an envelope only when it is refused."""
    data = message.nodes["fsDownloadIn"]
    _check_owner(message, data["fixmedins_code"])
    stored = fetch_file(number=data["file_qury_no"], institution_code=message.institution_code, now=message.received_at)
    return File(stored.content)


def _check_owner(message: Message, inner: str) -> None:
    if inner != message.institution_code:
        raise rejections.OTHER_INSTITUTION(inner=inner, outer=message.institution_code)


def _bytes_of(value: object) -> bytes:
    try:
        if isinstance(value, str):
            return base64.b64decode(value, validate=True)
        if isinstance(value, list):
            return bytes(each % 256 for each in value)  # signed bytes, as some languages print them
    except (ValueError, TypeError, binascii.Error):
        pass
    raise rejections.NO_MESSAGE_OBJECT(part="file")


TRANSACTIONS: dict[str, Transaction] = {"9101": Write(upload), "9102": Query(download)}
