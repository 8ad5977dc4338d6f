"""Pure views of personal accounts."""

from __future__ import annotations

from dataclasses import dataclass


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
