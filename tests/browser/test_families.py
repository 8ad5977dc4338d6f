"""家庭共济 in a real browser: bound by keyboard from an ID number, reviewed by another person, ended; it fits a phone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import SignIn
from tests.browser.test_counter import PHONE, width
from tests.integration.web import city as cities
from tests.security.conftest import id_number
from tongchou.accounts.models import FamilyBinding
from tongchou.control.api import create_operator

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(autouse=True)
def staff(city: cities.City) -> None:
    """A person behind the accounts of the two who decide."""
    for number, (login, post) in enumerate((("teller", "clerk"), ("checker", "reviewer")), 1):
        create_operator(
            login=login, password=cities.PASSWORD, name=login, organisation="陇安市医疗保险中心", area=cities.AREA,
            post=post, id_number=id_number(number),
        )  # fmt: skip


def approve(page: Any) -> None:
    """Take the one case of the queue, by keyboard."""
    page.goto("/control/cases/")
    page.wait_for_selector("[data-row]:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector("table.compare")
    page.keyboard.press("F8")
    page.wait_for_selector(".message.success")


def test_a_member_is_bound_and_released_by_keyboard(sign_in: SignIn, city: cities.City) -> None:
    owner, member = city.persons[4], city.persons[3]
    clerk, reviewer = sign_in("teller"), sign_in("checker")
    clerk.goto(f"/persons/{owner.number}/family/")
    clerk.wait_for_selector("text=还没有共济成员")
    clerk.keyboard.press("F8")
    clerk.wait_for_selector("#member:focus")
    clerk.keyboard.type(member.cert_no)
    clerk.keyboard.press("Enter")
    clerk.wait_for_selector("#relation:focus")
    clerk.select_option("#relation", "spouse")
    clerk.fill("#reason", "授权书、结婚证")
    clerk.keyboard.press("F8")
    clerk.wait_for_selector("text=共济绑定已提交")
    assert not FamilyBinding.objects.exists()
    approve(reviewer)
    clerk.goto(f"/persons/{owner.number}/family/")
    clerk.wait_for_selector("text=有效")
    clerk.click("text=解除")
    clerk.wait_for_selector("#ends:focus")
    clerk.fill("#reason", "账户所有人申请解除")
    clerk.keyboard.press("F8")
    clerk.wait_for_selector("text=共济解除已提交")
    approve(reviewer)
    assert FamilyBinding.objects.get().period.upper is not None


def test_the_pages_fit_a_phone(sign_in: SignIn, city: cities.City) -> None:
    owner = city.persons[4]
    page = sign_in("teller", viewport=PHONE)
    for path in ("", "new/"):
        page.goto(f"/persons/{owner.number}/family/{path}")
        page.wait_for_selector("h1")
        assert width(page) <= PHONE["width"], path
