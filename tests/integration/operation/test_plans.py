"""日终 and 月终: steps in their order, a stop at the first failure with what to do, and on from there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from tongchou.control.api import Operator, create_operator
from tongchou.kernel.jobs import KINDS, RunningJob
from tongchou.ledger import api as ledger
from tongchou.operation import api, messages, plans, schedule, worker
from tongchou.operation.models import JobRun, Message, OutboundMessage, PlanRun
from tongchou.operation.rejections import DOCTOR_FOUND

pytestmark = pytest.mark.django_db(transaction=True)

AREA, DAY = "620900", date(2026, 11, 20)
DONE: list[str] = []
BROKEN: set[str] = set()


@pytest.fixture(autouse=True)
def _steps_that_only_say_so() -> Iterator[None]:
    """The steps' work is replaced by a note that it was done; what a step really does has tests of its own."""
    DONE.clear()
    BROKEN.clear()
    kept = dict(KINDS)

    def instead(name: str) -> None:
        def work(run: RunningJob) -> None:
            if name in BROKEN:
                raise DOCTOR_FOUND(count=1, first="S1 …")
            DONE.append(name)

        KINDS[name] = dataclasses.replace(KINDS[name], run=work)

    for step in (*plans.DAILY.steps, *plans.MONTHLY.steps):
        instead(step.kind)
    yield
    KINDS.update(kept)


@pytest.fixture
def runner() -> Operator:
    return create_operator(login="it", password="x", name="运维", organisation="中心", area=AREA, post="administrator")


@pytest.fixture
def clerk() -> Operator:
    return create_operator(login="clerk", password="x", name="柜员", organisation="中心", area=AREA, post="clerk")


def start() -> PlanRun:
    return plans.start(plan="daily", area=AREA, day=DAY, now=timezone.now())


def test_a_plan_runs_its_steps_in_order_and_once() -> None:
    run = start()
    assert start().pk == run.pk
    worker.work(until_idle=True)
    assert [step.kind for step in plans.DAILY.steps] == DONE
    run.refresh_from_db()
    assert run.status == PlanRun.Status.DONE
    assert run.finished_at is not None
    start()
    worker.work(until_idle=True)
    assert len(DONE) == len(plans.DAILY.steps)


def test_a_plan_stops_at_the_first_failure_says_what_to_do_and_goes_on_from_there(
    runner: Operator, clerk: Operator
) -> None:
    BROKEN.add("operation.doctor")
    run = start()
    worker.work(until_idle=True)
    run.refresh_from_db()
    assert run.status == PlanRun.Status.STOPPED
    assert DONE == ["operation.ready", "operation.partitions", "operation.close_day"]
    waiting = run.steps.filter(status=JobRun.Status.WAITING)
    assert {step.step for step in waiting} == {"backup", "tidy"}, "no backup of books that do not agree"

    (message,) = Message.objects.all()
    assert message.recipient == runner, "those who run the system are told, the counter is not"
    assert "停在“数据检查”" in message.title
    assert "处理办法" in message.text
    assert message.link == f"/operation/plans/{run.pk}/"
    assert messages.unread(runner, now=timezone.now()) == 1

    BROKEN.clear()
    api.retry_job(run_id=run.steps.get(step="doctor").pk)
    worker.work(until_idle=True)
    run.refresh_from_db()
    assert run.status == PlanRun.Status.DONE
    assert [step.kind for step in plans.DAILY.steps] == DONE


def test_every_step_of_a_plan_has_its_predecessors_in_the_plan_and_a_kind() -> None:
    for plan in plans.PLANS.values():
        names: list[str] = []
        for step in plan.steps:
            assert step.kind in KINDS
            assert set(step.after) <= set(names), "steps stand after what they wait for"
            names.append(step.name)


def test_plans_start_by_the_clock_once_and_not_long_after_their_time() -> None:
    ledger.ensure_chart(area=AREA)
    zone = timezone.get_default_timezone()
    assert schedule.start_due_plans(datetime(2026, 11, 22, 0, 29, tzinfo=zone)) == []
    (run,) = schedule.start_due_plans(datetime(2026, 11, 22, 0, 31, tzinfo=zone))
    assert (run.plan, run.area, run.day) == ("daily", AREA, date(2026, 11, 21))
    assert schedule.start_due_plans(datetime(2026, 11, 22, 0, 32, tzinfo=zone)) == []
    assert schedule.start_due_plans(datetime(2026, 11, 23, 13, 0, tzinfo=zone)) == [], "not in the middle of a day"
    first = schedule.start_due_plans(datetime(2026, 12, 1, 3, 1, tzinfo=zone))
    assert [(one.plan, one.day) for one in first] == [("daily", date(2026, 11, 30)), ("monthly", date(2026, 11, 30))]


def test_a_message_is_left_once_and_read_by_its_recipient_only(runner: Operator, clerk: Operator) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    for _ in range(2):
        messages.tell(operators=[runner], key="k", title="一次", now=now)
    (message,) = Message.objects.all()
    assert messages.mark_read(operator=clerk, now=now, message_id=message.pk) == 0
    assert messages.mark_read(operator=runner, now=now, message_id=message.pk) == 1
    messages.tell(operators=[clerk], key="later", title="提醒", now=now, due_at=datetime(2026, 11, 23, tzinfo=UTC))
    assert messages.unread(clerk, now=now) == 0
    assert messages.unread(clerk, now=datetime(2026, 11, 23, tzinfo=UTC)) == 1


def test_text_messages_leave_once_are_tried_again_and_forget_the_address(
    tmp_path: object, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    class Provider:
        def send(self, *, address: str, title: str, text: str) -> None:
            if len(sent) == 0 and not failed:
                failed.append(address)
                raise ConnectionError
            sent.append(address)

    failed: list[str] = []
    monkeypatch.setattr(messages, "port", lambda channel: Provider())
    now = datetime(2026, 11, 22, tzinfo=UTC)
    for _ in range(2):
        messages.send_out(key="k", channel="sms", address="13800138000", title="", text="您的待遇已核定", now=now)
    assert messages.deliver(now=now) == 0
    assert messages.deliver(now=now) == 0, "not again at once"
    assert messages.deliver(now=datetime(2026, 11, 22, 0, 5, tzinfo=UTC)) == 1
    assert sent == ["13800138000"]
    (message,) = OutboundMessage.objects.all()
    assert (message.status, message.address, message.text) == ("sent", "", "")


def test_the_file_stands_in_for_a_provider(tmp_path: object, settings: object) -> None:
    from types import SimpleNamespace

    settings.HOME = SimpleNamespace(root=tmp_path)  # type: ignore[attr-defined]
    messages.send_out(
        key="k", channel="sms", address="1", title="题", text="文", now=datetime(2026, 11, 22, tzinfo=UTC)
    )
    assert messages.deliver(now=datetime(2026, 11, 22, tzinfo=UTC)) == 1
    file = tmp_path / "outbox" / "sms.jsonl"  # type: ignore[operator]
    assert '"文"' in file.read_text("utf-8")
    assert file.stat().st_mode & 0o777 == 0o600
