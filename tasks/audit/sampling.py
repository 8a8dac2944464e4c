"""Drawing samples: of the articles that a topic counts, and of near misses that it does not."""

# ruff: noqa: S608 - values are literals, names are ours

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb

from tasks.audit.stratified_draw import Drawn, draw
from warehouse.layers.audits import Hit, Kind, Sample, SampledArticle, new_audit_id, write_sample
from warehouse.layers.layout import Layout
from warehouse.questions.articles import counted_sql
from warehouse.questions.selection import Selection, choices, counts_in, literal, literal_list
from warehouse.questions.texts import files_by_day, files_of_days, texts_of
from warehouse.read.query import QueryError, records, snapshot

MAX_HITS_SHOWN = 20  # mentions of an article that are shown
MAX_CHARS_SHOWN = 700  # characters of a near miss that are shown
MAX_WORDS = 30  # most words that near misses are searched by, of each language
MIN_SCORE = 2.58  # of a word: by chance one in a hundred would have it

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Population:
    """The articles that a sample is drawn from; only this is read, as there may be very many."""

    ids: list[str]
    keys: list[tuple[str, ...]]  # of the strata
    sections: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def draw_sample(
    layout: Layout, topic_id: str, n: int, seed: int, now: datetime, kind: Kind = "precision"
) -> Sample:
    """Draw a sample of the current snapshot and keep it; the same seed draws the same articles.

    QueryError where there is no such topic, or nothing to draw.
    """
    with snapshot(layout) as con:
        known = choices(con)
        if topic_id not in known.topics:
            there = ", ".join(known.topics) or "none"
            raise QueryError(f"no topic {topic_id!r}; there are: {there}")
        if known.first_day is None or known.last_day is None:
            raise QueryError("no article of a known day has been collected yet")
        days = Selection(known.first_day, known.last_day)
        population = (_mentioning_articles if kind == "precision" else _near_misses)(
            con, topic_id, days
        )
        if not population.ids:
            what = "article mentions it" if kind == "precision" else "near miss is there"
            raise QueryError(f"{topic_id}: no {what}, so there is nothing to audit")
        drawn = draw(population.keys, n, seed)
        articles = _sampled(con, layout, topic_id, population, drawn, is_near=kind == "near_miss")
        [(version, load_no, counted)] = con.execute(
            f"SELECT (SELECT topic_version FROM topics WHERE valid_to IS NULL"
            f" AND topic_id = {literal(topic_id)}), (SELECT max(load_no) FROM loads),"
            f" (SELECT count(*) FROM (SELECT articles.* {counted_sql(days)})"
            f"  WHERE {language_condition(topic_id)})"
        ).fetchall()
    sample = Sample(
        audit_id=new_audit_id(topic_id, kind, now),
        topic_id=topic_id,
        topic_version=version,
        topic_name=known.topics[topic_id],
        kind=kind,
        seed=seed,
        drawn_at=now,
        load_no=load_no,
        population=len(population.ids),
        counted=counted,
        articles=articles,
        sections=population.sections,
        words=population.words,
    )
    write_sample(layout, sample)
    return sample


def _sampled(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    topic_id: str,
    population: _Population,
    drawn: Sequence[Drawn],
    *,
    is_near: bool,
) -> tuple[SampledArticle, ...]:
    """The drawn articles, with what a reader is shown of them."""
    ids = [population.ids[each.item] for each in drawn]
    rows = records(
        con,
        f"""SELECT article_id::VARCHAR AS article_id, version_no, source_id, language, section,
               coalesce(headline, '') AS headline, coalesce(url_canonical, '') AS url,
               published_date, {MONTH} AS period, alias,
               coalesce(mentions, 0)::INTEGER AS mentions
        FROM articles LEFT JOIN ({aliases_sql(topic_id)}) USING (article_id, version_no)
        WHERE article_id IN (SELECT unnest(?::UUID[]))""",
        [ids],
    )
    by_id = {row["article_id"]: row for row in rows}
    hits = _first_mentions(con, topic_id, ids)
    texts = _beginnings(con, layout, rows) if is_near else {}
    return tuple(
        SampledArticle(
            **by_id[name],
            stratum=each.stratum,
            weight=each.weight,
            hits=tuple(hits.get(name, ())),
            text=texts.get(name, ""),
        )
        for name, each in zip(ids, drawn, strict=True)
    )


def language_condition(topic_id: str) -> str:
    """A condition on articles: those that count for the topic, by their language."""
    of_topic = f"FROM topics WHERE topic_id = {literal(topic_id)} AND valid_to IS NULL"
    return counts_in(f"(SELECT languages {of_topic})", "language")


MONTH = "strftime(published_date, '%Y-%m')"


def aliases_sql(topic_id: str) -> str:
    """The articles with a mention of a topic: how many, and the alias that comes up most."""
    return f"""SELECT article_id, version_no, sum(times) AS mentions,
               first(alias ORDER BY times DESC, alias) AS alias
        FROM (
            SELECT article_id, version_no, alias, count(*) AS times
            FROM mentions WHERE topic_id = {literal(topic_id)} GROUP BY ALL
        )
        GROUP BY ALL"""


def _mentioning_articles(
    con: duckdb.DuckDBPyConnection, topic_id: str, days: Selection
) -> _Population:
    """The articles that mention the topic, by source, language, alias and month."""
    rows = con.execute(
        f"""SELECT article_id::VARCHAR, source_id, coalesce(language, ''), alias, {MONTH}
        FROM (SELECT articles.* {counted_sql(replace(days, topics=(topic_id,)))})
        JOIN ({aliases_sql(topic_id)}) USING (article_id, version_no)
        WHERE {language_condition(topic_id)}
        ORDER BY article_id"""
    ).fetchall()
    return _Population([row[0] for row in rows], [row[1:] for row in rows])


# Words of the headline and standfirst: of four letters and more, with vowel signs; of Chinese and
# Korean two characters, since Korean words are short and have endings; four of scripts without
# spaces.
OPENING = "lower(concat_ws(' ', headline, standfirst))"
WITHOUT_SPACES = r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
WORD = rf"[\p{{Han}}\p{{Hangul}}]{{2}}|{WITHOUT_SPACES}{{4}}|[\p{{L}}\p{{M}}]{{4,}}"
WORDS_OF = f"list_distinct(regexp_extract_all({OPENING}, '{WORD}'))"
# The log-odds of a word in articles with the topic against those without, over its deviation. By
# language: else the words of the one with most articles would be all.
SCORED = f"""
    SELECT word, (ln((inside + .5) / (of_inside - inside + .5))
                - ln((outside + .5) / (of_outside - outside + .5)))
               / sqrt(1 / (inside + .5) + 1 / (outside + .5)) AS score
    FROM (
        SELECT of_language, unnest(words) AS word, count(*) FILTER (is_hit) AS inside,
               count(*) FILTER (NOT is_hit) AS outside,
               any_value(of_inside) AS of_inside, any_value(of_outside) AS of_outside
        FROM (SELECT {WORDS_OF} AS words, is_hit, coalesce(language, '') AS of_language,
                     count(*) FILTER (is_hit) OVER alike AS of_inside,
                     count(*) FILTER (NOT is_hit) OVER alike AS of_outside
              FROM all_counted WINDOW alike AS (PARTITION BY coalesce(language, '')))
        GROUP BY of_language, word HAVING inside > 1
    )
    WHERE score >= {MIN_SCORE}
    QUALIFY row_number() OVER (PARTITION BY of_language ORDER BY score DESC, word) <= {MAX_WORDS}
    ORDER BY score DESC, word"""
# Sections in which the topic comes up at least as often as over all.
SECTIONS = """
    SELECT section FROM all_counted WHERE section IS NOT NULL GROUP BY section
    HAVING count(*) FILTER (is_hit) > 0
       AND avg(is_hit::INTEGER) >= (SELECT avg(is_hit::INTEGER) FROM all_counted)
    ORDER BY section"""


# By headline, standfirst and section, which lie in the snapshot: bodies take a minute for a million
# articles, and add those that mention the words in passing.
def _near_misses(con: duckdb.DuckDBPyConnection, topic_id: str, days: Selection) -> _Population:
    """Articles without a mention, but in a section or with a word that is typical of the topic."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE all_counted AS
        SELECT articles.*, article_id IN (
            SELECT article_id FROM mentions SEMI JOIN articles USING (article_id, version_no)
            WHERE topic_id = {literal(topic_id)}
        ) AS is_hit
        FROM (SELECT articles.* {counted_sql(days)}) AS articles
        WHERE {language_condition(topic_id)}"""
    )
    words = tuple(dict.fromkeys(word for word, _ in con.execute(SCORED).fetchall()))
    sections = tuple(name for (name,) in con.execute(SECTIONS).fetchall())
    # Those that are most like the topic's articles are strata of their own.
    rows = con.execute(
        f"""SELECT article_id::VARCHAR, least(words, 2)::VARCHAR, is_section::VARCHAR, source_id,
               coalesce(language, ''), {MONTH}
        FROM (SELECT *,
                     len(list_intersect({WORDS_OF}, [{literal_list(words)}]::VARCHAR[])) AS words,
                     coalesce(section IN ({literal_list(sections) or "NULL"}), false) AS is_section
              FROM all_counted WHERE NOT is_hit)
        WHERE words > 0 OR is_section
        ORDER BY article_id"""
    ).fetchall()
    con.execute("DROP TABLE all_counted")
    return _Population([row[0] for row in rows], [row[1:] for row in rows], sections, words)


def _first_mentions(
    con: duckdb.DuckDBPyConnection, topic_id: str, ids: Sequence[str]
) -> dict[str, list[Hit]]:
    """The first mentions of each article, in the order in which they are read."""
    names = Hit.__slots__
    rows = records(
        con,
        f"""SELECT * FROM (
            SELECT article_id::VARCHAR AS article_id, {", ".join(names)}, row_number() OVER (
                PARTITION BY article_id
                ORDER BY list_position(
                    ['kicker', 'headline', 'standfirst', 'body', 'caption'], field), char_start
            ) AS number
            FROM mentions SEMI JOIN articles USING (article_id, version_no)
            WHERE topic_id = {literal(topic_id)} AND article_id IN (SELECT unnest(?::UUID[]))
        ) WHERE number <= {MAX_HITS_SHOWN} ORDER BY article_id, number""",
        [ids],
    )
    found: dict[str, list[Hit]] = {}
    for row in rows:
        found.setdefault(row["article_id"], []).append(Hit(**{name: row[name] for name in names}))
    return found


def _beginnings(
    con: duckdb.DuckDBPyConnection, layout: Layout, chosen: Sequence[Row]
) -> dict[str, str]:
    """The beginnings of the articles, out of the files of their days."""
    by_day = files_by_day(con, layout)
    files = files_of_days(by_day, (row["published_date"] for row in chosen))
    if not files:
        return {}
    found = con.execute(
        f"""SELECT article_id::VARCHAR,
               left(concat_ws(chr(10), standfirst, body), {MAX_CHARS_SHOWN})
        FROM {texts_of(files)}
        WHERE (article_id, version_no) IN (
            SELECT unnest(?::UUID[]), unnest(?::INTEGER[]))""",
        [[row["article_id"] for row in chosen], [row["version_no"] for row in chosen]],
    )
    return dict(found.fetchall())
