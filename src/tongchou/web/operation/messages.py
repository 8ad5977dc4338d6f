"""消息: what the system tells an operator."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from tongchou.operation import api as operation
from tongchou.web.access import SIGNED_IN, Request, page

SHOWN = 100


@require_safe
@page(SIGNED_IN)
def inbox(request: Request) -> HttpResponse:
    """The operator's own messages, newest first."""
    found = list(operation.messages_of(request.user, now=timezone.now())[:SHOWN])
    return render(
        request, "web/operation/messages.html", {"found": found, "new": sum(not one.read_at for one in found)}
    )


@require_POST
@page(SIGNED_IN)
def read(request: Request) -> HttpResponse:
    """Mark one message as read and go where it leads, or mark all."""
    given = request.POST.get("message", "")
    if not given:
        operation.mark_read(operator=request.user, now=timezone.now())
        return redirect("messages")
    if not given.isdecimal():
        raise Http404
    message = operation.messages_of(request.user, now=timezone.now()).filter(pk=int(given[:18])).first()
    if message is None:
        raise Http404
    operation.mark_read(operator=request.user, now=timezone.now(), message_id=message.pk)
    own = url_has_allowed_host_and_scheme(message.link, allowed_hosts=None)
    return redirect(message.link if message.link and own else "messages")
