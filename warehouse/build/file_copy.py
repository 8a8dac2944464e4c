"""Copying a large file over an earlier copy of it, so that only what differs is written."""

import errno
import fcntl
import os
import signal
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

FICLONE = 0x40049409
"""Of Linux: let a file share the blocks of another, where the filesystem can (Btrfs, XFS)."""
HEADERS, BLOCK = 3 * 4096, 256 * 1024
"""Bytes of a DuckDB file's headers and of each block after them."""


def copy_over(source: Path, target: Path, blocks: Collection[int] | None = None) -> int:
    """Give `target` the bytes of `source`, and force them to the disk.

    Whatever `target` held before serves to write less; it need not be whole, or there.

    Args:
        source: A DuckDB file that nobody writes to.
        target: The copy.
        blocks: Numbers of those that may differ, where that is known; None compares all.

    Returns:
        Bytes written; 0 where the filesystem lets both files share their blocks.
    """
    target.touch()
    with source.open("rb", buffering=0) as new, target.open("r+b", buffering=0) as old:
        written = 0 if _share_blocks(new, old) else _write_differing(new, old, blocks)
        os.fsync(old.fileno())
    return written


def _share_blocks(source: IO[bytes], target: IO[bytes]) -> bool:
    try:
        fcntl.ioctl(target.fileno(), FICLONE, source.fileno())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        return False
    # Of a target that was longer its end would stay.
    target.truncate(os.fstat(source.fileno()).st_size)
    return True


def _write_differing(source: IO[bytes], target: IO[bytes], blocks: Collection[int] | None) -> int:
    # All bytes are compared: the checksum that begins a block takes its words in any order, so that
    # two words which change places, or two equal ones which change alike, leave it as it was.
    # Into the same memory each time, and not into new memory for each block.
    new, old = bytearray(BLOCK), bytearray(BLOCK)
    whole = os.fstat(source.fileno()).st_size
    written = 0
    for place, size in _places(whole, blocks):
        length = _read(source, new, size, place)
        if _read(target, old, size, place) != length or not _agree(new, old, length):
            written += _write(target, new, length, place)
    target.truncate(whole)
    return written


def _places(whole: int, blocks: Collection[int] | None) -> Iterator[tuple[int, int]]:
    """Where the headers and the blocks of a file begin, and how long they are at most."""
    yield 0, HEADERS
    numbers = range(-(-(whole - HEADERS) // BLOCK)) if blocks is None else sorted(blocks)
    yield from ((HEADERS + number * BLOCK, BLOCK) for number in numbers)


def _read(file: IO[bytes], buffer: bytearray, size: int, place: int) -> int:
    return os.preadv(file.fileno(), [memoryview(buffer)[:size]], place)


def _agree(new: bytearray, old: bytearray, length: int) -> bool:
    return new == old if length == BLOCK else new[:length] == old[:length]


def _write(target: IO[bytes], block: bytearray, length: int, place: int) -> int:
    if os.pwrite(target.fileno(), memoryview(block)[:length], place) != length:
        raise OSError(errno.ENOSPC, "wrote a part of a block only", target.name)
    return length


def is_shared(path: Path) -> bool:
    """Whether anybody may be reading the file: has it open, or knows it by another name, too.

    True also where the system cannot tell.
    """
    with path.open("r+b") as file:
        if os.fstat(file.fileno()).st_nlink > 1:
            return True
        try:
            # A lease for writing is granted while no process has another descriptor of the file.
            # Who opens it until it ends, with `file`, has the kernel send a signal: SIGIO, which
            # would end this process, unless another is chosen.
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except (OSError, AttributeError):
            return True
    return False
