"""Shards: stretches of WARC files, each refined, and recorded as done, by itself.

A `ShardJob` and its result, `Staged`, are sent between processes and machines.
"""

import glob
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from tasks.archive.any_warc_records import MAX_HEADER_BYTES, record_starts
from tasks.archive.warc_files import (
    SUFFIXES,
    WarcPath,
    is_file,
    is_warc,
    size_of,
    stored_warcs,
    warc_at,
)
from tasks.backfill.selection import SELECTIONS, Selection, SourceDomains
from tasks.model import Extraction
from tasks.sources.source import Source
from tasks.text.toml_reader import ConfigError
from warehouse.layers.commits import Commit, commit_path, committed_runs, read_commit
from warehouse.layers.layout import Layout
from warehouse.store.objects import SCHEME, StoreError

FLOW = "backfill"  # `flow` of the commits of backfilled shards
PACKED = "unzip the .wacz file, a ZIP archive of WARC files, and name its folder archive"


@dataclass(frozen=True, slots=True)
class Shard:
    """A stretch of a WARC file, from one record's beginning to another's."""

    url: str  # the file's absolute path, or its s3:// address
    fingerprint: str  # of the file's content: another file at that path is another shard
    start: int
    end: int

    @property
    def path(self) -> WarcPath:
        """The file."""
        return warc_at(self.url)

    @property
    def bytes(self) -> int:
        """Size of the stretch."""
        return self.end - self.start

    def key(self, selection: Selection) -> str:
        """The name of this shard's work: equal for equal content and selection."""
        text = f"{self.fingerprint} {self.start} {self.end} {selection.key}"
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def is_there(self) -> bool:
        """Whether the file is still there, unchanged."""
        return is_file(self.path) and fingerprint(self.path) == self.fingerprint


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


def fingerprint(path: WarcPath) -> str:
    """Hash of a WARC file's size, beginning and end, wherever the file is."""
    size = size_of(path)
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(MAX_HEADER_BYTES))
        file.seek(max(0, size - MAX_HEADER_BYTES))
        digest.update(file.read())
    return digest.hexdigest()[:24]


def find_warcs(patterns: Sequence[str]) -> list[WarcPath]:
    """The files that paths, folders and globs name, by name; ConfigError lists what names none."""
    found: set[WarcPath] = set()
    wrong = []
    for pattern in patterns:
        path = Path(pattern).expanduser().absolute()
        named: Sequence[WarcPath]
        if pattern.startswith(SCHEME):
            try:
                named = list(stored_warcs(pattern))
            except (ValueError, StoreError) as error:
                raise ConfigError([str(error)]) from None
        elif path.is_dir():
            named = [file for kind in SUFFIXES for file in path.glob(f"**/*{kind}")]
        elif path.is_file():
            named = [path]
        else:
            files = map(Path, glob.glob(str(path), recursive=True))  # noqa: PTH207 - a whole path
            named = [file for file in files if file.is_file()]
        warcs = [file for file in named if is_warc(file)]
        found.update(warcs)
        if not warcs:
            others = map(str, (*named, *path.glob("**/*.wacz")))
            is_packed = any(other.lower().endswith(".wacz") for other in others)
            wrong.append(f"{pattern}: {PACKED if is_packed else 'no WARC file there'}")
    if wrong or not patterns:
        raise ConfigError(wrong or ["no WARC file named"])
    return sorted(found, key=str)


def open_warcs(paths: Iterable[WarcPath]) -> list[Shard]:
    """The files, each as one shard; those with the same content once."""
    found: dict[str, Shard] = {}
    for path in paths:
        warc = Shard(str(path), fingerprint(path), 0, size_of(path))
        found.setdefault(warc.fingerprint, warc)
    return list(found.values())


def is_small(warc: Shard, size: int) -> bool:
    """Whether a file stays one shard."""
    return warc.bytes < 2 * size


def cut_into_shards(warc: Shard, size: int) -> list[Shard]:
    """The shards of a file, in order, each of about `size` bytes; raises as `read_records` does."""
    if is_small(warc, size):
        return [warc]
    cuts = [*record_starts(warc.path, size), warc.bytes]
    return [replace(warc, start=start, end=end) for start, end in pairwise(cuts)]


class Done:
    """The shards that commits list under a selection, unless sources have pages of them now."""

    def __init__(self, layout: Layout, selection: Selection, domains: SourceDomains) -> None:
        self._stretches: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for commit in done_work(layout):
            earlier, shards = work_of(commit)
            is_other = replace(earlier, owners=selection.owners) != selection
            if earlier.owners != selection.owners:
                # A commit does not name the pages that `only_known` left out.
                is_other |= selection.only_known and bool(earlier.owners)
                is_other |= any(map(domains.has_pages_of, commit.outcomes))
            for shard in () if is_other else shards:
                self._stretches[shard.fingerprint].add((shard.start, shard.end))

    def __contains__(self, shard: object) -> bool:
        if not isinstance(shard, Shard):
            return False
        return (shard.start, shard.end) in self._stretches.get(shard.fingerprint, ())

    def bytes(self, warc: Shard) -> int:
        """Bytes of a file that are done; all of the file when that is its size."""
        total = reached = 0
        for start, end in sorted(self._stretches.get(warc.fingerprint, ())):
            total += max(0, end - max(start, reached))
            reached = max(reached, end)
        return total


def done_work(layout: Layout) -> Iterator[Commit]:
    """The commits of backfills."""
    flow_entry = f'"flow": "{FLOW}"'.encode()
    for run_id in committed_runs(layout.commits):
        if flow_entry in commit_path(layout.commits, run_id).read_bytes():
            commit = read_commit(layout.commits, run_id)
            if commit:
                yield commit


def work_of(commit: Commit) -> tuple[Selection, list[Shard]]:
    """The selection of a backfill's commit, and the shards that it was made from.

    A commit that was lost and repaired has no record of them, which gives the default selection and
    no shards: the next backfill of its files reads them again, and adds nothing.
    """
    kept = commit.parameters
    selection = SELECTIONS.validate_python(kept["selection"]) if "selection" in kept else None
    return selection or Selection(), [Shard(**one) for one in kept.get("shards", ())]
