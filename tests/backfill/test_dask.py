"""Backfilling on a Dask cluster of separate processes, some of which are killed."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from flows.backfill import backfill, refining
from tasks.archive.warc_files import WarcPath
from tasks.backfill import dask_cluster
from tasks.backfill.dask_cluster import UNFIT
from tasks.backfill.shard_processes import SHARDS_AHEAD, ShardFailed, ShardPool, shard_pool
from tasks.backfill.shard_runs import Place, sweep_staged
from tasks.backfill.shards import Shard, Staged, find_warcs, open_warcs
from tasks.model import RunFailed
from tasks.settings import Limits, Settings
from tasks.text.toml_reader import ConfigError
from tests.backfill.test_backfill import place
from tests.cli.test_command import command
from tests.faults.test_backfill_killed import LARGE, rows, shard_processes, start
from tests.support.build_warcs import Archived, news, url_of, write_warc
from tests.support.dask_cluster import DaskCluster
from tests.support.ports import free_port
from tests.support.serving import ROOT, wait_for, wait_until_gone
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow
SMALL = 40_000
"""Bytes of a shard."""
WORKERS = ("north", "south")
OTHER = (
    r"^the Dask worker other has Presswatch \w+ on Python 3.*, and the backfill Presswatch \w+ on"
)


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    with DaskCluster(tmp_path_factory.mktemp("dask")) as started:
        for name in WORKERS:
            started.worker(name)
        started.wait_for(*WORKERS)
        yield started


@pytest.fixture(scope="module")
def pool() -> Iterator[ShardPool]:
    with shard_pool(2) as opened:
        yield opened


def on(dask: DaskCluster, at: Place) -> Place:
    return replace(at, settings=at.settings.model_copy(update={"dask": dask.address}))


def refined(at: Place, *warcs: WarcPath, size: int = SMALL) -> list[Staged | ShardFailed]:
    """What the engine of the place's settings makes of the files, and nothing is loaded."""
    with refining(at.settings) as engine:
        shards = engine.shards(open_warcs(warcs), size)
        return list(engine.refined(shards, at.job))


def test_what_comes_back_is_what_is_staged_here(
    dask: DaskCluster, pool: ShardPool, tmp_path: Path
) -> None:
    warc = write_warc(tmp_path / "a.warc.gz", news(3, 90))
    here, there = place(tmp_path / "one"), on(dask, place(tmp_path / "two"))
    want = list(pool.refined(pool.shards(open_warcs([warc]), SMALL), here.job))
    found = refined(there, warc)
    assert len(found) > 2
    are_alike(there, found, want)
    assert sorted(there.layout.stage.glob("shards/*")) == sorted(
        one.folder for one in found if isinstance(one, Staged)
    )
    warc.unlink()
    shards = iter([one.shard for one in found])
    with refining(there.settings) as engine:
        assert list(engine.refined(shards, there.job)) == found


def are_alike(
    at: Place, found: list[Staged | ShardFailed], want: list[Staged | ShardFailed]
) -> None:
    """The cluster has staged at this place what this machine has staged elsewhere."""
    for mine, theirs in zip(want, found, strict=True):
        assert isinstance(mine, Staged)
        assert isinstance(theirs, Staged)
        assert theirs.folder.is_relative_to(at.layout.stage)
        assert (theirs.shard, theirs.counts, theirs.passed) == (
            mine.shard,
            mine.counts,
            mine.passed,
        )
        paths = list(mine.folder.glob("*.arrow"))
        assert paths
        for path in paths:
            assert (theirs.folder / path.name).read_bytes() == path.read_bytes()


def test_no_more_is_under_way_than_keeps_the_workers_busy(
    dask: DaskCluster, tmp_path: Path
) -> None:
    at = on(dask, place(tmp_path))
    warc = write_warc(tmp_path / "a.warc.gz", news(3, 90))
    taken: list[Shard | ShardFailed] = []
    most = 0

    def noted(shards: Iterator[Shard | ShardFailed]) -> Iterator[Shard | ShardFailed]:
        for shard in shards:
            taken.append(shard)
            yield shard

    with refining(at.settings) as engine:
        shards = noted(engine.shards(open_warcs([warc]), 10_000))
        for count, _ in enumerate(engine.refined(shards, at.job)):
            most = max(most, len(taken) - count)
    assert len(taken) > 6
    assert most == SHARDS_AHEAD * len(WORKERS)


def test_a_page_without_an_end_is_one_rejection(dask: DaskCluster, tmp_path: Path) -> None:
    pages = news(3, 30)
    pages[7] = Archived(url_of(0, 7), b"<html><h1>Long</h1>" + LARGE)
    at = on(dask, place(tmp_path, limits=Limits(page_seconds=1.5, max_bytes=40_000_000)))
    before = dask.pids()
    found = refined(at, write_warc(tmp_path / "a.warc", pages, requests=False))
    counts = [one.counts for one in found if isinstance(one, Staged)]
    assert len(counts) == len(found)
    assert sum(one.get("page_timed_out", 0) for one in counts) == 1
    assert sum(one.get("article", 0) for one in counts) == 29
    assert dask.pids() == before


def kill_when_at_work(pid: int, killed: list[int]) -> None:
    """Kill a worker while a process of its refines a shard."""
    children = wait_for("it is at work", lambda: shard_processes(pid), 60)
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    killed += [pid, *children]


def test_workers_that_are_killed_lose_nothing(
    dask: DaskCluster, pool: ShardPool, tmp_path: Path
) -> None:
    warc = write_warc(tmp_path / "a.warc.gz", news(3, 170))
    undisturbed, killed = place(tmp_path / "one"), on(dask, place(tmp_path / "two"))
    want = list(pool.refined(pool.shards(open_warcs([warc]), 20_000), undisturbed.job))
    dask.worker("lone", "--no-nanny")
    dask.wait_for("lone", *WORKERS)
    pids, gone = dask.pids(), list[int]()
    killers = [
        threading.Thread(target=kill_when_at_work, args=(pids[name], gone))
        for name in ("lone", "north")
    ]
    for killer in killers:
        killer.start()
    found = refined(killed, warc, size=20_000)
    for killer in killers:
        killer.join()
    assert len(found) > 8
    are_alike(killed, found, want)
    assert len(gone) == 4
    wait_for("all that was killed has ended", lambda: not any(map(is_there, gone)), 15)
    dask.wait_for(*WORKERS)
    assert dask.pids()["north"] != pids["north"]
    assert not list((dask.folder / "north").rglob("shard-*"))


@pytest.mark.soak
def test_what_a_small_cluster_fails_of_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker has joined, the only one dies again and again, and then the scheduler."""
    patience = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}  # 3 as Dask comes
    warc = write_warc(tmp_path / "a.warc.gz", news(3, 80))
    with DaskCluster(tmp_path / "dask", environment=patience) as dask:
        with monkeypatch.context() as patched:
            patched.setattr(dask_cluster, "FIRST_WORKER_SECONDS", 1)
            with pytest.raises(RunFailed, match=f"^no worker has joined .* at {dask.address}$"):
                refined(on(dask, place(tmp_path)))
        dask.worker("north")
        for what, first in {"cutting": 0, "refining": 1}.items():
            at, failed = failures_of_kills(dask, tmp_path / what, warc, first)
            assert failed, what
            assert all(one.error.startswith("its workers died, one after") for one in failed)
            again = refined(at, warc, size=2_000)
            assert sum(one.pages for one in again if isinstance(one, Staged)) == 80, what
        at = on(dask, place(tmp_path / "gone"))
        with refining(at.settings) as engine:
            shards = engine.refined(engine.shards(open_warcs([warc]), 1_000), at.job)
            next(shards)
            dask.scheduler.kill()
            with pytest.raises(RunFailed, match=f"scheduler at {dask.address} is gone"):
                list(shards)


def failures_of_kills(
    dask: DaskCluster, folder: Path, warc: Path, first: int
) -> tuple[Place, list[ShardFailed]]:
    """Where shards fail when the worker is killed after so many of them, and these."""
    for attempt in range(5):  # a worker that dies between two tasks has no part in it
        dask.wait_for("north")
        at = on(dask, place(folder / str(attempt)))
        with refining(at.settings) as engine:
            shards = engine.refined(engine.shards(open_warcs([warc]), 2_000), at.job)
            found = list(islice(shards, first))
            killer = threading.Thread(target=kill_when_at_work, args=(dask.pids()["north"], []))
            killer.start()
            found += shards
            killer.join()
        if failed := [one for one in found if isinstance(one, ShardFailed)]:
            break
    return at, failed


def is_there(pid: int) -> bool:
    """Whether a process lives; one that nobody has waited for does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.soak
def test_a_killed_backfill_goes_on_where_it_was(
    dask: DaskCluster,
    prefect_api: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # As `start` sets them.
    monkeypatch.setenv("PRESSWATCH_LIMITS__SHARD_BYTES", "20000")
    monkeypatch.setenv("PRESSWATCH_LIMITS__PAGES_A_RUN", "40")
    warcs = [
        write_warc(tmp_path / "one.warc.gz", news(5, 60)),
        write_warc(tmp_path / "two.warc.zst", news(4, 25, first=45)),
    ]
    backfill([*map(str, warcs)], data=str(tmp_path / "undisturbed"))
    want = rows(Layout(tmp_path / "undisturbed"))
    assert len(want["captures"]) == 85
    monkeypatch.setenv("PRESSWATCH_DASK", dask.address)
    data = tmp_path / "killed"
    run = start(data, prefect_api, *warcs)
    # Its first part is loaded, shards of others are staged or with the workers.
    wait_for("it is under way", lambda: list(data.glob("commits/*")), 90)
    os.kill(dask.pids()["south"], signal.SIGKILL)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    wait_until_gone(run.pid, 15)
    caplog.set_level(logging.INFO)
    assert not backfill([*map(str, warcs)], data=str(data)).failed
    log = data.with_suffix(".log").read_text() + caplog.text
    assert log.count(f"refining on {dask.address}") == 2, log
    assert rows(Layout(data)) == want
    sweep_staged(Layout(data))
    assert not list((data / "stage" / "shards").iterdir())


def test_a_file_that_workers_cannot_read(
    dask: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask.wait_for(*WORKERS)
    warc = write_warc(tmp_path / "only-here.warc.gz", news(3, 6))
    write_warc(dask.folder / "north" / warc.name, news(3, 7))
    monkeypatch.chdir(tmp_path)
    (path,) = find_warcs([f"/proc/self/cwd/{warc.name}"])  # for each process another folder
    at = on(dask, place(tmp_path))
    (failed,) = refined(at, path)
    assert isinstance(failed, ShardFailed)
    assert failed.shard.url == str(path)
    assert failed.error.removesuffix(" (worker north)").removesuffix(" (worker south)") == (
        "the file is not there, or another one"
    )
    for name in WORKERS:
        shutil.copy(warc, dask.folder / name)
    (staged,) = refined(at, path)
    assert isinstance(staged, Staged)
    assert staged.counts == {"article": 6}


def test_a_worker_of_another_version_is_refused(dask: DaskCluster, tmp_path: Path) -> None:
    for package in ("tasks", "warehouse"):
        shutil.copytree(ROOT / package, tmp_path / "other" / package)
    with (tmp_path / "other" / "tasks" / "dates.py").open("a") as file:
        file.write("\n# another rule\n")
    at = on(dask, place(tmp_path))
    warc = write_warc(tmp_path / "a.warc.gz", news(3, 90))
    with refining(at.settings) as engine:
        shards = engine.refined(engine.shards(open_warcs([warc]), 1_000), at.job)
        next(shards)
        other = dask.worker("other", code=tmp_path / "other")
        try:
            dask.wait_for("other", *WORKERS)
            with pytest.raises(RunFailed, match=OTHER):
                list(shards)
            with pytest.raises(RunFailed, match=OTHER):
                refined(at, warc)
        finally:
            other.terminate()
            dask.wait_for(*WORKERS)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of code that is none of Presswatch's."""
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "tasks.py").touch()
    return tmp_path / "bare"


def test_a_worker_without_presswatch_leaves_the_shards_to_others(
    dask: DaskCluster, bare: Path, tmp_path: Path
) -> None:
    at = on(dask, place(tmp_path))
    warc = write_warc(tmp_path / "a.warc.gz", news(3, 90))
    with refining(at.settings) as engine:
        shards = engine.refined(engine.shards(open_warcs([warc]), 1_000), at.job)
        first = next(shards)
        dask.worker("bare", code=bare)
        dask.wait_for("bare", *WORKERS)
        with pytest.raises(RunFailed, match=rf"^the Dask worker at tcp://.*:\d+ {UNFIT}: .*'tasks"):
            refined(at, warc)
        found = [first, *shards]
    assert all(isinstance(one, Staged) for one in found)
    assert sum(one.pages for one in found if isinstance(one, Staged)) == 90
    dask.wait_for(*WORKERS)


def test_a_scheduler_without_presswatch_is_refused(bare: Path, tmp_path: Path) -> None:
    with (
        DaskCluster(tmp_path / "dask", code=bare) as dask,
        pytest.raises(RunFailed, match=f"^the Dask scheduler at {dask.address} {UNFIT}: "),
    ):
        refined(on(dask, place(tmp_path)))


def test_a_scheduler_that_is_not_there(
    tmp_path: Path, prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_warc(tmp_path / "a.warc.gz", news(1, 1))
    address = f"tcp://127.0.0.1:{free_port()}"
    monkeypatch.setenv("PRESSWATCH_DASK", address)
    status, _, error = command("backfill", tmp_path, "--data", tmp_path / "data")
    assert status == 1
    assert f"PRESSWATCH_DASK: no Dask scheduler answers at {address}" in error.splitlines()[-1]


def test_without_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("prefect_dask", "prefect_dask.task_runners"):
        monkeypatch.setitem(sys.modules, name, None)
    with (
        pytest.raises(ConfigError, match=r"^PRESSWATCH_DASK: .*pip install 'presswatch\[dask\]'$"),
        refining(Settings(dask="tcp://127.0.0.1:8786")),
    ):
        pass


def test_dask_is_imported_only_where_it_is_used() -> None:
    check = "import sys, flows.backfill; print({'dask', 'distributed'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
