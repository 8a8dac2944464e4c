"""Exit statuses of the command, and expected errors reported in a line."""

import errno
import os
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import typer
from typer.core import TyperGroup

from flows.runs.json_logs import is_json, json_line
from tasks.installation import settings_of
from tasks.text.control_characters import without_controls


class Exit(IntEnum):
    """Exit statuses of the command."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    SOME_SOURCES_FAILED = 3
    QUARANTINED = 3  # the same: done, but not all of it


NOT_WRITABLE = "let this user write there, or name another place"
IN_THE_WAY = "move it away, or name another place"
# What a person can do about a system error. Other errors are unexpected, and keep their traceback.
REMEDIES = {
    errno.ENOSPC: "free some space, then run it again",
    errno.EDQUOT: "free some space, then run it again",
    errno.EACCES: NOT_WRITABLE,
    errno.EPERM: NOT_WRITABLE,
    errno.EROFS: NOT_WRITABLE,
    errno.EEXIST: IN_THE_WAY,
    errno.ENOTDIR: IN_THE_WAY,
    errno.EISDIR: "name a file",
    errno.ENOENT: "name another place, or restore it from a backup",
    errno.ENAMETOOLONG: "name another place",
    errno.EMFILE: "raise the limit on open files (ulimit -n), then run it again",
}


class ReportedErrors(TyperGroup):
    """Commands that report an expected error in one line, with the matching exit status."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # noqa: ANN401
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            # Only now: these modules take a while to import.
            from flows.processes.child import ServerFailed
            from tasks.model import RunFailed
            from tasks.settings import ConfigError
            from tasks.upkeep.backup import BackupFailed
            from warehouse.build.checks_runner import CheckFailed
            from warehouse.layers.documents import DocumentError
            from warehouse.layers.findings import LayersBroken
            from warehouse.read.query import QueryError
            from warehouse.store.objects import StoreError

            failures = (BackupFailed, CheckFailed, DocumentError, LayersBroken, QueryError)
            if isinstance(error, ConfigError):
                fail(str(error), Exit.WRONG_USAGE)
            if isinstance(error, (*failures, ServerFailed, RunFailed, StoreError)):
                fail(str(error), Exit.FAILED)
            if isinstance(error, (OSError, duckdb.Error)) and (
                problem := _system_problem(error, ctx.meta.get("data"))
            ):
                fail(problem, Exit.FAILED)
            # Errors that typer itself reports have an exit code.
            is_unexpected = not hasattr(error, "exit_code") and not isinstance(error, typer.Abort)
            if is_json() and is_unexpected:
                print(json_line(f"unexpected error: {error}", error=error), file=sys.stderr)
                raise typer.Exit(Exit.FAILED) from None
            raise


def _system_problem(error: OSError | duckdb.Error, data: Path | None) -> str:
    """The file, what is wrong, and the remedy; empty for an unexpected error."""
    if isinstance(error, duckdb.Error):
        text = " ".join(str(error).split())
        full = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT))
        is_full = any(each in text for each in full)
        if "Could not set lock" in text:
            # A notebook, for example. The text goes on with a link.
            text = text.partition(" See also")[0]
            return f"{text}; close the file there, or open it with read_only=True"
        if is_full or isinstance(error, duckdb.IOException):
            return f"{text}; {REMEDIES[errno.ENOSPC]}" if is_full else text
        return ""
    if error.errno not in REMEDIES:
        return ""
    # The error of a full disk names no file, or, when copying, both files.
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    copy = error.filename2 if is_full else None
    place = copy or error.filename or settings_of(data=data).data
    return f"{place}: {os.strerror(error.errno)}; {REMEDIES[error.errno]}"


def fail(message: str, status: Exit) -> NoReturn:
    """End the command with a message on standard error."""
    print_to_stderr(message)
    raise typer.Exit(status)


def print_to_stderr(message: str, level: str = "ERROR") -> None:
    """Print a line on standard error, as JSON where log lines are."""
    line = without_controls(message)
    print(json_line(line, level) if is_json() else line, file=sys.stderr)
