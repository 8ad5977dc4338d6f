"""Use cases of employers (参保单位): registration and change. Changes stay in the history."""

from __future__ import annotations

from collections.abc import Mapping

from tongchou.kernel.areas import prefix_of
from tongchou.kernel.identifiers import parse_credit_code
from tongchou.registry import core, rejections
from tongchou.registry.models import Employer
from tongchou.registry.services import next_in_series, recorded, require_area

CHANGEABLE = frozenset({"name", "credit_code", "kind", "area_id", "address", "phone"})
"""Columns that :func:`change_employer` may change. The unit number never changes."""


def register_employer(
    *,
    name: str,
    area_code: str,
    credit_code: str = "",
    kind: str = "",
    address: str = "",
    phone: str = "",
    operator: str = "",
) -> Employer:
    """Enter an employer (参保单位) and give out the unit number.

    Raises:
        Rejection: REG-009 unknown area, REG-020 credit code registered, REG-021 credit code wrong, REG-023 no name.
    """
    if not name.strip():
        raise rejections.EMPTY_NAME()
    code = _checked_credit_code(credit_code, besides=None)
    require_area(area_code)
    with recorded(operator):
        return Employer.objects.create(
            number=_next_employer_number(area_code),
            credit_code=code,
            name=name.strip(),
            kind=kind,
            area_id=area_code,
            address=address,
            phone=phone,
        )


def change_employer(*, number: str, changes: Mapping[str, str], operator: str, reason: str) -> Employer:
    """Change data of an employer; the old values stay in the history.

    Args:
        changes: column → new value, columns of ``CHANGEABLE``.

    Raises:
        Rejection: REG-010 unknown, REG-022 a field that can't be changed, and those of :func:`register_employer`.
    """
    for field in changes:
        if field not in CHANGEABLE:
            raise rejections.UNCHANGEABLE(field_name=field)
    with recorded(operator, reason):
        employer = Employer.objects.select_for_update().filter(number=number).first()
        if employer is None:
            raise rejections.UNKNOWN_EMPLOYER(number=number)
        for field, value in changes.items():
            setattr(employer, field, value)
        if not employer.name.strip():
            raise rejections.EMPTY_NAME()
        employer.credit_code = _checked_credit_code(employer.credit_code, besides=employer)
        require_area(employer.area_id)
        employer.save()
    return employer


def _checked_credit_code(text: str, *, besides: Employer | None) -> str:
    """The code in its normal form; empty where there is none yet."""
    if not text:
        return ""
    try:
        code = parse_credit_code(text)
    except ValueError as error:
        raise rejections.INVALID_CREDIT_CODE(credit_code=text, problem=error) from error
    taken = Employer.objects.filter(credit_code=code).first()
    if taken is not None and taken != besides:
        raise rejections.EMPLOYER_EXISTS(credit_code=code, number=taken.number)
    return code


def _next_employer_number(area_code: str) -> str:
    return core.employer_number(prefix_of(area_code), next_in_series("registry_employer_number"))
