"""The marts in their order, and the steps between them."""

from itertools import product

from warehouse.build.loader import Connection
from warehouse.build.mart_merge import find_touched, marts, replace_touched, view_added
from warehouse.build.sql_files import read_sql
from warehouse.stats import attention_index, balanced_index, dispersion, spikes
from warehouse.stats.daily_counts import Counts

# The time zone of each source's days, from its definition; UTC for sources that are only in
# captures, and for zones unknown to DuckDB. `sources` has the zones of earlier loads.
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


# Tables that are computed in Python, for the marts that read them.
NOW = ("dispersion_now", "balanced_now", "index_now", "notes_now", "spikes")


def refresh(con: Connection) -> None:
    """Bring the marts up to date with the added rows, as `warehouse.build.mart_merge` describes.

    They also read temporary tables of the load: `new_runs`, `source_definitions`, `recounted`
    (topics counted again, or removed), `replaced_topics`, `mentions_before` and `vintage_rules`.
    """
    steps = read_sql("steps")
    con.execute(steps["macros"])
    con.execute(steps["all_moves"])
    view_added(con)
    con.execute(SOURCE_ZONES)
    counts = {local: Counts(con, f"topic_daily{local}") for local in ("", "_local")}
    for name in marts():
        fill(con, name, counts[local_of(name)])
    for name, local in product(NOW, counts):
        con.unregister(f"{name}{local}")


def local_of(name: str) -> str:
    """The suffix `_local` if the name is that of a mart by local days, else an empty string."""
    return "_local" if name.endswith("_local") else ""


def fill(con: Connection, name: str, counts: Counts) -> None:
    """Merge one mart, with the step before or after it; the marts that it reads are up to date.

    `counts` are those of the mart's kind of days. A poll that finds nothing new touches no key of
    the marts after coverage. The SQL needs the macros of `refresh`.
    """
    steps, local = read_sql("steps"), local_of(name)
    kind = name.removesuffix(local)
    if kind == "attention_index":
        con.execute(steps[f"vintages_begin{local}"])
        # Empty when no counts changed and today's vintage exists: then the index is not computed.
        if con.execute(f"FROM index_vintage{local} LIMIT 1").fetchall():
            for table, rows in attention_index.index_tables(counts).items():
                con.register(f"{table}{local}", rows)
            con.execute(steps[f"vintages{local}"])
    if find_touched(con, mart := marts()[name]):
        if kind == "topic_dispersion":
            con.register(f"dispersion_now{local}", dispersion.dispersion_table(counts))
        if kind == "balanced_index":
            con.register(f"balanced_now{local}", balanced_index.balanced_table(counts))
        if kind == "topic_spikes":
            con.register(f"spikes{local}", spikes.spike_table(counts))
        replace_touched(con, mart)
        if name == "articles":
            con.execute(steps["copies_begin"])
            # In rounds: whether an article is a copy may depend on whether an earlier one is.
            while con.execute("FROM waiting LIMIT 1").fetchall():
                con.execute(steps["copies"])
