"""The job of refining one shard, and its result: sent between processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tasks.backfill.selection import Selection
from tasks.backfill.shards import Shard
from tasks.model import Extraction
from tasks.sources.source import Source


@dataclass(frozen=True, slots=True)
class ShardJob:
    """Everything that refining a shard depends on."""

    shard: Shard
    selection: Selection
    sources: tuple[Source, ...]
    folder: Path  # folder of the staged rows, renamed to this when complete
    max_bytes: int
    page_seconds: float  # CPU seconds that one page may take
    # Rejections of pages, by offset, that ended a process that tried them.
    blamed: Mapping[int, Extraction] = field(default_factory=dict)

    @property
    def cursor(self) -> Path:
        """File with the offset of the page at work, to find the page that ended a process."""
        return self.folder.with_name(self.folder.name + ".at")


@dataclass(frozen=True, slots=True)
class Staged:
    """A shard whose rows are staged. Every record is in `passed` or in `counts`, once."""

    shard: Shard
    folder: Path
    counts: dict[str, int]  # captures by outcome
    passed: dict[str, int]  # records passed over, by reason
    seconds: dict[str, float]  # CPU seconds of reading, extracting and writing

    @property
    def pages(self) -> int:
        """Captures."""
        return sum(self.counts.values())
