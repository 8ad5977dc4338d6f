"""Bulk loading by COPY, for first loads and large imports. Constraints of the tables hold as always.

Rows come with plain values; what the tables keep encrypted is encrypted here, on its way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import connection

from tongchou.control.api import Sealer

PERSON_COLUMNS = (
    "id",
    "number",
    "cert_type",
    "cert_no",
    "name",
    "sex",
    "ethnicity",
    "birth_date",
    "death_date",
    "phone",
    "address",
    "area_id",
    "household_id",
    "created_at",
)
CARD_COLUMNS = ("person_id", "kind", "number", "serial", "active", "issued_on", "lost_at")
ENROLMENT_COLUMNS = (
    "person_id",
    "scheme",
    "person_type",
    "area_id",
    "employer_id",
    "civil_servant",
    "flexible",
    "status",
    "period",
)
IDENTITY_COLUMNS = ("person_id", "kind", "level", "memo", "period")
DISEASE_COLUMNS = ("person_id", "disease_code", "disease_name", "period")
HOUSEHOLD_COLUMNS = ("id", "number", "area_id", "address")
EMPLOYER_COLUMNS = ("id", "number", "credit_code", "name", "kind", "area_id", "address", "phone")
AREA_COLUMNS = ("code", "name", "parent_id", "pooling_area")

_SEQUENCED = {
    "persons": "registry_person_id_seq",
    "households": "registry_household_id_seq",
    "employers": "registry_employer_id_seq",
}


def day_range(start: date, end: date | None) -> str:
    """A half-open range of days in the text form that COPY reads; ``None`` is an open end."""
    return f"[{start.isoformat()},{'' if end is None else end.isoformat()})"


def copy_rows(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Stream rows into a table by COPY in text form, in constant memory.

    Args:
        cursor: Django's cursor.
        rows: values in the order of ``columns``; ``None`` is NULL; ranges as :func:`day_range`.

    Returns:
        Number of rows.
    """
    count = 0
    # Django translates psycopg's errors for execute(), not for copy().
    with cursor.db.wrap_database_errors, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


@contextmanager
def exclusions_checked_at_end(*tables: str) -> Iterator[None]:
    """Set the exclusion constraints of tables aside for a first load; at the end they are built anew and check all rows.

    Building them once is ten times as fast as keeping them row by row (measured). Takes the tables exclusively until the
    end of the transaction, in which it must run.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE contype = 'x' AND conrelid = ANY (%s::regclass[]) ORDER BY 1, 2
            """,
            [list(tables)],
        )
        constraints = cursor.fetchall()
        for table, name, _ in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    with connection.cursor() as cursor:
        for table, name, definition in constraints:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def reserve_ids(*, kind: str, count: int) -> range:
    """Take ``count`` consecutive ids for rows that are to be loaded.

    Args:
        kind: ``persons``, ``households`` or ``employers``.
    """
    sequence = _SEQUENCED[kind]
    with connection.cursor() as cursor:
        # The lock keeps another loader from taking numbers between reading and setting.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [sequence])
        cursor.execute(f"SELECT setval('{sequence}', nextval('{sequence}') + %s::bigint)", [count])
        (last,) = cursor.fetchone()
    return range(last - count, last)


def advance_numbers(*, persons: int, employers: int) -> None:
    """Move the series of person and unit numbers beyond numbers that a bulk load has used."""
    with connection.cursor() as cursor:
        for series, used in (("registry_person_number", persons), ("registry_employer_number", employers)):
            cursor.execute(
                f"SELECT setval('{series}', greatest(%s::bigint, (SELECT last_value FROM {series})))", [used]
            )


def load_areas(rows: Iterable[tuple[object, ...]]) -> int:
    """Load administrative areas, parents first (``AREA_COLUMNS``)."""
    return _load("registry_area", AREA_COLUMNS, rows)


def load_employers(rows: Iterable[tuple[object, ...]]) -> int:
    """Load employers (``EMPLOYER_COLUMNS``)."""
    return _load("registry_employer", EMPLOYER_COLUMNS, rows)


def load_households(rows: Iterable[tuple[object, ...]]) -> int:
    """Load households (``HOUSEHOLD_COLUMNS``)."""
    return _load_sealed("registry_household", HOUSEHOLD_COLUMNS, rows, sealed=("address",))


def load_persons(rows: Iterable[tuple[object, ...]]) -> int:
    """Load persons (``PERSON_COLUMNS``; ids from :func:`reserve_ids`)."""
    return _load_sealed(
        "registry_person", PERSON_COLUMNS, rows, sealed=("cert_no", "phone", "address"), hashed="cert_no"
    )


def load_cards(rows: Iterable[tuple[object, ...]]) -> int:
    """Load cards and e-credentials (``CARD_COLUMNS``)."""
    return _load_sealed("registry_card", CARD_COLUMNS, rows, sealed=("number",), hashed="number")


def load_enrolments(rows: Iterable[tuple[object, ...]]) -> int:
    """Load enrolments (``ENROLMENT_COLUMNS``)."""
    return _load("registry_enrolment", ENROLMENT_COLUMNS, rows)


def load_identities(rows: Iterable[tuple[object, ...]]) -> int:
    """Load identity classes (``IDENTITY_COLUMNS``)."""
    return _load("registry_identityclass", IDENTITY_COLUMNS, rows)


def load_diseases(rows: Iterable[tuple[object, ...]]) -> int:
    """Load disease certificates (``DISEASE_COLUMNS``)."""
    return _load("registry_diseasecertificate", DISEASE_COLUMNS, rows)


def _load(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    with connection.cursor() as cursor:
        return copy_rows(cursor, table, columns, rows)


def _load_sealed(
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[object, ...]],
    *,
    sealed: Sequence[str],
    hashed: str = "",
) -> int:
    """Load rows, the values of ``sealed`` columns as ciphertexts, that of ``hashed`` also as the keyed hash it is found by."""
    names = [f"{name}_cipher" if name in sealed else name for name in columns]
    if hashed:
        names.append(f"{hashed}_hash")
    label = table.replace("_", ".", 1)
    sealers = [(columns.index(name), Sealer(f"{label}.{name}")) for name in sealed]
    found = (columns.index(hashed), Sealer(f"{label}.{hashed}")) if hashed else None

    def ready() -> Iterator[list[object]]:
        for row in rows:
            values = list(row)
            if found is not None:
                values.append(found[1].hash(str(row[found[0]])))
            for place, sealer in sealers:
                values[place] = sealer.seal(str(row[place])) if row[place] else None
            yield values

    return _load(table, names, ready())
