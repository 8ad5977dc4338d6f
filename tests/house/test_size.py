"""Functions of at most 70 lines, files of at most 500; migrations and generated tables aside."""

from __future__ import annotations

from tests.house.source import everything, functions, report

FUNCTION_LINES = 70
FILE_LINES = 500


def test_functions_are_short() -> None:
    found = [
        f"{source.name}:{function.lineno} {function.name}: {length} lines"
        for source in everything()
        if not source.is_generated
        for function in functions(source)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    ]
    assert not found, report(found)


def test_files_are_short() -> None:
    found = [
        f"{source.name}: {length} lines"
        for source in everything()
        if not source.is_generated and (length := len(source.text.splitlines())) > FILE_LINES
    ]
    assert not found, report(found)
