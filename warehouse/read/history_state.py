"""Results of earlier runs that a history needs, read from the current snapshot."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records


@dataclass(frozen=True, slots=True)
class IndexCopy:
    """An archive's list of pages as it was last read."""

    raw_ref: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class PastAttempts:
    """The results of earlier attempts at a page."""

    has_article: bool
    captures: frozenset[datetime]  # of the Wayback Machine that need not be asked for again


def day_states(layout: Layout, source_id: str, first: date, last: date) -> dict[date, str]:
    """The state of each day of a source's calendar within two UTC days."""
    rows = snapshot_records(
        layout,
        "SELECT day, state FROM coverage WHERE source_id = ? AND day BETWEEN ? AND ?",
        [source_id, first, last],
    )
    return {row["day"]: row["state"] for row in rows}


def index_copies(layout: Layout, source_id: str) -> dict[str, IndexCopy]:
    """The lists of archives that are in the raw archive, by address."""
    rows = snapshot_records(
        layout,
        "SELECT url_requested, max_by(raw_ref, attempted_at) AS raw_ref,"
        " max(attempted_at) AS read_at"
        " FROM captures WHERE kind = 'index' AND outcome = 'listed' AND source_id = ?"
        " AND raw_ref IS NOT NULL GROUP BY url_requested",
        [source_id],
    )
    return {
        row["url_requested"]: IndexCopy(row["raw_ref"], row["read_at"].astimezone(UTC))
        for row in rows
    }


def tried_pages(layout: Layout, folded_urls: Iterable[str]) -> dict[str, PastAttempts]:
    """The earlier attempts at each of the folded URLs, from any origin."""
    rows = snapshot_records(
        layout,
        "SELECT key, bool_or(article_id IS NOT NULL) AS has_article,"
        " list(attempted_at) FILTER (obtained_from = 'wayback' AND NOT is_retryable) AS captures"
        " FROM (SELECT unnest(url_keys) AS key, article_id, attempted_at, obtained_from,"
        " is_retryable FROM captures JOIN outcomes USING (outcome) WHERE kind = 'page')"
        " SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS key) USING (key) GROUP BY key",
        [sorted(set(folded_urls))],
    )
    return {
        row["key"]: PastAttempts(
            row["has_article"], frozenset(at.astimezone(UTC) for at in row["captures"] or ())
        )
        for row in rows
    }


def site_of(layout: Layout, source_id: str) -> str:
    """Scheme and host of most of a source's articles; empty without any."""
    rows = snapshot_records(
        layout,
        "SELECT regexp_extract(url_canonical, '^https?://[^/]+') AS site FROM articles"
        " WHERE source_id = ? AND url_canonical LIKE 'http%'"
        " GROUP BY site ORDER BY count(*) DESC, site LIMIT 1",
        [source_id],
    )
    return next((row["site"] for row in rows), "")
