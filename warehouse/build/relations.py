"""What the relations and macros of a warehouse hold, in the words of their comments."""

from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.build.loader import make_relations
from warehouse.layers.layout import Layout
from warehouse.read.query import open_snapshot, records

GROUPS: dict[str, tuple[str, ...]] = {
    "Counts": (
        *("topic_daily", "topic_weekly", "topic_monthly", "attention_index"),
        *("attention_index_latest", "attention_index_as_of", "index_notes", "topic_spikes"),
        *("topic_pairs", "archive_daily"),
    ),
    "Topics and their mentions": (
        *("topics", "topic_changes", "mentions", "mention_contexts", "mention_changes"),
    ),
    "Articles and their texts": (
        *("articles", "article_versions", "article_revisions", "article_texts"),
        *("article_version_texts", "article_files", "text_contexts"),
        *("text_sketches", "stripped_blocks"),
    ),
    "Sources and what was collected": (
        *(
            "sources",
            "source_health",
            "source_polls",
            "coverage",
            "source_calendars",
            "coverage_gaps",
            "listing_reaches",
            "polls",
        ),
        *("captures", "pages", "outcomes", "rejections", "breaker"),
    ),
    "How this file was built": ("runs", "ledger", "loads", "files"),
}
"""For people, in the order in which they are told; what stands nowhere is told last."""
OTHERS = "Others"


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
    rows: int | None
    """Rows of a table, as DuckDB estimates them."""
    comment: str | None
    columns: tuple[Column, ...]


RELATIONS = """
    SELECT table_name AS name, 'table' AS kind, estimated_size AS rows, comment
    FROM duckdb_tables() WHERE NOT internal AND NOT temporary
    UNION ALL
    SELECT view_name, 'view', NULL, comment FROM duckdb_views() WHERE NOT internal AND NOT temporary
"""
COLUMNS = """
    SELECT table_name AS relation, column_name AS name, data_type AS type, comment
    FROM duckdb_columns() WHERE NOT internal ORDER BY table_name, column_index
"""
MACROS = """
    SELECT function_name AS name, 'macro' AS kind, NULL AS rows, comment, parameters
    FROM duckdb_functions() WHERE NOT internal AND function_type IN ('macro', 'table_macro')
"""


def describe(layout: Layout) -> list[Relation]:
    """The relations and macros of the current snapshot, or of the one that a load would make."""
    con = open_snapshot(layout)
    if con is None:
        con = duckdb.connect()
        make_relations(con)
    with con:
        relations = records(con, RELATIONS)
        columns = records(con, COLUMNS)
        macros = records(con, MACROS)
    found = [_relation(row, columns) for row in relations] + [_macro(row) for row in macros]
    return sorted(found, key=_place)


def _relation(row: dict[str, Any], columns: list[dict[str, Any]]) -> Relation:
    mine = (
        Column(c["name"], c["type"], c["comment"]) for c in columns if c["relation"] == row["name"]
    )
    return Relation(**row, group=_group(row["name"]), columns=tuple(mine))


def _macro(row: dict[str, Any]) -> Relation:
    parameters = tuple(Column(name, None, None) for name in row.pop("parameters"))
    return Relation(**row, group=_group(row["name"]), columns=parameters)


def _group(name: str) -> str:
    return next((group for group, names in GROUPS.items() if name in names), OTHERS)


def _place(relation: Relation) -> tuple[int, str]:
    order = [name for names in GROUPS.values() for name in names]
    known = relation.name in order
    return (order.index(relation.name) if known else len(order), relation.name)
