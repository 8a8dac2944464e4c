"""Atomic, durable writes: files are complete or absent, also after a power cut."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a small file atomically: a reader sees either the old or the new content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as half:
        half.write_bytes(content)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path to write a file's new content to; on success it replaces the file.

    On failure the file is unchanged, no other file remains, and an OSError names the file.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        yield path  # a rename would replace a pipe, or /dev/stdout, by a file
        return
    place = path.resolve() if path.is_symlink() else path
    half = place.with_name(f".{place.name}.half")
    try:
        yield half
        sync(half)
        half.rename(place)
        sync(place.parent)
    except Exception as error:
        with suppress(OSError):  # a read-only disk
            half.unlink(missing_ok=True)
        # For a full disk the system names no file, otherwise the temporary one.
        if isinstance(error, OSError) and str(error.filename) in ("None", str(half)):
            error.filename = str(path)
        raise


def sync(path: Path) -> None:
    """Force a file's bytes, or a folder's names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
