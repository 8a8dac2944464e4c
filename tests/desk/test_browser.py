"""The desk in Chromium: what is drawn, clicked, reached by keys, and by whom it can be used."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.support.chromium import chromium
from tests.support.desk_server import served
from warehouse.layers.layout import Layout

pytestmark = [pytest.mark.slow, pytest.mark.browser]

VIEWS = {
    "overview": "/",
    "attention": "/attention?unit=week",
    "one topic": "/attention?unit=week&topic=g20&by=source",
    "articles": "/articles?topic=g20",
    "search": "/search?q=harbour",
    "sources": "/sources",
    "audit": "/audit",
    "a source": "/sources/gb-portwick-courier",
    "problem": "/attention?topic=nope",
}
DRAWN = "html[data-drawn=yes]"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def base(demo_folder: Path) -> Iterator[str]:
    with served(Layout(demo_folder)) as base:
        yield base


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


class Watched:
    """A page, what it asked of whom, and what it complained about."""

    def __init__(self, browser: Browser, base: str, width: int = 1024) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="light")
        self.base = base
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda asked: self.hosts.add(urlsplit(asked.url).netloc))

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        self.page.wait_for_selector(DRAWN)
        return self.page

    def check(self) -> None:
        """Nothing was refused or failed, and nobody else was asked."""
        # A page that says what is wrong has the status 400, which Chromium reports.
        assert [said for said in self.complaints if "400 (Bad Request)" not in said] == []
        assert self.hosts <= {urlsplit(self.base).netloc, ""}


Looks = dict[Literal["light", "dark"], list[str]]
ALL: list[str] = []
# A change of scheme changes colours alone, which are variables of the page's style.
LOOKS: Looks = {"light": ALL, "dark": ["color-contrast", "link-in-text-block"]}
"""The rules of axe by which a view is looked at in each scheme."""


SCROLLED: Looks = {"light": ["scrollable-region-focusable"]}


# 1024 px have the layout of 1600: only more of it has to be scrolled.
@pytest.mark.parametrize(
    ("width", "looks"),
    [
        (1600, LOOKS),
        (320, SCROLLED),  # the narrowest that WCAG 1.4.10 asks for
        pytest.param(1024, SCROLLED, marks=pytest.mark.soak),
        pytest.param(320, LOOKS, marks=pytest.mark.soak),
    ],
)
def test_every_view_fits_and_is_accessible(
    browser: Browser, base: str, width: int, looks: Looks
) -> None:
    watched = Watched(browser, base, width)
    found = {}
    for name, path in VIEWS.items():
        page = watched.open(path)
        assert page.evaluate(WIDER) <= 0, name
        for scheme, rules in looks.items():
            page.emulate_media(color_scheme=scheme)
            serious = [
                f"{each['id']}: {each['nodes'][0]['html'][:200]}"
                for each in axe(page, rules)
                if each["impact"] in ("serious", "critical")
            ]
            if serious:
                found[name, scheme] = serious
    assert found == {}
    watched.check()
    watched.page.close()


def axe(page: Page, rules: list[str]) -> list[dict[str, Any]]:
    """What breaks these rules, or any."""
    only = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    response = Axe().run(page, options={"resultTypes": ["violations"], **only}).response
    return list(response["violations"])


def test_a_click_on_a_bar_lists_its_articles(browser: Browser, base: str) -> None:
    watched = Watched(browser, base)
    page = watched.open("/attention?unit=month&topic=g20")
    bar = page.evaluate(
        """() => {
            for (const mark of document.querySelectorAll(".chart svg path")) {
                const bar = mark.__data__?.datum;
                if (!bar?.share || !bar.url) continue;
                const place = mark.getBoundingClientRect();
                if (place.height < 10) continue;
                return {...bar, x: place.x + place.width / 2, y: place.y + place.height - 4};
            }
        }"""
    )
    with page.expect_navigation():
        page.mouse.click(bar["x"], bar["y"])
    assert urlsplit(page.url).path == "/articles"
    count = bar["articles"].partition(" ")[0]
    assert f"{count} article" in page.inner_text("main")
    watched.check()


def test_brushing_selects_the_days(browser: Browser, base: str) -> None:
    watched = Watched(browser, base)
    page = watched.open("/attention?unit=month&topic=g20")
    room = page.locator(".chart svg").first.bounding_box()
    assert room
    middle = room["y"] + 60
    page.mouse.move(room["x"] + room["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(room["x"] + room["width"] * 0.7, middle, steps=5)
    with page.expect_navigation():
        page.mouse.up()
    chosen = parse_qs(urlsplit(page.url).query)
    assert chosen["from"] < chosen["to"]
    assert chosen["topic"] == ["g20"]
    watched.check()


def test_it_can_be_used_by_keys(browser: Browser, base: str) -> None:
    watched = Watched(browser, base)
    page = watched.open("/attention?unit=month")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.focus("#topic-huawei")
    before = page.url
    page.keyboard.press("Space")
    page.wait_for_url(lambda url: url != before)
    page.wait_for_selector(DRAWN)
    # The page was replaced around it.
    assert page.evaluate("document.activeElement.id") == "topic-huawei"
    page.go_back()
    page.wait_for_url(before)
    expect(page.locator("#topic-huawei")).to_be_checked()
    watched.check()


def test_form_and_page_agree(browser: Browser, base: str) -> None:
    watched = Watched(browser, base)
    page = watched.open("/attention?unit=month")

    def becomes(expected: str) -> None:
        page.locator("main", has_text=expected).wait_for()
        page.wait_for_selector(DRAWN)

    page.locator("#choices-country summary").click()
    page.locator("#country-de").check()
    becomes("of Germany (all sources)")
    # What was opened stays open.
    assert page.locator("#country-jp").is_visible()
    # A day is typed digit by digit.
    page.locator("#from").click()
    page.keyboard.type("03012026", delay=30)
    assert "from=2026-03-01" not in page.url
    page.keyboard.press("Enter")
    becomes("1 March 2026 to")
    for number, topic in enumerate(("g20", "huawei", "sanctions"), 1):
        page.locator(f"#topic-{topic}").uncheck()
        page.locator(
            "#choices-topic .count", has_text=str(3 - number) if number < 3 else ""
        ).last.wait_for(state="visible" if number < 3 else "detached")
    becomes("Choose a topic.")
    page.fill("#to", "2025-01-01")
    page.keyboard.press("Enter")
    becomes("ends before it begins")
    # It can be mended there.
    page.get_by_role("link", name="Sources").wait_for()
    page.fill("#to", "2026-03-31")
    page.keyboard.press("Enter")
    becomes("Choose a topic.")
    watched.page.close()


@pytest.mark.parametrize("path", ["/attention?unit=month", "/articles", "/sources"])
def test_days_are_typed_by_keys_however_slowly(browser: Browser, base: str, path: str) -> None:
    watched = Watched(browser, base)
    page = watched.open(path)
    page.focus("#from")
    page.keyboard.type("08012026", delay=60)
    page.focus("#to")
    page.keyboard.type("08312026", delay=150)
    chosen = page.input_value("#from"), page.input_value("#to")
    assert chosen == ("2026-08-01", "2026-08-31")
    assert "from=" not in page.url
    page.locator("h1").click()  # as is leaving both by Tab
    page.wait_for_url("**from=2026-08-01&to=2026-08-31**")
    assert (page.input_value("#from"), page.input_value("#to")) == chosen
    page.wait_for_selector(DRAWN)
    # A range that ends before it begins waits, until it is asked for.
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url))
    page.fill("#to", "2026-07-01")
    page.locator("h1").click()
    assert sent == []
    page.get_by_role("button", name="Show").click()
    page.locator(".warning", has_text="ends before it begins").wait_for()
    assert page.input_value("#from") == "2026-08-01"
    watched.page.close()


def test_a_mark_says_what_it_is_where_the_mouse_is(browser: Browser, base: str) -> None:
    watched = Watched(browser, base)
    page = watched.open("/attention?unit=month")
    room = page.locator(".chart svg").first.bounding_box()
    assert room
    x, y = room["x"] + room["width"] * 0.6, room["y"] + 80
    page.mouse.move(x, y)
    page.wait_for_selector("#tooltip:not([hidden])")
    shown = page.locator("#tooltip").bounding_box()
    assert shown
    assert abs(shown["x"] - x) < 400
    assert abs(shown["y"] - y) < 200
    assert "Sanctions" in page.inner_text("#tooltip")
    page.mouse.move(room["x"], room["y"] - 60)
    page.wait_for_selector("#tooltip", state="hidden")
    watched.check()
