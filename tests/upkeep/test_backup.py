"""A copy of the data folder, taken beside loads, and what comes back from it."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from tasks.load.load_run import load
from tasks.upkeep.backup import Backup, BackupFailed, back_up
from tasks.upkeep.compaction import compact, drop_retired, publish_files
from tasks.upkeep.rebuild_articles import rebuild_articles
from tasks.upkeep.retention import drop_snapshots
from tests.support.daily_news import NOW, DailyNews, day_of_news, ingest, run_id
from tests.support.killed_runs import lasting as lasting_tables
from tests.support.publishing import publish
from tests.support.sample_newsroom import Newsroom, Place
from tests.support.serving import wait_for
from tests.support.staged_pages import HARVEST, SOURCES, SUMMIT, files, stage, tables
from warehouse.layers.commits import committed_runs
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import sweep
from warehouse.read.query import query

pytestmark = pytest.mark.slow

DAYS = 2
CHANGED = (replace(HARVEST, aliases=("harvest",), definition_hash="other"), SUMMIT)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "data")


def archive(layout: Layout, number: int) -> None:
    """The archive file that the made run stands for."""
    path = layout.raw / "gb-post" / f"{run_id(number)}.warc.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"archive " * number)


def test_what_comes_back_goes_on_as_if_nothing_had_happened_and_with_its_copy(
    news: DailyNews, tmp_path: Path
) -> None:
    layout = news(3)
    for number in (1, 2):
        archive(layout, number)
    load(layout, CHANGED, SOURCES, now=NOW)
    publish(layout)
    done = back_up(layout, tmp_path / "copy")
    assert (done.runs, done.archives, done.parquet_files) == (3, 2, len(_parquet(layout)))
    assert files(Layout(tmp_path / "copy")) == files(layout)
    # Days that are compacted meanwhile come back, too.
    assert compact(layout, date(2030, 1, 1)).days
    publish_files(layout)
    drop_snapshots(layout, datetime.now(UTC))
    assert drop_retired(layout, datetime.now(UTC))
    back_up(layout, tmp_path / "copy")
    # In the place of a lost data folder, and loaded as by the next run.
    again = Layout(shutil.copytree(tmp_path / "copy", tmp_path / "again"))
    load(again, CHANGED, SOURCES, now=NOW)
    publish(again)
    assert query(again, "FROM topic_changes").num_rows
    assert tables(again) == tables(layout)
    assert files(again) == files(layout)
    assert _histories(again) == _histories(layout)
    assert back_up(again, tmp_path / "copy").runs == 3
    for place in (layout, again):
        ingest(place, 3, CHANGED)
    assert back_up(again, tmp_path / "copy").runs == 4
    assert files(Layout(tmp_path / "copy")) == files(again)
    assert tables(again) == tables(layout)
    assert files(again) == files(layout)


def _parquet(layout: Layout) -> list[str]:
    return [name for name in files(layout) if name.endswith(".parquet")]


def _histories(layout: Layout) -> dict[str, bytes]:
    kept = [*layout.root.glob("*.json"), *layout.vintages.rglob("*"), *layout.raw.rglob("*")]
    found = [path for path in kept if path.is_file()]
    return {path.relative_to(layout.root).as_posix(): path.read_bytes() for path in found}


def test_what_is_there_is_not_copied_again(news: DailyNews, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    layout = news(1)
    first = back_up(layout, copy)
    assert first.copied == first.parquet_files
    assert back_up(layout, copy).copied == 0
    archive(news(2), 1)  # the same folder, with one more day
    last = back_up(layout, copy)
    assert last.copied == last.parquet_files - first.parquet_files + 1
    assert files(Layout(copy)) == files(layout)
    assert _histories(Layout(copy)) == _histories(layout)


def test_files_that_a_rebuild_replaced_leave_the_copy(news: DailyNews, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    layout = news(1)
    back_up(layout, copy)
    before = files(layout)
    cleaner = [replace(page, stripped=[]) for page in day_of_news(0)]
    rebuild_articles(layout, lambda _: stage(layout, run_id(0), cleaner))
    back_up(layout, copy)
    assert files(layout).keys() != before.keys()
    assert files(Layout(copy)) == files(layout)


def test_an_archive_that_grows_and_is_closed(news: DailyNews, tmp_path: Path) -> None:
    layout = news(1)
    copy, name = Layout(tmp_path / "copy"), f"{run_id(1)}.warc.gz"
    growing = layout.raw / "gb-post" / f"{name}.open"
    growing.parent.mkdir(parents=True)
    mark = layout.locks / f"{run_id(1)}.run"
    mark.touch()
    for content in (b"one", b"one two"):
        growing.write_bytes(content)
        back_up(layout, copy.root)
        assert (copy.raw / "gb-post" / growing.name).read_bytes() == content
        assert (copy.locks / mark.name).exists()
    growing.rename(growing.with_name(name))
    mark.unlink()
    back_up(layout, copy.root)
    assert [path.name for path in (copy.raw / "gb-post").iterdir()] == [name]
    assert not (copy.locks / mark.name).exists()


def test_a_file_that_cannot_be_copied(news: DailyNews, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    layout = news(1)
    before = files(layout)
    back_up(layout, copy)
    news(2)  # the same folder, with one more day
    victim = next(layout.captures.glob(f"{run_id(1)}*"))
    content = victim.read_bytes()
    victim.unlink()
    with pytest.raises(BackupFailed, match="is gone: a layer was rebuilt during the backup"):
        back_up(layout, copy)
    victim.write_bytes(content[:-1] + b"?")
    with pytest.raises(BackupFailed, match="it is damaged"):
        back_up(layout, copy)
    sweep(Layout(copy))  # as the next load does first
    assert files(Layout(copy)) == before


def test_copies_beside_loads_hold_whole_runs(
    layout: Layout, news: DailyNews, tmp_path: Path
) -> None:
    def work() -> None:
        for number in range(DAYS):
            ingest(layout, number)

    loads = threading.Thread(target=work)
    loads.start()
    found: list[Path] = []
    while loads.is_alive():
        copy = tmp_path / f"copy-{len(found)}"
        back_up(layout, copy)
        found.append(copy)
        loads.join(0.05)
    copied = [(len(committed_runs(Layout(copy).commits)), files(Layout(copy))) for copy in found]
    assert len({number for number, _ in copied}) > 1
    whole = [files(news(number)) for number in range(DAYS + 1)]
    assert all(there == whole[number] for number, there in copied)


def test_the_command(news: DailyNews, tmp_path: Path) -> None:
    layout = news(1)
    data = ["--data", str(layout.root)]
    done = CliRunner().invoke(app, ["backup", str(tmp_path / "copy"), *data])
    parquet = len(_parquet(layout))
    told = f"1 run, {parquet} Parquet files, 0 archive files; {parquet} copied now"
    assert (done.exit_code, done.output) == (0, f"{tmp_path / 'copy'}: {told}\n")


def test_a_copy_and_its_folder_do_not_overlap(news: DailyNews, tmp_path: Path) -> None:
    layout = news(1)
    link, disk = tmp_path / "link", tmp_path / "disk" / "raw"
    link.symlink_to(layout.root)
    disk.mkdir(parents=True)
    layout.raw.symlink_to(disk)  # the archive on a disk of its own
    inside = (layout.root, layout.root / "copy", layout.root.parent)
    for folder, data in (
        *((target, layout.root) for target in (*inside, link, link / "copy", disk, disk.parent)),
        *((target, link) for target in inside),
    ):
        done = CliRunner().invoke(app, ["backup", str(folder), "--data", str(data)])
        assert done.exit_code == 2
        assert done.output == f"{folder} and the data folder {data} must not overlap\n"


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, without those of locks."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def refused(layout: Layout, target: Path) -> str:
    """Why a backup into a folder is refused, which changes nothing there."""
    before = contents(target)
    with pytest.raises(BackupFailed) as why:
        back_up(layout, target)
    assert contents(target) == before
    return str(why.value)


def test_the_copy_of_another_installation_is_not_replaced(news: DailyNews, tmp_path: Path) -> None:
    theirs, copy = Layout(tmp_path / "theirs"), tmp_path / "copy"
    shutil.copytree(news(3).root, theirs.root, symlinks=True)
    for number in (0, 1):
        (theirs.commits / f"{run_id(number)}.json").unlink()
    back_up(theirs, copy)
    ours = news(2)
    for target in (copy, theirs.root):
        assert refused(ours, target) == (
            f"{target} has data that {ours.root} lacks: run {run_id(2)}; it is not an earlier copy"
            " of that folder, and a backup would delete it: name another folder"
        )
    done = CliRunner().invoke(app, ["backup", str(copy), "--data", str(ours.root)])
    assert done.exit_code == 1
    assert "name another folder" in done.output


def test_a_folder_that_has_archive_files_only(news: DailyNews, tmp_path: Path) -> None:
    layout, other, copy = Layout(tmp_path / "first"), Layout(tmp_path / "other"), tmp_path / "copy"
    archive(other, 5)
    back_up(other, copy)
    archive(layout, 0)
    back_up(layout, tmp_path / "ours")
    assert f"archive files of run {run_id(5)}" in refused(layout, copy)
    shutil.copytree(news(1).root, layout.root, symlinks=True, dirs_exist_ok=True)
    archive(layout, 2)
    assert back_up(layout, tmp_path / "ours").archives == 2


def test_an_older_copy_does_not_replace_what_is_newer(news: DailyNews, tmp_path: Path) -> None:
    layout, copy = news(1), tmp_path / "copy"
    back_up(layout, copy)
    news(2)  # the same folder, with one more day
    assert f": run {run_id(1)}; it is not" in refused(Layout(copy), layout.root)
    back_up(layout, copy)
    load(layout, CHANGED, SOURCES, now=NOW)
    publish(layout)
    assert ": version 2 of topic harvest; it is not" in refused(Layout(copy), layout.root)
    back_up(layout, copy)
    for kept in list(layout.vintages.glob("*/*.parquet")):  # as the first load of a day adds them
        shutil.copyfile(kept, kept.with_name("as_of=2026-03-21.parquet"))
    assert ": the index as of 2026-03-21; it is not" in refused(Layout(copy), layout.root)


def test_a_folder_beside_other_files_becomes_a_copy(news: DailyNews, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / "lost+found").mkdir(parents=True)
    (copy / "prefect.dump").write_text("of the database")
    assert back_up(news(1), copy).runs == 1
    assert (copy / "prefect.dump").exists()


def test_an_interrupted_first_backup_goes_on(
    news: DailyNews, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout, copy = news(1), tmp_path / "copy"
    archive(layout, 0)
    with monkeypatch.context() as patched:
        patched.setattr("tasks.upkeep.backup._take_over", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            back_up(layout, copy)
    assert back_up(layout, copy).runs == 1
    assert files(Layout(copy)) == files(layout)


@pytest.mark.soak
def test_a_copy_of_a_running_ingest_is_finished_where_it_comes_back(
    newsroom: Newsroom, prefect_api: str, tmp_path: Path
) -> None:
    place = Place(tmp_path, "running")

    def copy() -> Backup:
        # All three are open for some tenths of a second.
        wait_for("archives grow", partial(_are_open, place.layout, 3, 90_000), 120, pause=0.02)
        return back_up(place.layout, tmp_path / "copy")

    with ThreadPoolExecutor(1) as beside:
        copied = beside.submit(copy)
        assert not place.ingest().failed
        assert copied.result().archives >= 3
    again, asked = Place(tmp_path, "copy"), len(newsroom.requests)
    assert _are_open(again.layout, 1, 30_000)
    assert not again.ingest().failed
    assert len(newsroom.requests) - asked < asked
    want, got = lasting_tables(place), lasting_tables(again)
    assert {name: set(got[name]) ^ set(want[name]) for name in want} == {
        name: set() for name in want
    }
    assert {**got, "captures": []} == {**want, "captures": []}


def _are_open(layout: Layout, files: int, size: int) -> bool:
    sizes = [path.stat().st_size for path in layout.raw.glob("*/*.open")]
    return len(sizes) >= files and sum(sizes) > size
