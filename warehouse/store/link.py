"""The link of a data folder to its store: `store.json`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from warehouse.layers.atomic_write import write_whole
from warehouse.layers.audits import FILES as AUDITS
from warehouse.layers.commits import CommittedFile, decode_commit
from warehouse.layers.compactions import Compaction
from warehouse.layers.documents import decode, encode
from warehouse.layers.layout import Layout
from warehouse.store.objects import Store, open_store
from warehouse.store.states import StoredSnapshot

# Files that are replaced, so they are stored by digest. All others have unique names.
SMALL_FILES = (
    "commits/*.json",
    "commits/compacted/*.json",
    "vintages/*/*.parquet",
    "definitions.json",
    "topic_changes.json",
    "removed.json",
    AUDITS,
)

# A small file's SHA-256, size in bytes, and time of modification in nanoseconds.
Seen = tuple[str, int, int]


@dataclass(slots=True)
class Link:
    """A data folder's store, and the state that it was updated to."""

    url: str
    copy: str  # id of this working copy
    state: int = 0  # number of the last state that the folder was updated to, or that it created
    # ETag of that state's object; empty if an earlier version wrote the link. A store that was
    # reset gets other states with the same numbers when another machine writes.
    tag: str = ""
    documents: dict[str, str] = field(default_factory=dict)  # the documents of that state
    snapshots: tuple[StoredSnapshot, ...] = ()  # the snapshots of that state
    # The small files of the folder, so that only changed ones are read again.
    seen: dict[str, Seen] = field(default_factory=dict)
    published: str = ""  # name of the folder of the newest local snapshot

    @property
    def store(self) -> Store:
        """The store."""
        return open_store(self.url)


def is_working_copy(layout: Layout) -> bool:
    """Whether the folder is a working copy of a store."""
    return layout.link.exists()


def read_link(layout: Layout) -> Link | None:
    """The link of a data folder to its store; None when it has none."""
    if not is_working_copy(layout):
        return None
    return decode(Link, layout.link.read_bytes(), layout.link)


def write_link(layout: Layout, link: Link) -> None:
    """Replace the link of a data folder."""
    write_whole(layout.link, encode(link, indent=None))


def scan(layout: Layout, link: Link) -> dict[str, str]:
    """Digests of the folder's small files, by path below the data folder; updates `link.seen`."""
    seen: dict[str, Seen] = {}
    for pattern in SMALL_FILES:
        for path in layout.root.glob(pattern):
            if path.name.startswith("."):
                continue
            name, status = path.relative_to(layout.root).as_posix(), path.stat()
            known = link.seen.get(name)
            if known is None or known[1:] != (status.st_size, status.st_mtime_ns):
                digest = sha256(path.read_bytes()).hexdigest()
                known = (digest, status.st_size, status.st_mtime_ns)
            seen[name] = known
    link.seen = seen
    return {name: digest for name, (digest, *_) in seen.items()}


def files_of(name: str, content: bytes) -> Iterator[CommittedFile]:
    """The Parquet files that a commit or the record of a compaction names."""
    if name.startswith("commits/compacted/"):
        compaction = decode(Compaction, content, name)
        for file in compaction.files:
            yield CommittedFile(file.path, compaction.layer, file.rows, file.bytes, file.sha256)
    elif name.startswith("commits/"):
        yield from decode_commit(content, name).files
