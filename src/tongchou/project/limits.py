"""How large a request may be and how long it may take to arrive: options of the server, and a guard in front of the site.

The server (granian) limits the head of a request, the guard its body. The gateway has the same guard of its own in
``exchange.asgi``, because it answers with an envelope. What stands in front (deploy/nginx) has the same limits again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

HEAD_MILLISECONDS = 10_000
"""A head that is not complete by then, or a connection that stays silent so long, is closed."""
HEAD_BYTES = 64 * 1024
BODY_BYTES = 24 * 1024 * 1024
"""The largest import or attachment is 20 MB; the rest is for what surrounds it in a form."""
BODY_SECONDS = int(os.environ.get("TONGCHOU_BODY_SECONDS") or 60)
"""A whole form with its file; 20 MB in a minute is a line of 3 Mbit/s."""
SERVER_OPTIONS = (
    "--http", "1",  # HTTP/2 ends at the proxy; without asking which of the two it is, a silent connection is timed too
    "--http1-header-read-timeout", str(HEAD_MILLISECONDS),
    "--http1-buffer-size", str(HEAD_BYTES),
)  # fmt: skip

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[..., Awaitable[None]]


class _Refused(Exception):
    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text


_TOO_LARGE = (413, f"请求过大：超过 {BODY_BYTES // 1024 // 1024} MB。请拆分文件后重试。")
_TOO_SLOW = (408, f"请求在 {BODY_SECONDS} 秒内没有传完。请检查网络后重试。")
_BROKEN_OFF = (400, "请求不完整。请重试。")


def guarded(app: App) -> App:
    """The same application, to which no body arrives that is too large or too slow: 413 or 408, and the connection ends."""

    async def run(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if _declared_length(scope) > BODY_BYTES:
                raise _Refused(*_TOO_LARGE)
            await app(scope, _watched(receive), watched_send)
            if not started:  # the site says nothing to a client that broke off
                raise _Refused(*_BROKEN_OFF)
        except _Refused as refused:
            if started:
                raise
            await _refuse(send, refused)

    return run


def _watched(receive: Receive) -> Receive:
    """``receive`` that counts the bytes and the time until the body is complete; afterwards it waits as long as one likes."""
    deadline = asyncio.get_running_loop().time() + BODY_SECONDS
    size, complete = 0, False

    async def watched() -> Message:
        nonlocal size, complete
        if complete:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise _Refused(*_TOO_SLOW) from None
        size += len(message.get("body", b""))
        if size > BODY_BYTES:
            raise _Refused(*_TOO_LARGE)
        complete = not message.get("more_body", False)
        return message

    return watched


def _declared_length(scope: dict[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(send: Send, refused: _Refused) -> None:
    body = refused.text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
