"""The figures of tests/bench/README.md: `make bench`. Needs the pages of ../shared."""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tasks.collect.collector import Collector
from tasks.collect.fetch.client import Client
from tasks.extract.extractor_version import EXTRACTOR_VERSION
from tasks.installation import TOPICS, Installation, open_installation
from tasks.load.load_run import load
from tasks.locks.run_locks import new_run_id, started_at
from tasks.model import ARTICLE_OUTCOMES
from tasks.partition.partitions import Run
from tasks.process_pool import page_pool
from tasks.refine.refine_archive import refine
from tests.bench import (
    audits,
    backfill,
    coverage,
    desk,
    growth,
    intervals,
    listings,
    memory,
    misbehaving,
    overhead,
    spike_calibration,
    steps,
    store,
    upkeep,
    warehouse,
    week,
    world,
)
from tests.bench.corpus import SOURCES, extract_all
from tests.bench.tables import language_table, lookalike_table, main_table
from tests.support.near_copies import measure, table
from tests.support.publishing import publish
from tests.support.scoring import CORPUS, crossval, score_folder
from warehouse.read.query import query

OF_MADE_ARTICLES: dict[str, Callable[[argparse.Namespace], None]] = {
    "warehouse": lambda asked: warehouse.run(asked.articles),
    "growth": lambda asked: growth.run(asked.grow_to, asked.plot),
    "overhead": lambda _: overhead.run(),
    "upkeep": lambda _: upkeep.run(),
    "store": lambda _: store.run(),
    "audits": lambda _: audits.run(),
    "misbehaving": lambda _: misbehaving.run(),
    "week": lambda _: week.run(),
    "world": lambda _: world.run(),
    "coverage": lambda asked: coverage.run(
        asked.days, asked.keep, listings_only=asked.listings_only
    ),
    "desk": lambda asked: desk.run([size for size in desk.SIZES if size <= asked.grow_to]),
    "intervals": lambda _: intervals.run(),
    "lookalikes": lambda _: print(lookalike_table()),
    "spikes": lambda _: spike_calibration.run(),
}
ONLY_BY_NAME = ("coverage", "desk", "world")
"""Parts that take a quarter of an hour and more."""
OF_PAGES: dict[str, Callable[[], None]] = {"listings": listings.run, "steps": steps.run}
PARTS = (*OF_MADE_ARTICLES, "ingest", "backfill", "memory", "copies", "extraction", *OF_PAGES)
PEERS = Path(__file__).parent / "peers" / "run_extract.py"


class Clock:
    """Wall and CPU seconds by step; CPU of child processes included once they have ended."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[float, float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step, in which pools begin and end."""
        wall, cpu = time.perf_counter(), warehouse.cpu_with_pools()
        yield
        self.steps[name] = (time.perf_counter() - wall, warehouse.cpu_with_pools() - cpu)

    @property
    def wall(self) -> float:
        """Seconds over all steps."""
        return sum(wall for wall, _ in self.steps.values())


def one_run(place: Installation) -> tuple[Clock, Counter[str]]:
    """Collect, refine, load and publish all sources, without Prefect."""
    clock, run_id, outcomes = Clock(), new_run_id(), Counter[str]()
    limits = place.settings.limits
    with clock.step("collect"), Client(limits, "bench", place.layout.cache) as client:
        collector = Collector(place.layout, run_id, client, limits)
        collected = [collector.collect(source) for source in place.sources]
    sources = {source.id: source for source in place.sources}
    warcs = [source.warc for source in collected if source.warc]
    batches = []
    if warcs:
        with clock.step("refine"), page_pool(place.settings) as pool:
            batches = [refine(warc, run_id, place.layout, sources, pool) for warc in warcs]
    with clock.step("load"):
        run = Run(run_id, tuple(batches), "bench", started_at(run_id), None, str(EXTRACTOR_VERSION))
        report = load(place.layout, place.topics, place.sources, [run] if batches else [])
    with clock.step("publish"):
        publish(place.layout)
    outcomes.update(report.outcomes)
    return clock, outcomes


def ingest_corpus(folder: Path) -> None:
    """All pages of both sets as saved files, twice."""
    sources = folder / "sources.toml"
    sources.write_text(SOURCES.format(corpus=CORPUS))
    place = open_installation(sources, TOPICS, folder / "data")
    for title in ("first run", "second run"):
        clock, outcomes = one_run(place)
        pages = sum(outcomes.values())
        articles = sum(outcomes[outcome] for outcome in ARTICLE_OUTCOMES)
        print(f"{title}: {pages} pages, {articles} articles in {clock.wall:.1f} s", end="")
        print(f" ({articles / clock.wall:.0f} articles a second)" if articles else "")
        for name, (wall, cpu) in clock.steps.items():
            print(f"  {name:8} {wall:6.1f} s wall {cpu:6.1f} s CPU")
        print("  outcomes:", dict(outcomes.most_common()))
    peaks = [
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    print(f"  peak memory: {peaks[0]:.0f} MiB, an extraction process {peaks[1]:.0f} MiB")
    (run,) = query(place.layout, "FROM runs").to_pylist()
    came_out = run["articles"] + run["revised"] + run["unchanged"] + run["rejected"]
    print(f"  in {run['attempts']} = out + rejected {came_out}")
    warehouse.sizes(place.layout, run["articles"] + run["revised"], run["attempts"])


def compare(folder: Path, peers: Path | None, most: int | None) -> str:
    """The tables: what becomes of the same pages in each system, and its time."""
    own = folder / "presswatch"
    extract_all(own, most)
    systems = {"Presswatch (these pages)": score_folder(own), "cross-validated": crossval()}
    said = run_system(Path(sys.executable), "presswatch", folder / "timed", most)
    milliseconds = {"Presswatch (these pages)": said["ms"]}
    for python, name in ((peers, "trafilatura"), (peers, "newspaper4k")):
        if python is None:
            continue
        said = run_system(python, name, folder / name, most)
        title = f"{name} {said['version']}"
        systems[title], milliseconds[title] = score_folder(folder / name), said["ms"]
    return f"{main_table(systems, milliseconds)}\n\n{language_table(systems)}"


def run_system(python: Path, name: str, out: Path, most: int | None) -> dict[str, Any]:
    """Run a system over all pages in a process of its own; its version and time."""
    words = [*map(str, (python, PEERS, name, CORPUS, out)), *([str(most)] if most else [])]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{name} {said['version']}: {said['ms']:.1f} ms CPU a page, {said['failed']} pages failed"
    )
    return said


def main() -> None:
    """Print every figure."""
    asked = _asked()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    for name, part in OF_MADE_ARTICLES.items():
        if asked.only == name or (asked.only is None and name not in ONLY_BY_NAME):
            part(asked)
    if asked.only in OF_MADE_ARTICLES:
        return
    if not CORPUS.is_dir():
        sys.exit("the other parts need ../shared/corpus, which is absent")
    _with_pages(asked)


def _with_pages(asked: argparse.Namespace) -> None:
    if asked.only in (None, "backfill"):
        backfill.run(asked.pages or backfill.PAGES)
    if asked.only in (None, "memory"):
        pages = memory.write_pages if asked.pages_alone else memory.write_large
        memory.run(asked.gigabytes, pages)
    with tempfile.TemporaryDirectory() as name:
        if asked.only in (None, "ingest"):
            ingest_corpus(Path(name))
        if asked.only in (None, "copies"):
            print(table(measure(Path(name) / "copies")))
        if asked.only in (None, "extraction"):
            print(compare(Path(name), asked.peers, asked.pages))
    # Last: `steps` replaces functions by such as count their time.
    for name, part in OF_PAGES.items():
        if asked.only in (None, name):
            part()


def _asked() -> argparse.Namespace:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--peers", type=Path, help="a Python that has the peers installed")
    arguments.add_argument("--only", choices=PARTS, help="one of the parts")
    arguments.add_argument(
        "--articles", type=int, nargs="*", default=warehouse.SIZES, help="made, by size"
    )
    arguments.add_argument(
        "--gigabytes", type=float, default=memory.GIGABYTES, help="of the large WARC file"
    )
    arguments.add_argument("--pages-alone", action="store_true", help="no pictures between them")
    arguments.add_argument("--pages", type=int, help="so many pages of each set, to try it out")
    arguments.add_argument("--days", type=int, default=coverage.DAYS, help="of the simulated month")
    arguments.add_argument("--keep", type=Path, help="folder for the month's data, to look into")
    arguments.add_argument(
        "--listings-only", action="store_true", help="the month without HTTP, pages and loads"
    )
    arguments.add_argument("--grow-to", type=int, default=growth.SIZES[-1], metavar="ARTICLES")
    arguments.add_argument("--plot", type=Path, default=Path("build"), help="folder for growth.png")
    asked = arguments.parse_args()
    if asked.keep and asked.listings_only:
        arguments.error("--listings-only has no data folder to keep")
    return asked


if __name__ == "__main__":
    main()
