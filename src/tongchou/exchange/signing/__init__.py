"""Who really sent a message: the variants of interface section 5, off unless the centre switches one on.

``TONGCHOU_GATEWAY_SIGNING`` names the variant:

* empty or ``off``: hospital intranet, nothing is checked;
* ``hmac`` (variant 1, CSB-type gateway headers) and ``tif`` (variant 2, x-tif headers): ``signing.headers``;
* ``sm`` (variants 3 and 4): SM2 signatures of the envelope, SM4 of input and output: ``signing.envelopes``.

``TONGCHOU_GATEWAY_KEYS`` names the file (hmac, tif) or the folder (sm) with the keys; they never lie in the database.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from tongchou.exchange.signing import headers as header_variants
from tongchou.exchange.signing.admitted import Admitted, Headers

__all__ = ["Admitted", "Headers", "admit", "misconfiguration"]

SM = "sm"
VARIANTS = ("", "off", *header_variants.VARIANTS, SM)


def admit(headers: Headers, body: bytes, attachment: bytes | None, *, now: datetime) -> Admitted:
    """Check a request with the variant that is switched on, and open it if it is encrypted.

    Args:
        body: the message as it came; in an upload the part ``jsonStr``.
        attachment: the file of an upload.

    Returns:
        What the gateway goes on with: the message in the open, and how its answer is sealed.

    Raises:
        Rejection: EXCH-040 … EXCH-048.
    """
    variant = os.environ.get("TONGCHOU_GATEWAY_SIGNING", "")
    if variant in ("", "off"):
        return Admitted(body)
    if variant == SM:
        from tongchou.exchange.signing import envelopes  # GmSSL is loaded only where it is needed

        return envelopes.admit(body, attachment, now=now)
    return header_variants.admit(variant, headers, body, now=now)


def misconfiguration() -> str:
    """What is wrong with the two settings, in Chinese, or nothing. Asked before the server starts."""
    variant = os.environ.get("TONGCHOU_GATEWAY_SIGNING", "")
    if variant not in VARIANTS:
        return f"TONGCHOU_GATEWAY_SIGNING 的值 {variant} 无效，可用：off、hmac、tif、sm"
    if variant in header_variants.VARIANTS:
        file = os.environ.get("TONGCHOU_GATEWAY_KEYS", "")
        return "" if Path(file).is_file() else f"TONGCHOU_GATEWAY_KEYS 应为密钥文件，找不到：{file or '未设置'}"
    if variant == SM:
        from tongchou.exchange.signing import envelopes

        return envelopes.misconfiguration()
    return ""
