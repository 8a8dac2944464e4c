"""Which gaps of a feed may still be closed, from made rows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import duckdb
import pytest

from warehouse.build.loader import insert, make_relations
from warehouse.read.listing_gaps import OPEN_GAPS
from warehouse.read.query import records

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PAGE = {"kind": "page", "url_hash": 1, "attempted_at": NOW}


def add(con: duckdb.DuckDBPyConnection, table: str, **columns: Any) -> None:
    insert(con, table, [columns])


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A gap of gb-post's feed for which a sitemap was read, and one of its pages was deferred."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        make_relations(con)
        read = {"previous_read_at": NOW - DAY, "covers_from": NOW, "read_at": NOW}
        add(con, "listing_reads", source_id="gb-post", kind="feed", rolled_over=True, **read)
        about = {"kind": "listing", "found_in": "recovery", "attempted_at": NOW}
        add(con, "captures", source_id="gb-post", url_hash=2, **about)
        add(con, "captures", source_id="gb-post", outcome="left_for_later", **PAGE)
        add(con, "pages", source_id="gb-post", url_hash=1, is_lost=True, gave_article=False)
        yield con


def has_left(con: duckdb.DuckDBPyConnection) -> list[bool]:
    return [row["has_left"] for row in records(con, OPEN_GAPS, {"since": NOW - DAY})]


def test_a_gap_is_open_while_a_page_is_left_that_no_other_source_has(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert has_left(con) == [True]
    add(
        con, "captures", source_id="gb-mail", outcome="article", article_id=str(UUID(int=1)), **PAGE
    )
    assert has_left(con) == [False]


def test_a_page_that_is_gone_leaves_no_gap_open(con: duckdb.DuckDBPyConnection) -> None:
    """It stays lost, but no sitemap has to name it again."""
    add(con, "captures", source_id="gb-post", outcome="not_found", **PAGE)
    assert has_left(con) == [False]
