"""Creating the next state of a store from its working copy, and removing what none names."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import uuid4

from warehouse.build.manifest import NAME
from warehouse.layers.commits import committed_runs, named_files, read_commit, read_commits
from warehouse.layers.layout import Layout
from warehouse.layers.removed_archives import removed_archives
from warehouse.store.lease import FOLDER as LEASES
from warehouse.store.link import Link, files_of, read_link, scan, write_link
from warehouse.store.objects import SCHEME, Store, side_by_side
from warehouse.store.source_leases import TURNS
from warehouse.store.states import FOLDER as STATES
from warehouse.store.states import (
    KEPT_SNAPSHOTS,
    State,
    StoredSnapshot,
    create_state,
    document_key,
    drop_old_states,
)


def push(layout: Layout, link: Link, *, anyway: bool = False) -> None:
    """Create the next state, when anything has changed here."""
    store, here = link.store, scan(layout, link)
    current = layout.current.parent.resolve().name if layout.current.exists() else ""
    if here == link.documents and current == link.published and not anyway:
        return
    changed = {one: has for one, has in here.items() if link.documents.get(one) != has}
    new = sorted({name for place in changed for name in _named_by(layout, place)})
    side_by_side(lambda name: store.keep(name, layout.root / name), new)
    side_by_side(lambda place: store.keep(document_key(here[place]), layout.root / place), changed)
    stored = link.snapshots
    if current != link.published:
        stored = (_keep_snapshot(layout, store, current), *stored)[:KEPT_SNAPSHOTS]
    state = State(link.state + 1, here, stored, f"{link.copy} {uuid4().hex}")
    create_state(store, state)
    _drop(layout, link, state, changed)
    link.state, link.documents = state.number, here
    link.snapshots, link.published = stored, current
    write_link(layout, link)


def _named_by(layout: Layout, place: str) -> Iterator[str]:
    """What has to be in the store before a small file: the Parquet and archive files it names."""
    names = [file.path for file in files_of(place, (layout.root / place).read_bytes())]
    folder, _, file = place.rpartition("/")
    if folder == "commits" and (commit := read_commit(layout.commits, file.removesuffix(".json"))):
        names += commit.warcs
    # A backfill's archives lie elsewhere, and are not ours to keep.
    ours = (name for name in names if not _is_elsewhere(name))
    yield from (name for name in ours if (layout.root / name).is_file())


def _is_elsewhere(name: str) -> bool:
    return name.startswith(("/", SCHEME))


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


def named_objects(layout: Layout, link: Link) -> dict[str, int | None]:
    """All that has to be in the store, with its bytes where those are known."""
    commits = read_commits(layout.commits, committed_runs(layout.commits))
    named: dict[str, int | None] = {document_key(one): None for one in link.documents.values()}
    named |= {file.path: file.bytes for commit in commits for file in commit.files}
    removed = removed_archives(layout)
    warcs = {name for commit in commits for name in commit.warcs if not _is_elsewhere(name)}
    named |= dict.fromkeys(warcs - removed.keys())
    for stored in link.snapshots:
        named[f"{stored.key}/{layout.current.name}"] = stored.bytes
        named[f"{stored.key}/{NAME}"] = None
    return named


def drop_unnamed(layout: Layout, older_than: datetime) -> list[str]:
    """Remove what killed writers left in the store; for the holder of the writer's lock.

    A new state comes first: a writer that was taken for dead, and is about to name one of those
    objects, then comes too late.
    """
    link = read_link(layout)
    if link is None:
        return []
    named = set(named_objects(layout, link))
    named |= named_files(layout.commits, committed_runs(layout.commits))
    unnamed = [
        found.key
        for found in link.store.list()
        if found.key not in named
        and not found.key.startswith((f"{LEASES}/", f"{STATES}/", f"{TURNS}/"))
        and found.written_at < older_than
    ]
    if unnamed:
        push(layout, link, anyway=True)
        link.store.delete(unnamed)
    return unnamed
