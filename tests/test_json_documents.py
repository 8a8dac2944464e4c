"""JSON documents of a data folder: round trip, earlier files, and what cannot be read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse.build.loaded_definitions import recorded_changes
from warehouse.build.manifest import read_manifest
from warehouse.layers.audits import read_audits
from warehouse.layers.commits import Commit, CommittedFile, commit_path, read_commit, write_commit
from warehouse.layers.compactions import read_compactions
from warehouse.layers.definitions import read_definitions
from warehouse.layers.documents import DocumentError
from warehouse.layers.layout import Layout
from warehouse.store.archive_files import removed_archives
from warehouse.store.link import read_link

RUN_ID = "20260302T060000Z-abcdef"
COMMIT = """{
 "extractor_version": "0123456789ab",
 "files": [
  {
   "bytes": 4711,
   "layer": "captures",
   "path": "captures/20260302T060000Z-abcdef.0123456789ab.parquet",
   "rows": 3,
   "sha256": "00"
  }
 ],
 "finished_at": null,
 "flow": "ingest",
 "format": 1,
 "outcomes": {
  "gb-portwick-courier": {
   "article": 3
  }
 },
 "parameters": {
  "note": "Überschrift"
 },
 "run_id": "20260302T060000Z-abcdef",
 "sequence": 1,
 "started_at": "2026-03-02T06:00:00+00:00",
 "warcs": [
  "raw/gb-portwick-courier/20260302T060000Z-abcdef.warc.gz"
 ]
}"""
"""As version 0.1.0 wrote it."""

AUDIT = "g20-precision-20260301T060000Z-abcdef"
READERS: dict[str, Callable[[Layout], object]] = {
    f"commits/{RUN_ID}.json": lambda layout: read_commit(layout.commits, RUN_ID),
    f"audits/{AUDIT}/sample.json": read_audits,
    "commits/compacted/articles.2026-03-02.json": lambda layout: read_compactions(layout.commits),
    "definitions.json": read_definitions,
    "removed.json": removed_archives,
    "store.json": read_link,
    "topic_changes.json": recorded_changes,
    "warehouse/current/manifest.json": lambda layout: read_manifest(layout.current.parent),
}


def test_a_commit_of_version_0_1_0_is_read_and_written_with_a_checksum(tmp_path: Path) -> None:
    path = commit_path(tmp_path, RUN_ID)
    path.write_text(COMMIT, encoding="utf-8")
    commit = read_commit(tmp_path, RUN_ID)
    file = f"captures/{RUN_ID}.0123456789ab.parquet"
    assert commit == Commit(
        RUN_ID,
        1,
        "ingest",
        datetime(2026, 3, 2, 6, tzinfo=UTC),
        None,
        "0123456789ab",
        (f"raw/gb-portwick-courier/{RUN_ID}.warc.gz",),
        (CommittedFile(file, "captures", 3, 4711, "00"),),
        {"gb-portwick-courier": {"article": 3}},
        {"note": "Überschrift"},
    )
    write_commit(tmp_path, commit)
    written = json.loads(path.read_bytes())
    assert len(written.pop("sha256")) == 64
    assert written == json.loads(COMMIT)
    assert read_commit(tmp_path, RUN_ID) == commit


def test_a_changed_byte_that_leaves_json_is_found(tmp_path: Path) -> None:
    path = commit_path(tmp_path / "commits", RUN_ID)
    path.parent.mkdir()
    path.write_text(COMMIT, encoding="utf-8")
    commit = read_commit(path.parent, RUN_ID)
    assert commit
    write_commit(path.parent, commit)
    path.write_bytes(path.read_bytes().replace(b'"rows": 3', b'"rows": 4'))
    with pytest.raises(DocumentError) as error:
        read_commit(path.parent, RUN_ID)
    assert str(error.value) == (
        f"{path} is damaged: not what its checksum says; restore it from a backup, or run"
        " `presswatch repair`"
    )


@pytest.mark.parametrize("name", READERS)
def test_a_newer_format_names_the_file_and_the_remedy(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"format": 2, "shape": "unknown"}))
    with pytest.raises(DocumentError) as error:
        READERS[name](Layout(tmp_path))
    assert str(error.value).startswith(f"{path} has format 2")
    assert str(error.value).endswith("written by a newer version of Presswatch; upgrade")


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_a_damaged_document_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(DocumentError, match="is damaged") as error:
        READERS[name](Layout(tmp_path))
    assert str(error.value).startswith(str(path))


def test_a_field_of_the_wrong_type_is_named(tmp_path: Path) -> None:
    path = tmp_path / "definitions.json"
    path.write_text('{"format": 1, "topics": [{"topic_id": 3}]}')
    with pytest.raises(DocumentError, match=r"definitions.json is damaged: topics.0.topic_id: "):
        read_definitions(Layout(tmp_path))
