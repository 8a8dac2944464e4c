"""One installation: its settings, sources, topics and folders."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.settings import Settings
from tasks.sources.source import Source, choose
from tasks.topics.topic import Topic
from warehouse.layers.layout import Layout


@dataclass(frozen=True, slots=True)
class Installation:
    """What every job starts from, read and checked."""

    settings: Settings
    layout: Layout
    sources: tuple[Source, ...]
    topics: tuple[Topic, ...]

    def chosen(self, only: Sequence[str]) -> tuple[Source, ...]:
        """The sources with the given ids; all of them when none is given.

        Raises:
            ConfigError: an id that sources.toml does not have.
        """
        return choose(self.sources, only)
