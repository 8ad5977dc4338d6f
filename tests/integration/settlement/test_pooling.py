"""Which area pools is a row of data: a province that takes over from its cities needs no other programs (R0.15)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.integration.settlement.world import COUNTY, PACKS, POOL, line, purchase, settle
from tongchou.ledger import api as ledger
from tongchou.policy import PolicyBook
from tongchou.registry.models import Area
from tongchou.settlement import planning
from tongchou.settlement.drafting import pooling_area_of

pytestmark = pytest.mark.usefixtures("world")
PROVINCE = "620000"


def pool_by_the_province(folder: Path) -> None:
    """The areas name another pooling area, its policy is bound to it, and it gets its books."""
    packs = shutil.copytree(PACKS, folder / "packs")
    binding = packs / "binding.yaml"
    binding.write_text(binding.read_text("utf-8").replace(POOL, PROVINCE), "utf-8")
    Area.objects.create(code=PROVINCE, name="测试省", pooling_area=PROVINCE)
    Area.objects.filter(code__in=(POOL, COUNTY)).update(pooling_area=PROVINCE)
    pooling_area_of.cache_clear()
    ledger.ensure_chart(area=PROVINCE)
    planning.use_book(PolicyBook.load(packs))


@pytest.mark.requirement("R0.15")
def test_a_higher_pooling_level_is_a_matter_of_data(tmp_path: Path) -> None:
    bought = purchase(lines=(line(1, count=5),), account_used="0")
    assert settle(bought)["fund"] == 21_000  # 500 yuan, deductible 200, 70 %
    assert ledger.balance(area=POOL, account_code="5001.310100") == 21_000
    pool_by_the_province(tmp_path)
    try:
        assert settle(purchase(2, lines=(line(1, count=5),), account_used="0"))["fund"] == 21_000
        assert ledger.balance(area=PROVINCE, account_code="5001.310100") == 21_000
        assert ledger.balance(area=PROVINCE, account_code="2101") == -21_000
        assert ledger.balance(area=POOL, account_code="5001.310100") == 21_000, "the city's books stay as they were"
    finally:
        pooling_area_of.cache_clear()
