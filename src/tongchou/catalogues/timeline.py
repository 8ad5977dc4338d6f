"""How dated entries of one key follow each other, pure: what begins anew ends what was in force, on the day it begins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tongchou.kernel.period import Period


@dataclass(slots=True)
class Dated:
    """An entry of a timeline: ``id`` is ``None`` while it is not stored; ``content`` is compared, never looked into."""

    id: int | None
    period: Period
    content: object
    changed: bool = False


class InTheWay(Exception):
    """The new entry would begin on or before an entry that exists, and not follow it."""

    def __init__(self, start: date) -> None:
        super().__init__(start)
        self.start = start


class Timeline:
    """The dated entries of one key (an item in a scheme, an item at a level, a local code of an institution)."""

    def __init__(self, entries: Iterable[Dated]) -> None:
        self._entries = list(entries)

    def follow(self, new: Dated) -> bool:
        """Enter ``new``: the entry in force on its first day ends there.

        Returns:
            Whether anything changed; an identical entry is left alone.

        Raises:
            InTheWay: an entry begins on the same day with other content, or later within the new period.
        """
        overlapping = [entry for entry in self._entries if entry.period.overlaps(new.period)]
        if any(entry.period == new.period and entry.content == new.content for entry in overlapping):
            return False
        for entry in overlapping:
            if entry.period.start >= new.period.start:
                raise InTheWay(entry.period.start)
        for entry in overlapping:
            entry.period = Period(entry.period.start, new.period.start)
            entry.changed = True
        self._entries.append(new)
        return True

    def closed(self) -> list[tuple[int, Period]]:
        """Ids of stored entries whose end has changed, with their new period."""
        return [(entry.id, entry.period) for entry in self._entries if entry.id is not None and entry.changed]

    def added(self) -> list[Dated]:
        """New entries, in the order they came."""
        return [entry for entry in self._entries if entry.id is None]
