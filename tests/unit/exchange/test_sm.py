"""SM2, SM3 and SM4 against the examples that the standards print."""

from __future__ import annotations

import pytest

from tongchou.exchange.signing import sm

pytestmark = pytest.mark.skipif(not sm.available(), reason="gmssl-pyx has no wheel for this machine")

# GB/T 32918.5, appendix A.2: the signature of "message digest" on the recommended curve.
PRIVATE = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"
PUBLIC = (
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
MESSAGE = b"message digest"
E = "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"
R = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
S = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
# GB/T 32907, appendix A.1
KEY = BLOCK = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
ONCE = "681EDF34D206965E86B3E94F536E4246"

PUBLIC_KEY = sm.public_key(PUBLIC) if sm.available() else b""


def test_sm3_examples() -> None:
    """GB/T 32905, appendix A."""
    assert sm.sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm.sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


def test_sm2_example() -> None:
    assert sm.digest(PUBLIC_KEY, MESSAGE).hex().upper() == E
    assert sm.verify(PUBLIC_KEY, MESSAGE, R + S)
    assert sm.verify(PUBLIC_KEY, MESSAGE, (R + S).lower())
    assert sm.private_key(PRIVATE, PUBLIC_KEY).hex().upper() == PRIVATE


def test_sm4_example() -> None:
    sealed = sm.encrypt(sm.ECB, KEY, BLOCK)
    assert sealed[:16].hex().upper() == ONCE
    assert sm.decrypt(sm.ECB, KEY, sealed) == BLOCK


@pytest.mark.parametrize("position", [0, 40, 63, 64, 100, 127])
def test_a_signature_with_another_digit_is_none(position: int) -> None:
    signature = R + S
    other = "0" if signature[position] != "0" else "1"
    assert not sm.verify(PUBLIC_KEY, MESSAGE, signature[:position] + other + signature[position + 1 :])


@pytest.mark.parametrize(
    "signature",
    [
        "",
        R,
        R + S + "00",
        "x" * 128,
        " " * 128,
        "0" * 64 + S,
        R + "0" * 64,
        f"{sm.ORDER:064X}" + S,
        R + f"{sm.ORDER:064X}",
        f"{int(R, 16) + sm.ORDER:X}"[:64] + S,
        "F" * 128,
    ],
    ids=["empty", "half", "longer", "no-hex", "blank", "r0", "s0", "r-n", "s-n", "r-plus-n", "all-f"],
)
def test_what_is_no_signature_is_refused_without_an_error(signature: str) -> None:
    assert not sm.verify(PUBLIC_KEY, MESSAGE, signature)


def test_each_signature_is_another_and_verifies() -> None:
    private, public = sm.make_pair()
    point = sm.public_key(public)
    first, second = (sm.sign(sm.private_key(private, point), point, b"text") for _ in range(2))
    assert first != second
    assert len(first) == 128
    assert first == first.upper()
    assert sm.verify(point, b"text", first)
    assert sm.verify(point, b"text", second)
    assert not sm.verify(point, b"texts", first)
    assert not sm.verify(PUBLIC_KEY, b"text", first)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "04",
        PUBLIC[:-2],
        "02" + PUBLIC[2:],
        PUBLIC[:-2] + "14",
        "04" + "00" * 64,
        "04" + "FF" * 64,
        # (x, y + p) is the same point modulo p, but no element of the field
        "04" + PUBLIC[2:66] + f"{int(PUBLIC[66:], 16) + 2**256 - 2**224 - 2**96 + 2**64 - 1:064X}"[-64:],
        # a point of NIST P-256, not of this curve
        "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
        "zz" * 65,
    ],
    ids=["empty", "head", "short", "wrong-head", "off-curve", "zero", "all-f", "not-reduced", "other-curve", "no-hex"],
)
def test_a_public_key_must_be_a_point_of_the_curve(text: str) -> None:
    with pytest.raises(ValueError):
        sm.public_key(text)


def test_a_private_key_must_belong_to_its_public_key() -> None:
    other, _ = sm.make_pair()
    for text in (other, "00" * 32, f"{sm.ORDER:064X}", f"{sm.ORDER - 1:064X}", "01"):
        with pytest.raises(ValueError):
            sm.private_key(text, PUBLIC_KEY)


@pytest.mark.parametrize("cipher", sm.CIPHERS)
@pytest.mark.parametrize("data", [b"", b"x", b"x" * 15, b"x" * 16, "汉字".encode() * 5000])
def test_what_was_encrypted_is_opened(cipher: str, data: bytes) -> None:
    assert sm.decrypt(cipher, KEY, sm.encrypt(cipher, KEY, data)) == data


def test_the_same_text_is_another_ciphertext_each_time_with_gcm() -> None:
    assert sm.encrypt(sm.GCM, KEY, BLOCK) != sm.encrypt(sm.GCM, KEY, BLOCK)


def test_gcm_opens_nothing_that_was_altered() -> None:
    sealed = sm.encrypt(sm.GCM, KEY, b"amount 100.00")
    for position in range(len(sealed)):
        altered = sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        with pytest.raises(sm.NotOpened):
            sm.decrypt(sm.GCM, KEY, altered)
    for short in (b"", sealed[:12], sealed[:27], sealed[:-1]):
        with pytest.raises(sm.NotOpened):
            sm.decrypt(sm.GCM, KEY, short)


def test_wrong_padding_and_wrong_length_are_the_same_error() -> None:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    blocks = Cipher(algorithms.SM4(KEY), modes.ECB()).encryptor()  # noqa: S305 - the example of the standard
    unpadded = blocks.update(b"no padding here!") + blocks.finalize()
    for data in (unpadded, unpadded[:-1], b"", sm.encrypt(sm.ECB, KEY, BLOCK)[:16]):
        with pytest.raises(sm.NotOpened):
            sm.decrypt(sm.ECB, KEY, data)


@pytest.mark.parametrize("text", ["", "00" * 15, "00" * 17, "xx" * 16])
def test_an_sm4_key_has_sixteen_bytes(text: str) -> None:
    with pytest.raises(ValueError):
        sm.symmetric_key(text)
