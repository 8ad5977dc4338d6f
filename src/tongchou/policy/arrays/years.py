"""Several plans over the claims of persons in order: one person's hospital stays, outpatient visits and purchases share counters.

Each claim names the plan that settles it (its benefit in the version of its day). Counters are shared by name, as they are
at the counter of the centre: what a stay adds, the next outpatient visit of the year finds. int64 throughout and the plans'
own functions, so every number is what :meth:`Plan.evaluate` gives. The same text of the loop runs as plain Python for
some thousand claims, where compiling would cost more than it saves.

A claim that is refused pays nothing, feeds no counter, and is borne by the person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numba
import numpy as np

from tongchou.policy.arrays.threads import in_threads
from tongchou.policy.model import BURDEN_COMPONENTS, FactSpec
from tongchou.policy.plan import Plan

Array = np.ndarray[Any, Any]

WORDED = ("enum", "set", "code")
"""Kinds of facts that come as codes of words; other kinds come as whole numbers."""
MONTHS = 13
KEPT = 32
"""Loops kept in a process; every simulation of other numbers compiles its own."""
BURDEN, ACCOUNT, BILL, CLAIMS, REFUSED = range(5)
"""What ``sums[plan, group]`` holds before the layers' payments; claims and refused are counts."""
FIRST_LAYER = 5
BILLS = ("b_out_of_scope", "b_over_limit", "b_prior_self_pay", "b_in_scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Claims sorted by person, and within a person by benefit year and then in the order in which they settled.

    Attributes:
        starts: first claim of each person, and at the end the number of claims.
        year, month: benefit year and calendar month (1 … 12) in which the claim counts.
        which: number of the plan among the kernel's; the number of plans where no plan covers the claim.
        barred: 0, or the number of a reason (above all refusals of the plans) for which the claim can't be computed.
        facts: one column per varying fact: codes of words, or whole numbers.
        bills: four columns in fen, in the order of :data:`BILLS`.
        group: group of each claim for the sums.
        usable: whether the personal account may pay, where accounts are simulated; with what it held in reality before
            the claim (``held``) and paid in reality (``drawn``), in fen. What a plan draws less stays in the account.
        before: by counter, what it held at the claim; read at a person's first claim of a year (or of all, for life).
        day: day of each claim as an ordinal; needed where a plan counts by the day. Claims of a day need not stand together.
    """

    starts: Array
    year: Array
    month: Array
    which: Array
    barred: Array
    facts: Sequence[Array]
    bills: Sequence[Array]
    group: Array
    usable: Array | None = None
    held: Array | None = None
    drawn: Array | None = None
    before: Mapping[str, Array] = field(default_factory=dict)
    day: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class YearResult:
    """Exact results of one run.

    Attributes:
        sums: ``(plan, group, what)`` → fen or count, zeros left out; ``what`` is :data:`BURDEN` …, then the plan's layers.
        reasons: ``(plan, number of the refusal)`` → claims.
        fund, burden, account: per person in fen: paid by funds, carried by the person in all, of it by the account.
        claims: per claim, where it was asked for: refused, burden, account, then the payments by layer.
    """

    sums: dict[tuple[int, int, int], int]
    reasons: dict[tuple[int, int], int]
    fund: Array
    burden: Array
    account: Array
    claims: tuple[Array, ...] = ()


class YearKernel:
    """The loop of several plans. Made by :func:`year_kernel`; safe to share between threads."""

    def __init__(self, plans: tuple[Plan, ...], varying: tuple[str, ...], *, compiled: bool, write: bool) -> None:
        self.plans = plans
        self.varying = varying
        self.compiled = compiled
        self.write = write
        self.counters = tuple(dict.fromkeys(spec.name for plan in plans for spec in plan.accumulators))
        self.daily = tuple(name for name in self.counters if name.startswith("day."))
        self.layers = max((len(plan.layers) for plan in plans), default=0)
        self.reasons = max((len(plan.program.refusals) for plan in plans), default=0)
        self.source = _text(self)
        self._drive = _made(self.source, plans, compiled=compiled)

    def tables(self, words: Mapping[str, Sequence[object]], fixed: Mapping[str, object]) -> Tables:
        """What the plans make of the words of the varying facts, and of the fixed facts.

        Args:
            words: for each varying fact of a worded kind what its codes stand for; ``None`` stands for "not stated".
            fixed: values of facts that are not columns, by name; others take the policy's default.
        """
        return Tables(self, words, fixed)

    def run(self, claims: Claims, tables: Tables, *, groups: int, threads: int = 1) -> YearResult:
        """Run over all persons.

        Args:
            groups: number of groups; ``claims.group`` stays below it.

        Raises:
            ValueError: a plan counts by the day, and the claims do not say theirs.
        """
        persons, count = len(claims.starts) - 1, int(claims.starts[-1])
        out = [np.zeros(persons, dtype=np.int64) for _ in range(3)]
        written = [np.zeros(count, dtype=np.int64) for _ in range(3 + self.layers)] if self.write else [out[0]]
        zero = np.zeros(1, dtype=np.int64)
        account = [zero if column is None else _whole(column) for column in (claims.usable, claims.held, claims.drawn)]
        before = [_whole(claims.before.get(name, zero)) for name in self.counters] or [zero]
        arguments = [
            _whole(claims.starts), _whole(claims.year), _whole(claims.month), _whole(claims.which), _whole(claims.barred),
            [_whole(column) for column in claims.facts] or [zero], tables.tables, tables.fixed,
            [_whole(column) for column in claims.bills], account, claims.usable is not None, before,
            np.array([name in claims.before for name in self.counters] or [False]), _whole(claims.group), out, written,
            self._slots(claims),
        ]  # fmt: skip
        if not self.compiled:
            return self._plain(arguments, persons)
        arguments = [tuple(part) if isinstance(part, list) else part for part in arguments]
        daily = np.zeros((len(self.daily), count) if self.daily else (1, 1), dtype=np.int64)

        def part(low: int, high: int) -> tuple[Array, Array]:
            sums = np.zeros((len(self.plans) + 1, groups, FIRST_LAYER + self.layers), dtype=np.int64)
            reasons = np.zeros((len(self.plans) + 1, self.reasons + 8), dtype=np.int64)
            months = np.zeros((max(1, len(self.counters)), MONTHS), dtype=np.int64)
            self._drive(low, high, *arguments, sums, reasons, months, daily)
            return sums, reasons

        parts = in_threads(part, persons, threads)
        sums = np.add.reduce([found[0] for found in parts])
        reasons = np.add.reduce([found[1] for found in parts])
        return YearResult(
            sums=_sparse(sums), reasons=_sparse(reasons), fund=out[0], burden=out[1], account=out[2],
            claims=tuple(written) if self.write else (),
        )  # fmt: skip

    def _slots(self, claims: Claims) -> Array:
        """Where a claim's counters of the day lie: at the place of the first claim of its person and day."""
        if not self.daily:
            return np.zeros(1, dtype=np.int64)
        if claims.day is None:
            raise ValueError("a plan counts by the day, and the claims do not say theirs")
        return first_of_day(claims.starts, claims.day)

    def _plain(self, arguments: list[Any], persons: int) -> YearResult:
        """The same loop in plain Python, over lists."""
        lists = [_listed(part) for part in arguments]
        sums: dict[Any, int] = defaultdict(int)
        reasons: dict[Any, int] = defaultdict(int)
        self._drive(0, persons, *lists, sums, reasons, defaultdict(int), defaultdict(int))
        *_, totals, claimwise, _ = lists
        fund, burden, account = (np.array(column, dtype=np.int64) for column in totals)
        written = tuple(np.array(column, dtype=np.int64) for column in claimwise) if self.write else ()
        kept = {key: value for key, value in sums.items() if value}
        return YearResult(
            sums=kept, reasons={key: value for key, value in reasons.items() if value}, fund=fund, burden=burden,
            account=account, claims=written,
        )  # fmt: skip


def first_of_day(starts: Array, day: Array) -> Array:
    """For each claim the place of the first claim of the same person and day.

    Args:
        starts: first claim of each person, and at the end the number of claims.
    """
    person = np.repeat(np.arange(len(starts) - 1, dtype=np.int64), np.diff(starts))
    least = int(day.min()) if len(day) else 0
    span = int(day.max()) - least + 1 if len(day) else 1
    _, first, inverse = np.unique(person * span + (day - least), return_index=True, return_inverse=True)
    return first.astype(np.int64)[inverse]


class Tables:
    """The encodings of one run: per plan what each word means to it, and the fixed facts. Made by :meth:`YearKernel.tables`.

    ``unfit[plan][fact]`` marks the words that the plan does not accept; claims with them are to be barred.
    """

    def __init__(self, kernel: YearKernel, words: Mapping[str, Sequence[object]], fixed: Mapping[str, object]) -> None:
        self.tables: list[Array] = []
        self.unfit: list[dict[str, Array]] = []
        self.fixed: list[Array] = []
        self.missing: list[tuple[str, ...]] = []
        for plan in kernel.plans:
            unfit, missing = {}, []
            constants = np.zeros(max(1, len(plan.facts)), dtype=np.int64)
            for number, spec in enumerate(plan.facts):
                if spec.name not in kernel.varying:
                    code = encoded(spec, fixed.get(spec.name))
                    constants[number] = 0 if code is None else code
                    missing += [spec.name] if code is None else []
                elif spec.kind in WORDED:
                    codes = [encoded(spec, word) for word in words[spec.name]]
                    unfit[spec.name] = np.array([code is None for code in codes], dtype=np.bool_)
                    self.tables.append(np.array([code or 0 for code in codes] or [0], dtype=np.int64))
            self.unfit.append(unfit)
            self.fixed.append(constants)
            self.missing.append(tuple(missing))
        self.tables = self.tables or [np.zeros(1, dtype=np.int64)]
        self.fixed = self.fixed or [np.zeros(1, dtype=np.int64)]


def encoded(spec: FactSpec, value: object) -> int | None:
    """The integer that a fact's value is for the plan that asks for it, the default where it is not stated; or ``None``.

    Sets come as words joined by 、 or as collections; dates as dates or their ordinals.
    """
    if value is None:
        if spec.required:
            return None
        value = spec.default
    indexes = {word: number for number, word in enumerate(spec.values)}
    indexes |= {alias: indexes[word] for alias, word in spec.aliases}
    if spec.kind == "enum":
        return indexes.get(str(value))
    if spec.kind == "code":
        return indexes.get(str(value), -1)
    if spec.kind == "set":
        words = value.split("、") if isinstance(value, str) else value
        known = {word for word in words if word in indexes} if isinstance(words, (list, tuple, set, frozenset)) else ()
        return sum(1 << index for index in {indexes[word] for word in known})
    if spec.kind == "bool":
        return int(value) if isinstance(value, (bool, int)) and value in (0, 1) else None
    if spec.kind == "date" and not isinstance(value, int):
        return value.toordinal() if hasattr(value, "toordinal") else None
    return value if type(value) is int else None


@lru_cache(maxsize=KEPT)
def year_kernel(
    plans: tuple[Plan, ...], varying: tuple[str, ...], *, compiled: bool = True, write: bool = False
) -> YearKernel:
    """The loop of several plans.

    Args:
        varying: facts that come as columns; the others are fixed for the run.
        compiled: machine code (about a second per plan to make), or plain Python (some 5 µs per claim).
        write: also give each claim's results.

    """
    return YearKernel(plans, varying, compiled=compiled, write=write)


# -- the text of the loop ---------------------------------------------------------------------------------------------------


def _text(kernel: YearKernel) -> str:
    periods = {name: name.partition(".")[0] for name in kernel.counters}
    state = {name: f"s{number}" for number, name in enumerate(kernel.counters)}
    opened = {
        name: f"{state[name]} = h{number}[i] if has[{number}] else 0" for number, name in enumerate(kernel.counters)
    }
    carried = [name for name in kernel.counters if periods[name] in ("year", "life")]
    monthly = [number for number, name in enumerate(kernel.counters) if periods[name] == "month"]
    cleared = [line for number in monthly for line in (f"for k in range({MONTHS}):", f"    months[{number}, k] = 0")]
    head = [
        "def drive(low, high, starts, year, month, which, barred, facts, tables, fixed, bills, account, with_account,",
        "          before, has, group, out, written, slot, sums, reasons, months, daily):",
        *[f"    {line}" for line in _unpacked(kernel)],
        "    for person in range(low, high):",
        "        fund = 0",
        "        carried = 0",
        "        from_account = 0",
        "        saved = 0",
        "        i = starts[person]",
        *[f"        {opened[name]}" for name in carried],
        "        year_now = year[i]",
        *[f"        {line}" for line in cleared],
        "        for i in range(starts[person], starts[person + 1]):",
        "            if year[i] != year_now:",
        "                year_now = year[i]",
        *[f"                {opened[name]}" for name in carried if periods[name] == "year"],
        *[f"                {line}" for line in cleared],
        "            no = barred[i]",
        "            w = which[i]",
        "            g = group[i]",
        "            m = month[i]",
        "            total = " + " + ".join(f"{name}[i]" for name in BILLS),
        "            burden = total",
        "            drawing = 0",
        "            balance = 0",
        "            if with_account and usable[i] != 0:",
        "                balance = max(0, held[i] + saved)",
    ]
    return "\n".join([*head, *_calls(kernel, state), *_added(kernel)])


def _unpacked(kernel: YearKernel) -> list[str]:
    """Names for the columns."""
    return [
        *[f"q{number} = facts[{number}]" for number in range(len(kernel.varying))],
        *[f"x{number} = fixed[{number}]" for number in range(len(kernel.plans))],
        *[f"t{number} = tables[{number}]" for number in range(_table_count(kernel))],
        *[f"{name} = bills[{number}]" for number, name in enumerate(BILLS)],
        *[f"h{number} = before[{number}]" for number in range(len(kernel.counters))],
        *[f"o{number} = written[{number}]" for number in range(3 + kernel.layers if kernel.write else 0)],
        "usable, held, drawn = account[0], account[1], account[2]",
        "funds, burdens, accounts = out[0], out[1], out[2]",
    ]


def _added(kernel: YearKernel) -> list[str]:
    """What every claim adds, and every person."""
    written = ["o0[i] = no", "o1[i] = burden", "o2[i] = drawing"] if kernel.write else []
    return [
        "            sums[w, g, 0] += burden",
        "            sums[w, g, 1] += drawing",
        "            sums[w, g, 2] += total",
        "            sums[w, g, 3] += 1",
        "            if no != 0:",
        "                sums[w, g, 4] += 1",
        "                reasons[w, no] += 1",
        *[f"            {line}" for line in written],
        "            if with_account:",
        "                saved += drawn[i] - drawing",
        "            fund += total - burden",
        "            carried += burden",
        "            from_account += drawing",
        "        funds[person] = fund",
        "        burdens[person] = carried",
        "        accounts[person] = from_account",
    ]


def _calls(kernel: YearKernel, state: Mapping[str, str]) -> list[str]:
    """One branch per plan: its function over the claim, its payments, what its counters grow by."""
    lines: list[str] = []
    table = 0
    for number, plan in enumerate(kernel.plans):
        given = []
        for place, spec in enumerate(plan.facts):
            if spec.name not in kernel.varying:
                given.append(f"x{number}[{place}]")
            elif spec.kind in WORDED:
                given.append(f"t{table}[q{kernel.varying.index(spec.name)}[i]]")
                table += 1
            else:
                given.append(f"q{kernel.varying.index(spec.name)}[i]")
        held = {spec.name: _place(kernel, spec.name, state) for spec in plan.accumulators}
        given += [f"{name}[i]" for name in BILLS] + list(held.values()) + ["balance"]
        burden = " + ".join(f"r[{plan.at_burden + n}]" for n in range(len(BURDEN_COMPONENTS)))
        inside = [
            f"r = p{number}({', '.join(given)})",
            "no = r[0]",
            "if no == 0:",
            f"    burden = {burden}",
            f"    drawing = r[{plan.at_account}]",
            *[f"    sums[w, g, {FIRST_LAYER + n}] += r[{n + 1}]" for n in range(len(plan.layers))],
            *[f"    o{3 + n}[i] = r[{n + 1}]" for n in range(len(plan.layers) if kernel.write else 0)],
            *[f"    {held[spec.name]} += r[{plan.at_deltas + n}]" for n, spec in enumerate(plan.accumulators)],
        ]
        lines.append(f"            {'if' if not number else 'elif'} w == {number} and no == 0:")
        lines += [f"                {line}" for line in inside]
    return lines


def _place(kernel: YearKernel, counter: str, state: Mapping[str, str]) -> str:
    """Where the loop holds a counter."""
    period = counter.partition(".")[0]
    if period == "month":
        return f"months[{kernel.counters.index(counter)}, m]"
    return f"daily[{kernel.daily.index(counter)}, slot[i]]" if period == "day" else state[counter]


def _table_count(kernel: YearKernel) -> int:
    return sum(spec.kind in WORDED and spec.name in kernel.varying for plan in kernel.plans for spec in plan.facts)


def _made(text: str, plans: Sequence[Plan], *, compiled: bool) -> Any:
    """The loop as a function; plans whose text is the same share their machine code, and so do their loops."""
    functions = tuple(_plan_function(plan, compiled=compiled) for plan in plans)
    return _compiled_loop(text, functions) if compiled else _loop(text, functions)


def _loop(text: str, functions: tuple[Any, ...]) -> Any:
    namespace: dict[str, Any] = {"max": max, **{f"p{number}": function for number, function in enumerate(functions)}}
    exec(compile(text, "<years>", "exec"), namespace)  # noqa: S102 - text generated here
    return namespace["drive"]


@lru_cache(maxsize=KEPT)
def _compiled_loop(text: str, functions: tuple[Any, ...]) -> Any:
    return numba.njit(nogil=True, error_model="numpy")(_loop(text, functions))


def _plan_function(plan: Plan, *, compiled: bool) -> Any:
    if not compiled:
        return plan.integer_function()
    return _compiled_plan(plan.source, tuple(sorted(plan.program.constants.items())))


@lru_cache(maxsize=4 * KEPT)
def _compiled_plan(source: str, constants: tuple[tuple[str, tuple[int, ...]], ...]) -> Any:
    namespace: dict[str, Any] = dict(constants)
    exec(compile(source, "<plan>", "exec"), namespace)  # noqa: S102 - text generated here
    return numba.njit(nogil=True, error_model="numpy")(namespace["evaluate"])


def _whole(column: Array) -> Array:
    return np.ascontiguousarray(column, dtype=np.int64)


def _listed(part: Any) -> Any:
    if isinstance(part, list):
        return [column.tolist() for column in part]
    return part.tolist() if isinstance(part, np.ndarray) else part


def _sparse(sums: Array) -> dict[Any, int]:
    """The cells that are not zero, by their place."""
    places = np.argwhere(sums)
    return {tuple(int(number) for number in place): int(sums[tuple(place)]) for place in places}
