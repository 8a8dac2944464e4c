"""The snapshots in the warehouse's folder, and the symlink to the published one."""

import os
import re
from pathlib import Path

from warehouse.layers.atomic_write import sync
from warehouse.layers.layout import Layout

_SNAPSHOT = re.compile(r"snapshot-(\d+)")


def snapshot_folder(layout: Layout, load_no: int) -> Path:
    """The folder of a load's snapshot."""
    return layout.warehouse / f"snapshot-{load_no}"


def snapshots(layout: Layout) -> list[Path]:
    """The folders of the snapshots, oldest first."""
    found = {path: _SNAPSHOT.fullmatch(path.name) for path in layout.warehouse.iterdir()}
    numbers = {path: int(name[1]) for path, name in found.items() if name}
    return sorted(numbers, key=numbers.__getitem__)


def published_load(layout: Layout) -> int:
    """The number of the published load; 0 before the first."""
    if not layout.current.exists():
        return 0
    found = _SNAPSHOT.fullmatch(layout.current.parent.resolve().name)
    return int(found[1]) if found else 0


def show(layout: Layout, folder: Path) -> None:
    """Switch readers to a snapshot, atomically."""
    # A symlink cannot be changed: a new one is renamed over it.
    link = layout.warehouse / "current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name)
    os.replace(link, layout.current.parent)  # noqa: PTH105 - Path.replace would do the same
    sync(layout.warehouse)
