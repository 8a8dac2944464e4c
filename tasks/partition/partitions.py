"""Writes a run's staged rows to Parquet, one file per UTC publication day, and its commit."""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from tasks.model import Batch, CaptureKind, Outcome
from tasks.partition.versions import KnownVersions, VersionVerdict, judge_versions
from tasks.text.urls import fold_url, is_http
from warehouse.layers.atomic_write import sync
from warehouse.layers.commits import Commit, CommittedFile, commit_id, warc_name, write_commit
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import mark_begun, mark_done
from warehouse.layers.parquet import UNDATED, Job, write_parquets
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA, CAPTURE_SCHEMA, STRIPPED_SCHEMA
from warehouse.memory_allocators import release_memory

URLS = ("url_requested", "url_final", "given_url")
PAGE_KINDS = frozenset({CaptureKind.PAGE.value, CaptureKind.FILE.value})
# Captures in Parquet: `url_keys` are the folded URLs under which a page is known.
CAPTURE_FILE_SCHEMA = CAPTURE_SCHEMA.append(pa.field("url_keys", pa.list_(pa.string())))


@dataclass(frozen=True, slots=True)
class Run:
    """A refined run that is to be loaded, or a part of one."""

    run_id: str
    batches: tuple[Batch, ...]
    flow: str = "ingest"
    started_at: datetime | None = None
    finished_at: datetime | None = None
    extractor_version: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)

    @property
    def commit_id(self) -> str:
        """The id of its commit."""
        return commit_id(self.run_id, self.parameters)


def partition(
    layout: Layout,  # the caller holds its writer's lock
    run: Run,
    known: Callable[[Collection[UUID]], Mapping[UUID, KnownVersions]],  # versions from earlier runs
    *,
    sequence: int = 1,  # the commit's place in the order of commits
    commits: Path | None = None,  # another folder for the commit, while a layer is being rebuilt
) -> Commit | None:
    """Write a run's Parquet files and, last, its commit; None when nothing was staged.

    The same staged rows give the same bytes, whatever their order and number of folders.
    """
    folders = [batch.stage for batch in run.batches]
    # Combined: with a chunk for each of 200 sources, reading the times alone took half a second.
    captures = read_staged(folders, run.run_id, "captures", CAPTURE_SCHEMA).combine_chunks()
    articles = read_staged(folders, run.run_id, "articles", ARTICLE_SCHEMA)
    stripped = read_staged(folders, run.run_id, "stripped_blocks", STRIPPED_SCHEMA)
    if not (captures.num_rows or articles.num_rows or run.parameters):
        return None
    folder = commits or layout.commits
    order, verdicts = judge_versions(articles, known(set(articles["article_id"].to_pylist())))
    captures = judged_captures(captures, articles, verdicts)
    # Lets the next load remove the files of a run that was killed before its commit.
    mark_begun(folder, run.commit_id)
    days, stripped = by_day(articles, order, verdicts), judged_stripped(stripped, verdicts)
    files = write_layers(layout, run.commit_id, days, captures, stripped)
    commit = Commit(
        run_id=run.run_id,
        sequence=sequence,
        flow=run.flow,
        started_at=run.started_at,
        finished_at=run.finished_at,
        extractor_version=run.extractor_version,
        warcs=tuple(sorted({warc_name(layout, batch.warc) for batch in run.batches})),
        files=tuple(sorted(files, key=lambda file: file.path)),
        outcomes=outcomes_of(captures),
        parameters=run.parameters,
    )
    # Last, after the files are on disk: a file counts only when a commit names it.
    write_commit(folder, commit)
    mark_done(folder, run.commit_id)
    # glibc would keep the memory of the run's rows: up to 191 MiB after five loads.
    release_memory()
    return commit


def outcomes_of(captures: pa.Table) -> dict[str, dict[str, int]]:
    """Captures by source and outcome, sorted, so that equal runs write equal commits."""
    by_source: dict[str, Counter[str]] = defaultdict(Counter)
    for row in captures.select(["source_id", "outcome"]).to_pylist():
        by_source[row["source_id"]][row["outcome"]] += 1
    return {source: dict(sorted(by_source[source].items())) for source in sorted(by_source)}


def read_staged(folders: Iterable[Path], run_id: str, name: str, schema: pa.Schema) -> pa.Table:
    """The rows of all folders."""
    tables = [schema.empty_table()]
    paths = [f"{folder}/{name}.arrow" for folder in sorted(folders)]
    for path in paths:
        if name != "captures" and not os.path.exists(path):  # noqa: PTH110 - there are no rows
            continue
        with pa.memory_map(path) as source:
            tables.append(pa.ipc.open_file(source).read_all())
    table = pa.concat_tables(tables)
    # The shards of a backfill are staged before the id of their run is known.
    return _with_column(table, "run_id", [run_id] * table.num_rows)


def write_layers(
    layout: Layout,
    commit_id: str,
    days: Mapping[date | None, Callable[[], pa.Table]],
    captures: pa.Table,
    stripped: pa.Table,
) -> list[CommittedFile]:
    """Write a run's files that have rows: articles by day, captures, stripped blocks."""
    jobs: list[Job] = [
        (layout.articles / f"published_date={day or UNDATED}", "articles", take)
        for day, take in days.items()
    ]
    for folder, table in ((layout.captures, captures), (layout.stripped_blocks, stripped)):
        if table.num_rows:
            jobs.append((folder, folder.name, partial(pa.Table.combine_chunks, table)))
    files = write_parquets(layout, commit_id, jobs)
    # New folders have to be on disk, too, before the commit names files in them.
    for folder in {folder.parent for folder, _, _ in jobs}:
        sync(folder)
    return files


def by_day(
    articles: pa.Table, order: Sequence[int], verdicts: Mapping[UUID, VersionVerdict]
) -> dict[date | None, Callable[[], pa.Table]]:
    """For each day, a function that returns its new versions, in the given order of articles."""
    capture_ids = articles["capture_id"].to_pylist()
    days = articles["published_date"].to_pylist()
    rows: dict[date | None, list[int]] = defaultdict(list)
    for row in order:
        if verdicts[capture_ids[row]].outcome is not Outcome.UNCHANGED:
            rows[days[row]].append(row)
    row_verdicts = [verdicts[capture_id] for capture_id in capture_ids]
    numbered = _with_column(
        articles, "version_no", [verdict.version_no for verdict in row_verdicts]
    )
    numbered = _with_column(
        numbered, "first_seen_at", [verdict.first_seen_at for verdict in row_verdicts]
    )
    numbered = numbered.drop_columns(["published_date"])
    return {day: partial(numbered.take, pa.array(indices)) for day, indices in rows.items()}


def _with_column(table: pa.Table, name: str, values: Sequence[Any]) -> pa.Table:
    at = table.schema.get_field_index(name)
    column = table.schema.field(at)
    return table.set_column(at, column, pa.array(values, column.type))


def judged_captures(
    table: pa.Table, articles: pa.Table, verdicts: Mapping[UUID, VersionVerdict]
) -> pa.Table:
    """The captures with their final outcome, version and URL keys, by time."""
    canonical = {
        row["capture_id"]: row["url_canonical"]
        for row in articles.select(["capture_id", "url_canonical"]).to_pylist()
    }
    columns = ["capture_id", "outcome", "attempted_at", "kind", *URLS]
    rows = table.select(columns).to_pylist()
    staged = {row["capture_id"] for row in rows if row["outcome"] == Outcome.ARTICLE}
    unmatched = staged ^ set(verdicts)
    if unmatched:
        raise ValueError(f"capture {min(unmatched)} does not match the staged articles")
    row_verdicts = [verdicts.get(row["capture_id"]) for row in rows]
    outcomes = [
        verdict.outcome.value if verdict else row["outcome"]
        for verdict, row in zip(row_verdicts, rows, strict=True)
    ]
    keys: list[list[str]] = []
    for row in rows:
        urls = {canonical.get(row["capture_id"]), *(row[name] for name in URLS)}
        is_page = row["kind"] in PAGE_KINDS
        keys.append(sorted({fold_url(url) for url in urls if is_page and url and is_http(url)}))
    table = _with_column(table, "outcome", outcomes)
    table = _with_column(
        table, "version_no", [verdict and verdict.version_no for verdict in row_verdicts]
    )
    url_keys = CAPTURE_FILE_SCHEMA.field("url_keys")
    table = table.append_column(url_keys, pa.array(keys, url_keys.type))
    order = sorted(
        range(len(rows)), key=lambda index: (rows[index]["attempted_at"], rows[index]["capture_id"])
    )
    return table.take(pa.array(order, pa.int64()))


def judged_stripped(table: pa.Table, verdicts: Mapping[UUID, VersionVerdict]) -> pa.Table:
    """The blocks of pages that gave a new version or no article, by article and position."""
    by_id = {capture_id.bytes: verdict for capture_id, verdict in verdicts.items()}
    # As bytes, since creating UUID objects took most of the time here.
    row_verdicts = [by_id.get(capture_id) for capture_id in _bytes(table, "capture_id").to_pylist()]
    table = _with_column(
        table, "version_no", [verdict and verdict.version_no for verdict in row_verdicts]
    )
    kept = [not verdict or verdict.outcome is not Outcome.UNCHANGED for verdict in row_verdicts]
    table = table.filter(pa.array(kept, pa.bool_()))
    keys = {
        "article_id": pc.fill_null(_bytes(table, "article_id"), b""),
        "version_no": pc.fill_null(table["version_no"], 0),
        "capture_id": _bytes(table, "capture_id"),
        "position": table["position"],
    }
    order = [(name, "ascending") for name in keys]
    return table.take(pc.sort_indices(pa.table(keys), sort_keys=order))


def _bytes(table: pa.Table, name: str) -> pa.ChunkedArray:
    """A column of UUIDs as bytes."""
    chunks = [chunk.storage.cast(pa.binary()) for chunk in table[name].chunks]
    return pa.chunked_array(chunks, pa.binary())
