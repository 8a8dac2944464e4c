"""The nightly upkeep over real archives: what it removes, what it finds, what it tells."""

import asyncio
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from typer.testing import CliRunner

from flows.cli.app import app
from flows.maintain import Maintained, ledger, maintain
from flows.rebuild import rebuild
from tasks.locks.run_locks import run_lock
from tasks.upkeep.compaction import Compacted
from tasks.upkeep.retention import drop_archives, drop_leftovers
from tasks.upkeep.task import Removed
from tasks.upkeep.verification import Verified, verify
from tests.support.saved_papers import Place
from tests.support.staged_pages import tables
from warehouse.layers.findings import LayersBroken, make_finding
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError, query
from warehouse.store.archive_files import removed_archives

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ingested(prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("ingested"))
    for number in (0, 2):  # of the same day
        place.ingest(number)
    shutil.copytree(place.root, place.root.with_name("kept"), symlinks=True)
    return place


@pytest.fixture
def place(ingested: Place) -> Place:
    """The installation as it was after its two runs."""
    shutil.rmtree(ingested.root)
    shutil.copytree(ingested.root.with_name("kept"), ingested.root, symlinks=True)
    return ingested


def rows_of(place: Place) -> dict[str, list[str]]:
    return tables(place.layout, leave_out=("loads", "files"))


def archives(place: Place) -> list[Path]:
    """The oldest first; two a run."""
    return sorted(place.layout.raw.glob("*/*.warc.gz"), key=lambda path: path.name)


def options(place: Place) -> list[str]:
    return ["--sources", place.files["sources_file"], "--data", place.files["data"]]


def test_a_night_compacts_verifies_and_leaves_a_ledger(place: Place) -> None:
    before = rows_of(place)
    state = maintain(**place.files, return_state=True)
    done = state.result()
    assert (state.message or "").startswith(f"compacted: {done.compacted}; removed: ")

    assert rows_of(place) == before
    assert done.verified.findings == ()
    assert (done.verified.references, done.verified.removed) == (4, 0)
    shown = ledger(done)
    assert "| compacted | 1 day and layer, 2 files (" in shown
    assert "| removed | nothing |" in shown
    assert "4 archive places" in shown
    assert asyncio.run(artifact("maintain-ledger")) == shown
    again = CliRunner().invoke(app, ["maintain", *options(place)])
    assert again.exit_code == 0
    assert "nothing broken" in " ".join(again.stdout.split())
    assert "| compacted | nothing to compact |" in asyncio.run(artifact("maintain-ledger"))
    place.ingest(3)
    assert len(query(place.layout, "FROM article_texts")) == 6


async def artifact(key: str) -> str:
    async with get_client() as client:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        found = await client.read_artifacts(artifact_filter=wanted)
    return str(max(found, key=lambda each: str(each.created)).data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def shift(path: Path) -> None:
    path.write_bytes(b"\0" + path.read_bytes())


def lose_rows(path: Path) -> None:
    pq.write_table(pq.ParquetFile(path).read().slice(1), path)


BROKEN: list[tuple[str, Callable[[Path], None], str]] = [
    ("articles/*3-02/*.parquet", cut, "does not have the checksum that was committed"),
    ("captures/*.parquet", lose_rows, "does not have the checksum that was committed"),
    ("captures/*.parquet", Path.unlink, "is not there"),
    ("raw/gb-post/*.warc.gz", Path.unlink, "is not there; restore it from a backup"),
    ("warehouse/current/manifest.json", Path.unlink, "is not there; `presswatch repair` makes"),
    ("warehouse/writer/news.duckdb", Path.unlink, "is not there; the next load"),
]


def test_each_finding_names_its_file(place: Place) -> None:
    harmed: dict[Path, str] = {}
    for files, harm, problem in BROKEN:
        found = (path.resolve() for path in sorted(place.layout.root.glob(files)))
        harmed[file := next(path for path in found if path not in harmed)] = problem
        harm(file)
    findings = verify(place.layout).findings
    assert len(findings) == len(harmed)
    told = {finding.file.resolve(): str(finding) for finding in findings}
    assert told.keys() == harmed.keys()
    assert [file for file, problem in harmed.items() if problem not in told[file]] == []


def test_a_commit_that_is_gone_is_a_finding(place: Place) -> None:
    gone = min(place.layout.commits.glob("*.json"))
    gone.unlink()
    [finding] = verify(place.layout).findings
    assert finding.file.resolve() == gone.resolve()
    assert "is not there, yet it is loaded" in str(finding)


def test_a_file_that_nothing_names_is_a_finding(place: Place) -> None:
    known = next(place.layout.articles.glob("*/*.parquet"))
    loose = known.with_name("20260302T060000Z-00000f.0123456789ab.parquet")
    shutil.copy(known, loose)
    [finding] = verify(place.layout).findings
    commit = place.layout.commits / "20260302T060000Z-00000f.json"
    assert (finding.file, finding.problem) == (commit, f"is not there, yet {loose.name} is")


def test_a_check_over_what_readers_see_is_a_finding(place: Place) -> None:
    snapshot = place.layout.current.resolve()
    with duckdb.connect(str(snapshot)) as con:
        con.execute(
            "DELETE FROM captures WHERE capture_id = (SELECT min(capture_id) FROM captures)"
        )
    found = verify(place.layout).findings
    assert {each.file for each in found} == {snapshot}
    assert any("files_complete" in each.problem for each in found)


def test_a_snapshot_of_another_version_is_a_finding(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.build.schema_version.SCHEMA_VERSION", 1000)
    [finding] = verify(place.layout).findings
    assert finding.file == place.layout.current.resolve()
    assert "another version" in finding.problem


def test_verify_alone_changes_nothing_and_fails_when_something_is_broken(place: Place) -> None:
    cut(archives(place)[0])
    shift(archives(place)[1])
    before = sorted(place.layout.root.rglob("*"))
    done = CliRunner().invoke(app, ["maintain", "--verify", *options(place)])
    assert done.exit_code == 1
    assert f"{archives(place)[1]}: no record at 1 raw_refs" in done.stderr
    assert sorted(place.layout.root.rglob("*")) == before


def test_raw_archives_go_by_age_and_their_articles_stay(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    before = rows_of(place)
    oldest = archives(place)[:2]
    begun = datetime.strptime(oldest[0].name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    gone = drop_archives(place.layout, 1, 0, now=begun + timedelta(days=1, seconds=1))

    assert sorted(gone) == sorted(oldest)
    places = {path.relative_to(place.layout.root).as_posix() for path in oldest}
    assert set(removed_archives(place.layout)) == places
    done = verify(place.layout)
    assert (done.findings, done.removed) == ((), 2)
    maintain(**place.files)
    rebuild("articles", **place.files)
    assert rows_of(place) == before
    kept = [record for record in caplog.records if "keeps its rows" in record.getMessage()]
    assert len(kept) == 1
    assert oldest[0].name.split(".")[0] in kept[0].getMessage()


def test_raw_archives_go_by_size_whole_runs_at_a_time(place: Place) -> None:
    everything = archives(place)
    sizes = [path.stat().st_size for path in everything]
    with everything[-1].open("ab") as newest:
        newest.write(b"\0" * (1_000_000 - sum(sizes[2:])))
    gone = drop_archives(place.layout, 0, 1)
    assert [path.name[:23] for path in gone] == [path.name[:23] for path in everything[:2]]
    assert drop_archives(place.layout, 0, 1) == []


def test_an_archive_listed_as_removed_is_removed_by_the_next_run(place: Place) -> None:
    """A kill between writing the list and removing the files."""
    first = archives(place)[0]
    content = first.read_bytes()
    drop_archives(place.layout, 0, 0)
    gone = drop_archives(place.layout, 1, 0, now=datetime.now(UTC) + timedelta(days=2))
    assert len(gone) == 4
    first.write_bytes(content)
    drop_archives(place.layout, 0, 0)
    assert not first.exists()


def test_leftovers_of_runs_that_are_no_more_go(place: Place) -> None:
    layout = place.layout
    late = datetime.now(UTC) + timedelta(days=1)
    for name in ("20260302T060000Z-aaaaaa", "20260302T060000Z-bbbbbb"):
        (layout.stage / name).mkdir(parents=True)
    cached = [layout.cache / "robots" / "old", layout.cache / "listings" / "gb-old" / "old.json"]
    for path in cached:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        os.utime(path, (0, 0))
    mark = layout.locks / "20260302T060000Z-cccccc.new"
    mark.write_text("")
    first = archives(place)[0]
    first.unlink()
    with run_lock(layout, "20260302T060000Z-bbbbbb"):
        assert drop_leftovers(layout, datetime.now(UTC) - timedelta(hours=1)) == cached
        gone = drop_leftovers(layout, late)
    prints = layout.prints / first.parent.name / f"{first.name.split('.')[0]}.arrow"
    assert set(gone) == {layout.stage / "20260302T060000Z-aaaaaa", mark, prints}


def test_the_command_repairs_and_says_what_it_could_not(place: Place) -> None:
    before = rows_of(place)
    done = CliRunner().invoke(app, ["repair", *options(place)])
    assert (done.exit_code, done.stdout) == (0, "nothing to repair\n")
    gone, *_, kept = archives(place)
    parquet = max(place.layout.articles.glob("*/*.parquet"))
    assert parquet.name[:23] == kept.name[:23]
    cut(parquet)
    gone.unlink()
    done = CliRunner().invoke(app, ["repair", *options(place)])
    assert done.exit_code == 3
    assert f"{parquet}: made again\n" in done.stdout
    assert f"{gone}: gone; its rows stay in Parquet\n" in done.stderr
    assert "| file | |" in asyncio.run(artifact("repair-ledger"))
    assert maintain(**place.files, verify_only=True).verified.findings == ()
    assert rows_of(place) == before


def test_of_many_findings_the_first_are_reported() -> None:
    many = [make_finding("commit", Path(f"a/{number}"), "is not there") for number in range(60)]
    lines = str(LayersBroken(many)).splitlines()
    assert (lines[0], lines[-1], len(lines)) == (str(many[0]), "and 10 more", 51)
    shown = ledger(Maintained(Compacted(), Removed(), Verified(findings=tuple(many))))
    assert shown.endswith(f"- {many[49]}\n- and 10 more")


def test_before_the_first_load_there_is_nothing_to_maintain(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="run `presswatch ingest` first"):
        verify(Layout(tmp_path / "data"))
