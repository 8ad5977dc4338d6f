"""Old and new of a person's settlements side by side, with the explained steps of both."""

from __future__ import annotations

from datetime import date
from typing import Any

from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, ExplainedStep
from tongchou.providers.api import describe
from tongchou.settlement import api as settlement
from tongchou.settlement.api import resettle

Row = dict[str, Any]


def compared(made: resettle.Resettlement, row: resettle.ResettledPerson) -> tuple[list[Row], bool]:
    """The changes of a person as they were tried, with both explanations; and whether they would still be the same now.

    The steps of the new result come from the booked settlement, or from trying once more; where the settlements have
    changed since, only the figures that were tried are shown.
    """
    known = institutions(row.proposal)
    fresh = _fresh(made, row)
    shown = []
    for change in row.proposal.get("changes", []):
        old = settlement.settlement_view(int(change["settlement"]), with_lines=False)
        shown.append(
            change
            | {
                "institution_name": known.get(change["institution"], change["institution"]),
                "payers": [
                    {"title": title, "before": before, "after": after, "change": after - before}
                    for title, before, after in resettle.payer_rows(change)
                ],
                "old_steps": _steps(old),
                "new_steps": fresh.get(change["settlement"], []),
                "new_id": _successor(change["settlement"]),
                "to_person": change["cash"][0] - change["cash"][1],
            }
        )
    return shown, bool(fresh) or not shown


def institutions(proposal: Row) -> dict[str, str]:
    """Names of the institutions of a proposal, by code."""
    rows = [*proposal.get("changes", []), *proposal.get("refused", [])]
    return {
        each["institution"]: describe(code=each["institution"], on=date.fromisoformat(each["day"])).name
        for each in rows
    }


def _fresh(made: resettle.Resettlement, row: resettle.ResettledPerson) -> dict[str, list[ExplainedStep]]:
    if row.state == resettle.ResettledPerson.State.BOOKED:
        found = resettle.Replacement.objects.filter(run=made, original__person_id=row.person_id)
        return {
            str(each.original_id): _steps(settlement.settlement_view(each.successor_id, with_lines=False))
            for each in found
        }
    scope = resettle.scope_of(made)
    states = resettle.read_states(
        persons=[row.person_id], begin=scope.begin, end=scope.end, scheme=scope.scheme, facts=scope.facts
    )
    trial = resettle.try_person(states[0], resettle.Chooser(scope))
    if trial.digest != row.digest:
        return {}
    return {
        str(change.old.id): settlement.explain(
            plan_id=change.choice.plan.id,
            package=change.choice.plan.package_hash,
            values=change.values,
            facts=change.choice.facts,
            bill=change.choice.bill,
            accumulators=change.before,
            earlier_years=change.earlier,
        )
        for change in trial.changes
    }


def _steps(view: settlement.SettlementView) -> list[ExplainedStep]:
    bill = Bill(view.out_of_scope, view.over_limit, view.prior_self_pay, view.in_scope)
    try:
        return settlement.explain(
            plan_id=view.plan,
            package=view.package,
            values=view.values,
            facts=view.facts,
            bill=bill,
            accumulators=view.accumulators_before,
            earlier_years=view.earlier_years or (),
        )
    except Rejection:
        return []


def _successor(settlement_id: str) -> int | None:
    found = resettle.Replacement.objects.filter(original_id=int(settlement_id)).values_list("successor_id", flat=True)
    return found.first()
