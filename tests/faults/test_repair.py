"""Each kind of file, damaged in each way and repaired: nothing is lost, or it is named."""

import shutil
from collections.abc import Sequence
from functools import partial

import pytest

from tasks.load.load_run import load
from tasks.model import Batch, Outcome
from tasks.upkeep.backup import BackupFailed, back_up
from tasks.upkeep.repair.repair import repair
from tasks.upkeep.repair.report import Repaired
from tasks.upkeep.verification import findings
from tests.support.archived_news import (
    NOW,
    archive_of,
    load_runs_again,
    make,
    refine_commit,
    run_id,
)
from tests.support.damage import KINDS, DamagedFolder, damage, newest
from tests.support.publishing import publish
from tests.support.staged_pages import tables
from warehouse.layers.commits import Commit
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

LAST = run_id(4)
# Kinds that are damaged in one case: a repair takes two seconds, and none is made from another.
TOGETHER = (
    (
        *("raw/gb-post/*.warc.gz", "definitions.json", "topic_changes.json", "removed.json"),
        *("audits/*/sample.json", "audits/*/2*.json", "warehouse/current/manifest.json"),
        *("vintages/attention_index_local/*.parquet", "vintages/index_notes/*.parquet"),
        *("stripped_blocks/2*.parquet", "commits/2*.json", "cache/listings/*/*.json"),
        "warehouse/writer/news.duckdb",
    ),
    (
        *("articles/*/2*.parquet", "captures/2*.parquet", "commits/compacted/articles*.json"),
        *("vintages/attention_index/*.parquet", "warehouse/current/news.duckdb"),
    ),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Layout, dict[str, list[str]]]:
    """A data folder, and all its tables before any damage."""
    layout = Layout(tmp_path_factory.mktemp("repair") / "data")
    make(layout)
    shutil.copytree(layout.root, layout.root.with_name("whole"), symlinks=True)
    return layout, rows(layout)


@pytest.fixture(scope="module")
def whole(made: tuple[Layout, dict[str, list[str]]]) -> dict[str, list[str]]:
    return made[1]


@pytest.fixture
def layout(made: tuple[Layout, dict[str, list[str]]]) -> Layout:
    """The data folder as it was made, at its place: a moved one is loaded again."""
    layout, _ = made
    shutil.rmtree(layout.root)
    shutil.copytree(layout.root.with_name("whole"), layout.root, symlinks=True)
    return layout


def rows(layout: Layout) -> dict[str, list[str]]:
    return tables(layout, leave_out=("loads", "files"))


def repaired(layout: Layout) -> Repaired:
    """Repair, which ends when verification finds nothing any more."""
    return repair(layout, partial(refine_commit, layout), partial(load_runs_again, layout))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DamagedFolder:
    """A data folder with a file of each kind."""
    return DamagedFolder(tmp_path_factory.mktemp("kinds"))


@pytest.fixture(scope="module")
def expected(folder: DamagedFolder) -> dict[str, list[str]]:
    """All its tables before any damage."""
    return rows(folder.layout)


EMPTIED, WRITER = "warehouse/current/news.duckdb", "warehouse/writer/news.duckdb"


# An empty file is as unreadable as a truncated one, except a database: the snapshot is emptied in
# the case of truncated files, and truncated in test_many_kinds_of_damage_are_repaired_together. The
# writer's file, which takes a rebuild, is emptied in test_damage_named.py, cut in test_load.py, and
# deleted with the warehouse below.
@pytest.mark.parametrize(
    "way",
    [
        "flipped",
        *(pytest.param(way, marks=pytest.mark.soak) for way in ("truncated", "deleted", "older")),
    ],
)
@pytest.mark.parametrize("patterns", TOGETHER)
def test_what_is_damaged_is_as_it_was(
    folder: DamagedFolder, expected: dict[str, list[str]], patterns: tuple[str, ...], way: str
) -> None:
    folder.restore()
    layout = folder.layout
    for pattern in patterns:
        if pattern == WRITER and way in ("truncated", "deleted"):
            continue
        path = newest(layout.root, pattern)
        is_emptied = way == "truncated" and pattern == EMPTIED
        damage(path, "emptied" if is_emptied else way, folder.older(path))

    def refined(_: str, commit: Commit) -> Sequence[Batch]:
        run = folder.refine(commit.run_id)
        return run.batches if run else ()

    def load_again(_: Sequence[str]) -> None:
        load(layout, folder.topics, folder.sources, now=NOW, processes=1)
        publish(layout)

    done = repair(layout, refined, load_again)
    assert rows(layout) == expected
    # Only archives hold what is in no other layer.
    assert all("its rows stay in Parquet" in what for what in done.lost.values())
    assert not done.lost or patterns[0].startswith("raw/")


def test_each_kind_is_damaged() -> None:
    assert sorted(pattern for patterns in TOGETHER for pattern in patterns) == sorted(KINDS)


def lose_archives(layout: Layout, name: str) -> None:
    for path in layout.raw.glob(f"*/{name}.warc.gz"):
        path.unlink()


def states(layout: Layout, day: str) -> dict[str, str]:
    sql = f"SELECT source_id, state FROM coverage WHERE day = '{day}'"
    return {row["source_id"]: row["state"] for row in query(layout, sql).to_pylist()}


def test_rows_that_no_layer_holds_are_lost_and_no_others(layout: Layout) -> None:
    """Their days are missing, and later versions of their articles have other numbers."""
    versions = "SELECT version_no, body_sha256, run_id FROM article_versions"
    versions += " WHERE url_requested = 'https://gb-post.test/{}' ORDER BY version_no"
    front, swing = (query(layout, versions.format(page)).to_pylist() for page in ("front", "swing"))
    lost = run_id(3)
    copy = Layout(layout.root.with_name("copy"))
    back_up(layout, copy.root)
    for name in (lost, LAST):
        lose_archives(layout, name)
    for gone in layout.articles.glob(f"*/{lost}.*.parquet"):
        gone.unlink()
    [path] = layout.articles.glob(f"published_date=2026-03-06/{LAST}.*.parquet")
    content = path.read_bytes()[:-100]
    path.write_bytes(content)
    done = repaired(layout)
    assert "quarantined; 2 rows" in done.lost[str(path)]
    assert any(f"/{lost}." in file for file in done.lost)
    assert (layout.quarantine / path.relative_to(layout.root)).read_bytes() == content
    assert not path.exists()
    assert states(layout, "2026-03-06") == {"gb-post": "missing", "de-blatt": "missing"}
    sql = "SELECT articles FROM topic_daily WHERE day = '2026-03-06'"
    assert {row["articles"] for row in query(layout, sql).to_pylist()} <= {None, 0}
    sql = "SELECT outcome FROM captures WHERE url_requested LIKE '%/new-4'"
    assert {row["outcome"] for row in query(layout, sql).to_pylist()} == {Outcome.LOST}
    after = query(layout, versions.format("front")).to_pylist()
    assert [row["version_no"] for row in after] == [1, 2, 3]
    texts = [row["body_sha256"] for row in front if row["run_id"] != lost]
    assert [row["body_sha256"] for row in after] == texts
    # Its last text is that of the version before the lost one: it has not changed.
    assert query(layout, versions.format("swing")).to_pylist() == swing[:3]
    sql = "SELECT outcome, version_no FROM captures WHERE url_requested LIKE '%gb-post%/swing'"
    seen = query(layout, f"{sql} AND run_id = '{LAST}'").to_pylist()
    assert seen == [{"outcome": Outcome.UNCHANGED, "version_no": 3}]
    with pytest.raises(BackupFailed, match=f"has lost: .*pages? of run {lost}.*, 2 pages of"):
        back_up(layout, copy.root)
    assert (copy.root / path.relative_to(layout.root)).exists()


def test_damaged_records_cost_themselves_only(layout: Layout, whole: dict[str, list[str]]) -> None:
    """With the Parquet file gone too, the rows of a record are lost, and no others."""
    path, cut = archive_of(layout, "gb-post", 4), archive_of(layout, "de-blatt", 4)
    place = query(
        layout,
        "SELECT raw_ref FROM captures WHERE url_requested = 'https://gb-post.test/new-4'",
    )
    offset = int(place["raw_ref"][0].as_py().rpartition("#")[2])
    content = bytearray(path.read_bytes())
    content[offset + 100] ^= 0x55
    path.write_bytes(content)
    cut.write_bytes(cut.read_bytes()[:-1])
    found = [finding.kind for finding in findings(layout) if finding.file == cut]
    assert found == ["archive record"]
    done = repaired(layout)
    last, damaged = sorted(done.lost)
    assert last.startswith(f"{cut}#")
    assert damaged == f"{path}#{offset}"
    assert rows(layout) == whole
    assert (layout.quarantine / f"raw/gb-post/{path.name}#{offset}").exists()
    [parquet] = layout.articles.glob(f"published_date=2026-03-06/{LAST}.*.parquet")
    parquet.unlink()
    done = repaired(layout)
    assert "1 row" in done.lost[str(parquet)]
    assert states(layout, "2026-03-06") == {"gb-post": "missing", "de-blatt": "partial"}


@pytest.mark.soak
def test_captures_are_restored_from_articles_where_nothing_else_knows_them(layout: Layout) -> None:
    lose_archives(layout, LAST)
    for path in layout.captures.glob(f"{LAST}.*.parquet"):
        path.unlink()
    shutil.rmtree(layout.warehouse)
    done = repaired(layout)
    assert any("captures/" in file for file in done.lost)
    sql = f"SELECT outcome FROM captures WHERE run_id = '{LAST}'"
    outcomes = {row["outcome"] for row in query(layout, sql).to_pylist()}
    assert outcomes <= {Outcome.ARTICLE, Outcome.REVISED}


def test_without_a_warehouse_files_and_archives_are_enough(
    layout: Layout, whole: dict[str, list[str]]
) -> None:
    shutil.rmtree(layout.warehouse)
    for kind, number in {"captures": 3, "articles": 2}.items():
        [*paths] = (layout.root / kind).rglob(f"{run_id(number)}.*")
        assert paths
        for path in paths:
            path.unlink()
    # Of the last run only the archives are left.
    [*paths] = [path for path in layout.root.rglob(f"{LAST}.*") if path.suffix != ".gz"]
    assert len(paths) > 2
    for path in paths:
        path.unlink()
    assert not repaired(layout).lost
    found = rows(layout)
    for table in whole:
        # The time of a run's end is in its commit only.
        unknown = LAST if table in ("commits", "runs") else "no row"
        now, then = ([row for row in each[table] if unknown not in row] for each in (found, whole))
        assert now == then, table


@pytest.mark.soak
def test_damaged_commits_are_made_again_without_a_warehouse(
    layout: Layout, whole: dict[str, list[str]]
) -> None:
    shutil.rmtree(layout.warehouse)
    # The first day has compacted files.
    for name, way in {LAST: "truncated", run_id(1): "flipped", run_id(0): "emptied"}.items():
        damage(layout.commits / f"{name}.json", way)
    damage(newest(layout.root, "articles/*/2*.parquet"), "truncated")
    assert not repaired(layout).lost
    assert list(findings(layout)) == []
    found = rows(layout)
    # When a run ended, and by which version, is in its commit only.
    assert {table for table in whole if found[table] != whole[table]} == {"commits", "runs"}


@pytest.mark.soak
def test_a_run_of_which_only_archives_are_left_is_found_behind_damaged_commits(
    layout: Layout, whole: dict[str, list[str]]
) -> None:
    shutil.rmtree(layout.warehouse)
    damage(layout.commits / f"{run_id(1)}.json", "flipped")
    for path in [path for path in layout.root.rglob(f"{LAST}.*") if path.suffix != ".gz"]:
        path.unlink()
    assert not repaired(layout).lost
    assert list(findings(layout)) == []
    assert rows(layout)["articles"] == whole["articles"]


def test_many_kinds_of_damage_are_repaired_together(
    layout: Layout, whole: dict[str, list[str]]
) -> None:
    for pattern in (
        *("articles/*/2*.parquet", "captures/2*.parquet", "commits/2*.json"),
        *("commits/compacted/articles*.json", "definitions.json", "topic_changes.json"),
        *("vintages/attention_index/*.parquet", "warehouse/current/news.duckdb"),
    ):
        damage(newest(layout.root, pattern), "truncated")
    # Of the first day, of which there are a compacted file and its record.
    damage(layout.commits / f"{run_id(0)}.json", "emptied")
    repaired(layout)
    assert list(findings(layout)) == []
    assert rows(layout) == whole


def test_nothing_is_done_where_nothing_is_damaged(layout: Layout) -> None:
    before = sorted(layout.root.rglob("*"))
    assert str(repaired(layout)) == "nothing to repair"
    assert sorted(layout.root.rglob("*")) == before
