"""Paths below the data folder."""

import re
from dataclasses import dataclass
from pathlib import Path

SNAPSHOT = re.compile(r"snapshot-(\d+)")  # name of a snapshot's folder: the number of its load


class Below:
    """An attribute of `Layout`: a path below the data folder."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __get__(self, layout: "Layout", _: type | None = None) -> Path:
        return layout.root / self._path


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one installation; `root` is the data folder."""

    root: Path
    raw = Below("raw")  # WARC files, `raw/<source_id>/<run_id>.warc.gz`, as fetched
    articles = Below("articles")  # Parquet, `articles/published_date=<day>/<commit_id>.*.parquet`
    captures = Below("captures")  # Parquet, `captures/<commit_id>.*.parquet`
    stripped_blocks = Below("stripped_blocks")  # Parquet, `stripped_blocks/<commit_id>.*.parquet`
    commits = Below("commits")  # `<commit_id>.json`: Parquet and WARC files of a run or its part
    next_commits = Below("commits.next")  # the commits of an articles layer that is being rebuilt
    definitions = Below("definitions.json")  # all versions of topics and sources
    topic_changes = Below("topic_changes.json")  # the effects of changed topics
    # Samples of topics and what readers judged, `audits/<audit_id>/*.json`; only ever added to.
    audits = Below("audits")
    link = Below("store.json")  # of a working copy: its store, and the state that it has
    removed = Below("removed.json")  # the archive files that retention removed, with when and why
    alerts = Below("alerts.json")  # open incidents, and messages that no channel has accepted yet
    # Parquet, `vintages/<relation>/as_of=<day>.parquet`: an index as of a day.
    vintages = Below("vintages")
    # Damaged files that could not be repaired, each under its path; no step reads them.
    quarantine = Below("quarantine")
    stage = Below("stage")  # work in progress of runs, `stage/<run_id>/`; safe to delete when idle
    cache = Below("cache")  # what can be fetched or computed again, such as robots.txt files
    prints = Below("cache/prints")  # hashes of the pages' texts, `<source_id>/<run_id>.arrow`
    locks = Below("locks")  # lock files; the kernel frees a lock when its process ends
    warehouse = Below("warehouse")  # the DuckDB files
    writer = Below("warehouse/writer/news.duckdb")  # the loader's private file
    # The file that becomes the next snapshot, while it is written. On the disk of the snapshots,
    # since it is renamed from and to them: `writer` may be a link to another disk.
    spare = Below("warehouse/spare.duckdb")
    current = Below("warehouse/current/news.duckdb")  # what readers open; `current` is a symlink
    report = Below("report.html")  # the HTML report, made from `current`


def published_load(layout: Layout) -> int:
    """The number of the published load; 0 before the first."""
    if not layout.current.exists():
        return 0
    found = SNAPSHOT.fullmatch(layout.current.parent.resolve().name)
    return int(found[1]) if found else 0
