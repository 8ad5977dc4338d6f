"""The documented addresses of a running centre as one OpenAPI 3.1 document: gateway, state of the machine, the pages' JSON.

Served at ``/openapi.json`` and printed by ``tongchou openapi``. It names addresses and fields, no data; pages for people are
not in it (they are forms and HTML, and ask for a sign-in).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

import tongchou
from tongchou.exchange import openapi as gateway

PATH = "/openapi.json"
_TEXT = {"text/plain; charset=utf-8": {"schema": {"type": "string"}}}

Schema = dict[str, Any]


def document() -> Schema:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "统筹 Tongchou",
            "version": tongchou.__version__,
            "description": "定点医药机构接口（国家医疗保障信息平台规范）与系统状态。说明见 docs/interface.md、docs/operations/monitoring.md。",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {**_machine(), **_pages(), **gateway.paths()},
        "components": {
            "schemas": gateway.schemas(),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
            },
        },
    }


@cache
def document_bytes() -> bytes:
    """The document as JSON, made once per process."""
    return msgspec.json.encode(document())


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve the document at its address."""
    reading = scope["method"] in ("GET", "HEAD")
    status, body = (200, document_bytes()) if reading else (405, b"")
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"allow", b"GET, HEAD"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})


def _machine() -> Schema:
    checks = {
        "type": "array",
        "items": {"type": "object", "required": ["name", "ok"], "properties": {"name": {"type": "string"}, "ok": {"type": "boolean"}}},
    }  # fmt: skip
    ready = {
        "type": "object",
        "required": ["ready"],
        "properties": {"ready": {"type": "boolean"}, "checks": checks},
        "description": "checks: only for the machine itself and the networks of TONGCHOU_METRICS_ALLOW",
    }
    ready_content = {"application/json": {"schema": ready}}
    metrics = {"text/plain; version=0.0.4; charset=utf-8": {"schema": {"type": "string"}}}
    return {
        "/healthz": _get("health", "the process lives", {"200": _says("alive", _TEXT)}),
        "/readyz": _get(
            "readiness",
            "the process can do its work",
            {"200": _says("ready", ready_content), "503": _says("not ready", ready_content)},
        ),
        "/metrics": _get(
            "metrics",
            "figures for Prometheus",
            {"200": _says("figures", metrics), "404": _says("not for this client", _TEXT)},
        ),
        PATH: _get("document", "this document", {"200": _says("OpenAPI 3.1", {"application/json": {"schema": {"type": "object"}}})}),
    }  # fmt: skip


def _pages() -> Schema:
    """What the scripts of our own pages ask for as JSON or without a body; with the session's cookie only."""
    refused = {"type": "object", "required": ["message", "ended"],
               "properties": {"message": {"type": "string"}, "ended": {"type": "boolean"}}}  # fmt: skip
    page = {"text/html; charset=utf-8": {"schema": {"type": "string"}}}
    away = {"302": _says("not signed in", {}), "403": _says("without the page's token", page)}
    password = {
        "type": "object",
        "required": ["password"],
        "properties": {"password": {"type": "string", "maxLength": 128}},
    }
    opened = {"204": _says("open again", {}), "422": _says("refused", {"application/json": {"schema": refused}})}
    return {
        "/lock/alive/": {"post": {
            "operationId": "lock_alive", "tags": ["pages"], "summary": "somebody is typing: the session is not idle",
            "security": [{"session": [], "csrf": []}], "responses": {"204": _says("noted; X-Locked: 1 when locked", {}), **away},
        }},
        "/lock/open/": {"post": {
            "operationId": "lock_open", "tags": ["pages"], "summary": "open a locked session with the password",
            "security": [{"session": [], "csrf": []}],
            "parameters": [{"name": "X-Lock", "in": "header", "required": True, "schema": {"const": "1"}}],
            "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": password}}},
            "responses": {**opened, **away},
        }},
    }  # fmt: skip


def _get(name: str, summary: str, responses: Schema) -> Schema:
    return {"get": {"operationId": name, "tags": ["machine"], "summary": summary, "responses": responses}}


def _says(description: str, content: Schema) -> Schema:
    return {"description": description, **({"content": content} if content else {})}
