"""Damaged files of a working copy, downloaded again from its store."""

import filecmp
from hashlib import sha256
from pathlib import Path

from tasks.upkeep.repair.report import Repaired
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.layout import Layout
from warehouse.layers.parquet import file_sha256
from warehouse.store.link import Link
from warehouse.store.objects import Missing, StoreError
from warehouse.store.states import document_key


def download_again(layout: Layout, link: Link, path: Path, done: Repaired) -> bool:
    """Download a file, if the store has it; StoreError if the stored object is damaged itself."""
    name = path.relative_to(layout.root).as_posix()
    where = f"{link.store.url}/{name}"
    if digest := link.documents.get(name):
        content = link.store.read(document_key(digest))
        if sha256(content).hexdigest() != digest:
            raise StoreError(f"{where} is damaged in the store itself: restore it there")
        write_whole(path, content)
    elif path.suffix == ".parquet" or path.is_relative_to(layout.raw):
        beside = path.with_name(f".{path.name}.again")
        try:
            link.store.download(name, beside)
        except Missing:
            return False
        if path.suffix == ".parquet":
            if not path.name.endswith(f".{file_sha256(beside)[:12]}.parquet"):
                beside.unlink()
                raise StoreError(f"{where} is damaged in the store itself: restore it there")
        elif path.exists() and filecmp.cmp(beside, path, shallow=False):
            beside.unlink()  # the store has the same bytes
            return False
        beside.replace(path)
    else:
        return False
    done.add_repaired(path, f"downloaded again from {link.store.url}")
    return True
