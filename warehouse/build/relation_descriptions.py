"""Descriptions of the relations and macros of a warehouse, from their comments."""

from dataclasses import dataclass

import duckdb

from warehouse.build.loader import make_relations
from warehouse.layers.layout import Layout
from warehouse.read.query import detect_damage, open_snapshot, records

# Headings and names in the order of display; a last heading is for names that are not here.
GROUPS: dict[str, tuple[str, ...]] = {
    "Counts": (
        *("topic_daily", "topic_weekly", "topic_monthly"),
        *("topic_daily_local", "topic_weekly_local", "topic_monthly_local"),
        *("attention_index", "attention_index_latest", "attention_index_as_of", "index_notes"),
        *("attention_index_local", "attention_index_latest_local", "attention_index_as_of_local"),
        *("index_notes_local", "topic_spikes", "topic_spikes_local"),
        *("topic_dispersion", "topic_dispersion_local", "share_interval", "counts_in"),
        *("balanced_index", "balanced_index_local", "balanced_panel", "balanced_panel_local"),
        *("spike_rule", "balance_rule", "topic_pairs", "archive_daily"),
    ),
    "Topics and their mentions": (
        *("topics", "topic_changes", "mentions", "mention_contexts", "mention_changes"),
        *("topic_audits", "audits", "audit_articles", "audit_mentions", "audit_verdicts"),
    ),
    "Articles and their texts": (
        *("articles", "article_versions", "article_revisions", "article_texts"),
        *("article_version_texts", "article_files", "text_contexts"),
        *("moved_articles", "text_sketches", "stripped_blocks"),
    ),
    "Sources and what was collected": (
        *("sources", "source_health", "source_polls", "coverage", "coverage_local"),
        *("source_calendars", "source_calendars_local", "coverage_gaps", "coverage_gaps_local"),
        *("listing_reads", "listing_reaches", "polls", "poll_intervals", "captures", "pages"),
        *("outcomes", "rejections", "rejection_rates", "breaker"),
    ),
    "How this file was built": ("runs", "ledger", "commits", "loads", "files", "audit_files"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or one parameter of a macro, which has neither type nor comment."""

    name: str
    type: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class Relation:
    """One table, view or macro."""

    name: str
    kind: str
    group: str
    rows: int | None  # rows of a table, as DuckDB estimates them
    comment: str | None
    columns: tuple[Column, ...]


RELATIONS = """
    SELECT name, kind, rows, comment, coalesce(columns, []) AS columns
    FROM (
        SELECT table_name AS name, 'table' AS kind, estimated_size AS rows, comment
        FROM duckdb_tables() WHERE NOT internal AND NOT temporary
        UNION ALL
        SELECT view_name, 'view', NULL, comment
        FROM duckdb_views() WHERE NOT internal AND NOT temporary
    )
    LEFT JOIN (
        SELECT table_name AS name, list({name: column_name, type: data_type, comment: comment}
                                        ORDER BY column_index) AS columns
        FROM duckdb_columns() WHERE NOT internal GROUP BY ALL
    ) USING (name)
    UNION ALL
    SELECT function_name, 'macro', NULL, comment,
           [{name: parameter, type: NULL, comment: NULL} FOR parameter IN parameters]
    FROM duckdb_functions() WHERE NOT internal AND function_type IN ('macro', 'table_macro')
"""


def describe(layout: Layout) -> list[Relation]:
    """The relations and macros of the current snapshot, or of a new one if there is none."""
    con = open_snapshot(layout)
    if con is None:
        con = duckdb.connect()
        make_relations(con)
    with con, detect_damage(layout.current):
        relations = records(con, RELATIONS)
    group_of = {name: group for group, names in GROUPS.items() for name in names}
    found = [
        Relation(
            **row | {"columns": tuple(Column(**column) for column in row["columns"])},
            group=group_of.get(row["name"], "Others"),
        )
        for row in relations
    ]
    position = {name: number for number, name in enumerate(group_of)}
    return sorted(found, key=lambda each: (position.get(each.name, len(position)), each.name))
