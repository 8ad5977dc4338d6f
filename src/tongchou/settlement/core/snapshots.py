"""What is known about a request before it is decided: one snapshot, read in one round trip.

The shapes are those of the SQL functions named in docs/contracts.md.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec


class EnrolmentSnapshot(msgspec.Struct, frozen=True):
    """The enrolment in the scheme on the service day."""

    person_type: str
    area: str
    pooling_area: str = ""
    civil_servant: bool = False
    flexible: bool = False
    status: str = "1"
    employer_name: str | None = None


class IdentitySnapshot(msgspec.Struct, frozen=True):
    """An identity class in force on the service day."""

    kind: str
    level: str = ""


class _AnyText(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, str)


class CertNo(str, metaclass=_AnyText):
    """A certificate number. It comes encrypted; a type of its own makes msgspec ask the decoder's hook to open it.

    What the hook gives is plain text, and any text is one: encoders of answers know no other.
    """

    __slots__ = ()


class PersonSnapshot(msgspec.Struct, frozen=True):
    """The person on the service day."""

    id: int
    number: str
    cert_type: str
    cert_no: CertNo
    name: str
    sex: str
    ethnicity: str
    birth_date: date
    death_date: date | None = None
    enrolment: EnrolmentSnapshot | None = None
    identities: tuple[IdentitySnapshot, ...] = ()
    diseases: tuple[str, ...] = ()


class EntitlementSnapshot(msgspec.Struct, frozen=True):
    """The entitlement period that covers the service day; ``until`` is the first day after it."""

    continuous_since: date
    start: date | None = None
    until: date | None = None


class AccountSnapshot(msgspec.Struct, frozen=True):
    """A personal account; balance in fen. ``scheme`` is named where it is another person's, whose scheme may be another one."""

    id: int
    balance: int
    version: int
    scheme: str = ""


class FamilySnapshot(msgspec.Struct, frozen=True):
    """The family account that a member may pay from: whose owner ``died`` when, in which pooling area it was bound."""

    account: AccountSnapshot
    area: str
    died: date | None = None


class AccumulatorSnapshot(msgspec.Struct, frozen=True):
    """The counters of one period."""

    values: dict[str, int]
    version: int


class EncounterSnapshot(msgspec.Struct, frozen=True):
    """The encounter that is to be settled."""

    id: int
    person_id: int
    institution_code: str
    scheme: str
    med_type: str
    status: str
    begin_at: datetime
    fee_month: date
    end_at: datetime | None = None
    disease_code: str = ""
    disease_name: str = ""
    details: dict[str, Any] = msgspec.field(default_factory=dict)


class LineGroup(msgspec.Struct, frozen=True):
    """Sums in fen of an encounter's unsettled lines of one day, kind and class; a refund is of the day of what it refunds."""

    day: date
    item_kinds: str
    charge_type: str
    item_class: str
    count: int
    out_of_scope: int
    over_limit: int
    prior_self_pay: int
    in_scope: int
    stamp: int


class LineSums(msgspec.Struct, frozen=True):
    """Sums of an encounter's unsettled lines, in fen, and how many they are; ``stamp`` changes with every new line."""

    count: int
    amount: int
    out_of_scope: int
    over_limit: int
    prior_self_pay: int
    in_scope: int
    stamp: int


class ReceiptSnapshot(msgspec.Struct, frozen=True):
    """The same message id was answered before; binary columns as text."""

    transaction: str
    body_hash: str
    answer: str
    subject: int
    undone_by: str


class Snapshot(msgspec.Struct, frozen=True):
    """Everything a decision needs that the database knows."""

    day: date
    catalogue_revision: int
    provider_revision: int
    closed_through: dict[str, date] = msgspec.field(default_factory=dict)
    receipt: ReceiptSnapshot | None = None
    person: PersonSnapshot | None = None
    entitlement: EntitlementSnapshot | None = None
    account: AccountSnapshot | None = None
    accumulators: dict[str, AccumulatorSnapshot] = msgspec.field(default_factory=dict)
    encounter: EncounterSnapshot | None = None
    sums: LineSums | None = None
