"""What a check of a live database found (`tongchou doctor`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One violated invariant.

    ``number`` is the invariant's stable number (``L1``, ``S3`` …), ``what`` says in Chinese what was found where,
    ``remedy`` what to do now.
    """

    number: str
    severity: Severity
    what: str
    remedy: str
