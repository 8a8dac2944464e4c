"""Papers of which some misbehave, through one ingest: `python -m tests.bench --only misbehaving`.

How soon each good paper can be queried, the memory of all processes, the end of each bad one.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.installation import TOPICS
from tests.bench.backfill import MB, Peak
from tests.bench.crawl import sources
from tests.support.misbehaving import WAYS, Misbehaviour, misbehaving_served
from tests.support.serving import ROOT
from tests.support.source_server import host, take_requests
from warehouse.layers.layout import Layout
from warehouse.read.query import query

PAPERS, BAD, ARTICLES, PAUSE = 200, 20, 3, 0.5
LIMITS = {"PRESSWATCH_LIMITS__SOURCE_SECONDS": "60"}
LONGEST_WAIT, MOST_BYTES, BUDGET = 120, 1_000_000_000, 120
"""Targets: seconds until a good paper can be queried, memory, seconds of the run."""
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Ingested:
    """What became of the papers."""

    status: int
    wall: float
    peak: int
    """Most bytes of all processes together, Prefect's server included (PSS)."""
    own: int
    """Of these, when they had most without files of libraries, the ingest's own process."""
    waits: dict[str, float]
    """Seconds from the last request to a good paper until a reader finds all its articles."""
    ends: dict[str, dict[str, int]]
    """Of each bad paper, the outcomes of its listing and pages."""
    loads: int
    rows: list[dict[str, object]]
    """The runs."""


def way_of(number: int) -> Misbehaviour:
    """How a bad paper misbehaves."""
    return WAYS[number % len(WAYS)]


def ingest(
    folder: Path, papers: int, bad: int, articles: int, pause: float, limits: Mapping[str, str]
) -> Ingested:
    """Ingest the papers once, with a command of its own, and look at the snapshots meanwhile."""
    layout, seen = Layout(folder / "data"), dict[str, float]()
    with misbehaving_served(papers, bad, articles) as port:
        path = folder / "sources.toml"
        path.write_text(sources(port, papers, pause))
        words = [sys.executable, "-m", "flows", "ingest", "--sources", str(path)]
        words += ["--topics", str(TOPICS), "--data", str(layout.root)]
        began = time.monotonic()
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                words, cwd=ROOT, env={**os.environ, **limits}, stdout=log, stderr=log
            ) as run,
        ):
            peak = Peak(run.pid)
            while run.poll() is None:
                _look(layout, articles, seen)
                time.sleep(LOOK_SECONDS)
            wall = time.monotonic() - began
            _look(layout, articles, seen)
        last = {one.host: one.at for one in sorted(take_requests(port), key=lambda one: one.at)}
    most = peak.end()
    good = {f"gb-paper-{number}": last[host(number)] for number in range(bad, papers)}
    ends: dict[str, dict[str, int]] = {f"gb-paper-{number}": {} for number in range(bad)}
    captured = (
        "SELECT source_id, outcome, count(*) AS n FROM captures"
        " WHERE kind IN ('listing', 'page') GROUP BY ALL ORDER BY ALL"
    )
    for row in query(layout, captured).to_pylist():
        if row["source_id"] in ends:
            ends[row["source_id"]][row["outcome"]] = row["n"]
    return Ingested(
        run.returncode,
        wall,
        most["whole"],
        most["own"],
        {name: seen.get(name, float("inf")) - at for name, at in good.items()},
        ends,
        query(layout, "FROM loads").num_rows,
        query(layout, "FROM runs").to_pylist(),
    )


def _look(layout: Layout, articles: int, seen: dict[str, float]) -> None:
    """Note when the articles of a paper are there first."""
    if not layout.current.exists():
        return
    sql = f"SELECT source_id FROM articles GROUP BY ALL HAVING count(*) = {articles}"
    found = query(layout, sql)["source_id"].to_pylist()
    seen |= dict.fromkeys(set(found) - seen.keys(), time.monotonic())


def run() -> None:
    """Print the figures, each beside its target."""
    with tempfile.TemporaryDirectory() as name:
        done = ingest(Path(name), PAPERS, BAD, ARTICLES, PAUSE, LIMITS)
    waits = sorted(done.waits.values())
    print(f"{PAPERS} papers, {BAD} of which misbehave, {ARTICLES} pages each, on loopback:")
    print(f"  from a good paper's last request until it can be queried: {waits[-1]:.0f} s at most")
    print(f"    (target {LONGEST_WAIT} s), {waits[len(waits) // 2]:.0f} s in the median")
    print(f"  the run: {done.wall:.0f} s (target {BUDGET} s), {done.loads} loads", end=", ")
    print(f"status {done.status}")
    print(f"  peak memory (PSS, Prefect's server included): {done.peak / MB:.0f} MiB", end=" ")
    print(f"(target {MOST_BYTES / MB:.0f}), {done.own / MB:.0f} of it in the ingest's process")
    for number, outcomes in enumerate(done.ends.values()):
        counts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
        print(f"  paper {number:2} {way_of(number).name:10} {counts}")
