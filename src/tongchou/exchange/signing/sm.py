"""SM2 signatures (GB/T 32918.2), SM3 (GB/T 32905) and SM4 (GB/T 32907), by GmSSL and OpenSSL. No cipher is written here.

Keys and signatures are text on the wire and in files: a public key is ``04`` and two coordinates, a private key one number,
a signature r and s, each 32 bytes in hexadecimal.
"""

from __future__ import annotations

import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

SIGNER = b"1234567812345678"
"""The signer's name that the interface prescribes (section 5, variant 3)."""
GCM, ECB = "SM4-GCM", "SM4-ECB"
CIPHERS = (GCM, ECB)
KEY_BYTES, NUMBER_BYTES, NONCE_BYTES, TAG_BYTES, BLOCK_BITS = 16, 32, 12, 16, 128
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
"""Order of the base point of the recommended curve (GB/T 32918.5)."""
_CURVE = bytes.fromhex(
    "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC"  # a
    "28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93"  # b
    "32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"  # x of the base point
    "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0"  # y
)


class NotOpened(Exception):
    """A ciphertext that the key does not open. Why is not said: it would help who guesses."""


def available() -> bool:
    """Whether GmSSL's binding is installed (extra ``sm``)."""
    try:
        import gmssl_pyx  # noqa: F401
    except ImportError:
        return False
    return True


# --- SM3 --------------------------------------------------------------------------------------------------------------


def sm3(data: bytes) -> bytes:
    """The 32 bytes of the digest (GB/T 32905)."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


# --- SM2 --------------------------------------------------------------------------------------------------------------


def make_pair() -> tuple[str, str]:
    """A new private and public key, as they are written."""
    import gmssl_pyx

    public, private = gmssl_pyx.sm2_key_generate()
    return private.hex().upper(), "04" + public.hex().upper()


def public_key(text: str) -> bytes:
    """The 64 bytes of a public key.

    Args:
        text: hexadecimal, with or without the leading 04.

    Raises:
        ValueError: no hexadecimal number of that length, or no point of the curve.
    """
    import gmssl_pyx

    raw = bytes.fromhex(text)
    if len(raw) not in (2 * NUMBER_BYTES, 2 * NUMBER_BYTES + 1):
        raise ValueError("公钥应为 04 加 128 位十六进制数")
    try:
        return bytes(gmssl_pyx.normalize_sm2_public_key(raw))
    except gmssl_pyx.GmsslInnerError:
        raise ValueError("公钥不是 SM2 曲线上的点") from None


def private_key(text: str, public: bytes) -> bytes:
    """The 32 bytes of a private key, after a look whether the public key belongs to it.

    Raises:
        ValueError: no such number, or another pair's.
    """
    raw = bytes.fromhex(text)
    if len(raw) != NUMBER_BYTES or not 0 < int.from_bytes(raw) < ORDER - 1:
        raise ValueError("私钥应为 64 位十六进制数，且在规定范围内")
    if not verify(public, b"pair", sign(raw, public, b"pair")):
        raise ValueError("私钥与公钥不是一对")
    return raw


def sign(private: bytes, public: bytes, text: bytes) -> str:
    """r and s in upper-case hexadecimal, 128 digits."""
    import gmssl_pyx

    r, s = decode_dss_signature(gmssl_pyx.sm2_sign_sm3_digest(private, digest(public, text)))
    return f"{r:064X}{s:064X}"


def verify(public: bytes, text: bytes, signature: str) -> bool:
    """Whether a signature (128 hexadecimal digits, either case) is that key's of that text."""
    import gmssl_pyx

    try:
        raw = bytes.fromhex(signature)
    except ValueError:
        return False
    if len(raw) != 2 * NUMBER_BYTES or len(signature) != 4 * NUMBER_BYTES:
        return False
    r, s = int.from_bytes(raw[:NUMBER_BYTES]), int.from_bytes(raw[NUMBER_BYTES:])
    if not (0 < r < ORDER and 0 < s < ORDER):
        return False
    return bool(gmssl_pyx.sm2_verify_sm3_digest(public, digest(public, text), encode_dss_signature(r, s)))


def digest(public: bytes, text: bytes) -> bytes:
    """What SM2 signs: SM3 of the signer's and the curve's digest and the text (GB/T 32918.2, 5.5 and 6.1)."""
    return sm3(_signer_digest(public) + text)


@lru_cache(maxsize=4096)
def _signer_digest(public: bytes) -> bytes:
    return sm3((len(SIGNER) * 8).to_bytes(2) + SIGNER + _CURVE + public)


# --- SM4 --------------------------------------------------------------------------------------------------------------


def make_key() -> str:
    """A new SM4 key as it is written: 32 hexadecimal digits."""
    return secrets.token_hex(KEY_BYTES).upper()


def symmetric_key(text: str) -> bytes:
    """The 16 bytes of an SM4 key.

    Raises:
        ValueError: not 32 hexadecimal digits.
    """
    raw = bytes.fromhex(text)
    if len(raw) != KEY_BYTES:
        raise ValueError("SM4 密钥应为 32 位十六进制数")
    return raw


def encrypt(cipher: str, key: bytes, data: bytes) -> bytes:
    """SM4-GCM: nonce (12) + ciphertext + tag (16). SM4-ECB: ciphertext with PKCS#7 padding."""
    if cipher == GCM:
        nonce = secrets.token_bytes(NONCE_BYTES)
        encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
        return nonce + encryptor.update(data) + encryptor.finalize() + encryptor.tag
    padder = PKCS7(BLOCK_BITS).padder()
    blocks = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()  # noqa: S305 - what clients in the field speak
    return blocks.update(padder.update(data) + padder.finalize()) + blocks.finalize()


def decrypt(cipher: str, key: bytes, data: bytes) -> bytes:
    """The plain bytes.

    Raises:
        NotOpened: another key, an altered ciphertext, a wrong padding or a wrong length.
    """
    try:
        if cipher == GCM:
            nonce, sealed, tag = data[:NONCE_BYTES], data[NONCE_BYTES:-TAG_BYTES], data[-TAG_BYTES:]
            decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, tag)).decryptor()
            return decryptor.update(sealed) + decryptor.finalize()
        unpadder = PKCS7(BLOCK_BITS).unpadder()
        blocks = Cipher(algorithms.SM4(key), modes.ECB()).decryptor()  # noqa: S305
        padded = blocks.update(data) + blocks.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except (InvalidTag, ValueError):
        raise NotOpened from None
