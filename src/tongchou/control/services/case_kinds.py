"""The kinds of cases: who may hand one in, what carries it out, how it is shown. Rooms register theirs when they start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongchou.control import rejections


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the side-by-side of a case: what it is today, what it would become."""

    label: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        """Does this line change anything?"""
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What an executor gets: the frozen payload of the approved case, who made it and who approved it last (login names).

    ``hands`` names everybody with the post. What the executor writes is written by the approver, for these reasons.
    """

    case_id: int
    payload: dict[str, Any]
    maker: str
    decider: str
    hands: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of case: who may hand it in, what carries it out (returns one Chinese line), how it is shown.

    ``reach`` names the area that a payload would touch. It must lie inside the area whose reviewers decide the case: else a
    county would decide about its city. Empty: the whole of it, which the page that hands it in looks at.
    """

    code: str
    title: str
    make: str
    execute: Callable[[Execution], str]
    describe: Callable[[dict[str, Any]], Sequence[Change]]
    check: Callable[[dict[str, Any]], None] | None = None
    reach: Callable[[dict[str, Any]], str] | None = None


_kinds: dict[str, Kind] = {}


def register_kind(kind: Kind) -> None:
    """Make a kind of case known. Called when a room starts; twice is the same as once."""
    _kinds[kind.code] = kind


def kind_of(code: str) -> Kind:
    """A registered kind.

    Raises:
        Rejection: CTRL-031 there is no such kind.
    """
    if code not in _kinds:
        raise rejections.UNKNOWN_KIND(kind=code)
    return _kinds[code]


def kinds() -> list[Kind]:
    """Every registered kind, by title."""
    return sorted(_kinds.values(), key=lambda kind: kind.title)
