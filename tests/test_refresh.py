"""Marts refreshed for what a load touches are the marts of a warehouse made anew."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tasks.load import load, publish, rebuild_warehouse
from tasks.sources import Source
from tasks.topics import Topic
from tests.staged import HARVEST, SUMMIT, Page, listing, prose, source, stage, tables
from warehouse.layout import Layout

WIDER = Topic(id="summit", name="Summits", aliases=("G20", "ferry"))
TOPICS = ([HARVEST, SUMMIT], [HARVEST, SUMMIT], [HARVEST, WIDER], [SUMMIT])
STRICT, LAX = source(expected_daily=(2, 3)), source()
SOURCES = (
    [LAX, source("de-blatt")],
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


PAGES = st.builds(
    Page,
    slug=st.sampled_from("abcdef"),
    body=st.sampled_from(TEXTS),
    day=st.none() | st.integers(-6, 3),
    source_id=st.sampled_from(["gb-post", "de-blatt"]),
    headline=st.sampled_from(["A made headline", "G20: a headline"]),
    outcome=st.sampled_from([*["article"] * 5, "timed_out", "section_page", "not_found"]),
    is_truncated=st.booleans(),
    canonical=st.sampled_from([None, None, Page("a").url]),
)
LISTINGS = st.builds(
    listing,
    st.sampled_from(["gb-post", "de-blatt"]),
    outcome=st.sampled_from(["listed", "not_modified", "server_error"]),
)
STEPS = st.builds(
    Step,
    st.lists(LISTINGS | PAGES | PAGES | PAGES, max_size=7),
    st.sampled_from(TOPICS),
    st.sampled_from(SOURCES),
    st.sampled_from([1, 24, 24 * 4]),
)


def at(page: Page, hour: float, moment: int) -> Page:
    """The page as it is fetched then, dated no later; days are counted from that load."""
    day = None if page.day is None else page.day + int(hour) // 24
    return Page(**{**vars(page), "hour": hour + moment / 60, "day": day})


def play(layout: Layout, steps: list[Step]) -> None:
    hour = 0
    for number, step in enumerate(steps):
        hour += step.hours
        pages = [at(page, hour, moment) for moment, page in enumerate(step.pages)]
        runs = [stage(layout, f"{FIRST[:-1]}{number}", pages)] if pages else []
        now = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(hours=hour)
        load(layout, step.topics, step.sources, runs, now=now)
    publish(layout)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
@given(st.lists(STEPS, min_size=2, max_size=5).filter(lambda steps: bool(steps[0].pages)))
def test_any_loads_give_the_marts_of_a_rebuild(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder) / "data")
        play(layout, steps)
        loaded = tables(layout)
        rebuild_warehouse(layout, steps[-1].topics, steps[-1].sources)
        rebuilt = tables(layout)
    for name, rows in rebuilt.items():
        assert loaded[name] == rows, name
