"""The memory that a large WARC file takes: `python -m tests.bench --only memory [--gigabytes N]`.

Of each gigabyte some 2 MB are gold pages with their requests and metadata, the rest pictures as
responses; with `--pages-alone` all of it are pages, of which extracting ten gigabytes takes an
hour. Shards and runs are cut as they are by default. Beside it a file a tenth as large.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

from tasks.settings import Limits, available_cores
from tests.bench.backfill import MB, archived, measured, told, write
from tests.support.build_warcs import CRAWLED, Archived, compressed, records_of

GIGABYTES = 10.0
PAGES_A_GB, PICTURES = 60, 20
GOLD = 1_002
"""Gold pages there are."""


def write_large(path: Path, size: int) -> Path:
    """A WARC file of at least `size` bytes, pages and pictures mixed."""
    pages = max(1, round(size / 1e9 * PAGES_A_GB))
    times = -(-pages // GOLD)
    pictures = cycle([_picture(path, number) for number in range(PICTURES)])
    with path.open("wb") as out:
        for number, page in enumerate(archived(-(-pages // times), times), 1):
            while out.tell() < size * number / pages:
                out.write(next(pictures))
            for record in records_of(page):
                out.write(compressed(path, record))
    return path


def write_pages(path: Path, size: int) -> Path:
    """A WARC file of at least `size` bytes, nothing but gold pages with other words each time."""
    cores, first = available_cores(), 0
    with path.open("wb") as out, ProcessPoolExecutor(cores, get_context("spawn")) as pool:
        while out.tell() < size:
            for part in pool.map(partial(_write_part, path), range(first, first + cores)):
                with part.open("rb") as written:
                    shutil.copyfileobj(written, out)
                part.unlink()
            first += cores
    return path


def _write_part(path: Path, number: int) -> Path:
    return write(path.with_suffix(f".{number}.gz"), GOLD, 1, first=1 + number * GOLD)


def _picture(path: Path, number: int) -> bytes:
    """A picture's records; it does not compress."""
    url = f"https://paper.co.uk/images/{number}.jpg"
    body = os.urandom(2 * MB)
    picture = Archived(url, body, content_type="image/jpeg", crawled=CRAWLED)
    return b"".join(compressed(path, record) for record in records_of(picture))


def run(gigabytes: float, made: Callable[[Path, int], Path]) -> None:
    """Print the figures of a file of that size, and of one a tenth as large."""
    limits, peaks = Limits(), []
    for size in (int(gigabytes * 1e8), int(gigabytes * 1e9)):
        with tempfile.TemporaryDirectory() as name:
            if shutil.disk_usage(name).free < size + 1e9:
                print(f"a file of {size / 1e9:.1f} GB: left out, no room on the disk")
                return
            path = made(Path(name) / "large.warc.gz", size)
            said = measured(path, Path(name) / "data", limits.shard_bytes, limits.pages_a_run)
        told(f"a file of {size / 1e9:.1f} GB", said)
        peaks.append(said["peak"])
    print(f"  {peaks[1] / peaks[0]:.0%} of the smaller one's peak")
