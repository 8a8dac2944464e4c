"""The measured figures of README.md: `make bench`. Needs the pages of ../shared."""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from flows.installation import TOPICS, Installation, open_installation
from tasks.collect import Collector
from tasks.explain import explain
from tasks.fetch import Client
from tasks.load import load, publish
from tasks.model import ARTICLE_OUTCOMES
from tasks.normalise import EXTRACTOR_VERSION
from tasks.partition import Run
from tasks.pool import page_pool
from tasks.refine import refine
from tasks.runs import new_run_id, started_at
from warehouse.query import query

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
PEERS = Path(__file__).with_name("peers.py")
SOURCES = """
[[source]]
id = "xx-corpus"
name = "Corpus pages"
language = "en"
timezone = "UTC"
files = ["{corpus}/pages/*.html.gz"]

[[source]]
id = "xx-gold"
name = "Gold pages"
language = "en"
timezone = "UTC"
files = ["{corpus}/gold/*.html.gz"]
"""


class Clock:
    """Wall and CPU seconds by step; CPU of child processes included once they have ended."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[float, float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        wall, cpu = time.perf_counter(), _cpu()
        yield
        self.steps[name] = (time.perf_counter() - wall, _cpu() - cpu)

    @property
    def wall(self) -> float:
        """Seconds over all steps."""
        return sum(wall for wall, _ in self.steps.values())


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def one_run(place: Installation) -> tuple[Clock, Counter[str]]:
    """Collect, refine, load and publish all sources, without Prefect."""
    clock, run_id, outcomes = Clock(), new_run_id(), Counter[str]()
    limits = place.settings.limits
    with (
        clock.step("collect"),
        Client(limits, "bench", place.layout.cache) as client,
        ExitStack() as held,
    ):
        collector = Collector(place.layout, run_id, client, limits, held)
        collected = [collector.collect(source) for source in place.sources]
    sources = {source.id: source for source in place.sources}
    warcs = [source.warc for source in collected if source.warc]
    batches = []
    if warcs:
        with clock.step("refine"), page_pool(place.settings) as pool:
            batches = [refine(warc, run_id, place.layout, sources, pool) for warc in warcs]
    with clock.step("load"):
        run = Run(run_id, tuple(batches), "bench", started_at(run_id), None, EXTRACTOR_VERSION)
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


def score(folder: Path) -> None:
    """The project's own output scored, and its CPU a page."""
    for name, milliseconds in extract_all(folder).items():
        print(f"{name}: {milliseconds:.1f} ms CPU a page, start-up included")
    print_scores(folder)


def extract_all(folder: Path) -> dict[str, float]:
    """Extract all pages into `folder/pages` and `folder/gold`; CPU milliseconds a page by set."""
    spent = {}
    for name in ("pages", "gold"):
        paths = sorted((CORPUS / name).glob("*.html.gz"))
        out = folder / name
        out.mkdir(parents=True)
        cpu = _cpu()
        place = open_installation(data=folder)
        with page_pool(place.settings) as pool:
            for page in explain(paths, None, place.settings.limits, pool):
                _write(out / page.stem, page.record())
        spent[name] = 1000 * (_cpu() - cpu) / len(paths)
    return spent


def print_scores(folder: Path) -> None:
    """What `score.py` of both sets says of one system's output."""
    _print_score(CORPUS / "score.py", CORPUS / "pages", folder / "pages")
    for chosen in (["", "news"], ["fundus"], [""]):
        print("gold", *chosen)
        _print_score(CORPUS / "gold" / "score.py", CORPUS / "gold", folder / "gold", *chosen)


def _write(stem: Path, record: dict[str, Any]) -> None:
    lines = [record["kicker"], record["headline"], record["standfirst"], *record["captions"]]
    text = "\n".join([*(line for line in lines if line), record["body"]])
    stem.with_suffix(".txt").write_text(text)
    stem.with_suffix(".json").write_text(json.dumps(record))


def _print_score(script: Path, *arguments: Path | str) -> None:
    command = [sys.executable, str(script), *map(str, arguments)]
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def score_peers(python: Path, folder: Path) -> None:
    """The same pages and scores for the peers of the extraction step."""
    for system in ("trafilatura", "newspaper4k"):
        print(f"== {system}")
        for name in ("pages", "gold"):
            words = [python, PEERS, system, CORPUS / name, folder / system / name]
            print(name, subprocess.run(words, check=True, capture_output=True, text=True).stdout)
        print_scores(folder / system)


def main() -> None:
    """Print every figure."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--peers", type=Path, help="a Python that has the peers installed")
    peers = arguments.parse_args().peers
    if not CORPUS.is_dir():
        sys.exit("the benchmark needs ../shared/corpus, which is absent")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ingest_corpus(folder)
        score(folder / "presswatch")
        if peers:
            score_peers(peers, folder)


if __name__ == "__main__":
    main()
