"""Changing the data keys while the system runs: new key, every ciphertext made anew, old key forgotten.

Rooms register their encrypted columns (``register_column``). Rows are taken and locked in small batches, each in a transaction
of its own; what running processes still write with the old key is caught by going round until nothing is left. Reading works all the time, for both keys are there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from tongchou.control import vault
from tongchou.control.models import Case
from tongchou.control.rejections import CASES_WAIT

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """An encrypted column: its table, its label in the ciphertext, and the column of its search hash if it has one."""

    table: str
    cipher: str
    label: str
    search: str = ""


_columns: dict[str, Column] = {}


def register_column(column: Column) -> None:
    """Make an encrypted column known to rotation. Called when a room starts; twice is the same as once."""
    _columns[column.label] = column


def columns() -> list[Column]:
    """Every registered column."""
    return [_columns[label] for label in sorted(_columns)]


def rotate(*, cipher: str | None = None, new_search_key: bool = False) -> tuple[int, int]:
    """Make a new key current and bring every ciphertext (and search hash) to it. Returns its number and the rows changed.

    The old keys stay until :func:`forget_old_keys`; interrupted, it goes on where it stopped (:func:`finish`).

    Raises:
        RuntimeError: the keys come from the environment.
        ValueError: no such cipher.
    """
    number = vault.add_key(cipher=cipher, new_search_key=new_search_key)
    return number, finish(rehash=new_search_key)


def finish(*, rehash: bool = False) -> int:
    """Bring every ciphertext to the current key. Returns how many rows were changed."""
    return sum(_column(column, rehash) for column in columns())


def forget_old_keys() -> list[int]:
    """Drop the keys that no ciphertext needs any more. Returns their numbers.

    Raises:
        Rejection: CTRL-052 a case waits that was handed in under the older search key.
    """
    if len(vault.keys().search) > 1 and Case.objects.filter(state=Case.State.PENDING).exists():
        raise CASES_WAIT()
    needed = {number for column in columns() for number in usage(column)}
    return vault.retire_keys(keep=needed)


def usage(column: Column) -> dict[int, int]:
    """Key number → how many ciphertexts of the column were made with it."""
    sql = f"""SELECT get_byte({column.cipher}, 1) * 256 + get_byte({column.cipher}, 2), count(*)
              FROM {column.table} WHERE {column.cipher} IS NOT NULL GROUP BY 1"""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {int(number): int(count) for number, count in cursor.fetchall()}


def _column(column: Column, rehash: bool) -> int:
    """Go round until a whole round finds nothing of another key. A search hash is renewed in one round over all rows."""
    changed = sum(_rewrite(column, rows) for rows in _rows(column, everything=rehash and bool(column.search)))
    while any(number != vault.keys().current for number in usage(column)):
        changed += sum(_rewrite(column, rows) for rows in _rows(column, everything=False))
    return changed


def _rows(column: Column, *, everything: bool) -> Iterator[list[int]]:
    last = 0
    current = vault.keys().current
    wanted = (
        "" if everything else f" AND get_byte({column.cipher}, 1) * 256 + get_byte({column.cipher}, 2) <> {current}"
    )
    sql = f"""SELECT id FROM {column.table}
              WHERE id > %s AND {column.cipher} IS NOT NULL{wanted} ORDER BY id LIMIT {BATCH}"""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(sql, [last])
            rows = [int(row_id) for (row_id,) in cursor.fetchall()]
        if not rows:
            return
        yield rows
        last = rows[-1]


def _rewrite(column: Column, rows: list[int]) -> int:
    """Make the ciphertexts of a batch anew. The rows are locked from reading to writing: no change of others is lost."""
    sets = f"{column.cipher} = %s" + (f", {column.search} = %s" if column.search else "")
    locked = f"SELECT id, {column.cipher} FROM {column.table} WHERE id = ANY(%s) AND {column.cipher} IS NOT NULL ORDER BY id FOR UPDATE"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(locked, [rows])
        found = [(int(row_id), bytes(data)) for row_id, data in cursor.fetchall()]
        for row_id, data in found:
            text = vault.decrypt(column=column.label, data=data)
            made = vault.encrypt(column=column.label, text=text)
            search = [vault.search_hash(column=column.label, text=text)] if column.search else []
            cursor.execute(f"UPDATE {column.table} SET {sets} WHERE id = %s", [made, *search, row_id])
    return len(found)
