"""Sources: how often they are polled, what was collected of each, what was rejected."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import duckdb

from warehouse.questions.selection import Selection, literal
from warehouse.questions.series import DAYS_OF_LOST, LOST, SQL, Row
from warehouse.read.query import records
from warehouse.read.source_health import on_known_days, percent_collected

CompletenessRow = Mapping[
    str, Any
]  # a row of what was collected: of sources, series, gaps or collected.sql
MAX_LATEST = 50  # rejected pages, or undated articles, that are listed
MAX_READS = 20  # reads of listings that are listed
MIN_WHOLE = 0.95
"""Below this completeness, or this share of days with a known one, a warning is shown."""
# As in queries/coverage.sql.
COMPLETENESS = """if(sum(estimated_published) = 0, 1,
    sum(extracted) FILTER (estimated_published IS NOT NULL) / sum(estimated_published))"""


def sources(con: duckdb.DuckDBPyConnection, selection: Selection) -> list[Row]:
    """The selected sources that are or were configured, in order of name.

    Rows: source_id, name, country, language, is_configured, expected_low, expected_high;
    interval_minutes, due_at and basis (None if it was never polled); for the selected days
    articles, lost (pages and unseen articles, on the days_of_lost) and completeness (of the
    days_estimated), both None if unknown, and days.
    """
    return records(
        con,
        f"""
        SELECT source_id, coalesce(name, source_id) AS name, country, language, is_configured,
               expected_low, expected_high, coalesce(collected.articles, 0) AS articles,
               lost, completeness, coalesce(days_of_lost, 0) AS days_of_lost,
               coalesce(days_estimated, 0) AS days_estimated, coalesce(days, 0) AS days,
               interval_minutes, due_at, basis
        FROM sources
        LEFT JOIN poll_intervals USING (source_id)
        LEFT JOIN (
            SELECT source_id, sum(extracted)::BIGINT AS articles,
                   {LOST} AS lost, {DAYS_OF_LOST} AS days_of_lost,
                   {COMPLETENESS} AS completeness,
                   count(estimated_published) AS days_estimated, count(*) AS days
            FROM {selection.sql("coverage{local}")}
            WHERE {selection.day_condition()}
            GROUP BY source_id
        ) AS collected USING (source_id)
        WHERE is_watched AND {selection.source_condition()}
        ORDER BY name, source_id
        """,
    )


def source_ids(con: duckdb.DuckDBPyConnection, selection: Selection) -> tuple[str, ...]:
    """The ids of the selected sources that are or were configured."""
    condition = selection.source_condition()
    sql = f"SELECT source_id FROM sources WHERE is_watched AND {condition} ORDER BY 1"
    return tuple(row["source_id"] for row in records(con, sql))


def coverage(
    con: duckdb.DuckDBPyConnection, source_ids: Collection[str], selection: Selection
) -> list[Row]:
    """What was collected of these sources in the periods of a selection.

    Rows: those of queries/coverage.sql.
    """
    days = {"first_day": selection.first_day, "last_day": selection.last_day}
    rows = records(
        con, selection.sql((SQL / "coverage.sql").read_text()), days | {"unit": selection.unit}
    )
    return [row for row in rows if row["source_id"] in source_ids]


def listing_reads(
    con: duckdb.DuckDBPyConnection, source_id: str, selection: Selection
) -> list[Row]:
    """The last MAX_READS of a source's listings on the selected days, the latest first."""
    return records(
        con,
        f"""
        SELECT listing, kind, read_at, hours_since_previous, entries, added_entries,
               rolled_over AND covers_from > previous_read_at AS has_gap, estimated_lost
        FROM listing_reads WHERE {_selected_rows(source_id, selection, "read_at")}
        ORDER BY read_at DESC, listing LIMIT {MAX_READS}
        """,
    )


def rejections(con: duckdb.DuckDBPyConnection, source_id: str, selection: Selection) -> list[Row]:
    """How many pages of a source were rejected on the selected days, by outcome, most first.

    Rows: outcome, meaning, is_loss, doubted_from (as in outcomes), pages, most_in_run, doubtful.
    """
    return records(
        con,
        f"""
        SELECT outcome, meaning, is_loss, doubted_from, sum(of_run)::BIGINT AS pages,
               max(of_run) AS most_in_run, sum(doubtful)::BIGINT AS doubtful
        FROM (
            SELECT outcome, count(*) AS of_run, count(*) FILTER (is_doubtful) AS doubtful
            FROM rejections WHERE {_selected_rows(source_id, selection, "attempted_at")}
            GROUP BY outcome, run_id
        )
        JOIN outcomes USING (outcome)
        GROUP BY ALL ORDER BY pages DESC, outcome
        """,
    )


def latest_rejections(
    con: duckdb.DuckDBPyConnection, source_id: str, selection: Selection, outcome: str = ""
) -> list[Row]:
    """The newest MAX_LATEST rejected pages: all, or those of an outcome, or `doubtful`."""
    chosen = "is_doubtful" if outcome == "doubtful" else f"outcome = {literal(outcome)}"
    return records(
        con,
        f"""
        SELECT attempted_at, url_requested, outcome, meaning, detail, prose_words, is_doubtful,
               raw_ref
        FROM rejections
        WHERE {_selected_rows(source_id, selection, "attempted_at")}
            AND {chosen if outcome else "true"}
        ORDER BY attempted_at DESC, url_requested LIMIT {MAX_LATEST}
        """,
    )


def latest_undated(
    con: duckdb.DuckDBPyConnection, source_id: str, selection: Selection
) -> list[Row]:
    """The newest articles without a date that were first seen on the selected days.

    Rows: article_id, headline, first_seen_at, and `total`, how many there are.
    """
    return records(
        con,
        f"""
        SELECT article_id, headline, first_seen_at, count(*) OVER () AS total
        FROM articles
        WHERE published_date IS NULL AND {_selected_rows(source_id, selection, "first_seen_at")}
        ORDER BY first_seen_at DESC, article_id LIMIT {MAX_LATEST}
        """,
    )


def _selected_rows(source_id: str, selection: Selection, column: str) -> str:
    """SQL condition: rows of the source whose time in `column` is on the selected days."""
    is_of_source = f"source_id = {literal(source_id)}"
    # An unknown zone is UTC, as in the marts.
    zone = (
        "coalesce((SELECT any_value(name) FROM pg_timezone_names() WHERE name ="
        f" (SELECT any_value(timezone) FROM sources WHERE {is_of_source})), 'UTC')"
        if selection.is_local
        else "'UTC'"
    )
    # Not from the beginning of a day to that of the next: 9999-12-31 has no next day.
    return f"{is_of_source} AND {selection.day_condition(f'timezone({zone}, {column})::DATE')}"


def captured(con: duckdb.DuckDBPyConnection, raw_ref: str) -> Row | None:
    """The latest capture of the page at a place in the archive; None when there is none.

    Columns: source_id, url_final, attempted_at, outcome, detail, payload_bytes and article_id, as
    in captures.
    """
    rows = records(
        con,
        """
        SELECT source_id, url_final, attempted_at, outcome, detail, payload_bytes, article_id
        FROM captures WHERE raw_ref = ? AND kind IN ('page', 'file')
        ORDER BY attempted_at DESC LIMIT 1
        """,
        [raw_ref],
    )
    return rows[0] if rows else None


def collected(con: duckdb.DuckDBPyConnection, selection: Selection) -> Row:
    """What was collected of the selected sources on the selected days.

    days, days_collected and days_partial count the days of each source within its calendar;
    completeness is the share collected of what was published on the days_estimated, None without
    any; known_days are the days on which any source was collected.
    """
    [row] = records(
        con,
        f"""
        SELECT count(*) AS days, count(*) FILTER (state <> 'missing') AS days_collected,
               count(*) FILTER (state = 'partial') AS days_partial,
               count(DISTINCT source_id) AS sources,
               {COMPLETENESS} AS completeness, count(estimated_published) AS days_estimated,
               coalesce(list(DISTINCT day ORDER BY day) FILTER (state <> 'missing'), [])
                   AS known_days
        FROM {selection.sql("coverage{local}")}
        JOIN (SELECT source_id, country, language FROM sources) USING (source_id)
        WHERE {selection.day_condition()} AND {selection.source_condition()}
        """,
    )
    return row


def percent_known(row: CompletenessRow) -> str:
    """The completeness of a row with days_estimated, and for how many of its days it is known."""
    if row["completeness"] is None:
        return "unknown"
    days = on_known_days(row["days_estimated"], row["days"])
    return percent_collected(row["completeness"]) + days


def lost_known(row: CompletenessRow) -> str:
    """The estimated lost articles of a row with days_of_lost, and for how many days."""
    if row["lost"] is None:
        return "unknown"
    # A gap may also have days that are not selected.
    days = row["days_selected"] if "days_selected" in row else row["days"]
    return about_lost(row["lost"]) + on_known_days(row["days_of_lost"], days)


def lost_in_all(gaps: Sequence[CompletenessRow]) -> str:
    """The estimated lost articles in all these gaps, in the format of `lost_known`."""
    known = [gap["lost"] for gap in gaps if gap["lost"] is not None]
    days = {name: sum(gap[name] for gap in gaps) for name in ("days_of_lost", "days_selected")}
    return lost_known({"lost": sum(known) if known else None} | days)


def about_lost(lost: float | None) -> str:
    """The estimated number of lost articles; "unknown" for None."""
    if lost is None:
        return "unknown"
    return "under 1" if 0 < lost < 0.5 else f"{lost:,.0f}"


def whole_part(row: CompletenessRow) -> float:
    """The part of a row with days_estimated that was certainly collected, from 0 to 1.

    A day with unknown completeness counts as 0, and so does a row without days.
    """
    if not row["days"]:
        return 0.0
    known = row["days_estimated"] / row["days"] * (row["completeness"] or 0)
    return float(min(known, row["days_collected"] / row["days"]))


def is_lacking(row: CompletenessRow) -> bool:
    """Whether a row with days_estimated needs a warning."""
    is_known = row["completeness"] is not None and row["days_estimated"] >= MIN_WHOLE * row["days"]
    return not is_known or row["completeness"] < MIN_WHOLE


def published_share(row: CompletenessRow) -> str:
    """The completeness of a row with days_estimated, in words."""
    if row["completeness"] is None:
        return "how much of what was published is not known"
    share = f"about {percent_collected(row['completeness'])} of what was published"
    if row["days_estimated"] == row["days"]:
        return share
    of = f"{row['days_estimated']:,} of {row['days']:,} days of sources"
    return f"{share} on {of}, how much on the others is not known"
