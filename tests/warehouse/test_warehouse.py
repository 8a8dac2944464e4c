"""The relations: their comments, their checks, what the marts say, what readers are given."""

import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import pytest

from tasks.collect.collector import UNANSWERED
from tasks.load.load_run import load
from tasks.model import ARTICLE_OUTCOMES, Outcome
from tasks.sources.source import Source
from tasks.text.urls import fold_url
from tasks.topics.topic import TopicEntry
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import check_snapshot, publish
from tests.support.staged_pages import (
    SOURCES,
    START,
    TOPICS,
    Page,
    listing,
    prose,
    source,
    stage,
    tables,
)
from warehouse.build import checks_runner, loader
from warehouse.build.checks_runner import (
    ARTICLE_CHECKS,
    CHECKS_OF_VIEWS,
    DAY_CHECKS,
    ROWS_SHOWN,
    CheckFailed,
    run_checks,
)
from warehouse.build.mart_merge import ADDED, marts
from warehouse.build.sql_files import SQL, read_marts, read_relations, read_sql
from warehouse.layers.layout import Layout, published_load
from warehouse.read.known_urls import (
    KnownListing,
    KnownUrls,
    known_files,
    known_urls,
    last_listings,
)
from warehouse.read.query import QueryError, open_snapshot, query

SQL_FILES = sorted(set(SQL.glob("*/*.sql")) - {SQL / "steps" / "macros.sql"})
RUN = "20260302T060000Z-aaaaaa"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def publish_pages(layout: Layout, pages: Sequence[Page], run_id: str = RUN) -> None:
    load(layout, TOPICS, SOURCES, [stage(layout, run_id, pages)])
    publish(layout)


def ask(layout: Layout, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in query(layout, sql).to_pylist()]


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        loader.make_relations(con)
        yield con


def relations(con: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    return dict(
        con.execute(
            "SELECT table_name, comment FROM duckdb_tables()"
            " UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
    )


def test_every_relation_has_a_comment(made: duckdb.DuckDBPyConnection) -> None:
    assert {name for name, comment in relations(made).items() if not comment} == set()


def test_every_column_has_a_comment(made: duckdb.DuckDBPyConnection) -> None:
    lacking = made.execute(
        "SELECT table_name || '.' || column_name FROM duckdb_columns()"
        " WHERE NOT internal AND coalesce(comment, '') = ''"
    ).fetchall()
    assert lacking == []


def test_a_macro_file_makes_the_macro_it_is_named_after(made: duckdb.DuckDBPyConnection) -> None:
    made_macros = made.execute(
        "SELECT function_name, comment FROM duckdb_functions()"
        " WHERE NOT internal AND function_type LIKE '%macro'"
    ).fetchall()
    assert {name for name, _ in made_macros} == read_sql("macros").keys()
    assert all(comment for _, comment in made_macros)


@pytest.mark.slow
def test_comments_reach_the_readers(sound: Layout) -> None:
    found = ask(sound, "SELECT comment FROM duckdb_columns() WHERE column_name = 'topic_version'")
    assert found
    assert all(comment for (comment,) in found)


def test_a_schema_file_makes_the_relation_it_is_named_after(
    made: duckdb.DuckDBPyConnection,
) -> None:
    assert set(relations(made)) == read_relations().keys()


def test_a_mart_fills_the_relation_it_is_named_after(made: duckdb.DuckDBPyConnection) -> None:
    assert marts().keys() == read_marts().keys()
    assert marts().keys() <= set(relations(made))


@pytest.mark.parametrize("mart", marts())
def test_a_mart_is_one_select(mart: str) -> None:
    (statement,) = duckdb.extract_statements(marts()[mart].query)
    assert statement.type == duckdb.StatementType.SELECT


def test_a_mart_comes_after_those_that_it_reads() -> None:
    names = list(marts())
    for name, mart in marts().items():
        assert not mart.reads.intersection(names[names.index(name) + 1 :])


@pytest.mark.slow
def test_a_mart_has_one_row_a_key(sound: Layout) -> None:
    groups = {"attention_index", "index_notes", "topic_changes", "topic_spikes"}
    groups |= {f"{name}_local" for name in groups}
    for name, mart in marts().items():
        rows = ask(sound, f"SELECT count(*), count(DISTINCT ({mart.key},)) FROM {name}")
        assert name in groups or rows[0][0] == rows[0][1]


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_first_comment_says_what_the_file_is(path: Path) -> None:
    start = "-- Holds: " if path.parent.name == "checks" else "-- Grain: one "
    assert path.read_text().startswith(start)


PASSING_OUTCOMES = frozenset(
    {
        Outcome.ROBOTS_UNREACHABLE,
        Outcome.DNS_FAILED,
        Outcome.CONNECT_FAILED,
        Outcome.TLS_FAILED,
        Outcome.TIMED_OUT,
        Outcome.BROKEN_RESPONSE,
        Outcome.RATE_LIMITED,
        Outcome.SERVER_ERROR,
        Outcome.HTTP_ERROR,
        Outcome.DENIED,
        Outcome.ROBOTS_DENIED,
        Outcome.LEFT_FOR_LATER,
        Outcome.LOST,
    }
)
"""Outcomes of a page that may be better next time: a later run asks for the URL again."""


def test_outcomes_are_those_of_the_code(made: duckdb.DuckDBPyConnection) -> None:
    rows = made.execute("SELECT outcome, class, is_retryable FROM outcomes").fetchall()
    assert sorted(name for name, _, _ in rows) == sorted(set(Outcome) - {Outcome.FETCHED})
    assert {name for name, _, is_retryable in rows if is_retryable} == PASSING_OUTCOMES
    assert not made.execute("FROM outcomes WHERE may_pass <> is_retryable").fetchall()
    assert {name for name, kind, _ in rows if kind == "article"} == ARTICLE_OUTCOMES
    unanswered = made.execute("SELECT outcome FROM outcomes WHERE is_unanswered").fetchall()
    assert {name for (name,) in unanswered} == UNANSWERED


# Checks: each is tripped by a row planted within a real load.

REPLACED = "ALTER VIEW {0} RENAME TO told; CREATE VIEW {0} AS SELECT * REPLACE ({1}) FROM told"
"""Plants a row in what a view says."""

PLANTS = {
    "archive_calendars": "INSERT INTO coverage (source_id, day)"
    " VALUES ('archive-example.com', '2026-03-02')",
    "article_versions_complete": "UPDATE article_versions SET headline = NULL",
    "article_versions_differ": "UPDATE article_versions SET body_sha256 = 'as before'",
    "article_versions_numbered": "UPDATE article_versions SET version_no = 3 WHERE version_no = 2",
    "articles_latest": "UPDATE articles SET version_no = 1 WHERE versions > 1",
    "articles_one_row": "INSERT INTO articles FROM articles WHERE url_canonical LIKE '%/one'",
    "audit_weights": "INSERT INTO audit_verdicts (audit_id, article_id) SELECT 'none', uuid()",
    "attention_index_counts": "UPDATE attention_index SET articles = articles + 1"
    " WHERE period_kind = 'month'",
    "attention_index_intervals": "UPDATE attention_index SET pooled_share_low = 2"
    " WHERE period_kind = 'month'",
    "attention_index_means": "UPDATE attention_index SET gpr_style = gpr_style + 1",
    "attention_index_periods": "UPDATE attention_index SET period = period + 1"
    " WHERE period_kind = 'week'",
    "captures_article": "UPDATE captures SET version_no = 7 WHERE outcome = 'revised'",
    "captures_once": "INSERT INTO captures SELECT * FROM captures WHERE outcome = 'listed'",
    "captures_outcome": "UPDATE captures SET outcome = 'fetched' WHERE outcome = 'listed'",
    "balanced_index_rule": "INSERT INTO balanced_index (topic_id, balance)"
    " VALUES ('summit', 'country')",
    "captures_recheck": "UPDATE captures SET found_in = 'recheck' WHERE outcome = 'listed'",
    "captures_source": "UPDATE captures SET source_id = 'xx-none' WHERE outcome = 'listed'",
    "clusters": "UPDATE articles SET cluster_id = NULL",
    "clusters_same_text": "UPDATE articles SET duplicate_of = two.article_id, cluster_id ="
    " two.article_id FROM (FROM articles WHERE url_canonical LIKE '%/two') AS two"
    " WHERE articles.url_canonical LIKE '%/one'",
    "coverage_calendar": "DELETE FROM coverage WHERE day = '2026-03-03'",
    "coverage_counts": "UPDATE coverage SET extracted = extracted + 1 WHERE extracted > 0",
    "coverage_gaps_whole": "ALTER VIEW coverage_gaps RENAME TO told; CREATE VIEW coverage_gaps AS"
    " FROM told UNION ALL BY NAME SELECT source_id, 'missing' AS state, day AS first_day,"
    " day AS last_day, 1 AS days FROM coverage",
    "coverage_reasons": "UPDATE coverage SET reasons = ['pages_lost'] WHERE state = 'observed'",
    "duplicates": "UPDATE articles SET duplicate_of = article_id WHERE url_canonical LIKE '%/one'",
    "files_complete": "UPDATE files SET rows = rows + 1",
    "files_one_content": "UPDATE files SET path = (SELECT min(path) FROM files)",
    "future_dates": "UPDATE article_versions SET published_at = '2999-01-01 00:00:00+00',"
    " published_date = '2999-01-01'",
    "listing_reads": "UPDATE listing_reads SET covers_until = covers_from - INTERVAL 1 HOUR",
    "index_notes_target": "UPDATE index_notes SET reason = 'forgotten'",
    "mentions_offsets": "UPDATE mentions SET char_end = char_end + 1",
    "mentions_target": "UPDATE mentions SET topic_version = 9",
    "moved_articles": "INSERT INTO moved_articles SELECT article_id, uuid(), now() FROM articles",
    "poll_intervals": "UPDATE poll_intervals SET interval_minutes = 5",
    "polls": "UPDATE polls SET listings_read = listings_read + 1",
    "published_dates": "UPDATE article_versions SET published_date = published_date + 1",
    "runs_add_up": "UPDATE runs SET rejected = rejected + 1",
    "runs_articles": "UPDATE runs SET articles = articles + 1, unchanged = unchanged - 1",
    "pages_counts": "UPDATE pages SET day = day + 1",
    "pages_once": "INSERT INTO pages SELECT * REPLACE (NULL AS day) FROM pages",
    "source_polls": REPLACED.format("source_polls", "failures_in_a_row + 1 AS failures_in_a_row"),
    "stripped_blocks_target": "UPDATE stripped_blocks SET version_no = 9",
    "topic_changes_target": "INSERT INTO topic_changes VALUES"
    " ('summit', 1, 2, '2026-03-01', 0, 1, 0, 1, 1, now())",
    "topic_dispersion_sources": "UPDATE topic_dispersion SET variation = -1",
    "topic_daily_calendar": "INSERT INTO topic_daily BY NAME"
    " SELECT topic_id, source_id, DATE '2026-03-25' AS day FROM topic_daily LIMIT 1",
    "topic_daily_counts": "UPDATE topic_daily SET mentions = mentions + 1 WHERE mentions > 0",
    "topic_daily_shares": "UPDATE topic_daily SET share = 1.5 WHERE share IS NOT NULL",
    "topic_monthly_sums": REPLACED.format("topic_monthly", "articles + 1 AS articles"),
    "topic_weekly_sums": REPLACED.format("topic_weekly", "share / 2 AS share"),
    "topic_spikes_counts": "INSERT INTO topic_spikes (topic_id, day, articles_with_mention)"
    " VALUES ('summit', '2026-03-02', 99)",
    "topics_versions": "INSERT INTO topics (topic_id, topic_version, valid_to)"
    " VALUES ('ghost', 2, now())",
    "local_dates": "UPDATE articles SET published_precision = 'week'",
}
LOCAL = re.compile(
    r"\b(coverage|coverage_gaps|topic_daily|topic_weekly|topic_monthly|attention_index|index_notes"
    r"|topic_dispersion|topic_spikes|balanced_index)\b"
)
PLANTS |= {
    f"{check}_local": LOCAL.sub(r"\1_local", PLANTS[check])
    for check in PLANTS
    if f"{check}_local" in read_sql("checks")
}
"""The same in the companions by local day."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    pages = [
        listing(),
        Page("one", stripped=["Sign up"]),
        Page("one", "The harvest, revised.", hour=2),
        Page("two", day=2),
        Page("away", outcome="not_found"),
        Page("undated", day=None),
    ]
    return KeptFolder(tmp_path_factory.mktemp("sound"), lambda layout: publish_pages(layout, pages))


@pytest.fixture
def sound(loaded: KeptFolder) -> Layout:
    """The warehouse as it was loaded once, at the path that it knows."""
    return loaded.restored()


def test_each_check_has_a_plant() -> None:
    assert PLANTS.keys() == read_sql("checks").keys()


IN_A_LOAD = sorted(check for check in PLANTS if not check.startswith(CHECKS_OF_VIEWS))


def tripped(con: duckdb.DuckDBPyConnection, check: str, *, whole: bool) -> CheckFailed | None:
    """What a check says of its plant, which is taken back."""
    con.begin()
    try:
        con.execute(PLANTS[check])
        run_checks(con, check, whole=whole)
    except CheckFailed as failed:
        return failed
    finally:
        con.rollback()
    return None


COPIED = {relation for relation, _ in (ARTICLE_CHECKS | DAY_CHECKS).values()} | set(ADDED)
"""Relations of whose rows a load copies those to check, and by which it finds them."""


@pytest.fixture(scope="module")
def in_a_load(loaded: KeptFolder) -> dict[str, CheckFailed | None]:
    """What the checks of one load say of each plant."""
    layout = loaded.restored()
    found: dict[str, CheckFailed | None] = {}

    def check_each(con: loader.Connection, *, whole: bool) -> None:
        assert not whole
        con.commit()  # of the load itself, so that a plant can be taken back alone
        run_checks(con, whole=False)
        for check in IN_A_LOAD:
            with pytest.MonkeyPatch.context() as copies:
                if COPIED.isdisjoint(re.findall(r"\w+", PLANTS[check])):
                    copies.setattr(checks_runner, "_view_touched", lambda con: None)
                found[check] = tripped(con, check, whole=False)
        con.begin()

    pages = [
        listing(hour=24),
        Page("new", day=1, hour=24, stripped=["Join us"]),
        Page("one", "The harvest, revised twice.", hour=25),
    ]
    run = stage(layout, "20260303T060000Z-bbbbbb", pages)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tasks.load.load_run.run_checks", check_each)
        load(layout, TOPICS, SOURCES, [run])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("check", IN_A_LOAD)
def test_a_planted_row_trips_its_check_in_a_load(
    in_a_load: dict[str, CheckFailed | None], check: str
) -> None:
    failed = in_a_load[check]
    assert failed
    assert failed.check == check
    assert failed.holds
    assert 1 <= len(failed.rows) <= ROWS_SHOWN


@pytest.fixture(scope="module")
def read(
    loaded: KeptFolder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[loader.Connection]:
    """A copy of the readers' snapshot, open for writing."""
    copy = shutil.copy(loaded.restored().current, tmp_path_factory.mktemp("read"))
    with duckdb.connect(copy) as con:
        run_checks(con)
        yield con


@pytest.mark.slow
@pytest.mark.parametrize("check", sorted(PLANTS))
def test_a_row_planted_long_ago_trips_its_check_over_everything(
    read: loader.Connection, check: str
) -> None:
    failed = tripped(read, check, whole=True)
    assert failed
    assert failed.check == check


@pytest.mark.slow
def test_a_load_looks_at_what_it_brought_alone(sound: Layout) -> None:
    with duckdb.connect(str(sound.writer)) as con:
        con.execute("UPDATE article_versions SET headline = NULL WHERE run_id = ?", [RUN])
    publish_pages(sound, [Page("late", hour=800)], run_id="20260401T060000Z-cccccc")
    with pytest.raises(CheckFailed, match="article_versions_complete"):
        check_snapshot(sound)


# Marts: each case is a source of its own, since a load costs the same for one and for thirty.

CASES: dict[str, list[Page]] = {}
"""The pages of each source of `cases`, beside the test that asks for them."""
EXPECTED_DAILY = {"gb-reasons": (2, 3), "gb-few": (2, 9)}
LEDGER_RUN = "20260302T070000Z-bbbbbb"
FERRY = TopicEntry(id="ferry", name="Ferry", aliases=("ferry",)).topic()


def pages_of(cases: Mapping[str, Sequence[Page]]) -> list[Page]:
    return [replace(page, source_id=name) for name, pages in cases.items() for page in pages]


def sources_of(cases: Iterable[str]) -> list[Source]:
    names = (name for name in cases if not name.startswith("archive-"))
    return [source(name, expected_daily=EXPECTED_DAILY.get(name)) for name in names]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A warehouse of all cases that one load shows, which no test changes."""
    layout = Layout(tmp_path_factory.mktemp("cases") / "data")
    others = {name: pages for name, pages in CASES.items() if name != "gb-ledger"}
    runs = [
        stage(layout, RUN, pages_of(others)),
        stage(layout, LEDGER_RUN, pages_of({"gb-ledger": CASES["gb-ledger"]})),
    ]
    load(layout, TOPICS, sources_of(name for name in CASES if name != "fr-left"), runs)
    publish(layout)
    return layout


LATER_CASES: tuple[dict[str, list[Page]], ...] = ({}, {}, {})
"""The same of `states`, for each of its loads."""


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> list[Layout]:
    """A warehouse as readers saw it after each of three loads, the later ones with one topic more.

    No test changes them.
    """
    folder = tmp_path_factory.mktemp("states")
    layout, found = Layout(folder / "data"), []
    for number, made in enumerate(LATER_CASES):
        run = stage(layout, f"2026030{number + 2}T060000Z-aaaaaa", pages_of(made))
        topics = [*TOPICS, FERRY] if number else TOPICS
        load(layout, topics, sources_of(LATER_CASES[0]), [run])
        publish(layout)
        found.append(Layout(folder / f"after-load-{number + 1}"))
        shutil.copytree(layout.root, found[-1].root, symlinks=True)
    return found


def days(layout: Layout, columns: str, source_id: str) -> dict[int, tuple[Any, ...]]:
    """By day after START, without the last ones: others were asked then, but not this source."""
    of_source = f"FROM coverage WHERE source_id = '{source_id}'"
    known = "state <> 'missing' OR failed > 0 OR listings_failed > 0"
    last = f"SELECT max(day) FILTER ({known}) {of_source}"
    rows = ask(layout, f"SELECT day, {columns} {of_source} AND day <= ({last})")
    return {(row[0] - START.date()).days: row[1:] for row in rows}


def _later(page: Page, number: int) -> Page:
    """Fetched before the first listing, so that none reaches back; listings stay on their day."""
    return page if page.kind == "listing" else replace(page, hour=24 * 3 + number / 60)


CASES["gb-states"] = [
    _later(page, number)
    for number, page in enumerate(
        [
            listing(hour=0),
            Page("a", day=0),
            Page("b", day=0, is_truncated=True),
            Page("c", day=0, outcome="section_page"),
            Page("d", day=2),
            Page("e", day=2, outcome="timed_out"),
            Page("f", day=4, outcome="bot_challenge"),
            listing(hour=24 * 4),
            listing(hour=24 * 5),
            listing(hour=24 * 6, outcome="server_error"),
            listing(hour=24 * 7, outcome="not_modified"),
            listing(hour=24 * 8, outcome="server_error"),
            listing(hour=24 * 8 + 1),
            Page("undated", day=None, hour=24 * 9),
        ]
    )
]


@pytest.mark.slow
def test_coverage_tells_observed_partial_and_missing_apart(cases: Layout) -> None:
    columns = "discovered, fetched, extracted, truncated, failed, state"
    assert days(cases, columns, "gb-states") == {
        0: (3, 3, 2, 1, 0, "observed"),
        1: (0, 0, 0, 0, 0, "missing"),
        2: (2, 1, 1, 0, 1, "partial"),
        3: (1, 1, 0, 0, 0, "missing"),
        4: (1, 1, 0, 0, 1, "missing"),
        5: (0, 0, 0, 0, 0, "observed"),
        6: (0, 0, 0, 0, 0, "missing"),
        7: (0, 0, 0, 0, 0, "observed"),
        8: (0, 0, 0, 0, 0, "observed"),
    }
    listings = days(cases, "listings_read, listings_failed", "gb-states")
    assert (listings[6], listings[8]) == ((0, 1), (1, 0))


CASES["gb-reaching"] = [
    Page("pinned", day=-9, hour=24 * 9 + 1),
    Page("a", day=0, hour=1),
    Page("b", day=4, hour=24 * 9 + 2),
    Page("lost", day=6, hour=24 * 9 + 3, outcome="timed_out"),
    listing(hour=24 * 9),
]
CASES["gb-not-reaching"] = [listing(hour=1), Page("a", day=0, hour=2), listing(hour=24 * 4)]


@pytest.mark.slow
def test_a_listing_reaches_back_to_the_pages_it_named(cases: Layout) -> None:
    found = days(cases, "is_spanned, reasons, state", "gb-reaching")
    assert {day: found[day] for day in range(-9, 10) if found[day][1] or found[day][0]} == {
        **{day: (False, ["no_listing_read"], "missing") for day in [*range(-8, 0), 1, 2, 3]},
        **{day: (True, [], "observed") for day in (5, 7, 8)},
        6: (True, ["pages_lost"], "missing"),
    }


@pytest.mark.slow
def test_no_listing_reaches_back_over_a_page_that_an_earlier_one_named(cases: Layout) -> None:
    assert days(cases, "state", "gb-not-reaching")[2] == ("missing",)


CASES["gb-reasons"] = [
    listing(hour=0),
    *(Page(f"many-{number}", day=0) for number in range(4)),
    listing(hour=24, outcome="server_error"),
    Page("few", day=1),
    Page("lost", day=1, outcome="timed_out"),
    Page("enough", day=3),
    Page("enough-too", day=3),
]


@pytest.mark.slow
def test_reasons_of_a_day(cases: Layout) -> None:
    assert days(cases, "reasons, state", "gb-reasons") == {
        0: (["above_expected_high"], "observed"),
        1: (["pages_lost", "listings_failed", "below_expected_low"], "partial"),
        2: (["no_listing_read", "below_expected_low"], "missing"),
        3: ([], "observed"),
    }


LATER_CASES[0]["de-gaps"] = [listing(hour=0), Page("a", day=0)]
LATER_CASES[0]["gb-gaps"] = [
    Page("a", day=0),
    Page("b", day=4, hour=24 * 8),
    Page("c", day=4, hour=24 * 8, outcome="timed_out"),
    Page("d", day=5, hour=24 * 8),
    Page("e", day=5, hour=24 * 8, outcome="denied"),
    Page("f", day=7, hour=24 * 8),
]


@pytest.mark.slow
def test_gaps_are_runs_of_days_in_one_state(states: list[Layout]) -> None:
    """At any source nothing was asked for after the eighth day."""
    first = START.date()
    gaps = ask(
        states[0],
        "FROM coverage_gaps WHERE source_id LIKE '%-gaps' ORDER BY source_id, first_day",
    )
    assert [
        (gap[0], gap[1], (gap[2] - first).days, (gap[3] - first).days, *gap[4:]) for gap in gaps
    ] == [
        ("de-gaps", "missing", 1, 7, 7, ["no_listing_read"], 0, None, 0),
        ("gb-gaps", "missing", 1, 3, 3, ["no_listing_read"], 0, None, 0),
        ("gb-gaps", "partial", 4, 5, 2, ["pages_lost"], 2, None, 2),
        ("gb-gaps", "missing", 6, 6, 1, ["no_listing_read"], 0, None, 0),
    ]


CASES["gb-came-later"] = [Page("a", hour=1, outcome="timed_out"), Page("a", hour=5)]
CASES["gb-long-ago"] = [Page("a"), Page("b", day=-20_000, outcome="timed_out")]
CASES["gb-far-ahead"] = [Page("a"), Page("b", day=26_000, outcome="timed_out")]


@pytest.mark.slow
def test_a_page_that_failed_first_and_came_later_has_not_failed(cases: Layout) -> None:
    found = days(cases, "discovered, extracted, failed, state", "gb-came-later")
    assert found == {0: (1, 1, 0, "observed")}


@pytest.mark.slow
@pytest.mark.parametrize("source_id", ["gb-long-ago", "gb-far-ahead"])
def test_absurd_dates_of_listings_do_not_stretch_the_calendar(
    cases: Layout, source_id: str
) -> None:
    assert days(cases, "discovered, failed", source_id) == {0: (2, 1)}


CASES["gb-few"] = [
    listing(hour=0),
    Page("a"),
    Page("b"),
    Page("c", day=1),
    listing(hour=24 * 2),
]
CASES["de-few"] = [Page("d")]


@pytest.mark.slow
def test_fewer_articles_than_expected_are_partial(cases: Layout) -> None:
    found = days(cases, "state", "gb-few")
    assert found == {0: ("observed",), 1: ("partial",), 2: ("partial",)}
    assert days(cases, "state", "de-few") == {0: ("observed",)}


CASES["gb-zero"] = [
    listing(hour=0),
    Page("a", "The G20 met. The G20 parted.", 0),
    Page("b", "Nothing of note.", 0),
    Page("c", "Nothing of note at all.", 2),
    Page("undated", "The G20 again.", None),
    listing(hour=24 * 3),
]


@pytest.mark.slow
def test_zero_where_observed_and_null_where_missing(cases: Layout) -> None:
    rows = ask(
        cases,
        "SELECT day, articles_with_mention, mentions, articles, share FROM topic_daily"
        " WHERE topic_id = 'summit' AND source_id = 'gb-zero' ORDER BY day LIMIT 4",
    )
    assert [row[1:] for row in rows] == [
        (1, 2, 2, 0.5),
        (None, None, None, None),
        (0, 0, 1, 0.0),
        (0, 0, 0, None),
    ]


CASES["gb-latest"] = [Page("a", "The G20 met."), Page("a", "They met.", hour=5)]


@pytest.mark.slow
def test_only_the_latest_version_counts(cases: Layout) -> None:
    mentions = "mentions JOIN articles USING (article_id) WHERE source_id = 'gb-latest'"
    assert ask(cases, f"SELECT count(*) FROM {mentions}") == [(1,)]
    counted = "SELECT sum(mentions) FROM topic_daily WHERE source_id = 'gb-latest'"
    assert ask(cases, counted) == [(0,)]


LATER_CASES[0]["gb-moved"] = [
    Page("a", "The G20 met.", day=1),
    Page("b", "The G20 sat.", day=None),
]
LATER_CASES[1]["gb-moved"] = [
    Page("a", "The G20 met twice.", day=3, hour=9),
    Page("b", "The G20 sat.", day=2, hour=9),
]


@pytest.mark.slow
def test_an_article_is_counted_on_the_day_its_latest_version_gives(states: list[Layout]) -> None:
    before, after, _ = states
    columns, of_moved = "extracted, state", "source_id = 'gb-moved'"
    assert days(before, columns, "gb-moved") == {0: (0, "missing"), 1: (1, "observed")}
    assert days(after, columns, "gb-moved") == {2: (1, "observed"), 3: (1, "observed")}
    counted = "SELECT sum(mentions), sum(articles) FROM topic_daily WHERE topic_id = 'summit'"
    assert ask(after, f"{counted} AND {of_moved}") == [(2, 2)]
    assert ask(after, f"SELECT list(DISTINCT versions) FROM articles WHERE {of_moved}") == [([2],)]
    outcomes = f"SELECT outcome, count(*) FROM captures WHERE {of_moved} GROUP BY ALL ORDER BY ALL"
    assert ask(after, outcomes) == [("article", 2), ("revised", 2)]


LATER_CASES[0]["gb-older"] = [Page("a", "As of noon.", hour=6)]
LATER_CASES[1]["gb-older"] = [Page("a", "As of dawn.", hour=1)]


@pytest.mark.slow
def test_an_older_capture_is_a_version_but_not_the_article(states: list[Layout]) -> None:
    columns = "version_no, versions, body_chars, first_seen_at"
    found = ask(states[1], f"SELECT {columns} FROM articles WHERE source_id = 'gb-older'")
    assert found == [(1, 2, 11, Page("a", hour=1).fetched_at)]


def revisions(layout: Layout, columns: str, source_id: str) -> list[tuple[Any, ...]]:
    where = f"WHERE source_id = '{source_id}' ORDER BY fetched_after"
    return ask(layout, f"SELECT {columns} FROM article_revisions {where}")


CASES["gb-revised"] = [
    Page("a", prose(4), headline="Before", hour=2),
    Page("a", f"{prose(4)} harbour", headline="After", hour=5),
    Page("a", f"{prose(4)} harbour", headline="After", hour=6),
    Page("once", prose(7)),
]


@pytest.mark.slow
def test_revisions_stand_beside_what_they_followed(cases: Layout) -> None:
    of = partial(revisions, cases, source_id="gb-revised")
    assert of("url_canonical, version_no, previous_no") == [("https://gb-revised.test/a", 2, 1)]
    assert of("headline_before, headline_after") == [("Before", "After")]
    assert of("word_count_before, word_count_after") == [(120, 121)]
    assert of("body_chars_after - body_chars_before") == [(8,)]
    before, after, *_ = CASES["gb-revised"]
    assert of("fetched_before, fetched_after") == [(before.fetched_at, after.fetched_at)]
    assert of("hours_after_publication, is_other_text, is_like_for_like") == [(5.0, True, True)]
    ((similarity,),) = of("similarity")
    assert 0.8 < similarity < 1


LATER_CASES[0]["gb-between"] = [Page("a", "As of noon.", hour=6)]
LATER_CASES[1]["gb-between"] = [
    Page("a", "As of dawn.", hour=1),
    Page("a", "As of tea.", hour=9),
]


@pytest.mark.slow
def test_revisions_follow_the_captures_not_the_loads(states: list[Layout]) -> None:
    found = revisions(states[1], "previous_no, version_no", "gb-between")
    assert found == [(2, 1), (1, 3)]


CASES["gb-back"] = [
    Page("a", text, hour=hour)
    for hour, text in enumerate(("As of dawn.", "As of noon.", "As of dawn.", "As of dawn."), 1)
]


@pytest.mark.slow
def test_a_text_that_comes_back_is_a_third_version(cases: Layout) -> None:
    assert revisions(cases, "previous_no, version_no", "gb-back") == [(1, 2), (2, 3)]
    same = "SELECT count(DISTINCT body_sha256), count(*) FROM article_versions"
    assert ask(cases, f"{same} WHERE source_id = 'gb-back'") == [(2, 3)]


CASES["gb-not-alike"] = [
    Page("whole-at-last", "The G20", hour=1, is_truncated=True),
    Page("whole-at-last", "The G20 met, and the grain fair opened.", hour=2),
    Page("other-rules", "The G20 met. Read on.", hour=3),
    Page("other-rules", "The G20 met.", hour=4, about={"extractor_version": "2"}),
    Page("dated-at-last", "The G20 met.", day=None, hour=5),
    Page("dated-at-last", "The G20 met.", hour=6),
]


@pytest.mark.slow
def test_a_difference_that_need_not_be_the_papers_is_marked(cases: Layout) -> None:
    assert revisions(cases, "is_like_for_like, is_other_text", "gb-not-alike") == [
        (False, True),
        (False, True),
        (True, False),
    ]
    changes = "SELECT topic_id, change, is_like_for_like FROM mention_changes"
    found = ask(cases, f"{changes} WHERE source_id = 'gb-not-alike'")
    assert found == [("harvest", "entered", False)]


for name, version in (("gb-version-1", ""), ("gb-settings", "+4f2e1a")):
    CASES[name] = [
        Page("a", "Before.", hour=1, about={"extractor_version": f"1-d869d737fc43{version}"}),
        Page("a", "After.", hour=2, about={"extractor_version": "1"}),
        Page("b", "Before.", hour=3, about={"extractor_version": "1-0123456789ab"}),
        Page("b", "After.", hour=4, about={"extractor_version": "1"}),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("source_id", "alike"), [("gb-version-1", True), ("gb-settings", False)])
def test_the_rules_of_0_1_0_are_those_of_version_1(
    cases: Layout, source_id: str, alike: bool
) -> None:
    assert revisions(cases, "is_like_for_like", source_id) == [(alike,), (False,)]


CHANGES = (
    "SELECT topic_id, change, from_version, to_version, mentions_before, mentions_after, fields"
    " FROM mention_changes WHERE source_id = '{}' ORDER BY to_version, topic_id"
)
CASES["gb-entered"] = [
    Page("a", "The G20 met.", hour=1, headline="G20 meets"),
    Page("a", "The G20 met. The harvest, the harvest.", hour=2, headline="They meet"),
    Page("a", "The harvest.", hour=3, headline="They meet"),
    Page("b", "The harvest.", hour=3),
]
LATER_CASES[0]["gb-ferry"] = [
    Page("a", "The ferry sails.", hour=1),
    Page("a", "It sails.", hour=2),
]


@pytest.mark.slow
def test_topics_that_enter_and_leave_an_article(cases: Layout) -> None:
    assert ask(cases, CHANGES.format("gb-entered")) == [
        ("harvest", "entered", 1, 2, 0, 2, ["body"]),
        ("summit", "left", 2, 3, 1, 0, ["body"]),
    ]
    _, second, third, _ = CASES["gb-entered"]
    where = "WHERE source_id = 'gb-entered'"
    times = f"SELECT seen_at, hours_after_publication FROM mention_changes {where} ORDER BY ALL"
    assert ask(cases, times) == [(second.fetched_at, 2.0), (third.fetched_at, 3.0)]
    rows = ask(
        cases,
        "SELECT mentions.version_no, count(*) FROM mentions JOIN articles USING (article_id)"
        f" {where} GROUP BY ALL ORDER BY ALL",
    )
    assert rows == [(1, 3), (2, 3), (3, 1)]


@pytest.mark.slow
def test_a_new_topic_is_counted_in_all_versions(states: list[Layout]) -> None:
    found = [ask(layout, CHANGES.format("gb-ferry")) for layout in states[:2]]
    assert found == [[], [("ferry", "left", 1, 2, 1, 0, ["body"])]]


def copies(layout: Layout, of: str) -> dict[str, str | None]:
    rows = ask(
        layout,
        "SELECT copy.url_canonical, original.url_canonical AS first FROM articles AS copy LEFT JOIN"
        " articles AS original ON original.article_id = copy.duplicate_of"
        f" WHERE copy.source_id LIKE '%-{of}'",
    )
    return {copy.rpartition("/")[2]: first and first.rpartition("/")[2] for copy, first in rows}


WIRE = prose(5, 300)


CASES["gb-copies"] = [
    Page("second", WIRE, 1, hour=48),
    Page("third", WIRE, 2, hour=50, headline="Under another headline, and a longer one"),
    Page("retouched", WIRE + " library", 3, hour=75),
    Page("years-later", WIRE + " library", 30, hour=24 * 31),
    Page("other", prose(6, 300), 1, hour=48),
    Page("short", "Weather as usual.", 1, hour=48),
]
CASES["de-copies"] = [
    Page("first", WIRE, 0, hour=49),
    Page("short-too", "Weather as usual.", 1, hour=48),
]


@pytest.mark.slow
def test_copies_point_to_the_earliest(cases: Layout) -> None:
    assert copies(cases, "copies") == {
        "first": None,
        "second": "first",
        "third": "first",
        "retouched": "first",
        "years-later": None,
        "other": None,
        "short": None,
        "short-too": None,
    }


LATER_CASES[0]["gb-wire"] = [Page("b", WIRE, 1, hour=30), Page("c", WIRE, 2, hour=50)]
LATER_CASES[1]["gb-wire"] = [Page("a", WIRE, 0, hour=60)]
LATER_CASES[2]["gb-wire"] = [Page("a", prose(8, 300), 0, hour=70)]


@pytest.mark.slow
def test_an_earlier_text_that_comes_later_takes_the_copies_over(states: list[Layout]) -> None:
    assert [copies(layout, "wire") for layout in states] == [
        {"b": None, "c": "b"},
        {"a": None, "b": "a", "c": "a"},
        {"a": None, "b": None, "c": "b"},
    ]


FAIR = prose(9, 300) + " the grain fair"
CASES["gb-fair"] = [Page("a", FAIR, hour=1), Page("b", FAIR, hour=2), Page("c", hour=3)]


@pytest.mark.slow
def test_counts_without_copies(cases: Layout) -> None:
    found = ask(
        cases,
        "SELECT articles_with_mention, mentions, articles, articles_with_mention_original,"
        " mentions_original, articles_original, share_original FROM topic_daily"
        " WHERE topic_id = 'harvest' AND source_id = 'gb-fair'",
    )
    assert found == [(3, 3, 3, 2, 2, 2, 1.0)]


CASES["gb-headlines"] = [
    Page("a", "Nothing.", headline="G20 meets: a G20 diary"),
    Page("b", "The G20 met.", is_truncated=True),
    Page("c", "The G20 met again, and the G20 parted."),
    Page("d", "Nothing of note."),
]


@pytest.mark.slow
def test_counts_in_headlines_and_without_truncated_pages(cases: Layout) -> None:
    found = ask(
        cases,
        "SELECT articles, articles_with_mention, mentions, share, articles_with_mention_headline,"
        " mentions_headline, share_headline, articles_whole, articles_with_mention_whole,"
        " mentions_whole, country, language, state FROM topic_daily"
        " WHERE topic_id = 'summit' AND source_id = 'gb-headlines'",
    )
    assert found == [(4, 3, 5, 0.75, 1, 2, 0.25, 3, 2, 4, "gb", "en", "observed")]


CASES["gb-week"] = [
    Page(f"p{day}-{number}", "The G20 met." if number < hits else "Nothing.", day, 24 * 7)
    for day, (hits, articles) in enumerate(
        zip((1, 0, 0, 0, 0, 9, 0), (10, 10, 10, 10, 10, 300, 10), strict=True)
    )
    for number in range(articles)
]


@pytest.mark.slow
def test_a_week_is_sum_over_sum(cases: Layout) -> None:
    about = "articles_with_mention, articles, round(share, 6), days_observed, days_missing"
    where = "WHERE topic_id = 'summit' AND source_id = 'gb-week'"
    for relation in ("topic_weekly", "topic_monthly"):
        found = ask(cases, f"SELECT {about} FROM {relation} {where}")
        assert found == [(10, 360, 0.027778, 7, 0)]
    mean = f"SELECT round(avg(share), 6) FROM topic_daily {where}"
    assert ask(cases, mean) == [(0.018571,)]


CASES["gb-periods"] = [
    Page("a", day=-1),
    Page("b", "Nothing.", day=2),
    Page("lost", day=2, outcome="timed_out"),
    Page("c", "Nothing.", day=35, hour=24 * 36),
]


@pytest.mark.slow
def test_periods_leave_missing_days_out_and_say_so(cases: Layout) -> None:
    about = "articles_with_mention, articles, days_observed, days_partial, days_missing"
    where = "WHERE topic_id = 'summit' AND source_id = 'gb-periods' ORDER BY period"
    found = ask(cases, f"SELECT period, {about} FROM topic_weekly {where}")
    first = START.date()
    assert [((row[0] - first).days, *row[1:]) for row in found] == [
        (-7, 1, 1, 1, 0, 0),
        (0, 0, 1, 0, 1, 6),
        *((week, None, None, 0, 0, 7) for week in (7, 14, 21, 28)),
        (35, 0, 1, 1, 0, 0),
    ]
    found = ask(cases, f"SELECT period, {about} FROM topic_monthly {where}")
    assert found == [
        (date(2026, 3, 1), 1, 2, 1, 1, 29),
        (date(2026, 4, 1), 0, 1, 1, 0, 5),
    ]


CASES["gb-ledger"] = [listing(), Page("a"), Page("b", outcome="video_page")]


@pytest.mark.slow
def test_the_ledger_adds_up(cases: Layout) -> None:
    of_run = f"WHERE run_id = '{LEDGER_RUN}'"
    columns = "attempts, robots, listings, pages, articles, rejected"
    assert ask(cases, f"SELECT {columns} FROM runs {of_run}") == [(3, 0, 1, 2, 1, 1)]
    assert ask(cases, f"SELECT outcome, attempts FROM ledger {of_run} ORDER BY outcome") == [
        ("article", 1),
        ("listed", 1),
        ("video_page", 1),
    ]
    assert ask(cases, f"SELECT outcome, meaning FROM rejections {of_run}") == [
        ("video_page", "A page around a video")
    ]


CASES["gb-there"] = [Page("a"), Page("b", day=1, hour=30)]
CASES["fr-left"] = [Page("c")]
CASES["de-nothing"] = []


@pytest.mark.slow
def test_sources_say_what_is_there(cases: Layout) -> None:
    """Whether they are in the configuration, and whether there is anything of them."""
    assert ask(
        cases,
        "SELECT source_id, name, country, is_configured, articles, first_day, last_day"
        " FROM sources WHERE source_id IN ('gb-there', 'fr-left', 'de-nothing')"
        " ORDER BY source_id",
    ) == [
        ("de-nothing", "de-nothing", "de", True, 0, None, None),
        ("fr-left", "fr-left", "fr", False, 1, date(2026, 3, 2), date(2026, 3, 2)),
        ("gb-there", "gb-there", "gb", True, 2, date(2026, 3, 2), date(2026, 3, 3)),
    ]


CASES["archive-a.com"] = [
    Page("old", "The G20 and the harvest.", day=-3000, hour=60),
    Page("new", "A fair.", day=2, hour=60),
    Page("lost", outcome="too_large", hour=60),
]
CASES["archive-b.org"] = [Page("other", "Another fair.", day=2, hour=60)]
CASES["gb-ours"] = [listing(), Page("ours")]


@pytest.mark.slow
def test_domains_that_only_archives_know_have_no_calendar(cases: Layout) -> None:
    check_snapshot(cases)
    known = "WHERE source_id = 'gb-ours' OR source_id LIKE 'archive-%'"
    for relation in ("coverage", "topic_daily"):
        assert ask(cases, f"SELECT DISTINCT source_id FROM {relation} {known}") == [("gb-ours",)]
    assert ask(
        cases,
        "SELECT source_id, name, country, articles FROM sources"
        " WHERE source_id LIKE 'archive-%' ORDER BY source_id",
    ) == [("archive-a.com", "a.com", None, 2), ("archive-b.org", "b.org", None, 1)]
    columns = "sources, articles_with_mention, mentions, articles, share"
    rows = ask(cases, f"SELECT topic_id, {columns} FROM archive_daily ORDER BY day, topic_id")
    assert rows == [
        ("harvest", 1, 1, 1, 1, 1.0),
        ("summit", 1, 1, 1, 1, 1.0),
        ("harvest", 2, 0, 0, 2, 0.0),
        ("summit", 2, 0, 0, 2, 0.0),
    ]


# Publishing


@pytest.mark.slow
def test_older_clients_can_read_the_file(sound: Layout) -> None:
    # Bytes 8 to 12 are DUCK; the storage version follows: 64 for 1.0 and 1.1, 65 for 1.2 to 1.5.
    head = sound.current.read_bytes()[8:20]
    assert head[:4] == b"DUCK"
    assert int.from_bytes(head[4:], "little") == 65


@pytest.mark.slow
def test_the_file_needs_no_extension_and_has_no_index(sound: Layout) -> None:
    assert ask(sound, "SELECT count(*) FROM duckdb_indexes()") == [(0,)]
    assert ask(sound, "SELECT count(*) FROM duckdb_constraints()") == [(0,)]


@pytest.mark.slow
def test_nothing_to_publish(layout: Layout) -> None:
    assert publish(layout) is None
    assert published_load(layout) == 0
    assert not layout.current.exists()


@pytest.mark.slow
def test_a_lost_or_half_made_snapshot_is_made_again(sound: Layout) -> None:
    before = tables(sound)
    shutil.rmtree(sound.current.parent.resolve())
    half = sound.warehouse / "snapshot-1"
    half.mkdir()
    (half / "news.duckdb.tmp").write_bytes(b"half")

    assert publish(sound) == half / "news.duckdb"
    assert tables(sound) == before
    assert {path.name for path in half.iterdir()} == {"news.duckdb", "manifest.json"}


@pytest.mark.slow
def test_an_open_reader_keeps_its_snapshot(sound: Layout) -> None:
    reader = open_snapshot(sound)
    assert reader
    publish_pages(sound, [Page("b")], run_id="20260303T060000Z-bbbbbb")

    assert reader.execute("SELECT count(*) FROM articles").fetchall() == [(3,)]
    assert ask(sound, "SELECT count(*) FROM articles") == [(4,)]
    reader.close()


# Reading


@pytest.mark.slow
def test_before_the_first_load(layout: Layout) -> None:
    assert known_urls(layout, ["https://gb-post.test/a"]) == {}
    assert known_files(layout, "gb-post") == set()
    assert last_listings(layout, START) == {}
    with pytest.raises(QueryError, match="not there yet"):
        query(layout, "SELECT 1")


CASES["gb-known"] = [
    listing(),
    Page("a", about={"url_canonical": "https://gb-known.test/canonical"}),
    Page("section", outcome="section_page"),
    Page("slow", outcome="timed_out"),
    Page("walled", outcome="denied"),
]


@pytest.mark.slow
def test_known_urls(cases: Layout) -> None:
    names = ("a", "canonical", "section", "slow", "walled", "feed", "new")
    asked = {name: fold_url(f"https://gb-known.test/{name}") for name in names}
    known = known_urls(cases, asked.values())
    of_article = frozenset({"gb-known"})
    assert known == {
        asked["a"]: of_article,
        asked["canonical"]: of_article,
        asked["section"]: frozenset(),
    }
    assert set(known_urls(cases, asked.values(), since=START + timedelta(300)).values()) == {
        frozenset()
    }
    assert known_urls(cases, []) == {}
    assert known_urls(cases, [fold_url("https://archive-a.com.test/old")]) == {}


CASES["gb-twenty"] = [listing(), *(Page(str(number)) for number in range(20))]


@pytest.mark.slow
def test_what_threads_ask_together_is_answered_to_each(
    cases: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [fold_url(f"https://gb-twenty.test/{number}") for number in range(40)]
    asked: list[int] = []
    is_first, have_asked = Event(), Event()

    def counted(of: Layout, keys: Iterable[str], since: datetime) -> dict[str, frozenset[str]]:
        found = [*keys]
        asked.append(len(found))
        if is_first.is_set():
            return known_urls(of, found, since)
        is_first.set()
        have_asked.wait()
        raise OSError("the disk is gone for a moment")

    monkeypatch.setattr("warehouse.read.known_urls.known_urls", counted)
    known = KnownUrls()
    with ThreadPoolExecutor(len(urls) + 1) as pool:
        first = pool.submit(known.among, cases, urls[:1])
        is_first.wait()
        others = [pool.submit(known.among, cases, [url, f"{urls[0]}/x"]) for url in urls]
        while len(known._pending) < len(urls):
            time.sleep(0.01)
        have_asked.set()
        with pytest.raises(OSError, match="gone"):
            first.result()
        answers = [other.result() for other in others]
    expected = [{url: {"gb-twenty"}} if at < 20 else {} for at, url in enumerate(urls)]
    assert answers == expected
    assert len(asked) < 5
    assert known.among(cases, []) == {}


CASES["gb-files"] = [
    Page("a", kind="file"),
    Page("b", kind="file", outcome="no_article"),
    Page("c", kind="page"),
]
CASES["de-files"] = [Page("d", kind="file")]


@pytest.mark.slow
def test_known_files(cases: Layout) -> None:
    assert known_files(cases, "gb-files") == {'"a"', '"b"'}


CASES["gb-listed"] = [
    listing(hour=1),
    listing(hour=3),
    listing(hour=5, outcome="not_modified"),
]


@pytest.mark.slow
def test_last_listings(cases: Layout) -> None:
    assert last_listings(cases, START + timedelta(hours=6))["gb-listed"] == {
        "https://gb-listed.test/feed": KnownListing(
            etag='"feed"',
            last_modified=None,
            raw_ref=f"gb-listed/{RUN}.warc.gz#0",
            content_type="text/html",
            read_at=START + timedelta(hours=5),
            most_entries=None,
            longest_window=None,
        )
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT nothing FROM articles", "nothing"),
        ("SELEC 1", "syntax error"),
        ("DELETE FROM articles", "read-only"),
        ("SELECT 1//0", "by zero"),
    ],
)
def test_wrong_sql_is_reported(sound: Layout, sql: str, message: str) -> None:
    with pytest.raises(QueryError, match=re.compile(message, re.IGNORECASE)):
        query(sound, sql)


@pytest.mark.slow
def test_times_are_shown_in_utc(sound: Layout) -> None:
    one = "FROM articles WHERE url_canonical LIKE '%/one'"
    assert ask(sound, f"SELECT published_at, published_at::VARCHAR {one}") == [
        (START, "2026-03-02 06:00:00+00")
    ]
