"""Retention: what is over goes, what is not stays, and nothing that the law wants kept is ever named."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tests.integration.web import city as cities
from tongchou.control.models import Parameter, ParameterValue, SignInAttempt, Trail, WorkSession
from tongchou.control.services.parameters import STANDARD
from tongchou.kernel.rejection import Rejection
from tongchou.operation import api as operation
from tongchou.operation import retention
from tongchou.operation.models import JobLogLine, JobRun, Message
from tongchou.settlement import answers, planning
from tongchou.settlement.models import Receipt
from tongchou.simulation.api import Store
from tongchou.web.models import Upload

pytestmark = pytest.mark.django_db
FOR_EVER = ("ledger_", "settlement_settlement", "settlement_payment", "settlement_feeline", "control_trail", "control_case",
            "control_grant", "registry_", "accounts_", "contributions_", "control_personaldataaccess")  # fmt: skip


@pytest.fixture
def city(tmp_path: Path, settings: object) -> cities.City:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    yield cities.build(persons=4, visits=5)  # type: ignore[misc]
    planning.use_book(None)


def aged(city: cities.City, days: int) -> JobRun:
    """One of everything, so old."""
    at, clerk = timezone.now() - timedelta(days=days), city.operators["clerk"]
    run = JobRun.objects.create(kind="x", key=f"x{days}", title="x", status="done", created_at=at, finished_at=at)
    JobLogLine.objects.create(run=run, at=at, level="info", text="x")
    folder = operation.file_folder(run.pk)
    folder.mkdir(parents=True)
    (folder / "list.xlsx").write_bytes(b"x")
    Message.objects.create(recipient=clerk, key=f"x{days}", title="x", due_at=at, created_at=at)
    SignInAttempt.objects.create(login="clerk", address="10.0.0.1", succeeded=True, tried_at=at)
    WorkSession.objects.create(
        key_hash=f"{days}", operator=clerk, address="10.0.0.1", started_at=at, seen_at=at, ended_at=at
    )
    Upload.objects.create(operator=clerk, kind="items", filename="x", content=b"x", uploaded_at=at)
    return run


def counts() -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            found[table] = cursor.fetchone()[0]
    return found


def test_what_is_over_goes_with_its_files_and_what_is_not_stays(city: cities.City) -> None:
    old, young = aged(city, 1_000), aged(city, 2)
    before = counts()
    now = timezone.now()
    told = retention.run(now=now, dry=True)
    assert counts() == before, "a dry run removes nothing"
    assert {one.title: one.count for one in told if one.count} == {
        "任务记录、日志和结果文件": 1, "站内消息": 1, "登录记录": 1, "已结束的工作会话": 1, "待确认的导入文件": 1,
    }  # fmt: skip
    assert retention.run(now=now, dry=False) == told, "the dry run told what would happen"
    after = counts()
    gone = {table: before[table] - after[table] for table in before if before[table] > after[table]}
    assert gone == {
        "operation_jobrun": 1, "operation_joblogline": 1, "operation_message": 1, "control_signinattempt": 1,
        "control_worksession": 1, "web_upload": 1,
    }  # fmt: skip
    assert not operation.file_folder(old.pk).exists()
    assert (operation.file_folder(young.pk) / "list.xlsx").exists()
    noted = Trail.objects.get(object_kind="retention")
    assert "登录记录" in str(noted.after)
    assert all(one.count == 0 for one in retention.run(now=now, dry=False)), "twice is the same as once"


def test_the_period_is_a_parameter_with_the_laws_least(city: cities.City) -> None:
    aged(city, 300)
    assert _count("登录记录") == 0
    parameter = Parameter.objects.get(code="retention.sign_ins_days")
    ParameterValue.objects.create(parameter=parameter, value="200", period=("2020-01-01", None))
    assert _count("登录记录") == 1
    assert parameter.least == 183, "half a year of network logs, by law"


def test_an_answer_is_forgotten_but_the_message_is_never_settled_twice(city: cities.City) -> None:
    now = timezone.now()
    settled = city.settlements
    later = now + timedelta(days=401)
    kept = Receipt.objects.count()
    forgotten = next(one for one in retention.run(now=later, dry=False) if one.title == "已答复报文的应答内容")
    assert forgotten.count == kept > 0
    assert Receipt.objects.exclude(answer=b"").count() == 0
    assert Receipt.objects.count() == kept, "the receipts stay"
    with pytest.raises(Rejection) as refused:
        answers.unpack(b"")
    assert refused.value.code == "SETL-080"
    cities._purchase(city.persons[1], random.Random(5), now)
    assert len(settled) == 5


def test_no_rule_names_what_must_be_kept() -> None:
    named = {rule.table for rule in retention.RULES} | {child for child, _ in retention.CHILDREN.values()}
    assert not [table for table in named if table.startswith(FOR_EVER)]
    assert {rule.parameter for rule in retention.RULES if rule.parameter} | {
        retention.ANSWERS,
        retention.DATA_SETS,
    } == {str(one["code"]) for one in STANDARD if str(one["code"]).startswith("retention.")}


@pytest.mark.parametrize("table", ["ledger_journal", "ledger_entry", "settlement_settlement", "control_trail"])
def test_a_rule_that_named_the_books_would_be_refused_by_them(city: cities.City, table: str) -> None:
    planted = retention.Rule(
        title="x", table=table, where="true", parameter="", key="seq" if "trail" in table else "id"
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        retention._apply(planted, timezone.now(), dry=False)


def test_the_job_and_the_command_report(city: cities.City) -> None:
    from tongchou.kernel.jobs import KINDS

    assert KINDS["operation.retention_check"].by_hand
    assert not KINDS["operation.tidy"].by_hand, "the daily plan's last step"
    found = retention.run(now=timezone.now(), dry=True)
    text = retention.report(found, dry=True, now=timezone.now())
    assert text.startswith("保存期核对（不清理）")
    assert len(text.splitlines()) == len(found) + 1 == len(retention.RULES) + 3
    assert str(settings.MEDIA_ROOT)


def _count(title: str) -> int:
    return next(one.count for one in retention.run(now=timezone.now(), dry=True) if one.title == title)


def test_claim_data_of_simulations_go_when_nobody_has_used_them_for_long(city: cities.City, tmp_path: Path) -> None:
    """Used again, a data set stays; what an interrupted intake left goes with the rest."""
    now = timezone.now()
    store = Store(tmp_path, cities.AREA)
    kept = {}
    for number in range(2):
        file = tmp_path / f"{number}.parquet"
        file.write_bytes(bytes([number]))
        kept[number] = store.keep(file, title="x", source="upload", scheme="310", claims=1, now=now).hash
        store.use(kept[number], now=now - timedelta(days=1_000))
    left = store.folder / "tmp-left"
    left.mkdir()
    os.utime(left, (0, 0))
    store.use(kept[1], now=now)
    told = {one.title: one.count for one in retention.run(now=now, dry=True)}
    assert told["未再使用的模拟数据"] == 2
    assert len(store.all()) == 2
    retention.run(now=now, dry=False)
    assert [one.hash for one in store.all()] == [kept[1]]
    assert abs(store.last_used(kept[1]) - now) < timedelta(seconds=1)
    assert not left.exists()
