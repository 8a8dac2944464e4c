"""Runs that are loaded in several parts, each with a commit of its own: rows as of one load."""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prefect import flow

from flows.runs.part_loads import PartLoads
from tasks.collect.collector import Collected
from tasks.installation import Installation
from tasks.load.load_run import LoadReport, load
from tasks.partition.partitions import Run
from tasks.refine.refine_source import RefinedSource
from tasks.refine.run_archives import uncommitted_archives
from tasks.settings import Settings
from tasks.upkeep.backup import back_up
from tasks.upkeep.compaction import compact, drop_retired, publish_files
from tasks.upkeep.rebuild_articles import rebuild_articles
from tasks.upkeep.retention import drop_archives
from tests.support.daily_news import NOW, DailyNews, run_id
from tests.support.publishing import check_snapshot, publish
from tests.support.staged_pages import (
    SOURCES,
    TOPICS,
    Page,
    files,
    listing,
    prose,
    source,
    stage,
    tables,
)
from warehouse.layers.commits import Commit, committed_runs, next_part, read_commit, read_commits
from warehouse.layers.documents import DocumentError, decode
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import mark_begun, sweep, unnamed_files
from warehouse.layers.parquet import parquet_problem
from warehouse.read.query import query

pytestmark = pytest.mark.slow

RUN, OTHER = run_id(2), run_id(3)
ALL = (*SOURCES, source("fr-jour"))
ORDER = ("gb-post", "de-blatt", "fr-jour")
OF_COMMITS = ("loads", "commits", "files", "runs", "polls")


def news_of(source_id: str, *, copies: bool = False) -> list[Page]:
    """What a run finds at a source: a listing, its own page, one that changes, one that is gone."""
    texts = (prose(77), prose(78)) if copies else (prose(len(source_id)) + " harvest", "The G20.")
    return [
        listing(source_id, hour=48.0),
        Page("own", texts[0], 2, 49, source_id, stripped=["Join us"]),
        Page("front", texts[1], 2, 50, source_id),
        Page("gone", hour=50, outcome="not_found", day=2, source_id=source_id),
    ]


def part_of(layout: Layout, source_id: str, part: int, run: str = RUN) -> Run:
    """The part of a run that has one source."""
    staged = stage(layout, run, news_of(source_id, copies=part > 1))
    return replace(staged, parameters={"part": part} if part > 1 else {})


def loaded(layout: Layout, runs: Sequence[Run] = ()) -> LoadReport:
    report = load(layout, TOPICS, ALL, runs, now=NOW)
    publish(layout)
    return report


def three_parts(layout: Layout) -> list[LoadReport]:
    """A run in three parts, beside another run that ends before the last one."""
    return [
        loaded(layout, [part_of(layout, "gb-post", 1)]),
        # The first part again, as after a load that failed when it had its commit.
        loaded(
            layout,
            [
                part_of(layout, "gb-post", 1),
                part_of(layout, "de-blatt", 2),
                stage(layout, OTHER, [Page("front", "Anew.", 2, 60)]),
            ],
        ),
        loaded(layout, [part_of(layout, "fr-jour", 3)]),
    ]


@pytest.fixture(scope="module")
def reports(news: DailyNews) -> list[LoadReport]:
    """What the loads of the three parts said; their folder is kept."""
    layout = news(2)
    said = three_parts(layout)
    shutil.copytree(layout.root, layout.root.with_name("parts-kept"), symlinks=True)
    return said


@pytest.fixture
def parts(news: DailyNews, reports: list[LoadReport]) -> Layout:
    """The three parts, loaded once and copied from then on."""
    layout = news(0)
    shutil.copytree(layout.root.with_name("parts-kept"), layout.root, symlinks=True)
    return layout


def of_runs(layout: Layout) -> list[list[dict[str, Any]]]:
    """What relations say of runs, but for the numbers of their commits."""
    sql = "SELECT * EXCLUDE (sequence) FROM {} ORDER BY ALL"
    return [query(layout, sql.format(relation)).to_pylist() for relation in ("runs", "polls")]


def test_parts_give_the_rows_of_one_load(parts: Layout, news: DailyNews) -> None:
    commits = query(parts, "SELECT commit_id, run_id, attempts FROM commits ORDER BY sequence")
    assert commits.to_pylist()[2:] == [
        {"commit_id": name, "run_id": run, "attempts": attempts}
        for name, run, attempts in (
            (RUN, RUN, 4),
            (f"{RUN}_2", RUN, 4),
            (OTHER, OTHER, 1),
            (f"{RUN}_3", RUN, 4),
        )
    ]
    check_snapshot(parts)
    of_parts = tables(parts, OF_COMMITS), of_runs(parts)
    whole = news(2)
    pages = [page for at, one in enumerate(ALL) for page in news_of(one.id, copies=at > 0)]
    loaded(whole, [stage(whole, RUN, pages), stage(whole, OTHER, [Page("front", "Anew.", 2, 60)])])
    assert (tables(whole, OF_COMMITS), of_runs(whole)) == of_parts


def test_a_part_adds_only_its_own_and_says_so(parts: Layout, reports: list[LoadReport]) -> None:
    first, second, *_ = reports
    assert (first.articles, second.articles, (first + second).articles) == (1, 2, 3)
    # The other run revised an article.
    assert (first.revised, second.revised, (first + second).revised) == (1, 1, 2)
    assert (first + second).run_ids == (RUN, OTHER)
    assert query(parts, "FROM captures").num_rows == 2 * 6 + 3 * 4 + 1


def test_articles_made_again_have_the_same_files(parts: Layout) -> None:
    kept = files(parts)
    numbers = {RUN: 1, f"{RUN}_2": 2, f"{RUN}_3": 3}

    def refined(commit: Commit) -> Run | None:
        number = numbers.get(commit.id)
        # Whoever refines it need not know which part it is.
        staged = number and part_of(parts, ORDER[number - 1], number)
        return replace(staged, parameters={}) if staged else None

    rebuild_articles(parts, refined)
    assert files(parts) == kept
    assert not parts.writer.exists()


def test_parts_are_compacted_and_taken_apart_again(parts: Layout) -> None:
    before = tables(parts, ("loads", "files"))
    compact(parts, NOW.date(), now=NOW)
    publish_files(parts, now=NOW)
    assert tables(parts, ("loads", "files")) == before
    check_snapshot(parts)
    assert not unnamed_files(parts)
    drop_retired(parts, NOW)
    rebuild_articles(parts, lambda commit: None)
    loaded(parts)
    assert tables(parts, ("loads", "files")) == before
    commits = read_commits(parts.commits)
    every = [file for commit in commits for file in commit.files]
    assert not any(parquet_problem(parts.root / one.path, one.rows, one.sha256) for one in every)
    assert len({one.path for one in every}) == len(every)


def test_a_backup_has_all_parts(parts: Layout, tmp_path: Path) -> None:
    back_up(parts, tmp_path / "copy")
    assert files(Layout(tmp_path / "copy")) == files(parts)


def test_what_a_killed_part_has_written_is_swept_away_alone(parts: Layout) -> None:
    kept = files(parts)
    mark_begun(parts.commits, f"{RUN}_4")
    half = parts.captures / f"{RUN}_4.0123456789ab.parquet"
    half.write_bytes(b"half")
    assert not unnamed_files(parts)
    assert sweep(parts) == [half]
    assert files(parts) == kept


def test_archives_are_kept_until_all_of_their_run_is_old(parts: Layout) -> None:
    for number, one in enumerate(ALL, 1):
        path = parts.raw / one.id / f"{RUN}.warc.gz"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"a" * number)
    assert not uncommitted_archives(parts, RUN)
    late = parts.raw / "it-carta" / f"{RUN}.warc.gz"
    late.parent.mkdir()
    late.touch()
    assert uncommitted_archives(parts, RUN) == [f"raw/it-carta/{RUN}.warc.gz"]
    assert next_part(parts.commits, RUN) == 4
    assert next_part(parts.commits, run_id(9)) == 1
    assert len(drop_archives(parts, days=1, megabytes=0)) == 4


def test_an_earlier_version_takes_no_part_for_a_run(parts: Layout) -> None:
    assert committed_runs(parts.commits)[-3:] == [f"{RUN}_2", f"{RUN}_3", OTHER]
    path = parts.commits / f"{RUN}_2.json"
    with pytest.raises(DocumentError, match="newer version"):
        decode(type(read_commit(parts.commits, RUN)), path.read_bytes(), path)


def test_a_part_that_could_not_be_loaded_is_loaded_with_the_next(
    prefect_api: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    layout = Layout(tmp_path / "data")
    installation = Installation(Settings(data=layout.root), layout, ALL, TOPICS)
    shutil.rmtree(layout.root, ignore_errors=True)

    @flow
    def ingest() -> LoadReport:
        loads = PartLoads(installation, RUN)

        def refined(source_id: str, number: int) -> None:
            (batch,) = part_of(layout, source_id, number).batches
            loads.refined.put(RefinedSource(Collected(source_id), batch))

        layout.root.mkdir()
        layout.definitions.write_text("{")
        refined("gb-post", 1)
        loads.load_early()
        assert not layout.current.exists()
        assert "loading failed" in caplog.text
        loads.load_early()  # nothing is ready: nothing is tried
        assert caplog.text.count("loading failed") == 1
        layout.definitions.unlink()
        refined("de-blatt", 2)
        loads.load_early()
        assert query(layout, "FROM articles").num_rows == 4
        loads.load_early()
        refined("fr-jour", 3)
        layout.definitions.write_text("{")
        with pytest.raises(DocumentError):
            loads.load_rest()
        return loads.report

    report = ingest()
    assert (report.load_no, report.run_ids, report.articles) == (1, (RUN,), 4)
    assert query(layout, "FROM runs").num_rows == 1
