"""The hot path's way to the database: the thread's Django connection, without the layers in between."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import connection
from psycopg.types.json import Json

_encode = msgspec.json.Encoder().encode


def run(sql: str, parameters: tuple[Any, ...] | dict[str, Any]) -> list[tuple[Any, ...]]:
    """Execute one statement (prepared on the server) and fetch all rows, on the connection Django holds for the thread."""
    connection.ensure_connection()
    raw: Any = connection.connection
    with raw.cursor() as cursor:
        cursor.execute(sql, parameters, prepare=True)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def as_json(value: Any) -> Json:
    """A parameter of type json: anything msgspec can encode, encoded once, straight to the bytes that are sent."""
    return Json(value, dumps=_encode)


def recover() -> None:
    """After a database error outside a transaction: give a broken connection up, so that the next statement gets a new one."""
    raw: Any = connection.connection
    if raw is not None and not connection.in_atomic_block and (raw.closed or raw.broken):
        connection.close()
