"""Publishes the loaded warehouse: copies it to a snapshot and switches readers to it."""

import errno
import fcntl
import os
import shutil
import signal
from pathlib import Path
from typing import IO

from warehouse.build.index_vintages import keep_vintages
from warehouse.build.manifest import NAME, manifest
from warehouse.build.writer_file import opened_writer
from warehouse.layers.atomic_write import sync, write_whole
from warehouse.layers.layout import SNAPSHOT, Layout, published_load
from warehouse.read.query import has_table

SNAPSHOTS_KEPT = 3  # snapshots; a reader can also continue with an older one that it has open


def publish_locked(layout: Layout) -> Path | None:
    """Publish the last load, and return the new snapshot's file; None when readers already have it.

    The caller holds the writer's lock.
    """
    unpublished = _checkpoint(layout) if layout.writer.exists() else None
    if unpublished is None:
        return None
    number, manifest_content = unpublished
    folder = snapshot_folder(layout, number)
    # The rest of a publication of this load that was killed before it switched the symlink.
    shutil.rmtree(folder, ignore_errors=True)
    # An old snapshot is overwritten: of a file of 1 GB only some 20 MB differ after three loads.
    for old in snapshots(layout)[: 1 - SNAPSHOTS_KEPT]:
        if old != layout.current.parent.resolve():
            # Renamed first, so that no process opens it meanwhile.
            if (old / layout.writer.name).exists():
                (old / layout.writer.name).rename(layout.spare)
            shutil.rmtree(old, ignore_errors=True)
    if layout.spare.exists() and is_shared(layout.spare):
        layout.spare.unlink()
    copy_over(layout.writer, layout.spare)
    folder.mkdir(parents=True)
    snapshot = layout.spare.rename(folder / layout.writer.name)
    sync(folder)
    write_whole(snapshot.with_name(NAME), manifest_content)
    switch_readers(layout, folder)
    return snapshot


def _checkpoint(layout: Layout) -> tuple[int, bytes] | None:
    """Write the vintages of the index, and checkpoint DuckDB's log into the file.

    Returns the load's number and the manifest; None without a load, or if readers have it already.
    """
    with opened_writer(layout) as con:
        if not has_table(con, "loads"):
            return None
        [(number,)] = con.execute("SELECT coalesce(max(load_no), 0) FROM loads").fetchall()
        if number <= published_load(layout):
            return None
        keep_vintages(con, layout)
        content = manifest(con, number)
        con.execute("CHECKPOINT")
    # Only the file is copied: rows still in the log would be missing from the snapshot.
    log = layout.writer.with_name(layout.writer.name + ".wal")
    if log.exists():
        raise RuntimeError(f"{log} still exists after a checkpoint")
    return number, content


def snapshot_folder(layout: Layout, load_no: int) -> Path:
    """The folder of a load's snapshot."""
    return layout.warehouse / f"snapshot-{load_no}"


def snapshots(layout: Layout) -> list[Path]:
    """The folders of the snapshots, oldest first."""
    found = [path for path in layout.warehouse.iterdir() if SNAPSHOT.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.name.removeprefix("snapshot-")))


def switch_readers(layout: Layout, folder: Path) -> None:
    """Switch readers to a snapshot, atomically."""
    # A symlink cannot be changed: a new one is renamed over it.
    link, current = layout.warehouse / "current.new", layout.current.parent
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name)
    # Programs that follow links (`scp -r`, zip) have replaced the link by a folder.
    copied = layout.warehouse / "current.copied"
    shutil.rmtree(copied, ignore_errors=True)
    if current.is_dir() and not current.is_symlink():
        current.rename(copied)
    os.replace(link, current)  # noqa: PTH105 - Path.replace would do the same
    sync(layout.warehouse)
    shutil.rmtree(copied, ignore_errors=True)


FICLONE = 0x40049409  # ioctl of Linux (reflink): two files share their blocks, on Btrfs and XFS
# Bytes of a DuckDB file's headers and of each block after them.
HEADERS, BLOCK = 3 * 4096, 256 * 1024


def copy_over(source: Path, target: Path) -> int:
    """Give `target`, which may be incomplete or missing, the bytes of a DuckDB file, and fsync it.

    Returns the bytes written; 0 where the filesystem lets both files share their blocks.
    """
    target.touch()
    with source.open("rb", buffering=0) as new, target.open("r+b", buffering=0) as old:
        written = 0
        try:
            fcntl.ioctl(old.fileno(), FICLONE, new.fileno())
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                raise
            written = _write_differing(new, old)
        # Neither way of copying shortens a longer target.
        old.truncate(os.fstat(new.fileno()).st_size)
        os.fsync(old.fileno())
    return written


def _write_differing(source: IO[bytes], target: IO[bytes]) -> int:
    # Bytes are compared, not DuckDB's block checksums: these are sums of words, so they do not
    # change when two words are swapped. Both buffers are reused: allocating two for each block
    # costs more than comparing them.
    new, old = bytearray(BLOCK), bytearray(BLOCK)
    size = os.fstat(source.fileno()).st_size
    written = 0
    for offset in (0, *range(HEADERS, size, BLOCK)):
        length = _read_block(source, new, offset)
        # After a short last block, both buffers still end with bytes of the block before: at worst
        # an equal block is written again.
        if _read_block(target, old, offset) != length or new != old:
            if os.pwrite(target.fileno(), memoryview(new)[:length], offset) != length:
                raise OSError(errno.ENOSPC, "short write", target.name)
            written += length
    return written


def _read_block(file: IO[bytes], buffer: bytearray, offset: int) -> int:
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
