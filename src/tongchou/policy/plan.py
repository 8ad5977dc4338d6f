"""A compiled plan and what it computes: the outcome of one visit.

Immutable and shared between threads. Amounts are int fen; nothing here knows a database, a clock or a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import msgspec

from tongchou.kernel.period import Period
from tongchou.kernel.rate import Rate
from tongchou.policy.claimcode import claim_functions
from tongchou.policy.explain import ExplainedStep, explain_steps
from tongchou.policy.lines import LineFacts, LineSplit, LineSplitter, part_amounts
from tongchou.policy.model import BURDEN_COMPONENTS, AccumulatorSpec, FactSpec
from tongchou.policy.program import LayerInfo, Program

Facts = Mapping[str, object]


class Bill(NamedTuple):
    """One visit's cost in fen, split by the catalogue; the sum of the four is the total."""

    out_of_scope: int = 0
    over_limit: int = 0
    prior_self_pay: int = 0
    in_scope: int = 0

    @classmethod
    def of(cls, lines: Iterable[LineSplit]) -> Bill:
        """The bill that split fee lines add up to."""
        split = list(lines)
        return cls(
            sum(line.out_of_scope for line in split),
            sum(line.over_limit for line in split),
            sum(line.prior_self_pay for line in split),
            sum(line.in_scope for line in split),
        )

    @property
    def total(self) -> int:
        """The whole bill in fen."""
        return self.out_of_scope + self.over_limit + self.prior_self_pay + self.in_scope


class Payment(NamedTuple):
    """What one layer paid, in fen, zero included."""

    layer: str
    fund: str
    amount: int


class Outcome(msgspec.Struct, eq=False, frozen=True):
    """What was decided for one visit. Everything is read from one flat tuple of integers."""

    _plan: Plan
    _raw: tuple[int, ...]

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Per layer in the order of payment, zero ones included."""
        return tuple(Payment(layer.id, layer.fund, self._raw[n]) for n, layer in enumerate(self._plan.layers, 1))

    @property
    def fund_pay(self) -> int:
        """All fund payments together, without the personal account, in fen."""
        return sum(self._raw[1 : self._plan.at_burden])

    @property
    def burden(self) -> dict[str, int]:
        """What the person carries after all layers, by component, in fen, zero ones included."""
        raw = self._raw
        return {name: raw[n] for n, name in enumerate(BURDEN_COMPONENTS, self._plan.at_burden)}

    @property
    def person_pay(self) -> int:
        """The sum of the burden in fen: account + cash."""
        at = self._plan.at_burden
        return sum(self._raw[at : at + len(BURDEN_COMPONENTS)])

    @property
    def account_pay(self) -> int:
        """From the personal account, in fen."""
        return self._raw[self._plan.at_account]

    @property
    def cash_pay(self) -> int:
        """In cash, in fen."""
        return self.person_pay - self.account_pay

    @property
    def deductible(self) -> int:
        """The deductible applied on this visit, in fen."""
        return self._raw[self._plan.at_account + 1]

    def paid(self, layer: str) -> int:
        """What a layer paid, in fen; 0 where the plan has no such layer."""
        return next((payment.amount for payment in self.payments if payment.layer == layer), 0)

    def ratio_of(self, layer: str) -> Rate | None:
        """The nominal ratio of the layer's first band after all adjustments."""
        for number, info in enumerate(self._plan.layers):
            if info.id == layer and info.ratio_scale:
                return Rate(Fraction(self._raw[self._plan.at_account + 2 + number], info.ratio_scale))
        return None

    @property
    def accumulator_delta(self) -> dict[str, int]:
        """What the visit adds to each accumulator (fen or counts); only what is not zero. A reversal subtracts it."""
        at = self._plan.at_deltas
        return {spec.name: self._raw[at + n] for n, spec in enumerate(self._plan.accumulators) if self._raw[at + n]}

    @property
    def values(self) -> tuple[int, ...]:
        """The step values to be stored with a settlement; empty unless :meth:`Plan.trace` made this outcome."""
        return self._raw[self._plan.at_values :]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Outcome):
            return NotImplemented
        end = self._plan.at_values
        return self._plan is other._plan and self._raw[:end] == other._raw[:end]

    def __hash__(self) -> int:
        return hash(self._raw[: self._plan.at_values])

    def __repr__(self) -> str:
        return f"Outcome({self._plan.id}, payments={self.payments}, burden={self.burden}, account={self.account_pay})"


class Plan:
    """The compiled policy of one area × scheme × benefit in one version. Made by :class:`~tongchou.policy.PolicyBook`."""

    def __init__(
        self,
        *,
        program: Program,
        plan_id: str,
        package_hash: str,
        title: str,
        benefit: str,
        version_from: date,
        benefit_year: str,
        counts_in: str,
    ) -> None:
        self.id = plan_id
        self.package_hash = package_hash
        self.title = title
        self.benefit = benefit
        self.version_from = version_from
        self.counts_in = counts_in
        self.facts: tuple[FactSpec, ...] = program.facts
        self.accumulators: tuple[AccumulatorSpec, ...] = program.accumulators
        self.layers: tuple[LayerInfo, ...] = program.layers
        self.payer = program.payer
        self.source = program.source
        self.program = program
        self.at_burden = 1 + len(program.layers)
        self.at_account = self.at_burden + len(BURDEN_COMPONENTS)
        self.at_deltas = self.at_account + 2 + len(program.layers)
        self.at_values = self.at_deltas + len(program.accumulators)
        self._made_from = {
            "program": program, "plan_id": plan_id, "package_hash": package_hash, "title": title, "benefit": benefit,
            "version_from": version_from, "benefit_year": benefit_year, "counts_in": counts_in,
        }  # fmt: skip
        self._year_start = cast("tuple[int, int]", tuple(int(part) for part in benefit_year.split("-")))
        self._splitter = LineSplitter(program.lines) if program.lines else None
        self._integers, self._encode, self._decide, self._trace = claim_functions(program, plan_id)

    def __reduce__(self) -> tuple[Callable[..., Plan], tuple[dict[str, object]]]:
        """A plan travels to other processes as what it was compiled from; its functions are compiled anew there."""
        return _compiled_anew, (self._made_from,)

    def integer_function(self) -> Callable[..., tuple[int, ...]]:
        """The bare generated function (see :attr:`source`): integers in the order of its parameters, one flat tuple out."""
        return self._integers

    def encode(
        self, facts: Facts, bill: Bill, accumulators: Mapping[str, int], account_balance: int = 0
    ) -> tuple[int, ...]:
        """The arguments of :meth:`integer_function` for one visit; a column of an array each.

        Raises:
            Rejection: POL-010, POL-011.
        """
        return self._encode(facts, bill, accumulators, account_balance)

    # -- a visit ----------------------------------------------------------------------------------------------------

    def split_line(self, line: LineFacts) -> LineSplit:
        """Split a fee line into what is out of scope, over the price limit, prepaid by the person, and in scope.

        Raises:
            Rejection: POL-030 no ratio is known for the item, POL-031 the item class is not one.
        """
        if self._splitter is None:
            return LineSplit(line.amount, 0, 0, 0)
        return self._splitter.split(line)

    def line_ratio(self, line: LineFacts) -> Rate:
        """The prior self-pay ratio (先行自付比例) that applies to a fee line; zero where the plan splits no lines.

        Raises:
            Rejection: POL-030 no ratio is known for the item.
        """
        return self._splitter.ratio(line) if self._splitter is not None else Rate(Fraction(0))

    def part_amounts(self, lines: Iterable[tuple[Sequence[str], str, int]]) -> dict[str, int]:
        """The facts ``bill.NAME`` (fen) that the plan asks for where some items go their own way; none in most plans.

        Args:
            lines: item kinds (the most specific first), class, in-scope cost of fee lines or of sums of alike ones.
        """
        return part_amounts(self.program.parts, lines)

    def evaluate(self, facts: Facts, bill: Bill, accumulators: Mapping[str, int], account_balance: int = 0) -> Outcome:
        """Decide one visit.

        Args:
            facts: values by dotted name; names that the plan does not use are ignored.
            bill: the visit's cost in fen, each component ≥ 0.
            accumulators: the person's counters before the visit; absent ones count as zero.
            account_balance: what the personal account holds, in fen.

        Raises:
            Rejection: POL-010 a fact is missing, POL-011 a value is outside the policy, POL-012 a negative bill,
                POL-020 excluded, POL-021 the benefit's conditions are not met, POL-022 the document lacks a number.
        """
        return Outcome(self, self._decide(facts, bill, accumulators, account_balance))

    def trace(self, facts: Facts, bill: Bill, accumulators: Mapping[str, int], account_balance: int = 0) -> Outcome:
        """As :meth:`evaluate`, the same arithmetic, and ``outcome.values`` holds the step values for :meth:`explain`."""
        return Outcome(self, self._trace(facts, bill, accumulators, account_balance))

    # -- what a result says -----------------------------------------------------------------------------------------

    def explain(
        self, values: tuple[int, ...], facts: Facts, bill: Bill, accumulators: Mapping[str, int]
    ) -> list[ExplainedStep]:
        """The Chinese explanation of a traced result, rendered from the plan and the stored values.

        The inputs are computed once more and must give the very same step values, so that what is shown is what was
        decided, also years and releases later.

        Raises:
            ValueError: the values do not belong to this plan and these inputs.
        """
        recorded = self.program.recorded
        stored = tuple(values)
        balance = stored[recorded.index("balance")] if "balance" in recorded and len(stored) == len(recorded) else 0
        if self.trace(facts, bill, accumulators, balance).values != stored:
            raise ValueError("the step values do not belong to this plan and these inputs")
        return explain_steps(self.program, stored, facts, bill)

    def waterfall(self, outcome: Outcome) -> list[tuple[str, int, str]]:
        """From the total to the cash: (label, signed fen, kind), kind is ``total``, ``fund``, ``account`` or ``cash``."""
        steps = [("医疗费用总额", outcome.fund_pay + outcome.person_pay, "total")]
        titles = {layer.id: layer.title for layer in self.layers}
        steps += [(titles[payment.layer], -payment.amount, "fund") for payment in outcome.payments]
        if self.payer is not None:
            steps.append((self.payer.title, -outcome.account_pay, "account"))
        return [*steps, ("个人现金支付", outcome.cash_pay, "cash")]

    # -- time ---------------------------------------------------------------------------------------------------------

    def benefit_year(self, day: date) -> Period:
        """The benefit year (待遇年度) that a day lies in."""
        return _year_of(*self._year_start, day)

    def counting_date(self, *, admitted: date, discharged: date) -> date:
        """The day of a stay that chooses the benefit year, as the pack says (discharge in GS-CITY, 五(三)2)."""
        return admitted if self.counts_in == "admission" else discharged

    def period_key(self, accumulator: AccumulatorSpec, day: date) -> str:
        """The period in which an accumulator counts on a day: ``2010``, ``2010-03``, ``2010-03-08`` or ``life``."""
        if accumulator.period == "year":
            return str(self.benefit_year(day).start.year)
        return {"month": f"{day:%Y-%m}", "day": f"{day:%Y-%m-%d}"}.get(accumulator.period, "life")

    @property
    def fact_titles(self) -> Mapping[str, str]:
        """Chinese titles of the facts by name."""
        return MappingProxyType({spec.name: spec.title for spec in self.facts})


def _compiled_anew(made_from: dict[str, Any]) -> Plan:
    return Plan(**made_from)


@lru_cache(maxsize=4096)
def _year_of(month: int, first: int, day: date) -> Period:
    """The year from that day of that month which the day lies in."""
    start = date(day.year, month, first)
    if day < start:
        start = date(day.year - 1, month, first)
    return Period(start, date(start.year + 1, month, first))
