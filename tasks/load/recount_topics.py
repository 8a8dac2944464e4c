"""Counts topics in a load: all topics in new articles, changed topics in earlier ones."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from tasks.topics.parallel_count import count_files
from tasks.topics.topic import Topic
from warehouse.build import loader
from warehouse.build.article_texts_view import live_paths
from warehouse.build.loaded_definitions import counted_topics, drop_mentions
from warehouse.build.topic_changes import recorded_changes
from warehouse.layers.definitions import Definitions
from warehouse.layers.layout import Layout


def replaced_topics(
    con: duckdb.DuckDBPyConnection, layout: Layout, definitions: Definitions
) -> dict[str, int]:
    """Earlier versions of the topics whose version this load changes, by topic id."""
    counted, recorded = counted_topics(con), recorded_changes(layout)
    found = {}
    for topic_id, version in definitions.current_topics().items():
        old = counted.get(topic_id)
        # A lost DuckDB file counted nothing: then changes that were never recorded count.
        if not counted and (topic_id, version) not in recorded:
            old = definitions.replaced(topic_id, version)
        if old and old != version:
            found[topic_id] = old
    return found


def count_topics(
    con: duckdb.DuckDBPyConnection,  # the loader's file, with the commits of the load in it
    layout: Layout,
    definitions: Definitions,  # of topics and sources from this load on
    topics: Sequence[Topic],  # all topics
    fresh: Sequence[Path],  # the files of the new articles
    processes: int | None,
) -> tuple[int, tuple[str, ...]]:
    """Count all topics in new articles, and changed topics in earlier ones.

    Returns the mentions in new articles, and the ids of the topics that were counted again.
    """
    versions = definitions.current_topics()
    counted = counted_topics(con)
    changed = {topic for topic in versions if counted.get(topic) != versions[topic]}
    drop_mentions(con, changed | (set(counted) - set(versions)))
    # The replaced versions count the new articles too, so that both versions count the same ones.
    old_versions = dict(con.execute("SELECT topic_id, old_version FROM replaced_topics").fetchall())
    old_topics = [definitions.version(*old) for old in old_versions.items()]
    replaced = count_files(fresh, old_topics, old_versions, processes)
    _insert_mentions(con, replaced, "mentions_before")
    again = [topic for topic in topics if topic.topic_id in changed]
    earlier = sorted({layout.root / path for path in live_paths(con)} - set(fresh)) if again else []
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
