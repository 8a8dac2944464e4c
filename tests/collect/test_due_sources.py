"""Which sources a scheduled run asks."""

import os
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.collect.due_sources import due_or_next
from tasks.load.load_run import load
from tasks.sources.source import Source
from tests.support import staged_pages as staged
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.staged_pages import Page, listing, source, stage
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)
READ_AT = staged.START
UNKNOWN = "gb-unknown"
LOOKS = {
    "gb-post": (0.0,),
    # These publish an article at once and one half an hour later, and are due after a day.
    "gb-slow": (0.0,),
    "gb-slow-seen-again": (0.0, 3.2),
    "gb-slow-seen-twice-again": (0.0, 3.2, 4.2),
    "gb-failed-three-times": (0.0, 1.0, 2.0),
    "gb-failed-four-times": (0.0, 1.0, 2.0, 3.0),
}
"""In which hours the listing of a paper was asked for."""
SAVED = "gb-saved"
SLOW = "UPDATE poll_intervals SET due_at = polled_at + INTERVAL 1 DAY WHERE source_id LIKE '%slow%'"


def fill(layout: Layout) -> None:
    turns: dict[int, list[Page]] = defaultdict(list)
    for paper, hours in LOOKS.items():
        outcome = "server_error" if "failed" in paper else "listed"
        for turn, hour in enumerate(hours):
            turns[turn].append(listing(paper, hour, outcome))
        if "slow" in paper:
            turns[0] += [
                Page(name, hour=at, source_id=paper) for name, at in (("a", 0.02), ("b", 0.6))
            ]
    turns[0].append(Page("page", kind="file", outcome="not_a_page", source_id=SAVED))
    runs = [
        stage(layout, f"2026030{2 + turn}T060000Z-aaaaaa", pages) for turn, pages in turns.items()
    ]
    load(layout, staged.TOPICS, [*map(source, (UNKNOWN, *LOOKS)), source(SAVED)], runs)
    publish(layout)
    with duckdb.connect(os.path.realpath(layout.current)) as con:
        con.execute(SLOW)


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    return KeptFolder(tmp_path_factory.mktemp("polled"), fill)


@pytest.fixture
def layout(polled: KeptFolder) -> Layout:
    """An installation that has polled all papers."""
    return polled.restored()


def due(layout: Layout, hours: float, one: str | Source = "gb-post", **about: Any) -> bool:
    asked = source(one) if isinstance(one, str) else one
    return bool(due_or_next(layout, [asked], READ_AT + hours * HOUR, **about)[0])


def test_a_source_of_which_nothing_is_known_is_due(layout: Layout, tmp_path: Path) -> None:
    assert due(layout, 0, UNKNOWN)
    assert due(Layout(tmp_path / "empty"), 0)


def test_a_source_is_due_after_its_interval(layout: Layout) -> None:
    """An hour, for the first day; the run that is nearest to it asks."""
    assert [due(layout, minutes / 60) for minutes in (10, 50, 54, 56, 61)] == [
        *(False, False, False, True, True)
    ]
    _, found = due_or_next(layout, [source()], READ_AT)
    assert found == "no source is due; next: gb-post at 07:00 UTC"
    assert due(layout, -2), "the clock was wrong when it was polled"


def test_a_listing_that_was_added_is_asked_within_the_hour(layout: Layout) -> None:
    assert not due(layout, 12, "gb-slow")
    more = source("gb-slow", feeds=(*source("gb-slow").feeds, "https://gb-slow.test/sport"))
    assert [due(layout, hours, more) for hours in (0.5, 1)] == [False, True]


def test_an_article_is_rechecked_though_its_source_is_slow(layout: Layout) -> None:
    steps: dict[str, Any] = {"recheck_after": (3 * HOUR, 24 * HOUR)}
    found = [due(layout, hours, "gb-slow", **steps) for hours in (2, 2.8, 3.2)]
    assert found == [False, False, True]
    assert not due(layout, 3.2, "gb-slow")
    assert not due(layout, 3.2, source("gb-slow", recheck_after=()), **steps)
    # The next visit for another article waits for an hour; then the next step is that of a day.
    found = [due(layout, hours, "gb-slow-seen-again", **steps) for hours in (3.8, 4.2)]
    assert found == [False, True]
    assert not due(layout, 12, "gb-slow-seen-twice-again", **steps)


def test_the_breaker_holds_a_source_back(layout: Layout) -> None:
    found = [due(layout, hours, "gb-failed-three-times") for hours in (2.5, 2.9, 3)]
    assert found == [False, False, True]
    # It has failed for the third time, and waits for another hour; a failure before that, for one.
    found = [due(layout, hours, "gb-failed-four-times") for hours in (4, 4.8, 5)]
    assert found == [False, False, True]
    replaced = source("gb-failed-four-times", feeds=("https://gb-post.test/new",))
    assert due(layout, 4, replaced)


def test_saved_files_are_due_when_some_are_new(layout: Layout, tmp_path: Path) -> None:
    pages = [tmp_path / f"{number}.html" for number in range(2)]
    one, now = source(SAVED, feeds=(), files=(str(tmp_path / "*.html"),)), datetime.now(UTC)

    def is_due(hours: float = 1) -> bool:
        return bool(due_or_next(layout, [one], now + hours * HOUR)[0])

    def read(hour: int, *found: Page, begun: datetime = now) -> None:
        """A run that reads something."""
        run = stage(layout, f"202603{hour:02d}T060000Z-aaaaaa", found)
        load(layout, staged.TOPICS, [one, source()], [replace(run, started_at=begun)])
        publish(layout)

    def saved(path: Path, hour: int) -> Page:
        about = ("page", "", None, hour, SAVED)
        return Page(*about, kind="file", outcome="not_a_page", file=path)

    assert not is_due()
    pages[0].write_text("<p>Saved.")
    assert is_due()
    read(9, listing("gb-post", 9), begun=now + HOUR / 2)
    assert is_due(), "the run was of other sources"
    pages[1].write_text("<p>Saved, too.")
    read(10, saved(pages[0], 10), begun=now + HOUR / 2)
    assert is_due(), "the run was killed before it had read the second file"
    read(11, saved(pages[1], 11))
    assert not is_due()
    assert due_or_next(layout, [one], now + HOUR) == ((), "no source is due")
    os.utime(pages[1])
    assert not is_due(), "it is as it was read, though it was touched"
    pages[1].write_text("<p>Saved again.")
    assert is_due()
    read(12, saved(pages[1], 12), begun=now + 900 * HOUR)
    assert not is_due(), "a clock was ahead"
    pages[0].rename(tmp_path / "renamed.html")
    assert not is_due()
    pages[1].write_text("<p>Saved for the last time.")
    assert is_due()
