"""In Chromium: nothing of an archived page acts, results come by themselves."""

# ruff: noqa: E501 - pages as they are written

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request
from starlette.testclient import TestClient

from tasks.archive.write import ArchiveWriter
from tasks.model import Attempt, CaptureKind, Entry, Outcome
from tasks.partition.partitions import Run
from tests.desk.made_texts import HOSTILE, SCRIPT
from tests.desk.test_search import held
from tests.support import archived_news
from tests.support.chromium import chromium
from tests.support.desk_server import served, serving
from tests.support.loopback import Loopback, http
from tests.support.staged_pages import prose
from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ACT = "top.document.title='acted';document.title='acted';new Image().src='{u}/acted'"
HEAD = """<meta http-equiv="refresh" content="0;url={u}/refresh"><base href="{u}/base/">
<link rel="preconnect" href="{u}"><link rel="dns-prefetch" href="{u}"><link rel="icon" href="{u}/icon">
<link rel="stylesheet" href="{u}/style.css"><link rel="prefetch" href="{u}/prefetch">
<script src="{u}/script.js"></script><script>{act}; fetch('{u}/fetch'); top.location='{u}/top'</script>
<style>@import url("{u}/import.css"); @font-face {{ font-family: x; src: url("{u}/font") }}
body {{ font-family: x; background: url("{u}/background") }} p {{ color: #010203 }}</style>"""
BODY = """<a id="away" href="{u}/away" target="_top" ping="{u}/ping">leave</a>
<img src="{u}/image" onerror="{act}"><img srcset="{u}/set 2x"><div style="background:url({u}/inline)">x</div>
<picture><source srcset="{u}/source"><img src="{u}/picture"></picture>
<svg onload="{act}"><image href="{u}/svg"></image><a href="{u}/svga"><text>s</text></a></svg>
<iframe src="{u}/frame" srcdoc="<script>{act}</script>"></iframe><object data="{u}/object"></object>
<embed src="{u}/embed"><video src="{u}/video" poster="{u}/poster" autoplay></video>
<table background="{u}/table"><tr><td>t</td></tr></table><input type="image" src="{u}/input" autofocus onfocus="{act}">
<form id="f" action="{u}/form"><button formaction="{u}/button">send</button></form><details open ontoggle="{act}">d</details>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src={u}/m0 onerror=&quot;{act}&quot;&gt;">
</table></mtext></math><noscript><p title="</noscript><img src='{u}/m1' onerror=&quot;{act}&quot;>"></noscript>
<svg></p><style><a id="</style><img src='{u}/m2'>"></svg><textarea><img title="</textarea><img src={u}/m3>"></textarea>"""
ARTICLE = """<html lang="en"><head><title>A hostile page of the harbour</title>{head}
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "A hostile page of the harbour",
"datePublished": "2026-03-02T08:00:00Z"}}</script></head><body><article><h1>A hostile page of the harbour</h1>
{prose}</article>{body}</body></html>"""


def hostile_page(url: str) -> str:
    act = ACT.format(u=url)
    paragraphs = "".join(f"<p>{prose(seed)}.</p>" for seed in range(4))
    parts = {name: part.format(u=url, act=act) for name, part in (("head", HEAD), ("body", BODY))}
    return ARTICLE.format(prose=paragraphs, **parts)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def archived(folder: Path, html: str) -> Layout:
    """A folder with one article, whose page is in the archive."""
    layout, at = Layout(folder), archived_news.FIRST
    url, run_id = "https://gb-post.test/hostile", archived_news.run_id(0)
    attempt = Attempt(
        CaptureKind.PAGE, url, url, Outcome.FETCHED, at, 0.1,
        status=200, content_type="text/html; charset=utf-8", payload=html.encode(),
    )  # fmt: skip
    with ArchiveWriter(layout.raw, "gb-post", run_id) as writer:
        writer.write(attempt, Entry(url, found_in="feed"))
    batches = archived_news.refined(layout, layout.raw.glob("*/*.warc.gz"))
    run = Run(run_id, tuple(batches), started_at=at, finished_at=at, extractor_version="1")
    archived_news.load_again(layout, [run])
    return layout


def watched(browser: Browser, base: str) -> tuple[Page, list[str]]:
    """A page of the browser, and what happens in it that must not."""
    page, wrong = browser.new_page(), list[str]()

    def blocked(request: Request) -> None:
        # What a style names is asked for and refused by the policy, before anything is sent.
        if not request.url.startswith((base, "data:")) and request.failure != "csp":
            wrong.append(f"request of {request.url}: {request.failure}")

    page.on("requestfinished", blocked)
    page.on("requestfailed", blocked)
    page.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
    page.on("pageerror", lambda error: wrong.append(f"error {error}"))
    page.on("popup", lambda popup: wrong.append(f"window {popup.url}"))
    return page, wrong


def test_an_archived_page_does_nothing(browser: Browser, tmp_path: Path, web: Loopback) -> None:
    html = hostile_page(web.url)
    layout = archived(tmp_path, html)
    [row] = snapshot_records(layout, "SELECT article_id FROM articles")
    control = browser.new_page()
    control.goto(web.set_answers("/raw", http(html.encode())), wait_until="commit")
    control.wait_for_timeout(500)
    control.close()
    assert web.connections > 5, "the page as it is asks for much"
    assert {"/refresh", "/acted", "/top"} & {hit.path for hit in web.hits}
    with served(layout) as base:
        before = web.connections
        page, wrong = watched(browser, base)
        place = f"{base}/article/{row['article_id']}"
        page.goto(place)
        page.get_by_text("Show it, without scripts").click()
        frame = page.frame_locator("iframe.archived")
        frame.get_by_text(prose(2)).wait_for()
        assert frame.locator("p").first.evaluate("p => getComputedStyle(p).color") == (
            "rgb(1, 2, 3)"
        )
        for text in ("leave", "send"):
            frame.get_by_text(text).click()
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.className") == "archived":
                page.keyboard.press("Enter")
        page.wait_for_timeout(500)
        assert page.url.startswith(place)
        page.goto(f"{place}/page")
        page.get_by_text("leave").click()
        page.wait_for_timeout(300)
        assert page.url == f"{place}/page"
        assert page.title() == "A hostile page of the harbour"
        assert page.evaluate("origin") == "null"
        page.close()
        assert wrong == []
        assert web.connections == before
        shutil.rmtree(layout.raw)
        gone = browser.new_page()
        gone.goto(place)
        assert "The archived page is not here" in gone.inner_text("main")
        gone.close()


def test_views_of_hostile_texts_are_quiet(browser: Browser, reader: TestClient) -> None:
    with serving(reader.app) as base:
        page, wrong = watched(browser, base)
        page.on("console", lambda message: wrong.append(f"console {message.text}"))
        for path in (
            "/articles?topic=harvest&topic=evil",
            f"/article/{HOSTILE.article_id}?topic=evil",
            f"/search?q={SCRIPT}&mode=regex",
            "/search?q=onerror",
        ):
            page.goto(base + path)
            page.wait_for_selector("html[data-drawn=yes]")
            assert "acted" not in page.title()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.close()
        assert wrong == []


def test_results_come_by_themselves(
    browser: Browser, reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(monkeypatch, after=3) as go, serving(reader.app) as base:
        page, wrong = watched(browser, base)
        page.goto(f"{base}/search")
        page.get_by_label("Search for").fill("ballot")
        page.get_by_label("Search for").press("Enter")
        page.get_by_text(re.compile(r"Searched \d+ of \d+ articles, back to")).wait_for()
        address = page.url
        assert "q=ballot" in address
        link = page.locator("#found .what a").first
        link.focus()
        go()
        page.locator("#found svg").wait_for()
        assert page.url == address
        assert page.evaluate("document.activeElement.id") == link.get_attribute("id")
        assert re.search(r"\d+ of \d+ articles", page.inner_text("#found .lead"))
        page.get_by_text("Follow it as a topic").click()
        assert 'aliases = ["ballot"]' in page.inner_text("pre.toml")
        page.get_by_label("without syndicated copies").check()
        page.locator(".said-of", has_text="without syndicated copies").wait_for()
        assert "copies=no" in page.url
        page.get_by_label("Search for").fill("ballot, mayor*")
        page.get_by_label("Search for").press("Tab")
        page.locator("#found .lead b").nth(1).wait_for()
        assert "copies=no" in page.url
        page.get_by_label("Search for").fill("")
        page.get_by_label("Search for").press("Enter")
        page.get_by_text("Search the texts for anything").wait_for()
        page.close()
        assert wrong == []
