"""Drafts of another arrangement: which packs a scheme uses from a day on, in which order, with which readings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from tongchou.control import api as control
from tongchou.control.api import Operator
from tongchou.policy.arrangements import binding_text
from tongchou.policy.bindings import read_bindings
from tongchou.policy.model import BoundScheme
from tongchou.policy.nodes import Map, parse_yaml
from tongchou.publication import drafts, rejections, store, trial
from tongchou.publication.models import Draft

SCHEME_CODE = re.compile(r"[0-9]{3}")


def draft_arrangement(
    *, area: str, area_name: str, scheme: str, title: str, starts_on: date, operator: Operator, now: datetime
) -> Draft:
    """A draft of the scheme's next arrangement: the newest one as it stands, from another day on.

    Args:
        area_name, title: used where the area or the scheme has no arrangement yet.

    Raises:
        Rejection: PUBL-013 no code or name of a scheme.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=area)
    if not SCHEME_CODE.fullmatch(scheme):
        raise rejections.NOT_A_SCHEME(scheme=scheme)
    bindings = store.library().bindings
    newest = bindings.newest(area, scheme)
    own = next((bound for bound in bindings if bound.area == area), None)
    name = newest.title if newest is not None else title.strip()[:60]
    if not name:
        raise rejections.NOT_A_SCHEME(scheme=scheme)
    text = binding_text(
        area=area,
        area_name=own.area_name if own is not None else area_name,
        scheme=scheme,
        title=name,
        start=starts_on,
        packs=newest.packs if newest is not None else (),
        readings=newest.readings if newest is not None else {},
    )
    return drafts.begin(
        reason="建立采用政策包的草稿", operator=operator, area=area, now=now, pack=store.binding_key(area, scheme),
        title=f"{name}：采用的政策包", starts_on=starts_on, text=text,
    )  # fmt: skip


def arrangement_of(draft: Draft) -> BoundScheme:
    """What a draft arranges. Its text was written by this module."""
    tree = parse_yaml(draft.text, trial.DRAFT_FILE)
    found = read_bindings(tree, []) if isinstance(tree, Map) else []
    return found[0]


def arrange(
    *,
    draft: Draft,
    starts_on: date,
    packs: Sequence[str],
    readings: Mapping[str, str],
    cite: str,
    note: str,
    operator: Operator,
    now: datetime,
) -> Draft:
    """Set the day, the packs in their order of payment, and the readings that differ from the packs' own.

    Raises:
        Rejection: PUBL-002 not open, PUBL-014 a pack that there is not.
    """
    operator.authority.require(control.rights.POLICY_MAKE, area=draft.area)
    drafts.refuse_closed(draft)
    unknown = [name for name in packs if name not in store.library().packs]
    if unknown:
        raise rejections.UNKNOWN_PACK(pack="、".join(unknown))
    bound = arrangement_of(draft)
    draft.text = binding_text(
        area=bound.area, area_name=bound.area_name, scheme=bound.scheme, title=bound.title, start=starts_on,
        packs=list(dict.fromkeys(packs)), readings=dict(readings), cite=cite[:200], note=note[:300],
    )  # fmt: skip
    draft.starts_on, draft.note, draft.changed_at = starts_on, note[:300], now
    return drafts.saved(draft, ["text", "starts_on", "note", "changed_at"], "修改采用政策包的草稿")
