"""The ways in which a transaction is worked off. What each transaction does is in ``exchange.handlers``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tongchou.exchange.envelope import Message

if TYPE_CHECKING:
    from tongchou.settlement.api import PurchaseInput, Receipt, SettleInput, SettlementView

Render = Callable[[Any], bytes]
"""Output nodes (or what they are made of) → the bytes of the answer."""


@dataclass(frozen=True, slots=True)
class File:
    """An output that is a file and not an envelope (9102)."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Query:
    """Writes nothing and leaves no receipt: repeated, it is simply asked again."""

    work: Callable[[Message], object]


@dataclass(frozen=True, slots=True)
class Write:
    """Writes in one database transaction together with its receipt. Returns the output and the id of what it wrote.

    The second argument is the file that came with the message (9101), else ``None``.
    """

    work: Callable[[Message, bytes | None], tuple[object, int]]


@dataclass(frozen=True, slots=True)
class Settle:
    """A settlement; leaves with its neighbours in one commit. ``request`` runs in the event loop and must not block."""

    request: Callable[[Message], PurchaseInput | SettleInput]
    output: Callable[[Message, SettlementView], object]


@dataclass(frozen=True, slots=True)
class OwnReceipt:
    """A service that stores the receipt itself: revocations and 2601."""

    work: Callable[[Message, Receipt, Render], bytes]


Transaction = Query | Write | Settle | OwnReceipt
