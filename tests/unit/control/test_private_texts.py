"""Private texts of a case: the frozen payload has a digest in their place, and only what was handed in comes back."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.control.core import approval
from tongchou.control.core.approval import SALT, Private

NUMBER = "629901199003070013"
texts = st.text(max_size=20)
payloads: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | texts.map(Private),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts.filter(lambda name: name != "private"), inner, max_size=4)
    ),
    max_leaves=12,
)


def hidden(payload: Any) -> tuple[Any, dict[str, str]]:
    salts = itertools.count()
    return approval.hide(payload, salt=lambda: f"{next(salts):0{SALT}}")


def plain(payload: Any) -> Any:
    """The payload as it would be without private texts."""
    return json.loads(json.dumps(payload))


def test_in_place_of_the_text_stands_the_digest_of_salt_and_text() -> None:
    shown, kept = hidden({"changes": {"cert_no": Private(NUMBER), "name": "张三"}})
    salted = "0" * SALT + NUMBER
    digest = hashlib.sha256(salted.encode()).hexdigest()
    assert shown == {"changes": {"cert_no": {"private": digest}, "name": "张三"}}
    assert kept == {digest: salted}


def test_equal_texts_have_different_digests() -> None:
    shown, kept = hidden([Private(NUMBER), Private(NUMBER)])
    assert shown[0] != shown[1]
    assert len(kept) == 2


@given(payloads)
def test_what_was_handed_in_comes_back(payload: Any) -> None:
    shown, kept = hidden({"payload": payload})
    assert approval.reveal(json.loads(approval.canonical(shown)), kept=kept) == plain({"payload": payload})


@given(payloads)
def test_nothing_private_is_in_the_frozen_text(payload: Any) -> None:
    marked = {"payload": payload, "number": Private(NUMBER)}
    assert NUMBER not in approval.canonical(hidden(marked)[0])
    assert NUMBER not in json.dumps(approval.veil(hidden(marked)[0], instead="…"))


@pytest.mark.parametrize("kept", [{}, {"x": "y"}])
def test_a_text_that_is_missing_or_another_is_refused(kept: dict[str, str]) -> None:
    shown, right = hidden({"cert_no": Private(NUMBER)})
    digest = next(iter(right))
    with pytest.raises(ValueError, match="not what was handed in"):
        approval.reveal(shown, kept=kept)
    with pytest.raises(ValueError, match="not what was handed in"):
        approval.reveal(shown, kept={digest: right[digest][:-1] + "9"})
