"""Completes archive files whose writer died: cuts off what is half written, keeps the rest."""

import fcntl
import io
import os
from contextlib import suppress
from pathlib import Path

from tasks.archive.warc_records import OPEN_SUFFIX, end_of_whole_groups
from warehouse.layers.atomic_write import sync
from warehouse.store.archive_files import SUFFIX


def unfinished(raw: Path) -> list[Path]:
    """Archive files whose writer died before it closed them, oldest run first."""
    found = []
    for path in raw.glob("*/*" + OPEN_SUFFIX):
        with suppress(FileNotFoundError), path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # its writer lives
        found.append(path)
    return sorted(found, key=lambda path: path.name)


def salvage(path: Path) -> Path | None:
    """Complete a dead writer's file: truncate it after the last complete group and rename it.

    Returns the completed file; None where no group is complete (the file is then removed) and where
    another process holds the file or has completed it.
    """
    try:
        file = path.open("r+b", buffering=0)
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        if not is_at(file, path):
            return None
        end = end_of_whole_groups(file)
        if not end:
            path.unlink()
            return None
        final = path.with_name(path.name.removesuffix(OPEN_SUFFIX) + SUFFIX)
        finish(file, end, path, final)
        return final


def finish(file: io.FileIO, end: int, path: Path, final: Path) -> None:
    """Truncate an open file and give it its final name; FileExistsError where that is taken."""
    if final.exists():
        raise FileExistsError(f"{final}: an archive of this run exists")
    file.truncate(end)
    os.fsync(file.fileno())
    path.rename(final)
    sync(final.parent)


def is_at(file: io.FileIO, path: Path) -> bool:
    """Whether an open file is still the one at this path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
