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
    sources: Path | str = "", topics: Path | str = "", data: Path | str = ""
) -> Installation:
    """Read the environment and both files; what is left empty is as the environment says.

    Raises:
        ConfigError: one line a problem, naming the variable, or file, entry and key.
    """
    given = {"sources": sources, "topics": topics, "data": data}
    settings = Settings(**{name: Path(value) for name, value in given.items() if value})
    return Installation(
        settings,
        Layout(settings.data),
        load_sources(settings.sources),
        load_topics(settings.topics),
    )
