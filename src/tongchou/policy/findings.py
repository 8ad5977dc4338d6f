"""What the reader and the checker find in a pack: data, collected, never one at a time.

A finding names the file and line, the article that is concerned, what is wrong and how to mend it, in Chinese, because
a policy officer reads it beside the document.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong in a pack, or that is odd in the document and acknowledged by the pack.

    ``severity`` is ``"error"`` (the pack cannot be used), ``"notice"`` (it can; most likely somebody slipped) or
    ``"acknowledged"`` (the law itself has the oddity; the pack says so with a note).
    """

    file: str
    line: int
    article: str
    message: str
    remedy: str
    severity: str = "error"

    def text(self) -> str:
        """One line for a terminal: place, article, message, remedy."""
        article = f"〔{self.article}〕" if self.article else ""
        mark = {"error": "", "notice": "(提示)"}.get(self.severity, "(已确认)")
        line = f"{self.line}:" if self.line else ""
        place = f"{self.file}:{line} " if self.file else ""
        return f"{place}{mark}{article}{self.message}。{self.remedy}"


class PolicyErrors(Exception):
    """A pack directory cannot be used; ``findings`` says why, place by place.

    The remedy of each finding says what to change. Raised by loading and by compiling, never by evaluating.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(set(findings)))
        super().__init__("\n".join(finding.text() for finding in self.findings))
