"""Claims as Arrow record batches → exact sums as Arrow record batches, wherever the batches come from.

``partial(sums_of, question)`` is what Spark's ``mapInArrow`` asks for: an iterator of record batches in, an iterator of record
batches out. Every partition gives its own sums, which Spark adds up; :func:`totals_of` reads them back. A question may be sent
to other processes: its plans travel as what they were compiled from and are compiled where they arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

from tongchou.simulation.core import AMOUNTS, Array, Batch, Question, Totals, simulate

SUMS = pa.schema([("plan", pa.int32()), ("part", pa.int32()), ("what", pa.string()), ("amount", pa.int64())])
"""One row per plan (its number in the question), group (its number, see ``Question.group_names``) and sum."""
SPARK_SUMS = "plan int, part int, what string, amount bigint"
"""The same in Spark's words. ``what`` is ``paid:<layer>`` in fen, ``refused`` or ``claims``, which has no group (part 0)."""


class ColumnError(ValueError):
    """A column is missing, or holds a value that the policy does not know."""


def sums_of(question: Question, batches: Iterable[Any]) -> Iterator[Any]:
    """The sums over record batches whose persons ascend and whose persons are in no other partition.

    Args:
        batches: ``pyarrow.RecordBatch`` with the columns of ``docs/simulation.md``.

    Yields:
        Record batches of :data:`SUMS`; sums of zero are left out.

    Raises:
        ColumnError: a column is missing or holds what the policy does not know.
        OrderError: the persons do not ascend.
    """
    for number, total in enumerate(simulate(question, (batch_of(question, batch, "Arrow") for batch in batches))):
        rows = [
            (number, group, f"paid:{layer}", amount)
            for group, row in enumerate(total.paid)
            for layer, amount in zip(total.layers, row, strict=True)
        ]
        rows += [(number, group, "refused", count) for group, count in enumerate(total.refused)]
        rows.append((number, 0, "claims", total.claims))
        columns = list(zip(*(row for row in rows if row[3]), strict=True)) or [(), (), (), ()]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, SUMS, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=SUMS)


def totals_of(question: Question, rows: Iterable[tuple[int, int, str, int]]) -> list[Totals]:
    """Totals from rows of :data:`SUMS`, of one partition or of many; rows of the same sum are added."""
    totals = [Totals.empty(plan, question.group_count) for plan in question.plans]
    for number, group, what, amount in rows:
        total, (kind, _, layer) = totals[number], what.partition(":")
        if kind == "paid":
            total.paid[group][total.layers.index(layer)] += amount
        elif kind == "refused":
            total.refused[group] += amount
        else:
            total.claims += amount
    return totals


def needed_columns(question: Question, present: Iterable[str], where: str) -> dict[str, str]:
    """For each column to read, amounts that there are included, the name under which it stands.

    A fact may stand under its name with an underscore (``visit_level``), since Spark takes no names with dots.

    Raises:
        ColumnError: one is missing; ``where`` says in which file or batch.
    """
    there = set(present)
    wanted = [*question.columns, "in_scope", *(name for name in AMOUNTS if name in there)]
    found = {name: name if name in there else name.replace(".", "_") for name in wanted}
    missing = [name for name, column in found.items() if column not in there]
    if missing:
        raise ColumnError(f"{where}: 缺少列 {'、'.join(missing)} / missing columns")
    return found


def batch_of(question: Question, batch: Any, where: str) -> Batch:
    """The columns of a record batch as arrays, words as their codes.

    Raises:
        ColumnError: as :func:`needed_columns`; a null, a fraction, or a word that the policy does not know.
    """
    names = batch.schema.names
    columns = needed_columns(question, names, where)
    return {name: _column(question, where, name, batch.column(names.index(at))) for name, at in columns.items()}


def _column(question: Question, where: str, name: str, column: Any) -> Array:
    if column.null_count:
        raise ColumnError(f"{where}: 列 {name} 有空值 / holds nulls")
    if is_text(column.type):
        column = column.dictionary_encode()
    if pa.types.is_dictionary(column.type):
        return _codes(question, where, name, column)
    values: Array = column.to_numpy(zero_copy_only=False)
    if not np.issubdtype(values.dtype, np.integer) and values.dtype != np.bool_:
        raise ColumnError(f"{where}: 列 {name} 应为整数 / must be whole numbers, not {values.dtype}")
    if name in AMOUNTS:
        return values.astype(np.int64, copy=False)
    return values.astype(np.int8) if values.dtype == np.bool_ else values


def is_text(kind: Any) -> bool:
    """Whether a column of this type holds words."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _codes(question: Question, where: str, name: str, column: Any) -> Array:
    known = {word: code for code, word in enumerate(question.values(name))}
    words = column.dictionary.to_pylist()
    unknown = [word for word in words if word not in known]
    if unknown:
        raise ColumnError(f"{where}: 列 {name} 的“{unknown[0]}”不在政策取值 {'、'.join(known)} 之中 / unknown word")
    table = np.array([known[word] for word in words] or [0], dtype=np.int16)
    codes: Array = table[column.indices.to_numpy(zero_copy_only=False)]
    return codes
