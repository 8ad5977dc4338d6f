"""The one read of the hot path: everything that a batch of requests needs, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tongchou.settlement import planning
from tongchou.settlement.core.inputs import PurchaseInput, Request, SettleInput
from tongchou.settlement.core.snapshots import FamilySnapshot, LineGroup, Snapshot
from tongchou.settlement.core.tables import MED_TYPES
from tongchou.settlement.database import as_json, run
from tongchou.settlement.sealed import open_text

LOCAL = ZoneInfo("Asia/Shanghai")

_SNAPSHOTS = """
SELECT n, snapshot, (SELECT number FROM publication_revision LIMIT 1) FROM settlement_snapshots(%s::json)
"""
_decoder = msgspec.json.Decoder(Snapshot, dec_hook=open_text)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What one request needs to know. ``day`` is the service day where the request itself fixes it."""

    institution: str
    message: str
    person: str
    scheme: str
    day: date | None
    today: date
    stay: bool = False
    encounter: int | None = None
    batch: str = ""


def question_of(*, request: Request, institution_code: str, message_id: str, now: datetime) -> Question:
    """The question a settlement request asks."""
    today = local_day(now)
    if isinstance(request, PurchaseInput):
        return Question(
            institution=institution_code,
            message=message_id,
            person=request.person_number,
            scheme=request.scheme,
            day=local_day(request.begin_at),
            today=today,
        )
    med_type = MED_TYPES.get(request.med_type)
    return Question(
        institution=institution_code,
        message=message_id,
        person=request.person_number,
        scheme=request.scheme,
        day=None,
        today=today,
        stay=not request.med_type or (med_type is not None and med_type.stay),  # only stays leave it out
        encounter=request.encounter_id,
        batch=batch_of(request),
    )


def batch_of(request: SettleInput) -> str:
    """The batch to settle, empty for all (a stay is settled whole)."""
    return "" if request.batch == "0000" else request.batch


def read_snapshots(questions: Sequence[Question]) -> list[Snapshot]:
    """The snapshots in the order of the questions: one round trip for all."""
    rows: list[dict[str, Any]] = [
        {
            "n": number,
            "institution": question.institution,
            "message": question.message,
            "person": question.person,
            "scheme": question.scheme,
            "day": question.day,
            "today": question.today,
            "stay": question.stay,
            "encounter": question.encounter,
            "batch": question.batch,
        }
        for number, question in enumerate(questions)
    ]
    found = run(_SNAPSHOTS, (as_json(rows),))
    by_number = {number: snapshot for number, snapshot, _ in found}
    if found:
        planning.follow(found[0][2] or 0)
    return [_decoder.decode(by_number[number]) for number in range(len(questions))]


_GROUPS = """
SELECT (coalesce(o.occurred_at, f.occurred_at) AT TIME ZONE 'Asia/Shanghai')::date, coalesce(f.item_kinds, ''),
       f.charge_type, f.item_class, count(*), sum(f.out_of_scope)::bigint, sum(f.over_limit)::bigint,
       sum(f.prior_self_pay)::bigint, sum(f.in_scope)::bigint, max(f.xmin::text::bigint)
FROM settlement_feeline f LEFT JOIN settlement_feeline o
    ON o.fee_month = f.fee_month AND o.encounter_id = f.encounter_id AND o.line_no = f.original_line_no
WHERE f.fee_month = %s AND f.encounter_id = %s AND f.settlement_id IS NULL AND (%s = '' OR f.batch = %s)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


def read_line_groups(*, month: date, encounter_id: int, batch: str) -> list[LineGroup]:
    """An encounter's unsettled lines by day, kind and class; a round trip of its own, for the plans that need it."""
    return [LineGroup(*row) for row in run(_GROUPS, (month, encounter_id, batch, batch))]


_family = msgspec.json.Decoder(FamilySnapshot)


def read_family(*, person: int, scheme: str, day: date) -> FamilySnapshot | None:
    """The family account that a person may pay from on a day; a round trip of its own, for requests that ask for it."""
    (found,) = run("SELECT accounts_family_snapshot(%s, %s, %s)::text", (person, scheme, day))[0]
    return None if found is None else _family.decode(found)


def local_text(moment: datetime) -> str:
    """A time in China as people read it."""
    return f"{moment.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}"


def local_day(moment: datetime) -> date:
    """The day in China."""
    return moment.astimezone(LOCAL).date()
