"""Logs carry no personal data, whoever wrote the line."""

from __future__ import annotations

import json
import logging

import pytest

from tongchou.operation.logs import JsonFormatter, PrivacyFilter, masked

ID = "410101199001011234"


def line(message: str, *arguments: object, error: Exception | None = None) -> str:
    """What a handler with our filter and formatter writes."""
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, message, arguments, info)
    assert PrivacyFilter().filter(record)
    return JsonFormatter().format(record)


@pytest.mark.parametrize(
    "text",
    [
        f"person {ID} unknown",
        "person 41010119900101123X",
        "person 410101900101123",
        "call 13800138000",
        "card 6222021234567890123",
        '{"psn_name":"王秀兰","certno":"' + ID + '"}',
        "psn_name: 王秀兰, tel=010-1234567",
        "姓名：王秀兰；电话：13800138000",
        f"DETAIL:  Key (cert_type, cert_no)=(01, {ID}) already exists.",
        "DETAIL:  Failing row contains (17, 王秀兰, 2).",
    ],
)
def test_personal_data_is_masked(text: str) -> None:
    found = line(text)
    assert "王秀兰" not in found
    assert not any(secret in found for secret in (ID, "13800138000", "6222021234567890123", "410101900101123"))


def test_arguments_and_tracebacks_are_masked_too() -> None:
    try:
        raise ValueError(f"no person {ID}")
    except ValueError as error:
        found = line("lookup of %s failed", ID, error=error)
    assert ID not in found
    assert "ValueError" in json.loads(found)["traceback"]


def test_a_wrong_format_does_not_lose_the_line() -> None:
    assert "two" in line("one %s two %s", "only")


def test_what_is_not_personal_stays() -> None:
    text = "settlement 1849302849303849384 of 2026-11-22 at H41010000012, 3.2 ms, batch 64"
    assert masked(text) == text


def test_a_line_is_one_json_object_with_its_fields() -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "answered", (), None)
    record.fields = {"transaction": "2102", "ms": 3, "who": ID}
    PrivacyFilter().filter(record)
    found = json.loads(JsonFormatter().format(record))
    assert found["transaction"] == "2102"
    assert found["ms"] == 3
    assert found["who"] == "***"
