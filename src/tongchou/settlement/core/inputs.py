"""What an institution asks for, already typed: the gateway has turned text into integers and dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The message a request came in; ``body_hash`` is the digest of its business content."""

    institution_code: str
    message_id: str
    transaction: str
    body_hash: bytes


class LineInput(msgspec.Struct, frozen=True, kw_only=True):
    """One fee line (费用明细).

    ``quantity`` in 1/10,000 units, ``unit_price`` in 1/1,000,000 yuan, ``amount`` in fen; a refund has negative quantity and
    amount and a positive price, and may name the line it refunds. ``approval_flag`` is hosp_appr_flag.
    """

    line_no: int
    item_code: str
    local_code: str
    occurred_at: datetime
    quantity: int
    unit_price: int
    amount: int
    approval_flag: str = "0"
    batch: str = ""
    original_line_no: int | None = None
    details: Mapping[str, Any] | None = None


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """How an institution says a bill splits, in fen (2207, 2304)."""

    out_of_scope: int
    over_limit: int
    prior_self_pay: int
    in_scope: int


class PurchaseInput(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase with its lines (2101, 2102); ``claimed_total`` in fen, ``account_used`` is acct_used_flag."""

    person_number: str
    scheme: str
    med_type: str
    begin_at: datetime
    claimed_total: int
    lines: tuple[LineInput, ...]
    account_used: str = "0"
    disease_code: str = ""
    disease_name: str = ""
    invoice_no: str = ""
    details: Mapping[str, Any] = msgspec.field(default_factory=dict)


class SettleInput(msgspec.Struct, frozen=True, kw_only=True):
    """The settlement of an encounter's unsettled lines, of one batch or (batch empty) all (2206, 2207, 2303, 2304).

    ``med_type`` empty means that of the admission: 2303 and 2304 have no such field.
    """

    encounter_id: int
    person_number: str
    scheme: str
    med_type: str
    claimed_total: int
    batch: str = ""
    claimed_parts: Parts | None = None
    account_used: str = "0"
    invoice_no: str = ""
    interim: bool = False


Request = PurchaseInput | SettleInput


class DiagnosisInput(msgspec.Struct, frozen=True, kw_only=True):
    """A diagnosis of a visit; ``phase`` 0 outpatient, 1 admission, 2 discharge; ``valid`` False takes it back."""

    phase: str
    order: int
    kind: str
    code: str
    name: str
    main: bool = False
    department: str = ""
    doctor: str = ""
    diagnosed_at: datetime | None = None
    valid: bool = True


class EncounterInput(msgspec.Struct, frozen=True, kw_only=True):
    """A registration (2201) or admission (2401). ``details`` keeps the other registered fields by their national names."""

    person_number: str
    scheme: str
    med_type: str
    begin_at: datetime
    visit_no: str = ""
    disease_code: str = ""
    disease_name: str = ""
    department: str = ""
    doctor: str = ""
    details: Mapping[str, Any] = msgspec.field(default_factory=dict)
    diagnoses: tuple[DiagnosisInput, ...] = ()


class VisitInput(msgspec.Struct, frozen=True, kw_only=True):
    """What an outpatient visit was about (2203): disease, description, diagnoses."""

    encounter_id: int
    person_number: str
    med_type: str
    begin_at: datetime
    disease_code: str = ""
    disease_name: str = ""
    details: Mapping[str, Any] = msgspec.field(default_factory=dict)
    diagnoses: tuple[DiagnosisInput, ...] = ()


class DischargeInput(msgspec.Struct, frozen=True, kw_only=True):
    """A discharge (2402)."""

    encounter_id: int
    person_number: str
    end_at: datetime
    disease_code: str = ""
    disease_name: str = ""
    department: str = ""
    details: Mapping[str, Any] = msgspec.field(default_factory=dict)
    diagnoses: tuple[DiagnosisInput, ...] = ()
