"""A small town."""

from __future__ import annotations

import pytest

from tongchou.registry import api
from tongchou.registry.models import Area


@pytest.fixture
def town(db: None) -> None:
    Area.objects.create(code="629900", name="陇安市", pooling_area="629900")
    for code, name in (("629901", "市本级"), ("629902", "安定区")):
        Area.objects.create(code=code, name=name, parent_id="629900", pooling_area="629900")
    Area.objects.create(code="620100", name="邻市", pooling_area="620100")


@pytest.fixture
def person(town: None) -> api.PersonView:
    return api.register_person(name="张三丰", cert_no="629901199003070013", area_code="629901", operator="甲")
