"""WARC files on a disk or in a bucket, of which only the bytes needed are read."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import IO, TypeAlias

from typing_extensions import Buffer

from warehouse.store.objects import SCHEME, Store, object_at

_CHUNK_BYTES = 8 * 1024 * 1024
_CACHED_CHUNKS = 3  # chunks cached: probing for the start of a record goes back a little
SUFFIXES = (".warc", ".warc.gz", ".warc.zst")
_BEGINNINGS = (b"WARC/", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # plain, gzip, Zstandard


@dataclass(frozen=True, slots=True)
class StoredPath:
    """An object of a bucket, with as much of a path's interface as is needed."""

    store: Store  # the whole bucket
    key: str

    def __str__(self) -> str:
        return f"{self.store.url}/{self.key}"

    def open(self, mode: str = "rb") -> "IO[bytes]":
        """The object, for reading at any offset; raises StoreError."""
        return _StoredFile(self)  # type: ignore[return-value]


WarcPath: TypeAlias = Path | StoredPath


def warc_at(address: str) -> WarcPath:
    """The file at a path or an s3:// address."""
    return StoredPath(*object_at(address)) if address.startswith(SCHEME) else Path(address)


def is_warc(path: WarcPath) -> bool:
    """Whether a file has the name or the first bytes of a WARC file.

    One with such a name may begin with damaged bytes: its other records can still be read.
    """
    if str(path).endswith(SUFFIXES):
        return True
    with path.open("rb") as file:
        return file.read(5).startswith(_BEGINNINGS)


class _StoredFile(io.RawIOBase):
    """An object that is read in large chunks, the last few of which are cached."""

    def __init__(self, path: StoredPath) -> None:
        self.name = str(path)
        self._size = size = size_of(path)
        self._at = 0

        @lru_cache(maxsize=_CACHED_CHUNKS)
        def chunk(number: int) -> bytes:
            start = number * _CHUNK_BYTES
            return path.store.read_range(path.key, start, min(start + _CHUNK_BYTES, size))

        self._chunk = chunk

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}
        self._at = base[whence] + offset
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        found = self.read_at(len(view), self._at)
        view[: len(found)] = found
        self._at += len(found)
        return len(found)

    def read_at(self, size: int, at: int) -> bytes:
        """Bytes from an offset on; fewer at the end of the file."""
        found = b""
        while len(found) < size and at + len(found) < self._size:
            here = at + len(found)
            chunk, begin = self._chunk(here // _CHUNK_BYTES), here % _CHUNK_BYTES
            found += chunk[begin : begin + size - len(found)]
        return found


def size_of(path: WarcPath) -> int:
    """The file's bytes; raises OSError where it does not exist."""
    if isinstance(path, Path):
        return path.stat().st_size
    size = path.store.size(path.key)
    if size is None:
        raise FileNotFoundError(f"{path}: no such object")
    return size


def is_file(path: WarcPath) -> bool:
    """Whether the file exists."""
    return path.is_file() if isinstance(path, Path) else path.store.size(path.key) is not None


def read_at(file: IO[bytes], size: int, at: int) -> bytes:
    """Bytes of a file from an offset on; its position stays as it is."""
    if isinstance(file, _StoredFile):
        return file.read_at(size, at)
    return os.pread(file.fileno(), size, at)


def stored_warcs(pattern: str) -> Iterator[StoredPath]:
    """The WARC files at an s3:// URL: an object, a folder, a glob; ValueError if it is none."""
    named = StoredPath(*object_at(pattern))
    fixed = named.key
    is_glob = any(mark in fixed for mark in "*?[")
    if not is_glob and is_file(named):
        yield named
        return
    for mark in "*?[":
        fixed = fixed.partition(mark)[0]
    folder = fixed.rpartition("/")[0] if is_glob else fixed.rstrip("/")
    for found in named.store.list(folder):
        if fnmatchcase(found.key, named.key) if is_glob else found.key.endswith(SUFFIXES):
            yield StoredPath(named.store, found.key)
