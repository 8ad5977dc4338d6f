"""Where the versions of a pack lie on a common line of years: past, in force, coming, and the gaps between them.

Places are tenths of a percent of the line, in whole numbers, so that pieces meet exactly. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tongchou.policy.book import Version
from tongchou.policy.model import BoundScheme

WIDTH = 1000
PAST, NOW, COMING, GAP = "past", "now", "coming", "gap"
NAMES = {PAST: "已失效", NOW: "现行", COMING: "待生效", GAP: "无版本生效"}
MOST_TICKS = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """A version, or a gap between two, on the line. ``until`` is the last day, ``None`` where it is open."""

    kind: str
    since: date
    until: date | None
    x: int
    width: int

    @property
    def title(self) -> str:
        """What it is, in words."""
        since = f"{self.since} " if self.since > date.min else "一直"
        return f"{NAMES[self.kind]}：{since}至 {self.until or '下一版本'}"


@dataclass(frozen=True, slots=True)
class Scale:
    """The line: its first and last day."""

    first: date
    last: date

    def at(self, day: date) -> int:
        """The place of a day; days beyond the ends lie on them."""
        inside = min(max(day, self.first), self.last)
        return WIDTH * (inside - self.first).days // max((self.last - self.first).days, 1)

    def labels(self) -> list[tuple[int, str]]:
        """Years and their places in percent, for text that must not be stretched."""
        return [(year, f"{x // 10}.{x % 10}%") for year, x in self.ticks()]

    def ticks(self) -> list[tuple[int, int]]:
        """Years and their places, at most a dozen."""
        years = range(self.first.year + 1, self.last.year + 1)
        step = max(1, -(-len(years) // MOST_TICKS))
        return [(year, self.at(date(year, 1, 1))) for year in years if (year - self.first.year) % step == 0]


def scale_of(versions: Iterable[Version], today: date, others: Iterable[date] = ()) -> Scale:
    """A line that holds every beginning and end, a year from today, and other days (those without end aside)."""
    days = [today.replace(year=today.year + 1, day=1), today.replace(year=today.year - 1, day=1)]
    days += [day for day in others if day > date.min]
    for version in versions:
        days += [version.pack.start] + ([version.pack.until] if version.pack.until else [])
    return Scale(min(days).replace(month=1, day=1), max(days).replace(day=28))


def pieces(versions: Sequence[Version], scale: Scale, today: date) -> list[Piece]:
    """The versions of one pack, in the order of their days, with the gaps between them."""
    found: list[Piece] = []
    for number, version in enumerate(versions):
        following = versions[number + 1].pack.start if number + 1 < len(versions) else None
        until = _last_day(version, following)
        kind = COMING if version.pack.start > today else PAST if until is not None and until < today else NOW
        found.append(_piece(kind, version.pack.start, until, scale))
        if until is not None and following is not None and until + timedelta(days=1) < following:
            found.append(_piece(GAP, until + timedelta(days=1), following - timedelta(days=1), scale))
    return found


def arrangement_pieces(history: Sequence[BoundScheme], scale: Scale, today: date) -> list[Piece]:
    """The arrangements of a scheme, in the order of their days; each ends where the next one begins."""
    return [_period(since, until, scale, today) for since, until in _spans(history)]


def use_pieces(pack: str, history: Sequence[BoundScheme], scale: Scale, today: date) -> list[Piece]:
    """The periods in which a scheme uses a pack, joined where they meet; none where it always does."""
    joined: list[tuple[date, date | None]] = []
    for bound, (since, until) in zip(history, _spans(history), strict=True):
        if pack in bound.packs:
            meets = bool(joined) and joined[-1][1] == since - timedelta(days=1)
            joined[-1 if meets else len(joined) :] = [(joined[-1][0] if meets else since, until)]
    return [] if joined == [(date.min, None)] else [_period(since, until, scale, today) for since, until in joined]


def _spans(history: Sequence[BoundScheme]) -> list[tuple[date, date | None]]:
    ends: list[date | None] = [bound.start - timedelta(days=1) for bound in history[1:]]
    return list(zip((bound.start for bound in history), [*ends, None], strict=False))


def _period(since: date, until: date | None, scale: Scale, today: date) -> Piece:
    kind = COMING if since > today else PAST if until is not None and until < today else NOW
    return _piece(kind, since, until, scale)


def _last_day(version: Version, following: date | None) -> date | None:
    """What the version says, or the day before the next one."""
    stated = version.pack.until
    if following is None:
        return stated
    before = following - timedelta(days=1)
    return before if stated is None else min(stated, before)


def _piece(kind: str, since: date, until: date | None, scale: Scale) -> Piece:
    x = scale.at(since)
    end = WIDTH if until is None else scale.at(until + timedelta(days=1))
    return Piece(kind, since, until, x, max(end - x, 3))
