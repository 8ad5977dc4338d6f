"""Which columns of the database are encrypted: what rotation, the doctor and the making of keys go by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """An encrypted column: its table and key, its label in the ciphertext, the column of its search hash if it has one.

    ``where`` narrows the rows (SQL) where one column holds the ciphertexts of several labels. ``plain``: rows from before
    encryption may stand in clear; they begin with another byte than a ciphertext, are read as they are, and rotation encrypts
    them.
    """

    table: str
    cipher: str
    label: str
    search: str = ""
    key: tuple[str, ...] = ("id",)
    where: str = "true"
    plain: bool = False

    @property
    def name(self) -> str:
        """What people call it: the label, and the table where it is another's."""
        own = self.where == "true" or self.label.startswith(self.table.replace("_", ".", 1))
        return self.label if own else f"{self.label} ({self.table})"


_columns: dict[tuple[str, str, str], Column] = {}


def register_column(column: Column) -> None:
    """Make an encrypted column known to rotation. Called when a room starts; twice is the same as once."""
    _columns[column.label, column.table, column.cipher] = column


def columns() -> list[Column]:
    """Every registered column."""
    return [_columns[key] for key in sorted(_columns)]
