"""Chinese words for the parts of a result: groupings, bands, names of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

GROUPINGS = {
    "fund": "基金",
    "layer": "待遇层",
    "benefit": "待遇",
    "class": "人员类别",
    "level": "医院级别",
    "month": "月份",
}


def grouping_titles() -> dict[str, str]:
    """Name of a grouping → its title."""
    return dict(GROUPINGS)


def row_name(grouping: str, name: Sequence[str], found: Mapping[str, Any]) -> str:
    """What a row of an outlay table is called."""
    if grouping == "fund":
        return str(found["funds"].get(name[0], name[0]))
    return " · ".join(name)


def band_text(over: int | None, upto: int | None) -> str:
    """A band of yuan: ``0``, ``100以内``, ``100–500``, ``30000以上``."""
    if over is None:
        return "0"
    low = f"{over // 100:,}"
    if upto is None:
        return f"{low}元以上"
    return f"{upto // 100:,}元以内" if not over else f"{low}–{upto // 100:,}元"


def short_band(over: int | None, upto: int | None) -> str:
    """A band under a column: ``0``, ``≤500``, ``≤1万``, ``>5万``."""
    if over is None:
        return "0"
    return f">{_short(over)}" if upto is None else f"≤{_short(upto)}"


def _short(fen: int) -> str:
    yuan = fen // 100
    return f"{yuan // 10_000}万" if yuan >= 10_000 and yuan % 10_000 == 0 else str(yuan)


def bands_of(distribution: Mapping[str, Any]) -> list[tuple[str, list[int]]]:
    """The histogram's bands in words, with their counts."""
    return [(band_text(band["over"], band["upto"]), list(band["values"])) for band in distribution["bands"]]
