"""Copying a large file over an earlier copy of it, writing only the blocks that differ."""

import errno
import fcntl
import os
import signal
from pathlib import Path
from typing import IO

FICLONE = 0x40049409  # ioctl of Linux (reflink): two files share their blocks, on Btrfs and XFS
# Bytes of a DuckDB file's headers and of each block after them.
HEADERS, BLOCK = 3 * 4096, 256 * 1024


def copy_over(source: Path, target: Path) -> int:
    """Give `target`, which may be incomplete or missing, the bytes of a DuckDB file, and fsync it.

    Returns the bytes written; 0 where the filesystem lets both files share their blocks.
    """
    target.touch()
    with source.open("rb", buffering=0) as new, target.open("r+b", buffering=0) as old:
        written = 0 if _share_blocks(new, old) else _write_differing(new, old)
        os.fsync(old.fileno())
    return written


def _share_blocks(source: IO[bytes], target: IO[bytes]) -> bool:
    try:
        fcntl.ioctl(target.fileno(), FICLONE, source.fileno())
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        return False
    # FICLONE does not shorten a longer target.
    target.truncate(os.fstat(source.fileno()).st_size)
    return True


def _write_differing(source: IO[bytes], target: IO[bytes]) -> int:
    # Bytes are compared, not DuckDB's block checksums: a checksum adds its words up in any order,
    # so two words that swap places leave it unchanged. Both buffers are reused: allocating two
    # for each block costs more than comparing them.
    new, old = bytearray(BLOCK), bytearray(BLOCK)
    size = os.fstat(source.fileno()).st_size
    written = 0
    for offset in (0, *range(HEADERS, size, BLOCK)):
        length = _read(source, new, offset)
        # After a short last block, both buffers still end in bytes of the block before: at worst an
        # equal block is written again.
        if _read(target, old, offset) != length or new != old:
            if os.pwrite(target.fileno(), memoryview(new)[:length], offset) != length:
                raise OSError(errno.ENOSPC, "short write", target.name)
            written += length
    target.truncate(size)
    return written


def _read(file: IO[bytes], buffer: bytearray, offset: int) -> int:
    return os.preadv(file.fileno(), [memoryview(buffer)[: BLOCK if offset else HEADERS]], offset)


def is_shared(path: Path) -> bool:
    """Whether another process may be reading the file: it is open elsewhere, or has a hard link.

    True where the filesystem has no leases to find out.
    """
    with path.open("r+b") as file:
        if os.fstat(file.fileno()).st_nlink > 1:
            return True
        try:
            # A write lease is granted only while no process has another descriptor of the file.
            # If one opens it before `file` is closed, the kernel signals this process: SIGIO, which
            # would kill it, unless another signal is chosen.
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except (OSError, AttributeError):
            return True
    return False
