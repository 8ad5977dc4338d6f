"""The book: which version holds when, readings, hashes, plan ids, formulas, financing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tongchou.kernel.rate import Rate
from tongchou.kernel.rejection import Rejection
from tongchou.policy import Bill, LineFacts, PolicyBook, PolicyErrors, default_pack_directory

CITY = {"area": "629900", "scheme": "390", "benefit": "住院"}
ADULT = {"person.type": "居民", "person.continuous_years": 4, "visit.level": "一级"}


@pytest.mark.requirement("R0.49", "R0.50")
def test_the_day_chooses_the_version(book: PolicyBook) -> None:
    early, late = book.plan(**CITY, on=date(2015, 12, 31)), book.plan(**CITY, on=date(2016, 1, 1))
    assert [layer.id for layer in early.layers] == ["pool", "large"]
    assert [layer.id for layer in late.layers] == ["pool", "large", "critical"]
    assert (early.version_from, late.version_from) == (date(2007, 10, 1), date(2016, 1, 1))
    assert early.package_hash != late.package_hash
    assert book.plan(**CITY, on=date(2021, 4, 21)) is late
    with_account = book.plan(**CITY, on=date(2021, 4, 22))  # a relative's account may pay from that day on
    assert [layer.id for layer in with_account.layers] == ["pool", "large", "critical"]
    assert with_account.version_from == date(2021, 4, 22)
    assert book.plan(**CITY, on=date(2026, 11, 22)) is with_account


def test_before_the_first_version_nothing_is_in_force(book: PolicyBook) -> None:
    with pytest.raises(Rejection) as refused:
        book.plan(**CITY, on=date(2007, 9, 30))
    assert refused.value.code == "POL-002"
    assert "2007-09-30" in refused.value.message


@pytest.mark.parametrize(("area", "scheme"), [("110000", "390"), ("629900", "380")])
def test_an_area_without_policy_is_refused(book: PolicyBook, area: str, scheme: str) -> None:
    with pytest.raises(Rejection) as refused:
        book.plan(area=area, scheme=scheme, benefit="住院", on=date(2026, 1, 1))
    assert refused.value.code == "POL-001"


def test_a_version_that_ended_is_not_in_force(book: PolicyBook) -> None:
    packs = ["wuhan-outpatient"]
    old = book.plan_of(packs, benefit="普通门诊", on=date(2023, 4, 9))
    new = book.plan_of(packs, benefit="普通门诊", on=date(2023, 4, 10))
    facts = {"person.type": "在职", "visit.level": "一级"}
    assert old.evaluate(facts, Bill(in_scope=100_000), {}).fund_pay == 24_000
    assert new.evaluate(facts, Bill(in_scope=100_000), {}).fund_pay == 85_000


@pytest.mark.requirement("R0.49")
def test_a_reading_is_another_plan_and_hash(book: PolicyBook) -> None:
    adopted = book.plan(**CITY, on=date(2026, 1, 1))
    other = book.plan(**CITY, on=date(2026, 1, 1), readings={"AMB-GS-01": "B"})
    assert other.id != adopted.id
    assert other.package_hash != adopted.package_hash
    assert book.plan(**CITY, on=date(2026, 1, 1), readings={"AMB-GS-01": "A"}) is adopted
    assert other.evaluate(ADULT, Bill(in_scope=1_010_000), {}).ratio_of("pool") == Rate.parse("66.95%")


@pytest.mark.requirement("R0.49")
def test_an_area_may_adopt_another_reading(tmp_path: Path) -> None:
    text = (default_pack_directory() / "gansu-city/gs-city.yaml").read_text("utf-8")
    (tmp_path / "pack.yaml").write_text(text, "utf-8")
    binding = """
binding:
  area: {code: "1", name: 甲市}
  schemes: [{scheme: "390", name: 居民, packs: [gansu-city], readings: {AMB-GS-01: %s}}]
"""
    (tmp_path / "city.yaml").write_text(binding % "B", "utf-8")
    plan = PolicyBook.load(tmp_path).plan(area="1", scheme="390", benefit="住院", on=date(2009, 1, 1))
    assert plan.evaluate(ADULT, Bill(in_scope=1_010_000), {}).ratio_of("pool") == Rate.parse("66.95%")
    (tmp_path / "city.yaml").write_text(binding % "C", "utf-8")
    with pytest.raises(PolicyErrors, match="没有“AMB-GS-01”的理解“C”"):
        PolicyBook.load(tmp_path)


def test_an_unknown_reading_is_a_finding(book: PolicyBook) -> None:
    with pytest.raises(PolicyErrors, match="没有理解“C”"):
        book.plan(**CITY, on=date(2026, 1, 1), readings={"AMB-GS-01": "C"})


def test_a_plan_is_found_again_by_its_id(book: PolicyBook) -> None:
    for readings in ({}, {"AMB-GS-01": "B", "AMB-CS-05": "B"}):
        plan = book.plan(**CITY, on=date(2026, 5, 4), readings=readings)
        assert book.plan_by_id(plan.id) is plan


@pytest.mark.parametrize(
    "change", [lambda i: i[:-1] + ("0" if i[-1] != "0" else "1"), lambda i: "nonsense", lambda i: i.split("#")[0]]
)
def test_a_changed_package_is_not_passed_off_as_the_old_one(book: PolicyBook, change: object) -> None:
    plan = book.plan(**CITY, on=date(2026, 5, 4))
    with pytest.raises(Rejection) as refused:
        book.plan_by_id(change(plan.id))  # type: ignore[operator]
    assert refused.value.code == "POL-003"


def copy_of(tmp_path: Path, name: str, change: tuple[str, str] = ("", "")) -> PolicyBook:
    """The Gansu pack alone, with a text replaced."""
    text = (default_pack_directory() / "gansu-city/gs-city.yaml").read_text("utf-8")
    folder = tmp_path / name
    folder.mkdir()
    (folder / "pack.yaml").write_text(text.replace(*change) if change[0] else text, "utf-8")
    return PolicyBook.load(folder)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (("# 五(三)2 “一个统筹年度”", "# another comment"), True),
        (("version: {from: 2007-10-01}", "version:\n  from: 2007-10-01"), True),
        (("amount: 28000", "amount: 28001"), False),
        (("五(三)2", "五(三)3"), False),
    ],
)
def test_the_hash_is_of_the_content(tmp_path: Path, change: tuple[str, str], *, same: bool) -> None:
    packs = ["gansu-city"]
    before = copy_of(tmp_path, "before").plan_of(packs, benefit="住院", on=date(2009, 1, 1))
    after = copy_of(tmp_path, "after", change).plan_of(packs, benefit="住院", on=date(2009, 1, 1))
    assert (before.package_hash == after.package_hash) is same


LAYOUT = """
import hashlib
from datetime import date
from tongchou.policy import PolicyBook, default_pack_directory
book = PolicyBook.load(default_pack_directory())
for scheme in ("390", "310"):
    for benefit in book.benefits(area="629900", scheme=scheme, on=date(2026, 1, 1)):
        plan = book.plan(area="629900", scheme=scheme, benefit=benefit, on=date(2026, 1, 1))
        print(plan.id, plan.package_hash, plan.program.recorded, [a.name for a in plan.accumulators], plan.source)
"""


def test_every_process_compiles_the_same_plan() -> None:
    """The order of step values and counters is stored; it must not depend on Python's hash seed."""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", LAYOUT], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert len(outputs.pop()) > 1000


def test_what_was_not_yet_published_is_left_out(tmp_path: Path) -> None:
    for name in ("outpatient-2023-02.yaml", "outpatient-2023-04.yaml"):
        text = (default_pack_directory() / "wuhan" / name).read_text("utf-8")
        (tmp_path / name).write_text(
            text.replace("  from: 2023-04-10", "  from: 2023-04-10\n  published: 2023-04-20"), "utf-8"
        )
    known_then = PolicyBook.load(tmp_path, as_of=date(2023, 4, 15))
    with pytest.raises(Rejection):
        known_then.plan_of(["wuhan-outpatient"], benefit="普通门诊", on=date(2023, 4, 12))
    known_later = PolicyBook.load(tmp_path, as_of=date(2023, 4, 20))
    assert known_later.plan_of(["wuhan-outpatient"], benefit="普通门诊", on=date(2023, 4, 12)).version_from == date(
        2023, 4, 10
    )


def test_benefits_and_funds_of_the_demo_city(book: PolicyBook) -> None:
    on = date(2026, 1, 1)
    resident = ("住院", "门诊特殊病", "儿童意外门诊", "普通门诊", "药店购药")
    assert book.benefits(area="629900", scheme="390", on=on) == resident
    assert book.benefits(area="629900", scheme="310", on=on) == ("住院", "普通门诊", "药店购药")
    assert {fund.code for fund in book.funds(area="629900", scheme="390")} == {"310200", "390100", "330100", "390200"}
    assert {fund.code for fund in book.funds(area="629900", scheme="310")} == {"310100", "310102", "310200"}


@pytest.mark.requirement("R1.3.10")
def test_the_discharge_chooses_the_year(book: PolicyBook) -> None:
    plan = book.plan(**CITY, on=date(2026, 1, 1))
    day = plan.counting_date(admitted=date(2009, 12, 20), discharged=date(2010, 1, 8))
    assert plan.benefit_year(day).start == date(2010, 1, 1)
    assert {plan.period_key(spec, day) for spec in plan.accumulators} == {"2010"}


def test_a_benefit_year_may_begin_on_any_day(tmp_path: Path) -> None:
    """SHP-56: from 1 October to 30 September."""
    text = (default_pack_directory() / "gansu-city/gs-city.yaml").read_text("utf-8")
    (tmp_path / "pack.yaml").write_text(text.replace('benefit_year: "01-01"', 'benefit_year: "10-01"'), "utf-8")
    plan = PolicyBook.load(tmp_path).plan_of(["gansu-city"], benefit="住院", on=date(2009, 1, 1))
    assert plan.benefit_year(date(2009, 9, 30)).start == date(2008, 10, 1)
    assert plan.benefit_year(date(2009, 10, 1)).start == date(2009, 10, 1)
    assert plan.period_key(plan.accumulators[0], date(2009, 9, 30)) == "2008"


SECOND = """
pack: second
title: 第二层
source: {title: 第二层}
version: {from: 2007-10-01}
%s
funds: {"390300": 补充}
define: {学生: person.type == 少年儿童}
accumulators: {"year.pool_paid:390100": {title: %s, unit: 元}}
benefits:
  - name: 住院
    cite: 一
    layers:
      - {id: second, title: 补充, pays_from: "390300", base: [copay], when: 学生, bands: [{ratio: 50%%}]}
"""


def chained(tmp_path: Path, extra: str = "", title: str = "本年度住院统筹支付") -> PolicyBook:
    """The Gansu pack with a second one behind it, which uses the same name for another condition."""
    text = (default_pack_directory() / "gansu-city/gs-city.yaml").read_text("utf-8")
    (tmp_path / "pack.yaml").write_text(text, "utf-8")
    (tmp_path / "second.yaml").write_text(SECOND % (extra, title), "utf-8")
    (tmp_path / "city.yaml").write_text(
        'binding: {area: {code: "1", name: 甲}, schemes: [{scheme: "390", name: 乙, packs: [gansu-city, second]}]}',
        "utf-8",
    )
    return PolicyBook.load(tmp_path)


def test_packs_do_not_see_each_others_named_conditions(tmp_path: Path) -> None:
    plan = chained(tmp_path).plan(area="1", scheme="390", benefit="住院", on=date(2009, 1, 1))
    student = {"person.type": "中小学生", "person.continuous_years": 1, "visit.level": "一级"}
    child = student | {"person.type": "少年儿童"}
    for facts, pool, second in ((student, 75_000, 0), (child, 65_000, 17_500)):
        outcome = plan.evaluate(facts, Bill(in_scope=110_000), {})
        assert [payment.amount for payment in outcome.payments] == [pool, 0, second]


@pytest.mark.parametrize(
    ("extra", "title", "message"),
    [('benefit_year: "10-01"', "本年度住院统筹支付", "待遇年度"), ("", "另一个数", "累计项“year.pool_paid:390100”")],
)
def test_chained_packs_must_agree(tmp_path: Path, extra: str, title: str, message: str) -> None:
    with pytest.raises(PolicyErrors, match=message):
        chained(tmp_path, extra, title)


@pytest.mark.parametrize("written", ["13-01", "02-30", "1 October", "0101"])
def test_a_benefit_year_that_is_no_day_is_a_finding(tmp_path: Path, written: str) -> None:
    text = (default_pack_directory() / "gansu-city/gs-city.yaml").read_text("utf-8")
    (tmp_path / "pack.yaml").write_text(text.replace('benefit_year: "01-01"', f'benefit_year: "{written}"'), "utf-8")
    with pytest.raises(PolicyErrors, match="benefit_year"):
        PolicyBook.load(tmp_path)


def test_formula_and_financing_of_the_city(book: PolicyBook) -> None:
    formula = book.formula("待遇起始日", area="629900", scheme="390", on=date(2008, 3, 15))
    inputs = {"paid_on": date(2008, 3, 15), "for_year": 2008, "repaid_gap": False}
    assert formula.evaluate(inputs)["start"] == date(2008, 4, 1)
    assert [value.citation for value in formula.explain(inputs)] == ["试点实施方案 六(二)"] * 3
    dues = book.financing(area="629900", scheme="390", on=date(2008, 1, 1)).dues("一般居民", ["再就业优惠证"])
    assert (dues.person_cash, dues.total) == (2_000, 16_000)
    assert dues.on_behalf == (("县区再就业资金", 4_000, "试点实施方案 三(二)"),)


def test_a_formula_is_explained_in_words_and_numbers(book: PolicyBook) -> None:
    formula = book.formula("基金分配", area="629900", scheme="390", on=date(2008, 1, 1))
    steps = formula.explain({"levied": 228_000_000, "own_part": 76_000_000, "persons": 15_000})
    assert [step.text() for step in steps] == [
        "1. 市级风险调剂金：按比例(当年征缴总额, 5%)：按比例(2280000.00, 5%) = 114000.00元〔试点实施方案 二(二)2〕",
        "2. 大额医疗保险补助基金：参保人数 × 20元：15000 × 20元 = 300000.00元〔试点实施方案 五(一)〕",
        "3. 统筹基金：当年征缴总额 − 市级风险调剂金 − 大额医疗保险补助基金：2280000.00 − 114000.00 − 300000.00 = 1866000.00元〔试点实施方案 五(一)〕",
    ]


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"paid_on": date(2008, 1, 1), "for_year": 2008}, "POL-010"),
        ({"paid_on": "2008-01-01", "for_year": 2008, "repaid_gap": False}, "POL-011"),
        ({"paid_on": date(2008, 1, 1), "for_year": True, "repaid_gap": False}, "POL-011"),
    ],
)
def test_formula_inputs_are_checked(book: PolicyBook, inputs: dict[str, object], code: str) -> None:
    with pytest.raises(Rejection) as refused:
        book.formula("待遇起始日", area="629900", scheme="390", on=date(2008, 1, 1)).evaluate(inputs)
    assert refused.value.code == code


def test_an_unknown_formula_is_refused(book: PolicyBook) -> None:
    with pytest.raises(Rejection) as refused:
        book.formula("滞纳金", area="629900", scheme="390", on=date(2008, 1, 1))
    assert refused.value.code == "POL-040"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (LineFacts(100, 10_000, 1_000_000, "丁类"), "POL-031"),
        (LineFacts(100, 10_000, 1_000_000, ""), "POL-031"),
    ],
)
def test_an_item_class_that_is_none(book: PolicyBook, line: LineFacts, code: str) -> None:
    with pytest.raises(Rejection) as refused:
        book.plan(**CITY, on=date(2026, 1, 1)).split_line(line)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("fact", "value", "code"),
    [
        ("visit.level", None, "POL-010"),
        ("visit.level", "特级", "POL-011"),
        ("visit.level", 3, "POL-011"),
        ("person.continuous_years", "4", "POL-011"),
        ("person.continuous_years", True, "POL-011"),
        ("person.continuous_years", 4.0, "POL-011"),
        ("person.identities", "低保", "POL-011"),
        ("person.identities", 7, "POL-011"),
        ("visit.mental_illness", 1, "POL-011"),
        ("visit.exclusion", "其他", "POL-011"),
    ],
)
def test_a_wrong_fact_is_named(book: PolicyBook, fact: str, value: object, code: str) -> None:
    with pytest.raises(Rejection) as refused:
        book.plan(**CITY, on=date(2026, 1, 1)).evaluate(ADULT | {fact: value}, Bill(in_scope=1), {})
    assert refused.value.code == code
    assert fact in refused.value.message


def test_a_negative_bill_is_refused(book: PolicyBook) -> None:
    with pytest.raises(Rejection) as refused:
        book.plan(**CITY, on=date(2026, 1, 1)).evaluate(ADULT, Bill(in_scope=100, prior_self_pay=-1), {})
    assert refused.value.code == "POL-012"


@pytest.mark.requirement("R1.3.15", "R1.3.16")
def test_an_exclusion_names_its_article(book: PolicyBook) -> None:
    plan = book.plan(**CITY, on=date(2026, 1, 1))
    with pytest.raises(Rejection) as refused:
        plan.evaluate(ADULT | {"visit.exclusion": "交通肇事", "visit.mass_event": True}, Bill(in_scope=1), {})
    assert refused.value.code == "POL-020"
    assert "试点实施方案 五(十一)2" in refused.value.message  # the first rule that holds is the one that is named


ARTICLES = {
    "五(十一)1": ("境外就医",),
    "五(十一)2": ("交通肇事", "医疗事故", "其他责任事故"),
    "五(十一)3": ("吸毒", "打架斗殴", "违规违法"),
    "五(十一)4": ("自伤自残", "酗酒", "戒毒", "性传播疾病"),
    "五(十一)5": ("美容", "矫形"),
}


@pytest.mark.requirement("R1.3.15", "R1.3.16")
@pytest.mark.parametrize(("article", "case"), [(a, case) for a, cases in ARTICLES.items() for case in cases])
def test_each_exclusion_of_a_list_is_refused_with_its_own_article(book: PolicyBook, article: str, case: str) -> None:
    plan = book.plan(**CITY, on=date(2026, 1, 1))
    with pytest.raises(Rejection) as refused:
        plan.evaluate(ADULT | {"visit.exclusion": case, "visit.mass_event": True}, Bill(in_scope=1), {})
    assert refused.value.code == "POL-020"
    assert f"试点实施方案 {article}" in refused.value.message


def test_what_an_exclusion_leaves_out_is_paid_for(book: PolicyBook) -> None:
    """五(十一)4 excepts mental illness; a later rule of the list still applies to the same visit."""
    plan = book.plan(**CITY, on=date(2026, 1, 1))
    facts = ADULT | {"visit.exclusion": "自伤自残", "visit.mental_illness": True}
    assert plan.evaluate(facts, Bill(in_scope=1_000_000), {}).fund_pay > 0
    with pytest.raises(Rejection, match=re.escape("五(十二)")):
        plan.evaluate(facts | {"visit.mass_event": True}, Bill(in_scope=1_000_000), {})


def test_a_mistake_in_a_pack_that_nobody_has_bound_hinders_nobody(tmp_path: Path) -> None:
    shutil.copytree(default_pack_directory(), tmp_path / "packs")
    (tmp_path / "packs" / "elsewhere.yaml").write_text(
        "language: 1\npack: elsewhere\ntitle: 未完成\nnonsense: 1\n", encoding="utf-8"
    )
    with pytest.raises(PolicyErrors, match="elsewhere"):
        PolicyBook.load(tmp_path / "packs")
    book = PolicyBook.load(tmp_path / "packs", bound_only=True)
    assert {area for area, _ in book.bindings.schemes} == {"629900"}
    assert "taian" not in " ".join(book.packs)


def test_a_version_that_ended_does_not_bring_the_one_before_it_back(tmp_path: Path) -> None:
    """Without ``until`` a version holds to the day before the next one, and no longer (reference, section 1)."""
    old = (default_pack_directory() / "wuhan/outpatient-2023-02.yaml").read_text("utf-8")
    new = (default_pack_directory() / "wuhan/outpatient-2023-04.yaml").read_text("utf-8")
    (tmp_path / "old.yaml").write_text(old.replace("  until: 2023-04-09\n", ""), "utf-8")
    (tmp_path / "new.yaml").write_text(
        new.replace("  from: 2023-04-10", "  from: 2023-04-10\n  until: 2023-12-31"), "utf-8"
    )
    book = PolicyBook.load(tmp_path)
    held = [book.in_force(["wuhan-outpatient"], date(2023, month, 1)) for month in (3, 5)]
    assert [version.pack.file for found in held for version in found] == ["old.yaml", "new.yaml"]
    assert book.in_force(["wuhan-outpatient"], date(2024, 1, 1)) == []
