"""Reads of the providers room. Institutions are few and asked for by every request, so they are kept in the process."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from tongchou.kernel.cache import RevisionCache
from tongchou.kernel.period import Period
from tongchou.providers import core, rejections
from tongchou.providers.core import AgreementView, ProviderView
from tongchou.providers.models import Agreement, Institution, OperatorSession, Revision

CACHED_INSTITUTIONS = 20_000


@dataclass(frozen=True, slots=True)
class _Known:
    """An institution without a day, with all its agreements."""

    view: ProviderView
    agreements: tuple[AgreementView, ...]


_cache: RevisionCache[str, _Known] = RevisionCache(CACHED_INSTITUTIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A sign-in of an institution's operator."""

    number: str
    institution_code: str
    operator_no: str
    signed_in_at: datetime
    signed_out_at: datetime | None


def revision() -> int:
    """The number of the present state of institutions and agreements; another number means that something changed."""
    number = Revision.objects.values_list("number", flat=True).filter(pk=1).first()
    return 0 if number is None else number


def describe(*, code: str, on: date, revision: int | None = None) -> ProviderView:
    """The institution on a day, whether it has an agreement or not.

    Raises:
        Rejection: PROV-001 unknown.
    """
    known = _cache.get_many([code], revision=_present_revision() if revision is None else revision, fetch=_fetch)
    if code not in known:
        raise rejections.UNKNOWN(code=code)
    entry = known[code]
    return replace(entry.view, agreement=core.agreement_on(entry.agreements, on))


def provider(*, code: str, on: date, revision: int | None = None) -> ProviderView:
    """The institution with the agreement in force on a day.

    Args:
        revision: number of the providers' state where the caller has read it already (``SELECT number FROM
            providers_revision``); read here otherwise.

    Raises:
        Rejection: PROV-001 unknown, PROV-002 no agreement in force, PROV-003 suspended.
    """
    view = describe(code=code, on=on, revision=revision)
    if view.agreement is None:
        raise rejections.NO_AGREEMENT(code=code, name=view.name, day=on)
    if view.agreement.suspended:
        raise rejections.SUSPENDED(code=code, name=view.name, number=view.agreement.number)
    return view


def check_med_type(view: ProviderView, med_type: str) -> None:
    """Refuse a medical category that the agreement does not cover.

    Raises:
        Rejection: PROV-004.
    """
    if view.agreement is None or med_type not in view.agreement.med_types:
        raise rejections.MED_TYPE_NOT_COVERED(code=view.code, name=view.name, med_type=med_type)


def session(*, number: str) -> SessionView | None:
    """The sign-in with this number, or ``None``."""
    row = OperatorSession.objects.filter(number=number).first()
    if row is None:
        return None
    return SessionView(
        number=row.number,
        institution_code=row.institution_code,
        operator_no=row.operator_no,
        signed_in_at=row.signed_in_at,
        signed_out_at=row.signed_out_at,
    )


def institutions(*, area: str | None = None, on: date) -> list[ProviderView]:
    """All institutions by code, with the agreement in force on the day.

    Args:
        area: only those in this area (six digits); all areas when ``None``.
    """
    rows = Institution.objects.all() if area is None else Institution.objects.filter(area=area)
    codes = list(rows.order_by("code").values_list("code", flat=True))
    known = _cache.get_many(codes, revision=revision(), fetch=_fetch)
    return [replace(known[code].view, agreement=core.agreement_on(known[code].agreements, on)) for code in codes]


_present_revision = revision  # functions above have a parameter of the same name


def _fetch(codes: Collection[str]) -> Mapping[str, _Known]:
    rows = list(Institution.objects.filter(code__in=list(codes)))
    agreements: dict[int, list[AgreementView]] = {row.pk: [] for row in rows}
    for agreement in Agreement.objects.filter(institution__in=rows):
        agreements[agreement.institution_id].append(_agreement_view(agreement))
    return {row.code: _Known(_provider_view(row), tuple(agreements[row.pk])) for row in rows}


def _agreement_view(row: Agreement) -> AgreementView:
    return AgreementView(
        id=row.pk,
        number=row.number,
        med_types=frozenset(row.med_types),
        suspended=row.suspended,
        period=Period(row.period.lower or date.min, row.period.upper),
    )


def _provider_view(row: Institution) -> ProviderView:
    return ProviderView(
        id=row.pk,
        code=row.code,
        name=row.name,
        kind=row.kind,
        level=row.level,
        grade=row.grade,
        chinese_medicine=row.chinese_medicine,
        area=row.area,
        credit_code=row.credit_code,
        agreement=None,
    )
