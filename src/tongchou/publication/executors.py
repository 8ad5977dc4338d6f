"""What two people have agreed on: a version comes into the policies, or is taken back before its day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tongchou.control import api as control
from tongchou.control.api import Change, Execution, Kind, Operator
from tongchou.policy.difference import Difference
from tongchou.publication import drafts, rejections, trial
from tongchou.publication.models import Draft, PublishedVersion, Undoing

UNDOING = "policy.undoing"
MOST_LINES = 300
"""Lines of a side-by-side; longer ones are cut, the frozen text has them all."""


def register() -> None:
    """Make the kinds known; called when the room starts."""
    control.register_kind(
        Kind(
            code=drafts.PUBLICATION,
            title="政策发布",
            make=control.rights.POLICY_MAKE,
            execute=_publish,
            describe=_describe,
            check=_check,
        )
    )
    control.register_kind(
        Kind(
            code=UNDOING,
            title="政策发布撤销",
            make=control.rights.POLICY_MAKE,
            execute=_undo,
            describe=_describe_undoing,
            check=lambda payload: _ignore(_to_be_undone(payload, timezone.localdate())),
        )
    )


# -- publishing -------------------------------------------------------------------------------------------------------------


def _check(payload: dict[str, Any]) -> None:
    """What was handed in is sound and still follows what is in force."""
    if PublishedVersion.objects.filter(pack=payload["pack"], starts_on=payload["starts_on"], undoing=None).exists():
        raise rejections.START_TAKEN(pack=payload["pack"], day=payload["starts_on"])
    outcome = trial.attempt(payload["text"], own_cases=payload["cases"], changed={})
    drafts.refuse_unsound(outcome)
    if outcome.base_hash != payload["base"]:
        raise rejections.BASE_CHANGED(pack=payload["pack"])


def _publish(run: Execution) -> str:
    payload = run.payload
    _lock()
    _check(payload)
    version = PublishedVersion.objects.create(
        pack=payload["pack"],
        title=payload["title"],
        starts_on=date.fromisoformat(payload["starts_on"]),
        published_at=run.now,
        hash=payload["hash"],
        text=payload["text"],
        cases=payload["cases"],
        changes=payload["changes"],
        case_id=run.case_id,
        maker=run.maker,
        area=payload["area"],
    )
    Draft.objects.filter(pk=payload["draft"]).update(state=Draft.State.PUBLISHED, changed_at=run.now)
    control.record(
        action="publish",
        object_kind="publication_publishedversion",
        object_id=f"{version.pack}@{version.starts_on}",
        after={"hash": version.hash, "starts_on": payload["starts_on"]},
    )
    late = "，已过生效日期：受影响的结算请用 tongchou resettle 列出" if version.starts_on <= _day(run.now) else ""
    return f"{version.title} 自 {version.starts_on} 起施行，指纹 {version.hash[:12]}{late}"


def _lock() -> None:
    """Publications come one after the other: packs are chained, and what each was checked against must still be true."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('tongchou.publication', 0))")


def _describe(payload: dict[str, Any]) -> Sequence[Change]:
    """The side-by-side of a case: what each changed statement says today and would say, in words."""
    outcome = trial.attempt(payload["text"], own_cases="", changed={}, with_cases=False)
    lines = [_line(change) for change in outcome.differences[:MOST_LINES]]
    if outcome.base_start is None:
        new = "险种第一次采用政策包" if outcome.arranged is not None else "新的政策包"
        first = Change(label=new, before="无", after=f"{payload['title']}（{payload['pack']}）")
        lines = [first, *(lines if outcome.arranged is not None else [])]
    for rule in payload.get("rules", ()):
        lines.append(Change(label=f"规则改动：{rule['words']}", before="见上", after=f"依据：{rule['cite']}"))
    for case, change in payload["expectations"].items():
        for name, value in change["expect"].items():
            lines.append(
                Change(label=f"案例 {case} 的期望 {name}", before="见案例", after=f"{value}（{change['reason']}）")
            )
    return lines


def _line(change: Difference) -> Change:
    source = f"；依据：{change.citation}" if change.citation and change.after else ""
    return Change(
        label=change.label, before=change.before or "无", after=f"{change.after or '取消'}{change.change}{source}"
    )


# -- undoing ------------------------------------------------------------------------------------------------------------------


def propose_undoing(*, version: PublishedVersion, reason: str, maker: Operator, now: datetime) -> int:
    """Ask for a published version to be taken back before its day. Returns the number of the case.

    Raises:
        Rejection: PUBL-009, PUBL-010, PUBL-011; those of ``control.api.request_approval``.
    """
    if not reason.strip():
        raise rejections.REASON_NEEDED(what="撤销理由")
    case = control.request_approval(
        kind=UNDOING,
        subject=f"{version.pack}@{version.starts_on}",
        title=f"撤销尚未生效的政策 {version.title} 自{version.starts_on}起的版本",
        payload={
            "pack": version.pack,
            "starts_on": version.starts_on.isoformat(),
            "hash": version.hash,
            "reason": reason.strip()[:300],
        },
        area=version.area,
        maker=maker,
        reason=reason,
        now=now,
    )
    return int(case.pk)


def _to_be_undone(payload: dict[str, Any], today: date) -> PublishedVersion:
    found = PublishedVersion.objects.filter(
        pack=payload["pack"], starts_on=payload["starts_on"], hash=payload["hash"], undoing=None
    ).first()
    if found is None:
        raise rejections.UNKNOWN_VERSION(pack=payload["pack"], day=payload["starts_on"])
    if found.starts_on <= today:
        raise rejections.IN_FORCE(pack=found.pack, day=found.starts_on)
    needed = trial.broken_without(found)
    if needed:
        raise rejections.STILL_NEEDED(pack=found.pack, day=found.starts_on, first=needed[0].text())
    return found


def _undo(run: Execution) -> str:
    with transaction.atomic():
        _lock()
        version = _to_be_undone(run.payload, _day(run.now))
        Undoing.objects.create(version=version, undone_at=run.now, case_id=run.case_id, reason=run.payload["reason"])
        control.record(
            action="undo", object_kind="publication_publishedversion", object_id=f"{version.pack}@{version.starts_on}",
            reason=run.payload["reason"],
        )  # fmt: skip
    return f"{version.title} 自 {version.starts_on} 起的版本已撤销，未曾生效"


def _describe_undoing(payload: dict[str, Any]) -> Sequence[Change]:
    version = PublishedVersion.objects.filter(
        pack=payload["pack"], starts_on=payload["starts_on"], undoing=None
    ).first()
    lines = [
        Change(label="政策版本", before=f"{payload['pack']} 自 {payload['starts_on']} 起施行", after="撤销，不生效")
    ]
    for words in version.changes if version else []:
        lines.append(Change(label="不再发生的变化", before=words, after="无"))
    return lines


def _day(now: datetime) -> date:
    return timezone.localdate(now)


def _ignore(_: object) -> None:
    """A check's result is not needed, only its refusal."""
