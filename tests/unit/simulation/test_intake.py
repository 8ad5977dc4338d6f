"""Files that users upload: yuan to fen exactly, errors by row and column, no ID numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.simulation.files import RowErrors
from tongchou.simulation.intake import take_in, template
from tongchou.simulation.parquet import ColumnError
from tongchou.simulation.service import Inputs, simulate_year

HEAD = "人员,日期,待遇,符合范围费用,全自费,人员类别,医院级别,连续缴费年数,身份标识\n"


def csv(path: Path, *rows: str, head: str = HEAD, encoding: str = "utf-8") -> Path:
    file = path / "claims.csv"
    file.write_bytes((head + "\n".join(rows) + "\n").encode(encoding))
    return file


def taken(path: Path, file: Path) -> list[dict[str, Any]]:
    take_in(file, path / "out.parquet")
    rows: list[dict[str, Any]] = pq.read_table(path / "out.parquet").to_pylist()
    return rows


def errors(path: Path, file: Path) -> list[tuple[int, str, str]]:
    with pytest.raises(RowErrors) as refused:
        take_in(file, path / "out.parquet")
    return [(error.row, error.column, error.message) for error in refused.value.errors]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_yuan_become_fen_and_persons_stand_together(tmp_path: Path, encoding: str) -> None:
    file = csv(
        tmp_path,
        "乙,2026-07-19,住院,12350.5,0.01,居民,三级,5,低保、困难",
        "甲,2026-03-05,普通门诊,86,,中小学生,一级,0,",
        "乙,2026-02-01,住院,0.29,0,居民,三级,5,",
        encoding=encoding,
    )
    rows = taken(tmp_path, file)
    assert [(row["person"], row["date"], row["in_scope"], row["out_of_scope"]) for row in rows] == [
        (1, date(2026, 2, 1), 29, 0),
        (1, date(2026, 7, 19), 1_235_050, 1),
        (2, date(2026, 3, 5), 8_600, 0),
    ]
    assert rows[1]["person.identities"] == "低保、困难"
    assert rows[2]["person.continuous_years"] == 0


def test_the_template_can_be_taken_in_and_simulated(tmp_path: Path) -> None:
    file = tmp_path / "template.csv"
    file.write_text("\ufeff" + template(), "utf-8")
    assert take_in(file, tmp_path / "out.parquet").claims == 2
    book = PolicyBook.load(default_pack_directory())
    found = simulate_year(Inputs(area="629900", scheme="390"), [tmp_path / "out.parquet"], book)
    assert found["scenarios"][0]["refusals"] == []
    assert next(row for row in found["headline"] if row["name"] == "fund")["values"][0] > 0


def test_every_bad_row_is_named(tmp_path: Path) -> None:
    file = csv(
        tmp_path,
        "1,2026-02-30,住院,1,0,居民,三级,5,",
        "1,2026-02-01,,1.234,0,居民,四级,5,",
        ",2026-02-01,住院,一百,0,居民,三级,五,",
        "1,2026-02-01,住院,-5,0,居民,三级,5,",
    )
    assert errors(tmp_path, file) == [
        (1, "date", "“2026-02-30”不是日期"),
        (2, "benefit", "没有写待遇"),
        (2, "in_scope", "“1.234”不是金额"),
        (2, "visit.level", "“四级”医院级别不认识"),
        (3, "in_scope", "“一百”不是金额"),
        (3, "person", "没有人员编号"),
        (3, "person.continuous_years", "“五”不是整数"),
        (4, "in_scope", "“-5”金额为负"),
    ]


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("人员,日期\n", "缺少列 in_scope"),
        ("人员,符合范围费用\n", "缺少列 date"),
        ("人员,日期,符合范围费用,颜色\n", "不认识的列 颜色"),
        ("人员,person,日期,符合范围费用\n", "列 person 出现了两次"),
    ],
)
def test_heads_that_do_not_fit(tmp_path: Path, head: str, says: str) -> None:
    with pytest.raises(ColumnError, match=says):
        take_in(csv(tmp_path, ",".join("1" for _ in head.split(",")), head=head), tmp_path / "out.parquet")


def test_no_rows_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="没有数据"):
        take_in(csv(tmp_path, head=HEAD.strip()), tmp_path / "out.parquet")
    picture = tmp_path / "a.parquet"
    picture.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(ColumnError, match="已损坏"):
        take_in(picture, tmp_path / "out.parquet")


def test_id_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="身份证号码"):
        take_in(csv(tmp_path, "11010519491231002X,2026-02-01,住院,1,0,居民,三级,5,"), tmp_path / "out.parquet")


def test_a_small_file_that_stands_for_far_too_much_is_refused(tmp_path: Path) -> None:
    many, wordy = tmp_path / "a.parquet", tmp_path / "b.parquet"
    column = pa.array([1], pa.int64()).take(pa.array([0] * 1_000_000))
    with pq.ParquetWriter(
        many, pa.schema([("person", pa.int64()), ("year", pa.int64()), ("in_scope", pa.int64())])
    ) as out:
        for _ in range(4):
            out.write_table(pa.table({"person": column, "year": column, "in_scope": column}))
    assert many.stat().st_size < 100_000
    with pytest.raises(ColumnError, match="超过3,000,000行"):
        take_in(many, tmp_path / "out.parquet")
    words = pa.array(["长" * 5_000] * 1_000)
    numbers = pa.array([1] * 1_000)
    pq.write_table(pa.table({"person": numbers, "year": numbers, "in_scope": numbers, "benefit": words}), wordy)
    with pytest.raises(ColumnError, match="超过200字"):
        take_in(wordy, tmp_path / "out.parquet")


def test_parquet_in_fen_and_in_decimals(tmp_path: Path) -> None:
    base = {"person": [2, 1], "date": [date(2026, 1, 1)] * 2, "benefit": ["住院"] * 2}
    fen, yuan, rough = tmp_path / "a.parquet", tmp_path / "b.parquet", tmp_path / "c.parquet"
    pq.write_table(pa.table(base | {"in_scope": [500, 700]}), fen)
    pq.write_table(
        pa.table(base | {"in_scope": pa.array([Decimal("5.00"), Decimal("7.00")], pa.decimal128(10, 2))}), yuan
    )
    pq.write_table(pa.table(base | {"in_scope": [5.0, 7.0]}), rough)
    assert (
        [row["in_scope"] for row in taken(tmp_path, fen)]
        == [700, 500]
        == [row["in_scope"] for row in taken(tmp_path, yuan)]
    )
    with pytest.raises(ColumnError, match="浮点数"):
        take_in(rough, tmp_path / "out.parquet")
