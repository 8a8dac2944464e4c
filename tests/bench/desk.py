"""How fast the views of the desk answer while a load runs: `python -m tests.bench --only desk`.

Made articles as in `growth`, of three years at a million. The desk runs as its user starts it, in a
process of its own, beside loads of a thousand articles, one after another.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import requests

from tests.bench.growth import Growing
from tests.bench.warehouse import NEW
from tests.support.ports import free_port
from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records

SIZES = (10_000, 100_000, 1_000_000)
ASKED = 40
"""Times each view is asked for, with the topics, sources and days of the next in turn."""
VIEWS = {
    "overview": "/",
    "attention, 3 topics by week": "/attention?topic={a}&topic={b}&topic={c}&unit=week",
    "attention, by source": "/attention?topic={a}&unit=month&by=source",
    "attention, by day": "/attention?topic={a}&unit=day&from={first}&to={last}",
    "headlines without copies": "/attention?topic={a}&in=headline&copies=no&unit=month",
    "articles of a month": "/articles?topic={a}&from={first}&to={last}",
    "articles of a source": "/articles?topic={b}&source={source}",
    "an article": "/article/{article}",
    "sources": "/sources",
    "a source": "/sources/{source}",
    "export as CSV": "/export/attention.csv?topic={a}&unit=week",
}
EXAMPLES = """
    SELECT article_id::VARCHAR AS article, source_id AS source, published_date AS last,
           published_date - 30 AS first
    FROM articles
    WHERE published_date IS NOT NULL
    ORDER BY hash(article_id)
    LIMIT $asked
"""


def run(sizes: Sequence[int] = SIZES) -> None:
    """Print a table of each size."""
    with tempfile.TemporaryDirectory() as name:
        growing = Growing(Path(name))
        for size in sizes:
            print(table(growing.fill(size), measure(Path(name), growing)), flush=True)


def measure(folder: Path, growing: Growing) -> dict[str, list[float]]:
    """Seconds of each answer, by view."""
    examples = snapshot_records(Layout(folder), EXAMPLES, {"asked": ASKED})
    topics = [row["topic_id"] for row in snapshot_records(Layout(folder), "FROM topics")]
    seconds: dict[str, list[float]] = {name: [] for name in VIEWS}
    with served(folder) as base, loading(growing), requests.Session() as session:
        for number, example in enumerate(examples):
            chosen = {each: topics[(number + at) % len(topics)] for at, each in enumerate("abc")}
            for name, path in VIEWS.items():
                began = time.perf_counter()
                answer = session.get(base + path.format(**chosen, **example), timeout=60)
                seconds[name].append(time.perf_counter() - began)
                answer.raise_for_status()
    return seconds


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The desk as its command serves it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "flows", "desk", "--data", str(folder), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as desk:
        try:
            for _ in range(300):
                time.sleep(0.1)
                try:
                    requests.get(base, timeout=60)
                    break
                except requests.ConnectionError:
                    assert desk.poll() is None, "the desk has ended"
            yield base
        finally:
            desk.terminate()


@contextmanager
def loading(growing: Growing) -> Iterator[None]:
    """Loads, one after another, while the body runs."""
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            growing.load()

    thread = threading.Thread(target=load)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def table(articles: int, seconds: Mapping[str, Sequence[float]]) -> str:
    """Median and 95th percentile of each view, in milliseconds."""
    rows = [
        f"| {articles:,} articles, a load of {NEW:,} running | median, ms | p95, ms |",
        "|---|--:|--:|",
    ]
    for name, found in seconds.items():
        middle, late = np.percentile(found, [50, 95]) * 1000
        rows.append(f"| {name} | {middle:.0f} | {late:.0f} |")
    return "\n".join(rows)
