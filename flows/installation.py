"""One installation: its settings, papers, topics and folders, checked before anything runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.settings import Settings
from tasks.sources import Source, choose, load_sources
from tasks.topics import Topic, load_topics
from warehouse.layout import Layout

SOURCES = Path("deployments/sources.toml")
TOPICS = Path("deployments/topics.toml")


@dataclass(frozen=True, slots=True)
class Installation:
    """What every job starts from."""

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


def open_installation(
    sources: Path = SOURCES, topics: Path = TOPICS, data: Path | None = None
) -> Installation:
    """Read the environment and both files.

    Raises:
        ConfigError: one line a problem, naming the variable, or file, entry and key.
    """
    settings = Settings(data=data) if data else Settings()
    layout = Layout(settings.data)
    return Installation(settings, layout, load_sources(sources), load_topics(topics))
