"""A small HTTP/1.1 client on raw asyncio streams: keep-alive, POST only, and able to hang up before the answer comes."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit

ANSWER_SECONDS = 60
JSON_TYPE = "application/json;charset=UTF-8"


class NoAnswer(Exception):
    """The connection broke or stayed silent: what was asked for may or may not have been done."""


async def listening(url: str) -> None:
    """Return when something listens at the address. An institution waits for a centre that restarts; to begin, it must be there.

    Raises:
        NoAnswer: nothing listens.
    """
    parts = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(parts.hostname or "127.0.0.1", parts.port or 80)
    except (OSError, ValueError) as error:
        raise NoAnswer(str(error)) from None
    writer.close()


class Connection:
    """One connection to the gateway, opened when needed and reopened after it broke. Not shared between tasks."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: bytes, content_type: str = JSON_TYPE) -> bytes:
        """Send a body and return the answer's body.

        Raises:
            NoAnswer: nothing listens, the connection broke, or no answer came in time.
        """
        reused = self._writer is not None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._exchange(path, body, content_type)
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            self.close()
            if reused and isinstance(error, EOFError | ConnectionError):
                return await self.post(path, body, content_type)  # an idle connection that the server had closed
            raise NoAnswer(str(error) or type(error).__name__) from None

    async def post_and_hang_up(self, path: str, body: bytes, after_seconds: float) -> None:
        """Send a body and close the connection without reading the answer. Whether it arrived is not known either."""
        with contextlib.suppress(OSError):
            await self._send(path, body, JSON_TYPE)
            await asyncio.sleep(after_seconds)
        self.close()

    def close(self) -> None:
        """Hang up; the next post opens a new connection."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _exchange(self, path: str, body: bytes, content_type: str) -> bytes:
        reader = await self._send(path, body, content_type)
        head = await reader.readuntil(b"\r\n\r\n")
        status, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        answer = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            self.close()
        if " 200" not in status:
            raise ValueError(f"HTTP {status}")
        return answer

    async def _send(self, path: str, body: bytes, content_type: str) -> asyncio.StreamReader:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        await self._writer.drain()
        return self._reader
