"""The one ASGI callable that granian serves: gateway, health and the Django site.

The gateway is a plain ASGI application of its own (``tongchou.exchange.asgi``): a hospital's message never passes
Django's request machinery. Static files are sent by granian itself and don't come here.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import django
from django.core.asgi import get_asgi_application

from tongchou.operation import asgi as operation
from tongchou.project.server import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.project.settings")
django.setup()
end_with_parent()  # a worker does not outlive the server that started it

_site = get_asgi_application()
_gateway: Any = import_module("tongchou.exchange.asgi") if find_spec("tongchou.exchange.asgi") else None


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Hand each request to whom it concerns."""
    if scope["type"] == "lifespan":
        await _lifespan(scope, receive, send)
    elif scope["type"] == "http" and operation.is_operation_path(scope["path"]):
        await operation.app(scope, receive, send)
    elif scope["type"] == "http" and _gateway is not None and _gateway.is_gateway_path(scope["path"]):
        await _gateway.app(scope, receive, send)
    else:
        await _site(scope, receive, send)


async def _lifespan(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Only the gateway has something to start and stop (its connections); Django has not."""
    if _gateway is not None:
        await _gateway.app(scope, receive, send)
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
