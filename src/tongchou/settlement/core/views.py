"""What an answer or a page needs of a settlement.

These are made by the dozen for every request: structs of msgspec cost a tenth of frozen dataclasses, with the same use.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from tongchou.settlement.core.snapshots import PersonSnapshot


class PaymentView(msgspec.Struct, frozen=True):
    """What one layer pays, in fen. ``base`` is what the layer counted."""

    layer: str
    fund: str
    base: int
    amount: int


class LineSplitView(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fee line as stored: quantity 1/10,000, price and limit 1/1,000,000 yuan, ratio 1/10,000, amounts fen.

    Fields that are columns have their names: a view is also the row that is written (what is left out of it is
    null there).
    """

    line_no: int
    batch: str
    occurred_at: datetime
    item_code: str
    local_code: str
    item_class: str
    charge_type: str
    quantity: int
    unit_price: int
    amount: int
    price_limit: int | None
    prior_self_pay_ratio: int
    out_of_scope: int
    over_limit: int
    prior_self_pay: int
    in_scope: int
    original_line_no: int | None = None
    settlement_id: int | None = None
    details: Mapping[str, Any] | None = None
    fee_month: date | None = None
    encounter_id: int = 0
    name: str = ""
    restricted: bool = False
    basic_drug: bool = False
    negotiated: bool = False
    children: bool = False
    special_service: bool = False
    item_kinds: str = ""


class EarlierYear(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided for an earlier benefit year of a stay that the policy divides, as it is stored for the explanation.

    Amounts in fen, ``pool_ratio`` 1/10,000. They are part of the settlement's own amounts; ``until`` is the year's last
    day of the stay.
    """

    benefit_year: str
    since: date
    until: date
    package: str
    plan: str
    out_of_scope: int
    over_limit: int
    prior_self_pay: int
    in_scope: int
    deductible: int
    pool_ratio: int
    fund_pay: int
    account_pay: int
    cash_pay: int
    facts: Mapping[str, Any]
    accumulators_before: Mapping[str, int]
    values: tuple[int, ...]


class SettlementView(msgspec.Struct, frozen=True, kw_only=True):
    """A settlement or (id 0) a pre-settlement: the columns of settlement.models.Settlement, person, payments, lines.

    Amounts in fen, ``pool_ratio`` 1/10,000. ``lines`` is filled for purchases and by ``settlement_view(with_lines=True)``.
    ``account_id`` is the family account that was asked for; ``None`` where that is the own one or none.
    """

    id: int
    encounter_id: int
    area: str
    person: PersonSnapshot
    institution_code: str
    institution_name: str
    scheme: str
    person_type: str
    med_type: str
    clearing_type: str
    clearing_way: str
    direction: int
    reversal_of: int | None
    message_id: str
    batch: str
    invoice_no: str
    account_used: str
    settled_at: datetime
    business_date: date
    benefit_year: str
    benefit: str
    total: int
    out_of_scope: int
    over_limit: int
    prior_self_pay: int
    in_scope: int
    deductible: int
    pool_ratio: int
    fund_pay: int
    account_pay: int
    cash_pay: int
    account_balance: int
    package: str
    plan: str
    begin_at: datetime
    end_at: datetime | None
    disease_code: str
    disease_name: str
    facts: Mapping[str, Any]
    accumulators_before: Mapping[str, int]
    accumulator_delta: Mapping[str, Mapping[str, int]]
    values: tuple[int, ...]
    payments: tuple[PaymentView, ...]
    lines: tuple[LineSplitView, ...] = ()
    reversed_by: int | None = None
    earlier_years: tuple[EarlierYear, ...] | None = None
    account_id: int | None = None

    @property
    def family_pay(self) -> int:
        """What another person's account pays (acct_mulaid_pay), a part of ``account_pay``, in fen."""
        return 0 if self.account_id is None else self.account_pay

    @property
    def person_pay(self) -> int:
        """What the person bears: account and cash, in fen."""
        return self.account_pay + self.cash_pay
