"""Updates the folder of a working copy to a state of its store."""

import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from functools import partial

import duckdb

from warehouse.build.article_texts_view import point_texts
from warehouse.build.manifest import NAME
from warehouse.build.publish import copy_over, snapshot_folder, snapshots, switch_readers
from warehouse.layers.commits import CommittedFile, named_files
from warehouse.layers.layout import Layout
from warehouse.layers.parquet import file_sha256
from warehouse.store.archive_files import expired_archives
from warehouse.store.link import Link, files_of, scan, write_link
from warehouse.store.objects import Missing, Store, StoreError, side_by_side
from warehouse.store.states import (
    SNAPSHOTS_KEPT,
    State,
    StoredSnapshot,
    document_key,
    last_number,
    read_state,
    state_tags,
)

log = logging.getLogger(__name__)

MAX_TRIES = 3


def pull(layout: Layout, link: Link) -> None:
    """Update the folder to the store's last state; the caller holds the folder's lock.

    StoreError when the store does not answer, or has lost a state or an object.
    """
    store = link.store
    for attempt in range(1, MAX_TRIES + 1):
        tags = state_tags(store)
        number = max(tags, default=0)
        _refuse_another(layout, link, tags.get(link.state))
        if number == link.state:
            return
        if number < link.state:
            raise StoreError(f"{store.url} has lost its state {link.state}; its last is {number}")
        try:
            _update(layout, link, read_state(store, number), tags.get(number, ""))
            return
        except Missing:
            # Another machine may have created states meanwhile, and removed objects of this one.
            if attempt == MAX_TRIES or last_number(store) == number:
                raise


def _refuse_another(layout: Layout, link: Link, tag: str | None) -> None:
    """StoreError if the store has another state with the number of the folder's state."""
    store = link.store
    if not tag or not link.tag or tag == link.tag:
        return
    if read_state(store, link.state).documents != link.documents:
        raise StoreError(
            f"{store.url} has another state {link.state} than {layout.root}: the store was reset,"
            f" and another machine has written to it since. Move {layout.root} away, so that it is"
            " made again from the store; `presswatch backfill` loads archives that only its folder"
            " `raw` has"
        )
    link.tag = tag  # the same state, in a copied object


def _update(layout: Layout, link: Link, state: State, tag: str) -> None:
    """Update the folder to a state; after a kill at any point, the next call repeats it."""
    store, local = link.store, scan(layout, link)
    changed = {
        name: digest for name, digest in state.documents.items() if local.get(name) != digest
    }
    keys = [document_key(digest) for digest in changed.values()]
    contents = dict(zip(changed, side_by_side(store.read, keys), strict=True))
    # Parquet files first: a small file in the folder must name only files that exist.
    files = [file for name, content in contents.items() for file in files_of(name, content)]
    large = {file.path: file for file in files}.values()
    objects = len(set(keys)) + sum(side_by_side(partial(_download, layout, store), large))
    # Verdicts of this machine that are in no state yet are kept, and become part of the next one.
    removed = sorted(
        name for name in local.keys() - state.documents.keys() if not name.startswith("audits/")
    )
    lost = "%s is not in %s, which another machine changed first: its run is loaded again"
    for name in removed:
        if name.startswith("commits/") and name not in link.documents:
            log.warning(lost, name, store.url)
    _replace_small_files(layout, contents, removed)
    if state.snapshots and state.snapshots[0] not in link.snapshots:
        link.published = _download_snapshot(layout, store, state.snapshots[0])
        objects += 2
    link.state, link.tag, link.documents = state.number, tag, dict(state.documents)
    link.snapshots = state.snapshots
    scan(layout, link)
    # Written last: until then the folder counts as updated to its old state.
    write_link(layout, link)
    log.info("pulled state %d of %s; new objects: %d", state.number, store.url, objects)


def _replace_small_files(
    layout: Layout, contents: Mapping[str, bytes], removed: Sequence[str]
) -> None:
    """Write and remove small files, and remove the large files that none of them names any more."""
    may_unname = bool(removed) or any((layout.root / name).exists() for name in contents)
    before = named_files(layout.commits) if may_unname else set()
    for name in removed:
        (layout.root / name).unlink()
    for name, content in contents.items():
        path = layout.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}.half")
        half.write_bytes(content)
        half.rename(path)
    os.sync()  # once, instead of an fsync for each file
    after = named_files(layout.commits) if may_unname else set()
    expired = expired_archives(layout) if "removed.json" in contents else ()
    for name in (*(before - after), *expired):
        (layout.root / name).unlink(missing_ok=True)


def _download(layout: Layout, store: Store, file: CommittedFile) -> bool:
    """Download a Parquet file unless it is here; return whether it was downloaded."""
    path = layout.root / file.path
    if path.exists() and path.stat().st_size == file.bytes:
        return False
    try:
        store.download(file.path, path)
    except Missing:
        return False  # replaced by compaction, and the grace period for its readers is over
    if file_sha256(path) != file.sha256:
        path.unlink()
        where = f"{store.url}/{file.path}"
        raise StoreError(f"{where} is damaged: its SHA-256 is not that of its commit")
    return True


def _download_snapshot(layout: Layout, store: Store, stored: StoredSnapshot) -> str:
    """Publish a stored snapshot here, also as the loader's file; return the name of its folder."""
    folder = snapshot_folder(layout, stored.load_no)
    # Not the final name yet: a folder with that name counts as a snapshot.
    coming = folder.with_name(f"coming-{folder.name}")
    shutil.rmtree(coming, ignore_errors=True)
    for name in (layout.current.name, NAME):
        store.download(f"{stored.key}/{name}", coming / name)
    # The views of texts contain the path of the other machine's data folder.
    with duckdb.connect(str(coming / layout.current.name)) as con:
        point_texts(con, layout)
    shutil.rmtree(folder, ignore_errors=True)
    coming.rename(folder)
    switch_readers(layout, folder)
    layout.writer.parent.mkdir(parents=True, exist_ok=True)
    # A log of the old file would be replayed into the new one.
    layout.writer.with_name(layout.writer.name + ".wal").unlink(missing_ok=True)
    copy_over(folder / layout.current.name, layout.writer)
    for old in snapshots(layout)[:-SNAPSHOTS_KEPT]:
        shutil.rmtree(old)
    return folder.name
