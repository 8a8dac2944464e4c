"""What a backfill would come to, from a sample of its shards, refined and thrown away."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.backfill.loading import Place
from tasks.backfill.processes import ShardPool
from tasks.backfill.shards import Shard
from tasks.backfill.stage import Staged
from tasks.model import Outcome

SHARDS_SAMPLED = 8
"""Taken evenly from all of them."""
BYTES_SAMPLED = 4 * 1024 * 1024
"""Of a shard, from its beginning."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the shards would come to, all but `sampled` multiplied up from the sample."""

    shards: int
    bytes: int
    sampled: int
    """Bytes of the archives that were looked at."""
    records: int
    pages: int
    """Captures: records that the selection does not pass over."""
    articles: int
    passed: dict[str, int]
    outcomes: dict[str, int]
    cpu_seconds: float
    parquet_bytes: int

    def seconds(self, processes: int) -> float:
        """How long it takes so many processes."""
        return self.cpu_seconds / processes


def estimate(place: Place, shards: Sequence[Shard], pool: ShardPool) -> Estimate:
    """Refine the beginnings of some shards and multiply up; nothing is kept of it."""
    some = shards[:: max(1, len(shards) // SHARDS_SAMPLED)][:SHARDS_SAMPLED]
    starts = [replace(one, end=min(one.end, one.start + BYTES_SAMPLED)) for one in some]
    place.layout.stage.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="estimate-", dir=place.layout.stage) as name:
        jobs = [replace(job, folder=Path(name, job.folder.name)) for job in map(place.job, starts)]
        staged = [one for one in pool.refined(jobs) if isinstance(one, Staged)]
        return _multiplied(shards, staged, sum(_parquet_bytes(one.folder) for one in staged))


def _multiplied(shards: Sequence[Shard], staged: Sequence[Staged], kept: int) -> Estimate:
    total, sampled = sum(one.bytes for one in shards), sum(one.shard.bytes for one in staged)
    factor = total / max(1, sampled)
    outcomes, passed = Counter[str](), Counter[str]()
    for one in staged:
        outcomes.update(one.counts)
        passed.update(one.passed)
    up = {name: round(count * factor) for name, count in sorted(outcomes.items())}
    over = {name: round(count * factor) for name, count in sorted(passed.items())}
    return Estimate(
        shards=len(shards),
        bytes=total,
        sampled=sampled,
        records=sum(up.values()) + sum(over.values()),
        pages=sum(up.values()),
        articles=up.get(Outcome.ARTICLE, 0),
        passed=over,
        outcomes=up,
        cpu_seconds=factor * sum(sum(one.seconds.values()) for one in staged),
        parquet_bytes=round(kept * factor),
    )


def _parquet_bytes(folder: Path) -> int:
    size = 0
    for path in folder.glob("*.arrow"):
        with pa.memory_map(str(path)) as file, pa.BufferOutputStream() as out:
            pq.write_table(pa.ipc.open_file(file).read_all(), out, compression="zstd")
            size += out.tell()
    return size
