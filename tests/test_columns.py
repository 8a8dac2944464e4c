"""An article's columns, and those of the other layers, agree wherever they are written down.

Six places: PageText, `article_row`, the Arrow schema, the DDL of both tables, and their comments.
A column that is in only one of them fails here.
"""

from dataclasses import fields
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from tasks.model import Capture, PageText
from warehouse.layers.parquet_schemas import (
    ARTICLE_SCHEMA,
    CAPTURE_SCHEMA,
    MENTION_SCHEMA,
    STRIPPED_SCHEMA,
)

DEFINITIONS = Path(__file__).parents[1] / "warehouse" / "tables"

IN_PARQUET_ONLY = {"body", "shingles", "minhash", "minhash_bands"}
"""Texts stay in Parquet (`article_texts` reads them there), sketches are in `text_sketches`."""
COMPUTED_BY_THE_LOAD = {"body_chars", "body_key"}
OF_ARTICLES_ONLY = {
    *("versions", "duplicate_of", "cluster_id", "published_precision", "published_local_date"),
}
OF_VERSIONS_ONLY = {"page_sha256", "published_has_time"}

TABLES = {
    "article_versions": (ARTICLE_SCHEMA, IN_PARQUET_ONLY, COMPUTED_BY_THE_LOAD),
    "articles": (
        ARTICLE_SCHEMA,
        IN_PARQUET_ONLY | OF_VERSIONS_ONLY,
        COMPUTED_BY_THE_LOAD | OF_ARTICLES_ONLY,
    ),
    "captures": (CAPTURE_SCHEMA, set(), {"url_keys", "url_hash"}),
    "stripped_blocks": (STRIPPED_SCHEMA, set(), set()),
    "mentions": (MENTION_SCHEMA, set(), set()),
}
"""Schema of the layer, its columns that the table has not, columns that the table has besides."""

COLUMN_OF_FIELD = {
    "paragraphs": "body",
    "declared_url": "url_canonical",
    "published_raw": "published_at_raw",
    "rights_notice": "rights",
    "tdm_reservation": "rights",
}
"""Fields of PageText under another name; all others are columns of the same name."""


def columns(rows: duckdb.DuckDBPyRelation) -> dict[str, str]:
    return dict(zip(rows.columns, map(str, rows.types), strict=True))


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_columns_of_its_layer(table: str) -> None:
    schema, left_out, added = TABLES[table]
    with duckdb.connect() as con:
        con.execute((DEFINITIONS / f"{table}.sql").read_text(encoding="utf-8"))
        declared = columns(con.table(table))
        empty: pa.Table = schema.empty_table()
        stored = columns(con.from_arrow(empty))
        comments = con.execute(
            "SELECT column_name, comment FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    assert left_out <= stored.keys()
    assert added <= declared.keys() - stored.keys()
    kept = {name: kind for name, kind in stored.items() if name not in left_out}
    assert {name: kind for name, kind in declared.items() if name not in added} == kept
    assert [name for name in declared if name not in added] == list(kept)
    assert [name for name, comment in comments if not comment] == []


def test_every_field_of_a_page_has_a_column() -> None:
    names = [COLUMN_OF_FIELD.get(field.name, field.name) for field in fields(PageText)]
    assert set(names) <= set(ARTICLE_SCHEMA.names)
    assert COLUMN_OF_FIELD.keys() <= {field.name for field in fields(PageText)}


def test_a_capture_has_the_columns_of_its_layer() -> None:
    assert [field.name for field in fields(Capture)] == CAPTURE_SCHEMA.names
