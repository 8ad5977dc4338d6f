"""任务中心, 日终计划, 运行状态, 消息: what the pages show and do."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf, city, client_of  # noqa: F401 (fixtures)
from tongchou.control.api import Operator
from tongchou.operation import api, messages
from tongchou.operation.models import JobLogLine, JobRun, Message, PlanRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(city: cities.City) -> JobRun:  # noqa: F811
    """A failed job of our pooling area."""
    run = api.request_job(kind="operation.doctor", key="x", now=timezone.now(), area=cities.AREA)
    run.status, run.error, run.remedy = JobRun.Status.FAILED, "OPER-029 发现 1 个错误", "先更正再重试"
    run.done, run.total = 3, 12
    run.save()
    JobLogLine.objects.create(run=run, at=timezone.now(), level="error", text="<script>S1</script>")
    return run


def test_a_failed_job_shows_its_reason_its_remedy_and_the_way_on(run: JobRun, client_of: ClientOf) -> None:  # noqa: F811
    text = client_of("admin").get(f"/operation/jobs/{run.pk}/").content.decode()
    assert "OPER-029 发现 1 个错误" in text
    assert "处理办法：先更正再重试" in text
    assert "重试（从断点继续）" in text
    assert 'max="12" value="3"' in text
    assert "25%" in text
    assert "<script>S1" not in text, "what a job wrote is text"
    reader = client_of("accountant").get(f"/operation/jobs/{run.pk}/").content.decode()
    assert '<button class="main">重试' not in reader, "who may only look gets no button"


def test_retry_and_cancel_by_the_buttons(run: JobRun, client_of: ClientOf) -> None:  # noqa: F811
    admin = client_of("admin")
    assert admin.post(f"/operation/jobs/{run.pk}/retry/").status_code == 302
    run.refresh_from_db()
    assert run.status == JobRun.Status.QUEUED
    live = admin.get(f"/operation/jobs/{run.pk}/live/").content.decode()
    assert 'hx-trigger="every 2s"' in live, "an open job is asked for again"
    assert admin.post(f"/operation/jobs/{run.pk}/cancel/").status_code == 302
    run.refresh_from_db()
    assert run.status == JobRun.Status.CANCELLED
    assert "hx-trigger" not in admin.get(f"/operation/jobs/{run.pk}/live/").content.decode()
    answer = admin.post(f"/operation/jobs/{run.pk}/cancel/", follow=True).content.decode()
    assert "已结束，不能取消" in answer


def test_pressing_twice_starts_one_job(client_of: ClientOf) -> None:  # noqa: F811
    admin = client_of("admin")
    for _ in range(2):
        admin.post("/operation/jobs/start/", {"kind": "operation.doctor", "key": "form-1"})
    assert JobRun.objects.filter(kind="operation.doctor").count() == 1
    assert admin.post("/operation/jobs/start/", {"kind": "operation.close_day"}).status_code == 404, "not by hand"


def test_jobs_of_other_areas_do_not_exist(run: JobRun, client_of: ClientOf) -> None:  # noqa: F811
    JobRun.objects.filter(pk=run.pk).update(area="110100", file="x.txt")
    admin = client_of("admin")
    assert f"/operation/jobs/{run.pk}/" not in admin.get("/operation/jobs/").content.decode()
    for path in ("", "live/", "file/"):
        assert admin.get(f"/operation/jobs/{run.pk}/{path}").status_code == 404
    for path in ("cancel/", "retry/"):
        assert admin.post(f"/operation/jobs/{run.pk}/{path}").status_code == 404


def test_a_result_is_for_who_asked_and_for_who_runs_the_system(
    run: JobRun,
    client_of: ClientOf,  # noqa: F811
    settings: object,
    tmp_path: object,
) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    folder = api.file_folder(run.pk)
    folder.mkdir(parents=True)
    (folder / "结果.txt").write_text("名单", "utf-8")
    JobRun.objects.filter(pk=run.pk).update(file="结果.txt")
    answer = client_of("admin").get(f"/operation/jobs/{run.pk}/file/")
    assert b"".join(answer.streaming_content).decode() == "名单"
    assert "attachment" in answer["Content-Disposition"]
    assert client_of("accountant").get(f"/operation/jobs/{run.pk}/file/").status_code == 404
    JobRun.objects.filter(pk=run.pk).update(requested_by=Operator.objects.get(login="accountant"))
    own = client_of("accountant").get(f"/operation/jobs/{run.pk}/file/")
    assert b"".join(own.streaming_content).decode() == "名单"


def test_a_plan_is_started_shown_and_stopped_where_it_failed(client_of: ClientOf) -> None:  # noqa: F811
    admin = client_of("admin")
    assert (
        "尚未到来"
        in admin.post("/operation/plans/start/", {"plan": "daily", "day": "2090-01-01"}, follow=True).content.decode()
    )
    assert (
        "无法识别" in admin.post("/operation/plans/start/", {"plan": "daily", "day": "x"}, follow=True).content.decode()
    )
    day = date(2026, 1, 15)
    shown = admin.post("/operation/plans/start/", {"plan": "daily", "day": day.isoformat()}, follow=True)
    assert "运行条件检查" in shown.content.decode()
    run = PlanRun.objects.get(day=day)
    assert (run.area, run.requested_by.login) == (cities.AREA, "admin")
    run.steps.filter(step="doctor").update(status=JobRun.Status.FAILED, error="OPER-029 …", remedy="先更正")
    PlanRun.objects.filter(pk=run.pk).update(status=PlanRun.Status.STOPPED)
    text = admin.get(f"/operation/plans/{run.pk}/").content.decode()
    assert "停在“数据检查”" in text
    assert "处理好了，从这一步继续" in text
    PlanRun.objects.filter(pk=run.pk).update(area="110100")
    assert admin.get(f"/operation/plans/{run.pk}/").status_code == 404


def test_the_state_names_what_is_missing_with_its_remedy(client_of: ClientOf) -> None:  # noqa: F811
    text = client_of("accountant").get("/operation/state/").content.decode()
    assert "可以服务" in text
    assert "没有后台进程" in text
    assert "systemctl start tongchou-worker" in text


def test_messages_are_ones_own_counted_read_and_lead_only_inside(client_of: ClientOf) -> None:  # noqa: F811
    admin, clerk = client_of("admin"), client_of("clerk")
    who = Operator.objects.get(login="admin")
    now = timezone.now()
    messages.tell(operators=[who], key="a", title="日终停在备份", now=now, link="/operation/plans/")
    messages.tell(operators=[who], key="b", title="坏链接", now=now, link="https://evil.example/")
    page = admin.get("/messages/").content.decode()
    assert "2 条未读" in page
    assert "日终停在备份" not in clerk.get("/messages/").content.decode()
    first, second = Message.objects.order_by("key")
    assert clerk.post("/messages/read/", {"message": first.pk}).status_code == 404
    assert admin.post("/messages/read/", {"message": first.pk})["Location"] == "/operation/plans/"
    assert admin.post("/messages/read/", {"message": second.pk})["Location"] == "/messages/"
    assert "0 条未读" in admin.get("/messages/").content.decode()
