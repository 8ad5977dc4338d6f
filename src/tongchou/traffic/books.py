"""What an institution books for itself: one entry per settlement answer it has seen. Amounts in fen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One settlement or (negative) revocation as the institution knows it."""

    settlement: str
    encounter: str
    person: str
    message_id: str
    scheme: str
    clearing_type: str
    total: int
    fund_pay: int
    account_pay: int
    refund: bool
    day: str
    """The centre's day of settlement, yyyy-MM-dd."""

    @property
    def cash_pay(self) -> int:
        """What the person paid in cash."""
        return self.total - self.fund_pay - self.account_pay


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over entries, as 3201 compares them."""

    count: int = 0
    total: int = 0
    fund_pay: int = 0
    account_pay: int = 0
    cash_pay: int = 0

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.count + other.count,
            self.total + other.total,
            self.fund_pay + other.fund_pay,
            self.account_pay + other.account_pay,
            self.cash_pay + other.cash_pay,
        )


def totals_of(entries: Iterable[Entry]) -> Totals:
    """The sums of some entries; a revocation counts as a settlement of its own, with negative amounts."""
    result = Totals()
    for entry in entries:
        result += Totals(1, entry.total, entry.fund_pay, entry.account_pay, entry.cash_pay)
    return result


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


@dataclass
class Book:
    """The book of one institution, kept in a file if one is given: one line per entry, written before the next message."""

    file: Path | None = None
    entries: list[Entry] = field(default_factory=list)
    _settlements: set[str] = field(default_factory=set)

    def load(self) -> None:
        """Read what was booked before; a last line that was cut off by a crash is left out."""
        lines = self.file.read_bytes().split(b"\n")[:-1] if self.file is not None and self.file.exists() else []
        self.entries = [_decode(line) for line in lines]
        self._settlements = {entry.settlement for entry in self.entries}

    def clear(self) -> None:
        """Begin anew: the centre is another one."""
        self.entries, self._settlements = [], set()
        if self.file is not None:
            self.file.unlink(missing_ok=True)

    def add(self, entry: Entry) -> None:
        """Book an answer; the same settlement is never booked twice.

        Raises:
            ValueError: this settlement is in the book.
        """
        if entry.settlement in self._settlements:
            raise ValueError(f"booked twice: settlement {entry.settlement}")
        if self.file is not None:
            with self.file.open("ab") as file:
                file.write(_encode(entry) + b"\n")
        self._settlements.add(entry.settlement)
        self.entries.append(entry)

    def of(self, clearing_type: str, scheme: str | None = None) -> list[Entry]:
        """The entries of a clearing type, and of a scheme if one is given."""
        return [
            entry for entry in self.entries if entry.clearing_type == clearing_type and scheme in (None, entry.scheme)
        ]

    def groups(self) -> list[tuple[str, str]]:
        """The pairs (clearing type, scheme) that occur, in order."""
        return sorted({(entry.clearing_type, entry.scheme) for entry in self.entries})
