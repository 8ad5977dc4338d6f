"""The claims that all engines compute, as columns of a file; no engine and nothing of ours is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Claims(NamedTuple):
    """One entry per claim: eligible cost in fen (whole numbers as float64), level 0 … 2, student 0 or 1, years, poor or not."""

    amount: Any
    level: Any
    student: Any
    years: Any
    poor: Any

    def write(self, path: Path) -> None:
        """Write the columns to a file."""
        np.savez(path, **self._asdict())

    @classmethod
    def read(cls, path: Path) -> Claims:
        """Read what :meth:`write` wrote."""
        with np.load(path) as columns:
            return cls(*(columns[name] for name in cls._fields))
