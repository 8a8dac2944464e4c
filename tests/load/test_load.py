"""Loads: incremental, repeated, interrupted, rebuilt; and what readers see meanwhile."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from tasks.load.load_run import LoadReport, load, rebuild_warehouse
from tasks.topics.topic import TopicEntry
from tests.bench.warehouse import STEPS
from tests.support.daily_news import NOW, DailyNews, ingest, run_id, stage_day
from tests.support.publishing import publish
from tests.support.staged_pages import (
    HARVEST,
    SOURCES,
    SUMMIT,
    TOPICS,
    Page,
    files,
    source,
    stage,
    tables,
)
from warehouse.build import loader, mart_refresh, schema_version, sql_files, writer_file
from warehouse.build.checks_runner import CheckFailed
from warehouse.layers.commits import read_commits, write_commit
from warehouse.layers.layout import Layout
from warehouse.layers.writer_lock import writer_lock
from warehouse.read.query import query

pytestmark = pytest.mark.slow


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def test_the_same_load_twice_changes_nothing(news: DailyNews) -> None:
    layout = news(3)
    before = tables(layout, leave_out=()), files(layout), layout.current.resolve()
    report = load(layout, TOPICS, SOURCES, [stage_day(layout, 2)])

    assert report.load_no is None
    assert publish(layout) is None
    assert (tables(layout, leave_out=()), files(layout), layout.current.resolve()) == before


def test_runs_loaded_together_give_the_rows_of_runs_loaded_apart(
    news: DailyNews, layout: Layout
) -> None:
    apart, together = news(3), layout
    runs = [stage_day(together, number) for number in (2, 0, 1)]
    load(together, TOPICS, SOURCES, runs, now=NOW)
    publish(together)

    assert tables(together) == tables(apart)
    assert files(together) == files(apart)


def test_a_data_folder_that_was_copied_without_its_links_is_published(news: DailyNews) -> None:
    layout = news(1)
    link, folder = layout.current.parent, layout.current.parent.resolve()
    link.unlink()
    shutil.copytree(folder, link)
    load(layout, [SUMMIT], SOURCES, now=NOW)
    snapshot = publish(layout)
    assert snapshot
    assert link.is_symlink()
    assert layout.current.resolve() == snapshot.resolve()
    assert mentioned(layout) == {"summit": 1}


def test_a_lost_writer_file_comes_back_by_itself_when_the_writer_before_has_finished(
    news: DailyNews,
) -> None:
    layout = news(2)
    kept = tables(layout)
    shutil.rmtree(layout.writer.parent)
    told, reports = Queue[str](), Queue[LoadReport]()
    with writer_lock(layout):
        waiting = Thread(
            target=lambda: reports.put(
                load(layout, TOPICS, SOURCES, now=NOW, waiting=told.put),
            )
        )
        waiting.start()
        said = told.get(timeout=60)
        assert not layout.writer.exists()
    report = reports.get(timeout=60)
    waiting.join(60)

    assert said == f"waiting for process {os.getpid()} to finish writing the warehouse"
    assert told.empty()
    assert layout.writer.exists()
    assert report.load_no == 3
    assert publish(layout)
    assert tables(layout) == kept
    assert query(layout, "SELECT schema_version FROM loads").to_pylist() == [
        {"schema_version": schema_version.SCHEMA_VERSION}
    ]


@pytest.mark.parametrize("written", [0, 1, 20_000])
def test_a_writer_file_whose_making_was_cut_off_is_made_anew(news: DailyNews, written: int) -> None:
    layout = news(1)
    os.truncate(layout.writer, written)
    assert is_made_anew(layout)


def test_another_schema_version_makes_the_file_anew(
    news: DailyNews, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = news(1)
    assert not is_made_anew(layout)
    monkeypatch.setattr(schema_version, "SCHEMA_VERSION", 1000)
    assert is_made_anew(layout)


def is_made_anew(layout: Layout) -> bool:
    """Whether the loader begins with an empty file."""
    with loader.open_writer(layout) as con:
        return not loader.last_load(con) and not loader.loaded_commits(con)


def test_relations_are_made_over_those_that_are_there() -> None:
    """As after a first load that failed, which leaves tables and views without a load."""
    with duckdb.connect() as con:
        loader.make_relations(con)
        loader.make_relations(con)
        assert con.execute("FROM topic_weekly").fetchall() == []


@pytest.fixture
def reworded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SQL with another comment on a table, another view, and a view less."""
    folder = shutil.copytree(sql_files.SQL, tmp_path / "sql")
    monkeypatch.setattr(sql_files, "SQL", folder)
    for module in (loader, sql_files):
        monkeypatch.setattr(module, "read_sql", sql_files.read_sql.__wrapped__)
    loads, revisions = folder / "tables/loads.sql", folder / "marts/article_revisions.sql"
    loads.write_text(loads.read_text().replace("Number of the load", "The number"))
    revisions.write_text(revisions.read_text().replace("AS similarity", "+ 1 AS similarity"))
    (folder / "marts/topic_pairs.sql").unlink()


def catalog(layout: Layout) -> dict[str, str]:
    """The definitions of all relations."""
    sql = "SELECT table_name AS name, sql FROM duckdb_tables() UNION ALL SELECT view_name, sql"
    found = query(layout, f"{sql} FROM duckdb_views() WHERE NOT internal").to_pylist()
    return {row["name"]: row["sql"] for row in found}


def stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where the writer's file would be made anew."""

    def drop(_: Layout) -> None:
        raise AssertionError("the warehouse is made anew")

    monkeypatch.setattr(loader, "drop_writer", drop)


def test_comments_and_views_reach_readers_without_a_rebuild(
    news: DailyNews, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    layout = news(1)
    kept, defined = tables(layout), catalog(layout)
    request.getfixturevalue("reworded")
    stays(monkeypatch)
    assert load(layout, TOPICS, SOURCES, now=NOW).load_no == 2
    publish(layout)
    comment = "SELECT comment FROM duckdb_columns() WHERE table_name = 'loads' LIMIT 1"
    assert query(layout, comment).to_pylist() == [{"comment": "The number"}]
    assert tables(layout) == kept
    now = catalog(layout)
    assert now.keys() == defined.keys() - {"topic_pairs"}
    assert [name for name in now if now[name] != defined[name]] == ["article_revisions"]
    assert query(layout, "FROM article_texts").num_rows
    assert load(layout, TOPICS, SOURCES, now=NOW).load_no is None


@pytest.mark.parametrize("sql_hash", [schema_version.SQL_HASH_1, "of a day before 0.1.0"])
def test_a_file_without_a_schema_version_is_made_anew(news: DailyNews, sql_hash: str) -> None:
    layout = news(1)
    with duckdb.connect(layout.writer) as con:
        con.execute("ALTER TABLE loads DROP COLUMN schema_version")
        con.execute("UPDATE loads SET sql_hash = ?", [sql_hash])
    assert is_made_anew(layout)


def test_a_rebuild_reads_files_that_lack_a_column_of_today_and_no_file_of_the_loader(
    news: DailyNews,
) -> None:
    layout = news(2)
    kept = tables(layout, leave_out=("loads", "files"))
    old, *_ = paths = sorted(layout.articles.rglob("*.parquet"))
    write_without(layout, old, "page_sha256")
    for path in paths:
        write_without(layout, path, "section")
    content = layout.writer.read_bytes()
    # Its headers are whole, and the first block that opening it reads is not.
    layout.writer.write_bytes(content[:12_288] + bytes(len(content) - 12_288))
    rebuild_warehouse(layout, TOPICS, SOURCES)
    assert tables(layout, leave_out=("loads", "files")) == kept


def write_without(layout: Layout, path: Path, column: str) -> None:
    """Write a file as an earlier version would have, with its commit."""
    pq.write_table(pq.ParquetFile(path).read().drop_columns([column]), path)
    content = path.read_bytes()
    name, digest = path.relative_to(layout.root).as_posix(), sha256(content).hexdigest()
    for commit in read_commits(layout.commits):
        changed = tuple(
            replace(file, bytes=len(content), sha256=digest) if file.path == name else file
            for file in commit.files
        )
        write_commit(layout.commits, replace(commit, files=changed))


def mentioned(layout: Layout) -> dict[str, int]:
    sql = "SELECT topic_id, count(*)::INTEGER AS hits FROM mentions GROUP BY ALL"
    return {row["topic_id"]: row["hits"] for row in query(layout, sql).to_pylist()}


def test_a_changed_topic_is_counted_over_all_history(news: DailyNews) -> None:
    layout = news(3)
    assert mentioned(layout) == {"harvest": 7, "summit": 2}
    report = load(layout, [HARVEST, WIDER], SOURCES, now=NOW)
    publish(layout)

    assert report.recounted == ("summit",)
    assert mentioned(layout)["summit"] > 2
    assert mentioned(layout)["harvest"] == 7
    versions = (
        "SELECT topic_version, valid_to IS NULL AS counts FROM topics WHERE topic_id = 'summit'"
    )
    assert query(layout, f"{versions} ORDER BY 1").to_pylist() == [
        {"topic_version": 1, "counts": False},
        {"topic_version": 2, "counts": True},
    ]
    assert changes(layout)


WIDER = TopicEntry(id="summit", name="Summits", aliases=("G20", "ferry")).topic()
CHANGES = (
    "SELECT topic_id, old_version, new_version, period::VARCHAR AS period, articles_before,"
    " articles_after, mentions_before, mentions_after, load_no, changed_at FROM topic_changes"
)


def changes(layout: Layout) -> list[tuple[Any, ...]]:
    rows = query(layout, f"{CHANGES} ORDER BY new_version, topic_id, period").to_pylist()
    return [tuple(row.values()) for row in rows]


def test_a_topic_that_changes_says_what_it_changed_over_the_same_articles(layout: Layout) -> None:
    pages = [
        *(Page("a", "The G20 met. The ferry, the ferry."), Page("b", "A ferry.", None)),
        # In the next month, one comes in under the wider topic.
        *(Page("ferry", "A ferry.", 30, 24 * 31), Page("summit", "The G20.", 30, 24 * 31)),
        Page("fair", "The fair."),
    ]
    tram, other_tram, fair, wider_fair = (
        TopicEntry(id=aliases[0], name="Made", aliases=aliases).topic()
        for aliases in (("tram",), ("tram", "tramway"), ("fair",), ("fair", "bazaar"))
    )
    load(layout, [*TOPICS, tram, fair], SOURCES, [stage(layout, run_id(0), pages)], now=NOW)
    publish(layout)
    assert changes(layout) == []

    load(layout, [HARVEST, WIDER, other_tram, fair], SOURCES, now=NOW + timedelta(days=1))
    publish(layout)
    when = (2, NOW + timedelta(days=1))
    changed = [
        ("summit", 1, 2, "2026-03-01", 1, 1, 1, 3, *when),
        ("summit", 1, 2, "2026-04-01", 1, 2, 1, 2, *when),
        ("summit", 1, 2, None, 0, 1, 0, 1, *when),
    ]
    assert changes(layout) == changed

    # The tram's change, which changed nothing, is not counted again over new articles. The fair's
    # compares over the same articles, new and revised ones.
    pages = [Page("c", "A tramway.", hour=2), Page("fair", "A bazaar.", hour=2)]
    new = stage(layout, run_id(1), [*pages, Page("d", "The fair, again.", hour=2)])
    topics = [HARVEST, WIDER, other_tram, wider_fair]
    load(layout, topics, SOURCES, [new], now=NOW + timedelta(days=2))
    publish(layout)
    of_fair = ("fair", 1, 2, "2026-03-01", 1, 2, 1, 2, 3, NOW + timedelta(days=2))
    assert changes(layout) == [of_fair, *changed]


def test_a_recount_with_new_articles_is_a_rebuild_from_scratch(
    news: DailyNews, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = news(2)
    with monkeypatch.context() as crash:
        crash.setattr("tasks.load.load_run.run_checks", lambda con, whole: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load(layout, [HARVEST, WIDER], SOURCES, now=NOW + timedelta(days=1))
    for number, topics in enumerate([[SUMMIT], [HARVEST, WIDER]], 2):
        run = stage_day(layout, number)
        load(layout, topics, SOURCES, [run], now=NOW + timedelta(days=number))
    publish(layout)
    recounted = tables(layout)
    # The load that failed leaves the number of its version alone.
    assert {row[:3] for row in changes(layout)} == {("summit", 1, 3), ("summit", 3, 4)}

    first = layout.current.resolve()
    for lost in (layout.writer, layout.current):
        lost.unlink()
    rebuild_warehouse(layout, topics, SOURCES)
    assert layout.current.resolve() != first
    assert tables(layout) == recounted


def test_topics_and_sources_come_and_go_and_another_name_is_no_other_version(
    news: DailyNews,
) -> None:
    layout = news(1)
    assert mentioned(layout) == {"harvest": 3, "summit": 1}
    named = replace(SUMMIT, name="Summits")
    report = load(layout, [named], [source(expected_daily=(5, 9))], now=NOW)
    publish(layout)
    assert (report.load_no, report.recounted) == (2, ())
    assert mentioned(layout) == {"summit": 1}
    assert not query(layout, "FROM topic_daily WHERE topic_id = 'harvest'").num_rows
    told = "SELECT topic_id, name, topic_version, valid_to IS NULL FROM topics ORDER BY ALL"
    assert [(*row.values(),) for row in query(layout, told).to_pylist()] == [
        ("harvest", "Harvest", 1, False),
        ("summit", "Summits", 1, True),
    ]
    # The source that is left is judged anew.
    told = "SELECT is_configured, expected_low FROM sources ORDER BY source_id"
    assert [(*row.values(),) for row in query(layout, told).to_pylist()] == [
        (False, None),
        (True, 5),
    ]
    states = query(layout, "SELECT DISTINCT state FROM coverage WHERE source_id = 'gb-post'")
    assert states["state"].to_pylist() == ["partial"]

    load(layout, TOPICS, SOURCES, now=NOW)
    publish(layout)
    assert mentioned(layout) == {"harvest": 3, "summit": 1}


def test_archives_that_come_after_their_run_was_committed(news: DailyNews) -> None:
    layout = news(1)
    run = stage_day(layout, 0)
    late = stage(layout, run_id(0), [Page("late", source_id="fr-jour")])
    report = load(layout, TOPICS, SOURCES, [run, late])

    assert report.load_no is None
    assert report.late == (layout.raw / "fr-jour" / f"{run_id(0)}.warc.gz",)


def test_loads_that_fail_keep_the_last_good_snapshot_and_leave_their_runs_to_one_that_says_so(
    news: DailyNews, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = news(1)
    kept = tables(layout, leave_out=())
    refresh = mart_refresh.refresh

    def wrong(con: loader.Connection) -> None:
        refresh(con)
        con.execute("UPDATE topic_daily SET share = 2 WHERE share IS NOT NULL")

    with monkeypatch.context() as little:
        little.setattr(writer_file, "MEMORY", "1MB")
        with pytest.raises(duckdb.OutOfMemoryException):
            load(layout, TOPICS, SOURCES, [stage_day(layout, 1)], now=NOW)
    # This one commits its run, which the next reads.
    with monkeypatch.context() as crash:
        crash.setattr(mart_refresh, "refresh", lambda con: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            load(layout, TOPICS, SOURCES, [stage_day(layout, 1)], now=NOW)
    with monkeypatch.context() as plant:
        plant.setattr(mart_refresh, "refresh", wrong)
        with pytest.raises(
            CheckFailed, match=r"topic_daily_shares.*within 0 and 1(?s:.*)'share': 2"
        ):
            load(layout, TOPICS, SOURCES, now=NOW)
    assert publish(layout) is None
    assert tables(layout, leave_out=()) == kept

    report = load(layout, TOPICS, SOURCES, [stage_day(layout, 2)], now=NOW)
    assert report.load_no == 2
    assert report.run_ids == (run_id(1), run_id(2))
    assert report.outcomes == {
        "article": 4,
        "revised": 1,
        "listed": 2,
        "not_found": 2,
        "unchanged": 3,
    }
    assert (report.articles, report.revised, report.mentions) == (4, 1, 5)
    assert report.recounted == ()
    assert publish(layout)
    found = tables(layout)
    assert found == tables(news(3))


READER = """
import sys, time
from pathlib import Path
import duckdb
path, stop = sys.argv[1], Path(sys.argv[2])
held = duckdb.connect(path, read_only=True)
count = "SELECT count(*) FROM articles"
first, seen, is_last = held.execute(count).fetchall(), 0, False
print("ready", flush=True)
while not is_last:
    is_last = stop.exists()
    assert held.execute(count).fetchall() == first
    other = duckdb.connect(str(Path(path).resolve()), read_only=True)
    now = other.execute(count).fetchall()[0][0]
    assert now >= seen, (now, seen)
    seen = now
    other.close()
    time.sleep(0.02)
print(first[0][0], seen)
"""


def test_readers_and_loads_do_not_disturb_each_other(news: DailyNews, tmp_path: Path) -> None:
    layout = news(1)
    stop = tmp_path / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(layout.current), str(stop)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout
    assert reader.stdout.readline() == "ready\n"
    ingest(layout, 1)
    stop.touch()

    assert reader.stdout.read().split() == ["4", "6"]
    assert reader.wait(60) == 0


def test_the_benchmarks_time_steps_that_exist() -> None:
    """They replace functions by name, which no type checker follows."""
    assert all(callable(getattr(module, name)) for module, name in STEPS.values())
