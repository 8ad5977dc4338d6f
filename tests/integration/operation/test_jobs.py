"""Jobs: once by construction, step by step, cancelled, repeated from where they stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from tongchou.kernel.jobs import KINDS, RunningJob, job
from tongchou.kernel.rejection import Rejection
from tongchou.operation import api, running, worker
from tongchou.operation.models import JobLogLine, JobRun, Message
from tongchou.operation.rejections import BUSY

pytestmark = pytest.mark.django_db(transaction=True)

NOTES: dict[str, list[int]] = {}


@pytest.fixture(autouse=True)
def _kinds(tmp_path: Path, settings: object) -> Iterator[None]:
    """Job kinds of this test; results go to a temporary folder."""
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    NOTES.clear()
    before = set(KINDS)

    @job("test.count", title="数数")
    def count(run: RunningJob) -> None:
        first = run.checkpoint or 0
        for number in range(first, run.arguments["to"]):
            with run.step(checkpoint=number + 1, done=number + 1, total=run.arguments["to"], note=f"第 {number} 步"):
                NOTES.setdefault("done", []).append(number)
                Message.objects.create(
                    recipient_id=run.arguments["operator"], key=f"{run.id}:{number}", title="步", due_at=timezone.now(),
                    created_at=timezone.now(),
                )  # fmt: skip
                if number == run.arguments.get("fails_at") and len(NOTES["done"]) <= number + 1:
                    raise BUSY()
                if number == run.arguments.get("breaks_at"):
                    raise ZeroDivisionError("王秀兰 410101199001011234")
                if number == run.arguments.get("cancelled_at"):
                    JobRun.objects.filter(pk=run.id).update(cancel_requested=True)
        run.result_file("结果.txt").write_text("ok", "utf-8")
        run.result(sum=sum(NOTES["done"]))

    yield
    for name in set(KINDS) - before:
        del KINDS[name]


@pytest.fixture
def operator() -> int:
    from tongchou.control.api import Operator

    return Operator.objects.create(login="who", name="测试").pk


def ask(operator: int, key: str = "a", to: int = 5, **arguments: int) -> JobRun:
    return api.request_job(
        kind="test.count", key=key, now=timezone.now(), arguments={"to": to, "operator": operator, **arguments}
    )


def state(run: JobRun) -> JobRun:
    return JobRun.objects.get(pk=run.pk)


def test_a_job_runs_once_however_often_it_is_asked_for(operator: int) -> None:
    first, second = ask(operator), ask(operator)
    assert first.pk == second.pk
    worker.work(until_idle=True)
    assert ask(operator).status == JobRun.Status.DONE
    worker.work(until_idle=True)
    assert NOTES["done"] == [0, 1, 2, 3, 4]
    found = state(first)
    assert (found.done, found.total, found.percent, found.result) == (5, 5, 100, {"sum": 10})
    assert (api.file_folder(found.pk) / found.file).read_text("utf-8") == "ok"
    assert len(found.file_hash) == 64


def test_a_job_that_was_asked_for_in_a_transaction_that_failed_never_runs(operator: int) -> None:
    with transaction.atomic():
        ask(operator)
        transaction.set_rollback(True)
    worker.work(until_idle=True)
    assert not NOTES
    assert not JobRun.objects.exists()


def test_a_refused_job_says_why_and_what_to_do_and_goes_on_after_its_last_complete_step(operator: int) -> None:
    run = ask(operator, fails_at=2)
    worker.work(until_idle=True)
    found = state(run)
    assert found.status == JobRun.Status.FAILED
    assert found.error.startswith("OPER-018")
    assert found.remedy
    assert found.checkpoint == 2
    assert Message.objects.count() == 2, "what the failed step wrote is gone with it"
    api.retry_job(run_id=run.pk)
    worker.work(until_idle=True)
    assert state(run).status == JobRun.Status.DONE
    assert NOTES["done"] == [0, 1, 2, 2, 3, 4]
    assert Message.objects.count() == 5, "each step's work exists exactly once"


def test_a_bug_in_a_job_is_shown_without_its_text(operator: int) -> None:
    run = ask(operator, breaks_at=1)
    worker.work(until_idle=True)
    found = state(run)
    assert found.status == JobRun.Status.FAILED
    assert "ZeroDivisionError" in found.error
    shown = found.error + found.remedy + "".join(JobLogLine.objects.values_list("text", flat=True))
    assert "王秀兰" not in shown
    assert "410101" not in shown


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_before_its_next_step(operator: int) -> None:
    queued = ask(operator)
    assert api.cancel_job(run_id=queued.pk).status == JobRun.Status.CANCELLED
    running_one = ask(operator, key="b", cancelled_at=2)
    worker.work(until_idle=True)
    assert state(running_one).status == JobRun.Status.CANCELLED
    assert NOTES["done"] == [0, 1, 2]
    with pytest.raises(Rejection, match="OPER-026"):
        api.cancel_job(run_id=running_one.pk)
    api.retry_job(run_id=queued.pk)
    worker.work(until_idle=True)
    assert state(queued).status == JobRun.Status.DONE
    with pytest.raises(Rejection, match="OPER-025"):
        api.retry_job(run_id=queued.pk)


def test_a_run_whose_worker_died_is_taken_up_again(operator: int) -> None:
    run = ask(operator)
    JobRun.objects.filter(pk=run.pk).update(status=JobRun.Status.RUNNING, checkpoint=3, queue_job=None)
    assert running.rescue() == 1
    worker.work(until_idle=True)
    assert state(run).status == JobRun.Status.DONE
    assert NOTES["done"] == [3, 4]


def test_a_run_that_is_being_worked_on_is_not_taken_twice(operator: int) -> None:
    run = ask(operator)
    with running._claimed(run.pk) as ours:
        assert ours
        running.execute(run.pk)
        assert running.rescue() == 0
    assert not NOTES
    assert state(run).status == JobRun.Status.QUEUED


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(Rejection, match="OPER-024"):
        api.request_job(kind="no.such", key="x", now=timezone.now())
