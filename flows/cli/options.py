"""Options shared by several commands."""

from pathlib import Path
from typing import Annotated, TypedDict

import typer

from flows.cli.exit_codes import reported_errors
from flows.installation import Installation, open_installation

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
