"""A data folder that is the working copy of a store.

The store takes precedence. A writer takes the store's lease, updates the folder to the last state,
works in the folder as if there were no store, uploads the new objects, and then creates the next
state. If that failed, because the store did not answer or another machine was first, the local
changes become part of the next state or are undone: the archive files stay, and are loaded again.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

from warehouse.build.loaded_definitions import recorded_changes
from warehouse.build.manifest import NAME
from warehouse.layers.audits import read_file
from warehouse.layers.commits import (
    committed_runs,
    read_commit,
)
from warehouse.layers.definitions import read_definitions
from warehouse.layers.layout import Layout
from warehouse.layers.writer_lock import try_writer_lock, writer_lock
from warehouse.store.archive_files import expired_archives, removed_archives
from warehouse.store.lease import FOLDER as LEASES
from warehouse.store.lease import lease
from warehouse.store.link import Link, files_of, is_working_copy, read_link, scan, write_link
from warehouse.store.objects import SCHEME, open_store, side_by_side
from warehouse.store.pull import pull
from warehouse.store.states import (
    SNAPSHOTS_KEPT,
    State,
    StoredSnapshot,
    create_state,
    document_key,
    drop_old_states,
    last_number,
)

log = logging.getLogger(__name__)

LEASE = f"{LEASES}/warehouse.json"
# Files that are read before they are uploaded, like commits, so that no damaged file is stored.
READ_FIRST: Mapping[str, Callable[[Layout], object]] = {
    "definitions.json": read_definitions,
    "topic_changes.json": recorded_changes,
    "removed.json": removed_archives,
}


def link_to_store(layout: Layout, url: str) -> None:
    """Make a folder the working copy of a store, unless it already is.

    Data in the folder become the first state of an empty store. If neither the folder nor its
    former store has data, the folder may change to another store: the URL was a mistake. ValueError
    if it is a working copy of another store, or if both it and the store have data; StoreError if
    the store does not answer.
    """
    store, link = open_store(url), read_link(layout)
    if link and link.url == store.url:
        return
    has_data = bool(committed_runs(layout.commits))
    if link and (link.state or has_data):
        raise ValueError(
            f"{layout.root} is the working copy of {link.url}, not of {store.url}:"
            " set PRESSWATCH_DATA to another folder, or PRESSWATCH_STORE to that store"
        )
    # Checked before the link is written: a wrong URL must not bind the folder.
    if last_number(store) and has_data:
        raise ValueError(
            f"{layout.root} has data of its own and so has {store.url}:"
            " set PRESSWATCH_DATA to another folder, and PRESSWATCH_STORE to the store"
        )
    write_link(layout, Link(store.url, uuid4().hex))


def pull_unless_locked(layout: Layout) -> None:
    """Pull into a working copy, unless a process holds its lock."""
    if not is_working_copy(layout):
        return
    with try_writer_lock(layout) as is_held:
        link = read_link(layout)
        if is_held and link:
            pull(layout, link)


# Runs a step, "pull" or "push". Tasks of Prefect give one that shows it in the graph of the run.
Step = Callable[[str, Callable[[], None]], None]


def run_step(name: str, work: Callable[[], None]) -> None:
    """Run a step and show it nowhere; it still logs what it pulled or pushed."""
    work()


@contextmanager
def pulled_and_pushed(
    layout: Layout,
    waiting: Callable[[str], None] = lambda message: None,
    step: Step = run_step,
) -> Iterator[None]:
    """Pull from the store, then the body, then push, all under the locks of folder and store.

    Without a store, this is only the writer's lock. When the body raises, nothing is pushed.
    `waiting` is called with a message when another process or machine holds a lock. StoreError
    when the store does not answer, or another machine has changed it in the meantime.
    """
    with pulled(layout, waiting, step) as link:
        yield
        if link:
            step("push", partial(push, layout, read_link(layout) or link))


@contextmanager
def pulled(
    layout: Layout,
    waiting: Callable[[str], None] = lambda message: None,
    step: Step = run_step,
) -> Iterator[Link | None]:
    """As `pulled_and_pushed`, but without the push, for reading; yields the link to the store."""
    with writer_lock(layout, waiting):
        link = read_link(layout)
        if link is None:
            yield None
            return
        with lease(link.store, LEASE, link.copy, waiting):
            step("pull", partial(pull, layout, link))
            yield link


def push(layout: Layout, link: Link, *, anyway: bool = False) -> None:
    """Create the next state if the folder has changed, or in any case with `anyway`."""
    store, local = link.store, scan(layout, link)
    current = layout.current.parent.resolve().name if layout.current.exists() else ""
    if local == link.documents and current == link.published and not anyway:
        return
    changed = {name: digest for name, digest in local.items() if link.documents.get(name) != digest}
    for name in READ_FIRST.keys() & changed:
        READ_FIRST[name](layout)
    for name in changed:
        if name.startswith("audits/"):
            read_file(layout.root / name)
    # Files are uploaded before the small files that name them, and all before the state: a killed
    # push leaves unnamed objects, but no state with missing ones.
    large = sorted({large for name in changed for large in _files_named_by(layout, name)})
    new = side_by_side(lambda name: store.keep(name, layout.root / name), large)
    small = {document_key(digest): layout.root / name for name, digest in changed.items()}
    new += side_by_side(lambda key: store.keep(key, small[key]), small)
    objects = sum(new)
    stored = link.snapshots
    if current != link.published:
        folder = layout.warehouse / current
        # A random part, since another machine may have published a load of the same number.
        key = f"warehouse/{current}-{uuid4().hex[:12]}"
        for name in (layout.current.name, NAME):
            store.create(f"{key}/{name}", folder / name)
            objects += 1
        size = (folder / layout.current.name).stat().st_size
        newest = StoredSnapshot(key, int(current.rpartition("-")[2]), size)
        stored = (newest, *stored)[:SNAPSHOTS_KEPT]
    state = State(link.state + 1, local, stored, f"{link.copy} {uuid4().hex}")
    tag = create_state(store, state)
    # Delete snapshots that the new state no longer names; after a kill the upkeep deletes them.
    for old in link.snapshots:
        if old not in stored:
            store.delete([f"{old.key}/{layout.current.name}", f"{old.key}/{NAME}"])
    if "removed.json" in changed:
        store.delete(expired_archives(layout))
    drop_old_states(store, state.number)
    link.state, link.tag, link.documents = state.number, tag, local
    link.snapshots, link.published = stored, current
    write_link(layout, link)
    log.info("pushed state %d to %s; new objects: %d", state.number, store.url, objects)


def _files_named_by(layout: Layout, name: str) -> Iterator[str]:
    """The local Parquet and archive files that a small file names."""
    names = [file.path for file in files_of(name, (layout.root / name).read_bytes())]
    folder, _, file = name.rpartition("/")
    if folder == "commits" and (commit := read_commit(layout.commits, file.removesuffix(".json"))):
        names += commit.warcs
    yield from (name for name in names if not is_external(name) and (layout.root / name).is_file())


def is_external(name: str) -> bool:
    """Whether an archive is outside of the data folder, like those of a backfill, so not copied."""
    return name.startswith(("/", SCHEME))
