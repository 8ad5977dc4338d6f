"""A running site with a small city, and real Chromium in front of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integration.web import city as cities
from tongchou.settlement import planning

playwright_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (pip install -e .[dev])"
)
CHROMIUM = os.environ.get("TONGCHOU_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
SIZE = {"width": 1366, "height": 768}

# Playwright runs an event loop in this thread; Django would take that for asynchronous code and refuse the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for the tests of a file. Playwright's event loop must be gone when other files' tests run."""
    if CHROMIUM is None:
        pytest.skip("no Chromium found (install the package chromium, or set TONGCHOU_CHROMIUM)")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--lang=zh-CN"])
        yield browser
        browser.close()


@pytest.fixture
def city(transactional_db: None) -> Iterator[cities.City]:
    """A small city with a few visits of today; the site's threads see it."""
    yield cities.build(persons=8, visits=12)
    planning.use_book(None)


class Watch:
    """What went wrong on a page: console errors, failed requests, requests to other hosts."""

    def __init__(self, page: Any, host: str) -> None:
        self.problems: list[str] = []
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("request", lambda request: self._request(request.url, host))
        page.on("response", lambda answer: self._answer(answer.status, answer.url))

    def _console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.problems.append(f"console {kind}: {text}")

    def _request(self, url: str, host: str) -> None:
        if not url.startswith((host, "data:", "blob:")):
            self.problems.append(f"request to another host: {url}")

    def _answer(self, status: int, url: str) -> None:
        if status >= 400:
            self.problems.append(f"{status} {url}")


def _wait_for_scripts_too(page: Any) -> None:
    """What is visible may be there before the page's scripts have run, and a key pressed then is lost: wait for both."""
    visible = page.wait_for_selector

    def visible_and_loaded(selector: str, **options: Any) -> Any:
        found = visible(selector, **options)
        page.wait_for_load_state()
        return found

    page.wait_for_selector = visible_and_loaded


SignIn = Callable[[str], Any]


@pytest.fixture
def sign_in(browser: Any, live_server: Any, city: cities.City) -> Iterator[SignIn]:
    """Open the site as an operator; at the end, nothing may have gone wrong on any page."""
    watches: list[Watch] = []
    contexts = []

    def start(login: str, **options: Any) -> Any:
        context = browser.new_context(
            viewport=options.get("viewport", SIZE), locale="zh-CN", base_url=live_server.url, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        _wait_for_scripts_too(page)
        watches.append(Watch(page, live_server.url))
        page.goto("/login/")
        # The browser gives the focus when it draws, which may be after the page has loaded: who types waits for the cursor.
        page.wait_for_selector("#login:focus")
        page.keyboard.type(login)
        page.keyboard.press("Enter")
        page.wait_for_selector("#password:focus")
        page.keyboard.type(cities.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".menu")
        return page

    yield start
    for context in contexts:
        context.close()
    assert [problem for watch in watches for problem in watch.problems] == []
