"""Which backups are kept, and which a restore begins with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tongchou.kernel.rejection import Rejection
from tongchou.operation import archive, sealing, store, tuning
from tongchou.operation.restore import moment_of
from tongchou.operation.ties import changed_since, differences


def daily(days: int, last: date) -> list[str]:
    return [(last - timedelta(days=back)).strftime("%Y%m%dT003000Z") for back in range(days)]


def backup(
    root: Path, name: str, *, lsn: str = "0/1000000", segment: str = "000000010000000000000001", kind: str = "physical"
) -> store.Backup:
    """A backup of one small file."""
    folder = root / name
    (folder / "wal").mkdir(parents=True)
    (folder / "base.tar.gz").write_bytes(b"content")
    at = datetime.strptime(name, store.NAME_FORMAT).replace(tzinfo=UTC).isoformat()
    manifest = store.Manifest(
        name=name, kind=kind, product="1", postgres="18.0", started_at=at, finished_at=at, data_bytes=1,
        sealed=False, restore_lsn=lsn, first_segment=segment, last_segment=segment, files=store.describe(folder),
    )  # fmt: skip
    store.write_manifest(folder, manifest)
    return store.Backup(folder, manifest)


def test_a_year_of_daily_backups_keeps_days_weeks_and_months() -> None:
    names = daily(365, date(2026, 11, 22))
    keep = sorted(store.kept(names, today=date(2026, 11, 22)), reverse=True)
    assert keep[:7] == names[:7]
    months = {name[:6] for name in keep}
    assert len(months) == 12
    assert len(keep) <= 7 + 5 + 12
    assert {"20261108T003000Z", "20261101T003000Z"} <= set(keep), "the Sundays of the weeks before"


def test_the_last_backup_is_kept_however_old() -> None:
    assert store.kept(["20200101T000000Z"], today=date(2026, 11, 22)) == {"20200101T000000Z"}
    assert store.kept([], today=date(2026, 11, 22)) == set()


def test_expiry_removes_old_backups_and_the_log_before_the_oldest_recent_one(tmp_path: Path) -> None:
    place = store.Store(tmp_path)
    for number, name in enumerate(reversed(daily(60, date(2026, 11, 22)))):
        backup(tmp_path, name, segment=f"0000000100000000{number:08X}")
    place.wal.mkdir()
    for number in range(60):
        (place.wal / f"0000000100000000{number:08X}.gz").touch()
    (place.wal / "00000002.history").touch()
    removed = store.expire(place, today=date(2026, 11, 22))
    assert removed
    left = {one.name for one in place.backups()}
    assert left == store.kept(daily(60, date(2026, 11, 22)), today=date(2026, 11, 22))
    segments = sorted(path.name for path in place.wal.iterdir())
    assert segments[0] == "000000010000000000000035.gz", "the log of the last seven days (60 - 7 = 0x35) is kept"
    assert "00000002.history" in segments


def test_a_changed_manifest_or_file_is_not_trusted(tmp_path: Path) -> None:
    one = backup(tmp_path, "20261122T003000Z")
    one.verify()
    (one.folder / "base.tar.gz").write_bytes(b"Content")
    with pytest.raises(Rejection, match=r"OPER-003.*base\.tar\.gz"):
        one.verify()
    (one.folder / "base.tar.gz").unlink()
    with pytest.raises(Rejection, match="OPER-003"):
        one.verify()
    path = one.folder / store.MANIFEST
    path.write_text(path.read_text().replace('"1"', '"2"'))
    assert store.Store(tmp_path).backups() == []
    with pytest.raises(Rejection, match="OPER-003"):
        store.Store(tmp_path).choose(name=one.name)
    with pytest.raises(Rejection, match="OPER-002"):
        store.Store(tmp_path).choose()


def test_after_a_restore_to_a_moment_later_backups_belong_to_the_past_that_was_given_up(tmp_path: Path) -> None:
    place = store.Store(tmp_path)
    early = backup(tmp_path, "20261120T003000Z", lsn="0/5000000")
    late = backup(tmp_path, "20261121T003000Z", lsn="0/9000000")
    assert place.choose().name == late.name
    place.wal.mkdir()
    (place.wal / "00000002.history").write_text("1\t0/A000000\tno recovery target specified\n")
    assert place.choose().name == late.name
    (place.wal / "00000003.history").write_text("1\t0/A000000\tx\n\n2\t0/6000000\tbefore 2026-11-20 12:00\n")
    assert place.choose().name == early.name
    assert place.choose(name=late.name).name == late.name, "by its name it can still be had"


def test_space_is_asked_for_before_anything_is_written(tmp_path: Path) -> None:
    store.require_space(tmp_path / "not" / "yet", 1)
    with pytest.raises(Rejection, match="OPER-004"):
        store.require_space(tmp_path, 10**18)


def test_sealed_segments_open_with_their_key_only(tmp_path: Path) -> None:
    public, private = sealing.new_key()
    (tmp_path / "key").write_text(f"# comment\n{private}\n")
    source = tmp_path / "000000010000000000000001"
    source.write_bytes(b"\0" * 1000 + b"secret")
    packed = sealing.pack(source, tmp_path / "packed", sealing.recipient(public))
    assert packed.suffix == ".age"
    assert b"secret" not in packed.read_bytes()
    with sealing.opened(packed, key=sealing.identity(tmp_path / "key"), backup="x") as stream:
        assert stream.read() == source.read_bytes()
    with pytest.raises(Rejection, match="OPER-011"), sealing.opened(packed, key=None, backup="x"):
        pass
    with pytest.raises(Rejection, match="OPER-013"):
        sealing.recipient("nonsense")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "10:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Rejection, match="OPER-009"):
        moment_of(text)


def test_a_time_without_zone_is_the_centres() -> None:
    assert moment_of("2026-11-22 10:00:00").astimezone(UTC) == datetime(2026, 11, 22, 2, tzinfo=UTC)


def test_totals_tie_to_the_fen() -> None:
    stated = {"journals": [["620900", 10, 20, 5_000]], "settlements": [["620900", 3, 100, 80, 10, 10]]}
    assert differences(stated, stated) == []
    found = {"journals": [["620900", 10, 20, 5_001]], "settlements": [["620900", 3, 100, 80, 10, 10]]}
    assert differences(stated, found) == ["凭证 620900：应为 [10, 20, 5000]，实为 [10, 20, 5001]"]
    assert differences(stated, {}) != []
    assert changed_since(stated, {"journals": [["620900", 12, 24, 6_000]], "settlements": [["620900", 2]]}) == [
        "结算 620900：备份时 3 条，现在只有 2 条"
    ]


@pytest.mark.parametrize(("text", "mb"), [("24GB", 24576), ("512mb", 512), ("1 T", 1024 * 1024)])
def test_amounts_of_memory(text: str, mb: int) -> None:
    assert tuning.megabytes(text) == mb


@pytest.mark.parametrize("text", ["", "lots", "24", "511MB", "-1GB"])
def test_what_is_no_memory_is_refused(text: str) -> None:
    with pytest.raises(Rejection, match="OPER-032"):
        tuning.megabytes(text)


@pytest.mark.parametrize("memory", [512, 2048, 24 * 1024, 256 * 1024])
def test_settings_stay_within_the_memory_and_never_give_up_durability(memory: int) -> None:
    given = tuning.settings_for(memory_mb=memory, cpus=8)
    size = {name: _mb(value) for name, value in given.items() if value.endswith("B")}
    assert size["shared_buffers"] + int(given["max_connections"]) * size["work_mem"] <= max(memory, 1000)
    assert (given["fsync"], given["synchronous_commit"], given["full_page_writes"]) == ("on", "on", "on")


def _mb(value: str) -> int:
    return int(value[:-2]) * (1024 if value.endswith("GB") else 1)


def test_two_collectors_of_the_log_do_not_disturb_each_other(tmp_path: Path) -> None:
    """The worker collects each minute, a backup at its end: neither finds a segment gone that it was about to pack."""
    place = store.Store(tmp_path)
    for folder in (place.incoming, place.wal):
        folder.mkdir()
    names = [f"{number:024X}" for number in range(200)]
    for name in names:
        (place.incoming / name).write_bytes(name.encode() * 100)
    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(lambda _: archive.collect(place), range(4)))
    assert done == len(names)
    assert sorted(path.name.removesuffix(".gz") for path in place.wal.iterdir()) == names
    assert list(place.incoming.iterdir()) == []


def test_a_drill_takes_the_last_backup_of_the_whole_server_not_a_dump_beside_it(tmp_path: Path) -> None:
    """A worker under DATABASE_URL puts dumps into the same place; a drill of one broke off with a Python error."""
    place = store.Store(tmp_path)
    whole = backup(tmp_path, "20261120T003000Z")
    later = backup(tmp_path, "20261121T003000Z", kind="dump")
    assert place.choose().name == later.name
    assert place.choose(whole=True).name == whole.name
    with pytest.raises(Rejection, match="OPER-035"):
        place.choose(name=later.name, whole=True)
