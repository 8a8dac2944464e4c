"""The numbered states of a store: each names all valid objects, and is never changed.

`states/<number>.json.gz` lists the small files of a data folder by the digest of their content,
which is stored as `documents/<digest>`. Among them are the commits, which name the Parquet files
and archive files. The machine that creates the next number changes the store; others fail.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field

from warehouse.layers.documents import decode, encode
from warehouse.store.objects import Changed, Store

FOLDER = "states"
STATES_KEPT = 50  # states kept, for machines that read one while others are created
SNAPSHOTS_KEPT = 3  # snapshots kept, so that two loads may be published while one is downloaded


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A published DuckDB file, with its manifest beside it."""

    key: str  # key of its folder
    load_no: int
    bytes: int


@dataclass(frozen=True, slots=True)
class State:
    """The valid objects of a store at one time."""

    number: int = 0  # 0 for an empty store
    # Digests of the small files, by path below the data folder.
    documents: Mapping[str, str] = field(default_factory=dict)
    # The newest first, which readers open.
    snapshots: tuple[StoredSnapshot, ...] = ()
    # Unique: if the first response is lost, a retry recognises its own state by it.
    made_by: str = ""


def _key(number: int) -> str:
    return f"{FOLDER}/{number:010}.json.gz"


def document_key(digest: str) -> str:
    """The key of a small file's content."""
    return f"documents/{digest}"


def state_tags(store: Store) -> dict[int, str]:
    """The ETags of the states' objects, by number."""
    return {
        int(found.key.rpartition("/")[2].partition(".")[0]): found.tag
        for found in store.list(FOLDER)
    }


def last_number(store: Store) -> int:
    """The number of the last state; 0 for an empty store."""
    return max(state_tags(store), default=0)


def read_state(store: Store, number: int) -> State:
    """A state by its number; Missing when it was deleted, since STATES_KEPT newer ones exist."""
    if not number:
        return State()
    key = _key(number)
    return decode(State, gzip.decompress(store.read(key)), f"{store.url}/{key}")


def create_state(store: Store, state: State) -> str:
    """Create the next state, which takes effect at once, and return the ETag of its object.

    Changed if another machine was first.
    """
    content, key = encode(state, indent=None, sort_keys=True), _key(state.number)
    try:
        return store.create(key, gzip.compress(content, mtime=0))
    except Changed:
        there, tag = store.read_tagged(key)
        if decode(State, gzip.decompress(there), f"{store.url}/{key}").made_by == state.made_by:
            return tag
        raise Changed(
            f"{store.url} was changed by another machine meanwhile: the fetched pages are in the"
            " local archive, and the next run loads them"
        ) from None


def drop_old_states(store: Store, number: int) -> None:
    """Delete all but the STATES_KEPT newest states."""
    store.delete(_key(old) for old in state_tags(store) if old <= number - STATES_KEPT)
