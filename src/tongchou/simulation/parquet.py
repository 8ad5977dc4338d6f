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

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it ships no types

from tongchou.simulation.arrow import ColumnError as ColumnError
from tongchou.simulation.arrow import batch_of, is_text, needed_columns
from tongchou.simulation.core import Batch, OrderError, Question, Totals, simulate

BATCH = 1 << 20


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
    schema = pq.read_schema(path)
    columns = needed_columns(question, schema.names, str(path))
    words = [column for column in columns.values() if is_text(schema.field(column).type)]
    file = pq.ParquetFile(path, read_dictionary=words)
    for batch in file.iter_batches(batch_size=BATCH, columns=list(columns.values()), use_threads=False):
        yield batch_of(question, batch, str(path))


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
