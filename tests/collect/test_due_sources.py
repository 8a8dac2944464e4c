"""Which sources a scheduled run asks."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.collect.due_sources import due_or_next, due_sources
from tasks.load.load_run import load
from tasks.sources.source import Source
from tests.support import staged_pages as staged
from tests.support.publishing import publish
from tests.support.staged_pages import Page, listing, stage
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

ONE = staged.source()
HOUR = timedelta(hours=1)
READ_AT = staged.START


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def poll(layout: Layout, *pages: Page, number: int = 0) -> None:
    load(layout, staged.TOPICS, [ONE], [stage(layout, f"20260302T06000{number}Z-aaaaaa", pages)])
    publish(layout)


def due(layout: Layout, hours: float, one: Source = ONE, **about: Any) -> bool:
    return bool(due_sources(layout, [one], READ_AT + hours * HOUR, **about))


def test_a_source_of_which_nothing_is_known_is_due(layout: Layout) -> None:
    assert due(layout, 0)
    poll(layout, listing("de-blatt"))
    assert due(layout, 0)


def test_a_source_is_due_after_its_interval(layout: Layout) -> None:
    """An hour, for the first day; the run that is nearest to it asks."""
    poll(layout, listing())
    assert [due(layout, minutes / 60) for minutes in (10, 50, 54, 56, 61)] == [
        *(False, False, False, True, True)
    ]
    _, found = due_or_next(layout, [ONE], READ_AT)
    assert found == "no source is due; next: gb-post at 07:00 UTC"
    assert due(layout, -2), "the clock was wrong when it was polled"


def test_a_listing_that_was_added_is_asked_within_the_hour(layout: Layout) -> None:
    poll(layout, listing())
    slow(layout)
    assert not due(layout, 12)
    more = staged.source(feeds=(*ONE.feeds, "https://gb-post.test/sport"))
    assert [due(layout, hours, more) for hours in (0.5, 1)] == [False, True]


def slow(layout: Layout) -> None:
    """Make the snapshot say that the source is due after a day."""
    with duckdb.connect(os.path.realpath(layout.current)) as con:
        con.execute("UPDATE poll_intervals SET due_at = polled_at + INTERVAL 1 DAY")


def test_an_article_is_rechecked_though_its_source_is_slow(layout: Layout) -> None:
    poll(layout, listing(), Page("a", hour=0.02), Page("b", hour=0.6))
    slow(layout)
    steps: dict[str, Any] = {"recheck_after": (3 * HOUR, 24 * HOUR)}
    assert [due(layout, hours, **steps) for hours in (2, 2.8, 3.2)] == [False, False, True]
    assert not due(layout, 3.2)
    own = staged.source(recheck_after=())
    assert not due(layout, 3.2, own, **steps)
    # The next visit for another article waits for an hour; then the next step is that of a day.
    poll(layout, listing(hour=3.2), number=1)
    slow(layout)
    assert [due(layout, hours, **steps) for hours in (3.8, 4.2)] == [False, True]
    poll(layout, listing(hour=4.2), number=2)
    slow(layout)
    assert not due(layout, 12, **steps)


def test_the_breaker_holds_a_source_back(layout: Layout) -> None:
    for number in range(3):
        poll(layout, listing(hour=number, outcome="server_error"), number=number)
    assert [due(layout, hours) for hours in (2.5, 2.9, 3)] == [False, False, True]
    # It has failed for the third time, and waits for another hour; a failure before that, for one.
    poll(layout, listing(hour=3, outcome="server_error"), number=3)
    assert [due(layout, hours) for hours in (4, 4.8, 5)] == [False, False, True]
    replaced = staged.source(feeds=("https://gb-post.test/new",))
    assert due(layout, 4, replaced)


def test_saved_files_are_due_when_some_are_new(layout: Layout, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    one = staged.source(feeds=(), files=(str(tmp_path / "*.html"),))
    now = datetime.now(UTC)
    assert not due_sources(layout, [one], now)
    page.write_text("<p>Saved.")
    assert due_sources(layout, [one], now)
    for number, hours in enumerate((-1, 1)):  # a run that began before the file came, and after
        taken = Page("page", kind="file", outcome="not_a_page", hour=number)
        staged_run = stage(layout, f"20260302T06000{number}Z-aaaaaa", [taken])
        load(layout, staged.TOPICS, [one], [replace(staged_run, started_at=now + hours * HOUR)])
        publish(layout)
        assert bool(due_sources(layout, [one], now)) == (hours < 0)
    assert due_or_next(layout, [one], now) == ((), "no source is due")
