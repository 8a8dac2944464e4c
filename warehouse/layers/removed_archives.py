"""Archive files that retention removed, so that a `raw_ref` into one is not taken for broken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from warehouse.layers.atomic_write import write_whole
from warehouse.layers.documents import decode, encode
from warehouse.layers.layout import Layout

# By place below the data folder: `bytes`, `removed_at` and `why`.
Removed = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Document:
    archives: Removed


def removed_archives(layout: Layout) -> Removed:
    """The archive files that were removed, or were about to be."""
    if not layout.removed.exists():
        return {}
    return decode(_Document, layout.removed.read_bytes(), layout.removed).archives


def write_removed(layout: Layout, archives: Removed) -> None:
    """Write the list down, before its files go."""
    write_whole(layout.removed, encode(_Document(archives), sort_keys=True))
