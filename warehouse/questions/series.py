"""How often topics came up: series over time, gaps and spikes.

`series_sql` and `gaps_sql` have the values in them, so that a person can run them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

import warehouse
from warehouse.questions.selection import COUNTING, Selection, counts_in
from warehouse.read.query import records
from warehouse.stats.intervals import interval

Row = dict[str, Any]
SQL = Path(warehouse.__file__).parent / "queries"
# As in queries/coverage.sql; NULL if unknown.
LOST = """sum(failed + coalesce(estimated_lost, 0))
    FILTER (failed > 0 OR estimated_published IS NOT NULL)"""
DAYS_OF_LOST = "count(*) FILTER (failed > 0 OR estimated_published IS NOT NULL)"

RANGE = "range"  # the unit in which all selected days are one period

PART_OF = {
    "": "''",
    "source": "source_id",
    "country": "coalesce(country, '')",
    "language": "coalesce(language, '')",
}
# Kish's effective sample size: articles of one source that would be as informative as the groups'.
EFFECTIVE = "pow(count(*) FILTER (articles > 0), 2) / sum(1 / articles) FILTER (articles > 0)"
# Parts of series.sql: sum over sum, or the mean over groups of sources that weigh alike.
SUMS = {
    "balance_group": "''",
    "share": "sum(hits) / nullif(sum(articles), 0)",
    "excess": "sum(excess)",
    "effective_articles": "NULL::DOUBLE",
}
MEANS = SUMS | {
    "share": "avg(hits / nullif(articles, 0))",
    "excess": f"sum(excess / nullif(pow(articles, 2), 0))"
    f" * pow({EFFECTIVE} / nullif(count(*) FILTER (articles > 0), 0), 2)",
    "effective_articles": EFFECTIVE,
}
BALANCES = {
    "": SUMS,
    "country": MEANS | {"balance_group": "coalesce(country, d.source_id)"},
    "collection": MEANS
    | {
        "balance_group": "coalesce((SELECT collection FROM sources"
        " WHERE sources.source_id = d.source_id), d.source_id)"
    },
}
# Counts of headlines in articles that are not copies: the only count that topic_daily lacks.
HEADLINES_WITHOUT_COPIES = f"""(
    SELECT counted.*, if(articles IS NULL, NULL, coalesce(found, 0)) AS headline_originals
    FROM topic_daily{{local}} AS counted
    LEFT JOIN (
        SELECT topic_id, source_id, {{published_date}} AS day, count(DISTINCT article_id) AS found
        FROM mentions
        JOIN articles USING (article_id, version_no)
        JOIN {COUNTING} USING (topic_id)
        WHERE field = 'headline' AND duplicate_of IS NULL
          AND {counts_in("languages", "language")}
        GROUP BY ALL
    ) USING (topic_id, source_id, day)
)"""


def series_sql(selection: Selection, part: str = "") -> str:
    """The SQL of `series`."""
    hits, days = "articles_with_mention", "topic_daily{local}"
    if selection.is_headlines_only and selection.is_without_copies:
        hits, days = "headline_originals", HEADLINES_WITHOUT_COPIES
    elif selection.is_headlines_only:
        hits += "_headline"
    elif selection.is_without_copies:
        hits += "_original"
    conditions = (
        selection.day_condition(),
        selection.topic_condition(),
        selection.source_condition(),
    )
    return (
        (SQL / "series.sql")
        .read_text()
        .format(
            days=selection.sql(days),
            dispersion=selection.sql("topic_dispersion{local}"),
            part=PART_OF[part],
            period=period_of(selection.unit, selection.first_day),
            first_day=f"DATE '{selection.first_day}'",
            **BALANCES[selection.balance],
            hits=hits,
            articles="articles_original" if selection.is_without_copies else "d.articles",
            where="\n  AND ".join(each for each in conditions if each != "true"),
        )
    )


def period_of(unit: str, first_day: date) -> str:
    """SQL for the first day of a day's period; in the unit RANGE that is `first_day`."""
    return f"DATE '{first_day}'" if unit == RANGE else f"date_trunc('{unit}', day)::DATE"


def series(con: duckdb.DuckDBPyConnection, selection: Selection, part: str = "") -> list[Row]:
    """The share of each topic by period, over all sources or by source, country or language.

    Rows: topic_id, part, period, period_end (the day after its last day), hits, articles, share,
    excess (variance of hits beyond chance), low and high (95 %, None without articles),
    effective_articles and effective_hits (used for the interval with a balance; else None),
    completeness, days_estimated (days for which it is known), articles_other_languages (that do not
    count), days_collected and days. Days are counted per source. A period without any collected day
    has None for hits, articles and share.
    """
    return [with_interval(row) for row in records(con, series_sql(selection, part))]


def range_series(con: duckdb.DuckDBPyConnection, selection: Selection) -> list[Row]:
    """The share of each topic over all selected days, whatever the unit: a row of `series` each.

    Not the sum of its periods: the shorter they are, the wider the interval would be, since a few
    hits scatter by chance, and the mean of groups would be weighted by period.
    """
    return series(con, replace(selection, unit=RANGE))


def totals(rows: Sequence[Row]) -> Row:
    """The sum of the rows of one series, with the columns of `series` except its periods."""
    names = (
        *("hits", "articles", "excess", "effective_hits", "effective_articles"),
        "articles_other_languages",
        *("collected", "estimated_published", "days_collected", "days_estimated", "days"),
    )
    known = {name: [row[name] for row in rows if row.get(name) is not None] for name in names}
    added: Row = {name: sum(values) if values else None for name, values in known.items()}
    prefix = "effective_" if added["effective_articles"] else ""
    hits, articles = added[f"{prefix}hits"], added[f"{prefix}articles"]
    return with_interval(added | {"share": hits / articles if articles else None})


def completeness_of(collected: float, published: float | None) -> float | None:
    """The share collected of what was published; None if that is unknown, 1 if it is nothing."""
    if published is None:
        return None
    return collected / published if published else 1.0


def with_interval(row: Row) -> Row:
    """A row with the 95 % interval of its share, and its completeness."""
    completeness = completeness_of(row["collected"], row["estimated_published"])
    effective = row.get("effective_articles")
    hits = effective and row["share"] * effective
    counts = row | {"hits": hits, "articles": effective} if effective else row
    return row | interval(counts) | {"completeness": completeness, "effective_hits": hits}


def spikes(con: duckdb.DuckDBPyConnection, selection: Selection) -> list[Row]:
    """Days far above a topic's past, as in topic_spikes; none where sources are left out.

    Rows: topic_id, day, hits, articles, share, expected (articles), score, threshold (the fewest
    hits that would have been a spike), false_alarms_per_year (by which it was judged), headlines.
    """
    if not selection.has_all_sources:
        return []
    sql = f"""SELECT topic_id, day, articles_with_mention AS hits, articles, share, expected,
       score, threshold, false_alarms_per_year, headlines
FROM topic_spikes{{local}}
WHERE {selection.day_condition()} AND {selection.topic_condition()}
ORDER BY day, topic_id"""
    return records(con, selection.sql(sql))


def gaps_sql(selection: Selection) -> str:
    """The SQL of `gaps`."""
    sql = f"""SELECT source_id, source, state, first_day, last_day, days, reasons, urls_lost,
       estimated_lost, articles, lost, days_of_lost, days_selected
FROM coverage_gaps{{local}} AS gaps
JOIN (SELECT source_id, coalesce(name, source_id) AS source, country, language FROM sources)
    USING (source_id)
CROSS JOIN LATERAL (
    SELECT {LOST} AS lost, {DAYS_OF_LOST} AS days_of_lost, count(*) AS days_selected
    FROM coverage{{local}} AS days
    WHERE days.source_id = gaps.source_id
      AND day BETWEEN gaps.first_day AND gaps.last_day
      AND {selection.day_condition()}
)
WHERE first_day <= DATE '{selection.last_day}' AND last_day >= DATE '{selection.first_day}'
  AND {selection.source_condition()}
ORDER BY first_day, source"""
    return selection.sql(sql)


def gaps(con: duckdb.DuckDBPyConnection, selection: Selection) -> list[Row]:
    """Days on which the selected sources were not, or only partly, collected, as in coverage_gaps.

    lost is the number of lost pages and unseen articles on the selected days (days_selected) for
    which it is known (days_of_lost); None if it is known for no day.
    """
    return records(con, gaps_sql(selection))
