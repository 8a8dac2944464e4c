"""Every kind of change, in seven loads: the marts are those of a warehouse made anew.

Each case has papers of its own, so that what one of them touches says nothing of another. What is
computed from all papers or all topics is touched by any change of a count: the later loads change
one thing each. A break that a next load would hide is asked for at once, the others are found where
all tables are compared with new ones.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tasks.load.load_run import load, rebuild_warehouse
from tasks.partition.partitions import Run
from tasks.sources.source import Source
from tasks.topics.topic import Topic, TopicEntry
from tests.support.partial_days import at
from tests.support.publishing import publish
from tests.support.staged_pages import START, Page, prose, source, stage
from warehouse.build.loaded_definitions import Rules
from warehouse.layers.layout import Layout
from warehouse.read.query import open_existing_snapshot, query

pytestmark = pytest.mark.slow

GB, DE = "gb-post", "de-blatt"
"""Papers of a case: one in London, one in Tokyo."""
DAY = START.date()
LOST, GONE = "timed_out", "not_found"


class Case(NamedTuple):
    """What two loads find of its papers; hours of the second are counted from a day later."""

    before: Sequence[Page] = ()
    after: Sequence[Page] = ()
    archived: Sequence[Page] = ()
    """Of the first load, by a backfill."""
    part: Sequence[Page] = ()
    """Of the second, by a later part of the first run."""
    settings: Mapping[str, tuple[dict[str, Any] | None, dict[str, Any] | None]] = {}
    """Of a paper in either load; None where it is not configured."""


def dated(days: float) -> dict[str, datetime | date]:
    """Columns of an article whose page gives another day than the listing."""
    published_at = START + timedelta(days=days)
    return {"published_at": published_at, "published_date": published_at.date()}


def poll(hour: float = 0.0, slug: str = "feed", outcome: str = "listed", **named: Any) -> Page:
    """A read of a feed that names ten entries; without `named` as an earlier version noted it."""
    entries = {"kind": "feed", "entries": 10, "known": 0, "added": 10, "window_entries": 10}
    about = entries | {"before_window": 0} | named if named else None
    return Page(slug, "", None, hour, outcome=outcome, kind="listing", named=about)


def of(source_id: str, *pages: Page) -> list[Page]:
    return [replace(page, source_id=source_id) for page in pages]


WIRE, OTHER_WIRE = prose(3) + " harvest", prose(4) + " harvest"
OLD, OLDER, OLDEST = dated(-3), dated(-4), dated(-5)
FAR = Page("far", "Nothing.", -20)
"""Keeps the calendar long, so that days of it are emptied rather than cut off."""
AGENCY = "https://agency.test/news"
SAME = prose(5)
BEFORE, NEW = "https://gb-post.test/before", "https://gb-post.test/new"

MAP = Page(
    *("map", "", None),
    kind="index",
    outcome="listed",
    named={"window_from": at(-360), "newest_at": at(-240)},
)
OF_MAP: dict[str, Any] = {"found_in": MAP.url, "obtained_from": "source_archive"}

OF_ARTICLES = {
    "an article moves to another day": Case(
        [FAR, Page("a", day=None, about=OLDER)], [Page("a", "Revised.", None, about=OLD)]
    ),
    "an article moves from the first day": Case(
        [Page("a", day=None, about=OLDEST), Page("b")], [Page("a", "Revised.", None, about=OLD)]
    ),
    "an article moves from the last day": Case(
        [poll(), Page("a", day=None, about=dated(1.9))],
        [Page("a", "Revised.", None, about=dated(-0.1))],
    ),
    "an article's page loses its date": Case(
        [FAR, Page("a", day=None, about=OLD)], [Page("a", "Revised.", None)]
    ),
    "an article's earlier text comes late and has a date": Case(
        [FAR, Page("a", day=None, hour=3)], [Page("a", "Dated.", None, -22, about=OLD)]
    ),
    "an article gets a mention": Case(
        [FAR, Page("a", "Nothing.")], [Page("a", "The G20.", stripped=["Join us"])]
    ),
    "an article's earlier text comes late": Case(
        [FAR, Page("a", "The G20.", hour=3)], [Page("a", "Nothing.", hour=-22)]
    ),
    "an article goes to another paper": Case(
        [FAR, Page("x", "G20", None, canonical=AGENCY, about=OLD)],
        of(DE, Page("y", "G20!", None, canonical=AGENCY, about=OLDER)),
    ),
    "an article of an archive goes to another paper on its day": Case(
        [poll(window_from=at(-2))],
        of(DE, Page("y", "Anew.", None, canonical=AGENCY, about=dated(-40))),
        archived=[
            Page("old-0", "Old.", -40, canonical=AGENCY),
            *(Page(f"old-{day}", "Old.", day - 40) for day in range(1, 5)),
        ],
    ),
    "an earlier text makes an article a copy": Case(
        [FAR, Page("late", WIRE, None, about=OLD)],
        of(DE, Page("early", WIRE, None, about=OLDER)),
    ),
    "a page moves": Case(
        [FAR, Page("old", SAME, about=OLD), Page("x", SAME, canonical=NEW, about=OLDER)],
        [Page("old", SAME, canonical=NEW, about=OLDER)],
    ),
    "a page moves back": Case(
        [
            FAR,
            Page("old", SAME, canonical=BEFORE, about=OLD),
            Page("old", SAME, canonical=NEW, about=OLDER),
        ],
        [Page("old", SAME, canonical=BEFORE, about=OLD)],
    ),
    "an earlier text of a page that has moved comes late": Case(
        [
            FAR,
            Page("old", SAME, canonical=BEFORE, about=OLD),
            Page("old", SAME, canonical=NEW, about=OLD),
        ],
        [Page("other", "Nothing.", hour=-30, canonical=BEFORE, about=OLD)],
    ),
    "a revised text frees its copies": Case(
        [
            FAR,
            Page("early", OTHER_WIRE, None, about=OLDER),
            Page("late", OTHER_WIRE, None, about=OLD),
        ],
        [Page("early", "Something else.", None, about=OLDER)],
    ),
}
OF_PAGES = {
    "a page is cut no more": Case(
        [FAR, Page("a", is_truncated=True, about=OLD)], [Page("a", "Whole.", about=OLD)]
    ),
    "another address gives the article another day": Case(
        [FAR, Page("x", day=None, canonical=AGENCY, about=OLD)],
        [Page("y", "Anew.", None, canonical=AGENCY, about=OLDER)],
    ),
    "a page that failed comes at last": Case(
        [FAR, Page("a", day=-1, outcome=LOST)], [Page("a", day=None, about=OLD)]
    ),
    "a page that failed is of another day": Case(
        [FAR, Page("a", day=-1, outcome="section_page")], [Page("a", outcome="denied")]
    ),
    "a page that failed is a doubtful list at last": Case(
        [FAR, Page("a", day=-1, outcome=GONE)],
        [Page("a", day=-1, outcome="section_page", prose_words=300)],
    ),
    "a page that was gone is read": Case(
        [FAR, Page("a", day=-1, outcome=GONE)], [Page("a", day=-1, outcome="section_page")]
    ),
    "a page that failed is a list at last": Case(
        [FAR, Page("a", day=-1, outcome=LOST)], [Page("a", day=-1, outcome="section_page")]
    ),
    "more pages are left for later": Case(
        [FAR, Page("a", day=-1, outcome="left_for_later", detail="3")],
        [Page("a", day=-1, outcome="left_for_later", detail="5")],
    ),
    "a page of tomorrow is lost": Case([poll()], [Page("a", day=1, hour=-22, outcome=LOST)]),
    "an article of an archive is fetched": Case(
        [FAR], [Page("a", day=-1)], archived=[Page("a", day=-1)]
    ),
    "a file is saved": Case([FAR], [Page("saved", day=-2, kind="file")]),
}
OF_DAYS = {
    "a day is read": Case([FAR, poll(outcome="server_error")], [poll(-23)]),
    "a day with an article is read": Case(
        [FAR, Page("a"), poll(outcome="server_error")], [poll(-23)]
    ),
    "a day loses a page": Case([FAR, poll()], [Page("a", outcome=LOST)]),
    "a day loses another page": Case(
        [poll(), Page("a"), Page("b", outcome=LOST)], [Page("c", outcome=LOST)]
    ),
    "a day of which a part was read loses a page": Case(
        [poll(window_from=at(-2))], [Page("a", hour=-22, outcome=LOST)]
    ),
    "another feed fails": Case([poll()], [poll(-22, "other", "server_error")]),
    "a poll fails days later": Case([poll()], [poll(72, outcome="server_error")]),
    "a poll that failed comes late": Case([poll()], [poll(-74, outcome="server_error")]),
    "a listing reaches back": Case(
        [FAR, Page("a")], [poll(48), Page("b", day=-2, hour=48), Page("c", day=0, hour=48)]
    ),
    "a feed reaches back before the first poll": Case(
        [poll(window_from=at(-2))], [poll(-23, "other", window_from=at(-60))]
    ),
    "a feed has rolled over": Case(
        [poll(-96, window_from=at(-97)), poll(slug="other", window_from=at(-120))],
        [poll(-23, window_from=at(-2), previous_read_at=at(-96))],
    ),
    "a sitemap names what a feed has lost": Case(
        [
            poll(-96, window_from=at(-97)),
            poll(window_from=at(-2), previous_read_at=at(-96)),
        ],
        [poll(-2, "map", kind="sitemap", feed_share=0.95, window_from=at(-100))],
    ),
    "a read of a feed comes late": Case(
        [
            poll(-96, window_from=at(-97)),
            poll(window_from=at(-2), previous_read_at=at(-96)),
        ],
        [poll(-24 - 48, window_from=at(-50), previous_read_at=at(-96))],
    ),
    "the paper's own sitemap names all of some days": Case([poll(-480), poll()], [MAP]),
    "a page comes at last that may be of any day of a sitemap": Case(
        [poll(-480), poll(), MAP, Page("a", "", None, outcome="needs_javascript", **OF_MAP)],
        [Page("a", "Nothing.", None, about=dated(-12), **OF_MAP)],
    ),
    "a paper of saved files is polled": Case(
        [Page(f"saved-{day}", "Saved.", -day, kind="file") for day in range(2, 9)],
        [poll(window_from=at(20))],
    ),
}
OF_RUNS = {
    "a part has pages to fetch again": Case(
        [poll(window_from=at(-240)), Page("a")], part=[Page("b", outcome="server_error")]
    ),
    "a part is answered again": Case(
        [poll(), *(Page(f"a{number}", outcome=LOST) for number in range(5))],
        part=[Page("b", hour=2, outcome=GONE)],
    ),
    "a part reads another feed": Case([poll()], part=[poll(1, "other", window_from=at(-1))]),
}
LOCAL = [Page("a", "The G20."), Page("b", hour=2, outcome=LOST), FAR]
WEST = {"timezone": "America/Los_Angeles"}
"""At six in London, the time of most articles, it is the day before."""
OF_SETTINGS = {
    "articles and pages are in another zone": Case(LOCAL, settings={GB: ({}, WEST)}),
    "a poll is in another zone": Case([poll()], settings={GB: ({}, WEST)}),
    "hours that were read are in another zone": Case(
        [poll(window_from=at(-10))], settings={GB: ({}, {"timezone": "Europe/Paris"})}
    ),
    "more is expected": Case(
        [poll(), Page("a")], settings={GB: ({"expected_daily": (1, 9)}, {"expected_daily": (3, 9)})}
    ),
    "less is expected": Case(
        [poll(), Page("a"), Page("b", "Other.")],
        settings={GB: ({"expected_daily": (0, 9)}, {"expected_daily": (0, 1)})},
    ),
    "another country": Case(LOCAL, settings={GB: ({}, {"country": "ie"})}),
    "another language": Case(LOCAL, settings={GB: ({}, {"language": "ga"})}),
    "a paper is new": Case(settings={GB: (None, {})}),
    "a paper is left out": Case(LOCAL, settings={GB: ({}, None)}),
    "an unknown paper": Case((), LOCAL, settings={GB: (None, None)}),
}


def window(day: int, loud: Sequence[str], mentions: int = 1) -> list[Page]:
    """Twelve quiet days with two articles, some of which have a mention, and a day of loud ones."""
    quiet = [
        Page(
            f"quiet{day + ago}-{number}",
            prose(ago * 2 + number - day * 99),
            day + ago,
            headline="The G20" if number == 0 and ago + 12 < mentions else "Quiet",
        )
        for ago in range(-12, 0)
        for number in range(2)
    ]
    return quiet + [
        Page(f"loud{day}-{number}", text, day, headline=f"H {number}")
        for number, text in enumerate(loud)
    ]


def loud(day: int) -> list[str]:
    return [f"The G20 met. {prose(number - day * 77)}" for number in range(9)]


FIRST, SECOND, THIRD, MOVING = -740, -500, -260, -125
"""Days of spikes: further apart than a changed day reaches. A paper with another setting touches
all spikes that are there, so the second load makes new ones."""
ORIGINAL, OTHER, COPY = (f"The G20 again. {prose(number)}" for number in (11, 12, 13))
PLAIN = prose(14)
REAPED = [f"{text} The harvest." for text in loud(MOVING)]
REAPED[-1] += " Reaping, reaping."
OF_SPIKES = {
    "articles before a day come at last, so that it is a spike": Case(
        [
            *window(FIRST, loud(FIRST), mentions=4),
            *(Page(f"a{number}", day=FIRST - 9, outcome=LOST) for number in range(41)),
        ],
        [Page(f"a{number}", "Nothing.", FIRST - 9) for number in range(40)],
    ),
    "a copy is one no more on a day of many copies": Case(
        [*window(SECOND, [OTHER, COPY, *[ORIGINAL] * 7]), Page("early", COPY, SECOND - 1)],
        [Page("early", "The G20 otherwise.", SECOND - 1)],
    ),
    "copies before a day have no mention, so that it is a spike": Case(
        [
            *window(THIRD, loud(THIRD)),
            Page("one", PLAIN, THIRD - 10),
            *(Page(f"copy{each}", PLAIN, THIRD - 9, headline="The G20") for each in range(4)),
        ],
        [Page(f"copy{each}", PLAIN, THIRD - 9) for each in range(4)],
    ),
    "a spike is in another zone": Case(window(MOVING, REAPED), settings={GB: ({}, WEST)}),
}
CASES = OF_ARTICLES | OF_PAGES | OF_DAYS | OF_RUNS | OF_SETTINGS | OF_SPIKES
NUMBERS = {name: number for number, name in enumerate(CASES)}


def papers(is_later: bool) -> Iterator[Source]:
    """All papers, as the first load or the later ones know them."""
    for name, case in CASES.items():
        pages = [*case.before, *case.after, *case.archived, *case.part]
        for source_id in sorted({page.source_id for page in pages} | case.settings.keys()):
            settings = case.settings.get(source_id, ({}, {}))[is_later]
            if settings is not None:
                zone = {"timezone": "Asia/Tokyo"} if source_id == DE else {}
                yield source(of_case(source_id, name)).model_copy(update=zone | settings)


def of_case(source_id: str, name: str) -> str:
    return f"{source_id}-{NUMBERS[name]}"


def pages(kind: str, hours: float = 0) -> Iterator[Page]:
    """Pages of all cases, so many hours later and each some minutes after the one before."""
    for name, case in CASES.items():
        for minute, page in enumerate(getattr(case, kind)):
            yield replace(
                page,
                source_id=of_case(page.source_id, name),
                hour=page.hour + hours + minute / 60,
                canonical=page.canonical and f"{page.canonical}-{NUMBERS[name]}",
                found_in=page.found_in.replace(GB, of_case(GB, name)),
            )


def topic(name: str, *aliases: str) -> Topic:
    return TopicEntry(id=name, name=name, aliases=aliases, languages=("en",)).topic()


HARVEST, SUMMIT, FERRY = (
    topic("harvest", "harvest"),
    topic("summit", "G20"),
    topic("ferry", "ferry"),
)
WIDER = topic("harvest", "harvest", "reaping")
"""Found in the same articles, more often in one of them."""


def run(layout: Layout, number: int, found: Iterable[Page], **about: Any) -> Run:
    return replace(stage(layout, f"20260302T060000Z-{number:06}", found), **about)


def of_paper(case: str, *found: Page) -> list[Page]:
    """Pages of a case's paper, two days after the first load."""
    paper = of_case(GB, case)
    return [replace(page, hour=page.hour + 48, source_id=paper) for page in found]


def with_settings(papers: Iterable[Source], case: str, **settings: Any) -> list[Source]:
    """The papers, that of a case with other settings."""
    changed = of_case(GB, case)
    return [one.model_copy(update=settings) if one.id == changed else one for one in papers]


class Loads:
    """Loads of one warehouse, and what a reader sees after each."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.topics, self.papers = [HARVEST, SUMMIT], list(papers(is_later=False))
        self.rules = Rules()

    def load(self, day: date, *runs: Run) -> None:
        now = datetime(day.year, day.month, day.day, tzinfo=UTC)
        load(self.layout, self.topics, self.papers, runs, rules=self.rules, now=now)
        publish(self.layout)

    def differences(self) -> dict[str, list[list[tuple[Any, ...]]]]:
        """Rows that tables made anew have and the loaded ones lack, and the other way round."""
        loaded = self.layout.current.resolve()
        rebuild_warehouse(self.layout, self.topics, self.papers, rules=self.rules)
        found = {}
        with open_existing_snapshot(self.layout) as con:
            con.execute(f"ATTACH '{loaded}' AS loaded (READ_ONLY)")
            tables = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'loaded'"
            for (name,) in con.execute(f"{tables} AND table_name <> 'loads'").fetchall():
                sides = name, f"loaded.{name}"
                # EXCEPT ALL over all tables would take half a second a load.
                total = "SELECT count(*), sum(hash(each)::HUGEINT) FROM {} AS each"
                if len({con.execute(total.format(side)).fetchone() for side in sides}) > 1:
                    found[name] = [
                        con.execute(f"FROM {one} EXCEPT ALL FROM {other}").fetchall()
                        for one, other in permutations(sides)
                    ]
        return found

    def told(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in query(self.layout, sql).to_pylist()]


RULED = """
    SELECT (SELECT list(DISTINCT balance) FROM balanced_index),
           (SELECT list(DISTINCT false_alarms_per_year) FROM topic_spikes)
"""
GROUPS = f"""
    SELECT groups FROM balanced_index
    WHERE topic_id = 'summit' AND period_kind = 'month' AND period = '{DAY.replace(day=1)}'
"""
COMPLETENESS = f"""
    SELECT completeness FROM attention_index_latest
    WHERE topic_id = 'summit' AND period_kind = 'day' AND period = '{DAY}'
"""
DAY_READ = ("a day is read", "a day with an article is read", "a day loses a page")
JUDGED = f"""
    SELECT DISTINCT source_id, state, articles IS NULL FROM topic_daily
    WHERE day = '{DAY}' AND source_id IN {tuple(of_case(GB, name) for name in DAY_READ)}
    ORDER BY ALL
"""
MOVED = f"""
    SELECT (day - DATE '{DAY}')::INTEGER, articles_with_mention FROM topic_spikes_local
    WHERE topic_id = 'summit' AND day - DATE '{DAY}' BETWEEN {MOVING} - 9 AND {MOVING} + 9
"""
EMPTY = """
    SELECT table_name FROM duckdb_tables()
    WHERE estimated_size = 0 AND table_name NOT LIKE 'audit%'
"""


def test_marts_follow_every_change(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    loads = Loads(layout)
    archived = run(layout, 0, pages("archived"), flow="backfill")
    loads.load(date(2026, 3, 20), archived, run(layout, 1, pages("before")))
    before = [("missing", True), ("partial", False), ("observed", False)]
    assert [row[1:] for row in loads.told(JUDGED)] == before
    assert loads.told(MOVED) == [(MOVING, 9)]

    # Whatever has papers of its own; on another day, so that the index has two vintages.
    loads.papers = list(papers(is_later=True))
    part = run(layout, 1, pages("part"), parameters={"part": 2})
    loads.load(date(2026, 3, 21), part, run(layout, 2, pages("after", 24)))
    assert loads.differences() == {}
    after = [("observed", False), ("observed", False), ("missing", True)]
    assert [row[1:] for row in loads.told(JUDGED)] == after
    assert loads.told(MOVED) == [(MOVING - 1, 9)]
    asked = loads.told("SELECT DISTINCT source_id FROM captures")
    configured = {(one.id,) for one in loads.papers}
    assert {*loads.told("SELECT source_id FROM sources")} == {*asked, *configured}

    loads.rules = Rules(false_alarms=10.0, balance="collection")
    loads.load(date(2026, 3, 21))
    assert loads.told(RULED) == [(["collection"], [10.0])]

    [(groups,)] = loads.told(GROUPS)
    for name in ("an article gets a mention", "a listing reaches back"):
        loads.papers = with_settings(loads.papers, name, collection="made")
    loads.load(date(2026, 3, 21))
    assert loads.told(GROUPS) == [(groups - 1,)]

    # One more was published, and only the completeness follows; headlines of spikes show a name.
    [(completeness,)] = loads.told(COMPLETENESS)
    named = "a copy is one no more on a day of many copies"
    loads.papers = with_settings(loads.papers, named, name="Other")
    lost = of_paper("a day loses another page", Page("d", outcome=LOST))
    loads.load(date(2026, 3, 21), run(layout, 3, lost))
    [(less,)] = loads.told(COMPLETENESS)
    assert less < completeness

    # It came at last, in a language of no topic; a headline of a spike is another, and a topic that
    # comes up in the same articles changes their order on another day.
    loads.topics = [WIDER, SUMMIT]
    found = of_paper("a day loses another page", Page("d", hour=2, about={"language": "de"}))
    found += of_paper(
        "articles before a day come at last, so that it is a spike",
        Page(f"loud{FIRST}-0", loud(FIRST)[0], FIRST, headline="The G20 is shown first"),
    )
    loads.load(date(2026, 3, 21), run(layout, 4, found))
    assert loads.differences() == {}

    # The first vintage is kept no more. A topic is gone, and with it days of a calendar.
    loads.topics = [WIDER, FERRY]
    moved = of_paper(
        "an article moves from the first day", Page("a", "Again.", None, about=dated(-1))
    )
    loads.load(date(2026, 6, 1), run(layout, 5, moved))
    assert loads.differences() == {}
    assert loads.told(EMPTY) == []
