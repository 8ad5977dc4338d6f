"""Stored answers and serial numbers."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.settlement import answers, serials


@given(st.binary(max_size=5_000))
def test_an_answer_comes_back_byte_for_byte(answer: bytes) -> None:
    assert answers.unpack(answers.pack(answer)) == answer


def test_long_answers_are_kept_small_and_foreign_bytes_refused() -> None:
    answer = b'{"infcode":0,"output":' + b'{"fulamt_ownpay_amt":"0.00"},' * 200 + b"}"
    assert len(answers.pack(answer)) * 10 < len(answer)
    with pytest.raises(ValueError, match="not a stored answer"):
        answers.unpack(answer)


def test_serial_numbers_rise_and_a_forked_process_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    numbers = [serials.next_id(now) for _ in range(100)]
    assert numbers == sorted(set(numbers))
    assert max(numbers) < 2**63
    monkeypatch.setattr(os, "getpid", lambda: serials._owner + 1)
    assert serials.next_id(now) not in numbers
