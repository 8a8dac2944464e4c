"""Counts topics in the articles of a load, and changed topics in earlier articles."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from tasks.topics.parallel_count import count_files
from warehouse.build import loader
from warehouse.build.article_texts_view import live_paths
from warehouse.build.loaded_definitions import counted_topics, drop_mentions
from warehouse.build.loader import Connection
from warehouse.layers.definitions import Definitions
from warehouse.layers.layout import Layout


def count_topics(
    con: Connection,  # the loader's file, with the commits of the load in it
    layout: Layout,
    definitions: Definitions,  # of topics and sources from this load on
    fresh: Sequence[Path],  # the files of the new articles
    processes: int | None,
) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    """Count all topics in new articles, and changed topics in earlier ones.

    Returns the mentions in new articles, and the topics that were counted again and removed.
    """
    versions = definitions.current_topics()
    counted = counted_topics(con)
    changed = {topic for topic in versions if counted.get(topic) != versions[topic]}
    removed = set(counted) - set(versions)
    drop_mentions(con, changed | removed)
    # The replaced versions count the new articles too, so that both versions count the same ones.
    old_versions = dict(con.execute("SELECT topic_id, old_version FROM replaced_topics").fetchall())
    old_topics = [definitions.version(*old) for old in old_versions.items()]
    replaced = count_files(fresh, old_topics, old_versions, processes)
    _insert_mentions(con, replaced, "mentions_before")
    # From the definitions, since these have the matching rules by which each topic is counted.
    topics = [definitions.version(*current) for current in versions.items()]
    again = [topic for topic in topics if topic.topic_id in changed]
    earlier = sorted({layout.root / path for path in live_paths(con)} - set(fresh)) if again else []
    _insert_mentions(con, count_files(earlier, again, versions, processes))
    found = _insert_mentions(con, count_files(fresh, topics, versions, processes))
    return found, tuple(sorted(changed)) if earlier else (), tuple(sorted(removed))


def _insert_mentions(con: Connection, tables: Iterable[pa.Table], into: str = "mentions") -> int:
    found = 0
    for mentions in tables:
        loader.insert(con, into, mentions)
        found += mentions.num_rows
    return found
