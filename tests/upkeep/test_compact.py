"""Compaction: one file a closed day, the same rows for everyone, whatever is killed meanwhile."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.load.load_run import load
from tasks.upkeep.compaction import Compacted, compact, drop_retired, publish_files
from tasks.upkeep.rebuild_articles import rebuild_articles
from tasks.upkeep.retention import drop_snapshots
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS, Page, listing, prose, stage, tables
from warehouse.build.checks_runner import CheckFailed
from warehouse.damage.layer_findings import require_whole_layers
from warehouse.layers.compactions import read_compactions
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 20, tzinfo=UTC)
CLOSED = date(2026, 3, 4)


def run_id(number: int) -> str:
    return f"202603{2 + number // 4:02}T{number % 4:02}0000Z-{number:06x}"


def pages(number: int) -> list[Page]:
    """Four runs a day: a new page, one without a day, one that changes, one that comes late."""
    hour, day = 6.0 * number, number // 4
    return [
        listing(hour=hour),
        Page(f"new-{number}", prose(number) + " harvest", day, hour + 1, stripped=["Join us"]),
        Page(f"undated-{number}", prose(900 + number), None, hour + 1),
        Page("front", f"The G20 story as of run {number}.", 0, hour + 1),
        Page(f"late-{number}", prose(500 + number), 1, hour + 2, "de-blatt"),
    ]


def ingest(layout: Layout, *numbers: int) -> None:
    """Load the runs together, with files of its own for each."""
    runs = [stage(layout, run_id(number), pages(number)) for number in numbers]
    load(layout, TOPICS, SOURCES, runs, now=NOW)
    publish(layout)


def compacted(layout: Layout, closed: date = CLOSED) -> Compacted:
    done = compact(layout, closed, now=NOW)
    publish_files(layout, now=NOW)
    return done


def manifest(layout: Layout) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        (layout.current.parent / "manifest.json").read_bytes()
    )["files"]
    return found


def on_disk(layout: Layout) -> set[str]:
    folders = (layout.articles, layout.captures, layout.stripped_blocks)
    paths = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(layout.root).as_posix() for path in paths}


def rows(layout: Layout) -> dict[str, list[str]]:
    return tables(layout, leave_out=("loads", "files"))


def listed(layout: Layout, layer: str = "articles") -> list[str]:
    return [str(layout.root / f["path"]) for f in manifest(layout) if f["layer"] == layer]


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    folder = tmp_path_factory.mktemp("ingested")
    return KeptFolder(folder, lambda layout: ingest(layout, *range(10)))


@pytest.fixture
def layout(ingested: KeptFolder) -> Layout:
    """The installation of ten runs, as it was."""
    return ingested.restored()


@pytest.fixture(scope="module")
def before(ingested: KeptFolder) -> dict[str, list[str]]:
    """Its rows."""
    return rows(ingested.restored())


@pytest.fixture(scope="module")
def undisturbed(ingested: KeptFolder) -> dict[str, list[str]]:
    """The rows after runs 10 and 11, too."""
    apart = ingested.restored()
    ingest(apart, 10, 11)
    return rows(apart)


def test_a_closed_day_is_one_file(layout: Layout, before: dict[str, list[str]]) -> None:
    done = compacted(layout)

    names = Counter(Path(path).parent.name for path in listed(layout))
    assert names == {
        "published_date=2026-03-02": 1,
        "published_date=2026-03-03": 1,
        "published_date=2026-03-04": 2,
        "published_date=__HIVE_DEFAULT_PARTITION__": 1,
    }
    assert len(listed(layout, "captures")) == len(listed(layout, "stripped_blocks")) == 1
    assert (done.days, done.files_before, done.files_after) == (5, 10 * 5, 5)
    assert done.bytes_after < done.bytes_before / 3
    assert rows(layout) == before
    assert compacted(layout).days == 0


def test_the_lock_is_released_between_days(layout: Layout, before: dict[str, list[str]]) -> None:
    assert compact(layout, CLOSED, now=NOW, seconds=0).days == 5
    publish_files(layout, now=NOW)
    assert rows(layout) == before


def test_replaced_files_stay_for_their_readers(layout: Layout) -> None:
    old = on_disk(layout)
    con = duckdb.connect(str(layout.current.resolve()), read_only=True)
    bodies = "SELECT article_id, version_no, body FROM article_version_texts ORDER BY ALL"
    seen = con.execute(bodies).fetchall()
    compacted(layout)

    assert drop_retired(layout, NOW - timedelta(hours=1)) == []
    assert drop_retired(layout, NOW) == [], "snapshots still list them"
    assert old < on_disk(layout)
    assert con.execute(bodies).fetchall() == seen
    con.close()
    assert [path.name for path in drop_snapshots(layout, datetime.now(UTC))]
    gone = drop_retired(layout, NOW)
    assert len(gone) == 50
    assert on_disk(layout) == {file["path"] for file in manifest(layout)}
    with duckdb.connect(str(layout.current.resolve()), read_only=True) as con:
        assert con.execute(bodies).fetchall() == seen
    assert [old for each in read_compactions(layout.commits) for old in each.retired] == []


def test_a_load_that_failed_keeps_its_files_until_they_are_loaded_and_compacted_with_the_rest(
    layout: Layout, undisturbed: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs that are committed and not published yet are read by the next load, each by itself."""

    def fail(*_: object, **__: object) -> None:
        raise CheckFailed("made", "nothing", [])

    with monkeypatch.context() as patched:
        patched.setattr("tasks.load.load_run.run_checks", fail)
        with pytest.raises(CheckFailed):
            ingest(layout, 10)
    compacted(layout)
    ingest(layout, 11)
    assert rows(layout) == undisturbed

    assert compacted(layout).files_before == 3 * 5
    assert compacted(layout, date(2026, 3, 9)).files_before == 4
    assert rows(layout) == undisturbed


def test_large_files_stay_as_they_are(
    layout: Layout, before: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The smaller ones are gathered until the limit, again as long as that makes them fewer."""
    day = [file for file in manifest(layout) if file["published_date"] == "2026-03-02"]
    monkeypatch.setattr(
        "tasks.upkeep.compaction.LARGE_BYTES", 4 * max(file["bytes"] for file in day)
    )
    compacted(layout)
    files = [file for file in manifest(layout) if file["published_date"] == "2026-03-02"]
    assert 1 < len(files) < 4
    while compacted(layout).days:
        pass
    assert rows(layout) == before


def test_a_broken_file_is_named_and_its_day_left_alone(layout: Layout) -> None:
    path = layout.root / next(f["path"] for f in manifest(layout) if "03-03" in f["path"])
    path.write_bytes(path.read_bytes()[:-9] + b"123456789")
    done = compacted(layout)

    assert list(done.broken.values()) == [f"{path}: does not have the checksum that was committed"]
    assert done.days == 4
    assert sum("published_date=2026-03-03" in path for path in listed(layout)) == 10


def test_a_rebuild_that_cannot_redo_a_run_keeps_its_rows(
    layout: Layout, before: dict[str, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    compacted(layout)
    drop_snapshots(layout, datetime.now(UTC))
    drop_retired(layout, NOW)
    gone = {run_id(number) for number in range(5)}
    again = {
        run_id(number): stage(layout, run_id(number), pages(number)) for number in range(5, 10)
    }
    rebuild_articles(layout, lambda commit: again.get(commit.id))
    load(layout, TOPICS, SOURCES, now=NOW)
    publish(layout)

    assert rows(layout) == before
    kept = {text.split()[1] for text in caplog.messages if "keeps its rows" in text}
    assert kept == gone
    assert on_disk(layout) == {file["path"] for file in manifest(layout)}
    assert compacted(layout).days == 5
    assert rows(layout) == before


@pytest.mark.soak
def test_loads_go_on_beside_compaction(layout: Layout, undisturbed: dict[str, list[str]]) -> None:
    def load_apart() -> None:
        for number in (10, 11):
            ingest(layout, number)

    with ThreadPoolExecutor(1) as beside:
        loading = beside.submit(load_apart)
        days: list[int] = []
        while not loading.done():
            closed = date(2026, 3, 3) + timedelta(days=len(days) % 4)
            days.append(compact(layout, closed, now=NOW).days)
            publish_files(layout, now=NOW)
            wait([loading], timeout=0.3)
        loading.result()
    assert sum(days) > 2
    assert rows(layout) == undisturbed
    require_whole_layers(layout)
