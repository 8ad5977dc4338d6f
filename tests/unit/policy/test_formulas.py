"""What the language has for contributions, late fees and pensions: conditions, yearly accumulation, dates, named rounding."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tongchou.kernel.rate import Rate
from tongchou.kernel.rejection import Rejection
from tongchou.policy import PolicyBook
from tongchou.policy.cases import run_cases
from tongchou.policy.checker import check_book
from tongchou.policy.findings import Finding
from tongchou.policy.formulas import Formula
from tongchou.policy.nodes import Map, parse_yaml

DAY = date(2024, 6, 1)
HEAD = """
pack: fragment
title: 片段
source: {title: 片段}
version: {from: 2000-01-01}
"""


def book_of(text: str) -> PolicyBook:
    tree = parse_yaml(HEAD + text, "fragment.yaml")
    assert isinstance(tree, Map)
    return PolicyBook([tree])


def checked(text: str) -> list[Finding]:
    return check_book(book_of(text))


def formula_of(text: str) -> Formula:
    book = book_of(text)
    assert [finding.text() for finding in check_book(book) if finding.severity == "error"] == []
    return book.formula_of(["fragment"], "算", on=DAY)


def value_of(expression: str, unit: str = "fen", **inputs: object) -> object:
    """One step over inputs a, b (fen), n, m (counts), d, e (dates)."""
    kinds = {"a": "fen", "b": "fen", "n": "int", "m": "int", "d": "date", "e": "date"}
    declared = ", ".join(f"{name}: {{title: {name}, kind: {kinds[name]}}}" for name in inputs)
    step = f'{{name: result, title: 结果, unit: {unit}, value: "{expression}"}}'
    text = f"formulas:\n  算: {{cite: 一, inputs: {{{declared}}}, steps: [{step}]}}\n"
    return formula_of(text).evaluate(inputs)["result"]


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2010, 1, 15), date(2015, 2, 15), 61),
        (date(2010, 1, 15), date(2015, 2, 14), 60),
        (date(2010, 1, 31), date(2010, 2, 28), 1),  # the last day of a shorter month completes the month
        (date(2010, 5, 1), date(2010, 4, 1), 0),
        (date(2010, 5, 1), date(2010, 5, 1), 0),
    ],
)
def test_full_months(start: date, end: date, months: int) -> None:
    assert value_of("months_between(d, e)", "int", d=start, e=end) == months


def test_days_and_ages() -> None:
    assert value_of("add_days(d, 30)", "date", d=date(2002, 5, 1)) == date(2002, 5, 31)
    assert value_of("add_days(d, -1)", "date", d=date(2012, 3, 1)) == date(2012, 2, 29)
    assert value_of("age_on(d, e)", "int", d=date(1970, 12, 31), e=date(2001, 12, 30)) == 30
    assert value_of("age_on(d, e)", "int", d=date(1970, 12, 31), e=date(2001, 12, 31)) == 31


def test_rounding_is_named() -> None:
    assert value_of("prorate(a, 1, 3)", a=200) == 67
    assert value_of("prorate_down(a, 1, 3)", a=200) == 66
    assert value_of("round_down_to(a, 0.10元)", a=7368) == 7360
    assert value_of("round_to(a, 0.10元)", a=7368) == 7370


@pytest.mark.parametrize(
    ("part", "whole", "places", "text"),
    [(1, 3, 2, "0.33"), (2, 3, 2, "0.67"), (1, 8, 2, "0.13"), (85, 10, 1, "8.5"), (1, 0, 2, "0")],
)
def test_quotients_are_rounded_half_up_to_named_places(part: int, whole: int, places: int, text: str) -> None:
    assert value_of(f"quotient(n, m, {places})", "decimal", n=part, m=whole) == Rate.parse(text)


@pytest.mark.parametrize("expression", ["quotient(n, m, 7)", "quotient(n, m, n)"])
def test_the_places_of_a_quotient_are_written(expression: str) -> None:
    inputs = "inputs: {n: {title: 甲, kind: int}, m: {title: 乙, kind: int}}"
    steps = f'steps: [{{name: result, title: 结果, unit: decimal, value: "{expression}"}}]'
    (finding,) = checked(f"formulas:\n  算: {{cite: 一, {inputs}, {steps}}}\n")
    assert "小数位数应写明" in finding.message


YEARS = """
tables:
  利率: {unit: 率, cite: 一, by: [year], 2009..2010: 2.25%, 2011: 3.5%, 2013..2020: 3%, else: null, note: 该年利率没有公布}
formulas:
  算:
    cite: 一
    inputs: {first: {title: 首年, kind: int}, last: {title: 末年, kind: int}}
    steps:
      - name: balance
        title: 储存额
        repeat: {name: year, title: 年度, from: first, to: last, start: 100}
        value: balance + share(balance, 利率) + 400元
      - {name: half, title: 一半, value: "divide(balance, 2)"}
"""


@pytest.mark.requirement("R10.10")
def test_a_year_follows_from_the_year_before_at_its_own_rate() -> None:
    """100.00 → +2.25 → 502.25 → +11.30 → 913.55 → 3.5 %: +31.97 → 1,345.52; interest of each year rounded by itself."""
    steps = formula_of(YEARS).explain({"first": 2009, "last": 2011})
    assert [step.value for step in steps] == [134_552, 67_276]
    assert steps[0].rows == ((2009, "502.25"), (2010, "913.55"), (2011, "1345.52"))
    assert "上次的储存额" in steps[0].formula
    assert "2010：913.55" in steps[0].text()


def test_no_year_leaves_the_start() -> None:
    assert formula_of(YEARS).evaluate({"first": 2010, "last": 2009})["balance"] == 10_000


def test_a_rate_unknown_in_one_year_refuses_although_the_last_is_known() -> None:
    with pytest.raises(Rejection) as refused:
        formula_of(YEARS).evaluate({"first": 2011, "last": 2014})
    assert refused.value.code == "POL-022"
    assert "没有公布" in str(refused.value)
    assert formula_of(YEARS).evaluate({"first": 2013, "last": 2013})["balance"] == 50_300


def test_an_accumulation_is_bounded() -> None:
    with pytest.raises(Rejection) as refused:
        formula_of(YEARS).evaluate({"first": 1000, "last": 1600})
    assert refused.value.code == "POL-011"


def test_only_amounts_and_counts_accumulate() -> None:
    text = YEARS.replace("title: 储存额\n", "title: 储存额\n        unit: rate\n").replace(
        "balance + share(balance, 利率) + 400元", "balance"
    )
    assert any("应为金额或个数" in finding.message for finding in checked(text))


CONDITION = """
formulas:
  算:
    cite: 六(一)
    inputs: {level: {title: 档次, kind: fen}}
    requires: [{when: level == 100元 or level == 200元, because: 只有两个档次, cite: 六(一)1}]
    steps: [{name: due, title: 应缴, value: level}]
"""


def test_a_condition_of_a_formula_refuses_with_reason_and_article() -> None:
    assert formula_of(CONDITION).evaluate({"level": 20_000}) == {"due": 20_000}
    with pytest.raises(Rejection) as refused:
        formula_of(CONDITION).evaluate({"level": 15_000})
    assert refused.value.code == "POL-021"
    assert "只有两个档次" in str(refused.value)
    assert "六(一)1" in str(refused.value)


@pytest.mark.parametrize(
    ("line", "severity", "words"),
    [
        ("{says: 三方之和, holds: 1元 + 2元 == 3元, cite: 一}", "", ""),
        ("{says: 三方之和, holds: 1元 + 2元 == 4元, cite: 一}", "error", "与它自己的数字不符：三方之和"),
        (
            "{says: 和, holds: 1元 == 4元, acknowledged: INC-1, note: 照原文, cite: 一}",
            "acknowledged",
            "INC-1：和；照原文",
        ),
        ("{says: 和, holds: 1元 == 1元, acknowledged: INC-1, note: 照原文, cite: 一}", "error", "INC-1已不成立"),
        ("{says: 名称不符, acknowledged: INC-2, note: 按居民, cite: 一}", "acknowledged", "INC-2：名称不符；按居民"),
        ("{says: 名称不符, acknowledged: INC-2, cite: 一}", "error", "没有说明怎样处理"),
        ("{says: 名称不符, cite: 一}", "error", "没有可核对的算式"),
        ("{says: 和, holds: 1元 == 百分之一, cite: 一}", "error", "不认识的名称"),
        ("{says: 和, holds: 1元 == 1元}", "error", "没有注明条款"),
    ],
)
def test_what_a_document_says_of_its_own_numbers_is_worked_out(line: str, severity: str, words: str) -> None:
    found = [(finding.severity, finding.message) for finding in checked(f"printed:\n  - {line}\n")]
    if not severity:
        assert found == []
    else:
        assert any(level == severity and words in message for level, message in found), found


def test_every_calculation_of_a_case_is_kept(tmp_path: Path) -> None:
    """A case of several formulas explains each of them, and compares each with its own expectation."""
    (tmp_path / "pack.yaml").write_text(HEAD + CONDITION, "utf-8")
    (tmp_path / "case.yaml").write_text(
        """
packs: [fragment]
on: 2024-01-01
cases:
  - id: A
    title: 两次
    visits:
      - {formula: 算, inputs: {level: 100}, expect: {due: 100}}
      - {formula: 算, inputs: {level: 200}, expect: {due: 201}}
""",
        "utf-8",
    )
    (result,) = run_cases(PolicyBook.load(tmp_path / "pack.yaml"), tmp_path / "case.yaml")
    assert [entry.value for entry in result.values] == [10_000, 20_000]
    assert result.failures == ("due应为201，算得200.00",)
