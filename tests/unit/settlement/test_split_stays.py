"""跨年住院按费用发生日拆分的政策(SHP-52 太原2020):一次结算会算错年度,所以拒绝。"""

from __future__ import annotations

from datetime import date

import pytest

from tongchou.kernel.rejection import Rejection
from tongchou.policy import Plan, PolicyBook, default_pack_directory
from tongchou.settlement.planning import refuse_split_stay

BOOK = PolicyBook.load(default_pack_directory() / "shapes")
ADMITTED, DISCHARGED = date(2022, 12, 25), date(2023, 1, 2)
VERSION = BOOK.in_force(("shp-52",), ADMITTED)[0]
BENEFIT = VERSION.pack.benefits[0].names[0]


def plan_as_read(reading: str) -> Plan:
    """The shape's plan in one of its three readings."""
    return BOOK.plan_of(("shp-52",), benefit=BENEFIT, on=ADMITTED, readings={"AMB-52": reading})


def test_a_stay_that_the_policy_divides_is_refused() -> None:
    plan = plan_as_read("费用发生日")
    with pytest.raises(Rejection, match="SETL-055"):
        refuse_split_stay(plan=plan, admitted=ADMITTED, discharged=DISCHARGED)
    refuse_split_stay(plan=plan, admitted=date(2022, 12, 1), discharged=ADMITTED)


@pytest.mark.parametrize("reading", ["出院年度", "入院年度"])
def test_a_stay_that_counts_as_a_whole_is_not(reading: str) -> None:
    refuse_split_stay(plan=plan_as_read(reading), admitted=ADMITTED, discharged=DISCHARGED)
