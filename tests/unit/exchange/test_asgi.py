"""The ASGI edge: bodies that are too large, too slow or cut off, and what happens after an oversight of our own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tongchou.exchange import asgi


class Client:
    """Speaks ASGI to the gateway: gives the chunks of a body, then stays silent; keeps what comes back."""

    def __init__(self, *chunks: bytes, more: bool = False, method: str = "POST") -> None:
        self._events: Iterator[dict[str, Any]] = iter(
            [
                {"type": "http.request", "body": chunk, "more_body": more or number < len(chunks) - 1}
                for number, chunk in enumerate(chunks)
            ]
        )
        self.scope = {"type": "http", "method": method, "path": "/CSB", "headers": []}
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        event = next(self._events, None)
        if event is None:
            await asyncio.sleep(3600)
            raise AssertionError
        return event

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def call(self) -> dict[str, Any]:
        asyncio.run(asgi.app(self.scope, self.receive, self.send))
        start, body = self.sent
        assert start["status"] == 200
        assert dict(start["headers"])[b"content-length"] == str(len(body["body"])).encode()
        return dict(json.loads(body["body"]))


def test_a_slow_body_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.05)
    assert "EXCH-006" in Client(b"{", more=True).call()["err_msg"]


def test_a_large_body_is_refused_while_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "BODY_LIMIT", 10)
    assert "EXCH-005" in Client(b"{" * 6, b"{" * 6, b"never read").call()["err_msg"]


def test_a_body_in_pieces() -> None:
    assert "EXCH-008" in Client(b'{"infno":', b'"9999"}').call()["err_msg"]


def test_a_bug_is_answered_with_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: object, **__: object) -> None:
        raise ZeroDivisionError("张三")

    monkeypatch.setattr("tongchou.exchange.envelope.read", bug)
    answer = Client(b'{"mdtrtarea_admvs":"629900"}').call()
    assert answer["infcode"] == -1
    assert "EXCH-099" in answer["err_msg"]
    assert "张三" not in answer["err_msg"]
    assert answer["inf_refmsgid"].startswith("629900")
    assert answer["output"] == {}


def test_lifespan_starts_and_stops() -> None:
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return next(events)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    asyncio.run(asgi.app({"type": "lifespan"}, receive, send))  # type: ignore[arg-type]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
