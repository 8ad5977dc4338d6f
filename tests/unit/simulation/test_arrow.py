"""Sums over Arrow record batches, as Spark's mapInArrow gives them: the totals are those of the files, however they are cut."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.simulation.test_simulation import question, write, year_of_claims
from tongchou.simulation.arrow import SUMS, ColumnError, sums_of, totals_of
from tongchou.simulation.core import OrderError
from tongchou.simulation.parquet import simulate_files


def rows_of(batches: list[pa.RecordBatch]) -> list[tuple[int, int, str, int]]:
    return [tuple(row.values()) for batch in batches for row in batch.to_pylist()]


@pytest.mark.requirement("R0.49")
def test_partitions_give_the_totals_of_the_files(tmp_path: Path) -> None:
    """Persons fall into partitions at random; a partition comes in batches of three claims, words as plain strings."""
    path = write(tmp_path / "a.parquet", year_of_claims(120, seed=5))
    table, chance = pq.read_table(path), random.Random(2)
    owner = {person: chance.randrange(4) for person in set(table["person"].to_pylist())}
    partitions = [
        table.filter([owner[person] == number for person in table["person"].to_pylist()]) for number in range(5)
    ]
    found = [batch for part in partitions for batch in sums_of(question(), part.to_batches(max_chunksize=3))]
    assert all(batch.schema == SUMS for batch in found)
    assert totals_of(question(), rows_of(found)) == simulate_files(question(), [path])


def test_a_question_travels_to_other_processes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", year_of_claims(30))
    sent = pickle.loads(pickle.dumps(question()))  # noqa: S301 - our own bytes
    assert sent.plans[0].id == question().plans[0].id
    assert sent.plans[0].source == question().plans[0].source
    assert simulate_files(sent, [path]) == simulate_files(question(), [path])


def test_an_empty_partition_gives_an_empty_batch() -> None:
    (batch,) = sums_of(question(), iter([]))
    assert batch.num_rows == 0
    assert batch.schema == SUMS


def test_what_is_wrong_with_a_partition_is_said(tmp_path: Path) -> None:
    table = pq.read_table(write(tmp_path / "a.parquet", year_of_claims(3)))
    with pytest.raises(ColumnError, match="缺少列 year"):
        list(sums_of(question(), table.drop_columns(["year"]).to_batches()))
    with pytest.raises(OrderError):
        list(sums_of(question(), table.take(list(range(len(table)))[::-1]).to_batches()))
    fractions = table.set_column(table.schema.get_field_index("in_scope"), "in_scope", pa.array([0.5] * len(table)))
    with pytest.raises(ColumnError, match="in_scope 应为整数"):
        list(sums_of(question(), fractions.to_batches()))
