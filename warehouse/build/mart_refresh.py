"""The marts in their order, and the steps between them."""

from warehouse.build.loader import Connection
from warehouse.build.mart_merge import MACROS, find_touched, marts, replace_touched, view_added
from warehouse.build.sql_files import read_sql
from warehouse.stats import attention_index, dispersion, spikes
from warehouse.stats.daily_counts import Counts

# The zone of each source's days: that of its definition; UTC for sources that only captures know,
# and for a zone that DuckDB does not know. Zones of earlier loads are in `sources`.
SOURCE_ZONES = """
    CREATE OR REPLACE TEMP TABLE source_zones AS
    SELECT source_id, coalesce(named.name, 'UTC') AS zone,
           definition.timezone IS DISTINCT FROM sources.timezone AS is_changed
    FROM (SELECT source_id FROM source_definitions UNION SELECT source_id FROM sources
          UNION SELECT source_id FROM added_captures
          UNION SELECT source_id FROM added_article_versions)
    LEFT JOIN source_definitions AS definition USING (source_id)
    LEFT JOIN sources USING (source_id)
    LEFT JOIN pg_timezone_names() AS named ON named.name = definition.timezone
"""


def refresh(con: Connection) -> None:
    """Bring the marts up to date with the added rows, as `warehouse.build.mart_merge` describes.

    They also read temporary tables of the load: `new_runs`, `source_definitions`, `recounted`
    (topics counted again, or removed), `replaced_topics`, `mentions_before` and `vintage_rules`.
    """
    view_added(con)
    con.execute(SOURCE_ZONES)
    counts = Counts(con)
    for name in marts():
        fill(con, name, counts)
    for name in ("dispersion_now", "index_now", "notes_now", "spikes"):
        con.unregister(name)


def fill(con: Connection, name: str, counts: Counts) -> None:
    """Merge one mart, with the step before or after it; the marts that it reads are up to date.

    A poll that finds nothing new touches no key of the marts after coverage.
    """
    con.execute(MACROS)
    steps = read_sql("steps")
    if name == "attention_index":
        con.execute(steps["vintages_begin"])
        # Empty when no counts changed and today's vintage exists: then the index is not computed.
        if con.execute("FROM index_vintage LIMIT 1").fetchall():
            for table, rows in attention_index.index_tables(counts).items():
                con.register(table, rows)
            con.execute(steps["vintages"])
    if find_touched(con, mart := marts()[name]):
        if name == "topic_dispersion":
            con.register("dispersion_now", dispersion.dispersion_table(counts))
        if name == "topic_spikes":
            con.register("spikes", spikes.spike_table(counts))
        replace_touched(con, mart)
        if name == "articles":
            con.execute(steps["copies_begin"])
            # In rounds: whether an article is a copy may depend on the answer for an earlier one.
            while con.execute("FROM waiting LIMIT 1").fetchall():
                con.execute(steps["copies"])
