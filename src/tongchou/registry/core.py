"""Pure views and rules of the registry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tongchou.kernel.period import Period

BASIC_SCHEMES = frozenset({"310", "380", "390", "391"})
"""Basic insurances (职工、新农合、城乡居民、城镇居民). A person takes part in one of them at a time (避免重复参保)."""

TOKEN, ID_NUMBER, SOCIAL_CARD, PERSON_NUMBER = "01", "02", "03", "99"
"""Means of identification at the counter (mdtrt_cert_type); 99 is our own number."""


ID_CARD = "01"
"""Certificate type of the citizen's ID card (psn_cert_type)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a checked certificate says of a person."""

    cert_no: str
    sex: str
    birth_date: date


def person_number(prefix: str, serial: int) -> str:
    """A person number: four digits of the city, twelve of serial. Never changes and says nothing of the person."""
    return f"{prefix[:4]:0<4}{serial:012d}"


def employer_number(prefix: str, serial: int) -> str:
    """A unit number: four digits of the city, eight of serial."""
    return f"{prefix[:4]:0<4}{serial:08d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """An insured person (AC01). ``sex`` 1 男, 2 女; ``area_code`` is where the person is registered."""

    id: int
    number: str
    cert_type: str
    cert_no: str
    name: str
    sex: str
    ethnicity: str
    birth_date: date
    death_date: date | None
    area_code: str
    household_id: int | None
    phone: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentView:
    """Participation in one scheme over a period."""

    id: int
    person_id: int
    scheme: str
    person_type: str
    area_code: str
    area_name: str
    pooling_area: str
    employer_id: int | None
    employer_number: str
    employer_name: str
    civil_servant: bool
    flexible: bool
    status: str
    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityView:
    """An identity class over a period (低保, 特困, 重度残疾 …)."""

    id: int
    kind: str
    level: str
    memo: str
    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class DiseaseView:
    """A certified chronic or special outpatient disease over a period."""

    id: int
    code: str
    name: str
    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """A card or e-credential. ``state``: 正常, 挂失, 已补换, 停用."""

    id: int
    person_id: int
    kind: str
    number: str
    serial: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaView:
    """An administrative area and the pooling area it belongs to."""

    code: str
    name: str
    parent: str | None
    pooling_area: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One change of a person's record: only the columns that changed."""

    subject: str
    old: dict[str, object]
    new: dict[str, object] | None
    operator: str
    reason: str
    changed_at: object


def card_state(*, active: bool, lost: bool, replaced: bool) -> str:
    """The state of a card in words."""
    if replaced:
        return "已补换"
    if lost:
        return "挂失"
    return "正常" if active else "停用"
