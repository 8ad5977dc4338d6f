"""运行状态: is the system fit to serve, and when was it last backed up?"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

import tongchou
from tongchou.control.api import rights
from tongchou.operation import api as operation
from tongchou.web import queries
from tongchou.web.access import Request, page

BACKUPS_SHOWN = 10


@require_safe
@page(rights.OPERATION_READ)
def state(request: Request) -> HttpResponse:
    """The conditions with their remedies, and the last backups."""
    found = operation.health_checks(timezone.now())
    context = {
        "checks": [_told(check) for check in found],
        "ready": operation.health_ready(found),
        "backups": operation.backups()[-BACKUPS_SHOWN:][::-1],
        "version": tongchou.__version__,
    }
    return render(request, "web/operation/state.html", context)


def _told(check: Any) -> dict[str, Any]:
    """A condition for people: areas by name."""
    kind, _, area = check.name.partition(" ")
    title = f"{kind} {queries.area_name(area)}" if area else kind
    return {"title": title, "ok": check.ok, "vital": check.vital, "detail": check.detail, "remedy": check.remedy}
