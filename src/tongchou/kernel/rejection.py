"""Business rejections as data: a code, a Chinese message, an English message, the remedy, the field.

A rejection is an anticipated answer ("this person is not entitled on that day"), not a bug. Each room declares its
kinds in its own ``rejections.py`` with :func:`kind`; together they are the catalogue from which ``docs/errors.md`` is
generated. All other exceptions are bugs: logged with context, never swallowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CATALOGUE: Final[dict[str, RejectionKind]] = {}
"""Every declared kind by code. Filled when the rooms' ``rejections`` modules are imported."""


@dataclass(frozen=True, slots=True)
class RejectionKind:
    """One row of the catalogue of rejections.

    ``zh``, ``en`` and ``remedy`` are ``str.format`` templates over the details given when it is raised. ``remedy`` is
    Chinese and says what the reader can do now. ``field`` is the wire or form field it usually concerns, or empty.
    """

    code: str
    zh: str
    en: str
    remedy: str
    field: str = ""

    def __call__(self, *, field: str | None = None, **details: object) -> Rejection:
        """Make the rejection to raise: ``raise NOT_ENTITLED(psn_no="…", day="…")``."""
        return Rejection(self, field=self.field if field is None else field, details=details)


class Rejection(Exception):
    """Raised to refuse a request for a business reason. Nothing is written when it leaves a service."""

    def __init__(self, kind: RejectionKind, *, field: str = "", details: dict[str, object] | None = None) -> None:
        self.kind = kind
        self.field = field
        self.details = details or {}
        super().__init__(f"{kind.code} {self.message}")

    @property
    def code(self) -> str:
        """The catalogue code, for example ``SETL-003``."""
        return self.kind.code

    @property
    def message(self) -> str:
        """The Chinese message with its details filled in."""
        return self.kind.zh.format_map(self.details)

    @property
    def message_en(self) -> str:
        """The English message with its details filled in."""
        return self.kind.en.format_map(self.details)

    @property
    def remedy(self) -> str:
        """What to do now, in Chinese."""
        return self.kind.remedy.format_map(self.details)

    @property
    def told(self) -> str:
        """Message and remedy as two sentences, for whoever reads them in running text."""
        return f"{self.message}。{self.remedy}。"


def kind(code: str, *, zh: str, en: str, remedy: str, field: str = "") -> RejectionKind:
    """Declare a rejection kind and enter it in the catalogue.

    Args:
        code: room prefix and three digits, for example ``SETL-003``; never reused.

    Raises:
        ValueError: the code is already taken.
    """
    if code in CATALOGUE:
        raise ValueError(f"rejection code declared twice: {code}")
    entry = RejectionKind(code=code, zh=zh, en=en, remedy=remedy, field=field)
    CATALOGUE[code] = entry
    return entry
