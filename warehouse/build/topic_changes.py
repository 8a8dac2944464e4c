"""The effect of changed topic definitions: the counts of the old and of the new version.

Kept as JSON beside the layers, since it cannot be rebuilt from Parquet: nothing else records which
articles existed when the definition changed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime

import duckdb
import pyarrow as pa

from warehouse.build.loader import insert
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.definitions import Definitions
from warehouse.layers.documents import decode, encode
from warehouse.layers.layout import Layout
from warehouse.read.query import records

FILE = "topic_changes.json"


@dataclass(frozen=True, slots=True)
class TopicChange:
    """A row of `topic_changes`."""

    topic_id: str
    old_version: int
    new_version: int
    period: date | None
    articles_before: int
    articles_after: int
    mentions_before: int
    mentions_after: int
    load_no: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class _Document:
    # Topics and their new versions, including those whose change had no effect and has no row.
    recorded: tuple[tuple[str, int], ...] = ()
    changes: tuple[TopicChange, ...] = ()


def begin_changes(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Create the temporary tables of a load; read the recorded changes into a new loader's file."""
    con.execute("CREATE OR REPLACE TEMP TABLE mentions_before AS FROM mentions LIMIT 0")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE replaced_topics AS"
        " SELECT topic_id, old_version, new_version, load_no, changed_at FROM topic_changes LIMIT 0"
    )
    changes = _read(layout).changes
    if changes and not con.execute("FROM topic_changes LIMIT 1").fetchall():
        insert(con, "topic_changes", pa.Table.from_pylist(list(map(asdict, changes))))


def recorded_changes(layout: Layout) -> set[tuple[str, int]]:
    """Topics and their new versions whose change was recorded, including those without effect."""
    return set(_read(layout).recorded)


def note_replaced(
    con: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    replaced: Mapping[str, int],  # old versions, by topic id
    load_no: int,
) -> None:
    """Copy the mentions of topics with a new version, before they are deleted."""
    versions = definitions.current_topics()
    for topic_id, old in replaced.items():
        new = definitions.version(topic_id, versions[topic_id])
        row = [topic_id, old, new.topic_version, load_no, new.valid_from]
        con.execute("INSERT INTO replaced_topics VALUES (?, ?, ?, ?, ?)", row)
    con.execute(
        "INSERT INTO mentions_before FROM mentions SEMI JOIN replaced_topics USING (topic_id)"
    )


def keep_changes(con: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Record the changes that the load added outside the warehouse.

    Call it before the commit of the load: if that fails, the next load counts the same topics and
    records them again.
    """
    found = con.execute("SELECT topic_id, new_version FROM replaced_topics").fetchall()
    if not found:
        return
    recorded = recorded_changes(layout) | {(topic_id, version) for topic_id, version in found}
    rows = records(con, "FROM topic_changes ORDER BY topic_id, new_version, period")
    document = _Document(tuple(sorted(recorded)), tuple(TopicChange(**row) for row in rows))
    write_whole(layout.root / FILE, encode(document))


def _read(layout: Layout) -> _Document:
    path = layout.root / FILE
    return decode(_Document, path.read_bytes(), path) if path.exists() else _Document()
