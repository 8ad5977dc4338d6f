"""The reference data a decision needs besides the snapshot: policy plans, catalogue, institutions. All cached in process."""

from __future__ import annotations

import threading
from datetime import date

from django.conf import settings

from tongchou.catalogues.api import Catalogue
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Plan, PolicyBook, default_pack_directory
from tongchou.settlement import rejections
from tongchou.settlement.core.tables import MedType

catalogue = Catalogue()
"""One per process; it follows the catalogues' revision."""

_lock = threading.Lock()
_book: PolicyBook | None = None


def book() -> PolicyBook:
    """The policy book of this process, loaded on first use from settings.POLICIES_DIR or the packs of the product.

    Raises:
        PolicyErrors: the packs contradict themselves; nothing can be settled before they are mended.
    """
    global _book
    with _lock:
        if _book is None:
            _book = PolicyBook.load(settings.POLICIES_DIR or default_pack_directory(), bound_only=True)
        return _book


def use_book(other: PolicyBook | None) -> None:
    """Use another book from now on (simulation, tests), or ``None`` to load the packs again."""
    global _book
    with _lock:
        _book = other


def choose_plan(*, area: str, scheme: str, med_type: MedType, on: date) -> Plan:
    """The plan of the benefit that a med_type asks for, or of its fallback where the packs do not know the first.

    Raises:
        Rejection: POL-001, POL-002.
    """
    source = _book or book()
    try:
        return source.plan(area=area, scheme=scheme, benefit=med_type.benefit, on=on)
    except Rejection:
        if not med_type.fallback:
            raise
        return source.plan(area=area, scheme=scheme, benefit=med_type.fallback, on=on)


def plan_for_stay(*, area: str, scheme: str, med_type: MedType, admitted: date, discharged: date) -> tuple[Plan, date]:
    """The plan of a visit and the day that chooses its counters (the pack says which day of a stay counts).

    Raises:
        Rejection: POL-001, POL-002, SETL-055.
    """
    plan = choose_plan(area=area, scheme=scheme, med_type=med_type, on=discharged)
    refuse_split_stay(plan=plan, admitted=admitted, discharged=discharged)
    if admitted == discharged:
        return plan, discharged
    day = plan.counting_date(admitted=admitted, discharged=discharged)
    if day != discharged:
        plan = choose_plan(area=area, scheme=scheme, med_type=med_type, on=day)
    return plan, day


def refuse_split_stay(*, plan: Plan, admitted: date, discharged: date) -> None:
    """A stay over the end of a benefit year that the policy divides by the dates of its costs can't be settled in one.

    Raises:
        Rejection: SETL-055.
    """
    if plan.counts_in == "split" and plan.benefit_year(admitted) != plan.benefit_year(discharged):
        raise rejections.STAY_SPLIT(admitted=admitted, discharged=discharged)
