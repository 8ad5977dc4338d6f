"""A list of persons to re-run, from a file: every wrong row is named, and one wrong row keeps the whole list out."""

from __future__ import annotations

from typing import Any, Final

from tongchou.settlement import rejections
from tongchou.settlement.database import run
from tongchou.tables.api import Column, RowError, read_table, template, text

COLUMNS: Final = (
    Column(name="number", title="人员编号", parse=text(20), required=True, note="每行一人", example="629900000001"),
    Column(name="name", title="姓名", parse=text(50), note="可空；填写时与登记姓名核对", example="张三"),
)

_KNOWN = """
SELECT p.number, p.id, p.name, a.pooling_area FROM registry_person p JOIN registry_area a ON a.code = p.area_id
WHERE p.number = ANY (%s)
"""


def check_list(*, content: bytes, filename: str, area: str) -> tuple[list[int], list[RowError]]:
    """The ids of the persons of a list, or what is wrong, row by row.

    Raises:
        Rejection: TABL-0xx the file can't be read.
    """
    records, errors = read_table(content=content, filename=filename, columns=COLUMNS)
    known = {number: row for number, *row in run(_KNOWN, ([record["number"] for record in records],))}
    persons: dict[int, int] = {}
    for record in records:
        found = known.get(record["number"])
        problem = _problem(found, str(record["name"] or ""), area, persons)
        if problem is not None:
            errors.append(RowError(record.row, "人员编号", *problem))
        elif found is not None:
            persons[found[0]] = record.row
    return sorted(persons), sorted(errors, key=lambda each: each.row)


def _problem(found: list[Any] | None, name: str, area: str, persons: dict[int, int]) -> tuple[str, str] | None:
    if found is None:
        return "没有这个人员编号", "请核对后改正"
    person, registered, pooling_area = found
    if pooling_area != area:
        return f"不属于统筹区 {area}", "请从名单中删除，由所属统筹区办理"
    if name and name != registered:
        return "姓名与登记不符", "请核对是否同一人"
    if person in persons:
        return f"与第 {persons[person]} 行重复", "请删除重复的行"
    return None


def persons_in(*, content: bytes, filename: str, area: str) -> list[int]:
    """The ids of the persons of a list.

    Raises:
        Rejection: TABL-0xx, SETL-077 with the first wrong row.
    """
    persons, errors = check_list(content=content, filename=filename, area=area)
    if errors:
        raise rejections.RERUN_LIST(errors=len(errors), first="；".join(str(each) for each in errors[:20]))
    return persons


def list_template() -> bytes:
    """An Excel file to fill in."""
    return template(columns=COLUMNS, title="重新结算名单")
