"""The reference data a decision needs besides the snapshot: policy plans, catalogue, institutions. All cached in process."""

from __future__ import annotations

import threading
from datetime import date

from tongchou.catalogues.api import Catalogue
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Plan, PolicyBook, StayYear, stays
from tongchou.publication import api as publication
from tongchou.publication.api import Policies
from tongchou.settlement.core.tables import MedType

catalogue = Catalogue()
"""One per process; it follows the catalogues' revision."""

_lock = threading.Lock()
_policies: Policies | None = None
_revision: int | None = None
_given = False
"""Whether a test or a simulation has put its own book here: it does not follow what is published."""


def book() -> PolicyBook:
    """The policy book of this process: the packs of the installation and what was published over them.

    Raises:
        PolicyErrors: the packs contradict themselves; nothing can be settled before they are mended.
    """
    if not _given:
        follow(publication.revision())
    return _policies.book if _policies is not None else warm()


def warm() -> PolicyBook:
    """Read the packs of the installation before anybody waits for them; what was published is added by :func:`follow`.

    Raises:
        PolicyErrors: see :func:`book`.
    """
    global _policies
    with _lock:
        if _policies is None:
            _policies = publication.load(bound_only=True, published=())
        return _policies.book


def follow(revision: int) -> None:
    """Take up what was published since: ``revision`` is the number that the caller has just read in the database."""
    global _policies, _revision
    if _given or (revision == _revision and _policies is not None):
        return
    with _lock:
        if revision == _revision and _policies is not None:
            return
        published = publication.in_effect()
        if published or _revision is not None or _policies is None:
            _policies = publication.load(bound_only=True, published=published)
        _revision = revision


def use_book(other: PolicyBook | None) -> None:
    """Use another book from now on (simulation, tests), or ``None`` to load the packs again."""
    global _policies, _revision, _given
    with _lock:
        _policies = Policies(other, {}) if other is not None else None
        _revision, _given = None, other is not None


def choose_plan(*, area: str, scheme: str, med_type: MedType, on: date) -> Plan:
    """The plan of the benefit that a med_type asks for, or of its fallback where the packs do not know the first.

    Raises:
        Rejection: POL-001, POL-002, PUBL-020 the version in force can't be used by this software.
    """
    source = _policies.book if _policies is not None else book()
    if _policies is not None and _policies.unusable:
        _policies.refuse_unusable(area=area, scheme=scheme, on=on)
    try:
        return source.plan(area=area, scheme=scheme, benefit=med_type.benefit, on=on)
    except Rejection:
        if not med_type.fallback:
            raise
        return source.plan(area=area, scheme=scheme, benefit=med_type.fallback, on=on)


def years_of_stay(
    *, area: str, scheme: str, med_type: MedType, admitted: date, discharged: date
) -> tuple[StayYear, ...]:
    """The plans of a visit and the days that each decides (see :func:`tongchou.policy.stays.years_of_stay`).

    Raises:
        Rejection: POL-001, POL-002.
    """

    def plan_on(day: date) -> Plan:
        return choose_plan(area=area, scheme=scheme, med_type=med_type, on=day)

    return stays.years_of_stay(plan_on, admitted=admitted, discharged=discharged)
