"""The data folder that a command reads."""

import os
from pathlib import Path

from flows.cli.exit_status import print_to_stderr
from tasks.installation import open_layout, settings_of
from warehouse.build.schema_version import refuse_newer_snapshot
from warehouse.layers.layout import Layout
from warehouse.store.objects import StoreError


def layout_of(data: Path | None) -> Layout:
    """The data folder, by default the environment's; a local copy if its store does not answer."""
    settings = settings_of(data=data)
    try:
        return open_layout(settings)
    except StoreError as error:
        layout = Layout(settings.data)
        if not layout.current.exists():
            raise
        print_to_stderr(f"{error}; reading the local copy", "WARNING")
        return layout


def readable_layout(data: Path | None) -> Layout:
    """`layout_of`; DocumentError when a newer version of Presswatch wrote the snapshot."""
    layout = layout_of(data)
    # A query would read tables that the guides of this version do not describe.
    refuse_newer_snapshot(layout)
    return layout


def write_privately() -> None:
    """Let only this user read the files that this command makes, as those of a run."""
    os.umask(0o077)
