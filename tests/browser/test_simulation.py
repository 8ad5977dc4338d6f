"""政策模拟 by keyboard in a real browser: find a parameter, change it, start, see the result, print; cancel what waits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import SignIn
from tongchou.operation import running
from tongchou.operation.models import JobRun

RATIO = 'input[name^="p:"][data-old$="%"]'


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.requirement("R12.18")
def test_a_number_is_changed_and_simulated(sign_in: SignIn) -> None:
    page = sign_in("reviewer")
    page.goto("/simulation/new/?scheme=310")
    page.wait_for_selector("#data:focus")
    assert page.text_content("[data-changed]") == "还没有修改"
    page.fill("[data-filter]", "比例")
    field = page.locator(RATIO).locator("visible=true").first
    field.wait_for()
    hidden = page.locator("tr[data-words]").count() - page.locator("tr[data-words]").locator("visible=true").count()
    assert hidden > 0, "the filter hides what does not fit"
    field.fill("1%")
    assert page.text_content("[data-changed]") == "已修改 1 个参数"
    assert page.locator("tr.changed").count() == 1
    page.keyboard.press("F8")
    page.wait_for_selector("#progress")
    run = JobRun.objects.latest("pk")
    running.execute(run.pk)
    page.wait_for_selector("dl.figures")  # the page finds out by itself
    assert page.locator(".chart svg rect").count() > 0
    assert page.locator("text=现行政策与实际结算逐笔相同").count() == 1
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    page.set_viewport_size({"width": 390, "height": 844})  # plans, hashes and long names of data fit a phone, too
    page.wait_for_function("document.documentElement.clientWidth == 390")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="以此为基础再模拟").click()
    page.wait_for_selector("tr.changed input")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("tr.changed input").input_value() == "1%"


def test_a_waiting_run_is_cancelled(sign_in: SignIn) -> None:
    page = sign_in("reviewer")
    page.goto("/simulation/new/?scheme=310")
    page.wait_for_selector("#data:focus")
    page.fill("[data-filter]", "比例")
    page.locator(RATIO).locator("visible=true").first.fill("1%")
    page.keyboard.press("F8")
    page.wait_for_selector("#progress")
    page.get_by_role("button", name="取消").click()
    page.wait_for_selector("text=模拟已取消，没有结果")
