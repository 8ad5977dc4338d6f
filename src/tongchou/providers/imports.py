"""Import of institutions with their agreements from Excel or CSV: every wrong cell is reported, all rows or none."""

from __future__ import annotations

import re
from typing import Final

from django.db import transaction

from tongchou.kernel.areas import check_area
from tongchou.kernel.identifiers import parse_credit_code, parse_institution_code
from tongchou.kernel.levels import LEVELS
from tongchou.kernel.rejection import Rejection
from tongchou.providers import services
from tongchou.providers.models import Agreement, Institution
from tongchou.tables.api import (
    CellProblem,
    Column,
    Record,
    Report,
    RowError,
    choice,
    day,
    flag,
    import_table,
    last_day,
    repeated,
    template,
    text,
)

KINDS: Final = {"1": "定点医疗机构", "2": "定点零售药店"}
GRADES: Final = {
    "": "无",
    "1": "三级特等",
    "2": "三级甲等",
    "3": "三级乙等",
    "4": "三级丙等",
    "5": "二级甲等",
    "6": "二级乙等",
    "7": "二级丙等",
    "8": "一级甲等",
    "9": "一级乙等",
    "10": "一级丙等",
    "11": "无等级",
    "12": "三级无等",
    "13": "二级无等",
    "14": "一级无等",
}
"""hosp_lv of the national interface."""


def _code(cell: str) -> object:
    try:
        return parse_institution_code(cell)
    except ValueError as error:
        raise CellProblem(f"{cell} {error}", "请核对定点机构编号") from error


def _credit_code(cell: str) -> object:
    try:
        return parse_credit_code(cell)
    except ValueError as error:
        raise CellProblem(f"{cell} {error}", "请对照证照核对统一社会信用代码") from error


def _area(cell: str) -> object:
    try:
        return check_area(cell)
    except ValueError as error:
        raise CellProblem(str(error), "请填写 6 位区划代码") from error


def _med_types(cell: str) -> object:
    codes = [code for code in re.split(r"[,，、;；\s]+", cell) if code]
    if not all(code.isascii() and code.isdigit() and len(code) <= 6 for code in codes):
        raise CellProblem(f"“{cell}”不是医疗类别代码", "请填写代码，用逗号隔开，例如 11,13,2101")
    return codes


INSTITUTIONS: Final = (
    Column(name="code", title="定点机构编号", parse=_code, required=True, example="H62990100001"),
    Column(name="name", title="名称", parse=text(200), required=True, example="陇安市人民医院"),
    Column(name="kind", title="机构类型", parse=choice(KINDS), required=True, example="1"),
    Column(
        name="credit_code", title="统一社会信用代码", parse=_credit_code, required=True, example="91350100M000100Y43"
    ),
    Column(name="grade", title="医院等级", parse=choice(GRADES), example="2"),
    Column(name="level", title="医保结算等级", parse=choice(LEVELS), required=True, example="3"),
    Column(name="chinese_medicine", title="中医机构", parse=flag, note="是/否", example="否"),
    Column(name="area", title="所在区划", parse=_area, required=True, example="629901"),
    Column(name="address", title="地址", parse=text(200)),
    Column(name="phone", title="联系电话", parse=text(50)),
    Column(name="number", title="协议编号", parse=text(40), note="没有协议的留空"),
    Column(name="med_types", title="开通医疗类别", parse=_med_types, note="代码，用逗号隔开", example="11,13,2101"),
    Column(name="start", title="协议开始日期", parse=day, example="2026-01-01"),
    Column(name="end", title="协议终止日期", parse=last_day, note="最后有效的一日", example="2026-12-31"),
)


def import_template() -> bytes:
    """The Excel template for :func:`import_institutions`."""
    return template(columns=INSTITUTIONS, title="定点机构与协议")


def import_institutions(*, content: bytes, filename: str) -> Report:
    """Enter or update institutions by code, each with the agreement of its row where there is one.

    Raises:
        Rejection: TABL-001 … TABL-004, the file as a whole can't be used.
    """
    return import_table(content=content, filename=filename, columns=INSTITUTIONS, write=_write)


def _write(records: list[Record]) -> Report:
    errors = repeated(records, ("code",), "定点机构编号")
    errors += [error for record in records for error in _agreement_gaps(record)]
    if errors:
        return Report(rows=len(records), errors=tuple(errors))
    created = 0
    with transaction.atomic():
        for record in records:
            try:
                created += _enter(record)
            except Rejection as refused:
                errors.append(RowError(record.row, "定点机构编号", refused.message, refused.remedy))
        if errors:
            transaction.set_rollback(True)
            return Report(rows=len(records), errors=tuple(errors))
    return Report(rows=len(records), created=created, updated=len(records) - created)


def _agreement_gaps(record: Record) -> list[RowError]:
    if not record["number"]:
        return []
    gaps = []
    if record["start"] is None:
        gaps.append(RowError(record.row, "协议开始日期", "有协议编号时不能为空", "请填写协议开始日期"))
    if not record["med_types"]:
        gaps.append(RowError(record.row, "开通医疗类别", "有协议编号时不能为空", "请填写协议开通的医疗类别代码"))
    return gaps


def _enter(record: Record) -> bool:
    """Enter one row; whether the institution is new."""
    values = {name: record[name] for name in _INSTITUTION_FIELDS}
    new = not Institution.objects.filter(code=record["code"]).exists()
    if new:
        services.register_institution(code=str(record["code"]), **values)  # type: ignore[arg-type]
    else:
        services.check_institution(code=str(record["code"]), **{name: str(values[name]) for name in _CHECKED})
        Institution.objects.filter(code=record["code"]).update(**values)
    number = str(record["number"])
    if number and not Agreement.objects.filter(number=number, institution__code=record["code"]).exists():
        services.conclude_agreement(
            institution_code=str(record["code"]),
            number=number,
            med_types=record["med_types"],  # type: ignore[arg-type]
            start=record["start"],  # type: ignore[arg-type]
            end=record["end"],  # type: ignore[arg-type]
        )
    return new


_CHECKED = ("kind", "level", "credit_code")
_INSTITUTION_FIELDS = (
    "name",
    "kind",
    "credit_code",
    "grade",
    "level",
    "chinese_medicine",
    "area",
    "address",
    "phone",
)
