"""The reference data a decision needs besides the snapshot: policy plans, catalogue, institutions. All cached in process."""

from __future__ import annotations

import threading
from datetime import date, timedelta

from django.conf import settings

from tongchou.catalogues.api import Catalogue
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Plan, PolicyBook, default_pack_directory
from tongchou.settlement.core.tables import MedType
from tongchou.settlement.core.years import StayYear

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


def years_of_stay(
    *, area: str, scheme: str, med_type: MedType, admitted: date, discharged: date
) -> tuple[StayYear, ...]:
    """The plans of a visit and the days that each decides: one, or one for each benefit year where the pack says ``split``.

    The version in force on discharge says which day of a stay counts, and whether it is divided; each year is decided by
    the version in force on its last day.

    Raises:
        Rejection: POL-001, POL-002.
    """

    def plan_on(day: date) -> Plan:
        return choose_plan(area=area, scheme=scheme, med_type=med_type, on=day)

    plan = plan_on(discharged)
    if admitted == discharged:
        return (StayYear(plan, admitted, discharged, discharged),)
    if plan.counts_in != "split":
        day = plan.counting_date(admitted=admitted, discharged=discharged)
        return (StayYear(plan if day == discharged else plan_on(day), admitted, discharged, day),)
    years, since = [], admitted
    while since <= discharged:
        end = plan.benefit_year(since).end
        until = discharged if end is None or end > discharged else end - timedelta(days=1)
        years.append(StayYear(plan if until == discharged else plan_on(until), since, until, until))
        since = until + timedelta(days=1)
    return tuple(years)
