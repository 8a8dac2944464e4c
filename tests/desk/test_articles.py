"""The articles behind a number are as many as it says."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from itertools import product

import pytest
from starlette.testclient import TestClient

from flows.desk.views import articles as views
from tests.desk.made_texts import EVIL, HOSTILE, LINK
from tests.support.staged_pages import HARVEST
from warehouse.layers.layout import Layout
from warehouse.questions.articles import articles, count
from warehouse.questions.selection import Selection
from warehouse.questions.series import series
from warehouse.read.query import snapshot, snapshot_records

pytestmark = pytest.mark.slow

TOTAL = re.compile(r'class="lead">\s*([\d,]+) article')
LINKED = re.compile(r'<a href="(/articles\?[^"]*)">([\d,]+)</a>')


def selections() -> Iterator[Selection]:
    weeks = Selection(date(2026, 3, 2), date(2026, 3, 13), "week")
    chosen = [
        weeks,
        replace(weeks, sources=("gb-post",)),
        replace(weeks, countries=("de",)),
        replace(weeks, languages=("en",)),
        Selection(date(2026, 3, 5), date(2026, 3, 7), "day"),
    ]
    for each, copies, headlines in product(chosen, (False, True), (False, True)):
        yield replace(each, is_without_copies=copies, is_headlines_only=headlines)


def test_counts_are_those_of_the_series(texts: Layout) -> None:
    compared = 0
    with snapshot(texts) as con:
        for selection in selections():
            for row in series(con, selection):
                behind = replace(
                    selection,
                    topics=(row["topic_id"],),
                    first_day=row["period"],
                    last_day=row["period_end"] - timedelta(days=1),
                )
                assert count(con, behind) == (row["hits"] or 0), behind
                if row["topic_id"] == "harvest":
                    written_in = HARVEST.languages or ()
                    all_of_them = replace(
                        behind, topics=(), is_headlines_only=False, written_in=written_in
                    )
                    assert count(con, all_of_them) == (row["articles"] or 0), all_of_them
                compared += bool(row["hits"])
    assert compared > 100


@pytest.mark.parametrize("given", ["", "&copies=no", "&in=headline", "&source=gb-post&by=source"])
def test_a_click_leads_to_as_many(reader: TestClient, given: str) -> None:
    page = reader.get(f"/attention?topic=harvest&topic=evil&unit=week{given}").text
    links = LINKED.findall(page)
    assert links
    for link, number in links:
        found = TOTAL.search(reader.get(unescape(link)).text)
        assert found
        assert found[1] == number


def test_several_topics_count_an_article_once(texts: Layout) -> None:
    with snapshot(texts) as con:
        both = Selection(date(2026, 3, 2), date(2026, 3, 13), topics=("harvest", "evil"))
        found = articles(con, both, 1000)
        assert len({row["article_id"] for row in found}) == len(found) == count(con, both)
        alone = {each: count(con, replace(both, topics=(each,))) for each in both.topics}
    assert max(alone.values()) <= len(found) < sum(alone.values())


def test_pages_hold_all_newest_first(reader: TestClient, texts: Layout) -> None:
    pages = [reader.get(f"/articles?from=2026-03-02&page={page}").text for page in (1, 2, 3)]
    shown = [re.findall(r'id="a-([0-9a-f-]{36})"', page) for page in pages]
    assert len(shown[0]) == 50
    assert shown[1] == shown[2], "beyond the last page is the last page"
    total = TOTAL.search(pages[0])
    assert total
    assert len({*shown[0], *shown[1]}) == len(shown[0]) + len(shown[1]) == int(total[1])
    days = snapshot_records(texts, "SELECT article_id, published_date AS day FROM articles")
    by_id = {row["article_id"]: row["day"] for row in days}
    order = [by_id[each] for each in shown[0] + shown[1]]
    assert order == sorted(order, reverse=True)
    assert 'rel="next"' in pages[0]
    assert 'rel="next"' not in pages[1]


@pytest.mark.parametrize("given", ["", "&topic=summit", "&topic=evil", "&source=gb-post"])
def test_those_changed_after_publication(reader: TestClient, texts: Layout, given: str) -> None:
    page = reader.get(f"/articles?revised=yes{given}").text
    [revised] = snapshot_records(
        texts, "SELECT article_id FROM articles WHERE url_requested LIKE '%/revised'"
    )
    # One whose first page was cut has two versions, and may not have been changed.
    expected = [] if "evil" in given else [str(revised["article_id"])]
    assert re.findall(r'id="a-([0-9a-f-]{36})"', page) == expected
    total = TOTAL.search(page)
    assert total
    assert int(total[1]) == len(expected)
    assert re.search(r'name="revised" value="yes" checked', page)


def test_paging_keeps_the_filter(reader: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "count", lambda *_: 120)
    page = reader.get("/articles?revised=yes&source=gb-post").text
    assert len(re.findall(r'href="/articles\?[^"]*revised=yes[^"]*"', page)) == 2


def test_sentences_and_marks_are_shown(reader: TestClient) -> None:
    page = reader.get("/articles?topic=harvest&from=2026-03-05&to=2026-03-05").text
    assert "The <mark>harvest</mark> fair" in page
    assert page.count(">copy<") == 2
    assert page.count(">truncated<") == 1
    headlines = reader.get("/articles?topic=harvest&in=headline&to=2026-03-05").text
    quotes = re.findall(r'class="said"[^>]*>(.*?)</p>', headlines)
    assert quotes
    assert all("Headline with" in quote or "fair" in quote or "quotes" in quote for quote in quotes)
    revised = reader.get("/articles?topic=summit&to=2026-03-04").text
    assert ">2 versions<" in revised


def test_what_publishers_wrote_is_text(reader: TestClient) -> None:
    page = reader.get(f"/articles?topic=harvest&topic={EVIL.id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; harvest &amp; &#39;quotes&#39;" in page
    for active in ("<script>alert", "<img", "<svg", LINK):
        assert active not in page
    assert str(HOSTILE.article_id) in page


@pytest.mark.parametrize("given", ["page=x", "page=-1", "page=²", "topic=nope"])
def test_what_is_wrong_is_said(reader: TestClient, given: str) -> None:
    assert reader.get(f"/articles?{given}").status_code == 400
