"""Taking verdicts into the warehouse without waiting for the next ingest."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from warehouse.build import loader
from warehouse.build.loaded_audits import follow_audits
from warehouse.build.publish import publish_locked
from warehouse.layers.layout import Layout
from warehouse.layers.leftovers import sweep
from warehouse.store.working_copy import pulled_and_pushed


def publish_audits(
    layout: Layout, waiting: Callable[[str], None] = lambda message: None
) -> Path | None:
    """Load new samples and verdicts, and publish; the snapshot, None where nothing was new.

    If the loader's file has to be rebuilt, that is left to the next ingest, which also counts.
    """
    with pulled_and_pushed(layout, waiting):
        sweep(layout)
        with loader.open_writer(layout) as con:
            if not loader.last_load(con) or not follow_audits(con, layout, datetime.now(UTC)):
                return None
        return publish_locked(layout)
