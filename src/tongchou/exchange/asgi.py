"""The gateway as a raw ASGI application: HTTP in, the envelope out. Django's request machinery is not involved.

Everything is answered with HTTP 200, as the interface prescribes; what went wrong stands in the envelope. A bug inside
is logged under a reference number without personal data, and the answer carries that number.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tongchou.exchange import envelope, rejections, signing
from tongchou.exchange.addresses import is_gateway_path, transaction_in_path
from tongchou.exchange.dispatch import Dispatcher
from tongchou.exchange.multipart import upload_message
from tongchou.kernel.rejection import Rejection
from tongchou.operation.api import figures

__all__ = ["app", "is_gateway_path"]

BODY_LIMIT = 4 * 1024 * 1024
UPLOAD_LIMIT = 16 * 1024 * 1024
BODY_SECONDS = int(os.environ.get("TONGCHOU_BODY_SECONDS") or 30)
JSON_TYPE = b"application/json;charset=UTF-8"
FILE_TYPE = b"application/octet-stream"

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_log = logging.getLogger("tongchou.exchange")
_dispatcher: Dispatcher | None = None


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI callable for gateway paths and the lifespan messages."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    body, content_type = await _answer(scope, receive)
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    global _dispatcher
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            _dispatcher = Dispatcher()
        elif _dispatcher is not None:
            _dispatcher.close()
            _dispatcher = None
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _running_dispatcher() -> Dispatcher:
    """The process's dispatcher; a server without lifespan support gets it with the first request."""
    global _dispatcher
    if _dispatcher is None:
        _dispatcher = Dispatcher()
    return _dispatcher


async def _answer(scope: dict[str, Any], receive: Receive) -> tuple[bytes, bytes]:
    received_at = datetime.now(UTC)
    body = b""
    area: str | None = None
    admitted = signing.Admitted(body)
    began, transaction, outcome = time.perf_counter(), "-", "ok"

    def refusal(refused: Rejection) -> tuple[bytes, bytes]:
        known = area or envelope.area_in(body)
        text = envelope.refusal(refused, area=known, received_at=received_at, now=datetime.now(UTC))
        return admitted.seal(text), JSON_TYPE

    # No name keeps an exception beyond its clause: its traceback would keep this frame, and with it the connection's
    # unread body, until the collector comes by; the server goes on reading what a slow client drips as long as that.
    try:
        if scope["method"] != "POST":
            raise rejections.NOT_POST()
        headers = dict(scope["headers"])
        body, attachment = await _message(headers, receive)
        admitted = signing.admit(headers, body, attachment, now=received_at)
        path_transaction = transaction_in_path(scope["path"])
        message = envelope.read(admitted.body, path_transaction=path_transaction, received_at=received_at)
        admitted.speaks_for(message.institution_code)
        area, transaction = message.area, message.transaction
        if attachment is not None:  # another file under the same message id is another request
            message = replace(message, digest=hashlib.sha256(message.digest + attachment).digest())
        answer = await _running_dispatcher().answer(message, attachment)
        return (answer.content, FILE_TYPE) if answer.is_file else (admitted.seal(answer.content), JSON_TYPE)
    except Rejection as rejection:
        outcome = rejection.code
        return refusal(rejection)
    except Exception as error:
        outcome = "bug"
        return refusal(rejections.INTERNAL(reference=_log_bug(error)))
    finally:
        figures.answered(transaction=transaction, outcome=outcome, seconds=time.perf_counter() - began)


async def _message(headers: dict[bytes, bytes], receive: Receive) -> tuple[bytes, bytes | None]:
    """The JSON message, and the file that came with it in a multipart upload (9101)."""
    content_type = headers.get(b"content-type", b"")
    multipart = content_type.lower().startswith(b"multipart/form-data")
    body = await _read_body(receive, UPLOAD_LIMIT if multipart else BODY_LIMIT)
    return upload_message(content_type, body) if multipart else (body, None)


async def _read_body(receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises:
        Rejection: EXCH-005 larger than the limit, EXCH-006 slower than the limit.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                event = await receive()
                if event["type"] == "http.disconnect":
                    raise rejections.TOO_SLOW(seconds=BODY_SECONDS)
                chunk = event.get("body", b"")
                size += len(chunk)
                if size > limit:
                    raise rejections.TOO_LARGE(limit=limit)
                chunks.append(chunk)
                if not event.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        raise rejections.TOO_SLOW(seconds=BODY_SECONDS) from None


def _log_bug(error: Exception) -> str:
    """Log where a bug happened: the kind of the exception and the lines it passed, never its text, which may name people.

    Returns:
        The reference number that the answer carries.
    """
    reference = secrets.token_hex(4).upper()
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    way = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    _log.error("bug %s: %s at %s", reference, type(error).__qualname__, way)
    return reference
