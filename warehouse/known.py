"""What earlier runs have already collected, read from the current snapshot."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from warehouse.layout import Layout
from warehouse.query import open_snapshot, records


@dataclass(frozen=True, slots=True)
class KnownListing:
    """A listing as it was last read: what to send with a conditional GET, and where its copy is."""

    etag: str | None
    last_modified: str | None
    raw_ref: str
    content_type: str
    attempted_at: datetime


def known_urls(layout: Layout, folded_urls: Iterable[str]) -> set[str]:
    """Which of the folded URLs need not be fetched again.

    A URL is known when a page fetched under it ended in an outcome that another try would not
    better. Requested, final and canonical URLs all count. A saved file is no fetch: the paper may
    have revised its article since.
    """
    con = open_snapshot(layout)
    if con is None:
        return set()
    with con:
        # Not as a registered Arrow table: with threads that open one file at the same time DuckDB
        # 2.0.1 then fails at times, "Table Function with name python_arrow_scan does not exist".
        rows = con.execute(
            "SELECT DISTINCT key FROM ("
            " SELECT unnest(url_keys) AS key FROM captures JOIN outcomes USING (outcome)"
            " WHERE kind = 'page' AND NOT may_pass)"
            " SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS key) USING (key)",
            [sorted(set(folded_urls))],
        ).fetchall()
    return {row[0] for row in rows}


def known_files(layout: Layout, source_id: str) -> set[str]:
    """Etags of the source's saved files as they were last taken in.

    A file that went back to an earlier state has changed, too.
    """
    con = open_snapshot(layout)
    if con is None:
        return set()
    with con:
        rows = con.execute(
            "SELECT DISTINCT arg_max(etag, run_id) FROM captures JOIN outcomes USING (outcome)"
            " WHERE kind = 'file' AND source_id = ? AND etag IS NOT NULL AND NOT may_pass"
            " GROUP BY url_requested",
            [source_id],
        ).fetchall()
    return {row[0] for row in rows}


def last_listings(layout: Layout, source_id: str) -> dict[str, KnownListing]:
    """The source's listings by the URL asked for, each as it was last read in full."""
    con = open_snapshot(layout)
    if con is None:
        return {}
    with con:
        rows = records(
            con,
            "SELECT url_requested, etag, last_modified, raw_ref, content_type, attempted_at"
            " FROM captures"
            " WHERE kind = 'listing' AND outcome = 'listed' AND raw_ref IS NOT NULL"
            " AND source_id = ?"
            " QUALIFY row_number() OVER (PARTITION BY url_requested"
            " ORDER BY attempted_at DESC, capture_id DESC) = 1",
            [source_id],
        )
    return {row.pop("url_requested"): KnownListing(**row) for row in rows}
