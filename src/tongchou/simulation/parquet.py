"""A year of claims from Parquet files, in batches, with bounded memory.

Columns: ``person`` (whole number, ascending within a file), ``year``, ``month`` where the policy counts by the month, amounts in
fen (``in_scope`` and, where they matter, ``prior_self_pay``, ``over_limit``, ``out_of_scope``), and one column per varying fact under
its name (``visit.level``): words for enumerated facts, whole numbers or booleans for others. A person is in one file only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from tongchou.simulation.core import AMOUNTS, Array, Batch, OrderError, Question, Totals, simulate

BATCH = 1 << 20


class ColumnError(ValueError):
    """A file does not have a column that is needed, or holds a value that the policy does not know."""


def simulate_files(question: Question, files: Sequence[Path], *, threads: int = 1) -> list[Totals]:
    """Run every plan over all claims of the files, several files at a time.

    Raises:
        ColumnError: a column is missing or a word is unknown to the policy; the file and column are named.
        OrderError: claims are not sorted by person, or a person is in two files.
    """
    _apart(files)
    totals = [Totals.empty(plan, question.group_count) for plan in question.plans]
    with ThreadPoolExecutor(threads) as pool:
        for part in pool.map(lambda path: simulate(question, batches(question, path)), files):
            for total, more in zip(totals, part, strict=True):
                total.merge(more)
    return totals


def batches(question: Question, path: Path) -> Iterator[Batch]:
    """The batches of one file."""
    file = pq.ParquetFile(path)
    present = set(file.schema_arrow.names)
    missing = [name for name in (*question.columns, "in_scope") if name not in present]
    if missing:
        raise ColumnError(f"{path}: 缺少列 {'、'.join(missing)} / missing columns")
    columns = [*question.columns, *(name for name in AMOUNTS if name in present)]
    words = [name for name in question.varying if pa.types.is_string(file.schema_arrow.field(name).type)]
    file = pq.ParquetFile(path, read_dictionary=words)
    for batch in file.iter_batches(batch_size=BATCH, columns=columns, use_threads=False):
        yield {name: _column(question, path, name, batch.column(name)) for name in columns}


def _column(question: Question, path: Path, name: str, column: Any) -> Array:
    if column.null_count:
        raise ColumnError(f"{path}: 列 {name} 有空值 / holds nulls")
    if pa.types.is_dictionary(column.type):
        return _codes(question, path, name, column)
    values: Array = column.to_numpy(zero_copy_only=False)
    if name in AMOUNTS:
        return values.astype(np.int64, copy=False)
    if not np.issubdtype(values.dtype, np.integer) and values.dtype != np.bool_:
        raise ColumnError(f"{path}: 列 {name} 应为整数 / must be whole numbers, not {values.dtype}")
    return values.astype(np.int8) if values.dtype == np.bool_ else values


def _codes(question: Question, path: Path, name: str, column: Any) -> Array:
    known = {word: code for code, word in enumerate(question.values(name))}
    unknown = [word for word in column.dictionary.to_pylist() if word not in known]
    if unknown:
        raise ColumnError(f"{path}: 列 {name} 的“{unknown[0]}”不在政策取值 {'、'.join(known)} 之中 / unknown word")
    table = np.array([known[word] for word in column.dictionary.to_pylist()] or [0], dtype=np.int16)
    codes: Array = table[column.indices.to_numpy(zero_copy_only=False)]
    return codes


def _apart(files: Sequence[Path]) -> None:
    """Make sure from the files' statistics that their persons do not overlap."""
    ranges = []
    for path in files:
        metadata = pq.ParquetFile(path).metadata
        if "person" not in metadata.schema.names:
            raise ColumnError(f"{path}: 缺少列 person / missing column")
        at = metadata.schema.names.index("person")
        groups = [metadata.row_group(number).column(at).statistics for number in range(metadata.num_row_groups)]
        bounds = [(group.min, group.max) for group in groups if group is not None and group.has_min_max]
        if bounds:
            ranges.append((min(low for low, _ in bounds), max(high for _, high in bounds), path))
    ranges.sort(key=lambda entry: entry[0])
    for (_, high, one), (low, _, other) in pairwise(ranges):
        if low <= high:
            raise OrderError(f"{one} 与 {other} 有相同人员 / persons {low}…{high} are in both files")
