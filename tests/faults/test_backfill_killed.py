"""Backfills whose processes are killed: the tables of one that never was."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tasks.backfill.shard_processes import shard_pool
from tasks.backfill.shard_runs import sweep_staged
from tasks.backfill.shards import Staged
from tasks.report.page import chart_library
from tasks.settings import Limits
from tests.backfill.test_backfill import ask, backfilled, place
from tests.faults.flow_runner import Made, Order, Runner
from tests.support.build_warcs import Archived, news, url_of, write_warc
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

OF_ITS_RUN = ("run_id", "valid_from")
TABLES = (
    *("articles", "article_versions", "captures", "mentions", "stripped_blocks"),
    *("topics", "sources", "coverage", "topic_daily", "archive_daily"),
)
LARGE = (
    b"<p>The ferry came back to the harbour, and the board <a href=x>met</a> again.</p>" * 450_000
)
SMALL = {"PRESSWATCH_LIMITS__SHARD_BYTES": "20000", "PRESSWATCH_LIMITS__PAGES_A_RUN": "40"}
HITS = 3
KILLS = int(os.environ.get("PRESSWATCH_KILLS", "2"))


def shard_processes(parent: int) -> list[int]:
    """Processes that refine shards for a process: children of its fork server."""
    servers = [pid for pid in children_of(parent) if is_fork_server(pid)]
    return [pid for server in servers for pid in children_of(server)]


def children_of(parent: int) -> list[int]:
    found: list[int] = []
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, children.read_text().split())
    return found


def is_fork_server(pid: int) -> bool:
    with suppress(OSError):
        return b"multiprocessing.forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def kill_some(hit: list[int], stop: threading.Event, pause: float) -> None:
    """Kill processes while they refine, with so many seconds between."""
    while len(hit) < HITS and not stop.wait(pause):
        for pid in shard_processes(os.getpid())[:1]:
            os.kill(pid, signal.SIGKILL)
            hit.append(pid)


def rows(layout: Layout) -> dict[str, list[str]]:
    """The tables without run ids and clock times."""
    left_out = ", ".join(f"'{name}'" for name in OF_ITS_RUN)
    columns = f"COLUMNS(lambda c: c NOT IN ({left_out}))"
    asked = {name: query(layout, f"SELECT {columns} FROM {name}") for name in TABLES}
    return {name: sorted(map(repr, found.to_pylist())) for name, found in asked.items()}


def test_shards_whose_process_is_killed_are_refined_again(tmp_path: Path) -> None:
    warc = write_warc(tmp_path / "a.warc.gz", news(3, 200))
    undisturbed, killed = place(tmp_path / "one"), place(tmp_path / "two")
    began = time.monotonic()
    with shard_pool(2) as pool:
        backfilled(undisturbed, pool, warc, size=20_000)
    # Well within the second backfill, should other work have slowed the first.
    pause = (time.monotonic() - began) / (3 * HITS)
    stop = threading.Event()
    hit: list[int] = []
    with shard_pool(2) as pool:
        killer = threading.Thread(target=kill_some, args=(hit, stop, pause))
        killer.start()
        backfilled(killed, pool, warc, size=20_000)
        stop.set()
        killer.join()
    assert len(hit) >= 2
    assert rows(killed.layout) == rows(undisturbed.layout)


def test_a_page_without_an_end_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    """Small files are refined together; the process ends with one of them, at that page."""
    warcs = [write_warc(tmp_path / f"{day}.warc.gz", news(3, 6, first=6 * day)) for day in range(4)]
    pages = news(3, 6, first=24)
    pages.insert(2, Archived(url_of(0, 99), b"<html><h1>Long</h1>" + LARGE))
    warcs.insert(2, write_warc(tmp_path / "long.warc.gz", pages))
    at = place(tmp_path, limits=Limits(page_seconds=1.5, max_bytes=40_000_000))
    with shard_pool(1) as pool:
        found = backfilled(at, pool, *warcs, size=10**9)
    article = {"article": 6}
    assert [one.counts for one in found if isinstance(one, Staged)] == [
        *(article, article, {**article, "page_timed_out": 1}, article, article)
    ]
    assert ask(at, "SELECT url_requested FROM captures WHERE outcome = 'page_timed_out'") == [
        (url_of(0, 99),)
    ]


def start(data: Path, api: str, *warcs: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "flows", "backfill", *map(str, warcs), "--data", str(data)]
    with data.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(
            command,
            env={**os.environ, **SMALL, "PREFECT_API_URL": api},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@pytest.mark.soak
def test_a_killed_backfill_goes_on_where_it_was(prefect_api: str, tmp_path: Path) -> None:
    warcs = [
        write_warc(tmp_path / "one.warc.gz", news(5, 80)),
        write_warc(tmp_path / "two.warc.zst", news(4, 45, first=65)),
    ]

    def backfill(data: Path, kill_at: int | None = None) -> Made:
        chart_library(Layout(data))  # two seconds of CPU for each process that finds none
        parameters = {"warcs": [*map(str, warcs)], "data": str(data)}
        return runner.run(Order("backfill", str(data), parameters, kill_at))

    moments = random.Random(6)
    with Runner({**SMALL, "PREFECT_API_URL": prefect_api}, tmp_path / "runs.log") as runner:
        whole = backfill(tmp_path / "undisturbed")
        assert whole.status == 0, runner.log.read_text()
        want = rows(Layout(tmp_path / "undisturbed"))
        assert len(want["captures"]) == 125

        def check(data: Path, killed: list[int]) -> None:
            assert rows(Layout(data)) == want, f"killed at actions {killed}"
            sweep_staged(Layout(data))
            assert not list((data / "stage" / "shards").iterdir())

        data, killed = tmp_path / "killed", list[int]()
        for number in range(KILLS):
            # Each goes on where the one before it was killed, with at most half of the work.
            kill_at = int(whole.actions * moments.random() / 2)
            status = backfill(data, kill_at).status
            if status == 0:  # it had less to do than that
                check(data, killed)
                data, killed = tmp_path / f"killed-{number}", []
                status = backfill(data, kill_at).status
            assert status == -signal.SIGKILL, runner.log.read_text()
            killed.append(kill_at)
        assert backfill(data).status == 0, runner.log.read_text()
        check(data, killed)
