"""Stored answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.settlement import answers


@given(st.binary(max_size=5_000))
def test_an_answer_comes_back_byte_for_byte(answer: bytes) -> None:
    assert answers.unpack(answers.pack(answer)) == answer


def test_long_answers_are_kept_small_and_foreign_bytes_refused() -> None:
    answer = b'{"infcode":0,"output":' + b'{"fulamt_ownpay_amt":"0.00"},' * 200 + b"}"
    assert len(answers.pack(answer)) * 10 < len(answer)
    with pytest.raises(ValueError, match="not a stored answer"):
        answers.unpack(answer)
