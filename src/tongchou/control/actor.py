"""Who acts: carried beside the call, so that each written row can say who wrote it, from where, in which post."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from django.db import connection, transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An operator at work, or a program (``channel`` cli, job, gateway) without one."""

    operator: str = ""
    post: str = ""
    address: str = ""
    channel: str = "cli"
    area: str = ""
    reason: str = ""
    case_id: int | None = None


_NOBODY = Actor()
_current: ContextVar[Actor] = ContextVar("actor", default=_NOBODY)


def current_actor() -> Actor:
    """Who acts in this call."""
    return _current.get()


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Everything inside is done by this actor."""
    token = _current.set(actor)
    try:
        yield
    finally:
        _current.reset(token)


def set_actor(actor: Actor) -> None:
    """The rest of this context (one request) is done by this actor."""
    _current.set(actor)


@contextmanager
def writing(*, reason: str | None = None, case_id: int | None = None, area: str | None = None) -> Iterator[Actor]:
    """One transaction whose changes of watched tables enter the trail under the current actor."""
    actor = current_actor()
    actor = replace(
        actor,
        reason=actor.reason if reason is None else reason,
        case_id=actor.case_id if case_id is None else case_id,
        area=actor.area if area is None else area,
    )
    settings = {
        "operator": actor.operator,
        "post": actor.post,
        "address": actor.address,
        "channel": actor.channel,
        "area": actor.area,
        "reason": actor.reason,
        "case": "" if actor.case_id is None else str(actor.case_id),
    }
    with transaction.atomic(), acting(actor):
        with connection.cursor() as cursor:
            calls = ", ".join(f"set_config('tongchou.{name}', %s, true)" for name in settings)
            cursor.execute(f"SELECT {calls}", list(settings.values()))
        yield actor
