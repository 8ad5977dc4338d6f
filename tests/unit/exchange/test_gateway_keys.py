"""``tongchou gateway-keys``: what it prints, what it keeps, and what it does not keep."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.exchange.signed import HOSPITAL, use_folder
from tongchou.exchange.checker import TIME_ZONE
from tongchou.exchange.signing import keyring, sm
from tongchou.project.cli import build_parser

pytestmark = pytest.mark.skipif(not sm.available(), reason="gmssl-pyx has no wheel for this machine")
TODAY = datetime.now(TIME_ZONE).date()


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    use_folder(monkeypatch, tmp_path / "keys")
    return tmp_path / "keys"


def run(*words: str) -> int:
    args = build_parser().parse_args(["gateway-keys", *words])
    return int(args.room.run(args))


def test_a_pair_is_handed_over_and_its_private_key_not_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("centre") == 0
    assert run("make", HOSPITAL, "--encryption", "both") == 0
    printed = capsys.readouterr().out
    handed = tomllib.loads(printed[printed.index("# 机构") :])
    public = sm.public_key(handed["public"])
    assert sm.private_key(handed["private"], public)
    kept = (folder / f"{HOSPITAL}.toml").read_text(encoding="utf-8")
    assert handed["private"] not in kept
    assert handed["sm4"] in kept
    ring, centre = keyring.ring(HOSPITAL), keyring.ring(keyring.CENTRE)
    assert ring is not None
    assert centre is not None
    assert ring.keys[0].public == public
    assert [sm.public_key(each) for each in handed["centre"]] == [centre.keys[0].public]


def test_handed_over_in_a_file_for_its_owner_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("centre")
    file = tmp_path / "handed.toml"
    assert run("make", HOSPITAL, "--out", str(file)) == 0
    private = tomllib.loads(file.read_text(encoding="utf-8"))["private"]
    assert private not in capsys.readouterr().out
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_public_key_made_by_the_institution_is_registered(capsys: pytest.CaptureFixture[str]) -> None:
    run("centre")
    _, public = sm.make_pair()
    assert run("add", HOSPITAL, "--public", public) == 0
    assert "private" not in capsys.readouterr().out
    assert run("add", HOSPITAL, "--public", public) == 2, "once is enough"
    assert run("add", HOSPITAL, "--public", "04" + "11" * 64) == 2
    assert "曲线" in capsys.readouterr().err


def test_a_second_key_ends_the_first_after_thirty_days() -> None:
    run("centre")
    for _ in range(2):
        run("make", HOSPITAL)
    ring = keyring.ring(HOSPITAL)
    assert ring is not None
    assert [key.until for key in ring.keys] == [TODAY + timedelta(days=30), None]
    assert len(ring.valid(TODAY)) == 2
    assert len(ring.valid(TODAY + timedelta(days=31))) == 1


def test_a_new_key_of_the_centre_is_announced_before_it_is_used() -> None:
    run("centre")
    run("centre")
    centre = keyring.ring(keyring.CENTRE)
    assert centre is not None
    first, second = centre.keys
    assert centre.valid(TODAY)[0] == first
    assert second.since == TODAY + timedelta(days=30)
    assert centre.valid(second.since)[0] == second


def test_a_key_is_ended_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    run("centre")
    run("make", HOSPITAL)
    ring = keyring.ring(HOSPITAL)
    assert ring is not None
    assert run("retire", HOSPITAL, ring.keys[0].id) == 0
    ended = keyring.ring(HOSPITAL)
    assert ended is not None
    assert ended.valid(TODAY) == ()
    assert run("retire", HOSPITAL, "unknown") == 2
    assert "gateway-keys list" in capsys.readouterr().err
    assert run("list") == 0
    assert "今天没有有效密钥" in capsys.readouterr().out


def test_what_was_agreed_stays_until_it_is_agreed_otherwise() -> None:
    run("centre")
    run(
        "make",
        HOSPITAL,
        "--encryption",
        "answers",
        "--cipher",
        "SM4-ECB",
        "--covers",
        "envelope",
        "--empties",
        "dropped",
    )
    run("make", HOSPITAL)
    ring = keyring.ring(HOSPITAL)
    assert ring is not None
    assert (ring.encryption, ring.cipher, ring.covers, ring.empties) == ("answers", "SM4-ECB", "envelope", "dropped")
    assert all(key.secret for key in ring.keys)
    assert run("make", HOSPITAL, "--encryption", "both") == 2, "never both with an input that is not signed"


@pytest.mark.parametrize("code", ["", "X62990100001", "H6299010000", "H629901000011", "H6299010000x", "../../etc/x"])
def test_only_institutions_get_keys(folder: Path, code: str) -> None:
    run("centre")
    assert run("make", code) == 2
    assert keyring.names() == []


def test_without_a_key_of_the_centre_there_is_nothing_to_hand_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("make", HOSPITAL) == 2
    assert "gateway-keys centre" in capsys.readouterr().err
    assert run("check") == 2


def test_the_check_finds_what_is_open_to_others_or_broken(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("centre")
    run("make", HOSPITAL)
    assert run("check") == 0
    file = folder / f"{HOSPITAL}.toml"
    file.chmod(0o644)
    assert run("check") == 2
    assert "chmod 600" in capsys.readouterr().err
    file.write_text("covers = 1", encoding="utf-8")
    assert run("check") == 2
    assert HOSPITAL in capsys.readouterr().err


def test_a_day_without_a_signature_is_agreed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("exempt", HOSPITAL, "--until", TODAY.isoformat()) == 0
    ring = keyring.ring(HOSPITAL)
    assert ring is not None
    assert ring.unsigned_until == TODAY
    run("list")
    assert "可不签名" in capsys.readouterr().out
