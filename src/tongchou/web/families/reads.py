"""What others paid from an account: the settlements that name it. Net of what was revoked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tongchou.web.database import Row, rows

_USED = """
SELECT s.id, s.settled_at, s.direction, s.med_type, s.account_pay, s.person_id, p.number, p.name,
       coalesce(i.name, s.institution_code) AS institution,
       EXISTS (SELECT 1 FROM settlement_settlement r WHERE r.reversal_of_id = s.id) AS revoked
FROM settlement_settlement s JOIN registry_person p ON p.id = s.person_id
LEFT JOIN providers_institution i ON i.code = s.institution_code
WHERE s.account_id = ANY(%(accounts)s::bigint[]) AND s.account_pay <> 0
ORDER BY s.settled_at DESC, s.id DESC LIMIT %(limit)s"""

_SUMS = """
SELECT s.person_id, sum(s.account_pay)::bigint AS total,
       coalesce(sum(s.account_pay) FILTER (WHERE s.business_date >= %(since)s), 0)::bigint AS this_year
FROM settlement_settlement s WHERE s.account_id = ANY(%(accounts)s::bigint[]) GROUP BY s.person_id"""


def used_by_others(accounts: Sequence[int], limit: int = 50) -> list[Row]:
    """The newest payments of others from these accounts, in fen; a revocation is a row of its own."""
    return rows(_USED, {"accounts": list(accounts), "limit": limit})


def sums_by_member(accounts: Sequence[int], today: date) -> dict[int, Row]:
    """What each member paid from these accounts, in fen: this year and altogether; by person id."""
    found = rows(_SUMS, {"accounts": list(accounts), "since": today.replace(month=1, day=1)})
    return {row["person_id"]: row for row in found}
