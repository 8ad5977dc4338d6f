"""Stored answers."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.settlement import answers

KEY = "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgbG8="


@pytest.fixture(scope="module", autouse=True)
def _keys() -> Iterator[None]:
    """Keys of the tests' own: no home folder, no database."""
    given_keys = {"current": 1, "keys": {"1": {"cipher": "AES-256-GCM", "key": KEY}}, "search": [KEY]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONGCHOU_DATA_KEYS", json.dumps(given_keys))
        yield


@given(st.binary(max_size=5_000))
def test_an_answer_comes_back_byte_for_byte(answer: bytes) -> None:
    assert answers.unpack(answers.pack(answer)) == answer


def test_long_answers_are_kept_small_and_foreign_bytes_refused() -> None:
    answer = b'{"infcode":0,"output":' + b'{"fulamt_ownpay_amt":"0.00"},' * 200 + b"}"
    assert len(answers.pack(answer)) * 10 < len(answer)
    with pytest.raises(ValueError, match="not a stored answer"):
        answers.unpack(answer)


def test_answers_from_before_there_were_words_are_read() -> None:
    assert answers.unpack(answers.DEFLATED + zlib.compress(b"answer", 1)) == b"answer"


def test_the_words_are_those_that_answers_were_stored_with() -> None:
    """Whoever changes a byte of them makes every stored answer unreadable."""
    assert (
        hashlib.sha256(answers.WORDS).hexdigest() == "da995809d3003237953f9af03e8ebe079120a13b80b138ebeeee37c7b37e88cb"
    )
