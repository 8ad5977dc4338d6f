"""Pure rules of designated institutions: which agreement holds on a day and what it covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tongchou.kernel.period import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementView:
    """A service agreement (定点服务协议) and the medical categories (med_type) it covers."""

    id: int
    number: str
    med_types: frozenset[str]
    suspended: bool
    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderView:
    """A designated hospital or pharmacy on a day.

    ``kind`` 1 定点医疗机构, 2 定点零售药店; ``level`` a code of ``kernel.levels.LEVELS`` (settlement level); ``agreement`` is ``None`` where no
    agreement covers the day.
    """

    id: int
    code: str
    name: str
    kind: str
    level: str
    grade: str
    chinese_medicine: bool
    area: str
    credit_code: str
    agreement: AgreementView | None


def agreement_on(agreements: Sequence[AgreementView], day: date) -> AgreementView | None:
    """The agreement that covers the day; two of one institution never overlap."""
    for agreement in agreements:
        if day in agreement.period:
            return agreement
    return None
