"""The demo of the first start goes on where it was interrupted, and never touches a centre with data of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tongchou.project import commands_run
from tongchou.project.commands_run import FirstDay

URL = "http://127.0.0.1:8000"


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    played: list[str] = []
    monkeypatch.setattr(commands_run, "_play", lambda arguments: played.append(" ".join(arguments)))
    return played


def test_the_first_start_builds_the_city_plays_the_day_and_closes_it(tmp_path: Path, played: list[str]) -> None:
    first_day = FirstDay(tmp_path / "steps")
    first_day.begin(persons=None)
    first_day.before_server()
    first_day.with_server(URL)
    assert played == ["demo", f"traffic --visits {commands_run.VISITS} --url {URL}", "close-day"]
    assert not (tmp_path / "steps").exists()


def test_the_size_of_the_city_is_passed_on(tmp_path: Path, played: list[str]) -> None:
    first_day = FirstDay(tmp_path / "steps")
    first_day.begin(persons=500)
    first_day.before_server()
    assert played == ["demo --persons 500"]


def test_where_messages_must_be_signed_no_day_is_played(
    tmp_path: Path, played: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGCHOU_GATEWAY_SIGNING", "sm")
    first_day = FirstDay(tmp_path / "steps")
    first_day.begin(persons=None)
    first_day.before_server()
    first_day.with_server(URL)
    assert played == ["demo", "close-day"]
    assert "--keys" in capsys.readouterr().out


def test_an_interrupted_start_goes_on_where_it_ended(
    tmp_path: Path, played: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    FirstDay(tmp_path / "steps").begin(persons=None)
    FirstDay(tmp_path / "steps").before_server()

    def interrupted(arguments: list[str]) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(commands_run, "_play", interrupted)
        with pytest.raises(KeyboardInterrupt):
            FirstDay(tmp_path / "steps").with_server(URL)
    again = FirstDay(tmp_path / "steps")
    again.before_server()
    again.with_server(URL)
    assert played == ["demo", f"traffic --visits {commands_run.VISITS} --url {URL}", "close-day"]


def test_nothing_is_played_when_nothing_is_due(tmp_path: Path, played: list[str]) -> None:
    later = FirstDay(tmp_path / "steps")
    later.before_server()
    later.with_server(URL)
    assert played == []
