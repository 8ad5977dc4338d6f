"""Case files: visits, formulas and financing with the amounts that the document or a worked example gives.

A policy officer reads and writes them. Amounts are yuan. Visits of one case run in order, with accumulators and account
balance carried along; a visit may take back an earlier one (``reverse: 1``). The format is in docs/policy-language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from tongchou.kernel.money import format_yuan, parse_yuan
from tongchou.kernel.rate import Rate
from tongchou.kernel.rejection import Rejection
from tongchou.policy.book import PolicyBook
from tongchou.policy.calculation import FormulaValue
from tongchou.policy.caseread import Case, Step, read_case_file
from tongchou.policy.explain import ExplainedStep
from tongchou.policy.findings import PolicyErrors
from tongchou.policy.formulas import Formula
from tongchou.policy.lines import OF_CLASS, LineFacts, LineSplit
from tongchou.policy.loader import read_cases
from tongchou.policy.model import BILL_COMPONENTS, BURDEN_COMPONENTS, FactSpec, Pack
from tongchou.policy.plan import Bill, Outcome, Plan
from tongchou.policy.rejections import NOT_IN_FORCE
from tongchou.policy.stays import StayYear, days_of, year_number, years_of_stay
from tongchou.policy.vocabulary import STANDARD_FACTS, STANDARD_KINDS, near_kind


@dataclass(frozen=True, slots=True)
class VisitResult:
    """One visit as it was computed; ``accumulators`` are the counters after it (fen or counts).

    A stay that is divided gives one for each benefit year, all with the visit's number.
    """

    no: int
    plan: Plan
    facts: Mapping[str, object]
    bill: Bill
    before: Mapping[str, int]
    outcome: Outcome
    accumulators: Mapping[str, int]
    day: date
    lines: tuple[LineSplit, ...] = ()

    @property
    def counted_in(self) -> int:
        """The benefit year in which it counts."""
        return self.plan.benefit_year(self.day).start.year

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
    run = _Run(book, case, unknown_words(book, case))
    steps = () if run.failures else case.steps  # with a wrong pack or reading everything after it would be wrong
    try:
        for number, step in enumerate(steps, 1):
            run.step(number, step)
    except PolicyErrors as errors:
        run.failures += [finding.text() for finding in errors.findings]
    return CaseResult(
        case.file,
        case.line,
        case.id,
        case.title,
        tuple(run.failures),
        tuple(visit for visits in run.visits.values() for visit in visits),
        tuple(run.refused.values()),
        tuple(run.values),
    )


class _Share(NamedTuple):
    """What one plan decides of a visit: its days, its lines, and the facts that dividing a stay changes."""

    year: StayYear
    lines: tuple[LineFacts, ...]
    facts: dict[str, object]


@dataclass
class _Run:
    """The state of a case while its steps run."""

    book: PolicyBook
    case: Case
    failures: list[str] = field(default_factory=list)
    visits: dict[int, tuple[VisitResult, ...]] = field(default_factory=dict)
    refused: dict[int, Rejection] = field(default_factory=dict)
    reversed: set[int] = field(default_factory=set)
    values: list[FormulaValue] = field(default_factory=list)
    counters: dict[tuple[str, str], int] = field(default_factory=dict)
    account: int = 0

    def step(self, number: int, step: Step) -> None:
        """Run one step and compare; a refusal is compared with ``refused``."""
        refused = ""
        try:
            if step.reverse:
                self._reverse(number, step.reverse)
            elif step.formula:
                self._formula(step)
            elif step.person_class:
                self._financing(step)
            else:
                self._visit(number, step)
        except Rejection as rejection:
            refused = rejection.code
            self.refused[number] = rejection
            if step.expect.get("refused") != refused:
                self.failures.append(f"第{number}步被拒绝：{rejection}{self._offered(step, rejection)}")
        if "refused" in step.expect and not refused:
            self.failures.append(f"第{number}步应被拒绝({step.expect['refused']})，但算出了结果")

    # -- visits ---------------------------------------------------------------------------------------------------

    def _visit(self, number: int, step: Step) -> None:
        if step.account is not None:
            self.account = step.account
        shares = self._shares(number, step)
        counters, account = dict(self.counters), self.account
        results: list[VisitResult] = []
        try:
            for share in shares:
                results.append(self._decided(number, step, share, first=not results))
        except Rejection:
            self.counters, self.account = counters, account  # a stay is settled whole or not at all
            raise
        self.visits[number] = tuple(results)
        self._compare(number, step, results)

    def _shares(self, number: int, step: Step) -> list[_Share]:
        """What each plan of a visit decides: one share, or one for each benefit year with costs."""

        def plan_on(day: date) -> Plan:
            return self._plan(step, step.rules_of or day)

        dated = [day for day in step.days if day is not None]
        admitted, plan = step.admitted or min([*dated, step.on]), plan_on(step.on)
        if plan.counts_in == "split" and not dated:
            years: Sequence[StayYear] = (StayYear(plan, admitted, step.on, step.on),)
        else:
            years = years_of_stay(plan_on, admitted=admitted, discharged=step.on)
        if (
            plan.counts_in == "split"
            and plan.benefit_year(admitted) != plan.benefit_year(step.on)
            and None in step.days
        ):
            self.failures.append(f"第{number}步：跨年度的住院按费用发生日划分，每条明细都要写on")
        if len(years) == 1:
            return [_Share(years[0], step.lines, {})]
        mine: dict[int, list[LineFacts]] = {}
        for line, day in zip(step.lines, step.days, strict=True):
            mine.setdefault(year_number(day or step.on, years), []).append(line)
        shares: list[_Share] = []
        for index in sorted(mine):
            year = years[index]
            own = {"visit.days": days_of(year, last=year is years[-1]), "visit.date": year.day}
            shares.append(_Share(year, tuple(mine[index]), own | {"visit.continued": bool(shares)}))
        return shares

    def _decided(self, number: int, step: Step, share: _Share, *, first: bool) -> VisitResult:
        """Decide one share of a visit; counters and account go on from it."""
        plan, day = share.year.plan, share.year.day
        splits = tuple(plan.split_line(line) for line in share.lines)
        bill = Bill.of(splits) if splits else step.bill
        if first:
            self._check_names(number, step, plan)
        facts: dict[str, object] = dict(
            plan.part_amounts(
                (line.item_kinds, line.item_class, split.in_scope)
                for line, split in zip(share.lines, splits, strict=True)
            )
        )
        facts |= {name: encode_fact(text, plan, name) for name, text in step.facts.items()} | share.facts
        before = {
            spec.name: self._counter(plan, spec.name, day, step.accumulators if first else {})
            for spec in plan.accumulators
        }
        outcome = plan.trace(facts, bill, before, self.account)
        keys = {spec.name: plan.period_key(spec, day) for spec in plan.accumulators}
        for name, delta in outcome.accumulator_delta.items():
            self.counters[name, keys[name]] = before[name] + delta
        self.account -= outcome.account_pay
        after = {name: before[name] + outcome.accumulator_delta.get(name, 0) for name in before}
        return VisitResult(number, plan, facts, bill, before, outcome, after, day, splits)

    def _offered(self, step: Step, rejection: Rejection) -> str:
        """The benefits that there are, where the one of a step is in no pack at all."""
        packs = _packs_of(self.book, self.case)
        known = dict.fromkeys(name for pack in packs for entry in pack.benefits for name in entry.names)
        if rejection.code != NOT_IN_FORCE.code or not known:
            return ""
        if step.benefit in known:
            first = min(p.start for p in packs for entry in p.benefits if step.benefit in entry.names)
            return f"（“{step.benefit}”的政策自{first}起；on写的是{step.on}）" if step.on < first else ""
        return f"（政策包里没有这项待遇，有：{'、'.join(known)}）"

    def _check_names(self, number: int, step: Step, plan: Plan) -> None:
        """A misspelt fact or counter would otherwise be passed over in silence."""
        declared = {
            name for pack in _all_packs(self.book) for name in (*pack.facts, *(f"bill.{part}" for part in pack.parts))
        }
        self.failures += [
            f"第{number}步：不认识的信息“{name}”"
            for name in step.facts
            if name not in STANDARD_FACTS and name not in declared
        ]
        counters = {spec.name for spec in plan.accumulators}
        usable = (
            f"“{step.benefit}”的累计项有：{'、'.join(sorted(counters))}" if counters else f"“{step.benefit}”没有累计项"
        )
        self.failures += [
            f"第{number}步：方案没有累计项“{name}”。{usable}" for name in step.accumulators if name not in counters
        ]
        self._check_kinds(number, step, plan)

    def _check_kinds(self, number: int, step: Step, plan: Plan) -> None:
        """A kind of item that is no standard one and that no pack names would count for nothing."""
        known = dict.fromkeys(STANDARD_KINDS)
        for lines, parts in (
            (plan.program.lines, plan.program.parts),
            *((p.lines, p.parts.values()) for p in _all_packs(self.book)),
        ):
            named = (*(lines.kinds if lines else ()), *(kind for part in parts for kind in part.kinds))
            known |= dict.fromkeys(kind.rpartition(OF_CLASS)[2] for kind in named)
        for kind in dict.fromkeys(kind for line in step.lines for kind in line.item_kinds if kind not in known):
            near = near_kind(kind)
            hint = f"相近：{near}" if near else f"可用：{'、'.join(known)}"
            self.failures.append(f"第{number}步：“{kind}”不是标准类别，也没有政策包写到它（{hint}）")

    def _plan(self, step: Step, on: date) -> Plan:
        case = self.case
        if case.area:
            return self.book.plan(
                area=case.area,
                scheme=case.scheme,
                benefit=step.benefit,
                on=on,
                readings=case.readings,
            )
        packs = case.packs or tuple(self.book.packs)
        return self.book.plan_of(packs, benefit=step.benefit, on=on, readings=case.readings)

    def _counter(self, plan: Plan, name: str, day: date, given: Mapping[str, str]) -> int:
        spec = next(spec for spec in plan.accumulators if spec.name == name)
        key = (name, plan.period_key(spec, day))
        if name in given:
            text = given[name]
            try:
                self.counters[key] = int(parse_yuan(text)) if spec.unit == "元" else int(text)
            except ValueError:
                wanted = "金额(元)" if spec.unit == "元" else "次数(整数)"
                self.failures.append(f"累计项“{name}: {text}”应为{wanted}")
        return self.counters.get(key, 0)

    def _reverse(self, at: int, number: int) -> None:
        """Take back exactly what a visit added."""
        visits = self.visits.get(number)
        if visits is None or number in self.reversed:
            self.failures.append(f"第{at}步要撤销第{number}次，但{self._why_not(number)}")
            return
        self.reversed.add(number)
        for visit in visits:
            for spec in visit.plan.accumulators:
                delta = visit.outcome.accumulator_delta.get(spec.name, 0)
                key = (spec.name, visit.plan.period_key(spec, visit.day))
                self.counters[key] = self.counters.get(key, 0) - delta
            self.account += visit.outcome.account_pay

    def _why_not(self, number: int) -> str:
        """Why there is nothing to take back."""
        if number in self.reversed:
            return f"第{number}次已经撤销"
        if number in self.refused:
            return f"第{number}次被拒绝（{self.refused[number]}）"
        return f"第{number}步不是在它之前的就诊" if number <= len(self.case.steps) else f"没有第{number}次"

    def _compare(self, number: int, step: Step, results: Sequence[VisitResult]) -> None:
        shown = outcome_texts(results, self.account)
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
        if case.area:
            formula = self.book.formula(
                step.formula, area=case.area, scheme=case.scheme, on=step.on, readings=case.readings
            )
        else:
            packs = case.packs or tuple(self.book.packs)
            formula = self.book.formula_of(packs, step.formula, on=step.on, readings=case.readings)
        known = [spec.name for spec in formula.inputs]
        self.failures += [
            f"公式“{step.formula}”没有输入“{name}”，有：{'、'.join(known)}"
            for name in step.facts
            if "." not in name and name not in known  # facts written for all cases of a file have a dot
        ]
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


def unknown_words(book: PolicyBook, case: Case) -> list[str]:
    """What a case names that is not in the book: packs, ambiguities, readings; in Chinese, with those that there are."""
    found = [
        f"没有政策包“{name}”，现有：{'、'.join(sorted(book.packs))}" for name in case.packs if name not in book.packs
    ]
    known = {entry.id: entry.readings for pack in _packs_of(book, case) for entry in pack.ambiguities}
    for name, reading in case.readings.items():
        if name not in known:
            listed = f"有：{'、'.join(known)}" if known else "没有写明歧义"
            found.append(f"readings：不认识的歧义“{name}”，这里的政策包{listed}")
        elif reading not in known[name]:
            found.append(f"readings：歧义{name}没有理解“{reading}”，可用：{'、'.join(known[name])}")
    return found


def _packs_of(book: PolicyBook, case: Case) -> list[Pack]:
    """All versions of the packs of a case."""
    names = book.bindings.packs_of(case.area, case.scheme) or case.packs or tuple(book.packs)
    return [version.pack for name in names for version in book.packs.get(name, ())]


def _all_packs(book: PolicyBook) -> list[Pack]:
    return [version.pack for versions in book.packs.values() for version in versions]


def outcome_texts(results: Sequence[VisitResult], account_after: int) -> dict[str, str]:
    """Everything that a case may expect of a visit, as text: yuan, percent, counts.

    Of a stay that is divided, amounts are those of all its years, the rest is the last year's; what one year gave is under
    ``2024/pool``.
    """
    amounts: dict[str, int] = {}
    for result in results:
        for name, amount in _amounts(result).items():
            amounts[name] = amounts.get(name, 0) + amount
    shown = {name: format_yuan(amount) for name, amount in amounts.items()}
    shown |= {"account_after": format_yuan(account_after), **_facts_of(results[-1])}
    for result in results if len(results) > 1 else ():
        year = result.counted_in
        own = {name: format_yuan(amount) for name, amount in _amounts(result).items()} | _facts_of(result)
        shown |= {f"{year}/{name}": text for name, text in own.items()}
    return shown


def _amounts(result: VisitResult) -> dict[str, int]:
    """What can be added up over the years of a stay, in fen."""
    outcome = result.outcome
    return {
        **{payment.layer: payment.amount for payment in outcome.payments},
        **{f"burden.{name}": outcome.burden[name] for name in BURDEN_COMPONENTS},
        "fund": outcome.fund_pay,
        "person": outcome.person_pay,
        "account": outcome.account_pay,
        "cash": outcome.cash_pay,
        "deductible": outcome.deductible,
        **{name: getattr(result.bill, name) for name in BILL_COMPONENTS},
    }


def _facts_of(result: VisitResult) -> dict[str, str]:
    """What cannot: the year, ratios, counters afterwards."""
    shown = {"counted_in": str(result.counted_in)}
    for layer in result.plan.layers:
        ratio = result.outcome.ratio_of(layer.id)
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
        if spec.kind == "rate":
            return Rate.parse(text)
    except ValueError:
        return text
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
