"""Exit statuses of the command, and expected errors reported in a line."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import NoReturn

import typer


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
    print(message, file=sys.stderr)
    raise typer.Exit(status)
