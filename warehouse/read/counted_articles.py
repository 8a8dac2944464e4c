"""Which articles count for each topic, compared before and after a rebuild of the articles."""

import logging
from collections.abc import Iterator

import duckdb
import pyarrow as pa

from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError, query

log = logging.getLogger(__name__)

# All articles are listed under an empty topic.
_COUNTED = """
SELECT DISTINCT topic_id, article_id FROM mentions JOIN articles USING (article_id, version_no)
UNION ALL SELECT '', article_id FROM articles
"""
_DIFFERENCES = """
SELECT topic_id AS topic, count(old.article_id) AS before, count(new.article_id) AS after,
       before - count(*) FILTER (new.article_id IS NOT NULL AND old.article_id IS NOT NULL) AS lost,
       after - before + lost AS gained
FROM old FULL JOIN new USING (topic_id, article_id)
GROUP BY topic ORDER BY topic
"""


def counted_articles(layout: Layout) -> pa.Table | None:
    """Rows of topic_id and article_id; None where the snapshot is missing or damaged."""
    try:
        return query(layout, _COUNTED)
    except QueryError as error:
        log.warning("the changes for each topic are unknown: %s", error)
        return None


def differences(old: pa.Table, new: pa.Table) -> Iterator[str]:
    """What changed between two results of `counted_articles`: a line for all and for each topic."""
    with duckdb.connect() as con:
        con.register("old", old)
        con.register("new", new)
        rows = con.execute(_DIFFERENCES).fetchall()
    for topic, before, after, lost, gained in rows:
        changed = f"{gained} gained, {lost} lost" if gained or lost else "same"
        yield f"{topic or 'all articles'}: {before} before, {after} now ({changed})"
