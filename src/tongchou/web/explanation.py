"""What settlement says about its stored decisions, in the form that the pages show."""

from __future__ import annotations

from datetime import date
from typing import Any

from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, ExplainedStep
from tongchou.settlement import api as settlement_room
from tongchou.web.database import Row


def steps_of(settlement: Row) -> list[ExplainedStep]:
    """The explained steps of a settlement; none for a revocation, which mirrors what it takes back.

    None either where the policy package can no longer be found: the page says so.
    """
    if settlement["direction"] < 0:
        return []
    bill = Bill(
        out_of_scope=settlement["out_of_scope"],
        over_limit=settlement["over_limit"],
        prior_self_pay=settlement["prior_self_pay"],
        in_scope=settlement["in_scope"],
    )
    try:
        return settlement_room.explain(
            plan_id=settlement["plan"],
            package=settlement["package"],
            values=settlement["values"],
            facts=settlement["facts"],
            bill=bill,
            accumulators=settlement["accumulators_before"],
            earlier_years=settlement_room.earlier_years_of(settlement) or (),
        )
    except Rejection:
        return []


def policy_of(settlement: Row) -> str:
    """Titles of the policy documents that a settlement was decided by; empty where they can't be found any more."""
    try:
        return settlement_room.plan_of(plan_id=settlement["plan"], package=settlement["package"]).title
    except Rejection:
        return ""


def versions_of(settlement: Row) -> list[settlement_room.UsedVersion]:
    """The policy versions that a settlement was decided by, to be looked at."""
    return settlement_room.versions_of(package=settlement["package"])


def counters_of(accumulators: list[Row] | None, area: str, today: date) -> list[Row]:
    """A person's accumulators with the Chinese titles and units that the policy gives them; noughts are left out."""
    shown = []
    for one in accumulators or []:
        titles = settlement_room.counters(area=area, scheme=one["scheme"], on=today)
        counters: list[dict[str, Any]] = []
        for name, value in one["values"].items():
            spec = titles.get(name)
            if value:
                unit = spec.unit if spec else ""
                counters.append(
                    {"title": spec.title if spec else name, "value": value, "unit": unit, "money": unit == "元"}
                )
        if counters:
            shown.append({"scheme": one["scheme"], "period": one["period"], "counters": counters})
    return shown
