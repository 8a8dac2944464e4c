"""Articles whose rows are lost: their pages are marked as lost, later versions are renumbered.

A lost page makes its day `missing` or `partial` in `coverage`, instead of a false zero, and is
fetched again when a listing names it. A row kept without its text, which the warehouse still has,
would count as an article without mentions.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from tasks.model import CaptureKind, Outcome
from tasks.partition.partitions import CAPTURE_FILE_SCHEMA
from tasks.text.urls import fold_url, is_http
from tasks.upkeep.repair.commit_rows import CommitRows
from warehouse.layers.commits import CommittedFile

NEW = (Outcome.ARTICLE, Outcome.REVISED)
DETAIL = "its article was damaged on the disk"
# A version of an article.
Key = tuple[UUID, int]
# Versions of articles that are lost, with their day of publication where it is known.
Lost = dict[Key, date | None]


class _Text(NamedTuple):
    fetched_at: datetime
    version_no: int
    body_sha256: str
    is_dated: bool


def remove_lost_versions(rows: CommitRows, lost: Lost) -> None:
    """Remove lost versions from all commits."""
    if not lost:
        return
    articles = {article_id for article_id, _ in lost}
    ids = pa.array([article_id.bytes for article_id in articles], pa.binary(16))
    touched = {
        name
        for name in rows.commits
        for file in _files(rows, name, "captures")
        for chunk in rows.table(file, ["article_id"])["article_id"].chunks
        if pc.any(pc.is_in(chunk.storage, ids)).as_py()
    }
    texts: dict[UUID, list[_Text]] = defaultdict(list)
    for name in touched:
        for file in _files(rows, name, "articles"):
            columns = ["article_id", *_Text._fields[:3], "published_at"]
            for row in rows.table(file, columns).to_pylist():
                if row["article_id"] in articles:
                    is_dated = row.pop("published_at") is not None
                    texts[row.pop("article_id")].append(_Text(**row, is_dated=is_dated))
    numbers: dict[Key, tuple[int, bool]] = {}
    for article_id, found in texts.items():
        for old, new in _renumbered(found).items():
            numbers[article_id, old] = new
    where = rows.compacted()
    compacted = {
        where[file.path][0].path
        for name in touched
        for file in rows.commits[name].files
        if file.path in where
    }
    for path in sorted(compacted):
        rows.split_compacted(path)
    for name in sorted(touched):
        _rewrite(rows, name, lost, numbers)


def _renumbered(found: Sequence[_Text]) -> dict[int, tuple[int, bool]]:
    """New numbers of the remaining versions, by their old ones, and whether each stays.

    A version that no longer differs from the one that now precedes it is merged into that one.
    """
    like: dict[int, int] = {}
    kept: list[_Text] = []
    for text in sorted(found):
        last = kept[-1] if kept else None
        if (
            last
            and last.version_no < text.version_no
            and last.body_sha256 == text.body_sha256
            and (last.is_dated or not text.is_dated)
        ):
            like[text.version_no] = last.version_no
        else:
            kept.append(text)
    ordered = sorted(text.version_no for text in kept)
    numbers = {old: (new, True) for new, old in enumerate(ordered, 1)}
    return numbers | {old: (numbers[same][0], False) for old, same in like.items()}


def _rewrite(
    rows: CommitRows, name: str, lost: Lost, numbers: Mapping[Key, tuple[int, bool]]
) -> None:
    """Rewrite the files of a commit in which a version is lost or renumbered."""
    pages: dict[UUID, dict[str, Any]] = {}
    for file in _files(rows, name, "captures"):
        table = rows.table(file)
        found = [_capture(row, lost, numbers) for row in table.to_pylist()]
        pages.update((row["capture_id"], row) for row in found)
        _replace_if_changed(rows, name, file, pa.Table.from_pylist(found, schema=table.schema))
        captures = [rows.table(each) for each in _files(rows, name, "captures")]
        rows.set_outcomes(name, pa.concat_tables(captures))
    for layer in ("articles", "stripped_blocks"):
        for file in _files(rows, name, layer):
            table = rows.table(file)
            kept = []
            for row in table.to_pylist():
                page = pages.get(row["capture_id"])
                key = row["article_id"], row["version_no"]
                if page is None or (key in numbers and not numbers[key][1]):
                    continue
                row["version_no"] = page["version_no"]
                if layer == "stripped_blocks" and page["article_id"] != row["article_id"]:
                    row["article_id"] = page["article_id"]
                kept.append(row)
            _replace_if_changed(rows, name, file, pa.Table.from_pylist(kept, schema=table.schema))


def _capture(
    row: dict[str, Any], lost: Lost, numbers: Mapping[Key, tuple[int, bool]]
) -> dict[str, Any]:
    """A capture with the outcome and version number that its article has now."""
    key = row["article_id"], row["version_no"]
    if key in lost:
        day, at = lost[key], row["entry_published_at"]
        if day and (at is None or at.astimezone(UTC).date() != day):
            at = datetime.combine(day, time(), UTC)
        gone = {"outcome": Outcome.LOST.value, "detail": DETAIL, "article_id": None}
        return row | gone | {"version_no": None, "entry_published_at": at}
    if key in numbers:
        number, stays = numbers[key]
        outcome = row["outcome"]
        if outcome in NEW:
            first = Outcome.ARTICLE if number == 1 else Outcome.REVISED
            outcome = (first if stays else Outcome.UNCHANGED).value
        return row | {"version_no": number, "outcome": outcome}
    return row


def captures_of(articles: pa.Table) -> pa.Table:
    """The captures of articles, with the columns that can be derived from their rows."""
    found = []
    for row in articles.to_pylist():
        urls = (row["url_requested"], row["url_final"], row["url_canonical"])
        keys = sorted({fold_url(url) for url in urls if url and is_http(url)})
        shared = {name: row[name] for name in CAPTURE_FILE_SCHEMA.names if name in row}
        outcome = Outcome.ARTICLE if row["version_no"] == 1 else Outcome.REVISED
        found.append(
            shared
            | {
                "kind": (CaptureKind.PAGE if keys else CaptureKind.FILE).value,
                "found_in": "",
                "outcome": outcome.value,
                "detail": "",
                "attempted_at": row["fetched_at"],
                "seconds": 0.0,
                "url_keys": keys,
            }
        )
    return pa.Table.from_pylist(found, schema=CAPTURE_FILE_SCHEMA)


def _replace_if_changed(rows: CommitRows, name: str, file: CommittedFile, table: pa.Table) -> None:
    if not table.equals(rows.table(file)):
        rows.replace(name, file, table)


def _files(rows: CommitRows, name: str, layer: str) -> list[CommittedFile]:
    return [file for file in rows.commits[name].files if file.layer == layer]
