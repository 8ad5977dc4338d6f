"""Internal control by keyboard, in a real browser: asking for a grant, reviewing it, the lock over what is being typed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import SignIn
from tests.integration.web import city as cities
from tests.security.conftest import POSTS, id_number
from tongchou.control.api import create_operator
from tongchou.control.models import Case, Grant, WorkSession

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(autouse=True)
def staff(city: cities.City) -> None:
    """A person behind every account, and the posts that grant."""
    for number, post in enumerate(POSTS, 1):
        login = "admin" if post == "administrator" else post
        create_operator(
            login=login, password=cities.PASSWORD, name=f"职工{number}", organisation="陇安市医疗保险中心",
            area=cities.AREA, post=post, id_number=id_number(number),
        )  # fmt: skip


def in_focus(page: Any) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent"))


def test_a_grant_is_asked_for_reviewed_and_approved_by_keyboard(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    admin.goto("/control/rights/request/?login=clerk&post=clerk")
    assert in_focus(admin) == "login"
    admin.keyboard.press("Enter")
    assert in_focus(admin) == "post"
    admin.select_option("#area", cities.COUNTY)
    admin.fill("#reason", "轮岗")
    admin.keyboard.press("F8")
    admin.wait_for_selector("text=待内控复核和审批")
    for login in ("controller", "director"):
        page = sign_in(login)
        assert "1" in page.inner_text(".todo a >> nth=0")
        page.goto("/control/cases/")
        page.keyboard.press("Enter")
        page.wait_for_selector("table.compare")
        assert cities.COUNTY in page.inner_text("table.compare")
        page.keyboard.press("F8")
        page.wait_for_selector(".message.success")
    assert Case.objects.get().state == "done"
    assert Grant.objects.filter(operator__login="clerk", area=cities.COUNTY).exists()


def test_a_code_is_found_by_its_name_in_the_field(sign_in: SignIn) -> None:
    """Type a part of the name, arrows choose, Enter takes, Enter moves on; Esc leaves what was typed."""
    page = sign_in("admin")
    page.goto("/control/paper/agreement/new/")
    page.wait_for_selector("#institution_code:focus")
    page.keyboard.type("人民医院")
    page.wait_for_selector("#institution_code-list li[role=option] >> nth=1")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#institution_code-list li[aria-selected=true]")
    page.keyboard.press("Enter")
    assert page.input_value("#institution_code") == cities.HOSPITAL
    assert page.inner_text("#institution_code-found") == "陇安市人民医院"
    page.keyboard.press("Enter")
    page.wait_for_selector("#number:focus")
    page.fill("#institution_code", "没有的医院")
    page.wait_for_selector("text=没有找到")
    page.press("#institution_code", "Escape")
    page.wait_for_selector("#institution_code-list", state="hidden")
    assert page.input_value("#institution_code") == "没有的医院"


def test_a_form_is_keyed_blind_by_two_and_their_difference_is_shown(sign_in: SignIn, city: cities.City) -> None:
    """By keyboard: Enter from field to field, F8 at the end; then the second sees what the first keyed otherwise."""
    create_operator(
        login="clerk2", password=cities.PASSWORD, name="第二柜员", organisation="x", area=cities.AREA, post="clerk",
        id_number=id_number(91),
    )  # fmt: skip

    def key(page: Any, value: str) -> None:
        page.wait_for_selector("#person_number:focus")
        page.keyboard.type(city.persons[0].number)
        page.keyboard.press("Enter")
        page.wait_for_selector("#field:focus")
        page.select_option("#field", "address")
        page.keyboard.press("Enter")
        page.wait_for_selector("#value:focus")
        page.keyboard.type(value)
        page.keyboard.press("Enter")
        page.wait_for_selector("#reason:focus")
        page.keyboard.type("户口簿")
        page.keyboard.press("F8")

    first = sign_in("clerk")
    first.goto("/control/paper/correction/blind/")
    first.wait_for_selector("#document:focus")
    first.keyboard.type("GZ-1")
    first.keyboard.press("Enter")
    key(first, "东街 12 号")
    first.wait_for_selector(".message.success")
    assert first.is_visible("text=须由他人录入第二遍")

    second = sign_in("clerk2")
    second.goto("/control/paper/")
    second.click("text=录入第二遍")
    key(second, "西街 12 号")
    second.wait_for_selector("#value[aria-invalid=true]")
    assert "东街" not in second.inner_text("main")
    second.click("button[value=compare]")
    second.wait_for_selector("table.compare")
    assert "东街 12 号" in second.inner_text("table.compare")
    second.fill("#value", "东街 12 号")
    second.keyboard.press("F8")
    second.wait_for_selector("text=两遍一致")
    assert Case.objects.get().state == "pending"


def test_what_is_being_typed_survives_the_lock(sign_in: SignIn) -> None:
    page = sign_in("clerk")
    page.clock.install()
    page.goto("/control/rights/request/")
    page.fill("#reason", "支援临河县两个月，已与县中心商定")
    page.clock.fast_forward("16:00")
    page.wait_for_selector("dialog#lock[open]")
    page.wait_for_function("() => document.activeElement.id === 'lock-password'")
    for _ in range(50):
        if WorkSession.objects.filter(operator__login="clerk", locked_at__isnull=False, ended_at=None).exists():
            break
        page.wait_for_timeout(100)
    assert WorkSession.objects.get(operator__login="clerk", ended_at=None).locked_at, "the server is locked too"
    page.keyboard.press("Escape")
    assert page.is_visible("dialog#lock"), "Escape opens no lock"
    page.keyboard.type(cities.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog#lock:not([open])", state="attached")
    assert page.input_value("#reason") == "支援临河县两个月，已与县中心商定"
    assert WorkSession.objects.get(operator__login="clerk", ended_at=None).locked_at is None


def test_the_screens_of_control_fit_and_are_watermarked(sign_in: SignIn) -> None:
    for login, paths in (
        ("admin", ("/control/rights/", "/control/rights/posts/", "/control/parameters/", "/control/dictionary/",
                   "/control/calendar/", "/control/online/", "/control/sign-ins/", "/control/operators/clerk/",
                   "/control/paper/", "/control/paper/agreement/new/", "/control/organisations/")),
        ("auditor", ("/control/trail/", "/control/inspections/", "/control/cases/", "/account/security/")),
        ("controller", ("/control/rights/yearly/",)),
    ):  # fmt: skip
        page = sign_in(login)
        for path in paths:
            page.goto(path)
            page.wait_for_selector("h1")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert page.locator(".watermark").count() == 1, path
