"""A data folder that is the working copy of a store: brought up to it, and it up to the folder.

The store counts. Who may write takes its lease, brings the folder up to the last state, does the
work in the folder as if there were no store, and creates the next state, after all that it names.
What was changed here and is in no state, since the store did not answer or another machine came
first, is either part of the next state or undone: the archive files stay, and are loaded again.

`store.json` says which store, and which state the folder was brought up to.
"""

import fcntl
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from warehouse.commits import CommittedFile, committed_runs, named_files, read_commits
from warehouse.copying import copy_over
from warehouse.durable import write_whole
from warehouse.layout import Layout
from warehouse.lease import lease
from warehouse.manifest import NAME
from warehouse.removed import removed_archives
from warehouse.snapshots import show, snapshot_folder, snapshots
from warehouse.states import FOLDER as STATES
from warehouse.states import (
    State,
    StoredSnapshot,
    create_state,
    document_key,
    drop_old_states,
    last_number,
    read_state,
)
from warehouse.store import Missing, Store, StoreError, open_store, side_by_side
from warehouse.texts import point_texts

log = logging.getLogger(__name__)

FORMAT = 1
LEASE = "lock.json"
KEPT = 3
"""Snapshots that stay: who downloads one has time for two more loads."""
TRIES = 3
SMALL_FILES = (
    "commits/*.json",
    "commits/compacted/*.json",
    "vintages/*/*.parquet",
    "definitions.json",
    "topic_changes.json",
    "removed.json",
)
"""Documents: what is replaced, and so is kept by its content. All else has a name of its own."""

Told = Callable[[str], None]
Seen = tuple[str, int, int]
"""A small file's digest, bytes and time of change, in nanoseconds."""


@dataclass(slots=True)
class Link:
    """What a folder knows of its store."""

    url: str
    copy: str
    """Id of this working copy."""
    state: int = 0
    """Number of the state that it was brought up to, or that it created."""
    documents: dict[str, str] = field(default_factory=dict)
    """Of that state."""
    snapshots: tuple[StoredSnapshot, ...] = ()
    """Of that state."""
    seen: dict[str, Seen] = field(default_factory=dict)
    """The small files here, so that only changed ones are read again."""
    published: str = ""
    """Folder of the newest snapshot here."""

    @property
    def store(self) -> Store:
        """The store."""
        return open_store(self.url)


def _path(layout: Layout) -> Path:
    return layout.root / "store.json"


def read_link(layout: Layout) -> Link | None:
    """What a data folder knows of its store; None when it has none."""
    if not is_working_copy(layout):
        return None
    document: dict[str, Any] = json.loads(_path(layout).read_bytes())
    if document.pop("format") != FORMAT:
        raise StoreError(f"{_path(layout)} was written by another version of Presswatch")
    stored = tuple(StoredSnapshot(**each) for each in document.pop("snapshots"))
    seen = {place: (one[0], one[1], one[2]) for place, one in document.pop("seen").items()}
    return Link(**document, snapshots=stored, seen=seen)


def _write_link(layout: Layout, link: Link) -> None:
    write_whole(_path(layout), json.dumps({"format": FORMAT, **asdict(link)}).encode())


def is_working_copy(layout: Layout) -> bool:
    """Whether a store counts, and not this folder."""
    return _path(layout).exists()


def join(layout: Layout, url: str) -> None:
    """Make a folder the working copy of a store; one that is it already stays as it is.

    A folder with data of its own becomes the first state of an empty store.

    Raises:
        ValueError: it is another store's, or both it and the store have data.
        StoreError: the store does not answer.
    """
    store, link = open_store(url), read_link(layout)
    if link and link.url != store.url:
        raise ValueError(f"{layout.root} is the working copy of {link.url}, not of {store.url}")
    if link:
        return
    if committed_runs(layout.commits) and last_number(store):
        raise ValueError(
            f"{layout.root} has data of its own and so has {store.url}:"
            " let PRESSWATCH_DATA name another folder and PRESSWATCH_STORE the store"
        )
    _write_link(layout, Link(store.url, uuid4().hex))


def catch_up(layout: Layout) -> None:
    """Bring a working copy up to the last state of its store, unless a process here is at that.

    Raises:
        StoreError: the store does not answer.
    """
    if not is_working_copy(layout):
        return
    layout.locks.mkdir(parents=True, exist_ok=True)
    with (layout.locks / "warehouse.lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        link = read_link(layout)
        if link:
            _pull(layout, link)


@contextmanager
def shared(layout: Layout, waiting: Told) -> Iterator[None]:
    """Bring a working copy up to its store before the body, and the store up to it after.

    For the holder of the folder's lock. When the body raises, the store stays as it was.

    Raises:
        StoreError: the store does not answer, or another machine has changed it meanwhile.
    """
    link = read_link(layout)
    if link is None:
        yield
        return
    with lease(link.store, LEASE, link.copy, waiting):
        _pull(layout, link)
        yield
        _push(layout, read_link(layout) or link)


def _scan(layout: Layout, link: Link) -> dict[str, str]:
    """Digests of the small files that are here, by place."""
    seen: dict[str, Seen] = {}
    for pattern in SMALL_FILES:
        for path in layout.root.glob(pattern):
            if path.name.startswith("."):
                continue
            place, about = path.relative_to(layout.root).as_posix(), path.stat()
            known = link.seen.get(place)
            if known is None or known[1:] != (about.st_size, about.st_mtime_ns):
                digest = sha256(path.read_bytes()).hexdigest()
                known = (digest, about.st_size, about.st_mtime_ns)
            seen[place] = known
    link.seen = seen
    return {place: one[0] for place, one in seen.items()}


def _pull(layout: Layout, link: Link) -> None:
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
    """Bring the folder up to a state: first the large files, then the small ones that name them."""
    store, here = link.store, _scan(layout, link)
    changed = {one: has for one, has in state.documents.items() if here.get(one) != has}
    gone = here.keys() - state.documents.keys()
    replaced = bool(gone or changed.keys() & here.keys())
    before = named_files(layout.commits, committed_runs(layout.commits)) if replaced else set()
    digests = [document_key(digest) for digest in changed.values()]
    contents = dict(zip(changed, side_by_side(store.read, digests), strict=True))
    files = [file for place, content in contents.items() for file in _files_of(place, content)]
    side_by_side(partial(_bring, layout, store), {file.path: file for file in files}.values())
    for place in sorted(gone):
        if place.startswith("commits/") and place not in link.documents:
            log.warning("%s came too late for %s: its run is loaded again", place, store.url)
        (layout.root / place).unlink()
    for place, content in contents.items():
        _write(layout.root / place, content)
    os.sync()
    after = named_files(layout.commits, committed_runs(layout.commits)) if replaced else set()
    for place in before - after:
        (layout.root / place).unlink(missing_ok=True)
    if state.snapshots and state.snapshots[0] not in link.snapshots:
        link.published = _take_snapshot(layout, store, state.snapshots[0])
    link.state, link.documents = state.number, dict(state.documents)
    link.snapshots = state.snapshots
    _scan(layout, link)
    _write_link(layout, link)
    log.info("%s brought up to state %d of %s", layout.root, state.number, store.url)


def _files_of(place: str, content: bytes) -> Iterator[CommittedFile]:
    """The Parquet files that a commit or the record of a compaction names."""
    if not place.startswith("commits/"):
        return
    document = json.loads(content)
    for file in document["files"]:
        rows = file.get("rows") or sum(part["rows"] for part in file.get("parts", ()))
        layer = file["path"].partition("/")[0]
        yield CommittedFile(file["path"], layer, rows, file["bytes"], file["sha256"])


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
    for old in snapshots(layout)[:-KEPT]:
        shutil.rmtree(old)
    return folder.name


def _push(layout: Layout, link: Link, *, anyway: bool = False) -> None:
    """Create the next state, when anything has changed here."""
    store, here = link.store, _scan(layout, link)
    current = layout.current.parent.resolve().name if layout.current.exists() else ""
    if here == link.documents and current == link.published and not anyway:
        return
    changed = {one: has for one, has in here.items() if link.documents.get(one) != has}
    new = sorted({name for place in changed for name in _named_by(layout, place)})
    side_by_side(lambda name: store.keep(name, layout.root / name), new)
    side_by_side(lambda place: store.keep(document_key(here[place]), layout.root / place), changed)
    stored = link.snapshots
    if current != link.published:
        stored = (_keep_snapshot(layout, store, current), *stored)[:KEPT]
    state = State(link.state + 1, here, stored, f"{link.copy} {uuid4().hex}")
    create_state(store, state)
    _drop(layout, link, state, changed)
    link.state, link.documents = state.number, here
    link.snapshots, link.published = stored, current
    _write_link(layout, link)


def _named_by(layout: Layout, place: str) -> Iterator[str]:
    """What has to be in the store before a small file: the Parquet and archive files it names."""
    content = (layout.root / place).read_bytes()
    names = [file.path for file in _files_of(place, content)]
    if place.startswith("commits/"):
        names += json.loads(content).get("warcs", ())
    # A backfill's archives lie elsewhere, and are not ours to keep.
    yield from (name for name in names if (layout.root / name).is_file() and name[0] != "/")


def _keep_snapshot(layout: Layout, store: Store, name: str) -> StoredSnapshot:
    folder = layout.warehouse / name
    key = f"warehouse/{name}-{uuid4().hex[:12]}"
    for each in (layout.current.name, NAME):
        store.create(f"{key}/{each}", folder / each)
    size = (folder / layout.current.name).stat().st_size
    return StoredSnapshot(key, int(name.rpartition("-")[2]), size)


def _drop(layout: Layout, link: Link, state: State, changed: Mapping[str, str]) -> None:
    """Remove what the new state has no room for; a kill before it leaves that to the upkeep."""
    store = link.store
    kept = {stored.key for stored in state.snapshots}
    for old in (stored.key for stored in link.snapshots if stored.key not in kept):
        store.delete([f"{old}/{layout.current.name}", f"{old}/{NAME}"])
    if "removed.json" in changed:
        store.delete(removed_archives(layout))
    drop_old_states(store, state.number)


def unnamed_objects(link: Link, layout: Layout, older_than: datetime) -> list[str]:
    """Objects that the state does not name, and that nobody is about to name any more."""
    commits = read_commits(layout.commits, committed_runs(layout.commits))
    named = named_files(layout.commits, committed_runs(layout.commits))
    named |= {name for commit in commits for name in commit.warcs} - removed_archives(layout).keys()
    named |= {document_key(digest) for digest in link.documents.values()}
    kept = (LEASE, f"{STATES}/", *(f"{stored.key}/" for stored in link.snapshots))
    return [
        found.key
        for found in link.store.list()
        if found.key not in named
        and not found.key.startswith(kept)
        and found.written_at < older_than
    ]


def drop_unnamed(layout: Layout, older_than: datetime) -> list[str]:
    """Remove what killed writers left in the store; for the holder of the writer's lock.

    A new state comes first: a writer that was taken for dead, and is about to name one of those
    objects, then comes too late.
    """
    link = read_link(layout)
    unnamed = unnamed_objects(link, layout, older_than) if link else []
    if link and unnamed:
        _push(layout, link, anyway=True)
        link.store.delete(unnamed)
    return unnamed
