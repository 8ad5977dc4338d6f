"""A year of claims under several policies: which plan settles which claim, and the exact sums. Pure: arrays in, integers out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from tongchou.kernel.rejection import Rejection
from tongchou.policy import FinancingPlan, Plan, PolicyBook
from tongchou.policy.arrays.years import (
    ACCOUNT,
    BILL,
    BILLS,
    BURDEN,
    CLAIMS,
    FIRST_LAYER,
    REFUSED,
    WORDED,
    Claims,
    Tables,
    YearKernel,
    YearResult,
    year_kernel,
)
from tongchou.simulation.core import OrderError, person_starts, whole_persons
from tongchou.simulation.files import ClaimFiles
from tongchou.simulation.parquet import ColumnError

Array = np.ndarray[Any, Any]

CLASS, LEVEL = "person.type", "visit.level"
NO_PLAN, UNFIT = 1, 2
"""Why a claim can't be computed, counted from the last refusal of the plans."""
PLAIN_LIMIT = 400_000
"""Up to so many claims plain Python is faster than compiling the plans first."""
UNNAMED = "未注明"
DENSE = 1 << 20


class FactError(ColumnError):
    """The policies ask for facts that the claims do not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One policy of the comparison: a book of packs (with overlays, perhaps) for an area's scheme.

    ``on``: settle every claim by the policy of this day; ``None``: each by the policy of its own day. ``packs``: these packs in
    their order of payment, instead of those that the area has bound.
    """

    title: str
    book: PolicyBook
    area: str
    scheme: str
    on: date | None = None
    packs: tuple[str, ...] = ()

    def plan(self, benefit: str, day: date | None) -> Plan | None:
        """The plan for a claim, or ``None`` where the policy has no such benefit on the day."""
        on = self.on or day
        if on is None:
            return None
        try:
            if self.packs:
                return self.book.plan_of(self.packs, benefit=benefit, on=on)
            return self.book.plan(area=self.area, scheme=self.scheme, benefit=benefit, on=on)
        except Rejection:
            return None

    def financing(self, day: date) -> FinancingPlan:
        """The financing table in force on a day.

        Raises:
            Rejection: POL-001 no policy is bound, POL-040 it has no financing table.
        """
        if self.packs:
            return self.book.financing_of(self.packs, on=day)
        return self.book.financing(area=self.area, scheme=self.scheme, on=day)


@dataclass(slots=True)
class Tally:
    """What one scenario comes to. ``sums[plan, class, level, month, what]`` as in ``policy.arrays.years``."""

    plans: list[Plan] = field(default_factory=list)
    sums: dict[tuple[int, str, str, int, int], int] = field(default_factory=lambda: defaultdict(int))
    reasons: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    fund: list[Array] = field(default_factory=list)
    burden: list[Array] = field(default_factory=list)
    account: list[Array] = field(default_factory=list)

    def per_person(self, what: str) -> Array:
        """``fund``, ``burden`` or ``account`` of every person, in fen."""
        parts: list[Array] = getattr(self, what)
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


@dataclass(slots=True)
class Differences:
    """Claims whose recorded payment is not what the first policy gives: how many, and the first of them."""

    compared: int = 0
    differing: int = 0
    first: list[dict[str, int]] = field(default_factory=list)


class YearRun:
    """Runs scenarios over batches of claims and adds up.

    Args:
        files: where the claims come from (their columns and words).
        fixed: values of facts that are not columns, in words.
        benefit: the benefit of claims that do not name one.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        files: ClaimFiles,
        *,
        fixed: Mapping[str, object] | None = None,
        benefit: str = "住院",
        threads: int = 1,
        compiled: bool | None = None,
    ) -> None:
        self.scenarios = tuple(scenarios)
        self.files = files
        self.fixed = dict(fixed or {})
        self.benefit = benefit
        self.threads = threads
        self.compiled = files.rows > PLAIN_LIMIT if compiled is None else compiled
        self.tallies = [Tally() for _ in scenarios]
        self.classes: list[Array] = []
        self.years: set[int] = set()
        self.last_day = 0
        self.claims = self.total = 0
        self.differences = Differences()
        self._asked: list[dict[tuple[int, int], int]] = [{} for _ in scenarios]

    def run(self, batches: Iterable[Mapping[str, Array]] | None = None) -> None:
        """Run over all batches (of the files, unless others are given); the results are in the attributes.

        Raises:
            OrderError: the claims are not sorted by person. ColumnError: see :mod:`tongchou.simulation.files`.
        """
        for batch in whole_persons(self.files.batches() if batches is None else batches):
            self.feed(batch)

    def feed(self, batch: Mapping[str, Array]) -> None:
        """Add a batch of whole persons."""
        starts = person_starts(batch["person"])
        _years_ascend(batch)
        group, names = self._groups(batch)
        for number in range(len(self.scenarios)):
            result = self._scenario(number, batch, starts, group, len(names))
            self._add(self.tallies[number], result, names)
            if number == 0 and self.files.has("settled_fund"):
                self._compare(batch, result)
        self.claims += len(batch["person"])
        self.total += sum(int(batch[name].sum()) for name in _amounts(batch))
        self.years |= {int(year) for year in distinct(self._year(batch))[0]}
        if "date" in batch:
            self.last_day = max(self.last_day, int(batch["date"].max()))
        last = starts[1:] - 1
        self.classes.append(batch[CLASS][last] if CLASS in batch else np.zeros(len(last), dtype=np.int64))

    # -- one scenario over one batch ------------------------------------------------------------------------------------

    def _scenario(
        self, number: int, batch: Mapping[str, Array], starts: Array, group: Array, groups: int
    ) -> YearResult:
        which = self._which(number, batch)
        plans = tuple(self.tallies[number].plans)
        which = np.where(which < 0, len(plans), which)
        daily = [spec.title for plan in plans for spec in plan.accumulators if spec.period == "day"]
        if daily and "date" not in batch:
            raise FactError(f"政策按日累计（{daily[0]}），数据要有 date 列")
        varying = tuple(name for name in self.files.facts if any(_asks(plan, name) for plan in plans))
        write = number == 0 and self.files.has("settled_fund")
        kernel = year_kernel(plans, varying, compiled=self.compiled, write=write)
        tables = kernel.tables({name: self._words(name, plans) for name in varying}, self.fixed)
        self._require(plans, tables, which)
        barred = self._barred(kernel, tables, batch, which, self.tallies[number])
        zero = np.zeros(len(which), dtype=np.int64)
        with_account = self.files.has("account_usable", "account_held")
        claims = Claims(
            starts=starts,
            year=self._year(batch),
            month=self._month(batch),
            which=which,
            barred=barred,
            facts=[batch[name] for name in varying],
            bills=[batch.get(name.removeprefix("b_"), zero) for name in BILLS],
            group=group,
            usable=batch["account_usable"] if with_account else None,
            held=batch["account_held"] if with_account else None,
            drawn=batch.get("account_drawn", zero) if with_account else None,
            before={name: batch[f"before:{name}"] for name in self.files.counters},
            day=batch.get("date"),
        )
        return kernel.run(claims, tables, groups=groups, threads=self.threads)

    def _which(self, number: int, batch: Mapping[str, Array]) -> Array:
        """The number of each claim's plan in the tally's list, −1 where there is none."""
        tally, scenario, known = self.tallies[number], self.scenarios[number], self._asked[number]
        benefit = batch.get("benefit", np.zeros(len(batch["person"]), dtype=np.int64))
        day = batch["date"] if scenario.on is None and "date" in batch else np.zeros_like(benefit)
        first = int(day.min())
        span = int(day.max()) - first + 1
        pairs, inverse = distinct(benefit * span + (day - first))
        numbers = np.empty(len(pairs), dtype=np.int64)
        for place, pair in enumerate(pairs):
            key = int(pair) // span, int(pair) % span + first
            if key not in known:
                word = self.files.words["benefit"][key[0]] if "benefit" in batch else self.benefit
                plan = scenario.plan(word or self.benefit, date.fromordinal(key[1]) if key[1] else None)
                known[key] = _number_of(tally.plans, plan)
            numbers[place] = known[key]
        return numbers[inverse]

    def _words(self, name: str, plans: Sequence[Plan]) -> Sequence[object]:
        """What the codes of a fact's column stand for. Only facts of worded kinds are asked for."""
        return self.files.words.get(name, [None])

    def _require(self, plans: Sequence[Plan], tables: Tables, which: Array) -> None:
        """Every fact that the policies can't do without is a column or is fixed, and a column of words where it should be."""
        used = {int(number) for number in distinct(which)[0]}
        missing: dict[str, str] = {}
        for number, plan in enumerate(plans):
            specs = {spec.name: spec for spec in plan.facts}
            if number in used:
                missing |= {name: specs[name].title for name in tables.missing[number]}
                for name, spec in specs.items():
                    if name in self.files.facts and (spec.kind in WORDED) != (name in self.files.words):
                        kind = "文字" if spec.kind in WORDED else "整数、是否或日期"
                        raise FactError(f"列 {name}（{spec.title}）应为{kind}")
        if missing:
            named = "、".join(f"{name}（{title}）" for name, title in missing.items())
            raise FactError(f"政策需要而数据没有的事实：{named}。请在数据中补上这些列，或用固定取值给出")

    def _barred(
        self, kernel: YearKernel, tables: Tables, batch: Mapping[str, Array], which: Array, tally: Tally
    ) -> Array:
        """0, or why a claim can't be computed."""
        barred = np.where(which == len(kernel.plans), kernel.reasons + NO_PLAN, 0)
        for number, unfit in enumerate(tables.unfit):
            for name, bad in unfit.items():
                if not bad.any():
                    continue
                hit = (which == number) & bad[batch[name]]
                barred[hit] = kernel.reasons + UNFIT
                for code, count in zip(*np.unique(batch[name][hit], return_counts=True), strict=True):
                    word = self.files.words[name][int(code)] or UNNAMED
                    tally.reasons[f"政策不适用于 {name}={word}"] += int(count)
        return barred

    # -- columns that can be worked out ---------------------------------------------------------------------------------

    def _year(self, batch: Mapping[str, Array]) -> Array:
        if "year" in batch:
            return batch["year"]
        plan = next((plan for tally in self.tallies for plan in tally.plans), None)
        days, inverse = distinct(batch["date"])
        dates = [date.fromordinal(int(day)) for day in days]
        years = [plan.benefit_year(day).start.year if plan is not None else day.year for day in dates]
        return np.array(years, dtype=np.int64)[inverse]

    def _month(self, batch: Mapping[str, Array]) -> Array:
        if "month" in batch:
            return np.clip(batch["month"], 0, 12)
        if "date" not in batch:
            monthly = [s for tally in self.tallies for p in tally.plans for s in p.accumulators if s.period == "month"]
            if monthly:
                raise ColumnError(f"政策按月累计（{monthly[0].title}），数据要有 date 或 month 列")
            return np.zeros(len(batch["person"]), dtype=np.int64)
        days, inverse = distinct(batch["date"])
        return np.array([date.fromordinal(int(day)).month for day in days], dtype=np.int64)[inverse]

    def _groups(self, batch: Mapping[str, Array]) -> tuple[Array, list[tuple[str, str, int]]]:
        """The group of each claim (class, level, month) and the groups' names."""
        month = self._month(batch)
        zero = np.zeros(len(month), dtype=np.int64)
        levels = len(self.files.words.get(LEVEL, [None]))
        combined = (batch.get(CLASS, zero) * levels + batch.get(LEVEL, zero)) * 13 + month
        found, group = distinct(combined)
        names = [
            (self._word(CLASS, int(code) // 13 // levels), self._word(LEVEL, int(code) // 13 % levels), int(code) % 13)
            for code in found
        ]
        return group.astype(np.int64), names

    def _word(self, name: str, code: int) -> str:
        words = self.files.words.get(name, [None])
        return (words[code] if code < len(words) else None) or UNNAMED

    # -- adding up ------------------------------------------------------------------------------------------------------

    def _add(self, tally: Tally, result: YearResult, names: Sequence[tuple[str, str, int]]) -> None:
        for (plan, group, what), amount in result.sums.items():
            tally.sums[(plan if plan < len(tally.plans) else -1, *names[group], what)] += amount
        for (number, reason), count in result.reasons.items():
            text = _reason(tally.plans, number, reason)
            if text:
                tally.reasons[text] += count
        tally.fund.append(result.fund)
        tally.burden.append(result.burden)
        tally.account.append(result.account)

    def _compare(self, batch: Mapping[str, Array], result: YearResult) -> None:
        """Beside what was paid in reality: the first policy should give just that."""
        _, burden, account = result.claims[:3]
        total = sum(batch[name] for name in _amounts(batch))
        fund = total - burden
        differs = fund != batch["settled_fund"]
        if "settled_account" in batch and self.files.has("account_held"):
            differs |= account != batch["settled_account"]
        self.differences.compared += len(fund)
        self.differences.differing += int(differs.sum())
        for at in np.flatnonzero(differs)[: 20 - len(self.differences.first)]:
            entry = {"person": batch["person"], "settled": batch["settled_fund"], "computed": fund}
            self.differences.first.append({name: int(column[at]) for name, column in entry.items()})


def distinct(values: Array) -> tuple[Array, Array]:
    """The values that occur, ascending, and for each place which of them it is; without sorting where they lie close together."""
    low, high = int(values.min()), int(values.max())
    if high - low > DENSE:
        found, inverse = np.unique(values, return_inverse=True)
        return found, inverse
    seen = np.zeros(high - low + 1, dtype=np.bool_)
    seen[values - low] = True
    places = np.cumsum(seen) - 1
    return np.flatnonzero(seen) + low, places[values - low]


def _years_ascend(batch: Mapping[str, Array]) -> None:
    """A person's claims stand by benefit year: counters of a year start once."""
    if "year" in batch:
        person, year = batch["person"], batch["year"]
        back = (person[1:] == person[:-1]) & (year[1:] < year[:-1])
        if np.any(back):
            raise OrderError(f"人员 {person[int(np.flatnonzero(back)[0])]} 的费用没有按待遇年度排列")


def _number_of(plans: list[Plan], plan: Plan | None) -> int:
    if plan is None:
        return -1
    if plan not in plans:
        plans.append(plan)
    return plans.index(plan)


def _asks(plan: Plan, fact: str) -> bool:
    return any(spec.name == fact for spec in plan.facts)


def _amounts(batch: Mapping[str, Array]) -> list[str]:
    return [name.removeprefix("b_") for name in BILLS if name.removeprefix("b_") in batch]


def _reason(plans: Sequence[Plan], number: int, reason: int) -> str:
    """A refusal in words; facts that do not fit are counted by their words elsewhere."""
    if number >= len(plans):
        return "政策没有这项待遇"
    refusals = plans[number].program.refusals
    if reason > len(refusals):
        return ""
    refusal = refusals[reason - 1]
    return refusal.kind(**dict(refusal.details)).message


__all__ = [
    "ACCOUNT",
    "BILL",
    "BURDEN",
    "CLAIMS",
    "FIRST_LAYER",
    "REFUSED",
    "Differences",
    "FactError",
    "Scenario",
    "Tally",
    "YearRun",
]
