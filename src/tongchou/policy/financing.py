"""Who pays what per person and year (筹资): the shares of each person class and who pays the person's part instead."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from tongchou.kernel.money import format_yuan
from tongchou.policy.calculation import FormulaValue
from tongchou.policy.model import Financing, FinancingClass, OnBehalf
from tongchou.policy.rejections import FACT_WRONG, NUMBER_UNKNOWN


@dataclass(frozen=True, slots=True)
class Dues:
    """What one person's year brings to the fund, in fen.

    ``shares`` are the parts as the document splits them; ``on_behalf`` is who pays how much of the person's part;
    ``person_cash`` is what the person hands over; ``total`` is what the fund receives.
    """

    shares: MappingProxyType[str, int]
    on_behalf: tuple[tuple[str, int, str], ...]
    person_cash: int
    total: int
    citation: str


class _Step(NamedTuple):
    name: str
    title: str
    formula: str
    numbers: str
    amount: int
    citation: str


class FinancingPlan:
    """The financing table of one pack version."""

    def __init__(self, table: Financing) -> None:
        self.payers = MappingProxyType(table.payers)
        self._classes = {entry.id: entry for entry in table.classes}
        self._behalf = table.on_behalf
        self._same_as = table.same_as

    @property
    def classes(self) -> tuple[FinancingClass, ...]:
        """The person classes in written order."""
        return tuple(self._classes.values())

    def dues(self, person_class: str, holder_of: Collection[str] = ()) -> Dues:
        """The dues of a person.

        Args:
            person_class: one of :attr:`classes`, or persons whom the pack treats as one of them.
            holder_of: titles that make somebody else pay, as the pack names them (``who``).

        Raises:
            Rejection: POL-011 an unknown class, POL-022 the document gives no amount for somebody who pays.
        """
        named = self._same_as.get(person_class, person_class)
        entry = self._classes.get(named)
        if entry is None:
            allowed = "、".join((*self._classes, *self._same_as))
            raise FACT_WRONG(fact="person_class", title="缴费类别", value=person_class, allowed=allowed)
        own = entry.shares.get("person", 0)
        left, paid = own, []
        for rule in self._behalf:
            if rule.who in holder_of and (not rule.classes or named in rule.classes):
                amount = self._amount(rule, left)
                paid.append((rule.payer, amount, rule.place.citation))
                left -= amount
        shares = MappingProxyType(dict(entry.shares))
        return Dues(shares, tuple(paid), left, entry.total, entry.place.citation)

    def explain(self, person_class: str, holder_of: Collection[str] = ()) -> list[FormulaValue]:
        """The dues of a person step by step: what each pays, who pays for the person, what is left, what the fund receives.

        Raises:
            Rejection: as :meth:`dues`.
        """
        dues = self.dues(person_class, holder_of)
        named = self._same_as.get(person_class, person_class)
        row = f"筹资标准（{person_class}）" if named == person_class else f"筹资标准（{person_class}比照{named}）"
        steps = [
            _Step(payer, f"{self.payers[payer]}承担", row, format_yuan(amount), amount, dues.citation)
            for payer, amount in dues.shares.items()
        ]
        left = dues.shares.get("person", 0)
        for payer, amount, citation in dues.on_behalf:
            rule = f"不超过{self.payers.get('person', '个人')}尚应承担"
            steps.append(
                _Step(
                    "on_behalf", f"{payer}代缴", rule, f"{format_yuan(amount)} ≤ {format_yuan(left)}", amount, citation
                )
            )
            left -= amount
        paid = [format_yuan(amount) for _, amount, _ in dues.on_behalf]
        own = [format_yuan(dues.shares.get("person", 0)), *paid]
        words = (
            f"{self.payers.get('person', '个人')}承担 − 代缴" if paid else f"{self.payers.get('person', '个人')}承担"
        )
        steps.append(_Step("person_cash", "个人实缴", words, " − ".join(own), dues.person_cash, dues.citation))
        sums = [format_yuan(amount) for amount in dues.shares.values()]
        titles = [f"{self.payers[payer]}承担" for payer in dues.shares]
        steps.append(_Step("total", "基金收入合计", " + ".join(titles), " + ".join(sums), dues.total, dues.citation))
        return [
            FormulaValue(no, name, title, amount, "元", formula, numbers, citation)
            for no, (name, title, formula, numbers, amount, citation) in enumerate(steps, 1)
        ]

    @staticmethod
    def _amount(rule: OnBehalf, left: int) -> int:
        if rule.unknown:
            raise NUMBER_UNKNOWN(note=rule.unknown, cite=rule.place.citation)
        return left if rule.amount is None else min(rule.amount, left)
