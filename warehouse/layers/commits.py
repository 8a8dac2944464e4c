"""Commits, the manifests of loaded runs: a Parquet file counts only when a commit names it.

A run that loads in parts has one commit per part; their ids are `<run_id>`, `<run_id>_2` and so on.
Rows have the run's id; a Parquet file's name begins with the commit's id. A commit never changes.
`compactions` has the files that replace its files.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from warehouse.layers.atomic_write import write_whole
from warehouse.layers.compactions import Compaction, compacted_files, read_compactions
from warehouse.layers.documents import DocumentError, decode, encode
from warehouse.layers.findings import REMEDIES
from warehouse.layers.layout import Layout

PART = "_"  # between a run's id and the number of its part; run ids have no such character
# Format of later parts, which earlier versions would take for the whole run.
PART_FORMAT = 2


def commit_id(run_id: str, parameters: Mapping[str, Any]) -> str:
    """The id of a run's commit; parts after the first have their number in the parameter `part`."""
    return f"{run_id}{PART}{parameters['part']}" if "part" in parameters else run_id


def commits_of(folder: Path, run_id: str) -> list[str]:
    """The ids of a run's commits."""
    return [name for name in committed_runs(folder) if run_of_commit(name) == run_id]


def part_of(commit_id: str) -> int:
    """The number of a commit's part of its run."""
    return int(commit_id.partition(PART)[2] or 1)


def part_parameters(commit_id: str) -> dict[str, int]:
    """The parameter `part` for a commit with this id; empty for the first part."""
    return {"part": part_of(commit_id)} if PART in commit_id else {}


def next_part(folder: Path, run_id: str) -> int:
    """The number of the next part of a run: one more than that of its last commit."""
    return max(map(part_of, commits_of(folder, run_id)), default=0) + 1


@dataclass(frozen=True, slots=True)
class CommittedFile:
    """One Parquet file of a commit."""

    path: str  # relative to the data folder, with forward slashes
    layer: str  # articles, captures or stripped_blocks
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Commit:
    """The record of a run, or a part of it, written last, when all its files are on disk."""

    run_id: str
    # 1 for the first commit of an installation; the order in which versions were numbered.
    sequence: int
    flow: str
    started_at: datetime | None
    finished_at: datetime | None
    extractor_version: str | None
    warcs: tuple[str, ...]  # WARC files the rows come from, relative to the data folder
    files: tuple[CommittedFile, ...]
    outcomes: Mapping[str, Mapping[str, int]]  # captures by source and outcome
    # Whatever else is worth keeping about the run.
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The commit's own id."""
        return commit_id(self.run_id, self.parameters)

    def paths(self, layout: Layout, layer: str) -> list[Path]:
        """Its files of one layer."""
        return [layout.root / file.path for file in self.files if file.layer == layer]

    @property
    def totals(self) -> Counter[str]:
        """Its captures by outcome, over all sources."""
        found: Counter[str] = Counter()
        for counts in self.outcomes.values():
            found.update(counts)
        return found

    @property
    def attempts(self) -> int:
        """The number of its captures."""
        return self.totals.total()


def commit_path(folder: Path, commit_id: str) -> Path:
    """Where a commit is, below a folder of commits."""
    return folder / f"{commit_id}.json"


def committed_runs(folder: Path) -> list[str]:
    """Ids of the commits of a folder, sorted."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(name[:-5] for name in names if name.endswith(".json") and name[0] != ".")


def decode_commit(content: bytes, name: str | Path) -> Commit:
    """Read a commit; the end of its name is `<id>.json`."""
    stem = Path(name).name.removesuffix(".json")
    commit = decode(Commit, content, name, format=PART_FORMAT if PART in stem else 1)
    if commit.id != stem:
        raise DocumentError(name, f"is the commit of {commit.id}", REMEDIES["commit"])
    return commit


def read_commit(folder: Path, commit_id: str) -> Commit | None:
    """One commit as it was written; None when there is none with this id."""
    path = commit_path(folder, commit_id)
    return decode_commit(path.read_bytes(), path) if path.exists() else None


def written_commits(folder: Path, commit_ids: Iterable[str] | None = None) -> list[Commit]:
    """These commits, or all, in the order in which they were made, as they were written."""
    ids = committed_runs(folder) if commit_ids is None else commit_ids
    found = [commit for one in ids if (commit := read_commit(folder, one))]
    return sorted(found, key=lambda commit: commit.sequence)


def read_commits(folder: Path, commit_ids: Iterable[str] | None = None) -> list[Commit]:
    """The same commits with their current files.

    After compaction several commits have a file in common.
    """
    found = written_commits(folder, commit_ids)
    return with_current_files(found, read_compactions(folder) if found else ())


def with_current_files(found: Iterable[Commit], compactions: Iterable[Compaction]) -> list[Commit]:
    """The commits, in the order in which they were made, with their current files."""
    compacted = compacted_files(compactions)

    def current(file: CommittedFile) -> CommittedFile:
        if file.path not in compacted:
            return file
        new, _ = compacted[file.path]
        return replace(file, path=new.path, bytes=new.bytes, sha256=new.sha256)

    commits = (replace(commit, files=tuple(map(current, commit.files))) for commit in found)
    return sorted(commits, key=lambda commit: commit.sequence)


def layer_files(layout: Layout, commits: Iterable[Commit], layer: str) -> list[Path]:
    """The files of one layer of commits, each once."""
    return list(dict.fromkeys(path for commit in commits for path in commit.paths(layout, layer)))


def write_commit(folder: Path, commit: Commit) -> None:
    """Write or replace a commit, so that its files count."""
    content = encode(commit, format=PART_FORMAT if PART in commit.id else 1, sort_keys=True)
    write_whole(commit_path(folder, commit.id), content)


def commit_of(path: Path) -> str:
    """The id of the commit, or the name of the compacted day, that wrote a Parquet file."""
    return path.name.removeprefix(".").partition(".")[0]


def run_of_commit(commit_id: str) -> str:
    """The run of a commit."""
    return commit_id.partition(PART)[0]


def named_files(folder: Path, commit_ids: Iterable[str] | None = None) -> set[str]:
    """Paths of the files of these commits, or of all, and those written or kept by compaction."""
    named = {file.path for commit in read_commits(folder, commit_ids) for file in commit.files}
    for compaction in read_compactions(folder):
        named.update(file.path for file in compaction.files)
        named.update(old.path for old in compaction.retired)
    return named


def warc_name(layout: Layout, path: Path | str) -> str:
    """An archive file's name in a commit: relative to the data folder, or the path as it is."""
    if isinstance(path, str):
        return path
    return (path.relative_to(layout.root) if path.is_relative_to(layout.root) else path).as_posix()
