"""`tongchou trace` counts what the tests claim to prove, from their source alone."""

from __future__ import annotations

from pathlib import Path

from tongchou.project.coverage import missing, proved_by, read_index, table

TESTS = """
import pytest
pytestmark = [pytest.mark.slow, pytest.mark.requirement("R9.01")]

@pytest.mark.requirement("R1.01", "R1.02")
def test_two(): ...

@pytest.mark.requirement("R1.02, R2.01")
class TestGroup:
    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.requirement("R2.02"))])
    def test_one(self, x): ...
"""
INDEX = "id\tgroup\ttitle\nR1.01\tR1\t登记\nR1.02\tR1\t登记\nR1.03\tR1\t登记\nR2.01\tR2\t收费\n"


def test_marks_of_functions_classes_modules_and_parameters_count(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_x.py").write_text(TESTS)
    assert set(proved_by(folder)) == {"R1.01", "R1.02", "R2.01", "R2.02", "R9.01"}
    assert proved_by(folder)["R1.02"] == ["tests/test_x.py::test_two", "tests/test_x.py::TestGroup"]


def test_table_counts_per_group(tmp_path: Path) -> None:
    path = tmp_path / "index.tsv"
    path.write_text(INDEX, "utf-8")
    index = read_index(path)
    lines = table(index, {"R1.01": [], "R1.03": []}).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["R1", "2", "/", "3", "登记"],
        ["R2", "0", "/", "1", "收费"],
        ["合计", "2", "/", "4"],
    ]
    assert missing(index, {"R1.01": []}, "R1") == ["R1.02", "R1.03"]
