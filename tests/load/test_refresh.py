"""Marts refreshed for what a load touches are the marts of a warehouse made anew."""

import tempfile
from collections.abc import Iterable
from dataclasses import replace
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
MANY = st.lists(LISTINGS | PAGES | PAGES | PAGES, min_size=5, max_size=20)
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
        load_pages(layout, number, pages, step, hour)
    publish(layout)


def load_pages(layout: Layout, number: int, pages: list[Page], step: Step, hour: int) -> None:
    runs = [stage(layout, f"{FIRST[:-1]}{number}", pages)] if pages else []
    now = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(hours=hour)
    load(layout, step.topics, step.sources, runs, now=now)


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
    found = {name: set(rows) ^ set(loaded[name]) for name, rows in tables(layout).items()}
    return {name: rows for name, rows in found.items() if rows}


def steps(*loads: list[Page], sources: list[Source] = SOURCES[0]) -> list[Step]:
    return [Step(pages, TOPICS[0], sources, 24) for pages in loads]


WIRE, OTHER_WIRE = prose(3) + " harvest", prose(4) + " harvest"
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
OF_ARTICLES = {
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
        [
            FAR,
            Page("early", OTHER_WIRE, None, about=OLDER),
            Page("late", OTHER_WIRE, None, about=OLD),
        ],
        [Page("early", "Something else.", None, about=OLDER)],
    ),
    "a page is cut no more": steps(
        [FAR, Page("a", is_truncated=True, about=OLD)], [Page("a", "Whole.", about=OLD)]
    ),
    "a page that failed comes at last": steps(
        [FAR, Page("a", day=-1, outcome="timed_out")], [Page("a", day=None, about=OLD)]
    ),
    "a listing reaches back": [
        *steps([FAR, Page("a")]),
        Step([listing(), Page("b", day=-2), Page("c", day=0)], TOPICS[0], SOURCES[0], 72),
    ],
}
UNREAD, READ = listing(outcome="server_error"), listing()


def polls(*loads: list[Page]) -> list[Step]:
    """Loads of one day, an hour between them."""
    return [Step(pages, TOPICS[0], SOURCES[0], 1) for pages in loads]


OF_DAYS = {
    "a day is read": polls([FAR, UNREAD], [READ]),
    "a day with an article is read": polls([FAR, Page("a"), UNREAD], [READ]),
    "a day loses a page": polls([FAR, READ], [Page("a", outcome="timed_out")]),
    "a page fails at last": steps(
        [FAR, Page("a", day=-1, outcome="section_page")], [Page("a", day=0, outcome="denied")]
    ),
    "a page that failed is a doubtful list at last": steps(
        [FAR, Page("a", day=-1, outcome="not_found")],
        [Page("a", day=-1, outcome="section_page", prose_words=300)],
    ),
}
"""Apart from the others, whose articles alone would have the marts of all papers made anew."""


def load_cases(layout: Layout, cases: Iterable[list[Step]], number: int) -> Step:
    """Load this load of all the cases together, each with papers of its own."""
    pages, papers = list[Page](), list[Source]()
    for case, loads in enumerate(cases):
        hour = sum(step.hours for step in loads[: number + 1])
        for moment, page in enumerate(loads[number].pages):
            pages.append(of_case(at(page, hour, moment), case))
        papers += [source(f"gb-post-{case}"), source(f"de-blatt-{case}", timezone="Asia/Tokyo")]
    step = Step(pages, TOPICS[0], papers, 24)
    load_pages(layout, number, pages, step, 24 * (number + 1))
    publish(layout)
    return step


def of_case(page: Page, case: int) -> Page:
    canonical = page.canonical and page.canonical.replace(".test", f"-{case}.test")
    return replace(page, source_id=f"{page.source_id}-{case}", canonical=canonical)


def test_a_load_touches_what_it_changes(layout: Layout) -> None:
    """A row of the difference names its paper, `gb-post-0` in the first of the cases."""
    load_cases(layout, OF_ARTICLES.values(), 0)
    last = load_cases(layout, OF_ARTICLES.values(), 1)
    assert differences_of(layout, last) == {}


def test_a_day_that_is_judged_otherwise_is_counted_again(layout: Layout) -> None:
    told = (
        "SELECT DISTINCT source_id, state, articles IS NULL FROM topic_daily"
        " WHERE source_id IN ('gb-post-0', 'gb-post-1', 'gb-post-2')"
        f" AND day = '{START.date()}' ORDER BY source_id"
    )
    found = []
    for number in range(2):
        last = load_cases(layout, OF_DAYS.values(), number)
        found.append([tuple(row.values())[1:] for row in query(layout, told).to_pylist()])
    assert found == [
        [("missing", True), ("partial", False), ("observed", False)],
        [("observed", False), ("observed", False), ("missing", True)],
    ]
    assert differences_of(layout, last) == {}


def test_another_definition_of_a_paper_touches_its_days() -> None:
    """One is expected to write more, and another is in another time zone."""
    strict = source("fr-jour", expected_daily=(2, 3))
    loads = [
        Step(
            [
                *(FAR, listing(), Page("a", day=None, about=dated(-2.5))),
                *(replace(page, source_id="fr-jour") for page in (FAR, Page("a"))),
            ],
            TOPICS[0],
            [source(), source("fr-jour")],
            24,
        ),
        Step(
            [Page("late", day=-1, outcome="timed_out"), Page("b", source_id="fr-jour")],
            TOPICS[0],
            [source(), strict],
            24,
        ),
        Step([], TOPICS[0], [source(timezone="Asia/Tokyo"), strict], 24),
    ]
    assert differences(loads) == {}


def test_spikes_follow_the_days_of_a_source(layout: Layout) -> None:
    loads = [
        *steps(SPIKE, [Page("loud-0", "The G20.", None, 24.0, "de-blatt", about=dated(-0.9))]),
        *steps([], sources=SOURCES[1]),
    ]
    found = []
    for number in range(len(loads)):
        play(layout, loads[: number + 1], number)
        spikes = "SELECT day, articles_with_mention AS hits FROM topic_spikes_local"
        found.append([(row["day"], row["hits"]) for row in query(layout, spikes).to_pylist()])
    day, before = START.date(), START.date() - timedelta(days=1)
    assert found == [[(day, 9)], [(day, 8)], [(before, 9)]]
    assert differences_of(layout, loads[-1]) == {}


BY_DAY = ("topic_daily", "attention_index", "index_notes", "topic_spikes")
COUNTED = (*BY_DAY, *(f"{name}_local" for name in BY_DAY))
"""What is counted from days and topics."""


def with_places(layout: Layout, relation: str) -> pa.Table:
    return query(layout, f"SELECT rowid, * FROM {relation} ORDER BY rowid")


def test_a_poll_that_finds_nothing_new_leaves_what_is_counted_in_its_place(layout: Layout) -> None:
    days = [Page(f"a{day}", day=-day) for day in range(30)]
    loads = polls([READ, *days], [READ], [listing(outcome="not_modified")])
    play(layout, loads[:1])
    before = {name: with_places(layout, name) for name in COUNTED}
    assert all(before[name].num_rows for name in COUNTED if "spikes" not in name)
    play(layout, loads, 1)
    assert len(query(layout, "FROM loads")) == 3
    assert {name: with_places(layout, name) for name in COUNTED} == before


# Many pages a load, which costs the same: so few examples find much.
@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),
)
@given(st.lists(STEPS, min_size=3, max_size=4).filter(lambda loads: bool(loads[0].pages)))
def test_any_loads_give_the_marts_of_a_rebuild(loads: list[Step]) -> None:
    assert differences(loads) == {}
