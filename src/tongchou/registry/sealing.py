"""Encrypting what still stands in plain columns: the one-time work of migrations 0006 and 0007.

Batches of a transaction each; a batch that was done is not done again, so an interrupted migration goes on where it stopped.
The keys are made at the first use; where they are missing, or can't be written, the migration stops with what to do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from tongchou.control.api import encrypt, search_hash

BATCH = 1_000
PLAIN: tuple[tuple[str, str, str, str], ...] = (
    ("registry_person", "cert_no", "registry.person.cert_no", "cert_no_hash"),
    ("registry_person", "phone", "registry.person.phone", ""),
    ("registry_person", "address", "registry.person.address", ""),
    ("registry_card", "number", "registry.card.number", "number_hash"),
    ("registry_household", "address", "registry.household.address", ""),
)
"""Table, plain column, label of the ciphertext, column of the hash."""


def fill(connection: Any) -> int:
    """Encrypt every plain value that has no ciphertext yet. Returns how many."""
    return sum(_fill(connection, *each) for each in PLAIN)


def fill_history(connection: Any) -> int:
    """Take the plain values out of the history (``registry_change``) and keep them encrypted. Returns how many rows."""
    labels = {
        f"{table}.{column}": label for table, column, label, _ in PLAIN if table in ("registry_person", "registry_card")
    }
    last = done = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT id, subject, old::text, new::text FROM registry_change
                   WHERE id > %s AND subject IN ('registry_person', 'registry_card') ORDER BY id LIMIT %s""",
                [last, BATCH],
            )
            rows = cursor.fetchall()
            if not rows:
                return done
            for row in rows:
                done += _seal_change(cursor, labels, *row)
            last = rows[-1][0]


def _fill(connection: Any, table: str, column: str, label: str, hashed: str) -> int:
    done = last = 0
    more = f", {hashed} = made.hash" if hashed else ""
    while True:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('tongchou.rotating', 'on', true)")
            cursor.execute(
                f"""SELECT id, {column} FROM {table} WHERE id > %s AND {column} <> '' AND {column}_cipher IS NULL
                    ORDER BY id LIMIT {BATCH} FOR UPDATE""",
                [last],
            )
            rows = cursor.fetchall()
            if rows:
                cursor.execute(
                    f"""UPDATE {table} AS t SET {column}_cipher = made.cipher{more}
                        FROM unnest(%s::bigint[], %s::bytea[], %s::text[]) AS made (id, cipher, hash) WHERE t.id = made.id""",
                    _columns(rows, label),
                )
            cursor.execute("SELECT set_config('tongchou.rotating', '', true)")
        if not rows:
            return done
        done, last = done + len(rows), rows[-1][0]


def _columns(rows: Sequence[tuple[int, str]], label: str) -> list[Any]:
    return [
        [number for number, _ in rows],
        [encrypt(column=label, text=text) for _, text in rows],
        [search_hash(column=label, text=text) for _, text in rows],
    ]


def _seal_change(cursor: Any, labels: dict[str, str], number: int, subject: str, old: str, new: str | None) -> int:
    sides = {"old": json.loads(old), "new": json.loads(new) if new else {}}
    found = 0
    for side, values in sides.items():
        for column in [name for name in values if f"{subject}.{name}" in labels]:
            text = values.pop(column)
            found += 1
            if text:
                label = labels[f"{subject}.{column}"]
                cursor.execute(
                    "INSERT INTO registry_sealedchange (change_id, label, side, value_cipher) VALUES (%s, %s, %s, %s)",
                    [number, label, side, encrypt(column=label, text=text)],
                )
    if found:
        cursor.execute(
            "UPDATE registry_change SET old = %s, new = %s WHERE id = %s",
            [json.dumps(sides["old"]), json.dumps(sides["new"]) if new else None, number],
        )
    return bool(found)
