"""The command line explains itself and answers what can be mended in one line."""

from __future__ import annotations

import argparse
from types import SimpleNamespace
from typing import Any

import pytest

from tongchou.kernel.rejection import RejectionKind
from tongchou.project import cli
from tongchou.project.problems import OperationProblem


def commands() -> dict[str, argparse.ArgumentParser]:
    return dict(_below(cli.build_parser()))


def _below(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(found[0].choices) if found else {}


def test_every_command_and_every_option_has_its_help() -> None:
    listing = cli.build_parser().format_help()
    for name, command in commands().items():
        assert name in listing
        for path, parser in {
            name: command,
            **{f"{name} {step}": below for step, below in _below(command).items()},
        }.items():
            for action in parser._actions:
                assert action.help or isinstance(action, argparse._SubParsersAction), f"tongchou {path} {action.dest}"


def test_every_command_knows_its_room() -> None:
    for name, command in commands().items():
        assert callable(command.get_default("room").run), name


def run_with(monkeypatch: pytest.MonkeyPatch, behaviour: Any) -> int:
    monkeypatch.setattr(cli, "build_parser", lambda: SimpleNamespace(parse_args=lambda argv: None))
    monkeypatch.setattr(cli, "dispatch", behaviour)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    return cli.main([])


def test_a_problem_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(args: object) -> int:
        raise OperationProblem("坏了：请修理", "broken: mend it")

    assert run_with(monkeypatch, fail) == 2
    assert capsys.readouterr().err == "错误：坏了：请修理 / broken: mend it\n"


def test_a_rejection_is_one_line_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = RejectionKind(code="TEST-001", zh="没有 {what}", en="no {what}", remedy="请先建立 {what}")

    def refuse(args: object) -> int:
        raise kind(what="城市")

    assert run_with(monkeypatch, refuse) == 2
    assert capsys.readouterr().err == "拒绝 TEST-001：没有 城市 处理办法：请先建立 城市\n"


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(args: object) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_with(monkeypatch, bug)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("traffic --date 2026-13-01", "--date 的日期 2026-13-01 无效，应为 YYYY-MM-DD"),
        ("demo --persons many", "--persons 的值 many 不是整数"),
        ("demo --persons", "--persons 后缺少值"),
        ("nonsense", "没有 nonsense 这个选择；"),
        ("doctor --foo 1", "没有 --foo 1 这个参数"),
        ("policy", "缺少"),
        ("traffic --visits 0", "须为正整数"),
        ("traffic --url ftp://x", "须形如 http://127.0.0.1:8000"),
    ],
)
def test_wrong_usage_is_told_in_one_chinese_line(typed: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.build_parser().parse_args(typed.split())
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("错误：命令用法不对：")
    assert told in said
    assert said.count("\n") == 1
    assert "fromisoformat" not in said
