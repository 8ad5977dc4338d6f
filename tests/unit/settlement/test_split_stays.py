"""跨年住院按费用发生日划分年度(SHP-52 太原2020):每个年度用自己的政策和累计,合起来是一张结算单。"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tongchou.kernel.money import parse_yuan
from tongchou.policy import Bill, Plan, PolicyBook, StayYear, default_pack_directory, stays
from tongchou.policy.caseread import read_case_file
from tongchou.policy.loader import read_cases
from tongchou.policy.stays import days_of
from tongchou.settlement import planning
from tongchou.settlement.core import bill as bills
from tongchou.settlement.core.decision import Insured
from tongchou.settlement.core.facts import Visit
from tongchou.settlement.core.snapshots import (
    AccountSnapshot,
    AccumulatorSnapshot,
    EnrolmentSnapshot,
    EntitlementSnapshot,
    LineGroup,
    PersonSnapshot,
)
from tongchou.settlement.core.tables import MED_TYPES
from tongchou.settlement.core.years import Share, decide_shares, divide

BOOK = PolicyBook.load(default_pack_directory() / "shapes")
ADMITTED, DISCHARGED = date(2022, 12, 25), date(2023, 1, 2)
YEAR_END = date(2022, 12, 31)
ENROLMENT = EnrolmentSnapshot(person_type="11", area="1", pooling_area="1")
PERSON = PersonSnapshot(
    id=1, number="1", cert_type="01", cert_no="", name="张三", sex="1", ethnicity="1",
    birth_date=date(1980, 1, 1), enrolment=ENROLMENT,
)  # fmt: skip
INSURED = Insured(PERSON, ENROLMENT, EntitlementSnapshot(date(2020, 1, 1)))
VISIT = Visit(level="3", local=True, chinese_medicine=False, emergency=False, rule_day=DISCHARGED)


def plan_as_read(reading: str) -> Plan:
    """The shape's plan in one of its three readings."""
    return BOOK.plan_of(("shp-52",), benefit="住院", on=ADMITTED, readings={"AMB-52": reading})


SPLIT = plan_as_read("费用发生日")
YEARS = (
    StayYear(SPLIT, ADMITTED, YEAR_END, YEAR_END),
    StayYear(SPLIT, date(2023, 1, 1), DISCHARGED, DISCHARGED),
)


def group(day: date, in_scope: int, **changes: object) -> LineGroup:
    """Fee lines of a day."""
    plain = LineGroup(day, "", "09", "01", 1, 0, 0, 0, in_scope, 7)
    return replace(plain, **changes)  # type: ignore[arg-type]


def shares_of(groups: list[LineGroup]) -> list[Share]:
    """A share for each year."""
    return [
        Share(year=year, insured=INSURED, visit=VISIT, bill=bills.bill_of_sums(bills.sums_of(mine)), parts={})
        for year, mine in zip(YEARS, divide(groups, YEARS), strict=True)
    ]


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[None]:
    """The shape bound to an area, in the reading that divides."""
    shape = default_pack_directory() / "shapes" / "SHP-52-2020-01.yaml"
    (tmp_path / "shape.yaml").write_bytes(shape.read_bytes())
    (tmp_path / "binding.yaml").write_text(
        'binding:\n  area: {code: "1", name: 测试}\n  schemes:\n'
        '    - {scheme: "310", name: 职工, packs: [shp-52], readings: {AMB-52: 费用发生日}}\n',
        encoding="utf-8",
    )
    planning.use_book(PolicyBook.load(tmp_path))
    yield
    planning.use_book(None)


@pytest.mark.usefixtures("bound")
def test_a_stay_is_cut_where_the_benefit_year_ends() -> None:
    def days(admitted: date, discharged: date) -> list[tuple[date, date]]:
        years = planning.years_of_stay(
            area="1", scheme="310", med_type=MED_TYPES["21"], admitted=admitted, discharged=discharged
        )
        return [(year.since, year.until) for year in years]

    assert days(ADMITTED, DISCHARGED) == [(ADMITTED, YEAR_END), (date(2023, 1, 1), DISCHARGED)]
    assert days(ADMITTED, YEAR_END) == [(ADMITTED, YEAR_END)]
    assert days(YEAR_END, date(2023, 1, 1)) == [(YEAR_END, YEAR_END), (date(2023, 1, 1), date(2023, 1, 1))]
    assert len(days(date(2021, 12, 31), DISCHARGED)) == 3


def test_shp_52_2_each_year_has_its_own_limit() -> None:
    """2022年部分3000:限额已用9000,只剩1000;2023年部分2000×80%=1600。"""
    decision = decide_shares(
        shares=shares_of([group(ADMITTED, 200_000), group(YEAR_END, 100_000), group(DISCHARGED, 200_000)]),
        account=None,
        account_used="0",
        accumulators={"2022": AccumulatorSnapshot({"year.paid:310100": 900_000}, 4)},
        scheme="310",
    )
    assert (decision.fund_pay, decision.cash_pay, decision.benefit_year) == (260_000, 240_000, "2023")
    (first,) = decision.earlier_years
    assert (first.benefit_year, first.in_scope, first.fund_pay) == ("2022", 300_000, 100_000)
    moved = {change.period: (change.version, dict(change.delta), change.after()) for change in decision.counters}
    assert moved == {
        "2022": (4, {"year.paid:310100": 100_000}, {"year.paid:310100": 1_000_000}),
        "2023": (0, {"year.paid:310100": 160_000}, {"year.paid:310100": 160_000}),
    }


@pytest.mark.parametrize(("admitted", "discharged", "days"), [(ADMITTED, DISCHARGED, [7, 1]), (YEAR_END, date(2023, 1, 1), [1, 1])])  # fmt: skip
def test_days_of_each_year(admitted: date, discharged: date, days: list[int]) -> None:
    years = [StayYear(SPLIT, admitted, YEAR_END, YEAR_END), StayYear(SPLIT, date(2023, 1, 1), discharged, discharged)]
    assert [days_of(years[0], last=False), days_of(years[1], last=True)] == days


@given(
    amounts=st.lists(st.tuples(st.integers(-10, 20), st.integers(0, 3_000_000)), min_size=1, max_size=12),
    balance=st.integers(0, 5_000_000),
    used=st.integers(0, 1_000_000),
)
def test_the_years_are_the_whole_and_each_line_is_in_one(
    amounts: list[tuple[int, int]], balance: int, used: int
) -> None:
    groups = [group(ADMITTED + timedelta(days=offset), fen, stamp=n) for n, (offset, fen) in enumerate(amounts)]
    divided = divide(groups, YEARS)
    assert sorted(g.stamp for mine in divided for g in mine) == list(range(len(groups)))
    assert all(g.day <= YEAR_END for g in divided[0])
    assert all(g.day > YEAR_END for g in divided[1])
    decision = decide_shares(
        shares=shares_of(groups),
        account=AccountSnapshot(1, balance, 1),
        account_used="1",
        accumulators={"2022": AccumulatorSnapshot({"year.paid:310100": used}, 1)},
        scheme="310",
    )
    (first,) = decision.earlier_years
    whole = sum(fen for _, fen in amounts)
    assert decision.bill.total == whole == decision.fund_pay + decision.account_pay + decision.cash_pay
    assert sum(payment.amount for payment in decision.payments) == decision.fund_pay
    assert first.fund_pay + first.account_pay + first.cash_pay == first.in_scope
    assert decision.account_balance == balance - decision.account_pay >= 0
    limit = 1_000_000
    assert all(change.after().get("year.paid:310100", 0) <= limit for change in decision.counters)
    grown = {change.period: sum(change.delta.values()) for change in decision.counters}
    assert sum(grown.values()) == decision.fund_pay


def test_as_the_case_file_has_it() -> None:
    """SHP-84-1: what a case with dated lines promises is what settlement decides for the same lines."""
    (tree,) = [tree for tree in read_cases(default_pack_directory() / "shapes") if tree.file.endswith("SHP-84.yaml")]
    case = read_case_file(tree)[0]
    step = case.steps[0]
    years = stays.years_of_stay(
        lambda day: BOOK.plan_of(("shp-84",), benefit="住院", on=day), admitted=date(2024, 12, 20), discharged=step.on
    )
    groups = []
    for fee, day in zip(step.lines, step.days, strict=True):
        split, item_class = years[0].plan.split_line(fee), {"甲类": "01", "乙类": "02"}[fee.item_class]
        assert day is not None
        groups.append(LineGroup(day, "", "09", item_class, 1, 0, 0, split.prior_self_pay, split.in_scope, 7))
    shares: list[Share] = []
    for year, mine in zip(years, divide(groups, years), strict=True):
        visit = replace(VISIT, rule_day=year.day, continued=bool(shares))
        bill = bills.bill_of_sums(bills.sums_of(mine))
        shares.append(Share(year=year, insured=INSURED, visit=visit, bill=bill, parts={}))
    decision = decide_shares(shares=shares, account=None, account_used="0", accumulators={}, scheme="310")
    paid = {name: parse_yuan(step.expect[name]) for name in ("pool", "2024/pool", "deductible", "person")}
    assert decision.fund_pay == paid["pool"]
    assert (decision.deductible, decision.cash_pay) == (paid["deductible"], paid["person"])
    assert decision.earlier_years[0].fund_pay == paid["2024/pool"]


def test_counters_of_each_level_are_kept_apart() -> None:
    """SHP-83: 三级第二次900×50%=450，(1000−450)×80%=440；一级还没有住过院：(1000−200)×80%=640。"""
    plan = BOOK.plan_of(("shp-83",), benefit="住院", on=date(2024, 6, 1))
    day = date(2024, 6, 1)
    held = {"2024": AccumulatorSnapshot({"year.stays:310/三级": 1}, 3)}
    found = {}
    for level in ("3", "1"):
        visit = replace(VISIT, level=level, rule_day=day)
        share = Share(
            year=StayYear(plan, day, day, day), insured=INSURED, visit=visit, bill=Bill(0, 0, 0, 100_000), parts={}
        )
        decision = decide_shares(shares=[share], account=None, account_used="0", accumulators=held, scheme="310")
        found[level] = decision.fund_pay
        (change,) = decision.counters
        counter = f"year.stays:310/{'三级' if level == '3' else '一级'}"
        assert dict(change.delta) == {counter: 1}
        assert change.after() == {"year.stays:310/三级": 1} | {counter: 2 if level == "3" else 1}
    assert found == {"3": 44_000, "1": 64_000}
