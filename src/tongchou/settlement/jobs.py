"""Background jobs of settlement: trying and booking a re-run of many persons (重新结算)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tongchou.control import api as control
from tongchou.kernel.jobs import RunningJob, job
from tongchou.kernel.rejection import Rejection

if TYPE_CHECKING:
    from tongchou.settlement.resettle.models import Resettlement

TRY, BOOK = "settlement.rerun_try", "settlement.rerun_book"


@job(TRY, title="重新结算试算", remedy="请按原因处理后重试，已试算的人员不会重做；不再需要的请在“重新结算”页面作废")
def try_run(running: RunningJob) -> None:
    """Try the persons of a run chunk by chunk. Who was tried is noted with the result, so a restart goes on there."""
    from tongchou.settlement.resettle import runs
    from tongchou.settlement.resettle.choosing import Chooser
    from tongchou.settlement.resettle.models import ResettledPerson, Resettlement

    made = Resettlement.objects.get(pk=running.arguments["run"])
    persons = ResettledPerson.objects.filter(run=made)
    total = persons.count()
    done = total - persons.filter(state=ResettledPerson.State.WAITING).count()
    choose = Chooser(runs.scope_of(made))
    settlements = 0
    while made.state == Resettlement.State.TRYING:
        with running.step(done=done, total=total, note=f"已试算 {done:,} 人"):
            trials = runs.try_some(made, choose)
        if not trials:
            made = runs.finish_trial(made, now=_now())
        done += len(trials)
        settlements += sum(trial.seen for trial in trials)
    running.log(f"试算 {total:,} 人，本次查看结算 {settlements:,} 笔；有变化 {made.totals.get('persons', 0):,} 人")
    running.result(有变化人数=made.totals.get("persons", 0), 变化笔数=made.totals.get("changed", 0))


@job(BOOK, title="重新结算入账", remedy="请按原因处理后重试，已入账的人员不会重复入账")
def book_run(running: RunningJob) -> None:
    """Book the reviewed persons one by one, each with its note in one transaction: a restart books nobody twice."""
    from tongchou.settlement.resettle.models import Resettlement

    made = Resettlement.objects.select_related("made_by").get(pk=running.arguments["run"])
    with control.acting(_actor(made)):
        _book(running, made)


def _book(running: RunningJob, made: Resettlement) -> None:
    from tongchou.settlement import rejections
    from tongchou.settlement.resettle import runs
    from tongchou.settlement.resettle.models import ResettledPerson

    total = ResettledPerson.objects.filter(run=made, changed__gt=0).count()
    waiting = ResettledPerson.objects.filter(run=made, state=ResettledPerson.State.DIFFERS)
    done = total - waiting.count()
    while (row := runs.next_to_book(made)) is not None:
        try:
            with running.step(done=done + 1, total=total, note=f"已入账 {done + 1:,} 人"):
                runs.book_row(row_id=row, now=_now())
        except Rejection as refusal:
            if refusal.code != rejections.RERUN_STALE.code:
                raise
            with running.step(done=done + 1):
                runs.note_stale(row_id=row)
            running.log("一名人员的结算在试算后已有变化，未入账", level="warning")
        done += 1
    counts = runs.finish_booking(made, now=_now())
    running.log(f"入账 {counts['booked']:,} 人，情况已变未入账 {counts['stale']:,} 人")
    running.result(已入账人数=counts["booked"], 未入账人数=counts["stale"])


def _actor(made: Resettlement) -> control.Actor:
    """What a job writes stands in the trail under the maker of the run; its case names who approved it."""
    maker = made.made_by.login if made.made_by is not None else ""
    return control.Actor(channel="job", operator=maker, area=made.area)


def _now() -> datetime:
    return datetime.now(UTC)
