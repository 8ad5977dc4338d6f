"""Import of reference data: check first, all rows or none, errors row by row, confirmation."""

from __future__ import annotations

from io import BytesIO

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf
from tongchou.catalogues.models import Diagnosis, Mapping
from tongchou.control.models import Case, Operator
from tongchou.web.models import Upload

GOOD = "诊断代码,诊断名称\nA01.000,伤寒\nJ06.900,急性上呼吸道感染,未特指\n"
BAD = "诊断代码,诊断名称\nA01.000,\nA02.000,沙门菌肠炎\n"


def upload(client: Client, text: str, kind: str = "diagnoses", name: str = "诊断.csv") -> tuple[str, str]:
    file = SimpleUploadedFile(name, text.encode("utf-8-sig"))
    answer = client.post(f"/imports/{kind}/", {"file": file}, follow=True)
    path = answer.redirect_chain[-1][0] if answer.redirect_chain else ""
    return path, answer.content.decode()


def test_a_good_file_is_checked_then_confirmed(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("admin")
    path, page = upload(client, GOOD.replace(",未特指", "(未特指)"))
    assert "2 行全部通过检查" in page
    assert not Diagnosis.objects.filter(code="A01.000").exists()
    done = client.post(f"{path}confirm/", follow=True)
    assert "已导入：新增 1 条，更新 1 条" in done.content.decode()
    assert Diagnosis.objects.get(code="J06.900").name == "急性上呼吸道感染(未特指)"
    assert not Upload.objects.exists()
    assert client.post(f"{path}confirm/").status_code == 404


def test_a_wrong_row_is_named_and_nothing_is_written(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("admin")
    path, page = upload(client, BAD)
    assert "1 处问题，没有写入任何一行" in page
    assert "确认导入" not in page
    sheet = openpyxl.load_workbook(BytesIO(client.get(f"{path}errors/").content)).active
    assert sheet is not None
    head, *errors = list(sheet.values)
    assert head == ("行号", "列", "问题", "处理办法")
    assert [error[:2] for error in errors] == [(2, "诊断名称")]
    client.post(f"{path}confirm/")
    assert not Diagnosis.objects.filter(code="A02.000").exists()


def test_a_file_that_is_no_table_is_refused_with_a_remedy(city: cities.City, client_of: ClientOf) -> None:
    for name, text in (("图.xlsx", "不是表格"), ("空.csv", ""), ("列.csv", "甲,乙\n1,2\n")):
        answer = client_of("admin").post(
            "/imports/diagnoses/", {"file": SimpleUploadedFile(name, text.encode())}, follow=True
        )
        assert 'class="message error"' in answer.content.decode() or "error" in answer.content.decode(), name
        assert answer.status_code == 422
    assert "请选择要导入的文件" in client_of("admin").post("/imports/diagnoses/").content.decode()


def test_nobody_confirms_another_ones_file(city: cities.City, client_of: ClientOf) -> None:
    path, _ = upload(client_of("admin"), GOOD.replace(",未特指", ""))
    Upload.objects.update(operator=city.operators["clerk"])
    assert client_of("admin").post(f"{path}confirm/").status_code == 404


def test_every_import_has_its_template(city: cities.City, client_of: ClientOf) -> None:
    from tongchou.web.imports import IMPORTS

    client = client_of("admin")
    for kind, one in IMPORTS.items():
        assert client.get(f"/imports/{kind}/").status_code == 200
        book = openpyxl.load_workbook(BytesIO(client.get(f"/imports/{kind}/template/").content))
        heads = {cell for sheet in book for row in sheet.iter_rows(max_row=1, values_only=True) for cell in row}
        assert {column.title for column in one.columns if column.required} <= {str(head).rstrip("*") for head in heads}


def test_what_decides_about_money_is_imported_after_a_second_person_saw_it(
    city: cities.City, client_of: ClientOf
) -> None:
    """Catalogue terms, price limits, mappings, institutions: the file is the case's attachment, to the byte (R4.02)."""
    Operator.objects.filter(login="reviewer").update(person="r" * 64)
    item = cities.ITEMS[0][0]
    text = f"定点机构编号,机构目录编码,机构目录名称,医疗目录编码,开始日期\n{cities.HOSPITAL},NEW-1,新药,{item},2026-01-01\n"
    path, page = upload(client_of("admin"), text, kind="mappings", name="对照.csv")
    assert "1 行全部通过检查" in page, page
    handed_in = client_of("admin").post(f"{path}confirm/", follow=True).content.decode()
    assert "复核通过后写入" in handed_in
    assert not Mapping.objects.filter(local_code="NEW-1").exists()
    case = Case.objects.get()
    reviewer = client_of("reviewer")
    assert "对照.csv" in reviewer.get(f"/control/cases/{case.pk}/").content.decode()
    assert reviewer.post(f"/control/cases/{case.pk}/approve/", {"seen": case.payload_hash}).status_code == 302
    assert Mapping.objects.filter(local_code="NEW-1").count() == 1
