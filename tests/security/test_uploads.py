"""Files that people send us, made to harm: bombs, other things under a false name, names that are paths, formulas."""

from __future__ import annotations

import io
import resource
import zipfile
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from tests.integration.web import city as cities
from tests.security.conftest import ClientOf
from tongchou.kernel.rejection import Rejection
from tongchou.registry.models import Person
from tongchou.tables import api as tables
from tongchou.tables.sheet_reader import MEMORY_BYTES
from tongchou.web.imports import errors_file
from tongchou.web.models import Upload

COLUMNS = (tables.Column(name="code", title="编码", parse=tables.text(50), required=True),)
SHEET = "xl/worksheets/sheet1.xml"
FORMULAS = ("=1+1", '=HYPERLINK("https://evil.example","x")', "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0", "\t=1")


def plain(*rows: str) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in ("编码", *rows):
        sheet.append([row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(part: str, change: Callable[[bytes], bytes], **more: bytes) -> bytes:
    """The plain workbook with one of its parts changed, and further parts."""
    source, out = zipfile.ZipFile(io.BytesIO(plain("A1"))), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content) if name == part else content)
        for name, content in more.items():
            target.writestr(name, content)
    return out.getvalue()


def far_corner() -> bytes:
    """4 KB that ask for seventeen thousand million cells."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"], sheet["XFD1048576"] = "编码", "x"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def row(text: bytes, number: int = 3) -> bytes:
    return b'<row r="%d"><c r="A%d" t="inlineStr"><is><t>%s</t></is></c></row>' % (number, number, text)


def one_endless_cell() -> bytes:
    """A few hundred kilobytes that unpack to half a gigabyte, and to some more in the reader's memory."""
    return changed(SHEET, lambda sheet: sheet.replace(b"</sheetData>", row(b"A" * (400 << 20)) + b"</sheetData>"))


def one_string_many_times() -> bytes:
    """A shared text of a megabyte in ten thousand cells."""
    rows = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(3, 10_003))
    strings = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>%s</t></si></sst>'
    more = {"xl/sharedStrings.xml": strings % (b"x" * (1 << 20))}
    return changed(SHEET, lambda sheet: sheet.replace(b"</sheetData>", rows + b"</sheetData>"), **more)


BOMBS = {"far corner": far_corner, "endless cell": one_endless_cell, "one string": one_string_many_times}


@pytest.mark.requirement("R0.53")
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_workbook_that_unpacks_to_more_than_can_be_read_breaks_nothing(bomb: str) -> None:
    """The reader is a process of its own with a limit; this one neither dies nor grows by what the bomb unpacks to."""
    content = BOMBS[bomb]()
    assert len(content) < 2 << 20
    with pytest.raises(Rejection) as refused:
        tables.read_table(content=content, filename="目录.xlsx", columns=COLUMNS)
    assert refused.value.code == "TABL-005"
    assert "另存为 .csv" in refused.value.remedy
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert children < MEMORY_BYTES * 1.1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("目录.xlsx", b"MZ\x90\x00" + b"\0" * 500),
        ("目录.xlsx", b"<html><script>alert(1)</script></html>"),
        ("目录.xlsx", b"PK\x03\x04" + b"\0" * 100),
        ("目录.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600),
        ("目录.pdf", b"%PDF-1.7"),
        ("目录", b""),
        ("目录.csv", b"\xff\xfe\x00\x00\x81"),
        ("目录.csv", ("编码\n" + "x" * 200_000 + "\n").encode()),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_whatever_it_is_called(name: str, content: bytes) -> None:
    with pytest.raises(Rejection) as refused:
        tables.read_table(content=content, filename=name, columns=COLUMNS)
    assert refused.value.code in ("TABL-001", "TABL-002", "TABL-003")


def test_entities_in_a_workbook_open_no_file_and_do_not_multiply() -> None:
    """XML tricks: a file of the server, an address, a thousand million laughs."""
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    head = b'<!DOCTYPE x [<!ENTITY l0 "ha"><!ENTITY f SYSTEM "file:///etc/passwd">' + laughs + b"]>"
    for text in (b"&f;", b"&l9;"):
        content = changed(
            SHEET,
            lambda sheet, text=text: head + sheet.replace(b"</sheetData>", row(text) + b"</sheetData>"),  # type: ignore[misc]
        )
        with suppress(Rejection):  # refusing it is right too
            records, _ = tables.read_table(content=content, filename="目录.xlsx", columns=COLUMNS)
            read = "".join(str(record.values["code"]) for record in records)
            assert "root:" not in read
            assert len(read) < 1_000


def test_a_part_that_wants_to_be_written_elsewhere_is_not_written() -> None:
    content = changed(SHEET, lambda sheet: sheet, **{"../../../../tmp/tongchou-planted": b"x"})
    records, _ = tables.read_table(content=content, filename="目录.xlsx", columns=COLUMNS)
    assert [record.values["code"] for record in records] == ["A1"]


@pytest.mark.parametrize("name", ["../../etc/cron.d/x.xlsx", "..\\..\\x.xlsx", "x" * 300 + ".xlsx", "<img src=x>.xlsx"])
def test_a_name_that_is_a_path_is_only_a_name(city: cities.City, client_of: ClientOf, name: str) -> None:
    """Files lie in the database; their name is text, shown as text."""
    client = client_of("admin")
    sent = client.post("/imports/diagnoses/", {"file": SimpleUploadedFile(name, plain("A1"))})
    assert sent.status_code in (302, 422)
    if sent.status_code == 302:
        kept = Upload.objects.get()
        assert "/" not in kept.filename
        assert len(kept.filename) <= 200
        assert "<img" not in client.get(sent.headers["Location"]).content.decode()


def test_a_bomb_at_the_page_is_answered_with_the_remedy_and_not_kept(city: cities.City, client_of: ClientOf) -> None:
    client = client_of("admin")
    sent = client.post("/imports/diagnoses/", {"file": SimpleUploadedFile("目录.xlsx", far_corner())})
    page = client.get(sent.headers["Location"])
    assert page.status_code == 422
    assert "展开后过大" in page.content.decode()
    assert not Upload.objects.exists()


def test_nothing_in_an_export_is_a_formula(city: cities.City, client_of: ClientOf) -> None:
    """A name that begins with = stays text in every workbook that leaves: the list, and the errors of an import."""
    for person, formula in zip(Person.objects.order_by("pk"), FORMULAS, strict=False):
        Person.objects.filter(pk=person.pk).update(name=formula[:50])
    taken = client_of("accountant").get("/settlements/export/?begin=")
    errors = errors_file(tuple(tables.RowError(2, formula, formula, formula) for formula in FORMULAS))
    template = tables.workbook(columns=COLUMNS, title="x", rows=[[formula] for formula in FORMULAS])
    seen = set()
    for content in (taken.content, errors, template):
        for sheet in load_workbook(io.BytesIO(content)):
            for cell in (cell for line in sheet.iter_rows() for cell in line):
                assert cell.data_type != "f", cell.value
                seen.add(cell.value)
    assert set(FORMULAS[:2]) <= seen
