"""Opens an installation: settings, sources, topics and folders, checked before anything runs."""

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
    """The settings of the environment, with the files and the data folder that are named.

    PRESSWATCH_STORE goes with PRESSWATCH_DATA: a folder that is named is of its own store, or none.

    Raises:
        ConfigError: one line a bad value, naming the variable.
    """
    alone = {"store": ""} if "data" in given else {}
    return Settings(**{name: Path(value) for name, value in given.items()}, **alone)


def open_layout(settings: Settings) -> Layout:
    """The data folder; where it is the working copy of a store, brought up to that.

    Raises:
        ConfigError: it has data that are not the store's.
        StoreError: the store does not answer.
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
    """Read the environment and both files; what is left empty is as the environment says.

    Raises:
        ConfigError: one line a problem, naming the variable, or file, entry and key.
        StoreError: the data lie in a store, and it does not answer.
    """
    given = {"sources": sources, "topics": topics, "data": data}
    settings = settings_of(**{name: value for name, value in given.items() if value})
    return Installation(
        settings,
        open_layout(settings),
        load_sources(settings.sources),
        load_topics(settings.topics),
    )
