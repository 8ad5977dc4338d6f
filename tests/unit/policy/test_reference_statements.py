"""What the reference says in words about money, computed: narrowing, tables, caps, readings, fee lines, divided stays, --as-of."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tongchou.policy import PolicyBook
from tongchou.policy.cases import run_cases
from tongchou.policy.checker import check_book
from tongchou.policy.loader import read_packs

PACK = """
language: 1
pack: stated
title: 手册所说
source: {title: 试办法, number: 试〔2024〕1号}
version: {from: 2024-01-01, published: 2024-06-01}
funds: {"310100": 统筹, "330100": 大额}
counts_in: split
facts:
  visit.level: {values: [一级, 二级, 三级], cite: 一}
  visit.referral: {values: [转诊, 未转诊], same_as: {无: 未转诊}, cite: 一}
  person.identities: {values: [低保], cite: 一}
ambiguities:
  - {id: AMB-01, text: 市外, readings: {A: 降, B: 不降而每次限100元}, adopted: A, why: 字面, cite: 一}
accumulators:
  year.stays:310: {title: 次数, unit: 次}
  year.deductible:310: {title: 起付标准, unit: 元}
  year.paid:310: {title: 已付, unit: 元}
lines: {cite: 二, classes: {甲类: 0%, 乙类: 10%}, kinds: {特检特治: 15%, 乙类药品: 20%}, item_ratio: ignored}
benefits:
  - name: 住院
    cite: 三
    layers:
      - id: pool
        title: 统筹
        pays_from: "310100"
        base: [in_scope]
        cite: 四
        deductible:
          amount: {by: [visit.where, visit.level], 本市: {一级: 200, 二级、三级: 500}, 异地: {else: 900}}
          adjust: [{times: 50%, when: 低保 in person.identities}]
          nth: {counts: "year.stays:310", factors: [100%, 50%, 0%]}
          sum_caps: [{on: deductible, per: year, amount: 1400, counts: "year.deductible:310"}]
        bands: [{to: 1000, ratio: 80%}, {ratio: 90%}]
        adjust:
          - {by_reading: AMB-01, A: {add: -10pp, when: visit.where == 异地 and visit.referral == 未转诊}, B: null}
        caps:
          - {on: payment, per: year, amount: 1000, counts: "year.paid:310"}
          - {by_reading: AMB-01, A: null, B: {on: payment, amount: 100, title: 每次限额}}
        feeds: [{to: "year.stays:310", what: one}]
      - {id: large, title: 大额, pays_from: "330100", base: [over_cap], cite: 七, bands: [{ratio: 90%}]}
"""

CASES = """
title: 手册所说
packs: [stated]
benefit: 住院
on: 2024-07-01
facts: {visit.level: 三级}
cases:
  - {id: 支付限额只挪走被削减的支付, title: 第6节, bill: {in_scope: 3000}, expect: {pool: 1000, large: 1035, burden.copay: 350, burden.over_cap: 115}}
  - {id: 比例是第一段调整之后的, title: 第14节, facts: {visit.where: 异地}, bill: {in_scope: 2900}, expect: {ratio.pool: 70%}}
  - {id: 没有登记的按未转诊, title: 第2节, facts: {visit.where: 异地}, bill: {in_scope: 1000}, expect: {pool: 70}}
  - {id: 未定级视为一级, title: 第2节, facts: {visit.level: 未定级}, bill: {in_scope: 1000}, expect: {deductible: 200}}
  - {id: 收掉的级别被拒绝, title: 第2节, facts: {visit.level: 社区}, bill: {in_scope: 1000}, expect: {refused: POL-011}}
  - {id: 收掉的身份不计, title: 第2节, facts: {person.identities: [特困]}, bill: {in_scope: 1000}, expect: {deductible: 500}}
  - {id: 市外不分级别, title: 第4节, facts: {visit.where: 异地, visit.level: 一级}, bill: {in_scope: 1000}, expect: {deductible: 900}}
  - {id: 不降的分支, title: 第12节, readings: {AMB-01: B}, facts: {visit.where: 异地}, bill: {in_scope: 1000}, expect: {pool: 80}}
  - {id: 只在B里的限额, title: 第12节, readings: {AMB-01: B}, bill: {in_scope: 1500}, expect: {pool: 100, large: 630}}
  - id: 计实际负担的起付标准
    title: 第7节
    visits:
      - {bill: {in_scope: 100}, expect: {deductible: 100, "year.deductible:310": 100, "year.stays:310": 1}}
      - {bill: {in_scope: 1000}, expect: {deductible: 250, "year.deductible:310": 350}}
  - id: 类别不看甲乙类
    title: 第8节
    lines: [{class: 甲类, amount: 100, kind: 特检特治}, {class: 乙类, amount: 100, kind: 材料}, {class: 乙类, amount: 100, kind: 乙类药品、西药}]
    expect: {prior_self_pay: 45}
  - id: 分开的住院写成两次
    title: 第14节
    visits:
      - {on: 2024-12-31, bill: {in_scope: 600}, expect: {counted_in: 2024, deductible: 500, "year.stays:310": 1}}
      - {on: 2025-01-05, facts: {visit.continued: true}, bill: {in_scope: 600}, expect: {counted_in: 2025, deductible: 500, "year.stays:310": 1}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cases").mkdir()
    (tmp_path / "stated.yaml").write_text(PACK, "utf-8")
    (tmp_path / "cases/stated.yaml").write_text(CASES, "utf-8")
    return tmp_path


def found(folder: Path, old: str, new: str) -> str:
    assert old in PACK
    (folder / "stated.yaml").write_text(PACK.replace(old, new), "utf-8")
    return "\n".join(finding.message for finding in check_book(PolicyBook(read_packs(folder))))


def test_each_statement_comes_out_as_it_says(folder: Path) -> None:
    assert check_book(PolicyBook(read_packs(folder))) == []
    assert [
        (result.id, result.failures) for result in run_cases(PolicyBook.load(folder), folder) if result.failures
    ] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("异地: {else: 900}", "异地: 900", "少一层"),
        ("异地: {else: 900}", "异地: {else: {by: visit.level, else: 900}}", "异地"),
        ("一级: 200, ", "一级: 200, 未定级: 300, ", "没有对应的取值"),
        ("一级: 200, 二级、三级: 500}, 异地: {else: 900}", "一级: 200}, else: 900", "缺少“本市/二级”一格"),
        ("异地: {else: 900}", "异地: {else: 900}, else: 1", "“else/else”没有对应的取值"),
        ('pays_from: "330100"', 'pays_from: "330200"', "基金“330200”没有声明"),
        ('"330100"', '"330200"', "账上没有各层从“330200”支付的科目"),
        ("三级], cite", "三级], default: 一级, cite", "不认识的键“default”"),
        (", same_as: {无: 未转诊}", "", "不提供时是“无”"),
        ('[{to: "year.stays:310", what: one}]', "[]", "没有任何一层累计"),
    ],
)
def test_what_the_reference_says_is_refused(folder: Path, old: str, new: str, message: str) -> None:
    assert message in found(folder, old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("本市: {一级: 200, 二级、三级: 500}, 异地: {else: 900}", "本市、异地: {一级: 200, else: 500}"),
        ("异地: {else: 900}", "异地: {else: {value: null, note: 文件没有给}}"),
        ("异地: {else: 900}", "异地: {else: null}, note: 文件没有给"),
        ("异地: {else: 900}", "异地: {else: {by_reading: AMB-01, A: 900, B: 800}}"),
        ("异地: {else: 900}", "异地: {else: {value: 900, cite: 《新办法》一}}"),
        ("异地: {else: 900}", "else: {else: 900}"),
        ("异地: {else: 900}", "else: 900"),
        ("异地: {else: 900}", "else: {value: 900, cite: 《新办法》一}"),
        ("异地: {else: 900}", "else: {一级: 800, else: 900}"),
        ("异地: {else: 900}", "else: null, note: 文件没有给"),
        ("异地: {else: 900}", "else: {by_reading: AMB-01, A: 900, B: {一级: 700, else: 800}}"),
    ],
)
def test_what_the_reference_says_may_be_written(folder: Path, old: str, new: str) -> None:
    assert found(folder, old, new) == ""


def test_a_version_without_its_day_of_publication_counts_as_published(folder: Path) -> None:
    assert PolicyBook.load(folder, as_of=date(2024, 5, 31)).packs.get("stated", []) == []
    (folder / "stated.yaml").write_text(PACK.replace(", published: 2024-06-01", ""), "utf-8")
    assert len(PolicyBook.load(folder, as_of=date(2020, 1, 1)).packs["stated"]) == 1
