"""One installation: its settings, sources, topics and folders."""

import logging
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.settings import ConfigError, Settings
from tasks.sources.collections import load_sources
from tasks.sources.source import Source, choose
from tasks.topics.topic import Topic, load_topics
from warehouse.layers.commits import committed_runs
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError
from warehouse.store.archive_files import archive_files
from warehouse.store.working_copy import link_to_store, pull_unless_locked

log = logging.getLogger(__name__)

SOURCES = Path("deployments/sources.toml")
TOPICS = Path("deployments/topics.toml")
# The remedy when a file that ships with Presswatch is not found.
RUN_THERE = "run this in the folder of Presswatch's sources"


@dataclass(frozen=True, slots=True)
class Installation:
    """The configuration that every job starts from, read and checked."""

    settings: Settings
    layout: Layout
    sources: tuple[Source, ...]
    topics: tuple[Topic, ...]

    def chosen(self, only: Sequence[str]) -> tuple[Source, ...]:
        """The sources with the given ids, or all; ConfigError for an id that does not exist."""
        return choose(self.sources, only)

    def require_data(self) -> None:
        """QueryError when nothing has been archived or loaded yet."""
        require_data(self.layout)


def require_data(layout: Layout) -> None:
    """QueryError when nothing has been archived or loaded yet."""
    if not committed_runs(layout.commits) and not archive_files(layout):
        raise QueryError(f"{layout.root} has no data yet: run `presswatch ingest` first")


def settings_of(**given: Path | str | None) -> Settings:
    """The settings of the environment, with the given files and data folder in their place."""
    paths = {name: Path(value) for name, value in given.items() if value}
    # PRESSWATCH_STORE belongs to PRESSWATCH_DATA; a folder given by name has no store.
    return Settings(**paths, **({"store": ""} if "data" in paths else {}))


def open_layout(settings: Settings) -> Layout:
    """The data folder; the working copy of a store pulls first.

    ConfigError when the folder holds data that are not the store's; StoreError when the store does
    not answer.
    """
    layout = Layout(settings.data)
    try:
        if settings.store:
            link_to_store(layout, settings.store)
    except ValueError as error:
        raise ConfigError([f"PRESSWATCH_STORE: {error}"]) from None
    pull_unless_locked(layout)
    return layout


def open_installation(
    sources: Path | str = "", topics: Path | str = "", data: Path | str = ""
) -> Installation:
    """Read the environment and both files; an empty argument takes the environment's value.

    ConfigError with a line for each problem, naming the variable, or file, entry and key;
    StoreError when the data are in a store that does not answer.
    """
    settings = settings_of(sources=sources, topics=topics, data=data)
    layout = open_layout(settings)
    return Installation(
        settings, layout, load_sources(settings.sources), load_topics(settings.topics)
    )


def keep_private(folder: Path) -> None:
    """Remove the permissions of group and others from a folder, if it exists, and log it."""
    if not folder.exists():
        return
    mode = stat.S_IMODE(folder.stat().st_mode)
    if not mode & 0o077:
        return
    try:
        folder.chmod(0o700)
    except PermissionError:  # another user's folder
        log.warning("%s can be read by other users of this machine (%03o)", folder, mode)
    else:
        log.info("%s was open to other users of this machine (%03o); now 700", folder, mode)
