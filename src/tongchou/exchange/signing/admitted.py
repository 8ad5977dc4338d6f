"""What a request is once it has been let in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tongchou.exchange import rejections

Headers = Mapping[bytes, bytes]


def as_it_is(answer: bytes) -> bytes:
    """An answer that is neither signed nor encrypted."""
    return answer


@dataclass(frozen=True, slots=True)
class Admitted:
    """The message in the open; whom the sender may speak for (None: anybody); how an answer (an envelope) is sealed."""

    body: bytes
    institutions: frozenset[str] | None = None
    seal: Callable[[bytes], bytes] = as_it_is

    def speaks_for(self, institution: str) -> None:
        """Check that the sender may send for an institution.

        Raises:
            Rejection: EXCH-042 the key belongs to others.
        """
        if self.institutions is not None and institution not in self.institutions:
            raise rejections.SIGNATURE_WRONG()
