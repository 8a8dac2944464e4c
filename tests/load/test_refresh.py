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
    slug=st.sampled_from("abcd"),
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
STEPS = st.builds(
    Step,
    st.lists(LISTINGS | PAGES | PAGES | PAGES, max_size=7),
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


def play(layout: Layout, loads: list[Step]) -> None:
    hour = 0
    for number, step in enumerate(loads):
        hour += step.hours
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
        return differences_of(layout, loads[-1])


def differences_of(layout: Layout, last: Step) -> dict[str, set[str]]:
    """Rows of either side alone, before and after a rebuild."""
    loaded = tables(layout)
    rebuild_warehouse(layout, last.topics, last.sources)
    return {name: set(rows) ^ set(loaded[name]) for name, rows in tables(layout).items()}


def steps(*loads: list[Page], sources: list[Source] = SOURCES[0]) -> list[Step]:
    return [Step(pages, TOPICS[0], sources, 24) for pages in loads]


WIRE = prose(3) + " harvest"
OLD, OLDER, OLDEST = dated(-3), dated(-4), dated(-5)
FAR = Page("far", "Nothing.", -20)
"""Keeps the calendar long, so that days of it are emptied rather than cut off."""
LATE = dated(-0.4)
"""20:24 UTC, in Tokyo on the next day."""
SPIKE = [
    *(Page(f"quiet-{n}", prose(n), -1 - n, source_id="de-blatt") for n in range(20)),
    *(
        Page(f"loud-{n}", f"The G20 met. {prose(50 + n)}", None, source_id="de-blatt", about=LATE)
        for n in range(9)
    ),
]
CASES = {
    "an article moves to another day": steps(
        [FAR, Page("a", day=None, about=OLDER)], [Page("a", "Revised.", None, about=OLD)]
    ),
    "an article moves from the first day": steps(
        [Page("a", day=None, about=OLDEST), Page("b")], [Page("a", "Revised.", None, about=OLD)]
    ),
    "an article loses its day": steps(
        [FAR, Page("a", day=None, about=OLD)], [Page("a", "Revised.", None)]
    ),
    "an article goes to another paper": steps(
        [FAR, Page("x", "G20", None, canonical=FAR.url, about=OLD)],
        [Page("y", "G20!", None, source_id="de-blatt", canonical=FAR.url, about=OLDER)],
    ),
    "an earlier text makes an article a copy": steps(
        [FAR, Page("late", WIRE, None, about=OLD)],
        [Page("early", WIRE, None, source_id="de-blatt", about=OLDER)],
    ),
    "a revised text frees its copies": steps(
        [FAR, Page("early", WIRE, None, about=OLDER), Page("late", WIRE, None, about=OLD)],
        [Page("early", "Something else.", None, about=OLDER)],
    ),
    "a page is cut no more": steps(
        [FAR, Page("a", is_truncated=True, about=OLD)], [Page("a", "Whole.", about=OLD)]
    ),
    "a page that failed comes at last": steps(
        [FAR, Page("a", day=-1, outcome="timed_out")], [Page("a", day=None, about=OLD)]
    ),
    "a page fails at last": steps(
        [FAR, Page("a", day=-1, outcome="section_page")], [Page("a", day=0, outcome="denied")]
    ),
    "a page that failed is a doubtful list at last": steps(
        [FAR, Page("a", day=-1, outcome="not_found")],
        [Page("a", day=-1, outcome="section_page", prose_words=300)],
    ),
    "a listing reaches back": steps(
        [FAR, Page("a")], [], [], [listing(), Page("b", day=-2), Page("c", day=0)]
    ),
    "a paper is expected to write more": [
        *steps([FAR, Page("a")]),
        *steps([Page("b")], sources=SOURCES[2]),
    ],
    "a paper is in another time zone": [
        *steps(
            [FAR, listing(), Page("a", day=None, about=dated(-2.5))],
            [Page("late", day=-1, outcome="timed_out")],
        ),
        *steps([], sources=[source(timezone="Asia/Tokyo"), source("de-blatt")]),
    ],
}


@pytest.mark.parametrize("case", CASES)
def test_a_load_touches_what_it_changes(case: str) -> None:
    assert not {name: rows for name, rows in differences(CASES[case]).items() if rows}


def test_spikes_follow_the_days_of_a_source(layout: Layout) -> None:
    loads = [
        *steps(SPIKE, [Page("loud-0", "The G20.", None, 24.0, "de-blatt", about=dated(-0.9))]),
        *steps([], sources=SOURCES[1]),
    ]
    found = []
    for number in range(len(loads)):
        play(layout, loads[: number + 1])
        spikes = "SELECT day, articles_with_mention AS hits FROM topic_spikes_local"
        found.append([(row["day"], row["hits"]) for row in query(layout, spikes).to_pylist()])
    day, before = START.date(), START.date() - timedelta(days=1)
    assert found == [[(day, 9)], [(day, 8)], [(before, 9)]]
    assert not any(differences_of(layout, loads[-1]).values())


OF_DAYS = ("topic_daily", "attention_index", "index_notes", "topic_spikes")
COUNTED = (*OF_DAYS, *(f"{name}_local" for name in OF_DAYS))
"""What is counted from days and topics."""
UNREAD, READ = listing(outcome="server_error"), listing()


def polls(*loads: list[Page]) -> list[Step]:
    """Loads of one day, an hour between them."""
    return [Step(pages, TOPICS[0], SOURCES[0], 1) for pages in loads]


def with_places(layout: Layout, relation: str) -> pa.Table:
    return query(layout, f"SELECT rowid, * FROM {relation} ORDER BY rowid")


def test_a_poll_that_finds_nothing_new_leaves_what_is_counted_in_its_place(layout: Layout) -> None:
    days = [Page(f"a{day}", day=-day) for day in range(30)]
    loads = polls([READ, *days], [READ], [listing(outcome="not_modified")])
    play(layout, loads[:1])
    before = {name: with_places(layout, name) for name in COUNTED}
    assert all(before[name].num_rows for name in COUNTED if "spikes" not in name)
    play(layout, loads)
    assert len(query(layout, "FROM loads")) == 3
    assert {name: with_places(layout, name) for name in COUNTED} == before


@pytest.mark.parametrize(
    ("loads", "states"),
    [
        (polls([FAR, UNREAD], [READ]), ["missing", "observed"]),
        (polls([FAR, Page("a"), UNREAD], [READ]), ["partial", "observed"]),
        (polls([FAR, READ], [Page("a", outcome="timed_out")]), ["observed", "missing"]),
    ],
)
def test_a_day_that_is_judged_otherwise_is_counted_again(
    layout: Layout, loads: list[Step], states: list[str]
) -> None:
    found = []
    for number in range(len(loads)):
        play(layout, loads[: number + 1])
        day = f"topic_daily WHERE source_id = 'gb-post' AND day = '{START.date()}'"
        found.append(query(layout, f"SELECT DISTINCT state, articles FROM {day}").to_pylist())
    assert [[row["state"] for row in rows] for rows in found] == [[state] for state in states]
    assert [[row["articles"] is None for row in rows] for rows in found] == [
        [state == "missing"] for state in states
    ]
    assert not any(differences_of(layout, loads[-1]).values())


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
@given(st.lists(STEPS, min_size=2, max_size=5).filter(lambda loads: bool(loads[0].pages)))
def test_any_loads_give_the_marts_of_a_rebuild(loads: list[Step]) -> None:
    assert not {name: rows for name, rows in differences(loads).items() if rows}
