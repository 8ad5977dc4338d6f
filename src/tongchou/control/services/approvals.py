"""Two people: handing a case in, deciding it once, withdrawing it, sampling what was decided, blind entry.

A room that has something to be reviewed registers a kind with an executor (``register_kind``). The executor runs in the
transaction of the last approval: what is approved is done, or the approval has not happened. design/ledger.md point 5.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone

from tongchou.control import rejections, rights
from tongchou.control.actor import writing
from tongchou.control.authority import Authority
from tongchou.control.core import approval
from tongchou.control.core.approval import Facts, Refusal, StepRule
from tongchou.control.models import (
    Attachment,
    Case,
    CaseDecision,
    CasePrivate,
    Inspection,
    InspectionItem,
    Operator,
    Post,
    ReviewRule,
)
from tongchou.control.services.calendar import deadline_after
from tongchou.control.services.case_kinds import Change, Execution, Kind, kind_of, kinds, register_kind
from tongchou.control.services.operators import persons_of
from tongchou.control.services.parameters import integer_of
from tongchou.kernel.areas import is_within, prefix_of
from tongchou.kernel.rejection import Rejection

__all__ = ["Change", "Execution", "Kind", "kind_of", "kinds", "register_kind"]
"""Named here too, for whoever asks ``approvals`` for them."""

MOST_BYTES = 20 * 1024 * 1024
_MAGIC = {
    "application/pdf": (b"%PDF-",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (b"PK\x03\x04",),
    "application/vnd.ms-excel": (b"\xd0\xcf\x11\xe0",),
    "text/csv": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that is handed in with a case."""

    name: str
    content_type: str
    content: bytes


_REFUSALS = {
    Refusal.NOT_IDENTIFIED: rejections.NOT_IDENTIFIED,
    Refusal.OWN_CASE: rejections.OWN_CASE,
    Refusal.SECOND_ACCOUNT: rejections.SECOND_ACCOUNT,
    Refusal.OWN_BENEFIT: rejections.OWN_BENEFIT,
    Refusal.DECIDED_BEFORE: rejections.DECIDED_BEFORE,
    Refusal.CHANGED: rejections.PAYLOAD_CHANGED,
}


def steps_of(kind: str, amount: int) -> tuple[StepRule, ...]:
    """The steps that a case of this kind and amount (fen) needs.

    Raises:
        Rejection: CTRL-031 no step is laid down: nothing passes without a second person.
    """
    rules = [
        StepRule(step=rule.step, function=rule.function, title=rule.title, from_amount=rule.from_amount)
        for rule in ReviewRule.objects.filter(kind=kind)
    ]
    steps = approval.steps_for(rules=rules, amount=amount)
    if not steps:
        raise rejections.UNKNOWN_KIND(kind=kind)
    return steps


def request_approval(
    *,
    kind: str,
    subject: str,
    title: str,
    payload: Mapping[str, Any],
    area: str,
    maker: Operator,
    now: datetime,
    amount: int = 0,
    reason: str = "",
    subject_person: str = "",
    deadline: date | None = None,
    attachments: Sequence[Upload] = (),
    replaces: int | None = None,
) -> Case:
    """Hand a case in. Its payload is frozen from here on; ``amount`` in fen; ``subject`` names what it is about.

    Texts that name a person are wrapped: ``Private(text)``. They are kept encrypted, apart from the payload.

    Raises:
        Rejection: CTRL-003 the maker may not, CTRL-029 a case on this subject is pending, CTRL-031 unknown kind,
            CTRL-032 an attachment is refused, CTRL-057 it reaches beyond the area; and what the kind's own check refuses.
    """
    known = kind_of(kind)
    maker.authority.require(known.make, area=area or None, amount=amount)
    content = dict(payload)
    if known.check is not None:
        known.check(content)
    _refuse_beyond(known, content, area)
    shown, private = approval.hide(content, salt=lambda: secrets.token_hex(approval.SALT // 2))
    text = approval.canonical(shown)
    first = steps_of(kind, amount)[0]
    digests = [_checked(upload) for upload in attachments]
    _refuse_second(kind, subject)
    try:
        with writing(reason=reason, area=area):
            case = Case.objects.create(
                kind=kind,
                title=title[:200],
                subject=subject,
                subject_person=subject_person,
                area=area,
                amount=amount,
                payload=text,
                payload_hash=approval.seal(kind=kind, area=area, amount=amount, payload_text=text, attachments=digests),
                reason=reason[:300],
                maker=maker,
                maker_person=maker.person,
                maker_post=maker.post,
                made_at=now,
                deadline=deadline or _usual_deadline(timezone.localdate(now)),
                step=first.step,
                replaces_id=replaces,
            )
            for private_digest, kept in private.items():
                CasePrivate.objects.create(case=case, digest=private_digest, text=kept)
            for upload, digest in zip(attachments, digests, strict=True):
                Attachment.objects.create(
                    case=case,
                    name=upload.name[:120],
                    content_type=upload.content_type,
                    digest=digest,
                    content=upload.content,
                )
    except IntegrityError as error:
        if "case_one_pending_per_subject" not in str(error):
            raise
        raise rejections.CASE_PENDING(subject=subject, case="") from None
    return case


def approve(*, case_id: int, operator: Operator, seen_hash: str, now: datetime, remark: str = "") -> Case:
    """Take the case's current step. After the last one it is carried out, in the same transaction.

    ``seen_hash`` is the seal of what stood on the reviewer's screen.

    Raises:
        Rejection: CTRL-003, CTRL-020 … CTRL-027; what the executor refuses (then nothing was approved).
    """
    with writing(reason=remark, case_id=case_id):
        case = _locked(case_id, operator.authority)
        step = _decide(case, operator, seen_hash, now, approved=True, reason=remark)
        later = [rule for rule in steps_of(case.kind, case.amount) if rule.step > step.step]
        if later:
            case.step = later[0].step
            case.save(update_fields=["step"])
            return case
        case.state, case.resolved_at = Case.State.DONE, now
        case.save(update_fields=["state", "resolved_at"])
        case.outcome = _carry_out(case, operator, now)[:300]
        case.save(update_fields=["outcome"])
    return case


def return_case(*, case_id: int, operator: Operator, seen_hash: str, reason: str, now: datetime) -> Case:
    """Send the case back to its maker, with the reason.

    Raises:
        Rejection: CTRL-028 no reason; CTRL-003, CTRL-020 … CTRL-026.
    """
    if not reason.strip():
        raise rejections.REASON_NEEDED()
    with writing(reason=reason, case_id=case_id):
        case = _locked(case_id, operator.authority)
        _decide(case, operator, seen_hash, now, approved=False, reason=reason.strip())
        case.state, case.resolved_at, case.outcome = Case.State.RETURNED, now, reason.strip()[:300]
        case.save(update_fields=["state", "resolved_at", "outcome"])
    return case


def withdraw(*, case_id: int, operator: Operator, now: datetime) -> Case:
    """Take one's own case back before it is decided.

    Raises:
        Rejection: CTRL-020, CTRL-021, CTRL-030.
    """
    with writing(reason="经办人撤回", case_id=case_id):
        case = Case.objects.select_for_update().filter(pk=case_id).first()
        if case is None:
            raise rejections.UNKNOWN_CASE()
        if case.maker_id != operator.pk:
            raise rejections.NOT_THE_MAKER()
        if case.state != Case.State.PENDING:
            raise rejections.CASE_RESOLVED(state=case.get_state_display())
        case.state, case.resolved_at, case.outcome = Case.State.WITHDRAWN, now, "经办人撤回"
        case.save(update_fields=["state", "resolved_at", "outcome"])
    return case


def visible_case(*, case_id: int, operator: Operator) -> Case:
    """A case that the operator may look at: the own ones, and those of the own area that a held function may decide.

    Raises:
        Rejection: CTRL-020.
    """
    case = Case.objects.filter(pk=case_id).select_related("maker").first()
    if case is None:
        raise rejections.UNKNOWN_CASE()
    if case.maker_id == operator.pk:
        return case
    functions = [rights.CASE_INSPECT, *ReviewRule.objects.filter(kind=case.kind).values_list("function", flat=True)]
    if any(operator.authority.decide(function, area=case.area or None).allowed for function in functions):
        return case
    raise rejections.UNKNOWN_CASE()


def opened(case: Case) -> dict[str, Any]:
    """What was handed in, private texts too. Who shows it to somebody records the reading.

    Raises:
        Rejection: CTRL-027 a private text is not what was handed in; CTRL-050, CTRL-051 it can't be decrypted.
    """
    try:
        return dict(
            approval.reveal(json.loads(case.payload), kept={each.digest: each.text for each in case.private.all()})
        )
    except ValueError:
        raise rejections.PAYLOAD_CHANGED() from None


def veiled(case: Case) -> dict[str, Any]:
    """What was handed in, for the screen: private texts are not shown."""
    return dict(approval.veil(json.loads(case.payload), instead="（个人信息，已加密）"))


def intact(case: Case) -> bool:
    """Is the case still what was handed in, attachments and private texts too, and what each decider saw?

    Raises:
        Rejection: CTRL-050 the key that it was encrypted with is missing.
    """
    try:
        opened(case)
    except Rejection as refused:
        if refused.code == rejections.KEY_MISSING.code:
            raise
        return False
    digests = [hashlib.sha256(bytes(each.content)).hexdigest() for each in case.attachments.order_by("pk")]
    sealed = approval.seal(
        kind=case.kind, area=case.area, amount=case.amount, payload_text=case.payload, attachments=digests
    )
    seen = set(case.decisions.values_list("payload_hash", flat=True))
    return sealed == case.payload_hash and seen <= {sealed}


def queue(*, operator: Operator, now: datetime, kind: str = "", overdue: bool = False) -> list[Case]:
    """The pending cases that this operator may decide now, the most urgent first (复核队列)."""
    wanted = Q()
    for rule in ReviewRule.objects.all():
        if operator.authority.holds(rule.function):
            wanted |= Q(kind=rule.kind, step=rule.step)
    if not wanted or not operator.area:
        return []
    found = Case.objects.filter(wanted, state=Case.State.PENDING).exclude(maker=operator)
    found = found.filter(Q(area="") | Q(area__startswith=prefix_of(operator.area)))
    if operator.person:
        found = found.exclude(maker_person=operator.person).exclude(subject_person=operator.person)
        found = found.exclude(decisions__person=operator.person)
    if kind:
        found = found.filter(kind=kind)
    if overdue:
        found = found.filter(deadline__lt=timezone.localdate(now))
    return list(found.select_related("maker").order_by("deadline", "pk")[:500])


def own_cases(*, operator: Operator, states: Sequence[str] = ()) -> list[Case]:
    """The cases that the operator made, the latest first."""
    found = Case.objects.filter(maker=operator)
    if states:
        found = found.filter(state__in=states)
    return list(found.order_by("-pk")[:200])


def draw_inspection(
    *, operator: Operator, since: date, until: date, size: int, seed: str, now: datetime, kind: str = ""
) -> Inspection:
    """Draw a sample of the cases decided from ``since`` to ``until`` (随机抽查). Same seed, same cases, same sample.

    Only cases of the inspector's area are drawn.
    """
    operator.authority.require(rights.CASE_INSPECT)
    decided = Case.objects.filter(
        Q(area="") | Q(area__startswith=prefix_of(operator.area)),
        state__in=[Case.State.DONE, Case.State.RETURNED],
        resolved_at__date__gte=since,
        resolved_at__date__lte=until,
    )
    if kind:
        decided = decided.filter(kind=kind)
    ids = list(decided.values_list("pk", flat=True))
    with writing(reason="随机抽查"):
        inspection = Inspection.objects.create(
            kind=kind,
            since=since,
            until=until,
            seed=seed,
            size=size,
            population=len(ids),
            drawn_by=operator,
            drawn_at=now,
        )
        drawn = approval.sample(ids=ids, seed=seed, size=size)
        InspectionItem.objects.bulk_create([InspectionItem(inspection=inspection, case_id=each) for each in drawn])
    return inspection


def note_inspection(*, item_id: int, operator: Operator, in_order: bool, finding: str, now: datetime) -> None:
    """Write down what the inspection of a sampled case found.

    Raises:
        Rejection: CTRL-020 no such item; CTRL-024 the inspector had a hand in the case; CTRL-028 no finding stated.
    """
    operator.authority.require(rights.CASE_INSPECT)
    item = InspectionItem.objects.select_related("case").filter(pk=item_id).first()
    if item is None or not operator.authority.decide(rights.CASE_INSPECT, area=item.case.area or None).allowed:
        raise rejections.UNKNOWN_CASE()
    if not in_order and not finding.strip():
        raise rejections.REASON_NEEDED()
    hands = {item.case.maker_person, *item.case.decisions.values_list("person", flat=True)} - {""}
    if operator.person in hands or item.case.maker_id == operator.pk:
        raise rejections.OWN_BENEFIT()
    with writing(reason="抽查结论", case_id=item.case_id):
        item.in_order, item.finding = in_order, finding.strip()[:300]
        item.inspected_by, item.inspected_at = operator, now
        item.save()


def _refuse_second(kind: str, subject: str) -> None:
    waiting = Case.objects.filter(kind=kind, subject=subject, state=Case.State.PENDING).first()
    if waiting is not None:
        raise rejections.CASE_PENDING(subject=subject, case=waiting.pk)


def _carry_out(case: Case, operator: Operator, now: datetime) -> str:
    """Run the executor as the one who gave the last word; what it writes names everybody who had a hand in it."""
    run = Execution(
        case_id=case.pk,
        payload=opened(case),
        maker=case.maker.login,
        decider=operator.login,
        hands=hands_of(case),
        now=now,
    )
    _refuse_beyond(kind_of(case.kind), run.payload, case.area)
    with writing(reason=f"{run.hands}；{case.reason}".rstrip("；")):
        return kind_of(case.kind).execute(run)


def hands_of(case: Case) -> str:
    """Who made the case and who took which step, each with the post: 经办 王秀兰（柜员），复核 李国强（复核）."""
    posts = dict(Post.objects.values_list("code", "name"))
    words = [f"经办 {case.maker.name}（{posts.get(case.maker_post, '—')}）"]
    for each in case.decisions.select_related("operator").order_by("step"):
        words.append(f"{each.title} {each.operator.name}（{posts.get(each.post, '—')}）")
    return "，".join(words)


def _refuse_beyond(kind: Kind, payload: dict[str, Any], area: str) -> None:
    """Nobody decides for an area above the own one."""
    reach = kind.reach(payload) if kind.reach is not None else ""
    if area and reach and not is_within(reach, area):
        raise rejections.BEYOND_THE_CASE(reach=reach, area=area)


def _usual_deadline(start: date) -> date:
    """The deadline of a case without one of its own (限时办结), in working days by the parameter ``case.days``."""
    return deadline_after(start=start, days=integer_of(code="case.days", on=start))


def _locked(case_id: int, authority: Authority) -> Case:
    case = Case.objects.select_for_update().filter(pk=case_id).first()
    if case is None or (case.area and not case.area.startswith(prefix_of(authority.area) if authority.area else "!")):
        raise rejections.UNKNOWN_CASE()
    return case


def _decide(case: Case, operator: Operator, seen_hash: str, now: datetime, *, approved: bool, reason: str) -> StepRule:
    step = next((rule for rule in steps_of(case.kind, case.amount) if rule.step == case.step), None)
    if step is None:
        raise rejections.UNKNOWN_KIND(kind=case.kind)
    operator.authority.require(step.function, area=case.area or None, amount=case.amount if approved else None)
    if operator.password_given_by:
        raise rejections.NOT_IN_HAND(by=operator.password_given_by)
    facts = Facts(
        state=case.state,
        maker=case.maker_id,
        maker_person=case.maker_person,
        subject_person=case.subject_person,
        payload_hash=case.payload_hash,
        deciders=tuple(case.decisions.values_list("person", flat=True)),
    )
    refused = approval.refusal(
        case=facts,
        reviewer=operator.pk,
        persons=persons_of(operator),
        seen_hash=seen_hash,
        pending=Case.State.PENDING,
    )
    if refused is Refusal.NOT_PENDING:
        raise rejections.CASE_RESOLVED(state=case.get_state_display())
    if refused is not None:
        raise _REFUSALS[refused]()
    if approved and not intact(case):
        raise rejections.PAYLOAD_CHANGED()
    CaseDecision.objects.create(
        case=case,
        step=step.step,
        title=step.title,
        operator=operator,
        person=operator.person,
        post=operator.post,
        approved=approved,
        reason=reason[:300],
        payload_hash=seen_hash,
        decided_at=now,
    )
    return step


def _checked(upload: Upload) -> str:
    limit = MOST_BYTES // (1024 * 1024)
    if len(upload.content) > MOST_BYTES:
        raise rejections.ATTACHMENT_REFUSED(name=upload.name, why="文件过大", limit=limit)
    magic = _MAGIC.get(upload.content_type)
    if magic is None or (magic and not upload.content.startswith(magic)):
        raise rejections.ATTACHMENT_REFUSED(name=upload.name, why="不是允许的文件类型", limit=limit)
    if "/" in upload.name or "\\" in upload.name or "\0" in upload.name:
        raise rejections.ATTACHMENT_REFUSED(name=upload.name, why="文件名不正确", limit=limit)
    return hashlib.sha256(upload.content).hexdigest()
