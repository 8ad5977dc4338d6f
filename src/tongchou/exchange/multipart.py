"""Splits an upload (9101): a text part ``jsonStr`` with the envelope and a binary part with the file."""

from __future__ import annotations

from email.message import Message as HeaderSet
from email.parser import BytesHeaderParser

from tongchou.exchange import rejections

MESSAGE_PARTS = ("jsonStr", "jsonstr", "json")
FILE_PARTS = ("file", "in")


def upload_message(content_type: bytes, body: bytes) -> tuple[bytes, bytes]:
    """The envelope and the file of a multipart/form-data body.

    Raises:
        Rejection: EXCH-025 one of the two parts is missing.
    """
    parts = _parts(content_type, body)
    message = next((parts[name] for name in MESSAGE_PARTS if name in parts), None)
    file = next((parts[name] for name in FILE_PARTS if name in parts), None)
    if message is None or file is None:
        raise rejections.NO_MESSAGE_OBJECT(part="jsonStr" if message is None else "file")
    return message, file


def _parts(content_type: bytes, body: bytes) -> dict[str, bytes]:
    header = HeaderSet()
    header["content-type"] = content_type.decode("latin-1")
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        return {}
    parts = {}
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))[1:]:
        head, separator, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = BytesHeaderParser().parsebytes(head).get_param("name", header="content-disposition")
        if separator and isinstance(name, str):
            parts[name] = content
    return parts
