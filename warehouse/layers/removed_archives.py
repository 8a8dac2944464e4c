"""Archive files that retention removed: what pointed into them is known as removed, not broken."""

import json
from collections.abc import Mapping
from typing import Any

from warehouse.layers.atomic_write import write_whole
from warehouse.layers.layout import Layout

FORMAT = 1

Removed = Mapping[str, Mapping[str, Any]]
"""By place below the data folder: `bytes`, `removed_at` and `why`."""


def removed_archives(layout: Layout) -> Removed:
    """The archive files that were removed, or were about to be."""
    if not layout.removed.exists():
        return {}
    document = json.loads(layout.removed.read_bytes())
    if document["format"] != FORMAT:
        raise ValueError(f"{layout.removed} was written by another version of Presswatch")
    archives: Removed = document["archives"]
    return archives


def write_removed(layout: Layout, archives: Removed) -> None:
    """Write the list down, before its files go."""
    document = {"format": FORMAT, "archives": archives}
    write_whole(layout.removed, json.dumps(document, indent=1, sort_keys=True).encode())
