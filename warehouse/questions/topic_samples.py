"""Texts of a topic's articles, and of others to compare them with: samples, and all texts."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.layers.layout import Layout
from warehouse.questions.selection import counts_in, literal, literal_list
from warehouse.questions.texts import files_by_day, files_of_days, texts_of
from warehouse.read.query import records

BATCH_ROWS = 1_024


def choose_articles(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    topic_id: str,
    days: int,
    languages: tuple[str, ...] | None = None,
) -> list[str]:
    """Write the articles of the last `days` days with articles (0 for all) to chosen_articles.

    Only those that a topic in `languages` counts, or all. Returns the files of their texts.
    """
    [(last,)] = con.execute("SELECT max(published_date) FROM articles").fetchall()
    before = last.toordinal() - days if last and days else 0
    first = date.fromordinal(max(before, 0) + 1)
    is_counted = "true"
    if languages is not None:
        is_counted = counts_in(f"[{literal_list(languages)}]", "articles.language")
    con.execute(
        f"""CREATE TEMP TABLE chosen_articles AS
        SELECT article_id, version_no, source_id, published_date, url_canonical AS url,
               coalesce(articles.language, sources.language, '') AS language,
               counted.article_id IS NOT NULL AS counts, duplicate_of IS NOT NULL AS is_copy
        FROM articles
        LEFT JOIN sources USING (source_id)
        LEFT JOIN (SELECT DISTINCT article_id, version_no FROM mentions WHERE topic_id = ?)
            AS counted USING (article_id, version_no)
        WHERE published_date >= {literal(first)} AND {is_counted}""",
        [topic_id],
    )
    by_day = files_by_day(con, layout)
    chosen = con.sql("SELECT DISTINCT published_date FROM chosen_articles ORDER BY ALL")
    return files_of_days(by_day, (day for (day,) in chosen.fetchall()))


def by_language(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The languages of chosen_articles, in descending order of the topic's articles.

    Rows: language, articles, in_topic.
    """
    return records(
        con,
        """SELECT language, count(*) AS articles, count_if(counts)::BIGINT AS in_topic
        FROM chosen_articles GROUP BY ALL ORDER BY in_topic DESC, language""",
    )


def sample_texts(
    con: duckdb.DuckDBPyConnection, files: Sequence[str], most: int, others: int
) -> None:
    """Write texts to sampled_texts: for each language at most `most` of the topic's articles.

    And for each of them `others` other articles of its source, so that phrases in all articles of a
    paper (its name, a rubric, a notice) are as frequent in both. Deterministic. Without copies: a
    text that ten papers print counts once.
    """
    con.execute(
        f"""CREATE TEMP TABLE sampled_texts AS
        WITH shuffled AS (
            SELECT *, row_number() OVER (PARTITION BY language, counts
                                         ORDER BY md5(article_id::VARCHAR)) AS place,
                   row_number() OVER (PARTITION BY language, source_id, counts
                                      ORDER BY md5(article_id::VARCHAR)) AS place_in_source
            FROM chosen_articles WHERE NOT is_copy
        ),
        topical AS (FROM shuffled WHERE counts AND place <= {most}),
        wanted AS (
            SELECT language, source_id, {others} * count(*) AS most FROM topical GROUP BY ALL
        ),
        sample AS (
            SELECT article_id, version_no, source_id, language, counts FROM topical
            UNION ALL
            SELECT article_id, version_no, source_id, language, counts
            FROM shuffled JOIN wanted USING (language, source_id)
            WHERE NOT counts AND place_in_source <= wanted.most
        )
        SELECT sample.*, headline, standfirst, body, captions, dateline
        FROM {texts_of(files)} AS texts JOIN sample USING (article_id, version_no)"""
    )


def sampled_texts(con: duckdb.DuckDBPyConnection, language: str) -> pa.RecordBatchReader:
    """The sampled texts in a language: those of other articles first, then the topic's.

    Columns: counts, source_id, headline, standfirst, body, captions, dateline.
    """
    return con.sql(
        "SELECT counts, source_id, headline, standfirst, body, captions, dateline"
        " FROM sampled_texts WHERE language = ? ORDER BY counts, md5(article_id::VARCHAR)",
        params=[language],
    ).to_arrow_reader(BATCH_ROWS)


def all_texts(con: duckdb.DuckDBPyConnection, files: Sequence[str]) -> pa.RecordBatchReader:
    """The texts of all chosen_articles.

    Columns: language, counts, published_date, url, and those that topics are counted in: kicker,
    headline, standfirst, body, captions, section.
    """
    return con.sql(
        f"""SELECT about.language, counts, about.published_date, url, kicker, texts.headline,
               standfirst, body, captions, section
        FROM {texts_of(files)} AS texts
        JOIN chosen_articles AS about USING (article_id, version_no)"""
    ).to_arrow_reader(BATCH_ROWS)
