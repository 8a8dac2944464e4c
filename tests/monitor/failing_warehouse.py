"""A warehouse whose sources go wrong and recover, for the tests of alerts."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.load.load_run import load
from tests.support.publishing import publish
from tests.support.staged_pages import START, TOPICS, Page, prose, source, stage
from warehouse.layers.layout import Layout

HEALTHY, TROUBLE, RECOVERED = 46, 48, 50
"""Days after START of the three loads."""
POST, FAILS, SILENT, LOSES, CHANGES = "gb-post", "de-blatt", "pt-jornal", "es-diario", "it-foglio"
SOURCES = tuple(
    source(name, expected_daily=(0, 50)) for name in (POST, FAILS, SILENT, LOSES, CHANGES)
)


def at(day: int, hours: float = 3) -> datetime:
    """So many days and hours after START."""
    return START + timedelta(days=day, hours=hours)


def article(source_id: str, day: int, number: int = 0, text: str = "") -> Page:
    body = prose(100 * day + number + ord(source_id[0])) + text
    return Page(f"{day}-{number}", body, day, 24.0 * day + 1, source_id)


def reads(day: int, failing: str = "", losing: str = "") -> Iterator[Page]:
    """A read of each source's feed."""
    for each in SOURCES:
        outcome = "server_error" if each.id == failing else "listed"
        detail = "503 Busy" if each.id == failing else ""
        about = ("feed", "", None, 24.0 * day, each.id)
        named = rolled_over(day) if each.id == losing else None
        yield Page(*about, outcome=outcome, kind="listing", detail=detail, named=named)


def rolled_over(day: int) -> dict[str, Any]:
    """A read of a feed of 20 entries, all of the last six hours and new since the day before."""
    return {
        "kind": "feed",
        "entries": 20,
        "known": 0,
        "added": 20,
        "is_continued": False,
        "window_from": at(day, -6),
        "window_entries": 16,
        "previous_read_at": at(day - 1, 0),
        "before_window": 0,
    }


def healthy() -> Iterator[Page]:
    for day in range(HEALTHY + 1):
        yield from reads(day)
        for each in SOURCES:
            yield article(each.id, day)


def trouble() -> Iterator[Page]:
    """A topic spikes, and a source each fails, is silent, loses articles, changes its layout."""
    for day in (TROUBLE - 1, TROUBLE):
        yield from reads(day, FAILS, LOSES if day == TROUBLE else "")
        yield article(POST, day)
        yield article(LOSES, day)
        for number in range(6):
            about = (f"{day}-{number}", "", day, 24.0 * day + 1, CHANGES)
            yield Page(*about, outcome="no_article")
    yield article(CHANGES, TROUBLE, 6)
    for number in range(1, 9):
        yield Page(
            *(f"spike-{number}", f"{prose(number)} harvest", TROUBLE, 24.0 * TROUBLE + 1, POST),
            headline=f"Harvest {number}",
        )


def recovered() -> Iterator[Page]:
    yield from reads(RECOVERED)
    for each in SOURCES:
        for number in range(12 if each.id == CHANGES else 1):
            yield article(each.id, RECOVERED, number)


class Stages:
    """The data folder after each of the three loads, copied to the same path for each test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        layout = Layout(folder / "data")
        pages = {HEALTHY: healthy(), TROUBLE: trouble(), RECOVERED: recovered()}
        for day, found in pages.items():
            run = stage(layout, f"{at(day):%Y%m%dT%H%M%SZ}-000000", found)
            run = replace(run, finished_at=at(day, 2))
            load(layout, TOPICS, SOURCES, [run], now=at(day, 2))
            publish(layout)
            shutil.copytree(layout.root, folder / str(day), symlinks=True)
        shutil.rmtree(layout.root)

    def __call__(self, day: int) -> Layout:
        """The data folder after the load of that day; the state of alerts stays as it is."""
        layout = Layout(self._folder / "data")
        told = layout.alerts.read_bytes() if layout.alerts.exists() else None
        shutil.rmtree(layout.root, ignore_errors=True)
        shutil.copytree(self._folder / str(day), layout.root, symlinks=True)
        if told is not None:
            layout.alerts.write_bytes(told)
        return layout
