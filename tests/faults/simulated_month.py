"""Installations that collect a busy newsroom over a simulated month, each in its own process.

`python -m tests.faults.simulated_month FOLDER POLLING DAYS SOURCES SEED` is one of them. It has a
newsroom of its own and a clock that it sets itself. It makes its runs with the product's functions,
in the order of flows/ingest.py but without Prefect, which would take two thirds of the time.
"""

import json
import logging
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

from tasks.collect.current_waits import CurrentWaits
from tasks.collect.due_sources import due_or_next
from tasks.collect.task import shared_collection
from tasks.installation import Installation, open_installation
from tasks.load.load_run import load, publish_all
from tasks.locks.run_locks import new_run_id
from tasks.process_pool import PagePool, page_pool
from tasks.refine.refine_source import refine_source
from tasks.refine.run_archives import run_part
from tasks.sources.source import Source
from tasks.upkeep.compaction import compact, drop_retired, publish_files
from tests.support.busy_newsroom import (
    PAPERS,
    START,
    BusyNewsroom,
    Kind,
    Month,
    RequestCounts,
    outages,
)
from tests.support.clock import Clock, set_own_clock
from tests.support.sample_newsroom import TOPICS
from tests.support.serving import ROOT
from warehouse.layers.layout import Layout
from warehouse.read.query import query

log = logging.getLogger("month")

SETTINGS = {
    "PRESSWATCH_WORKERS": "1",
    "PRESSWATCH_RECHECK_AFTER": "off",  # pages do not change
    "PRESSWATCH_LIMITS__MAX_TRIES": "1",  # no waiting for hosts that are down
    "PRESSWATCH_CONTACT": "month@paper.example",
}
NIGHTLY = 3
"""The hour of the day in which the upkeep runs."""
OUTCOME = "outcome.json"
SOURCE_IDS = tuple(paper.id for paper in PAPERS)


@dataclass(frozen=True)
class Polling:
    """How an installation decides when to collect which source."""

    every: timedelta
    """The time between two runs, or between the times at which it asks what is due."""
    due: Callable[[Installation, datetime], Sequence[Source]]
    """The sources that a run collects; there is no run when there are none."""


def every_source(installation: Installation, _: datetime) -> Sequence[Source]:
    """All are always due."""
    return installation.sources


def by_interval(installation: Installation, now: datetime) -> Sequence[Source]:
    """Each by its own interval, as `ingest` with due_only."""
    settings = installation.settings
    return due_or_next(installation.layout, installation.sources, now, settings.recheck_after)[0]


POLLINGS = {
    "hourly": Polling(timedelta(hours=1), every_source),
    "adaptive": Polling(timedelta(minutes=10), by_interval),
    "twelve-hourly": Polling(timedelta(hours=12), every_source),
}


@dataclass(frozen=True)
class Lived:
    """What an installation has made of a month."""

    polling: str
    rows: Callable[[str], list[dict[str, Any]]]
    """What its warehouse answers to a query."""
    asked: RequestCounts
    runs: int
    seconds: float
    cpu_seconds: float


def month_of(days: int, source_ids: Sequence[str] = SOURCE_IDS, seed: int = 7) -> Month:
    """A month of some of the papers, with its outages."""
    chosen = tuple(paper for paper in PAPERS if paper.id in source_ids)
    return Month(START, days, chosen, outages(START, days, chosen, seed), seed)


def live(folder: Path, month: Month, pollings: Sequence[str]) -> list[Lived]:
    """Let the month pass for an installation of each polling, all at the same time."""
    processes = [_begin(folder / name, name, month) for name in pollings]
    statuses = [process.wait() for process in processes]
    logs = [(folder / name / "runs.log").read_text()[-3_000:] for name in pollings]
    assert not any(statuses), "\n".join(logs)
    return [read_lived(folder / name, name) for name in pollings]


def _begin(folder: Path, polling: str, month: Month) -> "subprocess.Popen[bytes]":
    folder.mkdir()
    environment = {**os.environ, **SETTINGS, **Clock(folder).environment}
    source_ids = ",".join(paper.id for paper in month.papers)
    about = [str(folder), polling, str(month.days), source_ids, str(month.seed)]
    command = [sys.executable, "-m", "tests.faults.simulated_month", *about]
    with (folder / "runs.log").open("wb") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)


def read_lived(folder: Path, polling: str) -> Lived:
    """What an installation has left in its folder."""
    said = json.loads((folder / OUTCOME).read_text())
    asked = RequestCounts()
    for source_id, kind, times in said.pop("requests"):
        asked.requests[source_id, cast(Kind, kind)] = times
    for source_id, moments in said.pop("reads").items():
        asked.reads[source_id] = [*map(datetime.fromisoformat, moments)]
    return Lived(polling, partial(_rows, Layout(folder / "data")), asked, **said)


def _rows(layout: Layout, sql: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = query(layout, sql).to_pylist()
    return rows


def pass_month(folder: Path, month: Month, polling: Polling, seconds: float = math.inf) -> None:
    """Let a month pass for one installation, in this process, which has the clock of the folder.

    It ends before its time when that takes longer than these seconds.
    """
    began, used, runs = time.monotonic(), sum(os.times()[:4]), 0
    with BusyNewsroom(month) as newsroom:
        sources = newsroom.write_sources(folder / "sources.toml")
        set_own_clock(month.start)
        installation = open_installation(sources, TOPICS, folder / "data")
        with page_pool(installation.settings) as pool:
            for number in range(month.days * 24 * 3600 // int(polling.every.total_seconds())):
                now = month.start + number * polling.every
                if month.outage_at("", now):
                    continue
                if time.monotonic() - began > seconds:
                    break
                newsroom.now = now
                set_own_clock(now)
                if due := polling.due(installation, now):
                    _collect(installation, due, pool)
                    runs += 1
                if now.hour == NIGHTLY and now.hour != (now - polling.every).hour:
                    _upkeep(installation)
                if runs % 24 == 0:
                    log.info("%s: %d runs in %.0f s", now, runs, time.monotonic() - began)
    outcome: dict[str, Any] = {
        "requests": [[*key, times] for key, times in sorted(newsroom.asked.requests.items())],
        "reads": {
            source_id: [at.isoformat() for at in moments]
            for source_id, moments in newsroom.asked.reads.items()
        },
        "runs": runs,
        "seconds": time.monotonic() - began,
        "cpu_seconds": sum(os.times()[:4]) - used,
    }
    (folder / OUTCOME).write_text(json.dumps(outcome))


def _collect(installation: Installation, due: Sequence[Source], pool: PagePool) -> None:
    """One run: what flows/ingest.py does, a source after the other."""
    run_id = new_run_id()
    collection = shared_collection(installation, run_id, pool, CurrentWaits(), is_chosen=False)
    with collection as shared:
        refined = [refine_source(installation, run_id, shared.collect(one), pool) for one in due]
    arguments: dict[str, Any] = {
        "layout": installation.layout,
        "topics": installation.topics,
        "sources": installation.sources,
        "limits": installation.settings.limits,
        "processes": 1,
    }
    load(runs=[run_part(run_id, [one.batch for one in refined if one.batch])], **arguments)
    publish_all(**arguments)


def _upkeep(installation: Installation) -> None:
    """What flows/maintain.py does, but for the verification."""
    layout, upkeep, now = installation.layout, installation.settings.upkeep, datetime.now(UTC)
    compact(layout, now.date() - timedelta(days=upkeep.compact_after_days))
    publish_files(layout)
    drop_retired(layout, now - timedelta(hours=upkeep.keep_replaced_hours))


def main() -> None:
    """Let one installation live."""
    logging.basicConfig(level=logging.WARNING)
    log.setLevel(logging.INFO)
    folder, polling, days, source_ids, seed = sys.argv[1:]
    month = month_of(int(days), source_ids.split(","), int(seed))
    pass_month(Path(folder), month, POLLINGS[polling])


if __name__ == "__main__":
    main()
