"""Topics and sources in the loader's file, and the definitions that they were loaded from."""

from collections.abc import Iterable
from dataclasses import asdict, astuple
from typing import Any

import pyarrow as pa

from warehouse.build.loader import Connection, insert
from warehouse.layers.definitions import Definitions, SourceDefinition, Topic
from warehouse.read.query import records


def definitions_differ(con: Connection, definitions: Definitions) -> bool:
    """Whether definitions of topics or sources have changed since the last load."""
    topics = records(con, "SELECT * FROM topics ORDER BY topic_id, topic_version")
    if [_topic_row(topic) for topic in definitions.topics] != topics:
        return True
    names = ", ".join(SourceDefinition.__slots__)
    stored = set(con.execute(f"SELECT {names} FROM sources").fetchall())  # noqa: S608
    return not stored.issuperset(astuple(source) for source in definitions.sources)


def _topic_row(topic: Topic) -> dict[str, Any]:
    return asdict(topic) | {"aliases": list(topic.aliases), "exclude": list(topic.exclude)}


def set_definitions(con: Connection, definitions: Definitions) -> None:
    """Replace the topics, and fill `source_definitions` for the mart of sources."""
    con.execute("DELETE FROM topics")
    _insert(con, "topics", [_topic_row(topic) for topic in definitions.topics])
    _insert(con, "source_definitions", [asdict(source) for source in definitions.sources])


def _insert(con: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        insert(con, table, pa.Table.from_pylist(rows))


def counted_topics(con: Connection) -> dict[str, int]:
    """Topics whose mentions are in the file, with the version of their definition."""
    rows = con.execute("SELECT topic_id, topic_version FROM topics WHERE valid_to IS NULL")
    return dict(rows.fetchall())


def drop_mentions(con: Connection, topic_ids: Iterable[str]) -> None:
    """Delete the mentions of topics that were removed or are about to be counted again."""
    con.execute("INSERT INTO recounted SELECT unnest(?::VARCHAR[])", [sorted(topic_ids)])
    con.execute("DELETE FROM mentions WHERE topic_id IN (FROM recounted)")
