"""The files of 3202 and the bodies of 9101."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongchou.exchange.handlers.statement_file import ResultRow, UploadedRow, read_upload, write_result
from tongchou.exchange.multipart import upload_message
from tongchou.kernel.rejection import Rejection


def packed(text: str | bytes, names: tuple[str, ...] = ("a.txt",)) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, text)
    return file.getvalue()


def test_seven_columns() -> None:
    rows, newer = read_upload(
        packed("11\t12\tP1\t100.00\t70.00\t30.00\t0\r\n13\t12\tP1\t-100\t-70\t-30\t1\n\n"), number="1"
    )
    assert not newer
    assert rows == [
        UploadedRow(settlement="11", encounter="12", person="P1", total=10_000, fund_pay=7_000, account_pay=3_000, refund=False),
        UploadedRow(settlement="13", encounter="12", person="P1", total=-10_000, fund_pay=-7_000, account_pay=-3_000, refund=True),
    ]  # fmt: skip


@pytest.mark.parametrize("tail", ["0.00\t1", "1\tnull"])
def test_eight_columns(tail: str) -> None:
    (row,), newer = read_upload(packed(f"11\t12\tP1\t-100.00\t-70.00\t-30.00\t{tail}\n"), number="1")
    assert newer
    assert row.refund


def test_nulls_byte_order_mark_and_an_empty_file() -> None:
    (row,), _ = read_upload(packed("\ufeffnull\tnull\tP1\tnull\tnull\tnull\t0"), number="1")
    assert (row.settlement, row.total) == ("", 0)
    assert read_upload(packed(""), number="1") == ([], False)


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("EXCH-051", b"no zip"),
        ("EXCH-051", packed("x", ("a.txt", "b.txt"))),
        ("EXCH-051", packed("x", ())),
        ("EXCH-051", packed("x" * 100)[:60]),
        ("EXCH-052", packed("机构".encode("gbk"))),
        ("EXCH-052", packed("1\t2\n")),
        ("EXCH-052", packed("1\t2\tP\t1,0.0.0\t0\t0\t0\n")),
        ("EXCH-022", packed("1\t2\tP\x00\t1\t0\t0\t0\n")),
    ],
)
def test_refused(code: str, content: bytes) -> None:
    with pytest.raises(Rejection) as caught:
        read_upload(content, number="1")
    assert caught.value.code == code


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(Rejection):
        read_upload(content, number="1")


def test_the_result_has_ten_columns() -> None:
    row = ResultRow(
        person="P1", encounter="", settlement="", message_id="M", result="1", refund=False, memo="中心有", total=10_000,
        fund_pay=7_000, account_pay=-3_050,
    )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(write_result([row]))) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    assert text == "P1\tnull\tnull\tM\t1\t0\t中心有\t100.00\t70.00\t-30.50\n"


@given(st.binary(max_size=300))
def test_a_multipart_body_comes_apart_to_the_byte(content: bytes) -> None:
    if b"--limit" in content:
        return
    body = (
        b'--limit\r\nContent-Disposition: form-data; name="jsonStr"\r\n\r\n{}\r\n'
        b'--limit\r\nContent-Disposition: form-data; name="in"; filename="a.zip"\r\n\r\n'
        + content
        + b"\r\n--limit--\r\n"
    )
    assert upload_message(b'multipart/form-data; boundary="limit"', body) == (b"{}", content)


@pytest.mark.parametrize(
    "content_type", [b"multipart/form-data", b"multipart/form-data; boundary=", b"multipart/form-data; boundary=x"]
)
def test_missing_parts(content_type: bytes) -> None:
    with pytest.raises(Rejection, match="EXCH-025"):
        upload_message(content_type, b"--x\r\n\r\n--x--")
