"""The files of the raw archive: in the data folder, only in its store, or removed by retention."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from warehouse.layers.atomic_write import write_whole
from warehouse.layers.documents import decode, encode
from warehouse.layers.layout import Layout
from warehouse.store.link import is_working_copy, read_link
from warehouse.store.objects import Missing, side_by_side

SUFFIX = ".warc.gz"
DAMAGED = "damaged: "  # prefix of `why` where repair has given up an archive file or a record


def archive_files(layout: Layout, source_id: str = "") -> dict[str, int]:
    """Sizes in bytes of the finished archive files of a source, or of all, by name below `raw`."""
    folder = layout.raw / source_id
    found = {
        path.relative_to(layout.raw).as_posix(): path.stat().st_size
        for path in folder.glob(f"*{SUFFIX}" if source_id else f"*/*{SUFFIX}")
    }
    if link := read_link(layout):
        listed = link.store.list(folder.relative_to(layout.root).as_posix())
        stored = {each.key.partition("/")[2]: each.bytes for each in listed}
        found = {name: size for name, size in stored.items() if name.endswith(SUFFIX)} | found
    return dict(sorted(found.items()))


def download_archive(layout: Layout, name: str) -> None:
    """Download an archive file from the store, unless it exists here or the store has none."""
    path = layout.raw / name
    if not path.exists() and (link := read_link(layout)):
        with suppress(Missing):
            link.store.download(f"{layout.raw.name}/{name}", path)


def download_archives(layout: Layout, source_id: str, most: int) -> None:
    """Download those of a source's `most` newest archive files that only the store has."""
    if is_working_copy(layout):
        names = list(archive_files(layout, source_id))[-most:]
        side_by_side(partial(download_archive, layout), names)


# Recorded, so that a `raw_ref` into a removed file does not count as broken.
# By path below the data folder: `bytes`, `removed_at` and `why`. The path may be that of a damaged
# record, `raw/<source_id>/<run_id>.warc.gz#<offset>`.
Removed = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Document:
    archives: Removed


def removed_archives(layout: Layout) -> Removed:
    """The archive files that were removed, or are recorded for removal."""
    if not layout.removed.exists():
        return {}
    return decode(_Document, layout.removed.read_bytes(), layout.removed).archives


def expired_archives(layout: Layout) -> list[str]:
    """The removed archive files, without damaged ones, which a backup may restore."""
    removed = removed_archives(layout).items()
    return [place for place, about in removed if not about["why"].startswith(DAMAGED)]


def given_up_offsets(removed: Removed, place: str) -> set[int]:
    """Offsets in an archive file of the damaged records that repair has given up."""
    parts = (noted.partition("#") for noted in removed)
    return {int(offset) for name, _, offset in parts if offset and name == place}


def write_removed(layout: Layout, archives: Removed) -> None:
    """Write the list; called before its files are removed."""
    write_whole(layout.removed, encode(_Document(archives), sort_keys=True))
