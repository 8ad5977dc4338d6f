"""Which duties one natural person may not hold together (不相容岗位分离)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Two categories of posts that exclude each other, and why. The order of the two does not matter."""

    one: str
    other: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A post held from ``since`` to the day before ``until``."""

    post_name: str
    category: str
    since: date
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A held duty that excludes the asked one."""

    held: Duty
    asked: Duty
    why: str


def conflicts(*, held: Iterable[Duty], asked: Duty, rules: Iterable[Rule]) -> list[Conflict]:
    """The duties that can't be held beside the asked one at any time. Source: R4.07, R4.08, R4.09."""
    excluded = {rule.other: rule.why for rule in rules if rule.one == asked.category}
    excluded |= {rule.one: rule.why for rule in rules if rule.other == asked.category}
    return [
        Conflict(held=duty, asked=asked, why=excluded[duty.category])
        for duty in held
        if duty.category in excluded and duty.since < asked.until and asked.since < duty.until
    ]
