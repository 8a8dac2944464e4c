"""Records of compaction: which rows of which run are in which file now.

A run's commit never changes. What took the place of its files stands beside it, one record a layer
and day, replaced whole: `commits/compacted/<layer>.<day>.json`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from warehouse.layers.atomic_write import write_whole
from warehouse.layers.documents import decode, encode


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one run in a compacted file."""

    run_id: str
    path: str  # file of the run's commit in which they were, below the data folder
    rows: int


@dataclass(frozen=True, slots=True)
class CompactedFile:
    """One file in the place of several."""

    path: str  # below the data folder, with forward slashes
    bytes: int
    sha256: str
    parts: tuple[Part, ...]  # in the order of its rows

    @property
    def rows(self) -> int:
        """All its rows."""
        return sum(part.rows for part in self.parts)


@dataclass(frozen=True, slots=True)
class Retired:
    """A file whose rows are in another one now; kept for its readers."""

    path: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Compaction:
    """What became of the files of one layer and day."""

    layer: str
    day: str  # UTC day of publication; of the run's start in the other layers; or `undated`
    files: tuple[CompactedFile, ...] = ()
    retired: tuple[Retired, ...] = ()


def _record(commits: Path, layer: str, day: str) -> Path:
    return commits / "compacted" / f"{layer}.{day}.json"


def read_compaction(commits: Path, layer: str, day: str) -> Compaction | None:
    """The record of a layer and day; None when its files are as they were written."""
    path = _record(commits, layer, day)
    return decode(Compaction, path.read_bytes(), path) if path.exists() else None


def read_compactions(commits: Path) -> list[Compaction]:
    """All records of a folder of commits, by layer and day."""
    paths = sorted((commits / "compacted").glob("[!.]*.json"))
    return [decode(Compaction, path.read_bytes(), path) for path in paths]


def write_compaction(commits: Path, compaction: Compaction) -> None:
    """Write or replace a record; from here on its files count, and those they replace do not."""
    path = _record(commits, compaction.layer, compaction.day)
    write_whole(path, encode(compaction, sort_keys=True))


def compacted_files(compactions: Iterable[Compaction]) -> dict[tuple[str, str], CompactedFile]:
    """The files in which the rows of runs are now, by run and the path in its commit."""
    return {
        (part.run_id, part.path): file
        for compaction in compactions
        for file in compaction.files
        for part in file.parts
    }
