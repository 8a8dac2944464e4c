"""The states of a store, one after the other: each names all that counts, and is written once.

`states/<number>.json.gz` lists the small files of a data folder by the digest of their content,
which lies under `documents/<digest>`. Among them are the commits, which name the Parquet files and
archive files. Who creates the next number has changed the store; who comes second, has not.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field

from warehouse.layers.documents import decode, encode
from warehouse.store.objects import Changed, Store

FOLDER = "states"
KEPT = 50
"""States that stay, for those who read one while others are created."""
KEPT_SNAPSHOTS = 3
"""So many stay, so that who downloads one has time for two more loads."""


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A published DuckDB file, with its manifest beside it."""

    key: str
    """Of its folder."""
    load_no: int
    bytes: int


@dataclass(frozen=True, slots=True)
class State:
    """All that counts at one time."""

    number: int = 0
    """0 is that of an empty store."""
    documents: Mapping[str, str] = field(default_factory=dict)
    """Digests of the small files, by place below the data folder."""
    snapshots: tuple[StoredSnapshot, ...] = ()
    """The newest first; readers take that one."""
    made_by: str = ""
    """Told apart from any other, also when the store's answer to its creation was lost."""


def _key(number: int) -> str:
    return f"{FOLDER}/{number:010}.json.gz"


def document_key(digest: str) -> str:
    """Where the content of a small file lies."""
    return f"documents/{digest}"


def _numbers(store: Store) -> list[int]:
    return [int(found.key.rpartition("/")[2].partition(".")[0]) for found in store.list(FOLDER)]


def last_number(store: Store) -> int:
    """Number of the last state."""
    return max(_numbers(store), default=0)


def read_state(store: Store, number: int) -> State:
    """A state by its number.

    Raises:
        Missing: there are fifty newer ones.
        DocumentError: it was written by a newer version of Presswatch.
    """
    if not number:
        return State()
    key = _key(number)
    return decode(State, gzip.decompress(store.read(key)), f"{store.url}/{key}")


def create_state(store: Store, state: State) -> None:
    """Create the next state; from here on it counts.

    Raises:
        Changed: another machine has created one of that number; nothing is changed.
    """
    content = encode(state, indent=None, sort_keys=True)
    try:
        store.create(_key(state.number), gzip.compress(content, mtime=0))
    except Changed:
        if read_state(store, state.number).made_by == state.made_by:
            return
        raise Changed(
            f"{store.url} was changed by another machine meanwhile: what was fetched is in the"
            " archive here, and the next run loads it"
        ) from None


def drop_old_states(store: Store, number: int) -> None:
    """Remove all but the newest states."""
    store.delete(_key(old) for old in _numbers(store) if old <= number - KEPT)
