"""An attempt by a clock that was ahead moves neither the last day nor any source's calendar."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.load.load_run import load, rebuild_warehouse
from tasks.report.figures import read_figures
from tasks.sources.source import Source
from tests.support.feed_reads import feed_reads
from tests.support.publishing import publish
from tests.support.staged_pages import START, TOPICS, Page, listing, source, stage, tables
from tests.warehouse.test_local_days import ask
from warehouse.layers.layout import Layout
from warehouse.questions.selection import choices
from warehouse.questions.usual import compare_with_past
from warehouse.read.query import snapshot
from warehouse.read.source_health import source_health

pytestmark = pytest.mark.slow

POST, TIMES = source("gb-post", timezone="UTC"), source("gb-times", timezone="Asia/Tokyo")
NOW = datetime.now(UTC)
HOUR = (NOW - START) // timedelta(hours=1)
DAYS = range(HOUR // 24 - 12, HOUR // 24)
AHEAD = HOUR + 30 * 24
LAST_DAYS = """
    SELECT source_id, max(day) FROM coverage{0} GROUP BY ALL
    UNION ALL SELECT 'gap of ' || source_id, max(last_day) FROM coverage_gaps{0} GROUP BY ALL
    UNION ALL SELECT 'attempt at ' || source_id, last_attempt_at::DATE FROM sources
    ORDER BY ALL
"""


def load_pages(
    layout: Layout, number: int, pages: Iterable[Page], sources: Sequence[Source] = (POST, TIMES)
) -> None:
    load(layout, TOPICS, sources, [stage(layout, f"20260310T060000Z-00000{number}", pages)])
    publish(layout)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Two papers that were read until now."""
    layout = Layout(tmp_path / "data")
    names = (POST.id, TIMES.id)
    # The last read is on the day of the next one, half an hour later, at any time of the day.
    hours = [*range(24 * DAYS[0], HOUR - 1, 4), HOUR - 1]
    reads = [page for name in names for page in feed_reads(name, hours)]
    found = [
        Page(f"{day}", day=day, hour=24.0 * day + 1, source_id=name)
        for name in names
        for day in DAYS
    ]
    load_pages(layout, 0, [*reads, *found])
    return layout


def told(layout: Layout) -> list[Any]:
    """What depends on the last days."""
    found: list[Any] = [ask(layout, LAST_DAYS.format(local)) for local in ("", "_local")]
    with snapshot(layout) as con:
        known = choices(con)
        assert known.last_whole_day
        found += [known, choices(con, is_local=True)]
        found += [compare_with_past(con, "week", known.last_whole_day)]
    figures = read_figures(layout)
    found += [figures.last_day, figures.last_whole_day]
    health = source_health(layout)
    return [*found, {name: health[name].not_asked_since for name in health}]


def test_an_attempt_from_the_future_moves_no_day(layout: Layout) -> None:
    before = told(layout)
    load_pages(layout, 1, [listing(TIMES.id, AHEAD), listing(TIMES.id, AHEAD + 1, "timed_out")])
    load_pages(layout, 2, feed_reads(POST.id, [HOUR - 0.5]))
    assert told(layout) == before
    loaded = tables(layout)
    rebuild_warehouse(layout, TOPICS, (POST, TIMES))
    assert tables(layout) == loaded


def test_a_source_that_was_only_asked_in_the_future_has_no_calendar(layout: Layout) -> None:
    before = ask(layout, "SELECT max(day) FROM coverage")
    new = source("gb-new", timezone="UTC")
    load_pages(layout, 1, [listing(new.id, AHEAD)], (POST, TIMES, new))
    assert ask(layout, "SELECT max(day), bool_or(source_id = 'gb-new') FROM coverage") == [
        (*before[0], False)
    ]


@pytest.mark.parametrize("days", [30, pytest.param(-1, marks=pytest.mark.soak)])
def test_a_calendar_follows_a_clock_that_is_put_right(layout: Layout, days: int) -> None:
    """A load by a clock that was ahead made it longer, one by a clock behind made it shorter."""
    before = tables(layout)
    with duckdb.connect(layout.writer) as con:
        for local in ("", "_local"):
            changed = f"source_calendars{local} SET last_day = last_day + {days}"
            con.execute(f"UPDATE {changed} WHERE source_id = '{TIMES.id}'")
    load(layout, TOPICS, (POST.model_copy(update={"name": "Post"}), TIMES))
    load(layout, TOPICS, (POST, TIMES))
    publish(layout)
    assert tables(layout) == before
