"""Pure views and rules of personal accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from tongchou.kernel.period import Period

RELATIONS = {
    "spouse": "配偶",
    "parent": "父母",
    "child": "子女",
    "sibling": "兄弟姐妹",
    "grandparent": "祖父母外祖父母",
    "grandchild": "孙子女外孙子女",
}
"""What a member is to the owner of the account. Which of them may use it says the parameter ``family.relations``."""
_ELDERS, _YOUNGER = frozenset({"parent", "grandparent"}), frozenset({"child", "grandchild"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """A personal account (KC04): balance in fen, never negative; ``version`` rises with every change."""

    id: int
    person_id: int
    scheme: str
    balance: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An account whose balance is not the sum of its ledger entries. Amounts in fen."""

    account_id: int
    person_id: int
    balance: int
    entries: int

    def __str__(self) -> str:
        return f"个人账户 {self.account_id}：余额 {self.balance} 分，分录合计 {self.entries} 分"


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyView:
    """A binding of a family account: ``member`` may pay from the account that ``owner`` has in ``scheme``."""

    id: int
    owner_id: int
    owner_number: str
    owner_name: str
    member_id: int
    member_number: str
    member_name: str
    scheme: str
    relation: str
    period: Period

    def state(self, on: date) -> str:
        """待生效, 有效 or 已解除 on a day."""
        if on < self.period.start:
            return "待生效"
        return "有效" if on in self.period else "已解除"

    @property
    def last(self) -> date | None:
        """The last day, ``None`` without end."""
        return None if self.period.end is None else self.period.end - timedelta(days=1)


def relations_of(text: str) -> frozenset[str]:
    """The relations that a parameter's text names (配偶、父母、子女); what it calls otherwise admits nobody."""
    named = {name.strip() for name in text.replace(",", "、").replace("，", "、").split("、")}
    return frozenset(code for code, name in RELATIONS.items() if name in named)


def relation_fits(*, relation: str, owner_born: date, member_born: date) -> bool:
    """Whether the days of birth allow the relation: parents are older than the owner, children younger."""
    if relation in _ELDERS:
        return member_born < owner_born
    return member_born > owner_born if relation in _YOUNGER else True


def end_of(*, period: Period, asked: date, today: date) -> date | None:
    """The first day on which an ended binding holds no more; ``None`` where it has not begun and is taken back.

    It never lies in the past, where money may have moved, nor before the day after the first.
    """
    if period.start > today:
        return None
    return max(asked, today, period.start + timedelta(days=1))
