"""The life of a re-run: made, tried person by person, submitted, booked person by person, or dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from tongchou.control import api as control
from tongchou.kernel.rejection import Rejection
from tongchou.settlement import rejections
from tongchou.settlement.database import as_json
from tongchou.settlement.database import run as ask
from tongchou.settlement.resettle.booking import Order, book_person
from tongchou.settlement.resettle.choosing import Chooser, Scope
from tongchou.settlement.resettle.evaluating import Trial, try_persons
from tongchou.settlement.resettle.models import ResettledPerson, Resettlement
from tongchou.settlement.resettle.reading import read_states

if TYPE_CHECKING:
    from tongchou.control.api import Operator

Kind, State, PersonState = Resettlement.Kind, Resettlement.State, ResettledPerson.State

CHUNK = 200
"""Persons that are read, tried and written together."""
LONGEST_DAYS = 1096
AT_ONCE = 20
"""So many persons with differences are booked in the transaction of the last approval; more are a job's work."""


def make_run(
    *,
    kind: str,
    scope: Scope,
    reason: str,
    maker: Operator | None,
    now: datetime,
    persons: Sequence[int] = (),
) -> Resettlement:
    """Make a run; nothing is tried yet. The persons a policy version touches are found now.

    Raises:
        Rejection: SETL-075 bad period, SETL-076 nobody to re-run.
    """
    check_period(scope)
    with control.writing(reason=reason, area=scope.area):
        made = Resettlement.objects.create(
            area=scope.area, kind=kind, scheme=scope.scheme, begin=scope.begin, end=scope.end, facts=scope.facts,
            policy=scope.policy, reason=reason[:300], made_by=maker, made_at=now,
        )  # fmt: skip
        if kind == Kind.POLICY:
            found = _add_touched(made, scope)
        else:
            rows = [ResettledPerson(run=made, person_id=number) for number in sorted(set(persons))]
            found = len(ResettledPerson.objects.bulk_create(rows, batch_size=5000))
        if not found:
            raise rejections.RERUN_NOBODY(why="该期间的结算均已按现行政策版本" if kind == Kind.POLICY else "名单为空")
        control.record(action="rerun_try", object_kind="resettlement", object_id=str(made.pk), after={"persons": found})
    return made


def check_period(scope: Scope) -> Scope:
    """The scope, if its days are in order and not too many.

    Raises:
        Rejection: SETL-075.
    """
    if scope.end < scope.begin or (scope.end - scope.begin).days >= LONGEST_DAYS:
        raise rejections.RERUN_PERIOD(begin=scope.begin, end=scope.end, days=LONGEST_DAYS)
    return scope


def scope_of(made: Resettlement) -> Scope:
    """What a run looks at."""
    return Scope(
        area=made.area, begin=made.begin, end=made.end, scheme=made.scheme, facts=made.facts, policy=made.policy
    )


_VERSIONS = """
SELECT s.scheme, s.med_type, s.package, (s.facts ->> 'visit.date')::date AS day, count(*)
FROM settlement_settlement s
WHERE s.area = %s AND s.business_date >= %s AND (%s = '' OR s.scheme = %s) AND s.direction = 1
  AND (s.facts ->> 'visit.date')::date BETWEEN %s AND %s
GROUP BY 1, 2, 3, 4
"""
_STANDING_OF_VERSIONS = """
FROM settlement_settlement s
JOIN json_to_recordset(%s::json) AS v(scheme text, med_type text, package text, day date)
    ON v.scheme = s.scheme AND v.med_type = s.med_type AND v.package = s.package
    AND v.day = (s.facts ->> 'visit.date')::date
WHERE s.area = %s AND s.business_date >= %s AND s.direction = 1
  AND NOT EXISTS (SELECT 1 FROM settlement_settlement r WHERE r.reversal_of_id = s.id)
"""
"""Settlements that stand under the versions given as JSON; then the area and its first day."""
_TOUCHED = f"""
INSERT INTO settlement_resettledperson (run_id, person_id, state, proposal, digest, changed, refused, fund, account, cash)
SELECT DISTINCT %s::bigint, s.person_id, 'waiting', '{{}}'::jsonb, '', 0, 0, 0, 0, 0
{_STANDING_OF_VERSIONS}
RETURNING 1
"""
_PERSONS_TOUCHED = f"SELECT DISTINCT s.person_id {_STANDING_OF_VERSIONS} ORDER BY 1"


def _add_touched(made: Resettlement, scope: Scope) -> int:
    """Enter everybody with a standing settlement that today's policy version decides otherwise than the one it names."""
    touched = touched_versions(scope)
    if not touched:
        return 0
    return len(ask(_TOUCHED, (made.pk, as_json(touched), scope.area, scope.begin)))


def touched_versions(scope: Scope) -> list[dict[str, Any]]:
    """Which packages, by scheme, kind of visit and day of service, are no longer the ones in force for that day."""
    from tongchou.settlement import planning
    from tongchou.settlement.core.decision import med_type_of

    asked = (scope.area, scope.begin, scope.scheme, scope.scheme, scope.begin, scope.end)
    found = []
    for scheme, med_type, package, day, _ in ask(_VERSIONS, asked):
        try:
            plan = planning.choose_plan(area=scope.area, scheme=scheme, med_type=med_type_of(med_type), on=day)
        except Rejection:
            continue  # no policy is in force any more: evaluating would only refuse
        if plan.package_hash != package:
            found.append({"scheme": scheme, "med_type": med_type, "package": package, "day": day})
    return found


def touched_persons(scope: Scope) -> list[int]:
    """The ids of the persons that :func:`make_run` would enter for a policy version, without making a run."""
    touched = touched_versions(scope)
    return (
        [person for (person,) in ask(_PERSONS_TOUCHED, (as_json(touched), scope.area, scope.begin))] if touched else []
    )


def trials_of(persons: Sequence[int], scope: Scope) -> Iterator[Trial]:
    """Try persons without keeping anything, in chunks: memory does not grow with their number."""
    choose = Chooser(scope)
    for start in range(0, len(persons), CHUNK):
        part = persons[start : start + CHUNK]
        states = read_states(persons=part, begin=scope.begin, end=scope.end, scheme=scope.scheme, facts=scope.facts)
        yield from try_persons(states, choose)


def try_some(made: Resettlement, choose: Chooser, *, limit: int = CHUNK) -> list[Trial]:
    """Try the next persons that wait. Returns what was found; empty when nobody waits any more."""
    waiting = list(
        ResettledPerson.objects.filter(run=made, state=PersonState.WAITING)
        .order_by("person_id")
        .values_list("person_id", flat=True)[:limit]
    )
    if not waiting:
        return []
    scope = choose.scope
    states = read_states(persons=waiting, begin=scope.begin, end=scope.end, scheme=scope.scheme, facts=scope.facts)
    trials = list(try_persons(states, choose))
    ask(_KEEP, (as_json([_kept(trial) for trial in trials]), made.pk))
    return trials


_KEEP = """
UPDATE settlement_resettledperson p
SET state = t.state, proposal = t.proposal, digest = t.digest, changed = t.changed, refused = t.refused, fund = t.fund,
    account = t.account, cash = t.cash
FROM json_to_recordset(%s::json) AS t(
    person_id bigint, state text, proposal jsonb, digest text, changed integer, refused integer, fund bigint,
    account bigint, cash bigint)
WHERE p.run_id = %s AND p.person_id = t.person_id AND p.state = 'waiting'
RETURNING 1
"""


def _kept(trial: Trial) -> dict[str, Any]:
    differs = bool(trial.changes or trial.refused)
    return {
        "person_id": trial.person_id,
        "state": PersonState.DIFFERS if trial.changes else PersonState.SAME,
        "proposal": trial.proposal if differs else {},
        "digest": trial.digest if differs else "",
        "changed": len(trial.changes),
        "refused": len(trial.refused),
        "fund": trial.fund,
        "account": trial.account,
        "cash": trial.cash,
    }


def finish_trial(made: Resettlement, *, now: datetime) -> Resettlement:
    """Seal the trial: sums and the digest over all persons with differences. Persons without any are dropped."""
    with transaction.atomic():
        locked = _locked(made.pk, (State.TRYING,), "结束试算")
        persons = ResettledPerson.objects.filter(run=locked)
        tried = persons.count()
        persons.filter(state=PersonState.SAME, refused=0).delete()
        locked.totals = _totals(locked.pk) | {"tried": tried}
        locked.digest = digest_of(persons)
        locked.state, locked.tried_at = State.TRIED, now
        locked.save(update_fields=["totals", "digest", "state", "tried_at"])
    return locked


def digest_of(persons: Any) -> str:
    """SHA-256 over the digests of all persons with differences, in the order of their ids: what the reviewers seal."""
    sealed = hashlib.sha256()
    rows = persons.exclude(changed=0).order_by("person_id").values_list("person_id", "digest")
    for person_id, digest in rows.iterator(chunk_size=5000):
        sealed.update(f"{person_id}:{digest}\n".encode())
    return sealed.hexdigest()


_SUMS = """
SELECT count(*) FILTER (WHERE changed > 0), coalesce(sum(changed), 0)::bigint, coalesce(sum(refused), 0)::bigint,
       coalesce(sum(fund), 0)::bigint, coalesce(sum(account), 0)::bigint, coalesce(sum(cash), 0)::bigint,
       coalesce(-sum(least(cash, 0)), 0)::bigint, coalesce(sum(greatest(cash, 0)), 0)::bigint,
       coalesce(sum(abs(fund)), 0)::bigint
FROM settlement_resettledperson WHERE run_id = %s
"""
_FUNDS = """
SELECT l ->> 'fund', sum((l ->> 'before')::bigint)::bigint, sum((l ->> 'after')::bigint)::bigint
FROM settlement_resettledperson p, jsonb_array_elements(p.proposal -> 'changes') AS c, jsonb_array_elements(c -> 'layers') AS l
WHERE p.run_id = %s AND p.changed > 0 GROUP BY 1 ORDER BY 1
"""


def _totals(run_id: int) -> dict[str, Any]:
    names = ("persons", "changed", "refused", "fund", "account", "cash", "to_persons", "from_persons", "moved")
    sums = dict(zip(names, ask(_SUMS, (run_id,))[0], strict=True))
    return sums | {"funds": [list(row) for row in ask(_FUNDS, (run_id,))]}


def _locked(run_id: int, states: Iterable[str], action: str) -> Resettlement:
    """The run, locked, in one of the states.

    Raises:
        Rejection: SETL-073.
    """
    found = Resettlement.objects.select_for_update().get(pk=run_id)
    if found.state not in list(states):
        raise rejections.RERUN_STATE(run=run_id, state=found.get_state_display(), action=action)
    return found


def drop_run(*, run_id: int, came_back: bool = False) -> None:
    """Give a run up that was not submitted, or (``came_back``) that the reviewer returned.

    Raises:
        Rejection: SETL-073.
    """
    with control.writing(reason="作废重新结算试算"):
        states = (State.TRYING, State.TRIED, State.SUBMITTED) if came_back else (State.TRYING, State.TRIED)
        made = _locked(run_id, states, "作废")
        made.state = State.DROPPED
        made.save(update_fields=["state"])


def payload_of(made: Resettlement) -> dict[str, Any]:
    """What the reviewers approve: scope, sums, and the digest of every person's result."""
    return {
        "run": made.pk,
        "kind": made.kind,
        "area": made.area,
        "scheme": made.scheme,
        "begin": made.begin.isoformat(),
        "end": made.end.isoformat(),
        "facts": made.facts,
        "policy": made.policy,
        "digest": made.digest,
        "totals": made.totals,
    }


def mark_submitted(*, run_id: int, case_id: int) -> None:
    """A case on the run was handed in.

    Raises:
        Rejection: SETL-073.
    """
    with transaction.atomic():
        made = _locked(run_id, (State.TRIED, State.SUBMITTED), "提交复核")
        made.state, made.case_id = State.SUBMITTED, case_id
        made.save(update_fields=["state", "case_id"])


def check_submittable(run_id: int) -> Resettlement:
    """The run, if it can be handed in for review.

    Raises:
        Rejection: SETL-073 not tried, SETL-074 without differences.
    """
    made = Resettlement.objects.get(pk=run_id)
    if made.state not in (State.TRIED, State.SUBMITTED):
        raise rejections.RERUN_STATE(run=run_id, state=made.get_state_display(), action="提交复核")
    if not made.totals.get("changed"):
        raise rejections.RERUN_NOTHING(run=run_id)
    return made


def approve_run(*, run_id: int, case_id: int, digest: str) -> Resettlement:
    """The last approval: from here on the run is booked. Its digest must be the one that was approved.

    Raises:
        Rejection: SETL-072 the trial is another than the approved one, SETL-073.
    """
    with transaction.atomic():
        made = _locked(run_id, (State.TRIED, State.SUBMITTED), "入账")
        if made.digest != digest or digest_of(ResettledPerson.objects.filter(run=made)) != digest:
            raise rejections.RERUN_STALE(subject=f"重新结算 {run_id}")
        made.state, made.case_id = State.BOOKING, case_id
        made.save(update_fields=["state", "case_id"])
    return made


def next_to_book(made: Resettlement) -> int | None:
    """The next person (row id) whose differences are not booked yet."""
    found = ResettledPerson.objects.filter(run=made, state=PersonState.DIFFERS).order_by("person_id").first()
    return found.pk if found is not None else None


def book_row(*, row_id: int, now: datetime) -> bool:
    """Book one person of an approved run, at most once, with the note that it was done, in one transaction.

    Returns:
        Whether it was booked now.

    Raises:
        Rejection: SETL-072; nothing was booked then.
    """
    with transaction.atomic():
        row = ResettledPerson.objects.select_for_update(of=("self",)).select_related("run").get(pk=row_id)
        if row.state != PersonState.DIFFERS or row.run.state != State.BOOKING or row.run.case_id is None:
            return False
        order = Order(run_id=row.run_id, case_id=row.run.case_id, scope=scope_of(row.run), digest=row.digest, now=now)
        with control.writing(
            reason=f"重新结算 {row.run_id}：{row.run.reason}", case_id=row.run.case_id, area=row.run.area
        ):
            book_person(person_id=row.person_id, order=order)
            row.state, row.booked_at = PersonState.BOOKED, now
            row.save(update_fields=["state", "booked_at"])
    return True


def note_stale(*, row_id: int) -> None:
    """Note that a person's settlements have changed since they were tried: nothing is booked for that person."""
    ResettledPerson.objects.filter(pk=row_id, state=PersonState.DIFFERS).update(state=PersonState.STALE)


def finish_booking(made: Resettlement, *, now: datetime) -> dict[str, int]:
    """Close a run of which every person is booked or noted as changed. Returns how many were booked and left alone."""
    with transaction.atomic():
        locked = _locked(made.pk, (State.BOOKING, State.BOOKED), "入账")
        persons = ResettledPerson.objects.filter(run=locked)
        counts = {
            "booked": persons.filter(state=PersonState.BOOKED).count(),
            "stale": persons.filter(state=PersonState.STALE).count(),
        }
        if locked.state != State.BOOKED:
            locked.state, locked.booked_at = State.BOOKED, now
            locked.totals = locked.totals | counts
            locked.save(update_fields=["state", "booked_at", "totals"])
    return counts


def try_all(made: Resettlement, *, now: datetime) -> Resettlement:
    """Try every person of a small run at once."""
    choose = Chooser(scope_of(made))
    while try_some(made, choose):
        pass
    return finish_trial(made, now=now)


def default_period(today: date) -> tuple[date, date]:
    """The days of service that are offered: this year so far."""
    return today.replace(month=1, day=1), today
