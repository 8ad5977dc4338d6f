"""How many persons are insured, by class: counts only, no person."""

from __future__ import annotations

from datetime import date

from django.db import connection

_INSURED = """
SELECT e.person_type, count(*)
FROM registry_enrolment e
JOIN registry_area a ON a.code = e.area_id
WHERE e.scheme = %s AND a.pooling_area = %s AND e.status = '1' AND e.period @> %s::date
GROUP BY e.person_type ORDER BY e.person_type
"""


def insured_by_type(*, pooling_area: str, scheme: str, on: date) -> dict[str, int]:
    """Persons with an active enrolment in the scheme on a day, by national person type (psn_type)."""
    with connection.cursor() as cursor:
        cursor.execute(_INSURED, [scheme, pooling_area, on])
        return dict(cursor.fetchall())
