"""One helper for the pages' reads: SQL in, rows as dictionaries out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import connection

Row = dict[str, Any]
_JSONB = 3802
"""The type number of jsonb. Django hands such columns of a raw query over as text."""


def rows(sql: str, parameters: Mapping[str, Any]) -> list[Row]:
    """All rows of a query with named parameters."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description]
        json_at = [place for place, column in enumerate(cursor.description) if column.type_code == _JSONB]
        found = cursor.fetchall()
    if not json_at:
        return [dict(zip(names, values, strict=True)) for values in found]
    return [dict(zip(names, _decoded(values, json_at), strict=True)) for values in found]


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


def _decoded(values: tuple[Any, ...], json_at: list[int]) -> list[Any]:
    decoded = list(values)
    for place in json_at:
        if isinstance(decoded[place], str):
            decoded[place] = json.loads(decoded[place])
    return decoded
