"""Writing the trail, searching it, exporting it. Sealing and verifying are in ``services.sealing``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q

from tongchou.control.actor import Actor, current_actor
from tongchou.control.models import Trail

READ, UNMASK, EXPORT = "read", "unmask", "export"
"""Actions of looking; all others change something."""


def record(
    *,
    action: str,
    object_kind: str,
    object_id: str = "",
    person_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    actor: Actor | None = None,
) -> None:
    """Add one row to the trail, in the transaction that is open. Who acts comes from ``control.actor``."""
    who = actor or current_actor()
    row = {
        "area": who.area,
        "channel": who.channel,
        "operator": who.operator,
        "post": who.post,
        "address": who.address,
        "action": action,
        "object_kind": object_kind,
        "object_id": object_id[:60],
        "person_id": person_id,
        "case_id": who.case_id,
        "before": None if before is None else _text(before),
        "after": None if after is None else _text(after),
        "reason": (reason or who.reason)[:300],
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT control_trail_add(%s::json)", [json.dumps([row])])


def record_reading(
    *, persons: Sequence[int], object_kind: str, object_id: str = "", reason: str = "", action: str = READ
) -> None:
    """Note that the current actor reads personal data of these persons, one row each (谁看过我的信息)."""
    who = current_actor()
    rows = [
        {
            "area": who.area,
            "channel": who.channel,
            "operator": who.operator,
            "post": who.post,
            "address": who.address,
            "action": action,
            "object_kind": object_kind,
            "object_id": object_id[:60],
            "person_id": person,
            "reason": reason[:300],
        }
        for person in dict.fromkeys(persons)
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute("SELECT control_trail_add(%s::json)", [json.dumps(rows)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the audit screen looks for; empty fields ask nothing. ``since`` and ``until`` are days, both included."""

    since: date
    until: date
    operator: str = ""
    action: str = ""
    object_kind: str = ""
    object_id: str = ""
    person_id: int | None = None
    case_id: int | None = None
    area: str = ""


def search(*, asked: Search, limit: int = 200, before_seq: int | None = None) -> list[Trail]:
    """Rows of the trail, the latest first."""
    wanted = Q(day__gte=asked.since, day__lte=asked.until)
    for name in ("operator", "action", "object_kind", "object_id", "person_id", "case_id"):
        value = getattr(asked, name)
        if value not in ("", None):
            wanted &= Q(**{name: value})
    if asked.area:
        wanted &= Q(area__startswith=asked.area) | Q(area="")
    if before_seq is not None:
        wanted &= Q(seq__lt=before_seq)
    return list(Trail.objects.filter(wanted).order_by("-seq")[:limit])


def readings_of(*, person_id: int, limit: int = 500) -> list[Trail]:
    """Who looked at a person's data, the latest first: the answer to 谁看过我的信息."""
    looked = Trail.objects.filter(person_id=person_id, action__in=[READ, UNMASK, EXPORT])
    return list(looked.order_by("-seq")[:limit])


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
