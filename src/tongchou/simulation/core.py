"""Batches of claims → exact sums per group, for one or several plans at once. Pure: arrays in, integers out.

A batch is a set of columns of equal length, sorted by person and, within a person, in the order of settlement. A person may
go on in the next batch: the tail is carried over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tongchou.policy import Bill, Plan
from tongchou.policy.arrays import SequenceResult, sequence_kernel

Array = np.ndarray[Any, Any]
Batch = Mapping[str, Array]
"""Columns by name: ``person``, ``year``, ``month`` where needed, ``in_scope`` and other amounts in fen, facts (encoded)."""

AMOUNTS = ("out_of_scope", "over_limit", "prior_self_pay", "in_scope")


class OrderError(ValueError):
    """The claims are not sorted by person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to compute: the plans to compare, which facts are columns, what is fixed, and by what to group.

    Args:
        plans: plans of one benefit, the first is the one in force; each has the facts of the others or defaults for them.
        varying: facts that come as columns.
        fixed: values of required facts that do not (in words, as for ``Plan.evaluate``).
        group_by: facts among ``varying`` whose combinations are the groups.
    """

    plans: tuple[Plan, ...]
    varying: tuple[str, ...]
    fixed: Mapping[str, object] = field(default_factory=dict)
    group_by: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a batch must have."""
        return ("person", "year", *(["month"] if self.needs_month else []), *self.varying)

    @property
    def needs_month(self) -> bool:
        """Whether a plan counts by the month."""
        return any(spec.period == "month" for plan in self.plans for spec in plan.accumulators)

    def values(self, fact: str) -> tuple[str, ...]:
        """The words of an enumerated fact, in the order of their codes.

        Raises:
            ValueError: the fact is unknown or not enumerated, or the plans number it differently.
        """
        found = {spec.values for plan in self.plans for spec in plan.facts if spec.name == fact}
        if len(found) != 1 or not all(found):
            raise ValueError(f"{fact} is not an enumerated fact that all plans know in the same way")
        return found.pop()

    @property
    def group_count(self) -> int:
        """Number of groups."""
        count = 1
        for fact in self.group_by:
            count *= len(self.values(fact))
        return count

    def group_names(self) -> list[tuple[str, ...]]:
        """The words of each group, in the order of the sums."""
        names: list[tuple[str, ...]] = [()]
        for fact in self.group_by:
            names = [(*name, value) for name in names for value in self.values(fact)]
        return names


@dataclass(slots=True)
class Totals:
    """Exact sums of one plan: ``paid[group][layer]`` in fen, refused claims per group, and how many claims were seen."""

    layers: tuple[str, ...]
    paid: list[list[int]]
    refused: list[int]
    claims: int = 0

    @classmethod
    def empty(cls, plan: Plan, groups: int) -> Totals:
        """Nothing seen yet."""
        layers = tuple(layer.id for layer in plan.layers)
        return cls(layers, [[0] * len(layers) for _ in range(groups)], [0] * groups)

    def add(self, result: SequenceResult) -> None:
        """Add the sums of a batch."""
        self.merge(Totals(self.layers, result.sums, result.refused, result.claims))

    def merge(self, other: Totals) -> None:
        """Add the sums of other claims under the same plan."""
        for row, more in zip(self.paid, other.paid, strict=True):
            row[:] = [a + b for a, b in zip(row, more, strict=True)]
        self.refused = [a + b for a, b in zip(self.refused, other.refused, strict=True)]
        self.claims += other.claims

    def layer_sums(self) -> dict[str, int]:
        """What each layer pays in all groups together, in fen."""
        return {layer: sum(row[number] for row in self.paid) for number, layer in enumerate(self.layers)}


def simulate(question: Question, batches: Iterable[Batch]) -> list[Totals]:
    """Run every plan over all claims.

    Args:
        batches: see :data:`Batch`; persons ascend over all batches.

    Returns:
        One :class:`Totals` per plan, in their order.

    Raises:
        OrderError: the persons do not ascend.
        KeyError: a column is missing.
    """
    totals = [Totals.empty(plan, question.group_count) for plan in question.plans]
    for batch in whole_persons(batches):
        starts = person_starts(batch["person"])
        groups = _groups(question, batch)
        for plan, total in zip(question.plans, totals, strict=True):
            total.add(_run(question, plan, batch, starts, groups))
    return totals


def whole_persons(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Cut the batches so that no person is in two of them.

    Raises:
        OrderError: the persons do not ascend from one batch to the next.
    """
    tail: dict[str, Array] | None = None
    for batch in batches:
        if not len(batch["person"]):
            continue
        if tail is not None:
            if batch["person"][0] < tail["person"][-1]:
                raise OrderError(f"person {batch['person'][0]} stands after person {tail['person'][-1]}")
            batch = {name: np.concatenate((tail[name], column)) for name, column in batch.items()}  # noqa: PLW2901
        person = batch["person"]
        cut = int(np.searchsorted(person, person[-1], side="left"))
        tail = {name: column[cut:].copy() for name, column in batch.items()}
        if cut:
            yield {name: column[:cut] for name, column in batch.items()}
    if tail is not None:
        yield tail


def person_starts(person: Array) -> Array:
    """Index of each person's first claim, and at the end the number of claims.

    Raises:
        OrderError: the persons do not ascend.
    """
    if np.any(person[1:] < person[:-1]):
        at = int(np.flatnonzero(person[1:] < person[:-1])[0])
        raise OrderError(f"person {person[at + 1]} stands after person {person[at]}")
    changes = np.flatnonzero(person[1:] != person[:-1]) + 1
    return np.concatenate(([0], changes, [len(person)])).astype(np.int64)


def _groups(question: Question, batch: Batch) -> Array | None:
    if not question.group_by:
        return None
    group = np.zeros(len(batch["person"]), dtype=np.int32)
    for fact in question.group_by:
        group *= len(question.values(fact))
        group += batch[fact].astype(np.int32)
    return group


def _run(question: Question, plan: Plan, batch: Batch, starts: Array, groups: Array | None) -> SequenceResult:
    names = {spec.name for spec in plan.facts}
    varying = tuple(name for name in question.varying if name in names)
    given = tuple(name for name in AMOUNTS if name in batch)
    kernel = sequence_kernel(
        plan, varying, tuple(f"b_{name}" for name in given), tuple(f"paid:{layer.id}" for layer in plan.layers)
    )
    return kernel.run(
        starts=starts,
        year=batch["year"],
        month=batch["month"] if question.needs_month else None,
        facts=[batch[name] for name in varying],
        fixed=_fixed(question, plan, varying),
        amounts=[batch[name] for name in given],
        groups=groups,
        group_count=question.group_count,
    )


def _fixed(question: Question, plan: Plan, varying: Sequence[str]) -> dict[str, int]:
    """The fixed facts as the plan encodes them; varying ones get any valid value, it is not used."""
    words = {spec.name: spec.values[0] if spec.values and spec.kind == "enum" else 0 for spec in plan.facts}
    facts = {name: words[name] for name in varying} | dict(question.fixed)
    encoded = plan.encode(facts, Bill(), {})
    return {spec.name: encoded[number] for number, spec in enumerate(plan.facts) if spec.name not in varying}
