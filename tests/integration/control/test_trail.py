"""The audit trail: append-only, sealed in chained blocks, verified; what is tampered with is found and named."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from tongchou.control.actor import Actor, acting, writing
from tongchou.control.models import CalendarDay, Trail, TrailBlock
from tongchou.control.services import sealing, trail

pytestmark = pytest.mark.django_db(transaction=True)

CLERK = Actor(operator="clerk", post="clerk", address="10.0.0.8", channel="web", area="620100")


@pytest.fixture(autouse=True)
def anchors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TONGCHOU_TRAIL_ANCHORS", str(tmp_path / "anchors"))
    return tmp_path / "anchors"


def write(count: int, *, area: str = "620100", start: int = 0) -> None:
    with acting(Actor(operator="clerk", post="clerk", address="10.0.0.8", channel="web", area=area)):
        for number in range(start, start + count):
            trail.record(action="update", object_kind="test", object_id=str(number), after={"fen": number})


@contextmanager
def as_intruder() -> Iterator[None]:
    """Someone with the database owner's rights, who switches the triggers off."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield


def sql(text: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, list(values))


def numbers(found: list[object]) -> list[str]:
    return sorted(finding.number for finding in found)  # type: ignore[attr-defined]


@pytest.mark.requirement("R1.9.08")
def test_a_row_says_who_from_where_in_which_post_what_and_why() -> None:
    with acting(CLERK):
        trail.record(
            action="update",
            object_kind="person",
            object_id="P1",
            person_id=7,
            before={"name": "甲"},
            after={"name": "乙"},
            reason="身份证更名",
        )
    row = Trail.objects.get()
    assert (row.operator, row.post, row.address, row.channel, row.area) == (
        "clerk",
        "clerk",
        "10.0.0.8",
        "web",
        "620100",
    )
    assert (row.before, row.after, row.person_id, row.reason) == ('{"name":"甲"}', '{"name":"乙"}', 7, "身份证更名")


@pytest.mark.requirement("R1.9.03")
@pytest.mark.parametrize(
    "statement", ["UPDATE control_trail SET reason = 'x'", "DELETE FROM control_trail", "TRUNCATE control_trail"]
)
def test_rows_are_neither_changed_nor_deleted(statement: str) -> None:
    write(1)
    with pytest.raises(DatabaseError, match="只能追加"):
        sql(statement)


def test_number_and_time_are_the_databases_own(now: datetime) -> None:
    """An insert that brings its own number and date gets others: nothing is back-dated by a statement."""
    sql(
        "INSERT INTO control_trail (written_by, seq, at, day, action, object_kind) "
        "VALUES (1, 1, '2020-01-01', '2020-01-01', 'update', 'test')"
    )
    row = Trail.objects.get()
    assert row.at >= now
    assert row.day >= now.date()
    assert row.written_by != 1


def test_a_watched_table_enters_the_trail_by_itself_without_secrets() -> None:
    with acting(CLERK), writing(reason="调休"):
        CalendarDay.objects.create(day="2026-10-10", kind="worked", name="国庆节调休")
        CalendarDay.objects.filter(day="2026-10-10").update(name="国庆调休")
    added, changed = Trail.objects.order_by("seq")
    assert (added.action, added.object_kind, added.operator, added.reason) == (
        "insert",
        "control_calendarday",
        "clerk",
        "调休",
    )
    assert (changed.before, changed.after) == ('{"name": "国庆节调休"}', '{"name": "国庆调休"}')


def test_a_change_past_the_application_names_the_database_user() -> None:
    sql("INSERT INTO control_calendarday (day, kind, name, source) VALUES ('2026-12-31', 'holiday', 'x', '')")
    assert Trail.objects.get().operator.startswith("db:")


def test_sealed_rows_verify_and_nothing_is_left_over(now: datetime) -> None:
    write(30)
    write(5, area="620200")
    assert sealing.pending()[0] == 35
    sealed = sealing.seal(now=now)
    assert (sealed.blocks, sealed.rows) == (2, 35)
    write(3, start=30)
    sealing.seal(now=now)
    assert sealing.seal(now=now).blocks == 0
    assert sealing.pending() == (0, None)
    assert list(TrailBlock.objects.filter(area="620100").order_by("number").values_list("number", "row_count")) == [
        (1, 30),
        (2, 3),
    ]
    assert sealing.check() == []


def test_an_altered_row_is_named(now: datetime) -> None:
    write(50)
    sealing.seal(now=now)
    victim = Trail.objects.order_by("seq")[20].seq
    with as_intruder():
        sql("UPDATE control_trail SET after = '{\"fen\":999}' WHERE seq = %s", victim)
    assert [(found.number, str(victim) in found.what) for found in sealing.check()] == [("T1", True)]


@pytest.mark.requirement("R1.9.03")
def test_a_deleted_row_is_named(now: datetime) -> None:
    write(50)
    sealing.seal(now=now)
    victim = Trail.objects.order_by("seq")[20].seq
    with as_intruder():
        sql("DELETE FROM control_trail WHERE seq = %s", victim)
    assert [(found.number, str(victim) in found.what) for found in sealing.check()] == [("T2", True)]


@pytest.mark.parametrize("area", ["620100", "629900"])
def test_an_inserted_row_is_named(now: datetime, area: str) -> None:
    """Into a gap that a rolled-back transaction left, in the block's own area or in another one."""
    write(10)
    with transaction.atomic():
        write(1)
        gap = Trail.objects.latest("seq").seq
        transaction.set_rollback(True)
    write(10)
    sealing.seal(now=now)
    like = Trail.objects.order_by("seq")[5]
    with as_intruder():
        sql(
            "INSERT INTO control_trail (written_by, seq, at, day, area, action, object_kind) VALUES (%s, %s, %s, %s, %s, 'x', 'x')",
            like.written_by,
            gap,
            like.at,
            like.day,
            area,
        )
    assert [(found.number, str(gap) in found.what) for found in sealing.check()] == [("T3", True)]


def test_a_row_that_was_back_dated_at_the_end_is_found(now: datetime) -> None:
    write(10)
    sealing.seal(now=now)
    with as_intruder():
        sql(
            "INSERT INTO control_trail (written_by, seq, at, day, area, action, object_kind) "
            "VALUES (1, nextval('control_trail_seq'), now() - interval '2 days', current_date - 2, '620100', 'x', 'x')"
        )
    assert numbers(sealing.check()) == ["T6", "T7"]
    sealing.seal(now=now)
    assert numbers(sealing.check()) == ["T6"], "sealing it hides nothing"


def test_a_changed_block_and_a_cut_chain_are_found(now: datetime) -> None:
    for part in range(3):
        write(5, start=part * 5)
        sealing.seal(now=now)
    with as_intruder():
        sql("DELETE FROM control_trailblock WHERE number = 2")
        sql("DELETE FROM control_trail WHERE object_id::int BETWEEN 5 AND 9")
    assert "T4" in numbers(sealing.check())


def test_an_end_cut_off_with_its_blocks_is_found_by_what_lies_outside(
    now: datetime, anchors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(5)
    sealing.seal(now=now)
    write(5, start=5)
    sealing.seal(now=now)
    with as_intruder():
        sql("DELETE FROM control_trailblock WHERE number = 2")
        sql("DELETE FROM control_trail WHERE object_id::int >= 5")
    assert numbers(sealing.check()) == ["T5"]
    monkeypatch.setenv("TONGCHOU_TRAIL_COPY", (now - timedelta(minutes=1)).isoformat())
    assert sealing.check() == [], "a copy of an earlier moment lacks the newest blocks, and that is all"
    monkeypatch.setenv("TONGCHOU_TRAIL_COPY", (now + timedelta(minutes=1)).isoformat())
    assert numbers(sealing.check()) == ["T5"], "what was anchored before the copy's moment must be in the copy"


def test_the_next_sealing_does_not_cover_an_end_that_was_cut_off(now: datetime, anchors: Path) -> None:
    """The heads outside are the only witness of the blocks that are gone: they are not written over."""
    for part in range(2):
        write(5, start=part * 5)
        sealing.seal(now=now)
    with as_intruder():  # the same as an old copy of the database put in the place of the new one
        sql("DELETE FROM control_trailblock WHERE number = 2")
        sql("DELETE FROM control_trail WHERE object_id::int >= 5")
    kept = (anchors / "heads.json").read_bytes()
    write(1, start=20)
    assert sealing.seal(now=now).anchored is False
    assert (anchors / "heads.json").read_bytes() == kept
    assert numbers(sealing.check()) == ["T5"]


def test_rows_and_blocks_rewritten_together_are_found_by_the_root_outside(now: datetime, anchors: Path) -> None:
    """The strongest intruder inside the database: rows, blocks and chain are all made anew and fit together."""
    write(5)
    sealing.seal(now=now)
    with as_intruder():
        sql("UPDATE control_trail SET operator = 'other'")
        sql("DELETE FROM control_trailblock")
    assert sealing.seal(now=now, certain=True).anchored is False
    assert numbers(sealing.check()) == ["T5"]


def test_the_root_of_a_day_goes_to_a_file(now: datetime, anchors: Path) -> None:
    with as_intruder():
        sql(
            "INSERT INTO control_trail (written_by, seq, at, day, area, action, object_kind) "
            "VALUES (1, nextval('control_trail_seq'), now() - interval '2 days', current_date - 2, '620100', 'x', 'x')"
        )
    sealing.seal(now=now)
    assert (anchors / "roots.jsonl").read_text().count('"area": "620100"') == 1
    write(3)
    sealing.seal(now=now)
    assert sealing.check() == []


def test_heads_that_were_taken_away_are_missed_and_not_put_back(now: datetime, anchors: Path) -> None:
    """Who can reach the files too takes them away, and waits for the next sealing to write new ones."""
    early = now - timedelta(hours=2)
    write(5)
    sealing.seal(now=early)
    assert sealing.check() == []
    (anchors / "heads.json").unlink()
    assert numbers(sealing.check()) == ["T5"]
    write(5, start=5)
    assert sealing.seal(now=now).anchored is False
    assert numbers(sealing.check()) == ["T5"]
    sealing.reanchor(reason="存证盘更换，主任批准", now=now)
    assert sealing.check() == []


def test_heads_that_do_not_follow_the_chain_are_found(now: datetime, anchors: Path) -> None:
    write(5)
    sealing.seal(now=now - timedelta(hours=3))
    old = (anchors / "heads.json").read_bytes()
    write(5, start=5)
    sealing.seal(now=now)
    (anchors / "heads.json").write_bytes(old)
    assert "停在区块 1" in sealing.check()[0].what


def a_day_before_yesterday(now: datetime) -> None:
    """A root in the database and in the file."""
    with as_intruder():
        sql(
            "INSERT INTO control_trail (written_by, seq, at, day, area, action, object_kind) "
            "VALUES (1, nextval('control_trail_seq'), now() - interval '2 days', current_date - 2, '620100', 'x', 'x')"
        )
    sealing.seal(now=now)
    assert sealing.check() == []


def test_a_root_that_was_taken_out_of_the_file_is_missed(now: datetime, anchors: Path) -> None:
    a_day_before_yesterday(now)
    (anchors / "roots.jsonl").write_text("")
    assert numbers(sealing.check()) == ["T5"]
    write(3)
    sealing.seal(now=now)
    assert numbers(sealing.check()) == ["T5"], "the next sealing does not put it back"


@pytest.mark.parametrize("change", ["root_hash = repeat('x', 32)::bytea", "day = day - 1", "block_number = 99"])
def test_a_root_that_was_altered_in_the_database_is_found(now: datetime, anchors: Path, change: str) -> None:
    a_day_before_yesterday(now)
    with as_intruder():
        sql(f"UPDATE control_trailroot SET {change}")
    assert set(numbers(sealing.check())) == {"T5"}


def test_a_row_of_a_transaction_that_is_still_open_is_waited_for(now: datetime) -> None:
    """The order of numbers is not the order of commits: nothing is sealed in front of an open transaction."""
    go_on, written = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic():
            write(1, start=100)
            written.set()
            go_on.wait(10)
        connection.close()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    assert written.wait(10)
    write(5)
    early = sealing.seal(now=now, wait_seconds=0)
    assert (early.waited_out, early.rows) == (True, 0)
    go_on.set()
    writer.join()
    assert sealing.seal(now=now).rows == 6
    assert sealing.check() == []


def test_an_open_transaction_is_waited_for_though_nothing_has_ended_since(now: datetime) -> None:
    """A snapshot's upper bound follows the last transaction that ended: one that began after that lies above it."""
    go_on, written = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic():
            write(1, start=100)
            written.set()
            go_on.wait(10)
        connection.close()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    assert written.wait(10)
    early = sealing.seal(now=now, wait_seconds=0)
    go_on.set()
    writer.join()
    assert (early.waited_out, early.rows) == (True, 0)
    assert sealing.seal(now=now).rows == 1
    assert sealing.check() == []


def test_who_has_looked_at_my_data() -> None:
    with acting(CLERK):
        trail.record_reading(persons=[7, 7, 8], object_kind="person", object_id="P7")
        trail.record_reading(persons=[7], object_kind="person", action="unmask", reason="本人申请")
        trail.record(action="update", object_kind="person", person_id=7)
    assert [(row.action, row.operator, row.reason) for row in trail.readings_of(person_id=7)] == [
        ("unmask", "clerk", "本人申请"),
        ("read", "clerk", ""),
    ]


def test_after_a_recovery_the_roots_outside_are_written_anew_with_a_reason(now: datetime, anchors: Path) -> None:
    for part in range(2):
        write(5, start=part * 5)
        sealing.seal(now=now)
    with as_intruder():  # what a recovery to an earlier moment leaves
        sql("DELETE FROM control_trailblock WHERE number = 2")
        sql("DELETE FROM control_trail WHERE object_id::int >= 5")
    assert numbers(sealing.check()) == ["T5"]
    with pytest.raises(ValueError, match="reason"):
        sealing.reanchor(reason=" ", now=now)
    aside = sealing.reanchor(reason="恢复至 2026-11-22 10:00，主任批准", now=now)
    assert (aside / "heads.json").is_file()
    assert sealing.check() == []
    assert "主任批准" in Trail.objects.get(action="reanchor").reason
