"""Pages that a template declares to be one article are named by `presswatch health`."""

from pathlib import Path

import pytest

from tasks.load.load_run import load
from tasks.monitor.alert_settings import AlertSettings, Kind
from tasks.monitor.incidents import find_incidents
from tests.monitor.failing_warehouse import at
from tests.support.publishing import publish
from tests.support.staged_pages import TOPICS, Page, prose, source, stage
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow
ONE = "https://gb-post.test/news/storm-closes-three-schools-1234567"


def merged(number: int, source_id: str, body: str = "") -> Page:
    """A page that came from its own address and declares that of another."""
    return Page(
        *(f"story-{number}", body or prose(number), 0, 1.0 + number, source_id),
        headline=f"Story {number}",
        canonical=ONE.replace("gb-post", source_id),
    )


def flash(number: int, source_id: str) -> Page:
    """A page that becomes another one at its own address."""
    about = ("live", prose(number), 0, 1.0 + number, source_id)
    return Page(*about, headline=f"Now {number}")


PAGES = {
    "gb-post": [merged(number, "gb-post") for number in range(6)],
    "gb-two": [merged(number, "gb-two") for number in range(2)],
    "gb-live": [flash(number, "gb-live") for number in range(6)],
    "gb-same": [merged(number, "gb-same", prose(1) + f" {number}") for number in range(6)],
}


def test_pages_that_are_one_article_by_their_template_are_named(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    pages = [page for found in PAGES.values() for page in found]
    run = stage(layout, f"{at(0):%Y%m%dT%H%M%SZ}-000000", pages)
    load(layout, TOPICS, [source(name) for name in PAGES], [run], now=at(1))
    publish(layout)

    def named(day: int) -> dict[str, str]:
        found = find_incidents(layout, AlertSettings(no_load_hours=10_000), at(day)).problems
        return {each.about: each.text for each in found if each.kind is Kind.PAGES_MERGED}

    assert named(1).keys() == {"gb-post"}
    assert named(1)["gb-post"].startswith(
        f"6 pages with other headlines and texts count as one article:\n{ONE}\n"
    )
    assert "presswatch extract 'gb-post/" in named(1)["gb-post"]
    assert named(80) == {}
