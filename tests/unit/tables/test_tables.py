"""Tables that people send us: typed cells, every error with its row and column, Excel and CSV alike."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest
from openpyxl import Workbook, load_workbook

from tongchou.kernel.rejection import Rejection
from tongchou.tables import api

COLUMNS = (
    api.Column(name="code", title="编码", parse=api.text(5), required=True, example="A1"),
    api.Column(name="kind", title="类别", parse=api.choice({"01": "甲类", "02": "乙类"}, default="01")),
    api.Column(name="share", title="比例", parse=api.ratio),
    api.Column(name="limit", title="限价", parse=api.price),
    api.Column(name="start", title="开始日期", parse=api.day),
    api.Column(name="end", title="终止日期", parse=api.last_day),
    api.Column(name="special", title="特项", parse=api.flag),
)
HEADER = "编码,类别,比例,限价,开始日期,终止日期,特项"


def csv(*lines: str, encoding: str = "utf-8-sig") -> tuple[list[api.Record], list[api.RowError]]:
    content = "\r\n".join((HEADER, *lines)).encode(encoding)
    return api.read_table(content=content, filename="x.csv", columns=COLUMNS)


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER.split(","))
    for row in rows:
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


EXPECTED = {
    "code": "A1",
    "kind": "02",
    "share": 1_000,
    "limit": 12_500_000,
    "start": date(2026, 1, 1),
    "end": date(2027, 1, 1),  # the last day as written is 2026-12-31, our periods end on the day after
    "special": True,
}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030"])
def test_csv_in_the_encodings_that_excel_writes(encoding: str) -> None:
    records, errors = csv("A1,乙类,10%,12.5,2026-01-01,2026/12/31,是", encoding=encoding)
    assert errors == []
    assert records[0].values == EXPECTED


@pytest.mark.parametrize(
    "row",
    [
        ("A1", "02", "10%", "12.5", "2026-01-01", "20261231", "是"),
        ("A1", 2, 0.1, 12.5, datetime(2026, 1, 1), datetime(2026, 12, 31), True),  # noqa: DTZ001
        ("A1", "乙类", "0.1", 12.5, date(2026, 1, 1), "2026年12月31日", 1),
    ],
)
def test_excel_with_text_and_with_real_cells(row: tuple[object, ...]) -> None:
    records, errors = api.read_table(content=workbook(row), filename="x.xlsx", columns=COLUMNS)
    assert errors == []
    assert records[0].values == EXPECTED


def test_prices_and_ratios_from_excel_are_exact() -> None:
    rows = [("A1", "", share, price) for share, price in ((0.29, 0.1), (0.0007, 1.005), (0.57, 8.37))]
    records, errors = api.read_table(content=workbook(*rows), filename="x.xlsx", columns=COLUMNS)
    assert errors == []
    assert [(r["share"], r["limit"]) for r in records] == [(2_900, 100_000), (7, 1_005_000), (5_700, 8_370_000)]


def test_every_wrong_cell_is_reported_with_its_place_and_a_remedy() -> None:
    _, errors = csv("A1,丁类,1.5,-1,2026-02-30,x,也许", "", ",,,,,,", "TOOLONG,甲类,0.00001,1,,,")
    assert [(error.row, error.column) for error in errors] == [
        (2, "类别"),
        (2, "比例"),
        (2, "限价"),
        (2, "开始日期"),
        (2, "终止日期"),
        (2, "特项"),
        (5, "编码"),
        (5, "比例"),
    ]
    assert all(error.message and error.remedy for error in errors)
    assert "第 2 行“类别”" in str(errors[0])


def test_required_cells_and_defaults() -> None:
    records, errors = csv(",甲类,,,,,", "A2,,,,,,")
    assert [(error.row, error.message) for error in errors] == [(2, "不能为空")]
    assert (records[1]["kind"], records[1]["share"], records[1]["end"], records[1]["special"]) == (
        "01",
        None,
        None,
        False,
    )


@pytest.mark.parametrize(
    ("content", "filename", "code"),
    [
        (b"PK\x03\x04 broken", "x.xlsx", "TABL-001"),
        ("比例,限价\n1,2".encode(), "x.csv", "TABL-002"),
        ("编码\n".encode(), "x.csv", "TABL-003"),
        (b"", "x.csv", "TABL-003"),
        (b"\xff\xff\xff\xff", "x.csv", "TABL-001"),
    ],
)
def test_files_that_can_t_be_used_say_why(content: bytes, filename: str, code: str) -> None:
    with pytest.raises(Rejection) as refused:
        api.read_table(content=content, filename=filename, columns=COLUMNS)
    assert refused.value.code == code
    assert refused.value.remedy


def test_nothing_is_written_when_a_cell_is_wrong() -> None:
    def write(records: list[api.Record]) -> api.Report:
        raise AssertionError("must not be called")

    content = (HEADER + "\n,,,,,,是").encode()
    report = api.import_table(content=content, filename="x.csv", columns=COLUMNS, write=write)
    assert not report.ok
    assert report.rows == 1


def test_the_template_can_be_filled_in_and_read_back() -> None:
    content = api.template(columns=COLUMNS, title="测试")
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert [cell.value for cell in sheet[1]] == HEADER.split(",")
    records, errors = api.read_table(content=content, filename="t.xlsx", columns=COLUMNS)
    assert errors == []
    assert records[0]["code"] == "A1"


def test_repeated_keys() -> None:
    records, _ = csv("A1,,,,,,", "A2,,,,,,", "A1,,,,,,")
    (error,) = api.repeated(records, ("code",), "编码")
    assert (error.row, error.message) == (4, "与第 2 行重复")
