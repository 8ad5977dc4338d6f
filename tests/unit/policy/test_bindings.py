"""Which packs an area uses from which day on: the day chooses the arrangement, its packs, their order and their readings."""

from __future__ import annotations

from datetime import date

import pytest

from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, PolicyBook
from tongchou.policy.arrangements import adopted_readings, arrangement_differences, binding_text
from tongchou.policy.checker import check_book
from tongchou.policy.nodes import Map, parse_yaml

FIRST = """
pack: basic
title: 基本医疗保险
source: {title: 甲文件}
version: {from: 2020-01-01}
funds: {"310100": 统筹基金}
ambiguities:
  - {id: AMB-1, text: 比例按哪一条, readings: {A: 按第二条, B: 按附则}, adopted: A, why: 第二条在先}
benefits:
  - name: 住院
    cite: 一
    layers:
      - {id: pool, title: 统筹基金, pays_from: "310100", base: [in_scope], cite: 一, bands: [{ratio: {by_reading: AMB-1, A: 50%, B: 60%}}]}
"""
SECOND = """
pack: more
title: 补充保险
source: {title: 乙文件}
version: {from: 2020-01-01}
funds: {"330100": 大额}
benefits:
  - name: 住院
    cite: 一
    layers:
      - {id: extra, title: 补充, pays_from: "330100", base: [copay], cite: 一, bands: [{ratio: 50%}]}
"""
AREA = {"area": "629900", "area_name": "测试市", "scheme": "310", "title": "职工医保"}
JULY, LAST_OF_JUNE = date(2026, 7, 1), date(2026, 6, 30)
ALWAYS = """
binding:
  area: {code: "629900", name: 测试市}
  schemes:
    - {scheme: "310", name: 职工医保, packs: [basic]}
"""


def tree(text: str, file: str = "x.yaml") -> Map:
    found = parse_yaml(text, file)
    assert isinstance(found, Map)
    return found


def book_of(*bindings: str, as_of: date | None = None, published: dict[str, date] | None = None) -> PolicyBook:
    trees = [tree(FIRST, "basic.yaml"), tree(SECOND, "more.yaml")]
    trees += [tree(text, f"binding{number}.yaml") for number, text in enumerate(bindings)]
    return PolicyBook(trees, as_of=as_of, published=published)


def from_july(packs: list[str], readings: dict[str, str] | None = None) -> str:
    return binding_text(**AREA, start=JULY, packs=packs, readings=readings or {}, cite="某医保〔2026〕9号")


def funds_pay(book: PolicyBook, day: date) -> int:
    """What all funds pay of 1 000 yuan in scope on a day, in fen."""
    plan = book.plan(area="629900", scheme="310", benefit="住院", on=day)
    return plan.evaluate({}, Bill(in_scope=100_000), {}).fund_pay


@pytest.mark.requirement("R0.49", "R0.50")
def test_the_day_chooses_the_packs() -> None:
    """1000 × 50% = 500 to the end of June; from July the second pack pays half of the 500 that are left: 750."""
    book = book_of(ALWAYS, from_july(["basic", "more"]))
    assert (funds_pay(book, LAST_OF_JUNE), funds_pay(book, JULY)) == (50_000, 75_000)
    before = book.plan(area="629900", scheme="310", benefit="住院", on=LAST_OF_JUNE)
    after = book.plan(area="629900", scheme="310", benefit="住院", on=JULY)
    assert before.id.startswith("629900/310/住院@2020-01-01#")
    assert after.id.startswith("629900/310/住院@2026-07-01#")
    assert [book.plan_by_id(plan.id) for plan in (before, after)] == [before, after]
    assert {fund.code for fund in book.funds(area="629900", scheme="310")} == {"310100", "330100"}


def test_the_day_chooses_the_reading() -> None:
    """By reading A 50%, by reading B 60%."""
    book = book_of(ALWAYS, from_july(["basic"], {"AMB-1": "B"}))
    assert (funds_pay(book, LAST_OF_JUNE), funds_pay(book, JULY)) == (50_000, 60_000)
    plan = book.plan(area="629900", scheme="310", benefit="住院", on=JULY)
    assert "@2026-07-01?AMB-1=B#" in plan.id
    assert book.plan_by_id(plan.id) is plan


def test_before_the_first_day_there_is_no_policy() -> None:
    book = book_of(from_july(["basic"]))
    assert funds_pay(book, JULY) == 50_000
    with pytest.raises(Rejection, match="POL-001"):
        funds_pay(book, LAST_OF_JUNE)


def test_what_was_not_yet_published_is_not_known() -> None:
    """Published on the 1st of June, in force from July: who knew the policy of the 31st of May knew the old arrangement."""
    texts = (ALWAYS, from_july(["basic", "more"]))
    published = {"binding1.yaml": date(2026, 6, 1)}
    assert funds_pay(book_of(*texts, as_of=date(2026, 6, 1), published=published), JULY) == 75_000
    assert funds_pay(book_of(*texts, as_of=date(2026, 5, 31), published=published), JULY) == 50_000
    late = {"more.yaml": date(2026, 6, 1)}
    assert book_of(*texts, published=late).packs["more"][0].pack.published == date(2026, 6, 1)
    assert "more" not in book_of(*texts, as_of=date(2026, 5, 31), published=late).packs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (from_july(["basic", "none"]), "没有政策包“none”"),
        (from_july([]), "没有绑定任何政策包"),
        (from_july(["basic", "basic"]), "同一个政策包绑定了两次"),
        (from_july(["basic"], {"AMB-1": "C"}), "没有“AMB-1”的理解“C”"),
        (from_july(["basic"]).replace("2026-07-01", "2019-01-01"), "自2019-01-01起采用的政策包，当日没有一个生效"),
        (from_july(["basic"]).replace("2026-07-01", "7月"), "不是日期"),
    ],
)
def test_what_is_wrong_with_an_arrangement(text: str, message: str) -> None:
    found = [finding for finding in check_book(book_of(ALWAYS, text)) if finding.severity == "error"]
    assert "binding1.yaml" in {finding.file for finding in found}
    (named,) = [finding for finding in found if message in finding.message]
    assert named.line > 0
    assert named.remedy


def test_two_arrangements_from_one_day() -> None:
    errors = [found.message for found in check_book(book_of(ALWAYS, from_july(["basic"]), from_july(["more"])))]
    assert errors == ["统筹区629900的险种310自2026-07-01起绑定了两次"]


def test_an_arrangement_is_checked_on_its_own_days_only() -> None:
    """A version of ``more`` that clashes with ``basic`` in 2021 hinders nobody who chains them from 2026 on only."""
    counter = 'accumulators: {{"year.paid:310100": {{title: {title}, unit: 元}}}}'
    first = FIRST + counter.format(title="支付")
    clash = SECOND + counter.format(title="别的")
    clean = SECOND.replace("2020-01-01", "2022-01-01")
    trees = [tree(first, "basic.yaml"), tree(clash, "old.yaml"), tree(clean, "new.yaml"), tree(ALWAYS)]
    late = PolicyBook([*trees, tree(from_july(["basic", "more"]))])
    assert [finding for finding in check_book(late) if finding.severity == "error"] == []
    early = PolicyBook([*trees, tree(from_july(["basic", "more"]).replace("2026-07-01", "2021-07-01"))])
    assert any("year.paid:310100" in finding.message for finding in check_book(early))


def test_the_difference_in_words() -> None:
    book = book_of(ALWAYS, from_july(["more", "basic"], {"AMB-1": "B"}))
    old, new = book.bindings.history("629900", "310")
    assert [change.words for change in arrangement_differences(book, old, new)] == [
        "施行期间 由 一直采用 调整为 自 2026-07-01 起，依据：某医保〔2026〕9号",
        "新增 采用 补充保险（more）：第1位支付，依据：某医保〔2026〕9号",
        "对“比例按哪一条”的理解 由 A（按第二条） 调整为 B（按附则），依据：某医保〔2026〕9号",
    ]
    back = arrangement_differences(book, new, old)
    assert "取消 采用 补充保险（more）（原为第1位支付）" in [change.words for change in back]
    assert [entry.words for entry in adopted_readings(book, new)] == ["B（按附则）"]


def test_another_order_in_words() -> None:
    book = book_of(ALWAYS.replace("[basic]", "[basic, more]"), from_july(["more", "basic"]))
    changes = arrangement_differences(book, *book.bindings.history("629900", "310"))
    assert [change.words for change in changes if change.address == "order"] == [
        "支付顺序 由 基本医疗保险 → 补充保险 调整为 补充保险 → 基本医疗保险，依据：某医保〔2026〕9号"
    ]


def test_one_day_for_all_schemes_of_a_document() -> None:
    text = (
        from_july(["basic"])
        .replace("    from: 2026-07-01\n", "")
        .replace("  schemes:", "  from: 2026-07-01\n  schemes:")
    )
    (bound,) = book_of(text).bindings
    assert (bound.start, bound.place.cite) == (JULY, "某医保〔2026〕9号")
