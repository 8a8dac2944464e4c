"""Objects of the store that its state does not name, for example those of killed writers."""

from datetime import datetime

from warehouse.build.manifest import NAME
from warehouse.layers.commits import named_files, read_commits
from warehouse.layers.layout import Layout
from warehouse.store.archive_files import removed_archives
from warehouse.store.lease import FOLDER as LEASES
from warehouse.store.lease import SOURCE_LEASES
from warehouse.store.link import Link, read_link
from warehouse.store.states import FOLDER as STATES
from warehouse.store.states import document_key
from warehouse.store.working_copy import is_external, pulled_and_pushed, push


def referenced_objects(layout: Layout, link: Link) -> dict[str, int | None]:
    """Keys of all objects that the state names, with their size in bytes or None if not known."""
    commits = read_commits(layout.commits)
    named: dict[str, int | None] = {
        document_key(digest): None for digest in link.documents.values()
    }
    named |= {file.path: file.bytes for commit in commits for file in commit.files}
    removed = removed_archives(layout)
    warcs = {name for commit in commits for name in commit.warcs if not is_external(name)}
    named |= dict.fromkeys(warcs - removed.keys())
    for stored in link.snapshots:
        named[f"{stored.key}/{layout.current.name}"] = stored.bytes
        named[f"{stored.key}/{NAME}"] = None
    return named


def drop_unreferenced(layout: Layout, older_than: datetime) -> list[str]:
    """Delete the objects that killed writers left in the store, and return their keys.

    Newer objects may belong to a writer that has not created its state yet.
    """
    with pulled_and_pushed(layout):
        link = read_link(layout)
        if link is None:
            return []
        named = referenced_objects(layout, link).keys() | named_files(layout.commits)
        unnamed = [
            found.key
            for found in link.store.list()
            if found.key not in named
            and not found.key.startswith((f"{LEASES}/", f"{STATES}/", f"{SOURCE_LEASES}/"))
            and found.written_at < older_than
        ]
        if unnamed:
            # Create a new state first, so that a slow writer cannot create one with these objects.
            push(layout, link, anyway=True)
            link.store.delete(unnamed)
        return unnamed
