"""The result of a run as an Excel file: one sheet per table, amounts in yuan as exact numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from tongchou.simulation.wording import band_text, bands_of, grouping_titles, row_name

MONEY = "#,##0.00"
Value = str | int | Decimal | None
Row = Sequence[Value]
Sheet = tuple[str, list[str], list[Row]]
"""Title, head, rows."""


def write_workbook(path: Path, found: Mapping[str, Any], inputs: Sequence[tuple[str, str]]) -> None:
    """Write the figures of ``simulation.results`` and the inputs they came from."""
    book = Workbook(write_only=True)
    for title, head, rows in sheets(found, inputs):
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for number, name in enumerate(head, 1):
            sheet.column_dimensions[get_column_letter(number)].width = max(14, 2 * len(name) + 4)
        sheet.append([_head(sheet, name) for name in head])
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    book.save(path)


def sheets(found: Mapping[str, Any], inputs: Sequence[tuple[str, str]]) -> list[Sheet]:
    """Title, head and rows of each sheet."""
    titles = [scenario["title"] for scenario in found["scenarios"]]
    heads = [*titles, *(["差额"] if len(titles) > 1 else [])]
    made: list[Sheet] = [
        ("说明", ["项目", "内容"], [*inputs, *_plans(found)]),
        ("总体", ["指标", "单位", *heads], [_headline(row) for row in found["headline"]]),
    ]
    for name, title in grouping_titles().items():
        rows: list[Row] = [[row_name(name, row["name"], found), *_yuan(row["values"])] for row in found["outlay"][name]]
        made.append((f"基金支出·{title}", [title, *(f"{head}（元）" for head in heads)], rows))
    if found["winners"]:
        made += _winners(found["winners"])
    made += _persons(found, titles)
    if found["income"]:
        income = found["income"]
        named: list[Row] = [[row["name"], *_yuan(row["values"])] for row in income["payers"]]
        ends = (("收入合计", "received"), ("支出（折全年）", "outlay"), ("当年结余", "left"))
        named += [[title, *_yuan(income[name])] for title, name in ends]
        made.append(("筹资收入与结余", ["项目", *(f"{head}（元）" for head in heads)], named))
    if found["capacity"]:
        months: list[Row] = [
            [found["funds"].get(row["fund"], row["fund"]), _fen(row["balance"]), *(_tenths(t) for t in row["tenths"])]
            for row in found["capacity"]
        ]
        made.append(("可支付月数", ["基金", "结余（元）", *(f"{title}（月）" for title in titles)], months))
    return made


def _plans(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for scenario in found["scenarios"]:
        rows += [(f"{scenario['title']}：方案", plan) for plan in scenario["plans"]]
        rows += [(f"{scenario['title']}：政策包", package) for package in scenario["packages"]]
        rows += [(f"{scenario['title']}：不予支付 {e['claims']} 笔", e["reason"]) for e in scenario["refusals"]]
    return rows


def _headline(row: Mapping[str, Any]) -> Sequence[Value]:
    values = row["values"]
    change = [values[1] - values[0]] if len(values) > 1 else []
    shown = [value if row["unit"] == "笔" else _fen(value) for value in [*values, *change]]
    return [row["title"], row["unit"], *shown]


def _winners(winners: Mapping[str, Any]) -> list[Sheet]:
    head = ["人数", "负担减轻（人）", "减轻合计（元）", "负担加重（人）", "加重合计（元）", "不变（人）"]

    def row(one: Mapping[str, Any]) -> list[Value]:
        return [one["persons"], one["winners"], _fen(one["gain"]), one["losers"], _fen(one["loss"]), one["same"]]

    classes: list[Sequence[Value]] = [[one["name"], *row(one)] for one in winners["classes"]]
    bands: list[Sequence[Value]] = [
        [band_text(band["over"], band["upto"]), band["winners"], _fen(band["gain"]), band["losers"], _fen(band["loss"])]
        for band in winners["bands"]
    ]
    return [
        ("受益与受损·人员类别", ["人员类别", *head], [*classes, ["合计", *row(winners)]]),
        ("受益与受损·差额分档", ["差额", *head[1:5]], bands),
    ]


def _persons(found: Mapping[str, Any], titles: Sequence[str]) -> list[Sheet]:
    deciles: list[Sequence[Value]] = [
        [
            f"第{row['tenth']}组",
            row["persons"],
            *map(_fen, row["means"]),
            *map(_fen, row["sums"]),
            *map(_fen, row["upto"]),
        ]
        for row in found["distribution"]["deciles"]
    ]
    head = [f"{title}{what}（元）" for what in ("人均", "合计", "最高") for title in titles]
    bands: list[Sequence[Value]] = [[text, *values] for text, values in bands_of(found["distribution"])]
    case = found["catastrophic"]
    cases: list[Sequence[Value]] = [[row["name"], *row["values"]] for row in case["classes"]]
    cases.append(["合计", *case["values"]])
    if "new" in case:
        cases += [["新增", None, case["new"]], ["减少", None, case["relieved"]]]
    return [
        ("个人负担·十等分", ["十等分组", "人数", *head], deciles),
        ("个人负担·分档", ["个人负担", *(f"{title}（人）" for title in titles)], bands),
        ("灾难性支出", ["人员类别", *(f"{title}（人）" for title in titles)], cases),
    ]


def _yuan(values: Sequence[int]) -> list[Value]:
    change = [values[1] - values[0]] if len(values) > 1 else []
    return [_fen(value) for value in [*values, *change]]


def _fen(value: int) -> Decimal:
    return Decimal(value).scaleb(-2)


def _tenths(value: int | None) -> Value:
    return None if value is None else Decimal(value).scaleb(-1)


def _head(sheet: Any, name: str) -> Any:
    cell = WriteOnlyCell(sheet, value=name)
    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E3F0F0")
    return cell


def _cell(sheet: Any, value: Value) -> Any:
    cell = WriteOnlyCell(sheet, value=value)  # type: ignore[arg-type]  # Decimal is written exactly; the stubs do not say so
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, Decimal):
        cell.number_format = MONEY
    return cell


def lines(made: Iterable[Sheet]) -> str:
    """The same tables as text for a terminal."""
    parts = []
    for title, head, rows in made:
        body = [
            "\t".join("" if value is None else f"{value:,}" if not isinstance(value, str) else value for value in row)
            for row in rows
        ]
        parts.append("\n".join([f"【{title}】", "\t".join(head), *body]))
    return "\n\n".join(parts)
