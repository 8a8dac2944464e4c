"""Counting topics in a load: all of them in what is new, changed ones in what was there before."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from tasks.topics.parallel_count import count_files
from tasks.topics.topic import Topic
from warehouse.build import loader
from warehouse.build.loaded_definitions import counted_topics, drop_mentions
from warehouse.build.topic_changes import recorded_changes
from warehouse.layers.definitions import Definitions
from warehouse.layers.layout import Layout


def replaced_topics(
    con: duckdb.DuckDBPyConnection, layout: Layout, definitions: Definitions
) -> dict[str, int]:
    """Topics that get another version, with the one that counted until now.

    Where the file was lost, those whose change was never written down.
    """
    counted, recorded = counted_topics(con), recorded_changes(layout)
    found = {}
    for topic_id, version in definitions.current_topics().items():
        old = counted.get(topic_id)
        if not counted and (topic_id, version) not in recorded:
            old = definitions.replaced(topic_id, version)
        if old and old != version:
            found[topic_id] = old
    return found


def _count_replaced(
    con: duckdb.DuckDBPyConnection,
    definitions: Definitions,
    fresh: Sequence[Path],
    processes: int | None,
) -> None:
    """Count old versions in what is new, so that they are compared over the same articles."""
    rows = con.execute("SELECT topic_id, old_version FROM replaced_topics").fetchall()
    versions = dict(rows)
    old = [definitions.version(topic_id, number) for topic_id, number in rows]
    _insert_mentions(con, count_files(fresh, old, versions, processes), "mentions_before")


def count_topics(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    definitions: Definitions,
    topics: Sequence[Topic],
    fresh: Sequence[Path],
    processes: int | None,
) -> tuple[int, tuple[str, ...]]:
    """Count all topics in what is new, and changed ones in what was there before.

    Args:
        con: The writer's file, with the commits of the load in it.
        layout: The installation.
        definitions: What topics and sources are, from this load on.
        topics: All topics that are to be counted.
        fresh: The articles' files that the load brings.
        processes: How many may count where there is much to count; None is one for each core.

    Returns:
        Mentions found in what is new, and the topics that were counted again, by their ids.
    """
    versions = definitions.current_topics()
    counted = counted_topics(con)
    changed = {topic for topic in versions if counted.get(topic) != versions[topic]}
    drop_mentions(con, changed | (set(counted) - set(versions)))
    _count_replaced(con, definitions, fresh, processes)
    again = [topic for topic in topics if topic.topic_id in changed]
    earlier = sorted(set(loader.article_paths(con, layout)) - set(fresh)) if again else []
    _insert_mentions(con, count_files(earlier, again, versions, processes))
    found = _insert_mentions(con, count_files(fresh, topics, versions, processes))
    return found, tuple(sorted(changed)) if earlier else ()


def _insert_mentions(
    con: duckdb.DuckDBPyConnection, tables: Iterable[pa.Table], into: str = "mentions"
) -> int:
    found = 0
    for mentions in tables:
        loader.insert(con, into, mentions)
        found += mentions.num_rows
    return found
