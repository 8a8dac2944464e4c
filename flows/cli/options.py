"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

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
    """Open the installation that the options name; exits with a line for each problem."""
    with reported_errors():
        return open_installation(sources, topics, data or "")
