"""Damage to each kind of file in a data folder is named, and never gives wrong or fewer rows."""

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from flows.cli.app import app
from flows.ingest import ingest
from tasks.collect.listing_cache import ListingCache
from tasks.load.load_run import load, rebuild_warehouse
from tasks.report.page import write_report
from tasks.upkeep.backup import BackupFailed, back_up
from tasks.upkeep.compaction import compact, drop_retired, publish_files
from tasks.upkeep.rebuild_articles import rebuild_articles
from tasks.upkeep.retention import drop_archives
from tasks.upkeep.verification import findings, verify
from tests.support.damage import KINDS, NOW, WAYS, DamagedFolder, damage, flip, newest
from tests.support.publishing import publish
from tests.support.saved_papers import Place
from tests.support.staged_pages import files, tables
from warehouse.layers.documents import DocumentError
from warehouse.layers.findings import LayersBroken
from warehouse.read.query import QueryError, query
from warehouse.read.source_health import source_health

pytestmark = pytest.mark.slow

DATABASES = ("warehouse/current/news.duckdb", "warehouse/writer/news.duckdb")
GROUPS: Sequence[Sequence[str]] = (
    [
        pattern
        for pattern in KINDS
        if not pattern.startswith("commits/") and pattern not in DATABASES
    ],
    ["commits/2*.json"],
    ["commits/compacted/articles*.json", *DATABASES],
)
"""What is damaged at once, and has to be named all the same."""
HARMLESS = {
    ("cache/listings/*/*.json", "deleted"),
    ("cache/listings/*/*.json", "older"),
}
"""A cached listing names the capture that it was made of."""
SUPERSEDED = {
    ("warehouse/current/manifest.json", "flipped"),
    ("warehouse/writer/news.duckdb", "emptied"),
    ("warehouse/writer/news.duckdb", "flipped"),
}
"""The next load makes an empty file of the loader again; a block counts when it is read."""
NAMED_BY = {
    ("removed.json", "deleted"): "raw/gb-post/20260301T060000Z-000000.warc.gz",
    ("removed.json", "older"): "raw/gb-post/20260302T060000Z-000001.warc.gz",
}
"""What is named instead of the file itself."""
EXPECTED = (BackupFailed, DocumentError, LayersBroken, QueryError)
"""What the command reports in a line."""
LAYERS: Sequence[Sequence[str]] = (
    ["articles/*/2*.parquet", "captures/2*.parquet", "stripped_blocks/2*.parquet"],
    [pattern for pattern in KINDS if pattern.startswith("vintages/")],
    *([pattern] for pattern in KINDS if pattern.startswith(("audits", "commits", "def", "topic"))),
)
"""Of the layers, what is looked at together."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> DamagedFolder:
    return DamagedFolder(tmp_path_factory.mktemp("damage"))


@pytest.fixture
def folder(made: DamagedFolder) -> Iterator[DamagedFolder]:
    yield made
    made.restore()


@pytest.fixture(scope="module")
def whole(made: DamagedFolder) -> Mapping[str, list[str]]:
    """All rows before any damage."""
    return rows(made)


def harm(folder: DamagedFolder, pattern: str, way: str) -> Path:
    """Damage the newest file of a kind; the path by which it is to be named."""
    path = newest(folder.layout.root, pattern)
    resolved = path.resolve() if pattern == "warehouse/current/news.duckdb" else path
    damage(path, way, folder.older(path))
    if "current/manifest" in pattern:
        return path.parent.resolve() / path.name
    return resolved


def rows(folder: DamagedFolder) -> Mapping[str, list[str]]:
    return tables(folder.layout, leave_out=("loads", "files"))


def rebuilt(folder: DamagedFolder) -> None:
    rebuild_warehouse(folder.layout, folder.topics, folder.sources)


def test_nothing_is_found_where_nothing_is_damaged(folder: DamagedFolder) -> None:
    done = verify(folder.layout)
    assert done.findings == ()
    assert done.files > 5
    assert done.references > 5


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("patterns", GROUPS, ids=lambda patterns: patterns[0].partition("/")[0])
def test_damage_is_named_with_its_remedy(
    folder: DamagedFolder, patterns: Sequence[str], way: str
) -> None:
    harmed = {pattern: harm(folder, pattern, way) for pattern in patterns}
    lines = list(map(str, findings(folder.layout)))
    for pattern, path in harmed.items():
        if (pattern, way) in HARMLESS:
            continue
        instead = NAMED_BY.get((pattern, way))
        named = folder.layout.root / instead if instead else path
        told = [line for line in lines if line.startswith((str(named), str(named.resolve())))]
        assert told, (pattern, lines)
        assert all("\n" not in line and "; " in line for line in told)


def test_findings_say_what_they_are_of(folder: DamagedFolder) -> None:
    archive = harm(folder, "raw/gb-post/*.warc.gz", "flipped")
    definitions = harm(folder, "definitions.json", "emptied")
    found = {finding.kind: finding for finding in findings(folder.layout)}
    assert (found["archive record"].file, found["definitions"].file) == (archive, definitions)
    assert found["archive record"].offset
    assert f"{archive.name}#{found['archive record'].offset}: " in str(found["archive record"])


@pytest.mark.parametrize("way", ["flipped", "deleted", "older"])
@pytest.mark.parametrize("patterns", LAYERS, ids=lambda patterns: patterns[0])
def test_the_warehouse_is_not_rebuilt_from_damaged_layers(
    folder: DamagedFolder, patterns: Sequence[str], way: str
) -> None:
    snapshot = folder.layout.current.resolve()
    paths = [harm(folder, pattern, way) for pattern in patterns]
    with pytest.raises(LayersBroken) as error:
        rebuilt(folder)
    assert all(str(path) in str(error.value) for path in paths)
    assert folder.layout.current.resolve() == snapshot
    assert folder.layout.writer.exists()


def test_a_readable_file_of_other_rows_is_not_loaded(folder: DamagedFolder) -> None:
    path = newest(folder.layout.root, "captures/2*.parquet")
    pq.write_table(pq.ParquetFile(path).read().slice(1), path)
    with pytest.raises(LayersBroken, match=f"{path.name}: does not have the checksum"):
        rebuilt(folder)


def test_a_missing_commit_is_noticed_without_a_warehouse(folder: DamagedFolder) -> None:
    shutil.rmtree(folder.layout.warehouse)
    path = harm(folder, "commits/2*.json", "deleted")
    for parquet in folder.layout.root.glob(f"*/**/{path.stem}.*.parquet"):
        parquet.unlink()
    with pytest.raises(LayersBroken, match=f"{path.name}: is not there, yet raw/"):
        rebuilt(folder)


def test_an_older_file_of_the_loader_is_made_again(
    folder: DamagedFolder, whole: Mapping[str, list[str]]
) -> None:
    harm(folder, "warehouse/writer/news.duckdb", "older")
    assert load(folder.layout, folder.topics, folder.sources, now=NOW).load_no
    publish(folder.layout)
    assert rows(folder) == whole
    assert list(findings(folder.layout)) == []


def test_a_load_does_not_make_it_from_damaged_layers(folder: DamagedFolder) -> None:
    harm(folder, "warehouse/writer/news.duckdb", "older")
    path = harm(folder, "captures/2*.parquet", "flipped")
    with pytest.raises(LayersBroken, match=path.name):
        load(folder.layout, folder.topics, folder.sources, now=NOW)


# How else the others may be damaged, test_json_documents.py asks their readers.
@pytest.mark.parametrize(
    ("pattern", "way"),
    [
        ("commits/2*.json", "flipped"),
        ("commits/compacted/articles*.json", "flipped"),
        ("definitions.json", "flipped"),
        ("topic_changes.json", "flipped"),
        ("removed.json", "flipped"),
        *(
            (pattern, way)
            for pattern in ("warehouse/current/manifest.json", *DATABASES)
            for way in ("flipped", "emptied")
        ),
    ],
)
def test_commands_work_or_name_the_file(folder: DamagedFolder, pattern: str, way: str) -> None:
    layout, target = folder.layout, folder.layout.root.with_name("backup")
    steps: Mapping[str, Callable[[], object]] = {
        "load": lambda: load(layout, folder.topics, folder.sources, now=NOW),
        "publish": lambda: publish(layout),
        "drop": lambda: drop_retired(layout, NOW),
        "compact": lambda: (compact(layout, NOW.date()), publish_files(layout)),
        "retention": lambda: drop_archives(layout, 0, 0),
        "backup": lambda: back_up(layout, target),
        "report": lambda: write_report(layout, layout.report),
        "sql": lambda: query(layout, "SELECT bit_xor(hash(c)) FROM captures AS c"),
        "health": lambda: source_health(layout),
        "articles": lambda: rebuild_articles(layout, folder.refine_commit),
    }
    path = harm(folder, pattern, way)
    refused = {name: told for name, step in steps.items() if (told := refusal(step))}
    shutil.rmtree(target, ignore_errors=True)
    assert all(path.name in told and "; " in told for told in refused.values()), refused
    assert refused or (pattern, way) in SUPERSEDED


def refusal(step: Callable[[], object]) -> str:
    """The line with which a command would end; empty where it does its work."""
    try:
        step()
    except EXPECTED as error:
        return str(error)
    return ""


def test_rebuilt_articles_repair_parquet_files(
    folder: DamagedFolder, whole: Mapping[str, list[str]]
) -> None:
    """And a damaged warehouse is made again from them."""
    for pattern, way in zip(DATABASES, ("older", "flipped"), strict=True):
        harm(folder, pattern, way)
    harm(folder, "captures/2*.parquet", "flipped")
    harm(folder, "articles/*/2*.parquet", "deleted")
    rebuild_articles(folder.layout, folder.refine_commit)
    rebuilt(folder)
    assert rows(folder) == whole
    assert list(findings(folder.layout)) == []


def test_a_damaged_archive_file_costs_no_rows(
    folder: DamagedFolder, whole: Mapping[str, list[str]]
) -> None:
    layers = {}
    for way in WAYS:
        folder.restore()
        harm(folder, "raw/gb-post/*.warc.gz", way)
        _, lost = rebuild_articles(folder.layout, folder.refine_commit)
        assert lost == []
        layers[way] = files(folder.layout)
    # The warehouse is made from these files alone, so one load stands for all ways.
    assert layers == dict.fromkeys(WAYS, layers[WAYS[0]])
    rebuilt(folder)
    assert rows(folder) == whole


def test_a_record_lost_in_all_layers_is_named(
    folder: DamagedFolder, caplog: pytest.LogCaptureFixture
) -> None:
    archive = harm(folder, "raw/gb-post/*.warc.gz", "flipped")
    harm(folder, "captures/2*.parquet", "deleted")
    with caplog.at_level(logging.WARNING):
        _, lost = rebuild_articles(folder.layout, folder.refine_commit)
    assert {(each.file, each.kind) for each in lost} == {(archive, "archive record")}
    assert any(f"{archive}#" in record.getMessage() for record in caplog.records)


def test_a_run_in_no_layer_stops_the_rebuild(folder: DamagedFolder) -> None:
    harm(folder, "raw/gb-post/*.warc.gz", "deleted")
    path = harm(folder, "captures/2*.parquet", "flipped")
    with pytest.raises(LayersBroken, match=path.name):
        rebuild_articles(folder.layout, folder.refine_commit)


def test_a_good_backup_is_not_replaced_by_a_damaged_file(folder: DamagedFolder) -> None:
    target = folder.layout.root.with_name("backup")
    back_up(folder.layout, target)
    path = harm(folder, "raw/gb-post/*.warc.gz", "truncated")
    with pytest.raises(BackupFailed, match=f"{path.name} is shorter than"):
        back_up(folder.layout, target)
    shutil.rmtree(target)


def test_a_damaged_cached_listing_is_made_again(
    folder: DamagedFolder, caplog: pytest.LogCaptureFixture
) -> None:
    path = newest(folder.layout.root, "cache/listings/gb-post/*.json")
    flip(path)
    assert ListingCache(folder.layout, "gb-post", "").get("https://gb-post.test/feed", "") is None
    assert f"{path} is damaged" in caplog.text


def command(place: Place, *words: str) -> Result:
    options = [f"--{name.removesuffix('_file')}={value}" for name, value in place.files.items()]
    return CliRunner().invoke(app, [*words, *options])


def test_the_command_says_it_in_a_line(prefect_api: str, tmp_path: Path) -> None:
    """And a lost warehouse is rebuilt before anything is collected."""
    place = Place(tmp_path)
    place.ingest(0)
    before = tables(place.layout, leave_out=("loads", "files", "runs", "captures"))
    shutil.rmtree(place.layout.warehouse)
    done = ingest(**place.files)
    assert [source.outcomes for source in done.sources] == [{}, {}]
    assert tables(place.layout, leave_out=("loads", "files", "runs", "captures")) == before
    flip(place.layout.definitions)
    told = command(place, "ingest")
    assert told.exit_code == 1
    assert f"{place.layout.definitions} is damaged" in told.stderr
    assert "Traceback" not in told.stderr
    path = min(place.layout.commits.glob("2*.json"))
    flip(path)
    for words in (["rebuild", "warehouse"], ["maintain"], ["maintain", "--verify"]):
        told = command(place, *words)
        assert told.exit_code == 1, words
        assert f"{path}" in told.stderr
        assert "Traceback" not in told.stderr
