"""What an operator may do today: the grants in force, asked in one query and answered by the pure rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from tongchou.control import rights
from tongchou.control.core.permissions import Decision, GrantView, Question, decide
from tongchou.control.models import Operator
from tongchou.control.rejections import NOT_ALLOWED

RECENTLY = timedelta(days=60)
"""Grants that ended so long ago are still read, so that a refusal can say when the right ran out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The grants of one operator on one day, and the one that is worked in (all of them before a post is chosen)."""

    on: date
    grants: tuple[GrantView, ...]
    chosen: int | None = None

    @property
    def in_force(self) -> tuple[GrantView, ...]:
        """The grants that hold on the day."""
        return tuple(grant for grant in self.grants if grant.since <= self.on < grant.until)

    @property
    def working(self) -> tuple[GrantView, ...]:
        """The grants that count: the chosen post's, else all."""
        if self.chosen is None:
            return self.in_force
        return tuple(grant for grant in self.in_force if grant.id == self.chosen)

    @property
    def post(self) -> str:
        """Code of the post that is worked in, or empty."""
        return self.working[0].post if self.working else ""

    @property
    def post_name(self) -> str:
        """Chinese name of the post that is worked in, or empty."""
        return self.working[0].post_name if self.working else ""

    @property
    def area(self) -> str:
        """Area of the post that is worked in, or empty."""
        return self.working[0].area if self.working else ""

    @property
    def functions(self) -> frozenset[str]:
        """Every function that a counting grant holds."""
        return frozenset(function for grant in self.working for function in grant.functions)

    def holds(self, function: str) -> bool:
        """Is the function held at all, in some area up to some amount, for the data of every organisation there?"""
        return any(function in grant.functions and not grant.organisation for grant in self.working)

    def decide(
        self, function: str, *, area: str | None = None, organisation: str | None = None, amount: int | None = None
    ) -> Decision:
        """Yes or no with reason and remedy; ``amount`` in fen."""
        counting = self.grants if self.chosen is None else [grant for grant in self.grants if grant.id == self.chosen]
        question = Question(
            function=function,
            name=rights.FUNCTIONS.get(function, function),
            on=self.on,
            area=area,
            organisation=organisation,
            amount=amount,
        )
        return decide(grants=counting, question=question)

    def require(
        self, function: str, *, area: str | None = None, organisation: str | None = None, amount: int | None = None
    ) -> None:
        """Refuse unless the operator may.

        Raises:
            Rejection: CTRL-003 with the reason and the remedy.
        """
        answer = self.decide(function, area=area, organisation=organisation, amount=amount)
        if not answer.allowed:
            raise NOT_ALLOWED(reason=answer.reason, then=answer.remedy)


def authority_of(*, operator: Operator, on: date, chosen: int | None = None) -> Authority:
    """The grants of an operator on a day. Who is not active or has left holds none, whatever is written elsewhere."""
    if not operator.is_active or operator.has_left(on):
        return Authority(on=on, grants=(), chosen=chosen)
    return Authority(on=on, grants=_grants(operator.pk, on), chosen=chosen)


# A deputy's grant holds as long as the one that it stands in for, whatever its own row says.
_SQL = """
SELECT g.id, p.code, p.name, p.category, g.area, coalesce(o.code, ''), o.kind, g.since, least(g.until, dg.until),
       coalesce(d.name, ''), coalesce(jsonb_object_agg(f.function, f."limit") FILTER (WHERE f.id IS NOT NULL), '{}')
FROM control_grant g
JOIN control_post p ON p.id = g.post_id AND p.active
LEFT JOIN control_organisation o ON o.id = g.organisation_id
LEFT JOIN control_grant dg ON dg.id = g.deputy_for_id
LEFT JOIN control_operator d ON d.id = dg.operator_id
LEFT JOIN control_postfunction f ON f.post_id = p.id
WHERE g.operator_id = %s AND g.ended_at IS NULL AND dg.ended_at IS NULL AND g.until > %s
GROUP BY g.id, p.id, o.id, d.id, dg.until
ORDER BY g.deputy_for_id NULLS FIRST, g.id
"""


def _grants(operator_id: int, on: date) -> tuple[GrantView, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [operator_id, on - RECENTLY])
        return tuple(_view(row) for row in cursor.fetchall())


def _view(row: Sequence[Any]) -> GrantView:
    functions = json.loads(row[10]) if isinstance(row[10], str) else row[10]
    return GrantView(
        id=row[0],
        post=row[1],
        post_name=row[2],
        category=row[3],
        area=row[4],
        organisation=row[5],
        since=row[7],
        until=row[8],
        deputy_for=row[9],
        functions=functions,
    )
