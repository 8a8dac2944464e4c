"""A data folder that is the working copy of a store: brought up to it, and it up to the folder.

The store counts. Who may write takes its lease, brings the folder up to the last state, does the
work in the folder as if there were no store, and creates the next state, after all that it names.
What was changed here and is in no state, since the store did not answer or another machine came
first, is either part of the next state or undone: the archive files stay, and are loaded again.
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
    """Make a folder the working copy of a store; one that is it already stays as it is.

    A folder with data of its own becomes the first state of an empty store.

    Raises:
        ValueError: it is another store's, or both it and the store have data.
        StoreError: the store does not answer.
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
    """Bring a working copy up to the last state of its store, unless a process here is at that.

    Raises:
        StoreError: the store does not answer.
    """
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

    Where the data lie in no store, this is the writer's lock alone. When the body raises, nothing
    is pushed.

    Args:
        layout: The installation.
        waiting: Called with a sentence for people when another process or machine has to finish.

    Raises:
        StoreError: the store does not answer, or another machine has changed it meanwhile.
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
