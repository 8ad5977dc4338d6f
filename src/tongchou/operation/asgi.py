"""``/healthz``, ``/readyz`` and ``/metrics``, outside Django's request machinery.

Anyone may ask whether the process lives. Details and figures are for the machine itself and for the networks in
``TONGCHOU_METRICS_ALLOW``; a request that came through a proxy is not the machine itself.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]
PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
_FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip")
_facts: Any = None


def is_operation_path(path: str) -> bool:
    """Is it one of this module's paths?"""
    return path in PATHS


async def app(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """The ASGI callable."""
    if scope["path"] == "/healthz":
        await _answer(send, 200, b"ok\n")
    elif scope["path"] == "/readyz":
        status, body = await asyncio.to_thread(_ready, is_allowed(scope))
        await _answer(send, status, body, b"application/json")
    elif not is_allowed(scope):
        await _answer(send, 404, b"not found\n")
    else:
        body = await asyncio.to_thread(_metrics)
        await _answer(send, 200, body, b"text/plain; version=0.0.4; charset=utf-8")


def is_allowed(scope: dict[str, Any]) -> bool:
    """May this client see details? The connection's own address counts, and no header that a client could write."""
    if any(name in _FORWARDED for name, _ in scope.get("headers", ())):
        return False
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in _networks())


@cache
def _networks() -> tuple[Any, ...]:
    named = os.environ.get("TONGCHOU_METRICS_ALLOW", "")
    return tuple(ipaddress.ip_network(word.strip()) for word in named.split(",") if word.strip())


def _ready(details: bool) -> tuple[int, bytes]:
    """Blocking: asks database and disks."""
    from django.db import close_old_connections

    from tongchou.operation import health

    try:
        found = health.checks(datetime.now(UTC))
    finally:
        close_old_connections()
    ready = health.ready(found)
    answer: dict[str, Any] = {"ready": ready}
    if details:
        answer["checks"] = [asdict(check) for check in found]
    return (200 if ready else 503), json.dumps(answer, ensure_ascii=False).encode()


def _metrics() -> bytes:
    from django.db import close_old_connections

    from tongchou.operation import collector, metrics

    global _facts
    _facts = _facts or collector.Facts()
    try:
        return metrics.render(_facts)
    finally:
        close_old_connections()


async def _answer(send: Send, status: int, body: bytes, content_type: bytes = b"text/plain; charset=utf-8") -> None:
    headers = [(b"content-type", content_type), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
