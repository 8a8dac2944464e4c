"""Bringing a working copy up to the last state of its store."""

import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import file_digest
from pathlib import Path

import duckdb

from warehouse.build.article_texts_view import point_texts
from warehouse.build.file_copy import copy_over
from warehouse.build.manifest import NAME
from warehouse.build.snapshots import show, snapshot_folder, snapshots
from warehouse.layers.commits import CommittedFile, committed_runs, named_files
from warehouse.layers.layout import Layout
from warehouse.layers.removed_archives import removed_archives
from warehouse.store.link import Link, files_of, scan, write_link
from warehouse.store.objects import Missing, Store, StoreError, side_by_side
from warehouse.store.states import (
    KEPT_SNAPSHOTS,
    State,
    StoredSnapshot,
    document_key,
    last_number,
    read_state,
)

log = logging.getLogger(__name__)

TRIES = 3


def pull(layout: Layout, link: Link) -> None:
    """Bring the folder up to the store's last state; for the holder of the folder's lock.

    Raises:
        StoreError: the store does not answer, or has lost what it had.
    """
    store = link.store
    for tried in range(1, TRIES + 1):
        number = last_number(store)
        if number == link.state:
            return
        if number < link.state:
            raise StoreError(f"{store.url} has lost its state {link.state}; its last is {number}")
        try:
            _take(layout, link, read_state(store, number))
            return
        except Missing:
            # States go on being created, and what none of the last ones names is removed.
            if tried == TRIES or last_number(store) == number:
                raise


def _take(layout: Layout, link: Link, state: State) -> None:
    """Bring the folder up to a state; killed at any point, it is brought up to it again."""
    store, here = link.store, scan(layout, link)
    changed = {one: has for one, has in state.documents.items() if here.get(one) != has}
    digests = [document_key(digest) for digest in changed.values()]
    contents = dict(zip(changed, side_by_side(store.read, digests), strict=True))
    files = [file for place, content in contents.items() for file in files_of(place, content)]
    side_by_side(partial(_bring, layout, store), {file.path: file for file in files}.values())
    gone = sorted(here.keys() - state.documents.keys())
    for place in gone:
        if place.startswith("commits/") and place not in link.documents:
            log.warning("%s came too late for %s: its run is loaded again", place, store.url)
    _replace(layout, contents, gone)
    if state.snapshots and state.snapshots[0] not in link.snapshots:
        link.published = _take_snapshot(layout, store, state.snapshots[0])
    link.state, link.documents = state.number, dict(state.documents)
    link.snapshots = state.snapshots
    scan(layout, link)
    write_link(layout, link)
    log.info("%s brought up to state %d of %s", layout.root, state.number, store.url)


def _replace(layout: Layout, contents: Mapping[str, bytes], gone: Sequence[str]) -> None:
    """Put small files in place, the large ones being there, and remove what none of them names."""
    loses = bool(gone) or any((layout.root / place).exists() for place in contents)
    before = named_files(layout.commits, committed_runs(layout.commits)) if loses else set()
    for place in gone:
        (layout.root / place).unlink()
    for place, content in contents.items():
        _write(layout.root / place, content)
    os.sync()
    after = named_files(layout.commits, committed_runs(layout.commits)) if loses else set()
    retained = removed_archives(layout) if "removed.json" in contents else ()
    for place in (*(before - after), *retained):
        (layout.root / place).unlink(missing_ok=True)


def _bring(layout: Layout, store: Store, file: CommittedFile) -> None:
    path = layout.root / file.path
    if path.exists() and path.stat().st_size == file.bytes:
        return
    try:
        store.download(file.path, path)
    except Missing:
        return  # replaced by compaction, and the time of grace for its readers is over
    with path.open("rb") as content:
        if file_digest(content, "sha256").hexdigest() != file.sha256:
            path.unlink()
            raise StoreError(f"{store.url}/{file.path} is not what its commit says: it is damaged")


def _write(path: Path, content: bytes) -> None:
    """Write a small file, whole; the disk is told to confirm for all of them at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.half")
    half.write_bytes(content)
    half.rename(path)


def _take_snapshot(layout: Layout, store: Store, stored: StoredSnapshot) -> str:
    """Show a stored snapshot to readers here, and let the loader go on from it; its folder."""
    folder = snapshot_folder(layout, stored.load_no)
    coming = folder.with_name(f"coming-{folder.name}")
    shutil.rmtree(coming, ignore_errors=True)
    for name in (layout.current.name, NAME):
        store.download(f"{stored.key}/{name}", coming / name)
    with duckdb.connect(str(coming / layout.current.name)) as con:
        point_texts(con, layout)
    shutil.rmtree(folder, ignore_errors=True)
    coming.rename(folder)
    show(layout, folder)
    layout.writer.parent.mkdir(parents=True, exist_ok=True)
    layout.writer.with_name(layout.writer.name + ".wal").unlink(missing_ok=True)
    copy_over(folder / layout.current.name, layout.writer)
    for old in snapshots(layout)[:-KEPT_SNAPSHOTS]:
        shutil.rmtree(old)
    return folder.name
