"""The snapshots that lie in the warehouse's folder, and the symlink that names one of them."""

import os
import re
from pathlib import Path

from warehouse.layers.atomic_write import sync
from warehouse.layers.layout import Layout

_SNAPSHOT = re.compile(r"snapshot-(\d+)")


def snapshot_folder(layout: Layout, load_no: int) -> Path:
    """Where the snapshot of a load lies."""
    return layout.warehouse / f"snapshot-{load_no}"


def snapshots(layout: Layout) -> list[Path]:
    """Folders of the snapshots, oldest first."""
    found = {path: _SNAPSHOT.fullmatch(path.name) for path in layout.warehouse.iterdir()}
    numbers = {path: int(name[1]) for path, name in found.items() if name}
    return sorted(numbers, key=numbers.__getitem__)


def published_load(layout: Layout) -> int:
    """Number of the published load; 0 before the first."""
    if not layout.current.exists():
        return 0
    found = _SNAPSHOT.fullmatch(layout.current.parent.resolve().name)
    return int(found[1]) if found else 0


def show(layout: Layout, folder: Path) -> None:
    """Switch readers to a snapshot, atomically."""
    link = layout.warehouse / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name)
    os.replace(link, layout.current.parent)  # noqa: PTH105 - Path.replace would do the same
    sync(layout.warehouse)
