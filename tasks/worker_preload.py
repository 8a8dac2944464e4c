"""Imported by the fork server that `tasks.process_pool` starts; worker processes fork from it.

A process that is started by itself takes a second to import the same, and as long again for the
program's main module; forked ones share the models' memory, too.
"""

from datetime import UTC, datetime
from multiprocessing import spawn
from uuid import UUID

from tasks.backfill import shard_processes
from tasks.model import Capture, CaptureKind, Outcome
from tasks.refine.refine_archive import Origin, refine_page

__all__ = ["shard_processes"]

URL = "https://paper.example.co.uk/2026/03/02/harbour"
PAGE = f"""<html lang=en><head><title>Ferry returns to the harbour</title></head><body>
<h1>Ferry returns to the harbour</h1><time datetime=2026-03-02>2 March 2026</time>
<p>{"The ferry came back to the harbour on Monday, and the board met again to talk. " * 9}</p>
<p>Subscribe to our newsletter and read on for $1 a week.</p></body></html>"""


def read_once() -> None:
    """Refine a page: models, rules and tables are read when they are first needed."""
    capture = Capture(
        UUID(int=0),
        "",
        "",
        CaptureKind.PAGE,
        URL,
        URL,
        "",
        Outcome.FETCHED,
        "",
        datetime(2026, 3, 3, tzinfo=UTC),
        0.0,
    )
    refine_page(capture, PAGE.encode(), Origin("en"))


def _leave_out(name: str) -> None:
    """Workers run functions of `tasks`; what the program began with is nothing to them."""


vars(spawn).update(_fixup_main_from_name=_leave_out, _fixup_main_from_path=_leave_out)
read_once()
