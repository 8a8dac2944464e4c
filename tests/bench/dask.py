"""What Dask costs a shard: `python -m tests.bench.dask [--pages N]`.

The same shards by processes of this machine, and by as many workers of a cluster on loopback, in
turns, the best of three; nothing is loaded.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from flows.backfill import refining
from tasks.backfill.dask_cluster import Parcel
from tasks.backfill.selection import Selection
from tasks.backfill.shard_runs import Place
from tasks.backfill.shards import Shard, Staged, cut_into_shards, open_warcs
from tasks.installation import SOURCES, TOPICS, Installation, open_installation
from tests.bench.backfill import write
from tests.support.build_warcs import news, write_warc
from tests.support.dask_cluster import DaskCluster

TURNS, SMALL = 3, 200
MB = 1024 * 1024


def best(here: Installation, dask: str, shards: list[Shard]) -> tuple[float, list[Staged]]:
    """Seconds of refining the shards, and what was staged."""
    settings = here.settings.model_copy(update={"dask": dask})
    place = Place(here.layout, here.sources, here.topics, settings, Selection())
    staged, seconds = list[Staged](), float("inf")
    with refining(settings) as engine:
        list(engine.refined(iter(shards[:4]), place.job))  # processes start, models are read
        for _ in range(TURNS):
            _clear(place)
            begun = time.perf_counter()
            found = engine.refined(iter(shards), place.job)
            staged = [one for one in found if isinstance(one, Staged)]
            seconds = min(seconds, time.perf_counter() - begun)
    assert len(staged) == len(shards)
    return seconds, staged


def _clear(place: Place) -> None:
    stage = place.layout.stage
    if stage.exists():
        stage.rename(stage.with_name(f"{stage.name}-{time.monotonic_ns()}"))


def cases(folder: Path, pages: int) -> Iterator[tuple[str, list[Shard]]]:
    """Shards of real pages, and so many with a page or two that cost next to nothing."""
    gold = write(folder / "gold.warc.gz", pages, 1)
    yield "gold pages", cut_into_shards(open_warcs([gold])[0], gold.stat().st_size // 8)
    tiny = write_warc(folder / "tiny.warc.gz", news(3, SMALL))
    yield "tiny", cut_into_shards(open_warcs([tiny])[0], 500)


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--pages", type=int, default=150)
    with tempfile.TemporaryDirectory() as name, DaskCluster(Path(name, "dask")) as dask:
        here = open_installation(SOURCES, TOPICS, Path(name, "data"))
        workers = [f"worker-{number}" for number in range(here.settings.processes)]
        for worker in workers:
            dask.worker(worker)
        dask.wait_for(*workers)
        for title, shards in cases(Path(name), arguments.parse_args().pages):
            alone, staged = best(here, "", shards)
            sent = sum(len(each) for one in staged for _, each in Parcel.of(one).files.values())
            seconds, _ = best(here, dask.address, shards)
            print(
                f"{title}: {len(shards)} shards, {sum(one.pages for one in staged)} pages", end=", "
            )
            print(f"{sum(one.bytes for one in shards) / MB:.1f} MB", end="; ")
            print(f"sent back {sent / MB:.2f} MB; {len(workers)} processes {alone:.2f} s", end=", ")
            print(f"{len(workers)} Dask workers {seconds:.2f} s", end=", ")
            print(f"{1000 * (seconds - alone) / len(shards):.1f} ms more a shard")


if __name__ == "__main__":
    main()
