"""Messages to operators in the system, and out of it by text message and mail behind a port."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.module_loading import import_string

from tongchou.control.api import Operator, authority_of, rights
from tongchou.operation.models import Message, OutboundMessage

if TYPE_CHECKING:
    from django.db.models import QuerySet

MOST_ATTEMPTS = 8


class Port(Protocol):
    """What delivers a message outside the system. An exception means: not delivered, try again later."""

    def send(self, *, address: str, title: str, text: str) -> None:
        """Deliver one message."""


class FilePort:
    """Writes messages into a file of the home folder: for the demo, for tests, and where no provider is connected."""

    def __init__(self, name: str) -> None:
        self._path = Path(settings.HOME.root) / "outbox" / f"{name}.jsonl"

    def send(self, *, address: str, title: str, text: str) -> None:
        """Append the message as one line of JSON."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = json.dumps({"address": address, "title": title, "text": text}, ensure_ascii=False)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(line + "\n")


class MailPort:
    """Sends mail through Django's mail settings (EMAIL_*)."""

    def send(self, *, address: str, title: str, text: str) -> None:
        """Send one mail."""
        EmailMessage(subject=title, body=text, to=[address]).send()


def port(channel: str) -> Port:
    """The port of a channel: the class that the setting MESSAGE_PORTS names, or the file."""
    named = getattr(settings, "MESSAGE_PORTS", {}).get(channel)
    return import_string(named)() if named else FilePort(channel)


def tell(
    *,
    operators: Iterable[Operator],
    key: str,
    title: str,
    now: datetime,
    text: str = "",
    link: str = "",
    severity: str = "info",
    due_at: datetime | None = None,
) -> int:
    """Leave a message for operators. The same key to the same operator is left once. Returns how many are new.

    Args:
        key: what the message is about, for example ``plan:12:backup``.
        due_at: a reminder is shown from then on.
    """
    rows = [
        Message(
            recipient=operator,
            key=key[:120],
            severity=severity,
            title=title[:200],
            text=text,
            link=link,
            due_at=due_at or now,
            created_at=now,
        )
        for operator in operators
    ]
    before = Message.objects.filter(key=key[:120]).count()
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    return Message.objects.filter(key=key[:120]).count() - before


def tell_operation(*, key: str, title: str, now: datetime, text: str = "", link: str = "", severity: str) -> int:
    """Leave a message for everybody who may run the system."""
    return tell(
        operators=holders_of(rights.OPERATION_RUN, now),
        key=key,
        title=title,
        now=now,
        text=text,
        link=link,
        severity=severity,
    )


def holders_of(function: str, now: datetime) -> list[Operator]:
    """The active operators who hold a function today."""
    today = now.astimezone().date()
    active = Operator.objects.filter(is_active=True)
    return [operator for operator in active if authority_of(operator=operator, on=today).holds(function)]


def messages_of(operator: Operator, *, now: datetime) -> QuerySet[Message]:
    """An operator's messages that are due, newest first."""
    return Message.objects.filter(recipient=operator, due_at__lte=now).order_by("-due_at", "-pk")


def unread(operator: Operator, *, now: datetime) -> int:
    """How many due messages an operator has not read."""
    return messages_of(operator, now=now).filter(read_at=None).count()


def mark_read(*, operator: Operator, now: datetime, message_id: int | None = None) -> int:
    """Mark one message, or all that are due, as read. Another's message is not found. Returns how many."""
    found = messages_of(operator, now=now).filter(read_at=None)
    if message_id is not None:
        found = found.filter(pk=message_id)
    return found.update(read_at=now)


def send_out(*, key: str, channel: str, address: str, title: str, text: str, now: datetime) -> OutboundMessage:
    """Hand a text message or mail to the outbox, in the caller's transaction; the same key is sent once."""
    message, _ = OutboundMessage.objects.get_or_create(
        key=key[:120],
        defaults={"channel": channel, "address": address, "title": title, "text": text, "created_at": now},
    )
    return message


def deliver(*, now: datetime, most: int = 200) -> int:
    """Deliver what waits in the outbox. A failure waits longer each time and is given up after eight. Returns how many.

    Each message is one transaction that holds its row, so two workers never send the same one. A worker that dies
    between sending and committing sends that one message again: providers give no better promise.
    """
    sent = 0
    due = OutboundMessage.objects.filter(status=OutboundMessage.Status.WAITING).order_by("pk")
    for pk in list(due.values_list("pk", flat=True)[:most]):
        with transaction.atomic():
            message = (
                OutboundMessage.objects.select_for_update(skip_locked=True).filter(pk=pk, status="waiting").first()
            )
            if message is None or not _is_due(message, now):
                continue
            sent += _deliver(message, now)
    return sent


def _deliver(message: OutboundMessage, now: datetime) -> int:
    message.attempts += 1
    try:
        port(message.channel).send(address=message.address, title=message.title, text=message.text)
    except Exception as error:  # whatever a provider's library raises: it is tried again
        message.error = type(error).__name__
        if message.attempts >= MOST_ATTEMPTS:
            message.status = OutboundMessage.Status.FAILED
    else:
        message.status, message.sent_at, message.error = OutboundMessage.Status.SENT, now, ""
        message.address = message.text = ""  # delivered: the address and what was said are no longer ours to keep
    message.save()
    return int(message.status == OutboundMessage.Status.SENT)


def _is_due(message: OutboundMessage, now: datetime) -> bool:
    """The first try at once, then after 1, 2, 4 … minutes."""
    waited: Any = now - message.created_at
    return message.attempts == 0 or waited >= timedelta(minutes=2**message.attempts - 1)
