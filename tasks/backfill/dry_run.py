"""What a backfill would take and give, estimated from a sample of its files."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.archive.any_warc_records import magic_of, next_start
from tasks.backfill.shard_processes import ShardFailed, ShardPool
from tasks.backfill.shard_runs import Place
from tasks.backfill.shards import Shard, Staged
from tasks.model import Outcome

SAMPLE_COUNT = 8  # stretches, taken evenly from all bytes, as if all files were one
SAMPLE_BYTES = 4 * 1024 * 1024  # of a stretch


@dataclass(frozen=True, slots=True)
class Estimate:
    """Figures of a backfill, extrapolated from a sample."""

    bytes: int  # that are not done yet
    sampled: int  # bytes of the archives that were looked at
    passed: dict[str, int]
    outcomes: dict[str, int]
    cpu_seconds: float
    parquet_bytes: int
    # Stretches that could not be refined; the rest was multiplied up for them, too.
    failed: tuple[ShardFailed, ...] = ()

    @property
    def pages(self) -> int:
        """Captures: records that the selection does not pass over."""
        return sum(self.outcomes.values())

    @property
    def articles(self) -> int:
        """Pages with an article, also of one that is known or that another page gives."""
        return self.outcomes.get(Outcome.ARTICLE, 0)


def estimate(place: Place, warcs: Sequence[Shard], remaining: int, pool: ShardPool) -> Estimate:
    """Refine stretches of the files and multiply up to the `remaining` bytes; nothing is kept."""
    place.layout.stage.mkdir(parents=True, exist_ok=True)
    stretches = list(_stretches(warcs))
    begun = []
    for stretch in stretches:
        with stretch.path.open("rb") as file:
            begin = next_start(file, stretch.start, magic_of(file))
        if begin is not None and begin < stretch.end:
            begun.append(replace(stretch, start=begin))
    with TemporaryDirectory(prefix="estimate-", dir=place.layout.stage) as folder:
        job = partial(place.job, below=Path(folder))
        found = list(pool.refined(iter(begun), job))
        staged = [one for one in found if isinstance(one, Staged)]
        parquet_bytes = 0
        for path in (path for one in staged for path in one.folder.glob("*.arrow")):
            with pa.memory_map(str(path)) as file, pa.BufferOutputStream() as out:
                pq.write_table(pa.ipc.open_file(file).read_all(), out, compression="zstd")
                parquet_bytes += out.tell()
    failed = tuple(one for one in found if isinstance(one, ShardFailed))
    sampled = sum(stretch.bytes for stretch in stretches)
    sampled -= sum(one.shard.bytes for one in failed)
    factor = remaining / max(1, sampled)
    outcomes, passed = Counter[str](), Counter[str]()
    for one in staged:
        outcomes.update(one.counts)
        passed.update(one.passed)
    return Estimate(
        bytes=remaining,
        sampled=sampled,
        passed={name: round(count * factor) for name, count in sorted(passed.items())},
        outcomes={name: round(count * factor) for name, count in sorted(outcomes.items())},
        cpu_seconds=factor * sum(sum(one.seconds.values()) for one in staged),
        parquet_bytes=round(parquet_bytes * factor),
        failed=failed,
    )


def _stretches(warcs: Sequence[Shard]) -> Iterator[Shard]:
    """Stretches spread evenly over the bytes of all files; none twice."""
    step = max(SAMPLE_BYTES, sum(warc.bytes for warc in warcs) // SAMPLE_COUNT)
    before = 0
    for warc in warcs:
        after = before + warc.bytes
        for at in range(before // step * step, after, step):
            start, end = max(at, before), min(at + SAMPLE_BYTES, after)
            if start < end:
                yield replace(warc, start=start - before, end=end - before)
        before = after
