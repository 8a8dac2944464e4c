"""Options of several commands, exit statuses, and expected errors reported in a line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Annotated, NoReturn, TypedDict

import typer

from tasks.installation import Installation, open_installation
from tasks.text.control_characters import without_controls


class Exit(IntEnum):
    """Exit statuses of the command."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    SOME_SOURCES_FAILED = 3


@contextmanager
def reported_errors() -> Iterator[None]:
    """Report expected errors in a line each, and exit with the status that fits."""
    from tasks.collect.collector import SourcesFailed
    from tasks.settings import ConfigError
    from tasks.upkeep.backup import BackupFailed
    from tasks.upkeep.verification import LayersBroken
    from warehouse.build.loader import CheckFailed
    from warehouse.layers.documents import DocumentError
    from warehouse.read.query import QueryError
    from warehouse.store.objects import StoreError

    try:
        yield
    except ConfigError as error:
        fail(str(error), Exit.WRONG_USAGE)
    except (
        BackupFailed,
        CheckFailed,
        DocumentError,
        LayersBroken,
        QueryError,
        SourcesFailed,
        StoreError,
    ) as error:
        fail(str(error), Exit.FAILED)


def fail(message: str, status: Exit) -> NoReturn:
    """End the command with a message on standard error."""
    print(without_controls(message), file=sys.stderr)
    raise typer.Exit(status)


SourcesFile = Annotated[
    Path, typer.Option("--sources", envvar="PRESSWATCH_SOURCES", help="The sources, a TOML file.")
]
TopicsFile = Annotated[
    Path, typer.Option("--topics", envvar="PRESSWATCH_TOPICS", help="The topics, a TOML file.")
]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="The data folder; else PRESSWATCH_DATA, else ./data.")
]


def open_checked(sources: Path, topics: Path, data: Path | None) -> Installation:
    """Open the installation that the options name; exit with a line for each problem."""
    with reported_errors():
        return open_installation(sources, topics, data or "")


class FlowFiles(TypedDict):
    """The parameters of all flows that name an installation's files."""

    sources_file: str
    topics_file: str
    data: str


def flow_files(installation: Installation) -> FlowFiles:
    """An installation's files, as parameters of a flow."""
    settings = installation.settings
    return {
        "sources_file": str(settings.sources),
        "topics_file": str(settings.topics),
        "data": str(installation.layout.root),
    }
