"""Damage to each kind of file in the data folder is found and named."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.maintain import maintain
from flows.rebuild import rebuild
from tasks.upkeep.retention import drop_archives
from tasks.upkeep.verification import verify
from tests.support.saved_papers import Place
from tests.support.staged_pages import tables
from warehouse.build.publish import BLOCK, HEADERS
from warehouse.layers.findings import LayersBroken
from warehouse.read.query import QueryError

pytestmark = pytest.mark.slow

TOPIC = """[[topic]]
id = "g20"
name = "G20"
aliases = [{aliases}]
"""


@pytest.fixture(scope="module")
def ingested(prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Runs of which one has no archive any more, a compacted day, a changed topic."""
    place = Place(tmp_path_factory.mktemp("damage"))
    topics = place.root / "topics.toml"
    place.files["topics_file"] = str(topics)
    topics.write_text(TOPIC.format(aliases='"G20"'))
    for number in range(3):
        place.ingest(number)
    maintain(**place.files)
    topics.write_text(TOPIC.format(aliases='"G20", "harbour"'))
    place.ingest(3)
    oldest = min(path.name for path in place.layout.raw.glob("*/*.warc.gz"))
    begun = datetime.strptime(oldest[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert drop_archives(place.layout, 1, 0, now=begun + timedelta(days=1, seconds=1))
    shutil.copytree(place.root, place.root.with_name("kept-whole"), symlinks=True)
    return place


@pytest.fixture
def place(ingested: Place) -> Place:
    shutil.rmtree(ingested.root)
    shutil.copytree(ingested.root.with_name("kept-whole"), ingested.root, symlinks=True)
    return ingested


def rows(place: Place) -> dict[str, list[str]]:
    return tables(place.layout, leave_out=("loads", "files"))


def newest(place: Place, pattern: str) -> Path:
    """The last file of a pattern by name."""
    return max(place.layout.root.glob(pattern), key=lambda path: path.name)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    if path.suffix == ".duckdb":  # the middle may be in a free block
        with duckdb.connect(str(path), read_only=True) as con:
            sql = "SELECT max(block_id) FROM pragma_storage_info('captures')"
            [(block,)] = con.execute(sql).fetchall()
        at = HEADERS + block * BLOCK + 1000
    data[at] ^= 0x55
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def alter(path: Path) -> None:
    """Readable, with other rows."""
    table = pq.ParquetFile(path).read()
    pq.write_table(table.slice(0, 0), path)


KINDS = (
    "raw/gb-post/*.warc.gz",
    "articles/*/2*.parquet",
    "captures/2*.parquet",
    "commits/2*.json",
    "commits/compacted/articles*.json",
    "definitions.json",
    "topic_changes.json",
    "removed.json",
    "vintages/attention_index/*.parquet",
    "vintages/index_notes/*.parquet",
    "warehouse/current/manifest.json",
    "warehouse/current/news.duckdb",
    "warehouse/writer/news.duckdb",
)


@pytest.mark.parametrize("harm", [flip, truncate, empty, Path.unlink])
@pytest.mark.parametrize("pattern", KINDS)
def test_each_kind_of_damage_is_named(
    place: Place, pattern: str, harm: Callable[[Path], None]
) -> None:
    path = newest(place, pattern)
    harm(path)
    try:
        found = list(map(str, verify(place.layout).findings))
    except QueryError as error:
        found = [str(error)]
    # Without the list of what was removed, what was removed is missing.
    lost = harm is Path.unlink and pattern == "removed.json"
    names = (".warc.gz: is not there",) if lost else (str(path), str(path.resolve()))
    assert any(name in line for line in found for name in names), found
    told = [line for line in found if str(path) in line]
    assert all("\n" not in line and ("; " in line or ": run `" in line) for line in told)


def test_nothing_is_found_where_nothing_is_damaged(place: Place) -> None:
    assert verify(place.layout).findings == ()


def command(place: Place, *words: str) -> tuple[int, str]:
    options = [
        *("--sources", place.files["sources_file"]),
        *("--topics", place.files["topics_file"]),
        *("--data", place.files["data"]),
    ]
    done = CliRunner().invoke(app, [*words, *options])
    return done.exit_code, done.stderr


@pytest.mark.parametrize(
    ("pattern", "harm"),
    [
        ("captures/2*.parquet", alter),
        ("commits/2*.json", Path.unlink),
        ("commits/2*.json", truncate),
        ("definitions.json", flip),
    ],
)
def test_the_warehouse_is_not_rebuilt_from_damaged_layers(
    place: Place, pattern: str, harm: Callable[[Path], None]
) -> None:
    before, path = rows(place), newest(place, pattern)
    harm(path)
    status, error = command(place, "rebuild", "warehouse")
    assert status == 1
    assert f"{path}" in error
    assert "Traceback" not in error
    assert rows(place) == before


@pytest.mark.parametrize("harm", [flip, alter, Path.unlink])
def test_rebuilt_articles_repair_a_parquet_file(place: Place, harm: Callable[[Path], None]) -> None:
    before, path = rows(place), newest(place, "captures/2*.parquet")
    harm(path)
    rebuild("articles", **place.files)
    assert rows(place) == before
    assert verify(place.layout).findings == ()


def test_a_parquet_file_without_an_archive_stops_the_rebuild(place: Place) -> None:
    path = min(place.layout.captures.glob("*.parquet"), key=lambda path: path.name)
    for each in place.layout.captures.glob("*.parquet"):
        flip(each)
    for each in place.layout.raw.glob("*/*.warc.gz"):
        each.unlink()
    with pytest.raises(LayersBroken, match=path.parent.name):
        rebuild("articles", **place.files)


def test_a_lost_commit_comes_back_with_the_articles(place: Place) -> None:
    before, path = rows(place), newest(place, "commits/2*.json")
    path.unlink()
    with pytest.raises(LayersBroken, match="is not there, yet the run is loaded"):
        place.ingest(3)
    rebuild("articles", **place.files)
    assert rows(place) == before
    assert verify(place.layout).findings == ()


def test_a_damaged_record_costs_itself_only(place: Place) -> None:
    before, path = rows(place), newest(place, "raw/gb-post/*.warc.gz")
    flip(path)
    rebuild("articles", **place.files)  # the run keeps its rows
    assert rows(place) == before
    place.ingest(4)
    articles = len(rows(place)["articles"])
    newest(place, f"captures/{path.name.partition('.')[0]}*.parquet").unlink()
    with pytest.raises(LayersBroken, match=rf"{path.name}#\d+: .*the record is lost"):
        rebuild("articles", **place.files)
    assert len(rows(place)["articles"]) >= articles - 1
    place.ingest(5)


def test_a_lost_warehouse_is_rebuilt_before_anything_is_collected(place: Place) -> None:
    before = rows(place)
    shutil.rmtree(place.layout.warehouse)
    done = place.ingest(3)
    assert [source.outcomes for source in done.sources] == [{}, {}]
    assert rows(place) == before
