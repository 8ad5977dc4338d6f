"""The Chinese explanation of a result: the static half from the plan, the numbers from the stored step values.

Nothing is computed here again. A step whose amount is zero because its layer did not apply is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from tongchou.kernel.money import divide_half_up, format_yuan_grouped
from tongchou.kernel.rate import Rate
from tongchou.policy.model import BILL_COMPONENTS, FactSpec
from tongchou.policy.program import Display, FormatOf, Program

_FACT = re.compile(r"\{fact:([^}]+)\}")


class BillLike(Protocol):
    """The four components of a bill, in fen."""

    @property
    def out_of_scope(self) -> int: ...
    @property
    def over_limit(self) -> int: ...
    @property
    def prior_self_pay(self) -> int: ...
    @property
    def in_scope(self) -> int: ...


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """One line of an explanation. ``amount`` is fen or ``None``; ``amount_exact`` is yuan before rounding, if it was rounded."""

    no: int
    title: str
    formula: str
    substituted: str
    amount_exact: str
    amount: int | None
    fund: str
    citation: str
    layer: str

    def text(self) -> str:
        """One line of text for a terminal or a statement."""
        shown = "" if self.amount is None else f" = {format_yuan_grouped(self.amount)}元"
        exact = f"（舍入前{self.amount_exact}）" if self.amount_exact else ""
        return f"{self.no}. {self.title}：{self.formula}：{self.substituted}{shown}{exact}〔{self.citation}〕"


def explain_steps(
    program: Program, values: tuple[int, ...], facts: Mapping[str, object], bill: BillLike
) -> list[ExplainedStep]:
    """Render the steps.

    Args:
        values: the step values of a traced outcome of this program.
        facts, bill: the inputs that were stored with it.
    """
    numbers = dict(zip(program.recorded, values, strict=True))
    numbers |= {f"b_{name}": getattr(bill, name) for name in BILL_COMPONENTS}
    specs = {spec.name: spec for spec in program.facts}
    steps: list[ExplainedStep] = []
    for display in program.displays:
        if _shown(display, numbers):
            steps.append(_render(display, numbers, specs, facts, len(steps) + 1))
    return steps


def _shown(display: Display, numbers: Mapping[str, int]) -> bool:
    if display.show and not _value(display.show, numbers):
        return False
    if display.changed is None:
        return True
    (before, _, before_scale), (after, _, after_scale) = display.changed
    return _value(before, numbers) * after_scale != _value(after, numbers) * before_scale


def _render(
    display: Display, numbers: Mapping[str, int], specs: Mapping[str, FactSpec], facts: Mapping[str, object], no: int
) -> ExplainedStep:
    shown = [_text(ref, numbers) for ref in display.refs]
    exact = ""
    if display.exact is not None:
        variable, scale = display.exact
        before = Fraction(_value(variable, numbers), scale)
        exact = exact_yuan(Fraction(before, 100)) if before.denominator != 1 else ""  # where something was rounded away
    return ExplainedStep(
        no=no,
        title=display.title,
        formula=_FACT.sub(lambda match: _fact(match.group(1), specs, facts), display.formula),
        substituted=display.template.format(*shown),
        amount_exact=exact,
        amount=None if display.amount is None else _value(display.amount[0], numbers),
        fund=display.fund,
        citation=display.cite,
        layer=display.layer,
    )


def _value(variable: str, numbers: Mapping[str, int]) -> int:
    return int(variable) if variable.isdigit() else numbers[variable]


def _text(ref: FormatOf, numbers: Mapping[str, int]) -> str:
    variable, form, scale = ref
    value = _value(variable, numbers)
    form, _, more = form.partition(":")
    if form == "yuan":
        return format_yuan_grouped(value)
    if form == "least":
        whole = _value(more, numbers)
        shown = format_yuan_grouped(value)
        return f"min({shown}, {format_yuan_grouped(whole)})" if whole > value else shown
    if form == "nth":
        each = more.split("|")
        return each[min(value, len(each) - 1)]
    return str(value) if form == "int" else Rate(Fraction(value, scale)).percent_text()


def _fact(name: str, specs: Mapping[str, FactSpec], facts: Mapping[str, object]) -> str:
    value = facts.get(name, specs[name].default)
    if isinstance(value, bool):
        return specs[name].title if value else f"非{specs[name].title}"
    return str(value)


def exact_yuan(value: Fraction) -> str:
    """An exact amount in yuan as text: finite decimals in full, others with six decimals and ``…``."""
    denominator = value.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    places = 2
    while denominator == 1 and (value * 10**places).denominator != 1:
        places += 1
    shown = places if denominator == 1 else 6
    scaled = divide_half_up(value.numerator * 10**shown, value.denominator)
    sign, digits = ("-" if scaled < 0 else ""), str(abs(scaled)).rjust(shown + 1, "0")
    return f"{sign}{digits[:-shown]}.{digits[-shown:]}" + ("" if denominator == 1 else "…")
