"""Two versions compared in words: what rose, fell, came and went, each with its article."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.policy.amending import Amendment, amended
from tongchou.policy.book import Version
from tongchou.policy.document import document_of, version_differences
from tongchou.policy.findings import PolicyErrors
from tongchou.policy.loader import read_packs
from tongchou.policy.nodes import Map, parse_yaml
from tongchou.policy.overlays import written
from tongchou.project import cli

PACKS = default_pack_directory()
BOOK = PolicyBook(read_packs(PACKS))
SEVERAL = {name: versions for name, versions in BOOK.packs.items() if len(versions) > 1}
PERIOD = "version"
GANSU = PACKS / "gansu-city/gs-city.yaml"
NOTICE = "陇医保〔2026〕12号第二条"


def changed(*changes: tuple[str, str], start: date = date(2027, 1, 1)) -> tuple[Version, Version]:
    """The Gansu city's plan, and a version of it with some numbers changed by a notice."""
    text = GANSU.read_text("utf-8")
    new = amended(text, "new.yaml", [Amendment(path, value, NOTICE) for path, value in changes], start=start)
    trees = [parse_yaml(text, "old.yaml"), parse_yaml(new, "new.yaml")]
    before, after = PolicyBook([tree for tree in trees if isinstance(tree, Map)]).packs["gansu-city"]
    return before, after


def test_there_are_packs_with_several_versions() -> None:
    assert "wuhan-outpatient" in SEVERAL


@pytest.mark.parametrize("name", SEVERAL)
def test_what_differs_is_named_and_nothing_else(name: str) -> None:
    """Every statement that two versions of a shipped pack make differently is in the list, with both sides' words."""
    for before, after in zip(SEVERAL[name], SEVERAL[name][1:], strict=False):
        found = {change.address: change for change in version_differences(before, after)}
        old, new = document_of(before.pack).entries(), document_of(after.pack).entries()
        for address in {*old, *new}:
            if address.startswith("missing/"):
                continue
            same = address in old and address in new and old[address].words == new[address].words
            if not same:
                assert address in found, address
                sides = [side[address].words for side in (old, new) if address in side]
                assert all(words in found[address].words for words in sides)
        assert PERIOD in found
    assert version_differences(SEVERAL[name][0], SEVERAL[name][0]) == []


def test_wuhan_in_april_2023() -> None:
    """The published answer: from April 10th 2023 no deductible, higher ratios, 4,500 yuan a year for the retired."""
    before, after = BOOK.packs["wuhan-outpatient"]
    said = [change.words for change in version_differences(before, after)]
    assert any("施行期间 由 自 2023-02-01 至 2023-04-09 调整为 自 2023-04-10" in words for words in said)
    where = "普通门诊、药店购药 · 门诊统筹基金 · "
    assert any(words.startswith(f"取消 {where}起付标准（在职）（原为700 元") for words in said)
    assert f"{where}支付比例（退休、三级） 由 60% 调整为 65%（提高 5 个百分点），依据：武汉门诊共济 支付比例" in said
    assert (
        f"{where}年度最高支付限额（退休） 由 4,000 元 调整为 4,500 元（提高 500 元），依据：武汉门诊共济 年度最高支付限额"
        in said
    )
    assert not any("（在职）" in words and "限额" in words for words in said)  # 3,500 yuan as before


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("gansu-city/tables/住院起付标准/本市/三级", "1000", "住院起付标准（本市、三级） 由 600 元 调整为 1,000 元（提高 400 元）"),
        ("gansu-city/benefits/住院/layers/pool/bands/1/ratio/一级", "60%", "住院 · 统筹基金 · 支付比例（一级） 由 65% 调整为 60%（降低 5 个百分点）"),
        ("gansu-city/benefits/住院/layers/pool/caps/最高封顶线/amount", "30000.50", "住院 · 统筹基金 · 最高封顶线 由 28,000 元 调整为 30,000.50 元（提高 2,000.50 元）"),
        ("gansu-city/financing/classes/一般居民/person", "70", "筹资 · 一般居民：个人 由 60 元 调整为 70 元（提高 10 元）"),
        ("gansu-city/lines/classes/乙类", "15%", "费用明细的先行自付 · 乙类先行自付比例 由 20% 调整为 15%（降低 5 个百分点）"),
        ("gansu-city/financing/on_behalf/大中专特困学生/amount", "20", "筹资 · 大中专特困学生 由 文件未给出"),
    ],
)  # fmt: skip
def test_a_changed_number_in_words(path: str, value: str, words: str) -> None:
    assert path in written(next(v for v in BOOK.packs["gansu-city"]).tree), sorted(
        written(BOOK.packs["gansu-city"][0].tree)
    )
    before, after = changed((path, value))
    found = [change for change in version_differences(before, after) if change.address != PERIOD]
    assert len(found) == 1, [change.words for change in found]
    assert found[0].words.startswith(words)
    assert found[0].words.endswith(f"，依据：{NOTICE}")


def test_a_rule_that_comes_and_one_that_goes() -> None:
    before, _ = changed()
    text = GANSU.read_text("utf-8")
    text = text.replace("from: 2007-10-01", "from: 2027-01-01")
    text = text.replace("  - name: 儿童意外门诊", "  - name: 学生意外门诊", 1)
    tree = parse_yaml(text, "new.yaml")
    assert isinstance(tree, Map)
    (after,) = PolicyBook([tree]).packs["gansu-city"]
    said = [change.words for change in version_differences(before, after)]
    assert any(words.startswith("新增 学生意外门诊 · 统筹基金(意外伤害门诊) · 支付比例：40%") for words in said)
    assert any(words.startswith("取消 儿童意外门诊 · 统筹基金(意外伤害门诊) · 支付比例（原为40%）") for words in said)


def test_a_change_without_an_article_is_refused() -> None:
    with pytest.raises(PolicyErrors, match="没有注明条款"):
        amended(
            GANSU.read_text("utf-8"),
            "x.yaml",
            [Amendment("gansu-city/lines/classes/乙类", "15%", " ")],
            start=date(2027, 1, 1),
        )


# -- tongchou policy diff -------------------------------------------------------------------------------------------------

OLD, NEW = PACKS / "wuhan/outpatient-2023-02.yaml", PACKS / "wuhan/outpatient-2023-04.yaml"


def test_the_command_prints_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["policy", "diff", str(OLD), str(NEW)]) == 0
    out = capsys.readouterr().out
    assert "wuhan-outpatient" in out
    assert "调整为" in out


def test_the_command_gives_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["policy", "diff", str(OLD), str(NEW), "--json"]) == 0
    (pack,) = json.loads(capsys.readouterr().out)
    assert pack["pack"] == "wuhan-outpatient"
    first = pack["changes"][0]
    assert first.keys() == {"kind", "address", "label", "before", "after", "citation", "words"}


def test_the_command_finds_nothing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["policy", "diff", str(OLD), str(OLD)]) == 0
    assert "没有不同" in capsys.readouterr().out


def test_packs_that_one_side_lacks_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["policy", "diff", str(OLD), str(GANSU)]) == 0
    out = capsys.readouterr().out
    assert "只在前者" in out
    assert "只在后者" in out


def test_remarks_of_the_old_version_go_however_they_are_written() -> None:
    text = GANSU.read_text("utf-8")
    for old in (
        "version: {from: 2007-10-01}",
        "version:\n  from: 2007-10-01\n  note: |\n    甲\n    乙\n  until: 2026-12-31",
    ):
        written_so = text.replace("version: {from: 2007-10-01}", old)
        new = amended(written_so, "x.yaml", (), start=date(2027, 1, 1), note="新的说明", replaces="某通知")
        tree = parse_yaml(new, "x.yaml")
        assert isinstance(tree, Map)
        (version,) = PolicyBook([tree]).packs["gansu-city"]
        assert (version.pack.start, version.pack.until) == (date(2027, 1, 1), None)
        said = document_of(version.pack).entries()
        assert (said["version/note"].words, said["version/replaces"].words) == ("新的说明", "某通知")
