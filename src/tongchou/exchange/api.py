"""What the rooms above may use of the exchange."""

from __future__ import annotations

from tongchou.exchange.dictionary import load_dictionaries
from tongchou.exchange.signing import misconfiguration as signing_misconfiguration

__all__ = ["load_dictionaries", "signing_misconfiguration"]
