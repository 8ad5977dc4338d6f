"""Reads of contributions."""

from __future__ import annotations

from datetime import date

from tongchou.contributions.core import EntitlementView
from tongchou.contributions.models import Entitlement
from tongchou.kernel.period import Period


def entitlement_of(*, person_id: int, scheme: str, on: date) -> EntitlementView | None:
    """The entitlement that covers a day, or ``None``."""
    row = Entitlement.objects.filter(person_id=person_id, scheme=scheme, period__contains=on).first()
    return None if row is None else _view(row)


def entitlements_of(*, person_id: int) -> list[EntitlementView]:
    """All entitlement periods of a person, newest first."""
    rows = Entitlement.objects.filter(person_id=person_id)
    return sorted((_view(row) for row in rows), key=lambda view: view.period.start, reverse=True)


def _view(row: Entitlement) -> EntitlementView:
    return EntitlementView(
        id=row.pk,
        scheme=row.scheme,
        period=Period(row.period.lower or date.min, row.period.upper),
        continuous_since=row.continuous_since,
        basis=row.basis,
    )
