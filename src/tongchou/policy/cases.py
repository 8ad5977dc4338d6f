"""Case files: visits, formulas and financing with the amounts that the document or a worked example gives.

A policy officer reads and writes them. Amounts are yuan. Visits of one case run in order, with accumulators and account
balance carried along; a visit may take back an earlier one (``reverse: 1``). The format is in docs/policy-language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from tongchou.kernel.money import format_yuan, parse_yuan
from tongchou.kernel.rate import Rate
from tongchou.kernel.rejection import Rejection
from tongchou.policy.book import PolicyBook
from tongchou.policy.calculation import FormulaValue
from tongchou.policy.caseread import Case, Step, read_case_file
from tongchou.policy.explain import ExplainedStep
from tongchou.policy.findings import PolicyErrors
from tongchou.policy.formulas import Formula
from tongchou.policy.lines import LineSplit
from tongchou.policy.loader import read_cases
from tongchou.policy.model import BURDEN_COMPONENTS, FactSpec
from tongchou.policy.plan import Bill, Outcome, Plan
from tongchou.policy.vocabulary import STANDARD_FACTS


@dataclass(frozen=True, slots=True)
class VisitResult:
    """One visit as it was computed; ``accumulators`` are the counters after it (fen or counts)."""

    no: int
    plan: Plan
    facts: Mapping[str, object]
    bill: Bill
    before: Mapping[str, int]
    outcome: Outcome
    accumulators: Mapping[str, int]
    day: date
    lines: tuple[LineSplit, ...] = ()

    def explain(self) -> list[ExplainedStep]:
        """The Chinese explanation of the visit."""
        return self.plan.explain(self.outcome.values, self.facts, self.bill, self.before)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of a case. ``failures`` says in Chinese what differed from the expectation; empty means passed."""

    file: str
    line: int
    id: str
    title: str
    failures: tuple[str, ...]
    visits: tuple[VisitResult, ...] = ()
    refusals: tuple[Rejection, ...] = ()
    values: tuple[FormulaValue, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures


def run_cases(book: PolicyBook, directory: Path | str) -> list[CaseResult]:
    """Run every case file under a directory (or one file).

    Raises:
        PolicyErrors: a case file cannot be read.
    """
    results = []
    for tree in read_cases(Path(directory)):
        results += [run_case(book, case) for case in read_case_file(tree)]
    return results


def run_case(book: PolicyBook, case: Case) -> CaseResult:
    """Run one case."""
    run = _Run(book, case)
    try:
        for number, step in enumerate(case.steps, 1):
            run.step(number, step)
    except PolicyErrors as errors:
        run.failures += [finding.text() for finding in errors.findings]
    return CaseResult(
        case.file,
        case.line,
        case.id,
        case.title,
        tuple(run.failures),
        tuple(run.visits.values()),
        tuple(run.refusals),
        tuple(run.values),
    )


@dataclass
class _Run:
    """The state of a case while its steps run."""

    book: PolicyBook
    case: Case
    failures: list[str] = field(default_factory=list)
    visits: dict[int, VisitResult] = field(default_factory=dict)
    refusals: list[Rejection] = field(default_factory=list)
    values: list[FormulaValue] = field(default_factory=list)
    counters: dict[tuple[str, str], int] = field(default_factory=dict)
    account: int = 0

    def step(self, number: int, step: Step) -> None:
        """Run one step and compare; a refusal is compared with ``refused``."""
        refused = ""
        try:
            if step.reverse:
                self._reverse(step.reverse)
            elif step.formula:
                self._formula(step)
            elif step.person_class:
                self._financing(step)
            else:
                self._visit(number, step)
        except Rejection as rejection:
            refused = rejection.code
            self.refusals.append(rejection)
            if step.expect.get("refused") != refused:
                self.failures.append(f"第{number}步被拒绝：{rejection}")
        if "refused" in step.expect and not refused:
            self.failures.append(f"第{number}步应被拒绝({step.expect['refused']})，但算出了结果")

    # -- visits ---------------------------------------------------------------------------------------------------

    def _visit(self, number: int, step: Step) -> None:
        if step.account is not None:
            self.account = step.account
        plan = self._plan(step)
        splits = tuple(plan.split_line(line) for line in step.lines)
        bill = Bill.of(splits) if splits else step.bill
        self._check_names(number, step, plan)
        facts: dict[str, object] = dict(
            plan.part_amounts(
                (line.item_kinds, line.item_class, split.in_scope)
                for line, split in zip(step.lines, splits, strict=True)
            )
        )
        facts |= {name: encode_fact(text, plan, name) for name, text in step.facts.items()}
        day = plan.counting_date(admitted=step.admitted or step.on, discharged=step.on)
        before = {spec.name: self._counter(plan, spec.name, day, step) for spec in plan.accumulators}
        outcome = plan.trace(facts, bill, before, self.account)
        keys = {spec.name: plan.period_key(spec, day) for spec in plan.accumulators}
        for name, delta in outcome.accumulator_delta.items():
            self.counters[name, keys[name]] = before[name] + delta
        self.account -= outcome.account_pay
        after = {name: before[name] + outcome.accumulator_delta.get(name, 0) for name in before}
        result = VisitResult(number, plan, facts, bill, before, outcome, after, day, splits)
        self.visits[number] = result
        self._compare(number, step, result)

    def _check_names(self, number: int, step: Step, plan: Plan) -> None:
        """A misspelt fact or counter would otherwise be passed over in silence."""
        packs = [version.pack for versions in self.book.packs.values() for version in versions]
        declared = {name for pack in packs for name in (*pack.facts, *(f"bill.{part}" for part in pack.parts))}
        self.failures += [
            f"第{number}步：不认识的信息“{name}”"
            for name in step.facts
            if name not in STANDARD_FACTS and name not in declared
        ]
        counters = {spec.name for spec in plan.accumulators}
        self.failures += [f"第{number}步：方案没有累计项“{name}”" for name in step.accumulators if name not in counters]

    def _plan(self, step: Step) -> Plan:
        case = self.case
        if case.area:
            return self.book.plan(
                area=case.area,
                scheme=case.scheme,
                benefit=step.benefit,
                on=step.rules_of or step.on,
                readings=case.readings,
            )
        packs = case.packs or tuple(self.book.packs)
        return self.book.plan_of(packs, benefit=step.benefit, on=step.rules_of or step.on, readings=case.readings)

    def _counter(self, plan: Plan, name: str, day: date, step: Step) -> int:
        spec = next(spec for spec in plan.accumulators if spec.name == name)
        key = (name, plan.period_key(spec, day))
        if name in step.accumulators:
            text = step.accumulators[name]
            self.counters[key] = int(parse_yuan(text)) if spec.unit == "元" else int(text)
        return self.counters.get(key, 0)

    def _reverse(self, number: int) -> None:
        """Take back exactly what a visit added."""
        visit = self.visits[number]
        for spec in visit.plan.accumulators:
            delta = visit.outcome.accumulator_delta.get(spec.name, 0)
            key = (spec.name, visit.plan.period_key(spec, visit.day))
            self.counters[key] = self.counters.get(key, 0) - delta
        self.account += visit.outcome.account_pay

    def _compare(self, number: int, step: Step, result: VisitResult) -> None:
        shown = outcome_texts(result, self.account)
        for key, expected in step.expect.items():
            if key == "refused":
                continue
            if key not in shown:
                self.failures.append(f"第{number}次就诊：不认识的期望“{key}”，可用：{'、'.join(shown)}")
            elif not _same(expected, shown[key]):
                self.failures.append(f"第{number}次就诊：{key}应为{expected}，算得{shown[key]}")

    # -- formulas and financing -------------------------------------------------------------------------------------

    def _formula(self, step: Step) -> None:
        case = self.case
        packs = case.packs or (
            self.book.bindings[case.area, case.scheme].packs if case.area else tuple(self.book.packs)
        )
        formula = self.book.formula_of(packs, step.formula, on=step.on, readings=case.readings)
        inputs = {name: _input(text, formula, name) for name, text in step.facts.items()}
        found = formula.explain(inputs)
        self.values += found  # a case may compute several formulas, or one several times
        self._compare_values(step, {entry.name: entry.value_text() for entry in found})

    def _financing(self, step: Step) -> None:
        packs = self.case.packs or tuple(self.book.packs)
        plan = self.book.financing_of(packs, on=step.on, readings=self.case.readings)
        dues = plan.dues(step.person_class, step.holder_of)
        self.values += plan.explain(step.person_class, step.holder_of)
        shown = {name: format_yuan(amount) for name, amount in dues.shares.items()}
        shown |= {"person_cash": format_yuan(dues.person_cash), "total": format_yuan(dues.total)}
        shown["on_behalf"] = format_yuan(sum(amount for _, amount, _ in dues.on_behalf))
        self._compare_values(step, shown)

    def _compare_values(self, step: Step, shown: Mapping[str, str]) -> None:
        for key, expected in step.expect.items():
            if key != "refused" and not _same(expected, shown.get(key, "没有这一项").replace(",", "")):
                self.failures.append(f"{key}应为{expected}，算得{shown.get(key, '没有这一项')}")


def outcome_texts(result: VisitResult, account_after: int) -> dict[str, str]:
    """Everything that a case may expect of a visit, as text: yuan, percent, counts."""
    outcome = result.outcome
    shown = {payment.layer: format_yuan(payment.amount) for payment in outcome.payments}
    shown |= {f"burden.{name}": format_yuan(outcome.burden[name]) for name in BURDEN_COMPONENTS}
    shown |= {
        "fund": format_yuan(outcome.fund_pay),
        "person": format_yuan(outcome.person_pay),
        "account": format_yuan(outcome.account_pay),
        "account_after": format_yuan(account_after),
        "cash": format_yuan(outcome.cash_pay),
        "deductible": format_yuan(outcome.deductible),
        "in_scope": format_yuan(result.bill.in_scope),
        "prior_self_pay": format_yuan(result.bill.prior_self_pay),
        "over_limit": format_yuan(result.bill.over_limit),
        "out_of_scope": format_yuan(result.bill.out_of_scope),
    }
    shown["counted_in"] = str(result.plan.benefit_year(result.day).start.year)
    for layer in result.plan.layers:
        ratio = outcome.ratio_of(layer.id)
        shown[f"ratio.{layer.id}"] = ratio.percent_text() if ratio else ""
    for spec in result.plan.accumulators:
        value = result.accumulators[spec.name]
        shown[spec.name] = format_yuan(value) if spec.unit == "元" else str(value)
    return shown


def encode_fact(text: str | tuple[str, ...], plan: Plan, name: str) -> object:
    """A fact of a case file as the engine takes it; facts that the plan does not use stay text."""
    spec = next((spec for spec in plan.facts if spec.name == name), None)
    return text if spec is None else _typed(text, spec)


def _input(text: str | tuple[str, ...], formula: Formula, name: str) -> object:
    spec = next((spec for spec in formula.inputs if spec.name == name), None)
    return text if spec is None else _typed(text, spec)


def _typed(text: str | tuple[str, ...], spec: FactSpec) -> object:
    if isinstance(text, tuple):
        return frozenset(text)
    try:
        if spec.kind == "int":
            return int(text)
        if spec.kind == "fen":
            return int(parse_yuan(text))
        if spec.kind == "date":
            return date.fromisoformat(text)
    except ValueError:
        return text
    if spec.kind == "rate":
        return Rate.parse(text)
    if spec.kind == "bool":
        return {"true": True, "false": False, "是": True, "否": False}.get(text, text)
    return frozenset({text}) if spec.kind == "set" else text


def _same(expected: str, shown: str) -> bool:
    """Equal as text, or as amounts (``100`` and ``100.00``)."""
    if expected == shown:
        return True
    try:
        return parse_yuan(expected) == parse_yuan(shown)
    except ValueError:
        return False
