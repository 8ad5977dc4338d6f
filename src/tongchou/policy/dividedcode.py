"""Counters that are kept by a fact's value (同级医院第二次): in the code each value has a counter of its own.

``year.stays:310`` by ``visit.level`` becomes ``year.stays:310/一级``, ``…/二级`` …. A visit reads the one of its own value and
adds to that one only, so that storing, reversing and arrays know nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tongchou.policy.model import AccumulatorSpec, FactSpec

if TYPE_CHECKING:
    from tongchou.policy.emitter import Emitter

YES_NO = ("否", "是")
OTHERS = "其他"
"""The counter of codes that the plan does not name."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The variable of the fact, and the counter of each of its values by its index."""

    variable: str
    counters: tuple[tuple[int, AccumulatorSpec], ...]


class Divided:
    """The divided counters of a plan while its code grows."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._kept: dict[str, _Kept] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def specs(self) -> dict[str, AccumulatorSpec]:
        """The counters by their names, as a plan has them."""
        return {spec.name: spec for kept in self._kept.values() for _, spec in kept.counters}

    def divide(self, spec: AccumulatorSpec) -> bool:
        """Write, once, which counter is that of the visit's own value: ``emitter.current`` has its variable.

        Not for a fact that has no values to keep counters by; that is reported.
        """
        emitter = self._emitter
        if spec.name in self._kept:
            return True
        fact = emitter.known_facts.get(spec.by)
        values = _values(fact) if fact is not None else ()
        if not values:
            message = f"累计项“{spec.name}”按“{spec.by}”分别累计，它不是枚举、是否或病种代码"
            emitter.report(spec.place, message, "请写一个有取值的信息，如by: visit.level")
            return False
        variable = emitter.facts.setdefault(spec.by, f"f{len(emitter.facts)}")
        counters = tuple(
            (index, replace(spec, name=f"{spec.name}/{value}", title=f"{spec.title}（{value}）"))
            for index, value in values
        )
        self._kept[spec.name] = _Kept(variable, counters)
        held = [
            (index, emitter.accumulators.setdefault(own.name, f"a{len(emitter.accumulators)}"))
            for index, own in counters
        ]
        text = held[-1][1]
        for index, counter in reversed(held[:-1]):
            text = f"{counter} if {variable} == {index} else {text}"
        emitter.current[spec.name] = emitter.let("own_counter", text)
        return True

    def feed(self, name: str, before: str, amount: str) -> None:
        """Add to the counter of the visit's own value."""
        emitter, kept = self._emitter, self._kept[name]
        added = emitter.let("added", amount)
        emitter.current[name] = emitter.let("own_counter", f"{before} + {added}")
        for index, own in kept.counters:
            emitter.fed.setdefault(own.name, []).append(f"({added} if {kept.variable} == {index} else 0)")


def _values(fact: FactSpec) -> tuple[tuple[int, str], ...]:
    """Index and word of each value; codes that the plan does not name come last, as one."""
    if fact.kind == "bool":
        return tuple(enumerate(YES_NO))
    if fact.kind == "code":
        return (*enumerate(fact.values), (-1, OTHERS))
    return tuple(enumerate(fact.values)) if fact.kind == "enum" else ()
