"""Articles looked at again after they were first seen, on a web on loopback, by a clock of ours."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from flows.ingest import ingest
from tasks.collect.collector import MAX_FAILURES_IN_A_ROW, Collected, Collector
from tasks.collect.fetch.client import Client
from tasks.load.load_run import load
from tasks.partition.partitions import Run
from tasks.process_pool import PagePool
from tasks.refine.refine_archive import refine
from tasks.settings import Limits
from tasks.sources.collections import load_sources
from tasks.sources.source import Source
from tasks.upkeep.rebuild_articles import rebuild_articles
from tests.collect.test_collect import UNMODIFIED, captures, feed, fetched, item, source
from tests.refine.test_site_boilerplate import page as finnish_page
from tests.refine.test_site_boilerplate import story, with_teaser
from tests.support.kept_folder import KeptFolder
from tests.support.loopback import AGENT, Loopback, http
from tests.support.publishing import publish
from tests.support.sample_newsroom import TOPICS as TOPICS_FILE
from tests.support.serving import Files
from tests.support.staged_pages import TOPICS, files
from warehouse.layers.commits import Commit
from warehouse.layers.layout import Layout
from warehouse.read.due_rechecks import MAX_TRIES, due_pages
from warehouse.read.query import query

START = datetime(2025, 3, 3, 6, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEPS = (3 * HOUR, DAY, 7 * DAY)
TEXT = "The harbour board heard the skippers, and then it put the vote off until the spring. " * 6
DOWN = http(b"", "503 Busy")
VALIDATORS = {"ETag": '"1"', "Last_Modified": "Mon, 03 Mar 2025 05:00:00 GMT"}


class Desk:
    """An installation that ingests at given times."""

    def __init__(self, root: Path, pool: PagePool, number: int = 0) -> None:
        """The number is in the ids of its runs."""
        self.layout, self.pool, self.number = Layout(root), pool, number

    def collect(self, after: timedelta, *sources: Source, **options: Any) -> list[Collected]:
        """Collect as if it were so long after the start."""
        now = START + after
        limits = Limits(max_seconds=5, max_tries=1, **options.pop("limits", {}))
        with Client(
            limits, AGENT, self.layout.cache, backoff_seconds=0.01, clock=lambda: now
        ) as client:
            options = {"recheck_after": STEPS, "now": now, **options}
            collector = Collector(self.layout, self.run_id(after), client, limits, **options)
            return [collector.collect(each) for each in sources]

    def run_id(self, after: timedelta) -> str:
        return f"{START + after:%Y%m%dT%H%M%SZ}-{self.number:06}"

    def rechecks(self, after: timedelta, one: Source, **options: Any) -> int:
        """How many pages are asked for again; nothing is loaded."""
        (collected,) = self.collect(after, one, **options)
        assert collected.error == ""
        return collected.rechecked

    def load(self, after: timedelta, *collected: Collected, sources: tuple[Source, ...]) -> None:
        self.load_runs({after: collected}, sources)

    def load_runs(
        self, runs: Mapping[timedelta, Sequence[Collected]], sources: tuple[Source, ...]
    ) -> None:
        """Refine what the runs collected, and load them together."""
        refined = [self.refined(after, each, sources) for after, each in runs.items()]
        load(self.layout, TOPICS, sources, refined)
        publish(self.layout)

    def refined(
        self, after: timedelta, collected: Sequence[Collected], sources: tuple[Source, ...]
    ) -> Run:
        known, run_id = {each.id: each for each in sources}, self.run_id(after)
        warcs = [each.warc for each in collected if each.warc]
        batches = [refine(warc, run_id, self.layout, known, self.pool) for warc in warcs]
        return Run(run_id, tuple(batches))

    def ingest(
        self, after: timedelta, one: Source, *, loads_all: bool = False, **options: Any
    ) -> Collected:
        """Collect, and load what is more than a listing read: that decides no recheck."""
        (collected,) = self.collect(after, one, **options)
        assert collected.error == ""
        if loads_all or collected.outcomes.keys() - {"listed"}:
            self.load(after, collected, sources=(one,))
        return collected

    def rebuild_articles(self, *sources: Source) -> None:
        """Make Parquet again from the raw archive."""

        def refined(commit: Commit) -> Run | None:
            run_id = commit.run_id
            warcs = self.layout.raw.glob(f"*/{run_id}.warc.gz")
            known = {each.id: each for each in sources}
            batches = [refine(warc, run_id, self.layout, known, self.pool) for warc in warcs]
            return Run(run_id, tuple(batches)) if batches else None

        rebuild_articles(self.layout, refined)

    def rebuild(self, *sources: Source) -> None:
        """Make Parquet and the warehouse again from the raw archive."""
        self.rebuild_articles(*sources)
        load(self.layout, TOPICS, sources)
        publish(self.layout)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in query(self.layout, sql).to_pylist()]


@pytest.fixture
def web(lasting_web: Loopback) -> Loopback:
    lasting_web.reset()
    return lasting_web


@pytest.fixture
def desk(tmp_path: Path, pool: PagePool) -> Desk:
    return Desk(tmp_path / "data", pool)


def page(*more: str, title: str = "Vote on the harbour is put off", **headers: str) -> bytes:
    text = "".join(f"<p>{part}</p>" for part in (TEXT, *more))
    body = f"<body><article><h1>{title}</h1>{text}</article></body>"
    return http(f"<html lang=en><head></head>{body}</html>".encode(), **headers)


def paper(web: Loopback, source_id: str, *names: str, **places: Any) -> Source:
    """A paper whose feed names pages below its own, published an hour before the start."""
    published = format_datetime(START - HOUR)
    items = [item(f"{web.url}/{source_id}/{name}", published) for name in names]
    return source(source_id, feeds=(web.set_answers(f"/{source_id}/feed", feed(*items)),), **places)


def asked(web: Loopback) -> list[str]:
    """Pages asked for since the last look."""
    paths = [path for path in fetched(web) if not path.endswith("/feed")]
    web.hits.clear()
    return paths


# Papers that were all looked at before anything of that was loaded, most of one page.


def dated(at: datetime, *more: str, **headers: str) -> bytes:
    """A page that states when it was published."""
    stated = f'<time itemprop="datePublished" datetime="{at.isoformat()}">{at:%d %B %Y}</time>'
    return page(stated, *more, **headers)


FURNITURE = (
    ("Monday 3 March 2025, 07:10", "You have 4 free articles left this month.", "Ferry is late"),
    ("Monday 3 March 2025, 10:42", "You have 3 free articles left this month.", "Gulls win again"),
    ("Tuesday 4 March 2025, 07:10", "You have 2 free articles left this month.", "Bread is dear"),
)
ADVERTISEMENTS = ("Boots at half price", "Fly to the sun", "Your new kitchen")


def furnished(number: int, *more: str) -> bytes:
    """A page whose date, meter, related links and advertisement are others each time."""
    today, meter, related = FURNITURE[number]
    text = "".join(f"<p>{part}</p>" for part in (TEXT, *more))
    return http(
        f"""<html lang=en><head><title>Vote is put off</title></head><body>
        <header><p>{today}</p><nav><a href="/">Home</a><a href="/sport">Sport</a></nav></header>
        <main><article><h1>Vote on the harbour is put off</h1>{text}
        <div class="ad-slot"><p>Advertisement</p><p>{ADVERTISEMENTS[number]}</p></div>
        <div class="meter"><p>{meter}</p></div></article>
        <aside><h2>Related</h2><ul><li><a href="/x">{related}</a></li></ul></aside></main>
        <footer><p>Served at {number}</p></footer></body></html>""".encode()
    )


def metered() -> bytes:
    """The page without its second half, since a meter has run out."""
    mark = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}'
    )
    return http(
        f"<html lang=en><head>{mark}</script></head><body><article>"
        f"<h1>Vote on the harbour is put off</h1><p>{TEXT[: len(TEXT) // 2]}</p>"
        "<p>To continue reading, subscribe now.</p></article></body></html>".encode()
    )


SOON, LATER, AHEAD = (START + days * DAY for days in (3, 8, 20))
ADDED = "The G20 will hear of it, said the mayor, before the harvest is in."
GONE = http(b"", "410 Gone")
LOOKS: dict[str, tuple[Sequence[float], Sequence[bytes]]] = {
    "gb-ahead": (
        (3, 20 * 24),
        [
            dated(AHEAD, "The G20 was told.", ETag='"1"'),
            UNMODIFIED,
            dated(AHEAD, "The G20 was told."),
        ],
    ),
    "gb-awaited": ((), [dated(SOON, ETag='"1"')]),
    "gb-awaited-down": ((72,), [dated(SOON, ETag='"1"'), DOWN]),
    "gb-awaited-again": ((72, 96), [dated(SOON, ETag='"1"'), DOWN, dated(LATER, ETag='"2"')]),
    "gb-awaited-no-more": (
        (72, 96, 192),
        [dated(SOON, ETag='"1"'), DOWN, dated(LATER, ETag='"2"'), page(ETag='"3"')],
    ),
    "gb-back": ((3, 24, 170), [page(), page("The G20 was told of it."), page(), GONE]),
    "gb-fails": ((3, 4), [page(ETag='"1"'), DOWN]),
    "gb-furnished": ((3, 24), [furnished(0), furnished(1), furnished(2, ADDED)]),
    "gb-gone": ((3,), [page(), GONE]),
    "gb-metered": ((3,), [page(), metered()]),
    "gb-missed": ((48,), [page()]),
    "gb-once": ((), [page(**VALIDATORS)]),
    "gb-steps": ((3,), [page(**VALIDATORS), UNMODIFIED]),
    "gb-moved": ((3,), [http(b"", "301 Moved", Location="/moved")]),
    "gb-undated": ((), [page("Undated.", title="No date", ETag='"1"')]),
    "gb-validated": ((3,), [page(**VALIDATORS), http(b"", "304 Not Modified", ETag='"2"')]),
}
"""After how many hours a paper's page was looked at again, and what it answered each time."""


UNDATED_BY_FEED = ("gb-ahead", "gb-awaited", "gb-undated")
OWN_STEP = ("gb-awaited", "gb-undated")


def paper_of_one_page(web: Loopback, name: str, **options: Any) -> Source:
    published = "" if name.startswith(UNDATED_BY_FEED) else format_datetime(START - HOUR)
    feeds = (web.set_answers(f"/{name}/feed", feed(item(f"{web.url}/{name}", published))),)
    if name.startswith(OWN_STEP):
        options = {"recheck_after": ("10d",), **options}
    return source(name, feeds=feeds, **options)


def paper_of_ages(web: Loopback) -> Source:
    """Its articles were six and eight days old at the start; one has no date."""
    ages = {"young": 6, "old": 8}
    for name in (*ages, "undated"):
        web.set_answers(f"/gb-ages/{name}", page(name, title=f"All about the {name}"))
    places = [
        item(f"{web.url}/gb-ages/{name}", format_datetime(START - HOUR - days * DAY))
        for name, days in ages.items()
    ]
    places.append(item(f"{web.url}/gb-ages/undated"))
    return source("gb-ages", feeds=(web.set_answers("/gb-ages/feed", feed(*places)),))


def paper_of_queue(web: Loopback, *listed: str) -> Source:
    """Names of its pages a, b and c those that it is to list."""
    for name in ("a", "b", "c"):
        web.set_answers(f"/gb-queue/{name}", page(f"About {name}.", title=f"All about {name}"))
    return paper(web, "gb-queue", *listed)


def paper_on_silent_host(web: Loopback, says: bytes = b"") -> Source:
    """Its pages answer, unless they are to say something else."""
    names = [f"p{n}" for n in range(MAX_FAILURES_IN_A_ROW + 3)]
    for name in names:
        about = page(f"About {name}.", title=f"All about {name}")
        web.set_answers(f"/gb-silent/{name}", says or about)
    return paper(web, "gb-silent", *names)


def papers_that_share(web: Loopback) -> tuple[Source, Source]:
    web.set_answers("/gb-shared/a", page())
    one = paper(web, "gb-shared", "a")
    return one, source("de-blatt", feeds=one.feeds)


def finnish_paper(web: Loopback, *listed: str) -> Source:
    """A paper of which every page has the same teaser."""
    for number in range(1, 10):
        text = finnish_page(number, with_teaser(story(number)))
        web.set_answers(f"/gb-finnish/{number}", http(text.encode()))
    return paper(web, "gb-finnish", *listed)


def paper_of_files(folder: Path) -> Source:
    folder.mkdir(exist_ok=True)
    (folder / "a.txt").write_text(f"Ferry stops\n\n{TEXT}")
    meta = f'{{"url": "http://127.0.0.1:1/a", "published_at": "{START.isoformat()}",'
    meta += f'"fetched_at": "{START.isoformat()}"}}'
    (folder / "a.txt.meta.json").write_text(meta)
    return source("gb-files", files=(str(folder / "*.txt"),))


@dataclass(frozen=True)
class Looked:
    """A data folder of all these papers, and those with their saved files."""

    kept: KeptFolder
    papers: tuple[Source, ...]


@pytest.fixture(scope="module")
def second_looks(
    lasting_web: Loopback, pool: PagePool, tmp_path_factory: pytest.TempPathFactory
) -> Looked:
    web = lasting_web
    web.reset()
    web.set_answers("/moved", page(ETag='"1"'), UNMODIFIED)
    of_one_page = tuple(paper_of_one_page(web, name) for name in LOOKS)
    for name, (_, answers) in LOOKS.items():
        web.set_answers(f"/{name}", *answers)
    papers = (
        *of_one_page,
        paper_of_ages(web),
        paper_of_queue(web, "b"),
        paper_on_silent_host(web),
        *papers_that_share(web),
        finnish_paper(web, "1"),
        paper_of_files(tmp_path_factory.mktemp("files")),
    )

    def fill(layout: Layout) -> None:
        desk = Desk(layout.root, pool)
        first = desk.collect(0 * HOUR, *papers)
        assert [each.error for each in first] == [""] * len(papers)
        desk.load(0 * HOUR, *first, sources=papers)
        looks = {HOUR: desk.collect(HOUR, paper_of_queue(web, "a"))}
        for hour in sorted({hour for hours, _ in LOOKS.values() for hour in hours}):
            due = [one for one in of_one_page if hour in LOOKS[one.id][0]]
            looks[hour * HOUR] = desk.collect(hour * HOUR, *due)
            assert [each.rechecked for each in looks[hour * HOUR]] == [1] * len(due)
        looks[3 * HOUR] += desk.collect(3 * HOUR, finnish_paper(web, *"23456789"))
        desk.load_runs(looks, papers)
        # A page whose day has come is read as if it were new.
        sent = [hit.header("If-None-Match") for hit in web.requests("/gb-ahead")]
        assert sent == [None, '"1"', None]
        again = web.requests("/gb-steps")[1:]
        assert [hit.header("If-None-Match") for hit in again] == ['"1"']
        assert [hit.header("If-Modified-Since") for hit in again] == [VALIDATORS["Last_Modified"]]

    return Looked(KeptFolder(tmp_path_factory.mktemp("looked"), fill), papers)


@pytest.fixture
def looked(second_looks: Looked, pool: PagePool) -> Desk:
    """An installation that has looked again at all of LOOKS."""
    return Desk(second_looks.kept.restored().root, pool, 1)


@pytest.fixture(scope="module")
def third_looks(second_looks: Looked, lasting_web: Loopback, pool: PagePool) -> KeptFolder:
    """The same folder after more looks at four papers, which were loaded together."""
    web, papers = lasting_web, second_looks.papers
    web.reset()
    web.set_answers("/gb-steps", UNMODIFIED)
    web.set_answers("/gb-fails", DOWN)
    steps, fails, once = (
        paper_of_one_page(web, name) for name in ("gb-steps", "gb-fails", "gb-once")
    )
    queue = paper_of_queue(web, "c", "a", "b")
    runs: list[Run] = []

    def fill(layout: Layout) -> None:
        def looks(number: int, one: Source, *hours: int, **options: Any) -> list[int]:
            desk = Desk(layout.root, pool, number)
            found = {hour * HOUR: desk.collect(hour * HOUR, one, **options) for hour in hours}
            assert [each.error for (each,) in found.values()] == [""] * len(hours)
            runs.extend(desk.refined(after, each, papers) for after, each in found.items())
            return [each.rechecked for (each,) in found.values()]

        # A listing that is read without a recheck, too.
        assert looks(1, steps, 4, 24, 170) == [0, 1, 1]
        hits = web.requests("/gb-steps")
        assert [hit.header("If-None-Match") for hit in hits] == ['"1"'] * 2
        assert {hit.header("If-Modified-Since") for hit in hits} == {VALIDATORS["Last_Modified"]}
        assert looks(2, fails, 5) == [1]
        assert [hit.header("If-None-Match") for hit in web.requests("/gb-fails")] == ['"1"']
        asked(web)
        assert looks(3, queue, 4, limits={"max_rechecks": 1}) == [1]
        assert asked(web) == ["/gb-queue/c", "/gb-queue/b"]
        web.set_answers("/robots.txt", http(b"User-agent: *\nDisallow: /gb-once$\n"))
        for kept in (layout.cache / "robots").iterdir():
            kept.unlink()
        looks(4, once, 3)
        assert [path for path in asked(web) if path != "/robots.txt"] == []
        load(layout, TOPICS, papers, runs)
        publish(layout)

    return second_looks.kept.continued(fill)


@pytest.fixture
def looked_more(third_looks: KeptFolder, pool: PagePool) -> Desk:
    """An installation that has also had these looks."""
    return Desk(third_looks.restored().root, pool, 9)


def ended(desk: Desk, name: str) -> list[str]:
    """How the paper's looks ended, in their order."""
    rows = desk.ask(
        "SELECT outcome FROM captures"
        f" WHERE found_in = 'recheck' AND source_id = '{name}' ORDER BY attempted_at"
    )
    return [outcome for (outcome,) in rows]


def _day(desk: Desk, source_id: str) -> list[tuple[Any, ...]]:
    """Coverage of the day on which everything is published."""
    return desk.ask(
        "SELECT discovered, extracted, failed, list_contains(reasons, 'pages_lost')"
        f" FROM coverage WHERE day = '2025-03-03' AND source_id = '{source_id}'"
    )


def test_a_page_is_asked_for_again_after_each_step(web: Loopback, looked_more: Desk) -> None:
    one = paper_of_one_page(web, "gb-steps")
    assert looked_more.rechecks(200 * HOUR, one) == 0
    of_paper = f"source_id = '{one.id}'"
    assert looked_more.ask(
        "SELECT outcome, found_in, http_status, count(*) FROM captures WHERE kind = 'page'"
        f" AND {of_paper} GROUP BY ALL ORDER BY ALL"
    ) == [("article", one.feeds[0], 200, 1), ("not_modified", "recheck", 304, 3)]
    of_these = "WHERE run_id LIKE '%-000001'"
    assert looked_more.ask(f"SELECT sum(unchanged), sum(rejected) FROM runs {of_these}") == [(2, 0)]
    assert looked_more.ask(f"SELECT versions FROM articles WHERE {of_paper}") == [(1,)]


def test_what_was_first_seen_long_ago_is_left_alone(web: Loopback, looked: Desk) -> None:
    web.set_answers("/gb-once", page())
    one = paper_of_one_page(web, "gb-once")
    assert looked.rechecks(15 * DAY, one) == 0
    assert looked.rechecks(13 * DAY, one) == 1


def test_an_article_old_when_it_was_first_seen_does_not_change_and_days_asked_for_hold(
    web: Loopback, looked: Desk
) -> None:
    one = paper_of_ages(web)
    assert looked.rechecks(3 * HOUR, one, since=START - DAY) == 1
    assert asked(web) == ["/gb-ages/undated"]
    assert looked.rechecks(4 * HOUR, one) == 2
    assert sorted(asked(web)) == ["/gb-ages/undated", "/gb-ages/young"]


def test_new_articles_come_first_and_the_longest_due_next(web: Loopback, looked_more: Desk) -> None:
    one = paper_of_queue(web, "c", "a", "b")
    assert looked_more.rechecks(5 * HOUR, one, limits={"max_rechecks": 0}) == 0
    assert looked_more.rechecks(5 * HOUR + HOUR / 2, one) == 1
    assert asked(web) == ["/gb-queue/a"]


def test_no_steps_no_rechecks_and_a_paper_has_its_own(web: Loopback, looked: Desk) -> None:
    web.set_answers("/gb-once", page())
    one, never, at_six = (
        paper_of_one_page(web, "gb-once", recheck_after=steps) for steps in (None, (), ("6h",))
    )
    assert looked.rechecks(1 * HOUR, one) == 0
    assert looked.rechecks(3 * HOUR, one, recheck_after=()) == 0
    assert looked.rechecks(4 * HOUR, never) == 0
    assert looked.rechecks(5 * HOUR, at_six) == 0
    assert looked.rechecks(6 * HOUR, at_six) == 1


def test_a_silent_host_is_not_asked_for_all_its_pages(web: Loopback, looked: Desk) -> None:
    one = paper_on_silent_host(web, DOWN)
    assert looked.rechecks(3 * HOUR, one) == MAX_FAILURES_IN_A_ROW


def test_a_source_without_a_listing_is_left_alone(web: Loopback, looked: Desk) -> None:
    (failed,) = looked.collect(
        3 * HOUR, source("gb-once", feeds=(web.set_answers("/gb-once/feed", DOWN),))
    )
    assert failed.error
    assert asked(web) == []


def test_robots_hold_for_a_page_asked_for_again(looked_more: Desk) -> None:
    assert ended(looked_more, "gb-once") == ["robots_denied"]
    assert _day(looked_more, "gb-once") == [(1, 1, 0, False)]


def test_saved_files_are_not_looked_at_again(looked: Desk, second_looks: Looked) -> None:
    one = second_looks.papers[-1]
    assert looked.ask(f"SELECT count(*) FROM articles WHERE source_id = '{one.id}'") == [(1,)]
    (collected,) = looked.collect(3 * HOUR, one)
    assert (collected.rechecked, collected.warc) == (0, None)


def test_two_papers_ask_for_their_own_articles(web: Loopback, looked: Desk) -> None:
    one, other = papers_that_share(web)
    again = looked.collect(3 * HOUR, other, one)
    assert [each.rechecked for each in again] == [0, 1]
    assert [each.found_in for each in captures(again[1]) if each.kind == "page"] == ["recheck"]


def test_what_is_learnt_of_a_site_later_makes_no_version(looked: Desk) -> None:
    of_paper = "WHERE source_id = 'gb-finnish'"
    assert looked.ask(f"SELECT versions, count(*) FROM articles {of_paper} GROUP BY ALL") == [
        (1, 9)
    ]
    assert ended(looked, "gb-finnish") == ["unchanged"]


def test_validators_are_those_of_a_text_that_came(web: Loopback, looked: Desk) -> None:
    one = paper_of_one_page(web, "gb-validated")
    web.set_answers("/gb-validated", UNMODIFIED)
    assert looked.rechecks(DAY, one) == 1
    assert [hit.header("If-None-Match") for hit in web.requests("/gb-validated")] == ['"1"']


def test_an_article_dated_ahead_is_dated_once_its_day_has_come(looked: Desk) -> None:
    on = f"{AHEAD:%Y-%m-%d}"
    of_paper = "WHERE source_id = 'gb-ahead'"
    assert looked.ask(
        "SELECT version_no, published_date::VARCHAR, published_source FROM article_versions"
        f" {of_paper} ORDER BY version_no"
    ) == [(1, None, "none"), (2, on, "page")]
    assert looked.ask(
        f"SELECT outcome, published_ahead_at FROM captures {of_paper}"
        " AND outcome IN ('article', 'revised') ORDER BY ALL"
    ) == [("article", AHEAD), ("revised", None)]
    assert "gb-ahead" not in due_pages(looked.layout, STEPS, AHEAD + HOUR, most=9)
    assert looked.ask(
        f"SELECT day::VARCHAR, mentions FROM topic_daily {of_paper}"
        " AND topic_id = 'summit' AND mentions > 0"
    ) == [(on, 1)]


def test_a_day_that_a_page_does_not_state_any_more_is_awaited_once(
    web: Loopback, looked: Desk
) -> None:
    def rechecks(name: str, *days: int) -> list[int]:
        one = paper_of_one_page(web, name)
        return [looked.rechecks(day * DAY, one) for day in days]

    assert rechecks("gb-awaited", 2, 3) == [0, 1]
    assert rechecks("gb-awaited-down", 4) == [1]
    assert rechecks("gb-awaited-again", 7, 8) == [0, 1]
    assert rechecks("gb-awaited-no-more", 9, 10) == [0, 1]
    assert rechecks("gb-undated", 10) == [1]
    sent = {hit.path: hit.header("If-None-Match") for hit in web.hits if "feed" not in hit.path}
    assert sent == {
        "/gb-awaited": None,
        "/gb-awaited-down": None,
        "/gb-awaited-again": None,
        "/gb-awaited-no-more": '"3"',
        "/gb-undated": '"1"',
    }
    found = "SELECT DISTINCT versions, published_at FROM articles WHERE source_id"
    assert looked.ask(f"{found} IN ('gb-awaited-no-more', 'gb-undated')") == [(1, None)]


def test_of_missed_steps_the_last_one_counts(web: Loopback, looked: Desk) -> None:
    one = paper_of_one_page(web, "gb-missed")
    assert [looked.rechecks(2 * DAY + n * HOUR, one) for n in (1, 2)] == [0, 0]
    assert ended(looked, one.id) == ["unchanged"]


def test_a_page_that_is_gone_is_asked_no_more_and_its_article_stays(
    web: Loopback, looked: Desk
) -> None:
    one = paper_of_one_page(web, "gb-gone")
    assert [looked.rechecks(hour * HOUR, one) for hour in (24, 170)] == [0, 0]
    assert ended(looked, one.id) == ["not_found"]
    found = "SELECT versions FROM articles WHERE source_id = 'gb-gone'"
    assert looked.ask(found) == [(1,)]
    assert _day(looked, one.id) == [(1, 1, 0, False)]


def test_what_fails_is_tried_again_for_a_while_and_makes_no_gap(
    web: Loopback, looked_more: Desk
) -> None:
    one = paper_of_one_page(web, "gb-fails")
    web.set_answers("/gb-fails", page(ETag='"2"'))
    assert ended(looked_more, one.id) == ["server_error"] * MAX_TRIES
    assert [looked_more.rechecks(hour * HOUR, one) for hour in (6, 7)] == [0, 0]
    assert _day(looked_more, one.id) == [(1, 1, 0, False)]
    assert looked_more.rechecks(24 * HOUR, one) == 1
    assert [hit.header("If-None-Match") for hit in web.requests("/gb-fails")] == ['"1"']


def test_a_redirected_page_is_asked_for_under_the_name_it_was_listed_by(
    web: Loopback, looked: Desk
) -> None:
    one = paper_of_one_page(web, "gb-moved")
    assert looked.ask(
        "SELECT url_requested, url_final, outcome FROM captures"
        f" WHERE found_in = 'recheck' AND source_id = '{one.id}'"
    ) == [(f"{web.url}/{one.id}", f"{web.url}/moved", "not_modified")]
    assert looked.rechecks(4 * HOUR, one) == 0
    assert _day(looked, one.id) == [(1, 1, 0, False)]


def test_furniture_makes_no_version_and_a_paragraph_does(looked: Desk) -> None:
    of_paper = "WHERE source_id = 'gb-furnished'"
    assert looked.ask(
        f"SELECT count(DISTINCT payload_sha256) FROM captures {of_paper} AND kind = 'page'"
    ) == [(3,)]
    assert ended(looked, "gb-furnished") == ["unchanged", "revised"]
    found = "SELECT version_no, versions, published_date::VARCHAR, published_source FROM articles"
    assert looked.ask(f"{found} {of_paper}") == [(2, 2, "2025-03-03", "feed")]
    assert looked.ask(
        "SELECT previous_no, version_no, word_count_after - word_count_before,"
        f" hours_after_publication, is_like_for_like FROM article_revisions {of_paper}"
    ) == [(1, 2, 14, 25.0, True)]
    assert looked.ask(
        "SELECT topic_id, change, mentions_before, mentions_after, fields FROM mention_changes"
        f" {of_paper} ORDER BY ALL"
    ) == [("harvest", "entered", 0, 1, ["body"]), ("summit", "entered", 0, 1, ["body"])]
    assert looked.ask(
        f"SELECT topic_id, sum(mentions) FROM topic_daily {of_paper} GROUP BY ALL ORDER BY ALL"
    ) == [("harvest", 1), ("summit", 1)]


def test_a_meter_that_has_run_out_changes_no_article(looked: Desk) -> None:
    found = "SELECT versions, is_truncated FROM articles WHERE source_id = 'gb-metered'"
    assert looked.ask(found) == [(1, False)]
    assert ended(looked, "gb-metered") == ["unchanged"]


def test_a_text_that_comes_back_and_articles_made_again(looked: Desk, second_looks: Looked) -> None:
    of_paper = "WHERE source_id = 'gb-back'"
    order = f"SELECT version_no FROM article_versions {of_paper} ORDER BY fetched_at"
    assert looked.ask(order) == [(1,), (2,), (3,)]
    texts = f"SELECT count(DISTINCT body_sha256) FROM article_versions {of_paper}"
    assert looked.ask(texts) == [(2,)]
    changes = "SELECT topic_id, change, to_version FROM mention_changes"
    changes = f"{changes} {of_paper} ORDER BY to_version"
    assert looked.ask(changes) == [("summit", "entered", 2), ("summit", "left", 3)]
    kept = files(looked.layout)
    looked.rebuild_articles(*second_looks.papers)
    assert files(looked.layout) == kept


def test_the_flow_looks_again_and_finishes_a_look_that_was_killed(
    web: Loopback, prefect_api: str, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRESSWATCH_RECHECK_AFTER", "1s, 1d")
    web.set_answers("/a", page(), page("The G20 was told of it."), http(b"", "404 Not Found"))
    web.set_answers("/feed", feed(item(f"{web.url}/a", format_datetime(datetime.now(UTC) - HOUR))))
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[[source]]\nid = "gb-post"\nname = "Post"\nlanguage = "en"\ntimezone = "UTC"\n'
        f'feeds = ["{web.url}/feed"]\nmin_interval_seconds = 0\nallow_private_hosts = true\n'
    )
    given: Files = {
        "sources_file": str(sources),
        "topics_file": str(TOPICS_FILE),
        "data": str(desk.layout.root),
    }
    assert ingest(**given).loaded.articles == 1
    time.sleep(1)
    (killed,) = desk.collect(
        datetime.now(UTC) - START, *load_sources(sources), recheck_after=(timedelta(seconds=1), DAY)
    )
    assert (killed.rechecked, killed.warc is None) == (1, False)
    assert killed.warc
    (desk.layout.locks / f"{killed.warc.name.partition('.')[0]}.run").touch()
    again = ingest(**given)
    assert (again.sources[0].rechecked, again.loaded.load_no) == (0, 3)
    assert desk.ask(
        "SELECT version_no, found_in FROM article_revisions"
        " JOIN captures USING (capture_id, version_no)"
    ) == [(2, "recheck")]
    assert len(web.requests("/a")) == 2
