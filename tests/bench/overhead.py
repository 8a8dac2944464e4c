"""What Prefect costs: `presswatch ingest` with a running server, and the same functions plainly.

20 papers of 30 articles each, served on loopback; wall and CPU seconds of the whole process.
"""

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.collect.collector import Collector
from tasks.collect.fetch.client import Client
from tasks.extract.extractor_version import EXTRACTOR_VERSION
from tasks.installation import TOPICS, Installation, open_installation
from tasks.load.load_run import load
from tasks.locks.run_locks import new_run_id, started_at
from tasks.model import Batch
from tasks.partition.partitions import Run
from tasks.process_pool import page_pool
from tasks.refine.refine_archive import refine
from tasks.report.page import write_report
from tasks.sources.source import Source
from tests.support.loopback import Loopback, http
from tests.support.ports import free_port
from tests.support.publishing import publish
from tests.support.serving import ROOT, wait_for

PAPERS, ARTICLES, TIMES = 20, 30, 3
AT_ONCE = 200
WORDS = [
    "the",
    "harbour",
    "board",
    "met",
    "on",
    "Monday",
    "to",
    "hear",
    "how",
    "sanctions",
    "change",
    "trade",
    "and",
    "what",
    "the",
    "G20",
    "may",
    "say",
    "while",
    "a",
    "ferry",
    "from",
    "the",
    "northern",
    "isles",
    "sails",
    "again",
    "in",
    "spring",
    "after",
    "the",
    "storm",
    "broke",
    "its",
    "mast",
]


def run() -> None:
    """Print both, the median of three, alternating."""
    with tempfile.TemporaryDirectory() as name, newsroom(Path(name)) as sources, server() as api:
        ways = {"plainly": ["tests.bench.overhead"], "presswatch ingest": ["flows", "ingest"]}
        taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for number in range(TIMES):
            for way, command in ways.items():
                data = Path(name) / f"{command[0]}-{number}"
                taken[way].append(_timed(command, sources, data, api))
    medians = {way: sorted(times)[TIMES // 2] for way, times in taken.items()}
    print(f"{PAPERS} papers of {ARTICLES} articles on loopback, the median of {TIMES}:")
    for way, (wall, cpu) in medians.items():
        print(f"  {way:18} {wall:6.1f} s wall {cpu:6.1f} s CPU")
    plain, whole = medians["plainly"][0], medians["presswatch ingest"][0]
    print(f"  orchestration: {whole - plain:.1f} s, {(whole - plain) / plain:.0%} of wall")


def _timed(command: list[str], sources: Path, data: Path, api: str) -> tuple[float, float]:
    words = [sys.executable, "-m", *command, "--sources", str(sources), "--data", str(data)]
    words += ["--topics", str(TOPICS)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = os.environ | {"PREFECT_API_URL": api}
    subprocess.run(
        words, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=sys.stderr
    )
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def newsroom(folder: Path) -> Iterator[Path]:
    """The papers' servers; the value is their sources.toml."""
    path = folder / "sources.toml"
    with ExitStack() as stack:
        papers = [_open_paper(stack.enter_context(Loopback()), n) for n in range(PAPERS)]
        path.write_text("\n".join(papers))
        yield path


def _open_paper(web: Loopback, number: int) -> str:
    dice, now = random.Random(number), datetime.now(UTC)
    items = []
    for article in range(ARTICLES):
        at = now - timedelta(hours=article + 1)
        title = f"{' '.join(dice.sample(WORDS, 5))} {number} {article}"
        body = "".join(f"<p>{_sentences(dice)}</p>" for _ in range(12))
        page = f"<html lang=en><head><title>{title}</title><meta property='article:published_time'"
        page += f" content='{at.isoformat()}'></head><body><nav><a href=/>Home</a></nav>"
        page += f"<article><h1>{title}</h1>{body}<p>Subscribe now for full access.</p></article>"
        url = web.set_answers(f"/news/{article}-story.html", http(page.encode()))
        items.append(f"<item><title>{title}</title><link>{url}</link></item>")
    feed = f"<rss version='2.0'><channel><title>x</title>{''.join(items)}</channel></rss>"
    listing = web.set_answers("/feed", http(feed.encode(), Content_Type="application/rss+xml"))
    return (
        f'[[source]]\nid = "gb-paper-{number}"\nname = "Paper {number}"\nlanguage = "en"\n'
        f'timezone = "UTC"\nfeeds = ["{listing}"]\nallow_private_hosts = true\n'
        "min_interval_seconds = 0\n"
    )


def _sentences(dice: random.Random) -> str:
    lines = (" ".join(dice.sample(WORDS, 14)) for _ in range(4))
    return " ".join(f"{line.capitalize()}." for line in lines)


@contextmanager
def server() -> Iterator[str]:
    """A Prefect server; the value is its API's address."""
    port = free_port()
    api = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for("the server answers", lambda: _answers(port), 120)
        yield api
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    import requests

    try:
        return requests.get(f"http://127.0.0.1:{port}/api/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def plainly(place: Installation) -> None:
    """What the flow does, with its threads and processes, without Prefect."""
    run_id, limits = new_run_id(), place.settings.limits
    with (
        Client(limits, place.settings.user_agent, place.layout.cache) as client,
        page_pool(place.settings) as pool,
        ThreadPoolExecutor(AT_ONCE) as threads,
    ):
        collector = Collector(place.layout, run_id, client, limits)
        sources = {source.id: source for source in place.sources}

        def one(source: Source) -> Batch | None:
            warc = collector.collect(source).warc
            return refine(warc, run_id, place.layout, sources, pool) if warc else None

        batches = tuple(filter(None, threads.map(one, place.sources)))
    now = datetime.now(UTC)
    done = Run(run_id, batches, "bench", started_at(run_id), now, str(EXTRACTOR_VERSION))
    processes = place.settings.processes
    load(place.layout, place.topics, place.sources, [done], processes=processes)
    publish(place.layout)
    write_report(place.layout, place.layout.report)


if __name__ == "__main__":
    given = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    plainly(open_installation(given["--sources"], given["--topics"], given["--data"]))
