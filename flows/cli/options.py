"""Options of several commands."""

from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.exit_status import Exit
from tasks.installation import Installation


def print_version(is_asked: bool) -> None:
    """Print the version and exit, when asked to."""
    if is_asked:
        print(f"presswatch {version('presswatch')}")
        raise typer.Exit(Exit.DONE)


SourcesFile = Annotated[
    Path, typer.Option("--sources", envvar="PRESSWATCH_SOURCES", help="The sources, a TOML file.")
]
TopicsFile = Annotated[
    Path, typer.Option("--topics", envvar="PRESSWATCH_TOPICS", help="The topics, a TOML file.")
]


def _noted(ctx: typer.Context, data: Path | None) -> Path | None:
    ctx.meta["data"] = data  # for messages
    return data


DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data", callback=_noted, help="The data folder; else PRESSWATCH_DATA, else ./data."
    ),
]


def day(value: str | date) -> date:
    """Parse a day of the command line; typer passes defaults, which are dates, as well."""
    return date.fromisoformat(str(value))


def flow_files(installation: Installation) -> dict[str, str]:
    """An installation's files, as the parameters by which all flows name them."""
    settings = installation.settings
    return {
        "sources_file": str(settings.sources),
        "topics_file": str(settings.topics),
        "data": str(installation.layout.root),
    }
