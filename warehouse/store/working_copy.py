"""A data folder that is the working copy of a store.

The store takes precedence. A writer takes the store's lease, updates the folder to the last state,
works in the folder as if there were no store, and creates the next state after all objects that it
names. Local changes without a state, because the store did not answer or another machine was first,
become part of the next state or are undone: the archive files stay, and are loaded again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from warehouse.layers.commits import committed_runs
from warehouse.layers.layout import Layout
from warehouse.layers.writer_lock import try_writer_lock, writer_lock
from warehouse.store.lease import FOLDER, lease
from warehouse.store.link import Link, is_working_copy, read_link, write_link
from warehouse.store.objects import open_store
from warehouse.store.pull import pull
from warehouse.store.push import push
from warehouse.store.states import last_number

LEASE = f"{FOLDER}/warehouse.json"


def join(layout: Layout, url: str) -> None:
    """Make a folder the working copy of a store, unless it already is.

    Data in the folder become the first state of an empty store. ValueError when it is a working
    copy of another store, or both it and the store have data.
    """
    store, link = open_store(url), read_link(layout)
    if link and link.url != store.url:
        raise ValueError(f"{layout.root} is the working copy of {link.url}, not of {store.url}")
    if link:
        return
    if committed_runs(layout.commits) and last_number(store):
        raise ValueError(
            f"{layout.root} has data of its own and so has {store.url}:"
            " let PRESSWATCH_DATA name another folder and PRESSWATCH_STORE the store"
        )
    write_link(layout, Link(store.url, uuid4().hex))


def catch_up(layout: Layout) -> None:
    """Update a working copy to the last state of its store, unless a process holds its lock."""
    if not is_working_copy(layout):
        return
    with try_writer_lock(layout) as is_held:
        link = read_link(layout)
        if is_held and link:
            pull(layout, link)


@contextmanager
def synchronised(
    layout: Layout, waiting: Callable[[str], None] = lambda message: None
) -> Iterator[None]:
    """Hold the right to write the folder and its store: pull before the body, push after it.

    Without a store, this is the writer's lock alone. When the body raises, nothing is pushed.
    `waiting` is called with a message when another process or machine has to be waited for.
    StoreError when the store does not answer, or another machine has changed it meanwhile.
    """
    with writer_lock(layout, waiting):
        link = read_link(layout)
        if link is None:
            yield
            return
        with lease(link.store, LEASE, link.copy, waiting):
            pull(layout, link)
            yield
            push(layout, read_link(layout) or link)
