"""The articles behind a number, and one article with all stored data on it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from warehouse.layers.layout import Layout
from warehouse.questions.selection import COUNTING, Selection, counts_in, literal_list
from warehouse.questions.texts import files_by_day, files_of_days, texts_of
from warehouse.read.query import records

Row = dict[str, Any]

# SQL condition: the topic counts mentions in articles of this language.
LANGUAGE_CONDITION = counts_in("hit.languages", "articles.language")
MAX_CONTEXTS = 3  # sentences shown of an article
MAX_COPIES = 50
MAX_BLOCKS = 300
SHOWN = """SELECT article_id, version_no, source_id, coalesce(name, source_id) AS source, headline,
       published_date, published_at, url_canonical AS url, access, is_truncated,
       duplicate_of IS NOT NULL AS is_copy, versions"""
NAMED = "LEFT JOIN (SELECT source_id, name FROM sources) AS named USING (source_id)"


def counted_sql(selection: Selection) -> str:
    """FROM and WHERE for the articles that count in the series of a selection.

    Without topics: all articles of its days and sources.
    """
    parts = [
        "FROM articles",
        # Days outside a source's calendar are in no series.
        """SEMI JOIN coverage{local} AS days
            ON days.source_id = articles.source_id AND day = {published_date}""",
    ]
    if not selection.has_all_sources:
        parts.append(
            f"SEMI JOIN (FROM sources WHERE {selection.source_condition()}) AS chosen"
            " ON chosen.source_id = articles.source_id"
        )
    if selection.topics:
        field = " AND field = 'headline'" if selection.is_headlines_only else ""
        parts.append(
            f"SEMI JOIN (FROM mentions JOIN {COUNTING} USING (topic_id)\n"
            f"           WHERE {selection.topic_condition()}{field}) AS hit\n"
            "    ON hit.article_id = articles.article_id AND hit.version_no = articles.version_no\n"
            f"   AND {LANGUAGE_CONDITION}"
        )
    if selection.is_revised_only:
        parts.append(
            "SEMI JOIN (FROM article_revisions WHERE is_other_text AND is_like_for_like) AS revised"
            " ON revised.article_id = articles.article_id"
        )
    parts.append(f"WHERE {selection.day_condition('{published_date}')}")
    if selection.written_in:
        parts.append(f"  AND {selection.language_condition()}")
    if selection.is_without_copies:
        parts.append("  AND duplicate_of IS NULL")
    return selection.sql("\n".join(parts))


def _shown_day(selection: Selection) -> str:
    return " REPLACE (published_local_date AS published_date)" if selection.is_local else ""


def count(con: duckdb.DuckDBPyConnection, selection: Selection) -> int:
    """How many articles there are."""
    [(number,)] = con.sql(f"SELECT count(*) {counted_sql(selection)}").fetchall()
    return int(number)


def articles(
    con: duckdb.DuckDBPyConnection, selection: Selection, limit: int, offset: int = 0
) -> list[Row]:
    """The articles, newest first.

    Rows: article_id, version_no, source_id, source, headline, published_date, published_at, url,
    access, is_truncated, is_copy, versions.
    """
    return records(
        con,
        f"""{SHOWN} FROM (SELECT articles.*{_shown_day(selection)} {counted_sql(selection)})
        AS articles {NAMED} ORDER BY published_date DESC, published_at DESC NULLS LAST, article_id
        LIMIT ? OFFSET ?""",
        [limit, offset],
    )


def articles_by_id(
    con: duckdb.DuckDBPyConnection, selection: Selection, ids: Sequence[str]
) -> list[Row]:
    """The articles with these ids, in the given order; rows as of `articles`."""
    found = records(
        con,
        f"{SHOWN} FROM (SELECT *{_shown_day(selection)} FROM articles) {NAMED}"
        " WHERE article_id IN (SELECT unnest(?::UUID[]))",
        [list(ids)],
    )
    by_id = {row["article_id"]: row for row in found}
    return [by_id[each] for each in ids if each in by_id]


def contexts(
    con: duckdb.DuckDBPyConnection, selection: Selection, ids: Sequence[str]
) -> dict[str, list[Row]]:
    """The first MAX_CONTEXTS sentences that mention the topics in their languages, by article.

    Rows: topic_id, field, context_left, matched_text, context_right.
    """
    field = " AND field = 'headline'" if selection.is_headlines_only else ""
    rows = records(
        con,
        f"""SELECT article_id, topic_id, field, context_left, matched_text, context_right
        FROM mentions
        JOIN {COUNTING} USING (topic_id)
        JOIN articles USING (article_id, version_no)
        WHERE article_id IN (SELECT unnest(?::UUID[])) AND {selection.topic_condition()}{field}
          AND {counts_in("counting.languages", "articles.language")}
        QUALIFY row_number() OVER (PARTITION BY article_id, field, sentence_no
                                   ORDER BY char_start, topic_id) = 1
        ORDER BY list_position(['headline', 'kicker', 'standfirst', 'body', 'caption'], field),
                 char_start""",
        [list(ids)],
    )
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if len(found[row["article_id"]]) < MAX_CONTEXTS:
            found[row["article_id"]].append(row)
    return found


def versions(con: duckdb.DuckDBPyConnection, article_id: str) -> list[Row]:
    """All versions of an article as in article_versions, by number; none for an unknown id."""
    return records(
        con, "FROM article_versions WHERE article_id = ? ORDER BY version_no", [article_id]
    )


def revisions(con: duckdb.DuckDBPyConnection, article_id: str) -> dict[int, Row]:
    """The rows of article_revisions for an article, by version number."""
    rows = records(con, "FROM article_revisions WHERE article_id = ?", [article_id])
    return {row["version_no"]: row for row in rows}


def latest(con: duckdb.DuckDBPyConnection, article_id: str) -> Row:
    """An article's row of `articles`: version_no, duplicate_of, cluster_id, published_at.

    One whose page has moved has none: it counts as a copy of the article of the new URL.
    """
    [row] = records(
        con,
        """SELECT version_no, duplicate_of, cluster_id, published_at
        FROM articles WHERE article_id = $id
        UNION ALL
        SELECT arg_max(version_no, (fetched_at, version_no)), moved_to,
               (SELECT cluster_id FROM articles WHERE articles.article_id = moved_to),
               arg_max(published_at, (fetched_at, version_no)) FILTER (published_at IS NOT NULL)
        FROM moved_articles JOIN article_versions USING (article_id)
        WHERE article_id = $id GROUP BY moved_to""",
        {"id": article_id},
    )
    return row


def copies(con: duckdb.DuckDBPyConnection, article_id: str, cluster_id: str) -> list[Row]:
    """Other articles with the same text, the earliest first; rows as of `articles`."""
    return records(
        con,
        f"{SHOWN} FROM articles {NAMED} WHERE cluster_id = ? AND article_id <> ?"
        f" ORDER BY published_at NULLS LAST, article_id LIMIT {MAX_COPIES}",
        [cluster_id, article_id],
    )


def stripped(con: duckdb.DuckDBPyConnection, article_id: str, version_no: int) -> list[Row]:
    """The blocks stripped from the page of a version, in page order, at most MAX_BLOCKS."""
    return records(
        con,
        "SELECT position, kind, rule, text, in_article FROM stripped_blocks"
        f" WHERE article_id = ? AND version_no = ? ORDER BY position LIMIT {MAX_BLOCKS}",
        [article_id, version_no],
    )


def mention_spans(
    con: duckdb.DuckDBPyConnection, article_id: str, version_no: int, topics: Iterable[str]
) -> list[Row]:
    """Where topics come up in a version: field, char_start, char_end, topic_id.

    None of a topic that does not count among articles in its language.
    """
    return records(
        con,
        f"""SELECT field, char_start, char_end, topic_id FROM mentions
        JOIN {COUNTING} USING (topic_id)
        JOIN article_versions AS shown USING (article_id, version_no)
        WHERE article_id = ? AND version_no = ? AND topic_id IN ({literal_list(topics) or "NULL"})
          AND {counts_in("counting.languages", "shown.language")}
        ORDER BY ALL""",
        [article_id, version_no],
    )


def bodies(
    con: duckdb.DuckDBPyConnection, layout: Layout, chosen: Sequence[Row]
) -> dict[int, str | None]:
    """The bodies of versions of one article, by number, from the files of their days."""
    by_day = files_by_day(con, layout)
    files = files_of_days(by_day, (row["published_date"] for row in chosen))
    if not files:
        return {}
    found = records(
        con,
        f"""SELECT version_no, body FROM {texts_of(files)}
        WHERE article_id = ? AND version_no IN (SELECT unnest(?))""",
        [chosen[0]["article_id"], [row["version_no"] for row in chosen]],
    )
    return {row["version_no"]: row["body"] for row in found}
