"""Drawing samples: of the articles that a topic counts, and of near misses that it does not."""

# ruff: noqa: S608 - values are literals, names are ours

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from tasks.audit.strata import Drawn, draw
from warehouse.layers.audits import Hit, Kind, Sample, SampledArticle, new_audit_id, write_sample
from warehouse.layers.layout import Layout
from warehouse.questions.articles import counted_sql
from warehouse.questions.selection import Selection, choices, listed, literal
from warehouse.questions.texts import files_by_day, texts_of
from warehouse.read.query import QueryError, records, snapshot

MOST_HITS = 20  # mentions of an article that are shown
TEXT_SHOWN = 700  # characters of a near miss that are shown
WORDS = 30  # that near misses are looked for by
LEAST_SCORE = 2.58  # of a word: by chance one in a hundred would have it

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Population:
    """The articles that a sample is drawn of, by id."""

    rows: list[Row]
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
        counted = Selection(known.first_day, known.last_day, topics=(topic_id,))
        of_kind = _counted if kind == "precision" else _near_misses
        population = of_kind(con, topic_id, days, counted)
        if not population.rows:
            what = "article mentions it" if kind == "precision" else "near miss is there"
            raise QueryError(f"{topic_id}: no {what}, so there is nothing to audit")
        drawn = draw(population.keys, n, seed)
        chosen = [population.rows[each.item] for each in drawn]
        shown = _hits(con, topic_id, chosen)
        texts = _texts(con, layout, chosen) if kind == "near_miss" else {}
        [(version, load_no, everything)] = con.execute(
            f"SELECT (SELECT topic_version FROM topics WHERE valid_to IS NULL"
            f" AND topic_id = {literal(topic_id)}), (SELECT max(load_no) FROM loads),"
            f" (SELECT count(*) FROM (SELECT articles.* {counted_sql(days)})"
            f"  WHERE {of_languages(topic_id)})"
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
        population=len(population.rows),
        counted=everything,
        articles=tuple(
            _sampled(row, each, shown.get(row["article_id"], ()), texts.get(row["article_id"], ""))
            for row, each in zip(chosen, drawn, strict=True)
        ),
        sections=population.sections,
        words=population.words,
    )
    write_sample(layout, sample)
    return sample


def _sampled(row: Row, drawn: Drawn, hits: Sequence[Hit], text: str) -> SampledArticle:
    names = ("article_id", "version_no", "source_id", "language", "section", "alias", "period")
    return SampledArticle(
        **{name: row[name] for name in names},
        stratum=drawn.stratum,
        weight=drawn.weight,
        published_date=row["published_date"],
        headline=row["headline"] or "",
        url=row["url"] or "",
        mentions=row["mentions"],
        hits=tuple(hits),
        text=text,
    )


def of_languages(topic_id: str) -> str:
    """A condition on articles: those that count for the topic, by their language."""
    languages = f"SELECT languages FROM topics WHERE topic_id = {literal(topic_id)}"
    return (
        "(language IS NULL OR"
        f" coalesce(list_contains(({languages} AND valid_to IS NULL), language), true))"
    )


SHOWN = """article_id::VARCHAR AS article_id, version_no, source_id, language, section,
    headline, url_canonical AS url, published_date, strftime(published_date, '%Y-%m') AS period"""


def _counted(
    con: duckdb.DuckDBPyConnection, topic_id: str, _: Selection, counted: Selection
) -> _Population:
    """The articles that mention the topic, each with the alias that it mentions most."""
    rows = records(
        con,
        f"""SELECT {SHOWN}, alias, mentions::INTEGER AS mentions
        FROM (SELECT articles.* {counted_sql(counted)})
        JOIN (
            SELECT article_id, version_no, sum(times) AS mentions,
                   first(alias ORDER BY times DESC, alias) AS alias
            FROM (
                SELECT article_id, version_no, alias, count(*) AS times
                FROM mentions WHERE topic_id = {literal(topic_id)} GROUP BY ALL
            )
            GROUP BY ALL
        ) USING (article_id, version_no)
        WHERE {of_languages(topic_id)}
        ORDER BY article_id""",
    )
    names = ("source_id", "language", "alias", "period")
    return _Population(rows, [tuple(row[name] or "" for name in names) for row in rows])


# Words of the headline and standfirst: of four letters and more, or two characters of Chinese.
OPENING = "lower(concat_ws(' ', headline, standfirst))"
WORDS_OF = rf"list_distinct(regexp_extract_all({OPENING}, '\p{{Han}}{{2}}|\p{{L}}{{4,}}'))"
# The log-odds of a word in articles with the topic against those without, over its deviation.
SCORED = f"""
    SELECT word, (ln((inside + .5) / (of_inside - inside + .5))
                - ln((outside + .5) / (of_outside - outside + .5)))
               / sqrt(1 / (inside + .5) + 1 / (outside + .5)) AS score
    FROM (
        SELECT unnest(words) AS word, count(*) FILTER (is_hit) AS inside,
               count(*) FILTER (NOT is_hit) AS outside,
               any_value(of_inside) AS of_inside, any_value(of_outside) AS of_outside
        FROM (SELECT {WORDS_OF} AS words, is_hit,
                     count(*) FILTER (is_hit) OVER () AS of_inside,
                     count(*) FILTER (NOT is_hit) OVER () AS of_outside
              FROM all_counted)
        GROUP BY word HAVING inside > 1
    )
    WHERE score >= {LEAST_SCORE}
    ORDER BY score DESC, word LIMIT {WORDS}"""
# Sections in which the topic comes up at least as often as over all.
SECTIONS = """
    SELECT section FROM all_counted WHERE section IS NOT NULL GROUP BY section
    HAVING count(*) FILTER (is_hit) > 0
       AND avg(is_hit::INTEGER) >= (SELECT avg(is_hit::INTEGER) FROM all_counted)
    ORDER BY section"""


def _near_misses(
    con: duckdb.DuckDBPyConnection, topic_id: str, days: Selection, _: Selection
) -> _Population:
    """Articles without a mention, in a section or with a word in which the topic is at home."""
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE all_counted AS
        SELECT articles.*, article_id IN (
            SELECT article_id FROM mentions SEMI JOIN articles USING (article_id, version_no)
            WHERE topic_id = {literal(topic_id)}
        ) AS is_hit
        FROM (SELECT articles.* {counted_sql(days)}) AS articles
        WHERE {of_languages(topic_id)}"""
    )
    words = tuple(word for word, _ in con.execute(SCORED).fetchall())
    sections = tuple(name for (name,) in con.execute(SECTIONS).fetchall())
    rows = records(
        con,
        f"""SELECT {SHOWN}, NULL::VARCHAR AS alias, 0 AS mentions, words,
               section IN ({listed(sections) or "NULL"}) AS is_section
        FROM (SELECT *, len(list_intersect({WORDS_OF}, [{listed(words)}]::VARCHAR[])) AS words
              FROM all_counted WHERE NOT is_hit)
        WHERE words > 0 OR is_section
        ORDER BY article_id""",
    )
    # Those that are most like the topic's articles are strata of their own.
    keys = [
        (
            str(min(row["words"], 2)),
            "section" if row["is_section"] else "",
            *(row[name] or "" for name in ("source_id", "language", "period")),
        )
        for row in rows
    ]
    return _Population(rows, keys, sections, words)


def _hits(
    con: duckdb.DuckDBPyConnection, topic_id: str, chosen: Sequence[Row]
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
        ) WHERE number <= {MOST_HITS} ORDER BY article_id, number""",
        [[row["article_id"] for row in chosen]],
    )
    found: dict[str, list[Hit]] = {}
    for row in rows:
        found.setdefault(row["article_id"], []).append(Hit(**{name: row[name] for name in names}))
    return found


def _texts(con: duckdb.DuckDBPyConnection, layout: Layout, chosen: Sequence[Row]) -> dict[str, str]:
    """The beginnings of the articles, out of the files of their days."""
    by_day = files_by_day(con, layout)
    files = sorted({path for row in chosen for path in by_day.get(row["published_date"], ())})
    if not files:
        return {}
    found = con.execute(
        f"""SELECT article_id::VARCHAR,
               left(concat_ws(chr(10), standfirst, body), {TEXT_SHOWN})
        FROM {texts_of(files)}
        WHERE (article_id, version_no) IN (
            SELECT unnest(?::UUID[]), unnest(?::INTEGER[]))""",
        [[row["article_id"] for row in chosen], [row["version_no"] for row in chosen]],
    )
    return dict(found.fetchall())
