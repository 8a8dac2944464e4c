"""Kinds of files of a data folder, and ways to damage one."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from warehouse.build.publish import BLOCK, HEADERS
from warehouse.layers.findings import Kind

KINDS: Mapping[str, Kind] = {
    "raw/gb-post/*.warc.gz": "archive file",
    "articles/*/2*.parquet": "parquet",
    "captures/2*.parquet": "parquet",
    "stripped_blocks/2*.parquet": "parquet",
    "commits/2*.json": "commit",
    "commits/compacted/articles*.json": "compaction",
    "definitions.json": "definitions",
    "topic_changes.json": "topic changes",
    "removed.json": "removed archives",
    "vintages/attention_index/*.parquet": "vintage",
    "vintages/index_notes/*.parquet": "vintage",
    "warehouse/current/manifest.json": "manifest",
    "warehouse/current/news.duckdb": "snapshot",
    "warehouse/writer/news.duckdb": "writer file",
    "cache/listings/*/*.json": "state file",
}
"""Patterns below the data folder, and what their files are. A file of a run begins with 2."""
WAYS = ("flipped", "truncated", "emptied", "deleted", "older")


def newest(root: Path, pattern: str) -> Path:
    """The last file of a pattern by name."""
    return max(root.glob(pattern), key=lambda path: path.name)


def damage(path: Path, way: str, older: Path | None = None) -> None:
    """Damage a file in one of `WAYS`; `older` is an earlier version of it."""
    ways: dict[str, Callable[[], object]] = {
        "flipped": lambda: flip(path),
        "truncated": lambda: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        "emptied": lambda: path.write_bytes(b""),
        "deleted": path.unlink,
        "older": lambda: shutil.copyfile(older or path, path),
    }
    ways[way]()


def flip(path: Path) -> None:
    """Change some bits of a byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    if path.suffix == ".duckdb":  # the middle may be in a free block
        with duckdb.connect(str(path), read_only=True) as con:
            sql = "SELECT max(block_id) FROM pragma_storage_info('captures')"
            [(block,)] = con.execute(sql).fetchall()
        at = HEADERS + block * BLOCK + 1000
    data[at] ^= 0x55
    path.write_bytes(data)
