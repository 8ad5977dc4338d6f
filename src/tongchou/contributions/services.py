"""Use cases of contributions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import IntegrityError, connection, transaction

from tongchou.contributions import rejections
from tongchou.contributions.models import Entitlement
from tongchou.registry import api as registry

ENTITLEMENT_COLUMNS = ("person_id", "scheme", "period", "continuous_since", "basis")


def grant_entitlement(
    *, person_id: int, scheme: str, start: date, end: date | None, continuous_since: date | None = None, basis: str = ""
) -> int:
    """Enter days on which a person may enjoy the benefits of a scheme.

    Args:
        end: first day no longer covered; ``None`` without end.
        continuous_since: start of uninterrupted contributions; ``start`` when left out.

    Returns:
        The id of the entitlement.

    Raises:
        Rejection: CONT-001 overlaps another, CONT-002 not enrolled on the first day, CONT-003 ends before it starts.
    """
    if end is not None and end <= start:
        raise rejections.PERIOD_REVERSED(start=start, end=end)
    enrolled = registry.enrolments_of(person_id=person_id, on=start)
    if not any(enrolment.scheme == scheme for enrolment in enrolled):
        raise rejections.NOT_ENROLLED(scheme=scheme, start=start)
    try:
        with transaction.atomic():
            row = Entitlement.objects.create(
                person_id=person_id,
                scheme=scheme,
                period=(start, end),
                continuous_since=continuous_since or start,
                basis=basis,
            )
    except IntegrityError as error:
        if "entitlement_no_overlap" not in str(error):
            raise
        raise rejections.ENTITLEMENT_OVERLAPS(scheme=scheme, start=start, end=end or "长期") from error
    return row.pk


def load_entitlements(rows: Iterable[tuple[object, ...]]) -> int:
    """Load entitlements in bulk by COPY; rows have ``ENTITLEMENT_COLUMNS``, a period as ``registry.api.day_range``.

    Returns:
        Number of rows.
    """
    with connection.cursor() as cursor:
        return registry.copy_rows(cursor, "contributions_entitlement", ENTITLEMENT_COLUMNS, rows)
