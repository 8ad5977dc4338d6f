"""The policy screens in a real browser, by keyboard: find a pack, read it, draft, try, hand in, review, publish; print."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.browser.conftest import SignIn
from tests.integration.publication.conftest import CASES, PACK
from tests.integration.settlement import world as worlds
from tests.integration.web import city as cities
from tests.security.conftest import POSTS, id_number
from tongchou.control.api import create_operator
from tongchou.publication.models import PublishedVersion

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NEXT_YEAR = date(timezone.localdate().year + 1, 1, 1)


@pytest.fixture(autouse=True)
def staff(city: cities.City) -> None:
    """A person behind every account that makes, reviews and approves."""
    for number, post in enumerate(POSTS, 1):
        if post in ("reviewer", "controller", "director"):
            create_operator(
                login=post, password=cities.PASSWORD, name=f"职工{number}", organisation="陇安市医疗保险中心",
                area=cities.AREA, post=post, id_number=id_number(number),
            )  # fmt: skip


@pytest.fixture
def small(tmp_path: Path, settings: Any) -> Path:
    """The settlement tests' pack, its binding and two cases as the installation's policies."""
    folder = tmp_path / "policies"
    shutil.copytree(worlds.PACKS, folder)
    (folder / "cases").mkdir()
    (folder / "cases/te.yaml").write_text(CASES, "utf-8")
    settings.POLICIES_DIR = folder
    return folder


def test_a_number_is_changed_by_keyboard_and_published(small: Path, sign_in: SignIn) -> None:
    page = sign_in("reviewer")
    page.goto("/policy/")
    page.wait_for_selector("[data-search]:focus")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("a[data-row]:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector("article.document")
    assert "起付标准" in page.inner_text("article.document")
    page.click("text=起草下一版本")
    page.wait_for_selector("text=保存并检查")
    edit = page.locator("details.edit:has(input[name$='ratio/药店'])")
    edit.locator("summary").focus()
    page.keyboard.press("Enter")
    edit.locator("input").first.fill("80%")
    page.fill("[name=cite]", "某医保〔2026〕30号第一条")
    page.keyboard.press("F8")
    page.wait_for_selector("ol.changes")
    assert "由 70% 调整为 80%（提高 10 个百分点）" in page.inner_text("ol.changes")
    page.click("text=政策改变了这个案例")
    page.fill("[name='expect:1/outpatient']", "80")
    page.fill("[name=reason] >> nth=0", "(300−200)×80%=80")
    page.click("text=采用新期望")
    page.wait_for_selector("text=期望已改")
    page.fill("#hand-in-reason", "调整药店支付比例")
    page.keyboard.press("F8")
    page.wait_for_selector("text=待复核")
    for login in ("controller", "director"):
        reviewer = sign_in(login)
        reviewer.goto("/control/cases/")
        reviewer.keyboard.press("Enter")
        reviewer.wait_for_selector("table.compare")
        assert "80%（提高 10 个百分点）" in reviewer.inner_text("table.compare")
        reviewer.keyboard.press("F8")
        reviewer.wait_for_selector(".message.success")
    assert PublishedVersion.objects.get().starts_on == NEXT_YEAR
    page.goto("/policy/")
    assert "待生效" in page.inner_text("table.packs >> nth=0")
    page.goto(f"/policy/packs/{PACK}/{NEXT_YEAR}/")
    assert "某医保〔2026〕30号第一条" in page.inner_text("article.document")


def test_a_case_is_tried_kept_and_opened_again(sign_in: SignIn, tmp_path: Path) -> None:
    page = sign_in("clerk")
    page.goto("/policy/try/?chain=629900/390&on=2026-06-01")
    page.fill("[name='person.continuous_years']", "1")
    page.fill("[name='v1.bill.in_scope']", "5100")
    page.select_option("[name='v1.visit.level']", "一级")
    page.keyboard.press("F8")
    page.wait_for_selector(".waterfall")
    assert "3,250.00" in page.inner_text(".waterfall")
    file = tmp_path / "case.yaml"
    with page.expect_download() as download:
        page.click("text=存为案例文件")
    download.value.save_as(file)
    page.set_input_files("[name=file]", file)
    page.click("text=打开案例文件")
    page.wait_for_selector("text=与期望相符")
    assert "3,250.00" in page.inner_text(".waterfall")


def test_a_version_is_printed_without_the_frame(sign_in: SignIn) -> None:
    page = sign_in("clerk")
    page.goto("/policy/packs/gansu-city/2007-10-01/")
    page.emulate_media(media="print")
    assert page.is_visible("text=三、住院 >> nth=1")
    for hidden in (".menu", ".toc", ".tabs", ".actions"):
        assert not page.is_visible(f"{hidden} >> nth=0"), hidden
    assert page.pdf(format="A4").startswith(b"%PDF")
