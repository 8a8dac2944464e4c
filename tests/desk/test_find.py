"""Find a source in the desk: only upon the press of a button, and only for this machine."""

from collections.abc import Iterator
from html import unescape

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from flows.desk.desk import Desk
from flows.desk.feed_searches import FeedSearch
from tasks.find.proposal import proposal
from tasks.settings import Settings
from tests.find.test_proposal import JAPANESE, entries, found
from tests.support.loopback import Loopback, http
from warehouse.layers.layout import Layout

PLACE = "/sources/find"


@pytest.fixture
def site() -> Iterator[Loopback]:
    with Loopback() as web:
        web.set_answers("/", http(b"<html>"))
        yield web


def test_a_search_begins_with_the_button_and_shows_what_was_tried(
    client: TestClient, site: Loopback
) -> None:
    assert "Ask this site" in client.get(PLACE).text
    client.get(PLACE, params={"domain": site.url})
    assert site.hits == [], "looking asks for nothing"
    sent = client.post(PLACE, data={"domain": site.url})
    assert sent.status_code == 200
    desk: Desk = client.app.state.desk  # type: ignore[attr-defined]
    assert desk.feed_searches is not None
    search = desk.feed_searches.get(site.url)
    assert search is not None
    assert search.ended.wait(30)
    text = client.get(PLACE, params={"domain": site.url}).text
    assert "No feed and no news sitemap was found" in text
    assert "address_refused" in text, "a private address is never asked by the desk"
    assert site.hits == []


def test_what_is_no_domain_is_refused(client: TestClient) -> None:
    for domain in ("", "a b.com", "x" * 400):
        assert client.post(PLACE, data={"domain": domain}).status_code == 400


def test_other_pages_cannot_begin_a_search(client: TestClient, site: Loopback) -> None:
    sent = client.post(PLACE, data={"domain": site.url}, headers={"Origin": "https://evil.example"})
    assert sent.status_code == 403


def test_a_desk_for_other_machines_asks_no_sites(layout: Layout, site: Loopback) -> None:
    app = create_app(layout, Settings(data=layout.root), password="secret")
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        client.auth = ("any", "secret")
        assert "Ask this site" not in client.get(PLACE).text
        sent = client.post(PLACE, data={"domain": site.url})
    assert sent.status_code == 403
    assert "without a password" in sent.text
    assert site.hits == []


def test_the_entry_is_shown_with_its_evidence_as_text(client: TestClient) -> None:
    attack = "\"'><script>alert(1)</script>"
    made = found("https://paper.jp/", entries(JAPANESE), title=attack)
    search = FeedSearch("paper.jp", list(made.trials), made, proposal(made, {}))
    search.ended.set()
    desk: Desk = client.app.state.desk  # type: ignore[attr-defined]
    assert desk.feed_searches is not None
    desk.feed_searches.keep(search)
    text = client.get(PLACE, params={"domain": "paper.jp"}).text
    assert "<script>alert" not in text
    shown = unescape(text)
    assert 'id = "jp-paper"  # top-level domain jp' in shown
    assert "presswatch sources find paper.jp --add" in shown
    assert "+00:00 in 40 of 40 entry dates; top-level domain jp; all of jp has one time" in shown
