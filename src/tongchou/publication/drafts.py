"""Drafts: made from a version in force or from an uploaded pack, edited, tried out, handed in, withdrawn."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tongchou.control import api as control
from tongchou.control.api import Operator
from tongchou.policy import PolicyBook, PolicyErrors
from tongchou.policy.amending import Amendment, amended
from tongchou.policy.book import Version, content_hash
from tongchou.policy.casedata import case_data, expectations
from tongchou.policy.caseread import read_case_file
from tongchou.policy.editing import Edit, edited
from tongchou.policy.nodes import Map, Scalar, parse_yaml
from tongchou.policy.overlays import written
from tongchou.publication import rejections, store, trial
from tongchou.publication.models import Draft
from tongchou.publication.trial import Trial

LARGEST = 2 * 1024 * 1024
"""Bytes of a text that is accepted; real packs have some tens of thousands."""
MOST_FILES = 100
PUBLICATION = "policy.publication"


# -- making -----------------------------------------------------------------------------------------------------------------


def draft_from(*, version: Version, starts_on: date, operator: Operator, area: str, now: datetime) -> Draft:
    """A draft of the next version of a pack: the version's own text, from another day on."""
    operator.authority.require(control.rights.POLICY_MAKE, area=area)
    text = store.text_of(version.tree)
    return begin(
        reason="建立政策草稿", operator=operator, area=area, now=now,
        pack=version.pack.id, title=version.pack.title, base=content_hash(version.tree), base_text=text,
        starts_on=starts_on, text=amended(text, version.pack.file, (), start=starts_on),
    )  # fmt: skip


def draft_from_upload(*, name: str, content: bytes, operator: Operator, area: str, now: datetime) -> Draft:
    """A draft of an uploaded pack: a YAML file, or a zip with one pack and its cases.

    Raises:
        Rejection: PUBL-008 what the upload lacks.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=area)
    text, cases = unpack(name, content)
    tree = _parsed(text)
    start = _start(tree)
    return begin(
        reason="上传政策草稿", operator=operator, area=area, now=now,
        pack=store.pack_name(tree)[:80], title=_text(tree, "title")[:200], starts_on=start, text=text, cases=cases,
    )  # fmt: skip


def begin(*, reason: str, operator: Operator, area: str, now: datetime, pack: str, **content: Any) -> Draft:
    """Keep a new draft; the trail names it."""
    with control.writing(reason=f"{reason} {pack}", area=area):
        draft = Draft.objects.create(pack=pack, maker=operator, area=area, created_at=now, changed_at=now, **content)
        control.record(action="insert", object_kind="publication_draft", object_id=str(draft.pk), after=_summary(draft))
    return draft


def unpack(name: str, content: bytes) -> tuple[str, str]:
    """The text of the pack and of its case file (empty where there is none).

    Raises:
        Rejection: PUBL-008.
    """
    if len(content) > LARGEST:
        raise rejections.NOT_A_PACK(why=f"超过{LARGEST // 1024 // 1024}兆字节")
    if not content.startswith(b"PK\x03\x04"):
        return _decoded(name, content), ""
    packs: list[str] = []
    cases: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [info for info in archive.infolist() if info.filename.endswith((".yaml", ".yml"))]
            if len(files) > MOST_FILES or sum(info.file_size for info in files) > LARGEST:
                raise rejections.NOT_A_PACK(why="文件过多或过大")
            for info in files:
                text = _decoded(info.filename, archive.read(info))
                (cases if "cases" in info.filename.split("/")[:-1] else packs).append(text)
    except zipfile.BadZipFile:
        raise rejections.NOT_A_PACK(why="zip文件已损坏") from None
    if len(packs) != 1:
        raise rejections.NOT_A_PACK(why=f"应有一个政策包，找到{len(packs)}个（案例请放在cases目录）")
    if len(cases) > 1:
        raise rejections.NOT_A_PACK(why=f"cases目录应有一个案例文件，找到{len(cases)}个")
    return packs[0], cases[0] if cases else ""


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise rejections.NOT_A_PACK(why=f"{name}不是UTF-8编码的文字") from None


def _parsed(text: str) -> Map:
    try:
        tree = parse_yaml(text, trial.DRAFT_FILE)
    except PolicyErrors as errors:
        raise rejections.NOT_A_PACK(why=errors.findings[0].text()) from None
    if not isinstance(tree, Map) or not store.pack_name(tree):
        raise rejections.NOT_A_PACK(why="没有写pack: 包名")
    if "/" in store.pack_name(tree):
        raise rejections.NOT_A_PACK(why="包名里不能有“/”")
    return tree


def _text(tree: Map, key: str) -> str:
    node = tree.get(key)
    return node.text if isinstance(node, Scalar) else ""


def _start(tree: Map) -> date:
    version = tree.get("version")
    node = version.get("from") if isinstance(version, Map) else None
    try:
        return date.fromisoformat(node.text if isinstance(node, Scalar) else "")
    except ValueError:
        raise rejections.NOT_A_PACK(why="没有写version: {from: 生效日期}") from None


def _summary(draft: Draft) -> dict[str, Any]:
    rules = [{"words": entry["words"], "cite": entry["cite"]} for entry in draft.edits]
    return {
        "pack": draft.pack,
        "starts_on": draft.starts_on.isoformat(),
        "amendments": draft.amendments,
        "rules": rules,
    }


# -- reading and editing -------------------------------------------------------------------------------------------------------


def visible(*, draft_id: int, area: str) -> Draft:
    """A draft of the operator's pooling area.

    Raises:
        Rejection: PUBL-001.
    """
    found = Draft.objects.filter(pk=draft_id, area=area).select_related("maker").first()
    if found is None:
        raise rejections.UNKNOWN_DRAFT(draft=draft_id)
    return found


def parameters_of(text: str) -> dict[tuple[int, int], str]:
    """Where each parameter of a text is written, and its name."""
    tree = parse_yaml(text, trial.DRAFT_FILE)
    return {node.span: path for path, node in written(tree).items()} if isinstance(tree, Map) else {}


def base_version(draft: Draft) -> Version | None:
    """The version that a draft changes, or what an uploaded text says; ``None`` where it can't be read."""
    text = draft.base_text or draft.text
    try:
        tree = parse_yaml(text, trial.DRAFT_FILE)
    except PolicyErrors:
        return None
    versions = PolicyBook([tree]).packs.get(draft.pack, ()) if isinstance(tree, Map) else ()
    return versions[0] if versions else None


def amend(
    *,
    draft: Draft,
    starts_on: date,
    note: str,
    changes: Mapping[str, tuple[str, str]],
    operator: Operator,
    now: datetime,
) -> Draft:
    """Set the day, the note, and all changed numbers (parameter → value, article) of a draft made from a version in force.

    An uploaded draft is changed with :func:`replace_text`.

    Raises:
        Rejection: PUBL-002 not open, POL-050 … POL-052 a value does not fit. PolicyErrors: a change cites no article.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=draft.area)
    refuse_closed(draft)
    draft.starts_on, draft.note, draft.changed_at = starts_on, note[:300], now
    draft.amendments = [{"parameter": name, "value": value, "cite": cite} for name, (value, cite) in changes.items()]
    draft.text = text_of_changes(draft)
    return saved(draft, ["text", "starts_on", "note", "amendments", "changed_at"], "修改政策草稿")


def text_of_changes(draft: Draft) -> str:
    """The text of the base with the changed numbers, then with the changed rules in their order.

    Raises:
        PolicyErrors, Rejection: see ``amended`` and ``edited``.
    """
    numbers = [Amendment(entry["parameter"], entry["value"], entry["cite"]) for entry in draft.amendments]
    replaces = _replaces(draft, draft.starts_on, draft.note or next((entry.cite for entry in numbers), ""))
    text = amended(
        draft.base_text, trial.DRAFT_FILE, numbers, start=draft.starts_on, note=draft.note, replaces=replaces
    )
    steps = [
        Edit(e["do"], tuple(e["at"]), json.loads(e["value"]), e["index"])
        for entry in draft.edits
        for e in entry["edits"]
    ]
    return edited(text, steps, trial.DRAFT_FILE)


def _replaces(draft: Draft, starts_on: date, words: str) -> str:
    """What to write where the old version names a last day that the new one does not wait for."""
    base = base_version(draft)
    until = base.pack.until if base is not None else None
    return (words or "由本版本代替") if until is not None and starts_on <= until else ""


def replace_text(*, draft: Draft, text: str, operator: Operator, now: datetime) -> Draft:
    """Another text for an uploaded draft.

    Raises:
        Rejection: PUBL-002, PUBL-008.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=draft.area)
    refuse_closed(draft)
    tree = _parsed(text)
    draft.text, draft.starts_on, draft.changed_at, draft.edits = text, _start(tree), now, []
    draft.pack, draft.title = store.pack_name(tree)[:80], _text(tree, "title")[:200]
    return saved(draft, ["text", "starts_on", "pack", "title", "edits", "changed_at"], "修改政策草稿")


def change_expectation(
    *, draft: Draft, case: str, expect: Mapping[str, str], reason: str, operator: Operator, now: datetime
) -> Draft:
    """Write down what a case gives under the new version, worked out by hand, and why it changes.

    Raises:
        Rejection: PUBL-002, PUBL-011 no reason, PUBL-012 the case has no such expectation.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=draft.area)
    refuse_closed(draft)
    known = next((c for c in tried(draft).cases if c.id == case), None)
    for key in expect:
        if known is None or key not in known.expected:
            raise rejections.NO_SUCH_CASE(case=case, key=key)
    if not reason.strip():
        raise rejections.REASON_NEEDED(what="期望改变的理由和算式")
    draft.expectations = {**draft.expectations, case: {"expect": dict(expect), "reason": reason.strip()[:500]}}
    draft.changed_at = now
    return saved(draft, ["expectations", "changed_at"], f"修改案例期望 {case}")


def keep_expectation(*, draft: Draft, case: str, operator: Operator, now: datetime) -> Draft:
    """Take a changed expectation back.

    Raises:
        Rejection: PUBL-002.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=draft.area)
    refuse_closed(draft)
    draft.expectations = {name: change for name, change in draft.expectations.items() if name != case}
    draft.changed_at = now
    return saved(draft, ["expectations", "changed_at"], f"恢复案例期望 {case}")


def attach_cases(*, draft: Draft, content: bytes, operator: Operator, now: datetime) -> Draft:
    """A case file of the draft's own, in place of the one before.

    Raises:
        Rejection: PUBL-002, PUBL-008.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=draft.area)
    refuse_closed(draft)
    text = _decoded("案例文件", content)
    read_own_cases(text)
    draft.cases, draft.changed_at = text, now
    return saved(draft, ["cases", "changed_at"], "上传草稿案例")


def read_own_cases(text: str) -> None:
    """Read a case file, to refuse what is none.

    Raises:
        Rejection: PUBL-008.
    """
    try:
        tree = parse_yaml(text, "案例文件")
        if not isinstance(tree, Map):
            raise rejections.NOT_A_PACK(why="案例文件应为“键: 值”的形式")
        read_case_file(tree)
        [expectations(case) for case in case_data(tree)]
    except PolicyErrors as errors:
        raise rejections.NOT_A_PACK(why=errors.findings[0].text()) from None
    except (TypeError, ValueError, AttributeError):
        raise rejections.NOT_A_PACK(why="案例文件的写法不对，见手册第14节") from None


def refuse_closed(draft: Draft) -> None:
    """Refuse to change what is not open.

    Raises:
        Rejection: PUBL-002.
    """
    fresh = Draft.objects.filter(pk=draft.pk).values_list("state", flat=True).first()
    if fresh != Draft.State.OPEN:
        raise rejections.NOT_OPEN(draft=draft.pk, state=Draft.State(fresh or Draft.State.WITHDRAWN).label)


def saved(draft: Draft, fields: list[str], reason: str) -> Draft:
    """Keep the changed fields; the trail names them."""
    with control.writing(reason=reason, area=draft.area):
        draft.save(update_fields=fields)
        control.record(action="update", object_kind="publication_draft", object_id=str(draft.pk), after=_summary(draft))
    return draft


# -- trying, handing in -------------------------------------------------------------------------------------------------------


def tried(draft: Draft, *, with_cases: bool = True) -> Trial:
    """The draft tried out: findings, differences, cases."""
    return trial.attempt(draft.text, own_cases=draft.cases, changed=draft.expectations, with_cases=with_cases)


def hand_in(*, draft: Draft, reason: str, operator: Operator, now: datetime) -> int:
    """Hand the draft in for review. Returns the number of the case.

    Raises:
        Rejection: PUBL-002 … PUBL-007, PUBL-011; those of ``control.api.request_approval``.
    """
    refuse_closed(draft)
    if not reason.strip():
        raise rejections.REASON_NEEDED(what="提交理由")
    payload = payload_of(draft)
    with control.writing(reason=reason, area=draft.area):
        case = control.request_approval(
            kind=PUBLICATION,
            subject=f"{draft.pack}@{draft.starts_on}",
            title=f"发布政策 {draft.title} 自{draft.starts_on}起",
            payload=payload,
            area=draft.area,
            maker=operator,
            reason=reason,
            now=now,
        )
        draft.state, draft.case_id, draft.changed_at = Draft.State.SUBMITTED, int(case.pk), now
        draft.save(update_fields=["state", "case_id", "changed_at"])
    return int(case.pk)


def payload_of(draft: Draft) -> dict[str, Any]:
    """What is frozen with the case: the whole text, its fingerprint, the cases, what changes in words.

    Raises:
        Rejection: PUBL-003 … PUBL-005.
    """
    outcome = tried(draft)
    refuse_unsound(outcome, base_text=draft.base_text)
    return {
        "draft": draft.pk,
        "area": draft.area,
        "pack": draft.pack,
        "title": draft.title,
        "starts_on": draft.starts_on.isoformat(),
        "base": outcome.base_hash,
        "hash": outcome.hash,
        "text": draft.text,
        "cases": trial.published_cases(outcome.cases),
        "changes": [change.words for change in outcome.differences],
        "rules": [{"words": entry["words"], "cite": entry["cite"]} for entry in draft.edits],
        "expectations": json.loads(json.dumps(draft.expectations)),
    }


def refuse_unsound(outcome: Trial, *, base_text: str = "") -> None:
    """Refuse a draft that the checker or a case does not let pass, or that changes nothing.

    Raises:
        Rejection: PUBL-003, PUBL-004, PUBL-005, PUBL-011 an arrangement that cites no document.
    """
    if outcome.errors or outcome.start is None:
        first = outcome.errors[0].text() if outcome.errors else "没有写pack"
        raise rejections.TEXT_REFUSED(count=max(len(outcome.errors), 1), first=first)
    if outcome.base_start is not None and all(change.address == "version" for change in outcome.differences):
        raise rejections.NOTHING_CHANGED(base=outcome.base_words)
    if outcome.arranged is not None and not outcome.arranged.place.cite:
        raise rejections.REASON_NEEDED(what="采用的依据（文件和条款）")
    if outcome.failing:
        case = outcome.failing[0]
        raise rejections.CASES_FAIL(count=len(outcome.failing), first=f"{case.id}：{case.result.failures[0]}")


def withdraw(*, draft: Draft, operator: Operator, now: datetime) -> Draft:
    """Give a draft up; its case, if it waits for review, is withdrawn first by its maker.

    Raises:
        Rejection: PUBL-002 it is published; CTRL-0xx the case is not the operator's.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=draft.area)
    if draft.state not in (Draft.State.OPEN, Draft.State.SUBMITTED):
        raise rejections.NOT_OPEN(draft=draft.pk, state=draft.get_state_display())
    with control.writing(reason="撤回政策草稿", area=draft.area):
        if draft.state == Draft.State.SUBMITTED and draft.case_id:
            _withdraw_case(draft.case_id, operator, now)
        draft.state, draft.changed_at = Draft.State.WITHDRAWN, now
        draft.save(update_fields=["state", "changed_at"])
        control.record(action="withdraw", object_kind="publication_draft", object_id=str(draft.pk))
    return draft


def reopen(*, draft: Draft, operator: Operator, now: datetime) -> Draft:
    """Take a draft back out of the review to edit it: its case is withdrawn, or was returned already.

    Raises:
        Rejection: PUBL-002 it was not handed in; CTRL-0xx the case is not the operator's.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=draft.area)
    if draft.state != Draft.State.SUBMITTED:
        raise rejections.NOT_OPEN(draft=draft.pk, state=draft.get_state_display())
    with control.writing(reason="取回政策草稿", area=draft.area):
        if draft.case_id:
            _withdraw_case(draft.case_id, operator, now)
        draft.state, draft.case_id, draft.changed_at = Draft.State.OPEN, None, now
        draft.save(update_fields=["state", "case_id", "changed_at"])
    return draft


def _withdraw_case(case_id: int, operator: Operator, now: datetime) -> None:
    """Withdraw the case; one that was returned or withdrawn already is no hindrance."""
    case = control.approvals.visible_case(case_id=case_id, operator=operator)
    if case.state == case.State.PENDING:
        control.withdraw(case_id=case_id, operator=operator, now=now)
