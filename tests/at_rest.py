"""What a thief of the database would read: every row of every table as text, files and packed bytes unpacked."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tongchou.kernel.identifiers import parse_id_number

ID_SHAPE = re.compile(rb"(?<![0-9a-fA-F])\d{17}[\dXx](?![0-9a-fA-F])")
HEX = re.compile(rb"\\\\?x((?:[0-9a-f]{2}){8,})")
BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")


def rows_of_everything(cursor: Any) -> Iterator[tuple[str, bytes]]:
    """Table and the text of a row, for every table that holds data."""
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    for (table,) in cursor.fetchall():
        cursor.execute(f'SELECT t::text FROM "{table}" t')
        for (text,) in cursor.fetchall():
            yield table, text.encode()


def layers(text: bytes) -> Iterator[bytes]:
    """The text, and what its hexadecimal, base64 and deflated parts say."""
    yield text
    for found in HEX.findall(text):
        raw = bytes.fromhex(found.decode())
        yield raw
        for start in (0, 1):
            try:
                yield zlib.decompress(raw[start:])
            except zlib.error:
                continue
    for found in BASE64.findall(text):
        try:
            yield base64.b64decode(found + b"=" * (-len(found) % 4))
        except ValueError:
            continue


def id_numbers(text: bytes) -> set[str]:
    """Every valid citizen ID number in it (area, birth date, check character), in whatever wrapping."""
    return {number for layer in layers(text) for number in _plain_numbers(layer)}


def _plain_numbers(layer: bytes) -> Iterator[str]:
    for found in ID_SHAPE.findall(layer):
        try:
            number = parse_id_number(found.decode())
        except ValueError:
            continue
        if number.birth_date <= datetime.now(UTC).date():  # other numbers of 18 digits speak of centuries to come
            yield number.text
