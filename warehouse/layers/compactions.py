"""Records of compaction, one per layer and day: the files that replace files of commits.

A record is beside the commits and is replaced whole: `commits/compacted/<layer>.<day>.json`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from warehouse.layers.atomic_write import write_whole
from warehouse.layers.documents import DocumentError, decode, encode
from warehouse.layers.findings import REMEDIES

DAY_PREFIX = "day-"  # begins the name of a compacted file


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one commit in a compacted file."""

    run_id: str
    path: str  # the commit's original file, below the data folder
    rows: int


@dataclass(frozen=True, slots=True)
class CompactedFile:
    """One file that replaces several."""

    path: str  # below the data folder, with forward slashes
    bytes: int
    sha256: str
    parts: tuple[Part, ...]  # in the order of its rows

    @property
    def rows(self) -> int:
        """The number of its rows."""
        return sum(part.rows for part in self.parts)


@dataclass(frozen=True, slots=True)
class Retired:
    """A replaced file that is kept for its readers."""

    path: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Compaction:
    """The compacted and the replaced files of one layer and day."""

    layer: str
    day: str  # UTC day of publication; of the run's start in the other layers; or `undated`
    files: tuple[CompactedFile, ...] = ()
    retired: tuple[Retired, ...] = ()


def compaction_path(commits: Path, layer: str, day: str) -> Path:
    """Where the record of a layer and day is, below a folder of commits."""
    return commits / "compacted" / f"{layer}.{day}.json"


def read_compaction(commits: Path, layer: str, day: str) -> Compaction | None:
    """The record of a layer and day; None when its files are as they were written."""
    path = compaction_path(commits, layer, day)
    return read_record(path) if path.exists() else None


def read_compactions(commits: Path) -> list[Compaction]:
    """All records of a folder of commits, by layer and day."""
    return [read_record(path) for path in compaction_paths(commits)]


def compaction_paths(commits: Path) -> list[Path]:
    """The files of the records, by layer and day."""
    return sorted((commits / "compacted").glob("[!.]*.json"))


def read_record(path: Path) -> Compaction:
    """One record; DocumentError when it is damaged or of another layer and day than its name."""
    record = decode(Compaction, path.read_bytes(), path)
    if path.name != f"{record.layer}.{record.day}.json":
        problem = f"is the record of {record.layer}.{record.day}"
        raise DocumentError(path, problem, REMEDIES["compaction"])
    return record


def write_compaction(commits: Path, compaction: Compaction) -> None:
    """Write or replace a record, so that its files count in place of those that they replace."""
    path = compaction_path(commits, compaction.layer, compaction.day)
    write_whole(path, encode(compaction, sort_keys=True))


def compacted_files(compactions: Iterable[Compaction]) -> dict[str, tuple[CompactedFile, int]]:
    """The file that has the rows of a commit's file now, and the place of the first, by its path.

    By place, since the commits of a run have the same run_id in their rows.
    """
    found = {}
    for file in (file for compaction in compactions for file in compaction.files):
        first = 0
        for part in file.parts:
            found[part.path] = file, first
            first += part.rows
    return found
