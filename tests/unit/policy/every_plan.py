"""Every plan there is: all benefits of all bindings, packs and shapes, in each version, under each reading; random years for them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from tongchou.policy import Bill, FactSpec, Plan, PolicyBook, default_pack_directory
from tongchou.policy.compiler import compile_program
from tongchou.policy.expressions import Number, parse_expression
from tongchou.policy.loader import read_packs
from tongchou.policy.model import Benefit, Condition, Layer, Pack, Place, Quantity

SHAPES = default_pack_directory() / "shapes"
NEVER = Condition(parse_expression("1 == 2"), "never", Place("", 0, ""))
Visit = tuple[dict[str, object], Bill, int]
"""Facts, bill, account balance."""


@dataclass(frozen=True, eq=False)
class Known:
    """A plan and the packs that it was compiled from, in their order of payment."""

    plan: Plan
    packs: tuple[Pack, ...]

    @property
    def id(self) -> str:
        """The plan's id without its fingerprint."""
        return self.plan.id.partition("#")[0]

    @property
    def entries(self) -> list[tuple[int, Benefit]]:
        """The benefit as each pack has it, with the number of the pack."""
        return [
            (number, entry)
            for number, pack in enumerate(self.packs)
            for entry in pack.benefits
            if self.plan.benefit in entry.names
        ]

    @property
    def layers(self) -> list[Layer]:
        """All layers in their order of payment."""
        return [layer for _, entry in self.entries for layer in entry.layers]

    def first(self, count: int) -> Plan:
        """The plan whose first layers only apply; the others are there, with a condition that never holds."""
        packs, left = list(self.packs), count
        for number, entry in self.entries:
            layers = tuple(
                layer if place < left else replace(layer, when=NEVER) for place, layer in enumerate(entry.layers)
            )
            left = max(0, left - len(layers))
            kept = replace(entry, layers=layers)
            benefits = tuple(kept if other is entry else other for other in packs[number].benefits)
            packs[number] = replace(packs[number], benefits=benefits)
        return Plan(
            program=compile_program(packs, self.plan.benefit, []),
            plan_id=f"{self.id}[:{count}]",
            package_hash="",
            title="",
            benefit=self.plan.benefit,
            version_from=self.plan.version_from,
            benefit_year="01-01",
            counts_in=self.plan.counts_in,
        )


@cache
def books() -> tuple[PolicyBook, PolicyBook]:
    """The shipped packs, and the shapes."""
    return PolicyBook.load(default_pack_directory()), PolicyBook(read_packs(SHAPES))


@cache
def every_group() -> tuple[tuple[Known, ...], ...]:
    """The plans that are in force together and share counters: chains of the bindings, and packs by themselves, on every day
    on which something changes, under every reading that changes something."""
    groups: dict[object, tuple[Known, ...]] = {}
    for book in books():
        chains = [bound.packs for bound in book.bindings] + [(name,) for name in book.packs]
        for chain in dict.fromkeys(chains):
            starts = {version.pack.start for name in chain for version in book.packs.get(name, ())}
            for day in sorted(starts):
                for group in _on(book, chain, day):
                    made = tuple((known.plan.source, *known.plan.program.constants.values()) for known in group)
                    groups.setdefault((chain, made), group)
    return tuple(group for group in groups.values() if group)


@cache
def every_plan() -> tuple[Known, ...]:
    """All plans of all groups; those that a reading leaves as they are stand once."""
    found = {(known.id.partition("@")[0], known.plan.source, str(known.plan.program.constants)): known
             for group in reversed(every_group()) for known in group}  # fmt: skip
    return tuple(reversed(found.values()))


def _on(book: PolicyBook, chain: tuple[str, ...], day: date) -> Iterator[tuple[Known, ...]]:
    versions = book.in_force(chain, day)
    choices: list[dict[str, str]] = [{}]
    choices += [
        {entry.id: reading}
        for version in versions
        for entry in version.ambiguities
        for reading in entry.readings
        if reading != entry.adopted
    ]
    for readings in choices:
        packs = tuple(book.read(version, book._chosen([version], readings)) for version in versions)
        names = dict.fromkeys(name for pack in packs for entry in pack.benefits for name in entry.names)
        yield tuple(Known(book.plan_of(chain, benefit=name, on=day, readings=readings), packs) for name in names)


# -- random visits ------------------------------------------------------------------------------------------------------


def amount(chance: random.Random) -> int:
    """Fen: nothing, a fen, around limits that many documents have, small and large."""
    edge = chance.choice((10_000, 30_000, 1_200_000, 2_800_000, 5_000_000, 10_000_000)) + chance.choice((-1, 0, 1))
    return chance.choice(
        (0, 1, edge, chance.randrange(60_000), chance.randrange(4_000_000), chance.randrange(40_000_000))
    )


def value_of(spec: FactSpec, chance: random.Random) -> object:
    """Any value that a fact may have."""
    if spec.kind == "bool":
        return chance.random() < 0.4
    if spec.kind == "enum":
        return chance.choice((*spec.values, *(alias for alias, _ in spec.aliases)))
    if spec.kind == "code":
        return chance.choice(spec.values) if spec.values and chance.random() < 0.7 else "M03900"
    if spec.kind == "set":
        return frozenset(value for value in spec.values if chance.random() < 0.25)
    if spec.kind == "date":
        return date(2009 + chance.randrange(20), 1 + chance.randrange(12), 1)
    return amount(chance) if spec.kind == "fen" else chance.choice((0, 1, 2, 3, 5, 7, 12, 40, 70, 95))


def visit(plan: Plan, chance: random.Random) -> Visit:
    """A random visit: half of them with the usual values of facts that have one, so that few are refused."""
    facts = {spec.name: value_of(spec, chance) for spec in plan.facts}
    if chance.random() < 0.5:
        facts |= {spec.name: spec.default for spec in plan.facts if spec.default is not None and spec.kind != "code"}
    bill = Bill(*(amount(chance) for _ in range(4)))
    left = bill.in_scope
    for part in plan.program.parts:
        facts[f"bill.{part.name}"] = chance.randrange(left + 1)
        left -= int(str(facts[f"bill.{part.name}"]))
    return facts, bill, amount(chance)


# -- limits -------------------------------------------------------------------------------------------------------------


def yearly_limits(known: Known) -> dict[str, int]:
    """Counters that only what a limit cuts goes into, with the largest limit that the packs write for them, in fen.

    A counter whose limit is computed, depends on a condition, or is fed past the limit as well, is left out.
    """
    limits: dict[str, int] = {}
    loose: set[str] = set()
    for layer in (layer for pack in known.packs for entry in pack.benefits for layer in entry.layers):
        loose |= {feed.to for feed in layer.feeds} | {layer.cumulate_base}
        if layer.bands.measure != "payment":
            loose.add(layer.bands.counts)
        caps = [*layer.caps, *(layer.deductible.sum_caps if layer.deductible else ())]
        if layer.deductible and layer.deductible.counts not in {cap.counts for cap in caps}:
            loose.add(layer.deductible.counts)
        for cap in caps:
            largest = _largest(cap.amount)
            if cap.when is not None or largest is None:
                loose.add(cap.counts)
            else:
                limits[cap.counts] = max(limits.get(cap.counts, 0), largest)
        uncut = {layer.cumulate_paid} - {cap.counts for cap in layer.caps if cap.on == "payment"}
        loose |= uncut
    return {name: limit for name, limit in limits.items() if name and name not in loose}


def _largest(quantity: Quantity) -> int | None:
    """The largest number of a quantity that is written out, in fen."""
    cells = quantity.table.cells.values() if quantity.table else [quantity.expression]
    if not all(isinstance(cell, Number) for cell in cells):
        return None
    return max(int(cell.value * 100) for cell in cells if isinstance(cell, Number))
