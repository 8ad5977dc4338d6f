"""What the rooms above may use of the exchange."""

from __future__ import annotations

from tongchou.exchange.dictionary import load_dictionaries

__all__ = ["load_dictionaries"]
