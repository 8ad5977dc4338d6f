"""What other rooms may use of the tables."""

from tongchou.tables.core import (
    CellProblem,
    Column,
    Parser,
    Record,
    Report,
    RowError,
    choice,
    day,
    flag,
    last_day,
    price,
    ratio,
    repeated,
    text,
)
from tongchou.tables.files import import_table, read_table, template, workbook

__all__ = [
    "CellProblem",
    "Column",
    "Parser",
    "Record",
    "Report",
    "RowError",
    "choice",
    "day",
    "flag",
    "import_table",
    "last_day",
    "price",
    "ratio",
    "read_table",
    "repeated",
    "template",
    "text",
    "workbook",
]
