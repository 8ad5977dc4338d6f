"""How an institution signs, encrypts, checks and decrypts under ``TONGCHOU_GATEWAY_SIGNING=sm``: a complete client.

It is written from the description for vendors (docs/interface-signing.zh-CN.md) alone and shares no code with the gateway, so
that a day of traffic proves both. Its keys are the file that ``tongchou gateway-keys make`` hands over.
"""

from __future__ import annotations

import base64
import json
import os
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tongchou.traffic.wire import TIME_ZONE

_OF_THE_WAY = ("signtype", "enc_type", "output_sm3", "ref_msgid")


class AnswerWrong(Exception):
    """An answer that is not the centre's, or not to this message."""


class Signer:
    """The keys of one institution at work."""

    def __init__(self, handed_over: Mapping[str, Any]) -> None:
        self._keys = handed_over
        self._private = bytes.fromhex(handed_over["private"])
        self._public = bytes.fromhex(handed_over["public"])[1:]
        self._centre = [bytes.fromhex(each)[1:] for each in handed_over["centre"]]
        self._sm4 = bytes.fromhex(handed_over.get("sm4", ""))

    @classmethod
    def load(cls, file: Path) -> Signer:
        """From the file that was handed over."""
        return cls(tomllib.loads(file.read_text(encoding="utf-8")))

    def seal(self, envelope: Mapping[str, Any], nodes: bytes, attachment: bytes | None = None) -> bytes:
        """The body of a message.

        Args:
            envelope: the top-level fields without ``input``; numbers as text.
            nodes: the input as JSON.
            attachment: the file of an upload.
        """
        if self._keys["encryption"] == "both":
            text, encryption = base64.b64encode(self._encrypt(nodes)).decode(), {"enc_type": "SM4"}
        else:
            text, encryption = nodes.decode(), {}
        digests = {"input_sm3": _sm3(text.encode()).hex()}
        if attachment is not None:
            digests["file_sm3"] = _sm3(attachment).hex()
        now = f"{datetime.now(TIME_ZONE):%Y-%m-%d %H:%M:%S}"
        fields = {**envelope, **encryption, **digests, "signtype": "SM2", "inf_time": now}
        fields.pop("cainfo", None)
        fields["cainfo"] = self._sign(_signed_text(fields))
        return json.dumps({**fields, "input": text}, ensure_ascii=False).encode()

    def open(self, answer: bytes, message_id: str) -> bytes:
        """The answer in the open, without what belongs to its way, after checking who sent it and to which message.

        Raises:
            AnswerWrong: it was altered, is somebody else's or an answer to another message.
        """
        fields = json.loads(answer, parse_int=str, parse_float=str)
        signature, output = fields.pop("cainfo"), fields.pop("output")
        if not signature and fields["infcode"] == "-1":
            return answer  # refused before the centre knew who asks: nothing was done, and nothing is believed
        raw = output.encode() if isinstance(output, str) else _raw_output(answer)
        if not any(self._is_from(key, _signed_text(fields), signature) for key in self._centre):
            raise AnswerWrong("中心签名不符")
        if self._keys["covers"] == "all":
            if fields["ref_msgid"] != message_id:
                raise AnswerWrong(f"所答报文为 {fields['ref_msgid']}")
            if fields["output_sm3"].lower() != _sm3(raw).hex():
                raise AnswerWrong("output 与摘要不符")
        plain = self._decrypt(raw) if fields.get("enc_type") == "SM4" else raw
        head = {name: value for name, value in fields.items() if name not in _OF_THE_WAY}
        head["infcode"] = int(head["infcode"])
        return json.dumps(head, ensure_ascii=False)[:-1].encode() + b',"output":' + plain + b"}"

    # --- SM2 ----------------------------------------------------------------------------------------------------------

    def _sign(self, text: bytes) -> str:
        import gmssl_pyx

        r, s = decode_dss_signature(gmssl_pyx.sm2_sign(self._private, self._public, text, self._signer))
        return f"{r:064X}{s:064X}"

    def _is_from(self, public: bytes, text: bytes, signature: str) -> bool:
        import gmssl_pyx

        r, s = int(signature[:64], 16), int(signature[64:], 16)
        return bool(gmssl_pyx.sm2_verify(public, text, encode_dss_signature(r, s), self._signer))

    @property
    def _signer(self) -> bytes:
        return str(self._keys["signer"]).encode()

    # --- SM4 ----------------------------------------------------------------------------------------------------------

    def _encrypt(self, data: bytes) -> bytes:
        if self._keys["cipher"] == "SM4-GCM":
            nonce = os.urandom(12)
            sealing = Cipher(algorithms.SM4(self._sm4), modes.GCM(nonce)).encryptor()
            return nonce + sealing.update(data) + sealing.finalize() + sealing.tag
        padder = padding.PKCS7(128).padder()
        blocks = Cipher(algorithms.SM4(self._sm4), modes.ECB()).encryptor()  # noqa: S305 - as agreed with the centre
        return blocks.update(padder.update(data) + padder.finalize()) + blocks.finalize()

    def _decrypt(self, text: bytes) -> bytes:
        data = base64.b64decode(text)
        if self._keys["cipher"] == "SM4-GCM":
            opening = Cipher(algorithms.SM4(self._sm4), modes.GCM(data[:12], data[-16:])).decryptor()
            return opening.update(data[12:-16]) + opening.finalize()
        unpadder = padding.PKCS7(128).unpadder()
        blocks = Cipher(algorithms.SM4(self._sm4), modes.ECB()).decryptor()  # noqa: S305
        return unpadder.update(blocks.update(data) + blocks.finalize()) + unpadder.finalize()


def _signed_text(fields: Mapping[str, str]) -> bytes:
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields)).encode()


def _sm3(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def _raw_output(answer: bytes) -> bytes:
    """The output just as it stands in the answer, which is what its digest covers."""
    begin = answer.index(b'"output":') + len(b'"output":')
    text = answer[begin:].decode()
    _, length = json.JSONDecoder().raw_decode(text)
    return text[:length].encode()
