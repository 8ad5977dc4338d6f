"""Rules of a draft changed one after the other, each with its article; the last change can be taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tongchou.control import api as control
from tongchou.control.api import Operator
from tongchou.policy.editing import Edit, edited
from tongchou.publication import drafts, rejections, trial
from tongchou.publication.models import Draft

MOST_EDITS = 200


def edit_rules(
    *, draft: Draft, edits: Sequence[Edit], words: str, cite: str, operator: Operator, now: datetime
) -> Draft:
    """Change the rules of a draft.

    Args:
        words: what is changed, in Chinese; shown with the draft and to those who review it.
        cite: the document and article that changes it.

    Raises:
        Rejection: PUBL-002 not open, PUBL-011 no article, PUBL-016 too many changes, POL-055, POL-056 (see ``edited``).
        PolicyErrors: the draft's text can't be read; nothing is kept.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=draft.area)
    drafts.refuse_closed(draft)
    if not cite.strip():
        raise rejections.REASON_NEEDED(what="改动的依据（文件和条款）")
    if len(draft.edits) >= MOST_EDITS:
        raise rejections.TOO_MANY_EDITS(count=MOST_EDITS)
    new = edited(draft.text, edits, trial.DRAFT_FILE)
    entry: dict[str, Any] = {
        "words": words[:300],
        "cite": cite.strip()[:200],
        "edits": [stored(edit) for edit in edits],
    }
    if not draft.amends:
        entry["before"] = draft.text
    draft.text, draft.edits, draft.changed_at = new, [*draft.edits, entry], now
    return drafts.saved(draft, ["text", "edits", "changed_at"], f"修改政策草稿的规则：{words[:100]}")


def stored(edit: Edit) -> dict[str, Any]:
    """An edit as it is kept; its value as text, because the database does not keep the order of keys."""
    value = json.dumps(edit.value, ensure_ascii=False)
    return {"do": edit.do, "at": list(edit.at), "value": value, "index": edit.index}


def undo_rule(*, draft: Draft, operator: Operator, now: datetime) -> Draft:
    """Take the last change of the rules back.

    Raises:
        Rejection: PUBL-002, PUBL-017 nothing was changed.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=draft.area)
    drafts.refuse_closed(draft)
    if not draft.edits:
        raise rejections.NO_EDIT()
    *kept, last = draft.edits
    draft.edits, draft.changed_at = kept, now
    draft.text = drafts.text_of_changes(draft) if draft.amends else str(last["before"])
    return drafts.saved(draft, ["text", "edits", "changed_at"], f"撤回规则改动：{last['words'][:100]}")
