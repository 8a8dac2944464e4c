"""What a data folder knows of its store: `store.json`."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from warehouse.layers.atomic_write import write_whole
from warehouse.layers.commits import Commit, CommittedFile
from warehouse.layers.compactions import Compaction
from warehouse.layers.documents import decode, encode
from warehouse.layers.layout import Layout
from warehouse.store.objects import Store, open_store
from warehouse.store.states import StoredSnapshot

SMALL_FILES = (
    "commits/*.json",
    "commits/compacted/*.json",
    "vintages/*/*.parquet",
    "definitions.json",
    "topic_changes.json",
    "removed.json",
)
"""Documents: what is replaced, and so is kept by its content. All else has a name of its own."""

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


def is_working_copy(layout: Layout) -> bool:
    """Whether a store counts, and not this folder."""
    return _path(layout).exists()


def read_link(layout: Layout) -> Link | None:
    """What a data folder knows of its store; None when it has none."""
    if not is_working_copy(layout):
        return None
    return decode(Link, _path(layout).read_bytes(), _path(layout))


def write_link(layout: Layout, link: Link) -> None:
    """Write down what a data folder knows now."""
    write_whole(_path(layout), encode(link, indent=None))


def scan(layout: Layout, link: Link) -> dict[str, str]:
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


def files_of(place: str, content: bytes) -> Iterator[CommittedFile]:
    """The Parquet files that a commit or the record of a compaction names."""
    if place.startswith("commits/compacted/"):
        compaction = decode(Compaction, content, place)
        for file in compaction.files:
            yield CommittedFile(file.path, compaction.layer, file.rows, file.bytes, file.sha256)
    elif place.startswith("commits/"):
        yield from decode(Commit, content, place).files
