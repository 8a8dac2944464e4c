"""Publishing the last load, without what other machines have committed since; checking it."""

from pathlib import Path

from warehouse.build.checks_runner import run_checks
from warehouse.build.publish import publish_locked
from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot
from warehouse.store.working_copy import pulled_and_pushed


def publish(layout: Layout) -> Path | None:
    """The new snapshot's file; None when there was nothing new to publish."""
    with pulled_and_pushed(layout):
        return publish_locked(layout)


def check_snapshot(layout: Layout) -> None:
    """Run every check over all that readers see."""
    with snapshot(layout) as con:
        run_checks(con)
