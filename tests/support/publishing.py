"""Publishing the last load, without what other machines have committed since."""

from pathlib import Path

from warehouse.build.publish import publish_locked
from warehouse.layers.layout import Layout
from warehouse.store.working_copy import synchronised


def publish(layout: Layout) -> Path | None:
    """The new snapshot's file; None when there was nothing new to publish."""
    with synchronised(layout):
        return publish_locked(layout)
