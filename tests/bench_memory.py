"""The memory that a large WARC file takes: `python -m tests.bench --only memory [--gigabytes N]`.

Of each gigabyte some 2 MB are gold pages with their requests and metadata, the rest pictures as
responses: extracting a gigabyte of nothing but pages would take a quarter of an hour. Shards and
runs are cut as they are by default. Beside it a file a tenth as large.
"""

import os
import shutil
import tempfile
from itertools import cycle
from pathlib import Path

from tasks.settings import Limits
from tests.bench_backfill import MB, archived, measured, told
from tests.made_warcs import CRAWLED, Archived, compressed, records_of

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


def _picture(path: Path, number: int) -> bytes:
    """A picture's records; it does not compress."""
    url = f"https://paper.co.uk/images/{number}.jpg"
    body = os.urandom(2 * MB)
    picture = Archived(url, body, content_type="image/jpeg", crawled=CRAWLED)
    return b"".join(compressed(path, record) for record in records_of(picture))


def run(gigabytes: float = GIGABYTES) -> None:
    """Print the figures of a file of that size, and of one a tenth as large."""
    limits, peaks = Limits(), []
    for size in (int(gigabytes * 1e8), int(gigabytes * 1e9)):
        with tempfile.TemporaryDirectory() as name:
            if shutil.disk_usage(name).free < size + 1e9:
                print(f"a file of {size / 1e9:.1f} GB: left out, no room on the disk")
                return
            path = write_large(Path(name) / "large.warc.gz", size)
            said = measured(path, Path(name) / "data", limits.shard_bytes, limits.pages_a_run)
        told(f"a file of {size / 1e9:.1f} GB", said)
        peaks.append(said["peak"])
    print(f"  {peaks[1] / peaks[0]:.0%} of the smaller one's peak")
