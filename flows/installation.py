"""Opens and checks an installation: settings, sources, topics and folders."""

from pathlib import Path

from tasks.installation import Installation
from tasks.settings import ConfigError, Settings
from tasks.sources.source import load_sources
from tasks.topics.topic import load_topics
from warehouse.layers.layout import Layout
from warehouse.store.working_copy import catch_up, join

SOURCES = Path("deployments/sources.toml")
TOPICS = Path("deployments/topics.toml")
__all__ = ["SOURCES", "TOPICS", "Installation", "open_installation", "open_layout", "settings_of"]


def settings_of(**given: Path | str) -> Settings:
    """The settings of the environment, with the given files and data folder in their place."""
    # PRESSWATCH_STORE belongs to PRESSWATCH_DATA; a folder given by name has no store.
    no_store = {"store": ""} if "data" in given else {}
    return Settings(**{name: Path(value) for name, value in given.items()}, **no_store)


def open_layout(settings: Settings) -> Layout:
    """The data folder, updated from the store when it is a store's working copy.

    ConfigError when the folder holds data that are not the store's; StoreError without an answer.
    """
    layout = Layout(settings.data)
    try:
        if settings.store:
            join(layout, settings.store)
    except ValueError as error:
        raise ConfigError([f"PRESSWATCH_STORE: {error}"]) from None
    catch_up(layout)
    return layout


def open_installation(
    sources: Path | str = "", topics: Path | str = "", data: Path | str = ""
) -> Installation:
    """Read the environment and both files; an empty argument takes the environment's value.

    ConfigError with a line for each problem, naming the variable, or file, entry and key;
    StoreError when the data are in a store that does not answer.
    """
    given = {"sources": sources, "topics": topics, "data": data}
    settings = settings_of(**{name: value for name, value in given.items() if value})
    return Installation(
        settings,
        open_layout(settings),
        load_sources(settings.sources),
        load_topics(settings.topics),
    )
