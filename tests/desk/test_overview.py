"""The overview and the assistant's tool say what a verdict rests on, and where there is none."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from flows.desk.snapshots import Snapshots
from flows.mcp.server import Tools
from tasks.load.load_run import load
from tasks.settings import Settings
from tasks.topics.topic import TopicEntry
from tests.support.feed_reads import feed_reads
from tests.support.partial_days import at
from tests.support.publishing import publish
from tests.support.staged_pages import HARVEST, Page, prose, source, stage
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

DAYS = 49
"""From a Monday on, the feeds telling of the evening before; the last is a Sunday, on which nobody
publishes."""
GERMAN = TopicEntry(id="ernte", name="Ernte", aliases=("Ernte",), languages=("de",)).topic()


def made_pages() -> Iterator[Page]:
    """A steady paper, and one whose feed gives its first article in the last week."""
    for paper, first, hits in (("gb-old", 0, 1), ("gb-new", DAYS - 7, 6)):
        yield from feed_reads(paper, range(0, 24 * DAYS + 1, 6))
        for day in range(first, DAYS):
            for n in range(10 if day % 7 != 6 else 0):
                text = prose(100 * day + n, 60) + " harvest" * (n < hits)
                yield Page(f"{day}-{n}", text, day, 24.0 * day + 3, paper)


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = Layout(tmp_path_factory.mktemp("overview") / "data")
    run = stage(layout, "20260302T060000Z-000000", made_pages())
    papers = [source(paper, timezone="UTC") for paper in ("gb-old", "gb-new")]
    load(layout, [HARVEST, GERMAN], papers, [run], now=at(24 * DAYS))
    publish(layout)
    return layout


@pytest.fixture(scope="module")
def said(layout: Layout) -> str:
    app = create_app(layout, Settings(data=layout.root))
    page = TestClient(app, base_url="http://127.0.0.1:8700").get("/").text
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", "", page)))


def test_a_paper_without_a_past_of_its_own_is_left_out_and_named(said: str) -> None:
    _, _, harvest = said.partition("Harvest")
    assert "42 of 120 articles in these seven days" in harvest
    assert "as usual (10% in the eight weeks before, 6.0 expected)" in harvest
    assert "Compared are 6 of 60 articles. Left out as new" in harvest
    assert "in the eight weeks before: gb-new. The eight weeks" in harvest


def test_what_the_past_is_known_from_is_said_beside_the_verdict(said: str) -> None:
    assert "The eight weeks before are known from 43 of 56 days of sources, about" in said


def test_a_day_without_an_article_was_collected(said: str) -> None:
    assert "No article in the topic's languages was published in these seven days;" in said
    assert "No article was published on that day; nothing can be said." in said
    assert "Nothing was collected" not in said


def test_the_assistant_is_told_the_same(layout: Layout) -> None:
    tools = Tools(Snapshots(layout))
    german, harvest = sorted(tools.usual()["topics"], key=lambda row: row["id"])
    assert (german["verdict"], german["state"]) == ("no article in its languages", "collected")
    assert (harvest["verdict"], harvest["new_sources"]) == ("as usual", ["gb-new"])
    assert harvest["compared_past"]["source_days_collected"] == 43
    assert {row["verdict"] for row in tools.usual("day")["topics"]} == {"no article"}
