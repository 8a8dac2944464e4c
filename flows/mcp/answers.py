"""Rows of the warehouse as parts of answers."""

from typing import Any

from flows.mcp.coverage_statement import Answer
from warehouse.questions.audits import Audited, corrected
from warehouse.questions.series import Row
from warehouse.questions.sources import whole_part


def definition(row: dict[str, Any]) -> Answer:
    """A topic with the keys that its definition sets."""
    keys = ("all_of", "none_of", "within", "within_words", "context_exclude", "sections_exclude")
    set_keys = {key: row[key] for key in (*keys, "languages") if row[key]}
    named = {"id": row["topic_id"], "name": row["name"]}
    return named | {key: row[key] for key in ("aliases", "exclude")} | set_keys


def figure(row: Row, audit: Audited | None) -> Answer:
    """Counts, share and interval of a row of a series; null where nothing was collected.

    Its state is `collected` only if all of its days are known to be collected. The corrected share
    is null without an audit.
    """
    correction = corrected(audit, row)
    state = "in part" if whole_part(row) < 1 else "collected"
    return {
        "state": "not collected" if row["articles"] is None else state,
        "hits": row["hits"],
        "articles": row["articles"],
        "articles_in_other_languages": row["articles_other_languages"],
        "share": row["share"],
        "interval_95": None if row["low"] is None else [row["low"], row["high"]],
        "corrected_share": correction and correction.share,
        "corrected_interval_95": correction and [correction.low, correction.high],
        "completeness": row["completeness"],
        "source_days_of_completeness": row["days_estimated"],
        "source_days_collected": row["days_collected"],
        "source_days": row["days"],
    }


def judgement(row: Row) -> Answer:
    """The judgement in a row of `compare_with_past`, and what of its past was collected."""
    names = ("verdict", "past_share", "expected", "score", "compared_hits", "compared_articles")
    past = row["past"]
    return {name: row[name] for name in (*names, "new_sources")} | {
        "compared_past": past
        and {
            "source_days": past["days"],
            "source_days_collected": past["days_collected"],
            "completeness": past["completeness"],
            "source_days_of_completeness": past["days_estimated"],
        }
    }
