"""Changing the data keys while the system runs: new key, every ciphertext made anew, old key forgotten.

Rooms make their encrypted columns known (``register_column``; the fields of ``control.fields`` do it by themselves). Rows
are taken and locked in batches, each in a transaction of its own and written by one statement; what running processes still
write with the old key is caught by going round until nothing is left. Reading works all the time, for both keys are there.
The same text under another key is no change of a record: the setting ``tongchou.rotating`` says so to its history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from tongchou.control import vault
from tongchou.control.actor import writing
from tongchou.control.columns import Column, columns
from tongchou.control.models import Case
from tongchou.control.rejections import CASES_WAIT

BATCH = 1_000
"""More than a statement may touch before the trail keeps one line for all of it instead of one for each row (500)."""


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
    if len(vault.keys().search) > 1:
        if Case.objects.filter(state=Case.State.PENDING).exists():
            raise CASES_WAIT()
        finish(rehash=True)  # a process that had not seen the new key yet may have written a hash under the older one
    needed = {number for column in columns() for number in usage(column)}
    return vault.retire_keys(keep=needed)


def usage(column: Column) -> dict[int, int]:
    """Key number → how many ciphertexts of the column were made with it; under 0 those rows that stand in clear."""
    sql = f"""SELECT {key_number(column)}, count(*)
              FROM {column.table} WHERE {column.cipher} IS NOT NULL AND {column.where} GROUP BY 1"""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {int(number): int(count) for number, count in cursor.fetchall()}


def any_ciphertext() -> bool:
    """Does the database hold anything that was encrypted? Asked before keys are made; tables may still be missing."""
    there = "SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema AND table_name = %s AND column_name = %s"
    with connection.cursor() as cursor:
        for column in columns():
            cursor.execute(there, [column.table, column.cipher])
            if cursor.fetchone() is None:
                continue
            cursor.execute(f"SELECT 1 FROM {column.table} WHERE {column.cipher} IS NOT NULL AND {column.where} LIMIT 1")
            if cursor.fetchone() is not None:
                return True
    return False


def key_number(column: Column) -> str:
    """SQL: the number of the key that a ciphertext was made with, 0 for a row that stands in clear."""
    # Padded: the planner may ask it of a row that ``where`` leaves out, however short that is.
    head = f"(substring({column.cipher} FOR 3) || '\\x000000'::bytea)"
    number = f"get_byte({head}, 1) * 256 + get_byte({head}, 2)"
    return f"CASE WHEN get_byte({head}, 0) = {vault.VERSION} THEN {number} ELSE 0 END" if column.plain else number


def _column(column: Column, rehash: bool) -> int:
    """Go round until a whole round finds nothing of another key. A search hash is renewed in one round over all rows."""
    changed = sum(_rewrite(column, rows) for rows in _rows(column, everything=rehash and bool(column.search)))
    while any(number != vault.keys().current for number in usage(column)):
        changed += sum(_rewrite(column, rows) for rows in _rows(column, everything=False))
    return changed


def _rows(column: Column, *, everything: bool) -> Iterator[list[tuple[Any, ...]]]:
    """The keys of the rows that need another ciphertext, batch by batch in their order."""
    current = vault.keys().current
    wanted = "true" if everything else f"{key_number(column)} <> {current}"
    names = ", ".join(column.key)
    places = ", ".join(["%s"] * len(column.key))
    last: tuple[Any, ...] | None = None
    while True:
        after = f"AND ({names}) > ({places})" if last else ""
        sql = f"""SELECT {names} FROM {column.table} WHERE {column.cipher} IS NOT NULL AND {column.where} AND {wanted} {after}
                  ORDER BY {names} LIMIT {BATCH}"""
        with connection.cursor() as cursor:
            cursor.execute(sql, list(last or ()))
            rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        last = rows[-1]


def _rewrite(column: Column, rows: Sequence[tuple[Any, ...]]) -> int:
    """Make the ciphertexts of a batch anew. The rows are locked from reading to writing: no change of others is lost."""
    names = ", ".join(column.key)
    search = f", {column.search}" if column.search else ""
    keys = ", ".join(f"%s::{kind}[]" for kind in _types(column))
    chosen = f"({names}) IN (SELECT * FROM unnest({keys}))"
    with writing(reason="更换数据密钥"), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('tongchou.rotating', 'on', true)")
        cursor.execute(
            f"""SELECT {names}, {column.cipher}{search} FROM {column.table}
                WHERE {chosen} AND {column.cipher} IS NOT NULL AND {column.where} ORDER BY {names} FOR UPDATE""",
            [list(part) for part in zip(*rows, strict=True)],
        )
        made = [each for row in cursor.fetchall() if (each := _made(column, row)) is not None]
        if made:
            hashes = ", made.hash" if column.search else ""
            into = f"({column.cipher}{search}) = ROW (made.cipher{hashes})"
            joined = " AND ".join(f"t.{name} = made.k{place}" for place, name in enumerate(column.key))
            places = ", ".join(f"k{place}" for place in range(len(column.key)))
            cursor.execute(
                f"""UPDATE {column.table} AS t SET {into}
                    FROM unnest({keys}, %s::bytea[], %s::text[]) AS made ({places}, cipher, hash) WHERE {joined}""",
                [list(part) for part in zip(*made, strict=True)],
            )
        cursor.execute("SELECT set_config('tongchou.rotating', '', true)")
    return len(made)


def _made(column: Column, row: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Key, new ciphertext and new hash of a row; nothing where both are up to date."""
    width = len(column.key)
    data = bytes(row[width])
    clear = column.plain and not vault.is_sealed(data)
    kept = data if clear else vault.decrypt_bytes(column=column.label, data=data)
    current = not clear and vault.key_of(data) == vault.keys().current
    found = vault.search_hash(column=column.label, text=kept.decode()) if column.search else None
    if current and (not column.search or row[width + 1] == found):
        return None
    return (*row[:width], vault.encrypt_bytes(column=column.label, data=kept), found)


def _types(column: Column) -> list[str]:
    """The SQL types of the key's columns."""
    sql = "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s"
    found = []
    with connection.cursor() as cursor:
        for name in column.key:
            cursor.execute(sql, [column.table, name])
            found.append(str(cursor.fetchone()[0]))
    return found
