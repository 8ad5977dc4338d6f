"""A plan over the claims of many persons, each person's in order, with accumulators carried from claim to claim.

int64 throughout and the plan's own text, so every number is exactly what :meth:`Plan.evaluate` gives. Claims are sorted by
person, and within a person by the order in which they settle. A claim that the policy refuses pays nothing and feeds no
accumulator; it is counted.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numba
import numpy as np

from tongchou.policy.arrays import analysis
from tongchou.policy.arrays.threads import in_threads
from tongchou.policy.plan import Plan

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class SequenceResult:
    """Exact sums per group: ``sums[group][output]`` in fen (or counts), refused claims per group, and the claims seen."""

    sums: list[list[int]]
    refused: list[int]
    claims: int

    def __add__(self, other: SequenceResult) -> SequenceResult:
        return SequenceResult(
            [[a + b for a, b in zip(x, y, strict=True)] for x, y in zip(self.sums, other.sums, strict=True)],
            [a + b for a, b in zip(self.refused, other.refused, strict=True)],
            self.claims + other.claims,
        )


class SequenceKernel:
    """A plan's loop over persons. Made by :func:`sequence_kernel`; safe to share between threads."""

    def __init__(
        self, plan: Plan, facts: tuple[str, ...], amounts: tuple[str, ...], outputs: tuple[str, ...], *, write: bool
    ) -> None:
        self.plan = plan
        self.facts = facts
        self.amounts = amounts
        self.outputs = outputs
        self.write = write
        self.source = _text(plan, facts, amounts, outputs, write=write)
        self._drive = _compiled(self.source, tuple(sorted(plan.program.constants.items())))

    def run(
        self,
        *,
        starts: Array,
        year: Array,
        month: Array | None = None,
        facts: Sequence[Array],
        fixed: Mapping[str, int],
        amounts: Sequence[Array],
        groups: Array | None = None,
        group_count: int = 1,
        out: Sequence[Array] = (),
        threads: int = 1,
    ) -> SequenceResult:
        """Run over persons.

        Args:
            starts: first claim of each person, and at the end the number of claims (int64).
            year: benefit year of each claim; yearly accumulators start anew where it changes.
            month: month of each claim, needed where the plan has monthly accumulators.
            facts: encoded columns of the facts named in ``facts`` (whole numbers, see ``Plan.encode``).
            fixed: encoded values of all other facts, by name.
            amounts: columns in fen, int64, of the amounts named in ``amounts``.
            groups: group of each claim (0 … group_count − 1) for the sums; without it there is one group.
            out: where ``write`` was asked for, one int64 column per output, then one for ``refused``.

        Raises:
            ValueError: monthly accumulators without ``month``.
        """
        monthly = any(spec.period == "month" for spec in self.plan.accumulators)
        if monthly and month is None:
            raise ValueError("the plan has monthly accumulators: give the month of each claim")
        constant = tuple(int(fixed.get(spec.name, 0)) for spec in self.plan.facts) or (0,)
        claims, persons = int(starts[-1] - starts[0]), len(starts) - 1
        group = np.zeros(1, dtype=np.int32) if groups is None else groups
        read = [_read_only(column) for column in (starts, year, year if month is None else month, group)]
        given = tuple(_read_only(column) for column in facts) or (read[1],)
        fen = tuple(_read_only(column) for column in amounts)

        def part(low: int, high: int) -> Array:
            sums = np.zeros((group_count, len(self.outputs) + 1), dtype=np.int64)
            self._drive(low, high, *read, groups is not None, constant, given, fen, tuple(out) or (sums[0],), sums)
            return sums

        total = np.add.reduce(in_threads(part, persons, threads))
        return SequenceResult([[int(v) for v in row[:-1]] for row in total], [int(row[-1]) for row in total], claims)


def _read_only(column: Array) -> Array:
    """The same numbers as a column that is not written: with one kind of column the loop is compiled once."""
    view = column.view()
    view.flags.writeable = False
    return view


@cache
def sequence_kernel(
    plan: Plan, facts: tuple[str, ...], amounts: tuple[str, ...], outputs: tuple[str, ...], *, write: bool = False
) -> SequenceKernel:
    """The loop of a plan over persons.

    Args:
        facts: names of the facts that come as columns; the others are fixed for the run.
        amounts: parameters of ``plan.source`` that come as columns: ``b_in_scope``, ``b_prior_self_pay`` …; others are zero.
        outputs: results that are summed (see ``column_kernel``), without ``refused``.
        write: also write each claim's results.
    """
    return SequenceKernel(plan, facts, amounts, outputs, write=write)


def _text(plan: Plan, facts: Sequence[str], amounts: Sequence[str], outputs: Sequence[str], *, write: bool) -> str:
    function = analysis.function_of(plan)
    results = {
        name: ast.unparse(node) for name, node in zip(analysis.result_names(plan), function.returned, strict=True)
    }
    names = [spec.name for spec in plan.facts]
    states = [f"a{number}" for number in range(len(plan.accumulators))]
    deltas = [results[f"delta:{spec.name}"] for spec in plan.accumulators]
    bills = [name for name in function.parameters if name.startswith("b_")]
    head = [
        "def drive(low, high, starts, year, month, group, grouped, fixed, facts, amounts, out, sums):",
        *[f"    f{n} = fixed[{n}]" for n, name in enumerate(names) if name not in facts],
        *[f"    q{n} = facts[{n}]" for n in range(len(facts))],
        *[f"    p{n} = amounts[{n}]" for n in range(len(amounts))],
        *([f"    o{n} = out[{n}]" for n in range(len(outputs) + 1)] if write else []),
        *[f"    {name} = 0" for name in (*bills, "balance") if name not in amounts],
        "    for person in range(low, high):",
        *[f"        {state} = 0" for state in states],
        "        year_now = year[starts[person]] if starts[person] < starts[person + 1] else 0",
        "        month_now = month[starts[person]] if starts[person] < starts[person + 1] else 0",
        "        for i in range(starts[person], starts[person + 1]):",
        *_resets(plan),
        *[f"            f{names.index(name)} = np.int64(q{n}[i])" for n, name in enumerate(facts)],
        *[f"            {name} = p{n}[i]" for n, name in enumerate(amounts)],
        *[f"            {name} = {ast.unparse(value)}" for name, value in function.statements],
        f"            no = {results['refused']}",
        "            g = group[i] if grouped else 0",
    ]
    written = [f"                o{n}[i] = {results[name]}" for n, name in enumerate(outputs)] if write else []
    zeros = [f"                o{n}[i] = 0" for n in range(len(outputs))] if write else []
    refusal = [f"            o{len(outputs)}[i] = no"] if write else []
    tail = [
        *refusal,
        "            if no == 0:",
        *[f"                sums[g, {n}] += {results[name]}" for n, name in enumerate(outputs)],
        *written,
        *[f"                d{n} = {delta}" for n, delta in enumerate(deltas)],
        *[f"                {state} += d{n}" for n, state in enumerate(states)],
        "            else:",
        f"                sums[g, {len(outputs)}] += 1",
        *zeros,
    ]
    return "\n".join([*head, *tail])


def _resets(plan: Plan) -> list[str]:
    by_period: dict[str, list[str]] = {}
    for number, spec in enumerate(plan.accumulators):
        by_period.setdefault(spec.period, []).append(f"a{number}")
    unknown = by_period.keys() - {"year", "month", "life"}
    if unknown:
        raise ValueError(f"accumulators over {'、'.join(sorted(unknown))} are not carried in arrays yet")
    lines = []
    if "month" in by_period:  # before the year: the same month of another year is another month
        lines.append("            if month[i] != month_now or year[i] != year_now:")
        lines.append("                month_now = month[i]")
        lines += [f"                {state} = 0" for state in by_period["month"]]
    lines += ["            if year[i] != year_now:", "                year_now = year[i]"]
    return lines + [f"                {state} = 0" for state in by_period.get("year", ())]


@cache
def _compiled(text: str, constants: tuple[tuple[str, tuple[int, ...]], ...]) -> Any:
    namespace: dict[str, Any] = {"np": np, **dict(constants)}
    exec(compile(text, "<sequences>", "exec"), namespace)  # noqa: S102 - text generated here
    return numba.njit(nogil=True, error_model="numpy")(namespace["drive"])
