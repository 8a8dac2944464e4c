"""Common features of an audit's articles that are not about the topic: candidates to exclude."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.read.query import records

Row = dict[str, Any]
MIN_WRONG = 2  # wrong articles that a word must have to be listed
MAX_NAMED = 10
WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class ExclusionCandidate:
    """An alias, section, or word near a mention, found in articles that are not about the topic."""

    text: str
    wrong: float  # articles with it that are not about the topic, by weight
    right: float
    judged: int  # articles of the sample with it


def exclusion_candidates(
    con: duckdb.DuckDBPyConnection, audit_id: str
) -> dict[str, list[ExclusionCandidate]]:
    """All candidates, by heading.

    Aliases: all, in descending order of the weight of wrong articles that they match. Sections, and
    words near mentions: those in more wrong than right articles, by weight.
    """
    rows = records(
        con,
        """SELECT article_id, weight, mentions.verdict, mentions.alias, section,
               context_left, context_right
        FROM audit_mentions AS mentions
        JOIN audit_articles AS articles USING (audit_id, article_id)
        WHERE audit_id = ? AND mentions.verdict IN ('yes', 'no')""",
        [audit_id],
    )
    aliases = _frequent_causes(rows, lambda row: {row["alias"]}, least=1)
    sections = _frequent_causes(rows, lambda row: {row["section"]} - {None}, least=1)
    words = _frequent_causes(
        rows,
        lambda row: WORD.findall(f"{row['context_left']} {row['context_right']}".lower()),
        least=MIN_WRONG,
    )
    sections, words = (
        [each for each in found if each.wrong > each.right][:MAX_NAMED]
        for found in (sections, words)
    )
    return {
        "Aliases of wrong articles": sorted(aliases, key=lambda each: (-each.wrong, each.text)),
        "Sections of wrong articles": sections,
        "Words beside wrong mentions": words,
    }


def _frequent_causes(
    rows: Iterable[Row], named: Callable[[Row], Iterable[str]], least: int
) -> list[ExclusionCandidate]:
    weights: dict[str, dict[str, float]] = {"yes": {}, "no": {}}
    articles: dict[str, dict[str, set[str]]] = {verdict: defaultdict(set) for verdict in weights}
    for row in rows:
        weights[row["verdict"]][row["article_id"]] = row["weight"]
        for text in named(row):
            articles[row["verdict"]][text].add(row["article_id"])
    found = [
        ExclusionCandidate(
            text,
            sum(weights["no"][each] for each in wrong),
            sum(weights["yes"][each] for each in articles["yes"][text]),
            len(wrong | articles["yes"][text]),
        )
        for text, wrong in articles["no"].items()
        if len(wrong) >= least
    ]
    return sorted(found, key=lambda each: (each.right - each.wrong, each.text))
