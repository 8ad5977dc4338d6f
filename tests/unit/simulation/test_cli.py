"""``tongchou simulate`` at the terminal: how it ends where the reader of its output goes away."""

from __future__ import annotations

import argparse

import pytest

from tongchou.simulation import cli


def test_a_reader_that_goes_away_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``tongchou simulate … | head``: the command ends in silence, as its entry point does."""

    def gone(args: argparse.Namespace) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(cli, "_simulate", gone)
    with pytest.raises(BrokenPipeError):
        cli.run(argparse.Namespace())
    assert capsys.readouterr().err == ""


def test_a_file_that_cannot_be_read_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(args: argparse.Namespace) -> int:
        raise FileNotFoundError(2, "没有这个文件", "claims.parquet")

    monkeypatch.setattr(cli, "_simulate", missing)
    assert cli.run(argparse.Namespace()) == cli.UNUSABLE
    assert "claims.parquet" in capsys.readouterr().err
