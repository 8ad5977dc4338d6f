"""The clerk's and the accountant's day in real Chromium, by keyboard."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone

from tests.browser.conftest import SignIn
from tests.integration.web import city as cities

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


def width(page: Any) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


def height(page: Any) -> int:
    return int(page.evaluate("document.documentElement.scrollHeight"))


def test_from_a_name_to_the_printed_statement_without_a_mouse(city: cities.City, sign_in: SignIn) -> None:
    page = sign_in("clerk")
    page.keyboard.press("/")
    page.keyboard.type("张小三")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=共 3 人")
    assert page.evaluate("document.activeElement.matches('[data-row]')"), "the first row is ready for Enter"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=就诊与结算")
    assert "张*三" in page.inner_text("h1")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=从总额到现金")
    assert page.locator(".waterfall svg").count() >= 2
    assert page.locator("ol.steps li").count() >= 1
    with page.context.expect_page() as opened:
        page.keyboard.press("F9")
    opened.value.close()
    address = page.get_attribute("[data-print]", "href")
    answer = page.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF")


def test_a_card_reader_types_and_the_record_opens(city: cities.City, sign_in: SignIn) -> None:
    page = sign_in("clerk")
    page.keyboard.press("F2")
    page.keyboard.type("E00000002\n")
    page.wait_for_selector("text=就诊与结算")
    assert city.persons[2].number in page.url


def test_full_data_is_shown_after_a_reason(city: cities.City, sign_in: SignIn) -> None:
    page = sign_in("clerk")
    person = city.persons[0]
    page.goto(f"/persons/{person.number}/")
    assert person.cert_no not in page.content()
    page.click("text=查看完整信息")
    page.keyboard.type("业务办理核对身份")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=本次查看已记录")
    assert person.cert_no in page.content()
    page.click("text=恢复脱敏")
    page.wait_for_selector("text=查看完整信息")
    assert person.cert_no not in page.content()


def test_keys_are_explained_and_escape_clears(city: cities.City, sign_in: SignIn) -> None:
    page = sign_in("clerk")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    page.keyboard.press("2")
    page.wait_for_url("**/persons/")
    page.keyboard.type("abc")
    page.keyboard.press("Escape")
    assert page.input_value("#q") == ""


def test_the_accountant_closes_the_day(city: cities.City, sign_in: SignIn) -> None:
    page = sign_in("accountant")
    page.keyboard.press(page.get_attribute('.menu a[href="/days/"]', "data-key"))
    page.wait_for_url("**/days/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=各方相等")
    page.click("button:has-text('日结')")
    assert page.evaluate("document.activeElement.textContent") == "取消", "the safe choice has the focus"
    page.click("button:has-text('确认日结')")
    page.wait_for_selector("text=已日结，该日不再入账")
    page.goto("/")
    assert "今日已日结" in page.inner_text(".top")


def test_the_list_pages_in_place_and_exports(city: cities.City, sign_in: SignIn) -> None:
    page = sign_in("accountant")
    page.goto("/settlements/")
    page.click("text=下一页")
    page.wait_for_selector("text=第 2 / 2 页")
    assert "page=2" in page.url
    page.go_back()
    page.wait_for_selector("text=第 1 / 2 页")
    page.click("button:has-text('导出')")
    with page.expect_download() as download:
        page.click("#export button.main")
    assert re.fullmatch(r"结算清单\d{8}-\d{6}\.xlsx", download.value.suggested_filename)


def test_the_desk_asks_again_by_itself(city: cities.City, sign_in: SignIn) -> None:
    page = sign_in("clerk")
    with page.expect_response("**/desk/live/", timeout=60_000) as answer:
        pass
    assert answer.value.status == 200
    assert not page.locator("#connection").is_visible()


def test_the_administrator_imports_a_file(city: cities.City, sign_in: SignIn) -> None:
    page = sign_in("admin")
    page.goto("/admin/catalogues/diagnosis/")
    page.click("a:has-text('导入')")
    content = "诊断代码,诊断名称\nA01.000,伤寒\n".encode("utf-8-sig")
    page.set_input_files("#file", {"name": "诊断.csv", "mimeType": "text/csv", "buffer": content})
    page.click("text=上传并检查")
    page.wait_for_selector("text=1 行全部通过检查")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=已导入：新增 1 条")


@pytest.mark.parametrize("size", [{"width": 1366, "height": 768}, PHONE], ids=["counter", "phone"])
def test_no_page_scrolls_sideways(size: dict[str, int], city: cities.City, sign_in: SignIn) -> None:
    page = sign_in("clerk", viewport=size)
    paths = ["/", "/persons/", f"/persons/{city.persons[0].number}/", "/settlements/", f"/settlements/{city.inpatient}/",
             "/days/", f"/days/{timezone.localdate()}/", "/password/", "/admin/catalogues/item/", "/admin/catalogues/item/1/change/",
             "/admin/providers/institution/", "/admin/providers/agreement/"]  # fmt: skip
    for path in paths:
        page.goto(path)
        assert width(page) <= size["width"], path
    if size != PHONE:
        for path in ("/", "/persons/", "/settlements/", "/days/"):
            page.goto(path)
            assert height(page) <= size["height"], path


@pytest.mark.parametrize(
    ("path", "limit"), [("/settlements/{inpatient}/", 60_000), ("/persons/{person}/", 60_000), ("/", 110_000)]
)
def test_a_page_weighs_little(path: str, limit: int, city: cities.City, sign_in: SignIn) -> None:
    """All that one page loads with an empty cache, in bytes before compression (htmx, where it is used, is half)."""
    page = sign_in("clerk")
    page.goto(path.format(inpatient=city.inpatient, person=city.persons[0].number))
    page.wait_for_load_state("load")
    weights = page.evaluate(
        "['navigation', 'resource'].flatMap(k => performance.getEntriesByType(k)).map(e => e.decodedBodySize)"
    )
    assert len(weights) >= 3
    assert sum(weights) < limit
