"""The same sums under Spark, in local mode: ``pip install 'tongchou[spark]'`` and a Java runtime; otherwise left out."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.simulation.test_simulation import question, write, year_of_claims
from tongchou.simulation.arrow import SPARK_SUMS, sums_of, totals_of
from tongchou.simulation.parquet import simulate_files

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs a Java runtime")]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Spark in this process with two workers, which use this Python."""
    pyspark = pytest.importorskip("pyspark.sql", reason="PySpark is not installed: pip install 'tongchou[spark]'")
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    session = (
        pyspark.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.mark.requirement("R0.49")
def test_spark_gives_the_same_totals(spark: Any, tmp_path: Path) -> None:
    """Claims from Parquet, put into an order of their own, shared out by person over four partitions."""
    claims = year_of_claims(300, seed=9)
    path = write(tmp_path / "claims.parquet", claims)
    table = pq.read_table(path)
    numbered = table.append_column("no", pa.array(range(len(table))))
    pq.write_table(numbered.sort_by([("in_scope", "ascending")]), tmp_path / "shuffled.parquet")
    frame = spark.read.parquet(str(tmp_path / "shuffled.parquet"))
    sums = (
        frame.toDF(*(name.replace(".", "_") for name in frame.columns))
        .repartition(4, "person")
        .sortWithinPartitions("person", "no")
        .mapInArrow(partial(sums_of, question()), SPARK_SUMS)
        .groupBy("plan", "part", "what")
        .sum("amount")
    )
    found = totals_of(question(), [tuple(row) for row in sums.collect()])
    assert found == simulate_files(question(), [path])
    assert found[0].claims == len(claims)
    assert sum(found[0].layer_sums().values()) > 0
