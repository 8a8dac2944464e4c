"""The folder for damaged bytes that could not be repaired: `quarantine/`, below the data folder."""

import filecmp
import shutil
from pathlib import Path

from warehouse.layers.atomic_write import sync
from warehouse.layers.layout import Layout

_PIECE_BYTES = 1 << 20


def keep_copy(layout: Layout, path: Path, start: int = 0, end: int | None = None) -> None:
    """Copy a damaged file, or the bytes of it from `start` on, into the quarantine.

    The copy has the file's path below the data folder. Bytes that are already there are not copied
    again, so a killed repair can be repeated.
    """
    place = layout.quarantine / path.relative_to(layout.root)
    if start or end is not None:
        place = place.with_name(f"{place.name}#{start}")
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_name(f".{place.name}.half")
    remaining = (path.stat().st_size if end is None else end) - start
    with path.open("rb") as file, half.open("wb") as out:
        file.seek(start)
        while piece := file.read(min(_PIECE_BYTES, remaining)):
            out.write(piece)
            remaining -= len(piece)
    sync(half)
    target, number = place, 1
    while target.exists() and not filecmp.cmp(target, half, shallow=False):
        number += 1
        target = place.with_name(f"{place.name}.{number}")
    half.rename(target)
    sync(target.parent)


def move_away(layout: Layout, path: Path) -> None:
    """Copy a damaged file into the quarantine, then remove it from its place."""
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        keep_copy(layout, path)
        path.unlink()
        sync(path.parent)
