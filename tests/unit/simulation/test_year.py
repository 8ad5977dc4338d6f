"""A year under two policies: figures checked by hand on a handful of claims, and their parts adding up on many."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from tongchou.kernel.rejection import Rejection
from tongchou.policy import PolicyBook, default_pack_directory
from tongchou.simulation.service import Inputs, simulate_year
from tongchou.simulation.workbook import write_workbook

BOOK = PolicyBook.load(default_pack_directory())
CITY = {"area": "629900", "scheme": "390"}
ROW: dict[str, Any] = {
    "person": 1, "date": date(2015, 3, 5), "benefit": "住院", "in_scope": 0, "out_of_scope": 0, "person.type": "居民",
    "visit.level": "三级", "person.continuous_years": 1, "person.identities": "", "visit.disease": "",
}  # fmt: skip


def claims(path: Path, *rows: dict[str, Any]) -> list[Path]:
    file = path / "claims.parquet"
    pq.write_table(pa.Table.from_pylist([ROW | row for row in rows]), file)
    return [file]


def values(found: dict[str, Any], grouping: str) -> dict[str, list[int]]:
    return {" ".join(row["name"]): row["values"] for row in found["outlay"][grouping]}


def headline(found: dict[str, Any]) -> dict[str, list[int]]:
    return {row["name"]: row["values"] for row in found["headline"]}


@pytest.mark.requirement("R12.18")
def test_two_persons_by_hand(tmp_path: Path) -> None:
    """In force: (10,000 − 600) × 55% = 5,170.00 and (5,000 − 600) × 55% = 2,420.00. With a deductible of 1,000 from April on:
    the stay in March as before, that in May (5,000 − 1,000) × 55% = 2,200.00: its person loses 220.00."""
    files = claims(
        tmp_path,
        {"person": 1, "in_scope": 1_000_000},
        {"person": 2, "in_scope": 500_000, "date": date(2015, 5, 9), "person.type": "中小学生", "out_of_scope": 7},
    )
    inputs = Inputs(
        **CITY, sets=("住院起付标准/本市/三级@2015-04-01=1000",), threshold=300_000, balances={"390100": 9_000_000}
    )
    found = simulate_year(inputs, files, BOOK)
    student = (500_000 - 60_000) * 65 // 100, (500_000 - 100_000) * 65 // 100
    assert (found["claims"], found["persons"], found["years"], found["months"]) == (2, 2, [2015], 2)
    assert values(found, "fund") == {"390100": [517_000 + student[0], 517_000 + student[1]], "330100": [0, 0]}
    assert values(found, "class") == {"居民": [517_000] * 2, "中小学生": list(student)}
    assert values(found, "month") == {"03月": [517_000] * 2, "05月": list(student)}
    assert values(found, "level") == {"三级": [517_000 + paid for paid in student]}
    assert headline(found)["total"] == [1_500_007] * 2
    assert headline(found)["burden"] == [1_500_007 - 517_000 - paid for paid in student]
    lost = student[0] - student[1]
    assert {name: found["winners"][name] for name in ("winners", "gain", "losers", "loss", "same")} == {
        "winners": 0, "gain": 0, "losers": 1, "loss": lost, "same": 1,
    }  # fmt: skip
    band = next(band for band in found["winners"]["bands"] if band["losers"])
    assert (band["over"], band["upto"]) == (10_000, 50_000)  # 260.00 yuan
    assert found["catastrophic"]["values"] == [1, 1]  # 4,830.00 is above 3,000.00; 2,140.07 and 2,400.07 are not
    assert found["capacity"][0]["tenths"] == [224, 232]  # 90,000.00 × 2 months ÷ 8,030.00 and ÷ 7,770.00
    assert found["distribution"]["median"] == [500_007 - student[0], 500_007 - student[1]]


def test_benefits_of_a_person_share_what_the_policy_counts_together(tmp_path: Path) -> None:
    """Critical illness counts the burden of stays and of special outpatient care in one year: the same treatment costs the fund
    more after a dear stay than alone."""
    stay = {"person": 1, "in_scope": 9_000_000, "date": date(2026, 2, 1)}
    care = {"benefit": "门诊特殊病", "in_scope": 3_000_000, "date": date(2026, 3, 1), "visit.disease": "M07803"}
    together = simulate_year(Inputs(**CITY), claims(tmp_path, stay, care), BOOK)
    apart = simulate_year(Inputs(**CITY), claims(tmp_path, stay, care | {"person": 2}), BOOK)
    critical = "门诊特殊病 大病保险"
    assert values(together, "layer")[critical][0] > values(apart, "layer")[critical][0]


def test_a_policy_without_the_benefit_pays_nothing_and_says_so(tmp_path: Path) -> None:
    files = claims(tmp_path, {"in_scope": 100_000, "benefit": "牙科"}, {"person": 2, "in_scope": 1_000_000})
    found = simulate_year(Inputs(**CITY), files, BOOK)
    assert headline(found)["refused"] == [1]
    assert found["scenarios"][0]["refusals"] == [{"reason": "政策没有这项待遇", "claims": 1}]
    assert headline(found)["fund"] == [517_000]


def test_words_outside_the_policy_are_counted(tmp_path: Path) -> None:
    found = simulate_year(Inputs(**CITY), claims(tmp_path, {"in_scope": 100, "visit.level": "特级"}), BOOK)
    assert found["scenarios"][0]["refusals"] == [{"reason": "政策不适用于 visit.level=特级", "claims": 1}]


def test_a_fact_that_is_missing_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"person": [1], "date": [date(2026, 3, 5)], "in_scope": [500]}), file)
    with pytest.raises(Rejection) as refused:
        simulate_year(Inputs(**CITY), [file], BOOK)
    assert refused.value.code == "SIMU-001"
    assert "visit.level（医院级别）" in refused.value.message
    fixed = {"visit.level": "三级", "person.type": "居民", "person.continuous_years": "1"}
    found = simulate_year(Inputs(**CITY, fixed=fixed), [file], BOOK)
    assert headline(found)["refused"] == [0]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"in_scope": -1}, "第2行 in_scope：金额为负"),
        ({"person": None}, "第2行 person：没有值"),
        ({"benefit": ""}, "第2行 benefit"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, row: dict[str, Any], says: str) -> None:
    with pytest.raises(Rejection) as refused:
        simulate_year(Inputs(**CITY), claims(tmp_path, {}, row), BOOK)
    assert says in refused.value.message


def test_persons_out_of_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejection, match="SIMU-001"):
        simulate_year(Inputs(**CITY), claims(tmp_path, {"person": 2}, {"person": 1}), BOOK)


def test_assistance_is_chained_after_critical_illness(tmp_path: Path) -> None:
    """The province's assistance as the last pack of the chain pays persons in need out of what the others left."""
    poor = {"person": 1, "in_scope": 20_000_000, "person.identities": "特困、困难", "date": date(2026, 3, 5)}
    rich = poor | {"person": 2, "person.identities": ""}
    packs = ("gansu-city", "changsha-cii", "gansu-assistance")
    found = simulate_year(
        Inputs(**CITY, against_packs=packs, fixed={"area.assistance_percent": "60"}), claims(tmp_path, poor, rich), BOOK
    )
    added = {name: paid for name, paid in values(found, "layer").items() if paid[0] == 0 and paid[1] > 0}
    assert added, values(found, "layer")
    assert found["winners"]["gain"] == sum(paid[1] for paid in added.values())


@pytest.mark.requirement("R12.18")
def test_income_and_what_is_left(tmp_path: Path) -> None:
    """1,000 residents bring 60 + 40 + 30 + 15 + 15 yuan each; with 20 yuan more from the county 180,000.00 in all. The outlay of one month
    is taken for twelve."""
    sets = ("financing/classes/一般居民/county=35", "financing/classes/一般居民/total=180")
    inputs = Inputs(**CITY, sets=sets, insured={"一般居民": 1_000})
    found = simulate_year(inputs, claims(tmp_path, {"in_scope": 1_000_000}), BOOK)
    income = found["income"]
    assert {row["name"]: row["values"] for row in income["payers"]} == {
        "个人": [6_000_000] * 2, "中央财政": [4_000_000] * 2, "省财政": [3_000_000] * 2, "市财政": [1_500_000] * 2,
        "县区财政": [1_500_000, 3_500_000],
    }  # fmt: skip
    assert income["received"] == [16_000_000, 18_000_000]
    assert income["outlay"] == [517_000 * 12] * 2
    assert income["left"] == [16_000_000 - 6_204_000, 18_000_000 - 6_204_000]
    with pytest.raises(Rejection, match="POL-011"):
        simulate_year(Inputs(**CITY, insured={"神仙": 1}), claims(tmp_path, {}), BOOK)
    with pytest.raises(Rejection, match="SIMU-004"):  # the shares no longer add up to the total
        simulate_year(Inputs(**CITY, sets=sets[:1]), claims(tmp_path, {}), BOOK)


def test_an_unknown_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejection, match="没有政策包 nowhere"):
        simulate_year(Inputs(**CITY, against_packs=("gansu-city", "nowhere")), claims(tmp_path, {}), BOOK)


def test_years_out_of_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejection, match="待遇年度"):
        simulate_year(Inputs(**CITY), claims(tmp_path, {"year": 2026}, {"year": 2025}), BOOK)


def test_no_claims_at_all(tmp_path: Path) -> None:
    file = tmp_path / "empty.parquet"
    pq.write_table(pa.Table.from_pylist([ROW]).slice(0, 0), file)
    found = simulate_year(Inputs(**CITY, sets=("住院起付标准/本市/三级=300",)), [file], BOOK)
    assert (found["claims"], found["persons"], headline(found)["fund"]) == (0, 0, [0, 0])


def test_a_changed_number_that_contradicts_is_refused(tmp_path: Path) -> None:
    inputs = Inputs(**CITY, sets=("gansu-city/住院/pool/bands/ratio/三级=99%",))
    with pytest.raises(Rejection, match="SIMU-004"):
        simulate_year(inputs, claims(tmp_path, {}), BOOK)


def many(path: Path, count: int) -> list[Path]:
    chance = np.random.default_rng(4)
    person = np.sort(chance.integers(0, count // 5, count))
    table = pa.table({
        "person": person, "date": pa.array(chance.integers(20_454, 20_819, count), pa.int32()).cast(pa.date32()),
        "benefit": np.array(["住院", "门诊特殊病", "普通门诊"])[chance.integers(0, 3, count)],
        "in_scope": chance.lognormal(12, 1.5, count).astype(np.int64), "prior_self_pay": chance.integers(0, 90_000, count),
        "visit.level": np.array(["一级", "二级", "三级"])[chance.integers(0, 3, count)],
        "person.type": np.array(["居民", "中小学生", "老年居民"])[person % 3], "person.continuous_years": person % 7,
        "visit.disease": np.array(["M00503", "M07803", "x"])[chance.integers(0, 3, count)],
        "person.identities": np.array(["", "低保、困难"])[(person % 10 == 0).astype(np.int64)],
    })  # fmt: skip
    files = [path / "a.parquet", path / "b.parquet"]
    middle = int(np.searchsorted(person, person[count // 2]))
    pq.write_table(table.slice(0, middle), files[0], row_group_size=700)
    pq.write_table(table.slice(middle), files[1])
    return files


def test_every_table_adds_up_to_the_same(tmp_path: Path) -> None:
    files = many(tmp_path, 6_000)
    inputs = Inputs(**CITY, sets=("住院起付标准/本市/三级=300", "gansu-city/住院/pool/bands/ratio/二级=50%"))
    found = simulate_year(inputs, files, BOOK)
    fund, burden = headline(found)["fund"], headline(found)["burden"]
    for grouping in found["outlay"]:
        sums = [sum(column) for column in zip(*values(found, grouping).values(), strict=True)]
        assert sums == fund, grouping
    assert [f + b for f, b in zip(fund, burden, strict=True)] == headline(found)["total"]
    winners = found["winners"]
    assert winners["gain"] - winners["loss"] == burden[0] - burden[1] == fund[1] - fund[0]
    for part in (winners["classes"], winners["bands"]):
        for figure in ("winners", "gain", "losers", "loss"):
            assert sum(row[figure] for row in part) == winners[figure]
    assert winners["winners"] + winners["losers"] + winners["same"] == found["persons"]
    deciles = found["distribution"]["deciles"]
    assert [sum(row["sums"][n] for row in deciles) for n in (0, 1)] == burden
    assert [sum(band["values"][n] for band in found["distribution"]["bands"]) for n in (0, 1)] == [found["persons"]] * 2
    case = found["catastrophic"]
    assert case["values"][1] - case["values"][0] == case["new"] - case["relieved"]
    assert [sum(row["values"][n] for row in case["classes"]) for n in (0, 1)] == case["values"]


def test_the_same_however_it_is_cut_and_computed(tmp_path: Path) -> None:
    files = many(tmp_path, 3_000)
    whole = pa.concat_tables([pq.read_table(file) for file in files])
    one = tmp_path / "one.parquet"
    pq.write_table(whole, one, row_group_size=100)
    inputs = Inputs(**CITY, sets=("住院起付标准/本市/三级=300",))
    assert simulate_year(inputs, [one], BOOK) == simulate_year(inputs, files, BOOK)


def test_progress_can_end_the_run(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        assert (done, total) == (1, 1)
        raise Stop

    with pytest.raises(Stop):
        simulate_year(Inputs(**CITY), claims(tmp_path, {}), BOOK, progress=stop)


def test_inputs_are_kept_as_data() -> None:
    inputs = Inputs(**CITY, sets=("a=1",), against_packs=("x", "y"), balances={"390100": 5})
    assert Inputs.of(inputs.as_data()) == inputs


def test_the_workbook_holds_exact_yuan(tmp_path: Path) -> None:
    files = claims(tmp_path, {"in_scope": 1_000_001})
    found = simulate_year(Inputs(**CITY, sets=("住院起付标准/本市/三级=300",)), files, BOOK)
    write_workbook(tmp_path / "a.xlsx", found, [("数据", "手写")])
    book = load_workbook(tmp_path / "a.xlsx")
    assert book["说明"]["B2"].value == "手写"
    assert [cell.value for cell in book["基金支出·基金"][2]][1:] == [5170.01, 5335.01, 165.00]
    assert "灾难性支出" in book.sheetnames


def test_a_limit_by_the_day(tmp_path: Path) -> None:
    """Half of every claim, at most 80.00 a day. Twice 100.00 on one day, 100.00 on the next, another 100.00 on the first:
    50.00, 30.00, 50.00, 0.00. The other policy pays 100.00 a day: 50.00, 50.00, 50.00, 0.00."""
    pack = tmp_path / "packs/daily.yaml"
    pack.parent.mkdir()
    pack.write_text(
        """
pack: daily
title: 按日限额
source: {title: 测试}
version: {from: 2014-01-01}
funds: {"390100": 居民基本医疗保险基金}
accumulators: {"day.paid:390100": {title: 当日支付, unit: 元}}
benefits:
  - name: 住院
    cite: 一
    layers:
      - id: pool
        title: 统筹基金
        pays_from: "390100"
        base: [in_scope]
        bands: [{ratio: 50%}]
        caps: [{on: payment, per: day, amount: 80, counts: "day.paid:390100", rest_to: uncovered, title: 每日限额}]
""",
        "utf-8",
    )
    (pack.parent / "area.yaml").write_text(
        'binding: {area: {code: "629900", name: 某市}, schemes: [{scheme: "390", name: 居民, packs: [daily]}]}\n',
        "utf-8",
    )
    day = [date(2015, 3, 5), date(2015, 3, 5), date(2015, 3, 6), date(2015, 3, 5)]
    files = claims(tmp_path, *({"date": one, "in_scope": 10_000} for one in day))
    found = simulate_year(Inputs(**CITY, sets=("每日限额=100",)), files, PolicyBook.load(pack.parent))
    assert headline(found)["fund"] == [13_000, 15_000]
    undated = tmp_path / "undated.parquet"
    pq.write_table(pa.Table.from_pylist([ROW | {"year": 2015} for _ in day]).drop_columns(["date"]), undated)
    with pytest.raises(Rejection, match="数据要有 date 列"):
        simulate_year(Inputs(**CITY, on="2015-03-05"), [undated], PolicyBook.load(pack.parent))
