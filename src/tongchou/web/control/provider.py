"""Which identity provider the site has configured, if any (``TONGCHOU_OIDC_…``, docs/operations/oidc.md)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Provider:
    """What the site has configured (``TONGCHOU_OIDC_…``)."""

    issuer: str
    client: str
    secret: str
    name: str
    factors: frozenset[str]


def identity_provider() -> Provider | None:
    """The provider of this site; ``None`` while signing in this way is off."""
    issuer = os.environ.get("TONGCHOU_OIDC_ISSUER", "")
    if not issuer:
        return None
    secret = os.environ.get("TONGCHOU_OIDC_SECRET_FILE", "")
    return Provider(
        issuer=issuer,
        client=os.environ.get("TONGCHOU_OIDC_CLIENT", "tongchou"),
        secret=Path(secret).read_text("utf-8").strip() if secret else "",
        name=os.environ.get("TONGCHOU_OIDC_NAME", "统一身份认证"),
        factors=frozenset(os.environ.get("TONGCHOU_OIDC_FACTORS", "mfa").split(",")),
    )
