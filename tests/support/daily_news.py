"""Runs of a few pages a day, and warehouses into which several such days were loaded."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tasks.load.load_run import load
from tasks.partition.partitions import Run
from tasks.topics.topic import Topic
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS, Page, listing, prose, stage
from warehouse.layers.layout import Layout

NOW = datetime(2026, 3, 20, tzinfo=UTC)


def run_id(number: int) -> str:
    """Id of the run of a day."""
    return f"202603{number:02}T060000Z-{number:06x}"


def day_of_news(number: int) -> list[Page]:
    """A day's pages: new ones, one that changes every other day, one that never does, a copy."""
    hour = 24.0 * number
    return [
        listing(hour=hour),
        Page(f"new-{number}", prose(number) + " harvest", number, hour + 1),
        Page("front", f"The G20 story as of day {number // 2}.", 0, hour + 1),
        Page("about", "We write about the grain fair.", None, hour + 1, stripped=["Join us"]),
        Page(f"copy-{number}", prose(number) + " harvest", number, hour + 2, "de-blatt"),
        Page(f"gone-{number}", hour=hour, outcome="not_found", day=number),
    ]


def stage_day(layout: Layout, number: int) -> Run:
    """Stage the run of a day."""
    return stage(layout, run_id(number), day_of_news(number))


def ingest(layout: Layout, number: int, topics: Sequence[Topic] = TOPICS) -> None:
    """Stage, load and publish a day."""
    load(layout, topics, SOURCES, [stage_day(layout, number)], now=NOW)
    publish(layout)


def load_days(layout: Layout, days: int) -> None:
    """Load so many days at once, and publish."""
    load(layout, TOPICS, SOURCES, [stage_day(layout, day) for day in range(days)], now=NOW)
    publish(layout)


class DailyNews:
    """Data folders into which days 0, 1, 2 ... were loaded and published one by one.

    Each number of days is loaded once in a process of the tests and copied from then on: a copy
    takes milliseconds, a load seconds of CPU. Folders of one name have one path, since a
    warehouse knows where its Parquet files are; moved, it would be loaded again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, days: int, name: str = "data") -> Layout:
        """So many days, in place of what is in the folder of that name."""
        home, kept = self._folder / name, self._folder / f"{name}-of-{days}-days"
        if days and not kept.exists():
            ingest(self(days - 1, name), days - 1)
            shutil.copytree(home, kept, symlinks=True)
        shutil.rmtree(home, ignore_errors=True)
        if days:
            shutil.copytree(kept, home, symlinks=True)
        return Layout(home)
