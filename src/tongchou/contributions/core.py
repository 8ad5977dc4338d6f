"""Pure views and rules of contributions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tongchou.kernel.period import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementView:
    """Days on which the benefits of a scheme may be enjoyed, and since when contributions run without a break."""

    id: int
    scheme: str
    period: Period
    continuous_since: date
    basis: str
