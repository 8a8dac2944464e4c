"""Two weeks of papers that were not collected as a whole, for what people are shown of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from tasks.load.load_run import load
from tasks.partition.partitions import Run
from tests.support.publishing import publish
from tests.support.staged_pages import START, TOPICS, Page, prose, source, stage
from warehouse.layers.layout import Layout

WHOLE, LOSES, PAGES, OUTAGE = "de-blatt", "gb-post", "pt-jornal", "es-diario"
SOURCES = tuple(source(name) for name in (WHOLE, LOSES, PAGES, OUTAGE))
DAYS, EACH_DAY = 14, 24
ROLLED_OVER = (5, 6, DAYS)
"""Days of LOSES on which its feed of ten entries was read after 24 hours."""
PAGES_LOST, UNREAD = 8, (9, 10)
"""The day on which pages of PAGES failed, and those on which OUTAGE was not read."""
LAST_RUN = "20260316T060000Z-000001"
"""Run of the last read, with one roll-over."""


def at(hours: float) -> datetime:
    """So many hours after START."""
    return START + timedelta(hours=hours)


def reads(source_id: str) -> Iterator[Page]:
    """The reads of a feed that names an article an hour: every six hours, but for the gaps."""
    hours = [float(hour) for hour in range(0, 24 * DAYS + 1, 6)]
    if source_id == LOSES:
        hours = [
            hour for hour in hours if not any(-24 < hour - 24 * day < 0 for day in ROLLED_OVER)
        ]
    if source_id == OUTAGE:
        first, last = 24.0 * UNREAD[0] - 6, 24.0 * UNREAD[-1] + 18
        hours = [hour for hour in hours if not first <= hour < last]
    before = None
    for hour in hours:
        new = 10 if before is None else min(10, int(hour - before))
        named = {
            "kind": "feed",
            "entries": 10,
            "known": 10 - new,
            "added": new,
            "is_continued": before is not None and new < 10,
            "window_from": at(hour - 10),
            "window_entries": 10,
            "previous_read_at": None if before is None else at(before),
            "before_window": 0,
        }
        about = ("feed", "", None, hour, source_id)
        yield Page(*about, outcome="listed", kind="listing", named=named)
        before = hour


def articles(source_id: str) -> Iterator[Page]:
    """The articles that were collected, and those that failed."""
    for day in range(DAYS + 1):
        if source_id == OUTAGE and day in UNREAD:
            continue
        some = 10 if source_id == LOSES and day in ROLLED_OVER else EACH_DAY
        for number in range(5 if day == DAYS else some):
            text = prose(1000 * day + number + ord(source_id[0]))
            about = (f"{day}-{number}", text + " harvest" * (number % 3 == 0), day)
            lost = source_id == PAGES and day == PAGES_LOST and number < 9
            yield Page(*about, 24.0 * day, source_id, outcome="server_error" if lost else "article")


def stage_partial_days(layout: Layout) -> list[Run]:
    """Two runs, the second with the last day alone."""
    pages = [page for each in SOURCES for page in (*reads(each.id), *articles(each.id))]
    before = [page for page in pages if page.hour < 24 * DAYS]
    last = [page for page in pages if page.hour >= 24 * DAYS]
    return [
        replace(stage(layout, "20260302T060000Z-000000", before), finished_at=at(24 * DAYS)),
        replace(stage(layout, LAST_RUN, last), finished_at=at(24 * DAYS + 1)),
    ]


def load_partial_days(folder: Path) -> None:
    """Stage, load and publish them in a data folder."""
    layout = Layout(folder)
    load(layout, TOPICS, SOURCES, stage_partial_days(layout), now=at(24 * DAYS + 1))
    publish(layout)
