"""Recording which files hold the warehouse's rows after compaction."""

from datetime import datetime

from warehouse.build.article_texts_view import point_texts
from warehouse.build.checks_runner import run_checks
from warehouse.build.loader import (
    Connection,
    add_files,
    last_load,
    loaded_runs,
    record_load,
    transaction,
)
from warehouse.build.snapshots import published_load
from warehouse.layers.commits import read_commits
from warehouse.layers.layout import Layout

FILES = "SELECT run_id, layer, path FROM files"


def follow_files(con: Connection, layout: Layout, now: datetime) -> bool:
    """Update `files` and the views of texts from the commits, as a load of its own.

    Args:
        con: The loader's file; the caller holds the writer's lock.
        layout: The installation.
        now: The current time, for the record of the load.

    Returns:
        Whether anything changed.

    Raises:
        CheckFailed: the files do not hold the rows that were loaded; nothing is changed.
    """
    commits = read_commits(layout.commits, loaded_runs(con))
    current = {(run.run_id, file.layer, file.path) for run in commits for file in run.files}
    if set(con.execute(FILES).fetchall()) == current:
        return False
    load_no = max(last_load(con), published_load(layout)) + 1
    with transaction(con):
        con.execute("DELETE FROM files")
        add_files(con, commits)
        point_texts(con, layout)
        record_load(con, load_no, now, (), ())
        run_checks(con, "files_complete", "files_one_content")
    return True
