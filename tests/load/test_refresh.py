"""Marts refreshed for what a load touches are the marts of a warehouse made anew."""

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tasks.load.load_run import load, rebuild_warehouse
from tasks.sources.source import Source
from tasks.topics.topic import Topic, TopicEntry
from tests.support.publishing import publish
from tests.support.staged_pages import (
    HARVEST,
    START,
    SUMMIT,
    Page,
    listing,
    prose,
    source,
    stage,
    tables,
)
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

WIDER = TopicEntry(id="summit", name="Summits", aliases=("G20", "ferry")).topic()
TOPICS = ([HARVEST, SUMMIT], [HARVEST, SUMMIT], [HARVEST, WIDER], [SUMMIT])
STRICT, LAX = source(expected_daily=(2, 3)), source()
SOURCES = (
    [LAX, source("de-blatt", timezone="Asia/Tokyo")],
    [LAX, source("de-blatt")],
    [STRICT, source("de-blatt").model_copy(update={"language": "de"})],
    [STRICT],
)
TEXTS = (
    "The G20 met. The harvest was late.",
    "Nothing of note.",
    prose(1) + " harvest",
    prose(1) + " ferry",
    prose(2),
)
FIRST = "20260302T060000Z-000000"


class Step(NamedTuple):
    """One load."""

    pages: list[Page]
    topics: list[Topic]
    sources: list[Source]
    hours: int
    """Since the load before."""


def dated(days: float) -> dict[str, datetime | date]:
    """Columns of an article whose page gives another day than the listing."""
    published_at = START + timedelta(days=days)
    return {"published_at": published_at, "published_date": published_at.date()}


PAGES = st.builds(
    Page,
    slug=st.sampled_from("abcdefgh"),
    body=st.sampled_from(TEXTS),
    day=st.none() | st.integers(-6, 3),
    source_id=st.sampled_from(["gb-post", "de-blatt"]),
    headline=st.sampled_from(["A made headline", "G20: a headline"]),
    outcome=st.sampled_from([*["article"] * 5, "timed_out", "section_page", "not_found"]),
    is_truncated=st.booleans(),
    prose_words=st.sampled_from([None, 300]),
    about=st.sampled_from([{}, {}, dated(-8), dated(-9), dated(-8.5)]),
    canonical=st.sampled_from([None, None, Page("a").url]),
)
LISTINGS = st.builds(
    listing,
    st.sampled_from(["gb-post", "de-blatt"]),
    outcome=st.sampled_from(["listed", "not_modified", "server_error"]),
)
MANY = st.lists(LISTINGS | PAGES | PAGES | PAGES, min_size=15, max_size=40)
STEPS = st.builds(
    Step,
    st.just([]) | MANY | MANY | MANY,
    st.sampled_from(TOPICS),
    st.sampled_from(SOURCES),
    st.sampled_from([1, 24, 24 * 4]),
)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def at(page: Page, hour: float, moment: int) -> Page:
    """The page as it is fetched then, dated no later; days are counted from that load."""
    day = None if page.day is None else page.day + int(hour) // 24
    return Page(**{**vars(page), "hour": hour + moment / 60, "day": day})


def play(layout: Layout, loads: list[Step], begin: int = 0) -> None:
    """Load those from that one on."""
    for number, step in list(enumerate(loads))[begin:]:
        hour = sum(one.hours for one in loads[: number + 1])
        pages = [at(page, hour, moment) for moment, page in enumerate(step.pages)]
        runs = [stage(layout, f"{FIRST[:-1]}{number}", pages)] if pages else []
        now = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(hours=hour)
        load(layout, step.topics, step.sources, runs, now=now)
    publish(layout)


def differences(loads: list[Step]) -> dict[str, set[str]]:
    """Rows of either side alone, after the loads and after a rebuild."""
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder) / "data")
        play(layout, loads)
        loaded = tables(layout)
        rebuild_warehouse(layout, loads[-1].topics, loads[-1].sources)
        found = {name: set(rows) ^ set(loaded[name]) for name, rows in tables(layout).items()}
        return {name: rows for name, rows in found.items() if rows}


READ = listing()


def polls(*loads: list[Page]) -> list[Step]:
    """Loads of one day, an hour between them."""
    return [Step(pages, TOPICS[0], SOURCES[0], 1) for pages in loads]


BY_DAY = ("topic_daily", "attention_index", "index_notes", "topic_spikes")
COUNTED = (*BY_DAY, *(f"{name}_local" for name in BY_DAY))
"""What is counted from days and topics."""


def with_places(layout: Layout, relation: str) -> pa.Table:
    return query(layout, f"SELECT rowid, * FROM {relation} ORDER BY rowid")


def test_a_poll_that_finds_nothing_new_leaves_what_is_counted_in_its_place(layout: Layout) -> None:
    days = [Page(f"a{day}", day=-day) for day in range(30)]
    loads = polls([READ, *days], [READ, listing(outcome="not_modified")])
    play(layout, loads[:1])
    before = {name: with_places(layout, name) for name in COUNTED}
    assert all(before[name].num_rows for name in COUNTED if "spikes" not in name)
    play(layout, loads, 1)
    assert len(query(layout, "FROM loads")) == 2
    assert {name: with_places(layout, name) for name in COUNTED} == before


# Many pages a load, which costs the same: so one example finds much.
@settings(
    max_examples=1,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
@given(st.lists(STEPS, min_size=3, max_size=3).filter(lambda loads: bool(loads[0].pages)))
@pytest.mark.soak
def test_any_loads_give_the_marts_of_a_rebuild(loads: list[Step]) -> None:
    assert differences(loads) == {}
