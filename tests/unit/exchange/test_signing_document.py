"""The examples in the description for vendors are right: who checks an implementation against them finds no trap."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tongchou.exchange.signing import sm

pytestmark = pytest.mark.skipif(not sm.available(), reason="gmssl-pyx has no wheel for this machine")
DOCUMENT = Path(__file__).parents[3] / "docs" / "interface-signing.zh-CN.md"
SM4_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    """The lines of the text blocks: name → value."""
    blocks = DOCUMENT.read_text(encoding="utf-8").split("```text\n")[1:]
    lines = [line for block in blocks for line in block.partition("```")[0].splitlines()]
    return {name: value.strip() for name, _, value in (line.partition(" ") for line in lines)}


def test_the_example_of_a_signature(example: dict[str, str]) -> None:
    public, text = sm.public_key(example["public"]), example["text"].encode()
    assert sm.private_key(example["private"], public)
    assert sm.sm3(example["input"].encode()).hex() == example["input_sm3"]
    assert example["input_sm3"] in example["text"]
    assert sm.digest(public, text).hex().upper() == example["e"]
    assert sm.verify(public, text, example["cainfo"])
    names = [part.partition("=")[0] for part in example["text"].split("&")]
    assert names == sorted(names)


@pytest.mark.parametrize(("name", "cipher"), [("ecb", sm.ECB), ("gcm", sm.GCM)])
def test_the_examples_of_encryption(example: dict[str, str], name: str, cipher: str) -> None:
    opened = sm.decrypt(cipher, SM4_KEY, base64.b64decode(example[name]))
    assert opened.decode() == example["input"]


def test_every_refusal_of_a_signature_is_explained() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert all(f"EXCH-{number:03d}" in document for number in range(40, 49))
