"""改动规则: bands, limits, adjustments, conditions, tables and the order of layers of a draft, changed by form one after the other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tongchou.control.api import rights
from tongchou.kernel.rejection import Rejection
from tongchou.policy import PolicyErrors
from tongchou.policy.casedata import plain
from tongchou.policy.document import document_of
from tongchou.policy.editing import DROP, INSERT, MOVE, PUT, Edit, Step, read_value
from tongchou.policy.nodes import parse_yaml
from tongchou.policy.outline import SECTIONS, WHOLE, At, Field, Part, Place, outline, part_of, place_of, said, written
from tongchou.policy.rejections import EDIT_UNSAFE
from tongchou.publication import api as publication
from tongchou.publication.api import Draft
from tongchou.web.access import Request, page
from tongchou.web.policy import reading

FIELD = "f:"
MOST = 2000
"""Characters of one field; a table written in one line is long."""


@require_safe
@page(rights.POLICY_MAKE)
def rules(request: Request, draft_id: int) -> HttpResponse:
    """The rules of a draft with their forms, what the checker finds, and the document as it now reads."""
    return _page(request, _visible(request, draft_id))


@require_POST
@page(rights.POLICY_MAKE)
def rules_change(request: Request, draft_id: int) -> HttpResponse:
    """Change one entry, or take the last change back."""
    found = _visible(request, draft_id)
    now = timezone.now()
    try:
        if request.POST.get("do") == "undo":
            taken = found.edits[-1]["words"] if found.edits else ""
            publication.undo_rule(draft=found, operator=request.user, now=now)
            messages.success(request, f"已撤回：{taken}")
        else:
            edits, words = _asked(request.POST, plain(parse_yaml(found.text, "草稿")))
            publication.edit_rules(
                draft=found, edits=edits, words=words, cite=request.POST.get("cite", ""), operator=request.user, now=now
            )
            messages.success(request, f"已改动：{words}")
    except Rejection as refused:
        return _page(request, found, problem=refused.told)
    except PolicyErrors as errors:
        return _page(request, found, problem="；".join(f"{one.message}。{one.remedy}" for one in errors.findings))
    at = _steps(request.POST.get("part", ""))
    return redirect(f"{request.path.removesuffix('change/')}{'#' + anchor(at) if at else ''}")


def anchor(at: At) -> str:
    """The place of a part in the page."""
    return "r" + "-".join(str(step) for step in at)


def _visible(request: Request, draft_id: int) -> Draft:
    try:
        found = publication.visible(draft_id=draft_id, area=request.scope.pooling_area)
    except Rejection as refused:
        raise Http404(refused.message) from None
    if found.arranges:
        raise Http404("这份草稿没有规则")
    return found


# -- from the form to the change ------------------------------------------------------------------------------------------


def _steps(text: str) -> At:
    """The steps to a place as the form names them."""
    try:
        steps = json.loads(text or "[]")
    except ValueError:
        return ()
    if not isinstance(steps, list) or not all(isinstance(step, str | int) for step in steps):
        return ()
    return tuple(steps)


def _asked(post: Any, content: Any) -> tuple[list[Edit], str]:
    """The edits of a form and what they change, in words.

    Raises:
        Rejection: POL-055 no such place. PolicyErrors: a field's brackets don't close.
    """
    at, action = _steps(post.get("at", "")), post.get("do", "")
    parts = outline(content)
    part, place = part_of(parts, at), place_of(parts, at)
    if not at or at[0] not in SECTIONS or part is None:
        raise EDIT_UNSAFE(place=post.get("at", "")[:80])
    where = " · ".join(_titles(parts, at))
    if action in ("up", "down") and at == part.at and part.of:
        return [
            Edit(MOVE, at, index=-1 if action == "up" else 1)
        ], f"{where}：{'提前' if action == 'up' else '推后'}一位支付"
    if place is None:
        raise EDIT_UNSAFE(place=post.get("at", "")[:80])
    where = f"{where} · {place.title}" if place.kind != "layer" else where
    old = _value(content, at)
    if action == "drop":
        return [_dropped(content, at)], f"{where}：取消 {said(old)}"
    given = {key.removeprefix(FIELD): str(text)[:MOST] for key, text in post.items() if key.startswith(FIELD)}
    if action == "add":
        return _added(place, given, post, where)
    if place.kind in WHOLE:
        new = read_value(given.get("value", ""))
        return [Edit(PUT, at, new)], f"{where}：{at[-1]} 由 {said(old)} 改为 {said(new)}"
    if place.kind == "layer":
        edits = _keys_changed(at, old, given)
        return (
            edits,
            f"{where}：{'、'.join(f'{e.at[-1]} 改为 {said(e.value)}' if e.do == PUT else f'取消{e.at[-1]}' for e in edits)}",
        )
    new = _entry(old, given) | {"cite": post.get("cite", "").strip()}
    return [Edit(PUT, at, new)], f"{where}：由 {said(old)} 改为 {said(new)}"


def _titles(parts: tuple[Part, ...], at: At) -> list[str]:
    for part in parts:
        if part.at == at[: len(part.at)]:
            return [part.title, *_titles(part.parts, at)]
    return []


def _value(content: Any, at: At) -> Any:
    for step in at:
        if isinstance(content, dict):
            content = content.get(step)
        else:
            content = (
                content[step] if isinstance(content, list) and isinstance(step, int) and step < len(content) else None
            )
    return content


def _dropped(content: Any, at: At) -> Edit:
    """Without the entry; the last entry of a list takes the list with it."""
    *above, last = at
    holder = _value(content, tuple(above))
    alone = isinstance(last, int) and isinstance(holder, list) and len(holder) == 1
    return Edit(DROP, tuple(above) if alone else at)


def _added(place: Place, given: dict[str, str], post: Any, where: str) -> tuple[list[Edit], str]:
    cite = post.get("cite", "").strip()
    if place.kind in WHOLE:
        name = given.get("name", "").strip()
        if not name or name in ("by", "unit", "cite", "note"):
            raise EDIT_UNSAFE(place=f"{where} · {name or '没有填写名称'}")
        new = read_value(given.get("value", ""))
        return [Edit(PUT, (*place.at, name), new)], f"{where}：加入 {name}：{said(new)}"
    new = _entry({}, given)
    if not new:
        raise EDIT_UNSAFE(place=f"{where} · 没有填写内容")
    if place.single:
        return [Edit(PUT, place.at, new | {"cite": cite})], f"{where}：规定 {said(new)}"
    index = post.get("index", "")
    position = min(int(index), len(place.items)) if index.isdecimal() else len(place.items)
    return [Edit(INSERT, place.at, new | {"cite": cite}, position)], f"{where}：加入第{position + 1}项 {said(new)}"


def _entry(old: Any, given: dict[str, str]) -> dict[str, Any]:
    """The entry with the fields that were filled in; a field that was emptied takes its key away."""
    before = old if isinstance(old, dict) else {}
    kept = {key: value for key, value in before.items() if key not in given or given[key].strip()}
    changed = {key: read_value(text) for key, text in given.items() if text.strip() and text != written(before, key)}
    return kept | changed


def _keys_changed(at: At, old: Any, given: dict[str, str]) -> list[Edit]:
    """The keys of a layer that were changed, one by one: what else the layer says stays as it is written."""
    before = old if isinstance(old, dict) else {}
    edits = []
    for key in ("title", "when"):
        text = given.get(key, "").strip()
        if text == written(before, key).strip():
            continue
        place: tuple[Step, ...] = (*at, key)
        edits.append(Edit(PUT, place, read_value(text)) if text else Edit(DROP, place))
    if not edits:
        raise EDIT_UNSAFE(place="没有改动")
    return edits


# -- the page -------------------------------------------------------------------------------------------------------------


def _page(request: Request, found: Draft, *, problem: str = "") -> HttpResponse:
    outcome = publication.tried(found, with_cases=False)
    try:
        parts = outline(plain(parse_yaml(found.text, "草稿")))
    except PolicyErrors:
        parts = ()
    sections = document_of(outcome.version.pack).sections if outcome.version is not None else ()
    printed = {one.heading.partition("、")[2]: one for one in reading.Printer().sections(sections)}
    sent = request.POST if problem else {}
    context = {
        "draft": found,
        "open": found.state == Draft.State.OPEN,
        "parts": [_shown(part, printed, sent) for part in parts],
        "outcome": outcome,
        "changes": [change for change in outcome.differences if change.address != "version"],
        "problem": problem,
        "cite": request.POST.get("cite", found.edits[-1]["cite"] if found.edits else ""),
        "tab": "drafts",
        "step": "rules",
    } | reading.draft_head(request.user, found)
    return render(request, "policy/draft_rules.html", context, status=422 if problem else 200)


def _shown(part: Part, printed: dict[str, reading.ShownSection], sent: Any) -> dict[str, Any]:
    """A part with the text of the document that it makes, where that can be read."""
    section = printed.get(part.title)
    inner = {one.heading.partition(". ")[2]: one for one in section.sections} if section else {}
    return {
        "part": part,
        "anchor": anchor(part.at),
        "at": json.dumps(part.at),
        "section": section,
        "places": [_place(place, sent) for place in part.places],
        "parts": [_shown(one, inner, sent) for one in part.parts],
    }


def _place(place: Place, sent: Any) -> dict[str, Any]:
    """A list with its entries; what was typed and refused stands in its form again."""
    here = _steps(sent.get("at", ""))
    return {
        "place": place,
        "at": json.dumps(place.at),
        "items": [
            {
                "item": item,
                "at": json.dumps(item.at),
                "fields": _typed(item.fields, sent if item.at == here else {}),
                "open": item.at == here,
            }
            for item in place.items
        ],
        "blank": _typed(place.blank, sent if place.at == here else {}),
        "open": place.at == here,
        "may_add": bool(place.blank) and not (place.single and place.items),
        "ordered": place.kind not in WHOLE and not place.single,
        "droppable": place.kind != "layer",
    }


def _typed(fields: tuple[Field, ...], sent: Any) -> list[Field]:
    return [replace(field, value=str(sent.get(FIELD + field.key, field.value))) for field in fields]
