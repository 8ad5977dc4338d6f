"""The one ASGI callable that granian serves: gateway, health and the Django site.

The gateway is a plain ASGI application of its own (``tongchou.exchange.asgi``): a hospital's message never passes
Django's request machinery. Static files are sent by granian itself and don't come here.
"""

from __future__ import annotations

import gc
import os
from importlib import import_module
from typing import Any

import django
from django.core.asgi import get_asgi_application

from tongchou.operation import asgi as operation
from tongchou.project import openapi
from tongchou.project.limits import guarded
from tongchou.project.server import end_with_parent

GC_THRESHOLD = 20_000
"""New containers between two runs of the collector; a settlement makes some hundreds that die by themselves."""

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.project.settings")
django.setup()
end_with_parent()  # a worker does not outlive the server that started it

_site = guarded(get_asgi_application())
_gateway: Any = import_module("tongchou.exchange.asgi")  # its models want Django set up first
import_module("tongchou.settlement.planning").warm()  # read the policies now, not while somebody waits at a counter

# What is loaded now lives as long as the process: the collector need not walk it again and again.
gc.collect()
gc.freeze()
gc.set_threshold(GC_THRESHOLD, 20, 100)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Hand each request to whom it concerns."""
    if scope["type"] == "lifespan":
        await _gateway.app(scope, receive, send)  # it alone has something to start and stop
    elif scope["type"] == "http" and operation.is_operation_path(scope["path"]):
        await operation.app(scope, receive, send)
    elif scope["type"] == "http" and scope["path"] == openapi.PATH:
        await openapi.app(scope, receive, send)
    elif scope["type"] == "http" and _gateway.is_gateway_path(scope["path"]):
        await _gateway.app(scope, receive, send)
    else:
        await _site(scope, receive, send)
