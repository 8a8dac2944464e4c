"""What a store costs: `python -m tests.bench --only store [--articles N]`.

The same load of 1,000 made articles into a warehouse in a folder and into one in an S3 store, which
is moto's server on loopback; then a second machine that is brought up to it, once and a load later.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tasks.load.load_run import load, publish_all, rebuild_warehouse
from tests.bench.warehouse import NEW, cpu
from tests.support import s3
from tests.support.build_layers import DAYS, stage_run, write_layers
from tests.support.build_rows import SOURCES
from tests.support.build_texts import TOPICS
from warehouse.layers.layout import Layout
from warehouse.store.objects import Store
from warehouse.store.working_copy import link_to_store, pull_unless_locked

ARTICLES = 30_000
LOADS = 3
MB = 1_000_000


@contextmanager
def timed(title: str, seconds: list[float]) -> Iterator[None]:
    """Print wall and CPU seconds of the body."""
    wall, used = time.perf_counter(), cpu()
    yield
    seconds.append(time.perf_counter() - wall)
    print(f"  {title}: {seconds[-1]:.2f} s wall, {cpu() - used:.2f} s CPU")


def one_load(layout: Layout, day: int) -> None:
    """Load and publish a day's new articles."""
    run = stage_run(layout, NEW, day)
    load(layout, TOPICS, SOURCES, [run])
    publish_all(layout, TOPICS, SOURCES)


def loads(layout: Layout, title: str) -> float:
    """Some loads, one after the other; the median of their wall seconds."""
    seconds: list[float] = []
    for day in range(DAYS, DAYS + LOADS):
        with timed(title, seconds):
            one_load(layout, day)
    return median(seconds)


def made(folder: Path, articles: int) -> Layout:
    """A loaded warehouse of made articles."""
    layout = Layout(folder)
    write_layers(layout, articles)
    rebuild_warehouse(layout, TOPICS, SOURCES)
    return layout


def sizes(store: Store) -> dict[str, int]:
    """Bytes of all objects, by key."""
    return {found.key: found.bytes for found in store.list()}


def run(articles: int = ARTICLES) -> None:
    """Print every figure."""
    print(f"{NEW:,} new articles into {articles:,}, loaded and published")
    with tempfile.TemporaryDirectory() as name, s3.serving() as server:
        os.environ.update(server.environment)
        alone = loads(made(Path(name, "alone"), articles), "in a folder")
        first, store = made(Path(name, "first"), articles), server.bucket()
        link_to_store(first, store.url)
        seconds: list[float] = []
        with timed("the folder becomes the first state of a store", seconds):
            publish_all(first, TOPICS, SOURCES)
        before = sizes(store)
        shared = loads(first, "in a store")
        written = sum(size for key, size in sizes(store).items() if key not in before)
        print(f"  {shared - alone:.2f} s more, {written / LOADS / MB:.1f} MB written a load")
        second = Layout(Path(name, "second"))
        link_to_store(second, store.url)
        with timed(f"a new machine brought up to {sum(before.values()) / MB:.0f} MB", seconds):
            pull_unless_locked(second)
        one_load(first, DAYS + LOADS)
        with timed("and to a load more", seconds):
            pull_unless_locked(second)
