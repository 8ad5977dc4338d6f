"""One helper for the pages' reads: SQL in, rows as dictionaries out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

Row = dict[str, Any]


def rows(sql: str, parameters: Mapping[str, Any]) -> list[Row]:
    """All rows of a query with named parameters."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def row(sql: str, parameters: Mapping[str, Any]) -> Row | None:
    """The first row of a query, or None."""
    found = rows(sql, parameters)
    return found[0] if found else None


def value(sql: str, parameters: Mapping[str, Any]) -> Any:
    """The one value of a query, or None when there is no row."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = cursor.fetchone()
        return found[0] if found else None
