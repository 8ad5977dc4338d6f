"""Overlays: single numbers replaced in memory, named by path, dated, checked, hashed, and named in the explanation."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, PolicyBook, PolicyErrors
from tongchou.policy.loader import default_pack_directory
from tongchou.policy.nodes import canonical
from tongchou.policy.overlays import (
    Overlay,
    overlaid,
    parameters,
    parse_assignment,
    read_overlays,
    trees_of,
    with_overlays,
)

CITY = {"area": "629900", "scheme": "390", "benefit": "住院"}
ADULT = {"person.type": "居民", "person.continuous_years": 1, "visit.level": "三级"}
DAY = date(2026, 6, 1)


def paid(book: PolicyBook, yuan: int, on: date = DAY) -> int:
    return book.plan(**CITY, on=on).evaluate(ADULT, Bill(in_scope=yuan * 100), {}).paid("pool")


@pytest.mark.requirement("R0.50", "R12.18")
def test_a_changed_number_pays_otherwise_and_the_plan_says_so(book: PolicyBook) -> None:
    """(10000 − 600) × 55% = 5170.00; with a deductible of 500 it is 9500 × 55% = 5225.00."""
    other = with_overlays(book, [parse_assignment("住院起付标准/本市/三级=500")])
    assert (paid(book, 10_000), paid(other, 10_000)) == (517_000, 522_500)
    old, new = book.plan(**CITY, on=DAY), other.plan(**CITY, on=DAY)
    assert old.id != new.id
    assert old.package_hash != new.package_hash


def test_no_overlay_is_the_baseline(book: PolicyBook) -> None:
    assert with_overlays(book, []) is book
    again = PolicyBook(overlaid(trees_of(book), []))
    again.bindings.update(book.bindings)
    assert again.plan(**CITY, on=DAY).id == book.plan(**CITY, on=DAY).id


def test_from_a_day_on(book: PolicyBook) -> None:
    """Before the day the same plan with the same hash; from the day on the new number."""
    other = with_overlays(book, [parse_assignment("住院起付标准/本市/三级@2026-07-01=500")])
    assert other.plan(**CITY, on=date(2026, 6, 30)).id == book.plan(**CITY, on=date(2026, 6, 30)).id
    assert paid(other, 10_000, date(2026, 6, 30)) == 517_000
    assert paid(other, 10_000, date(2026, 7, 1)) == 522_500


def test_two_days_of_the_same_number(book: PolicyBook) -> None:
    other = with_overlays(
        book,
        [
            parse_assignment("住院起付标准/本市/三级@2026-09-01=400"),
            parse_assignment("住院起付标准/本市/三级@2026-07-01=500"),
        ],
    )
    found = [paid(other, 10_000, day) for day in (date(2026, 6, 30), date(2026, 8, 31), date(2026, 9, 1))]
    assert found == [517_000, 522_500, 528_000]


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        ("住院起付标准/本市/三级=500", "起付标准"),
        ("gansu-city/住院/pool/bands/ratio/三级=60%", "比例"),
        ("gansu-city/最高支付限额/amount=1000", "最高支付限额"),
    ],
)
def test_the_explanation_names_the_overlay_instead_of_the_article(book: PolicyBook, changed: str, step: str) -> None:
    other = with_overlays(book, [parse_assignment(changed)])
    plan = other.plan(**CITY, on=DAY)
    bill = Bill(in_scope=1_000_000)
    outcome = plan.trace(ADULT, bill, {})
    named = [s for s in plan.explain(outcome.values, ADULT, bill, {}) if "模拟参数" in s.citation]
    assert any(step in s.title or step in s.formula for s in named), [s.text() for s in named]
    assert changed.rpartition("=")[2] in named[0].citation


def test_the_packs_themselves_stay_as_they_are(book: PolicyBook) -> None:
    before = [canonical(tree) for tree in trees_of(book)]
    with_overlays(book, [parse_assignment("住院起付标准/本市/三级=500")])
    assert [canonical(tree) for tree in trees_of(book)] == before


@pytest.mark.parametrize(
    ("written", "code", "says"),
    [
        ("住院起付标/本市/三级=500", "POL-050", "住院起付标准/本市/三级"),
        ("gansu-city/三级=500", "POL-051", "住院起付标准"),
        ("住院起付标准/本市/三级=50%", "POL-052", "不带%"),
        ("gansu-city/住院/pool/bands/ratio/三级=70", "POL-052", "70%"),
        ("住院起付标准/本市/三级=五百 元", "POL-052", "无法理解"),
        ("住院起付标准/本市/三级=五百", "POL-052", "这里要写数字"),
        ("住院起付标准/本市/三级", "POL-053", "路径=新值"),
        ("住院起付标准/本市/三级@七月=500", "POL-053", "路径@2026-07-01=新值"),
    ],
)
def test_slips_are_refused_with_what_to_write(book: PolicyBook, written: str, code: str, says: str) -> None:
    with pytest.raises(Rejection) as refused:
        with_overlays(book, [parse_assignment(written)])
    assert refused.value.code == code
    assert says in refused.value.message + refused.value.remedy


def test_what_contradicts_the_rest_is_refused_by_the_checker(book: PolicyBook) -> None:
    with pytest.raises(PolicyErrors):
        with_overlays(book, [parse_assignment("gansu-city/住院/pool/bands/ratio/三级=99%")])  # + 10pp for pupils


def test_a_file_of_overlays(book: PolicyBook) -> None:
    text = "overlays:\n  - {parameter: 住院起付标准/本市/三级, from: 2026-07-01, value: 500}\n"
    assert read_overlays(text, "a.yaml") == [Overlay("住院起付标准/本市/三级", "500", date(2026, 7, 1))]
    for wrong in ("overlays: 5\n", "overlays:\n  - {parameter: a, von: 1, value: 2}\n", "- {parameter: a}\n"):
        with pytest.raises(Rejection) as refused:
            read_overlays(wrong, "a.yaml")
        assert refused.value.code == "POL-053"


def test_loaded_from_a_directory() -> None:
    other = with_overlays(PolicyBook.load(default_pack_directory()), [parse_assignment("住院起付标准/本市/三级=500")])
    assert paid(other, 10_000) == 522_500


def test_every_parameter_can_be_named_by_its_path(book: PolicyBook) -> None:
    found = parameters(trees_of(book))
    assert {"gansu-city/tables/住院起付标准/本市/三级"} <= {entry.path for entry in found}
    entry = next(entry for entry in found if entry.path.endswith("本市/三级"))
    assert (entry.text, entry.cite) == ("600", "五(三)1")
    assert not [entry for entry in found if entry.path.rpartition("/")[2] in ("cite", "title", "pays_from", "id")]


def test_an_overlay_with_the_same_number_computes_the_same(book: PolicyBook) -> None:
    """Each number of the inpatient packs replaced by itself: the same amounts, another plan."""
    trees = [tree for tree in trees_of(book) if tree.file.endswith(("gs-city.yaml", "cs-cii.yaml"))]
    numbers = [entry for entry in parameters(trees) if entry.text not in ("null", "")]
    assert len(numbers) > 100
    for entry in numbers:
        other = PolicyBook(overlaid(trees, [Overlay(entry.path, entry.text)]))
        other.bindings.update(book.bindings)
        assert paid(other, 43_210) == paid(book, 43_210), entry.path


def test_a_case_is_evaluated_with_a_changed_number(tmp_path: Path) -> None:
    """At the terminal: the explanation of the case names the overlay."""
    case = tmp_path / "case.yaml"
    case.write_text(
        "cases:\n  - id: A\n    title: 一次住院\n    packs: [gansu-city]\n    on: 2015-06-01\n    benefit: 住院\n"
        "    facts: {person.type: 居民, person.continuous_years: 1, visit.level: 三级}\n"
        "    visits:\n      - {bill: {in_scope: 10000}}\n",
        "utf-8",
    )
    command = [sys.executable, "-m", "tongchou.project.cli", "policy", "evaluate", "--explain", "--case", str(case)]
    command += ["--pack", str(default_pack_directory()), "--set"]
    done = subprocess.run([*command, "住院起付标准/本市/三级=500"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "模拟参数（住院起付标准/本市/三级：600→500" in done.stdout
    refused = subprocess.run([*command, "住院起付标准/本市/特级=500"], capture_output=True, text=True)
    assert (refused.returncode, "POL-050" in refused.stderr) == (2, True)
