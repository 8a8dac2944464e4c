"""Descriptions of articles that were not collected, for the report and the page of a run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tasks.text.counted import counted
from warehouse.questions.sources import MIN_WHOLE
from warehouse.read.source_health import percent_collected

Row = Mapping[str, Any]

REASONS = {
    "no_listing_read": "no listing was read",
    "listing_rolled_over": "articles came and went between two polls",
    "partly_read": "a part of the day was not read",
    "pages_lost": "pages could not be collected",
    "articles_undated": "articles have no publication date",
    "listings_failed": "a listing could not be read",
    "archived_only": "known from archives or saved files alone",
    "below_expected_low": "fewer articles than expected",
    "above_expected_high": "more articles than expected",
}
"""The reasons of coverage in words."""
LOW_COMPLETENESS = 0.8
"""A chart shows a period pale if less of it was collected, or an unknown part."""
MAX_NAMED = 3  # sources named in the warning


def reasons_in_words(reasons: Iterable[str]) -> str:
    """Reasons of coverage for people, each once."""
    return ", ".join(REASONS.get(reason, reason) for reason in dict.fromkeys(reasons))


def warning(sources: Sequence[Row]) -> str:
    """A warning of missing articles, from rows of collected.sql; empty when little is missing."""
    published = sum(row["estimated_published"] or 0 for row in sources)
    collected = sum(
        (row["completeness"] or 0) * (row["estimated_published"] or 0) for row in sources
    )
    days, known = (sum(row[name] for row in sources) for name in ("days", "days_estimated"))
    sentences = []
    missing = round(published - collected)
    if missing and collected < MIN_WHOLE * published:
        named = _largest(sources, "lost")
        share = percent_collected(collected / published)
        sentences.append(
            f"about {share} of the articles that the papers published in this time were"
            f" collected; about {missing:,} missing{': ' * bool(named)}{named}."
        )
        if undated := sum(row["undated"] for row in sources):
            sentences.append(
                f"{counted(undated, 'article')} came without a publication date:"
                f" {_largest(sources, 'undated')}."
            )
    if known < MIN_WHOLE * days:
        sentences.append(
            f"How much was collected on {days - known:,} of {counted(days, 'day')} of papers is not"
            " known."
        )
    return " ".join(sentences)


def _largest(sources: Sequence[Row], column: str) -> str:
    """The sources with most articles in a column, and how many; those without are left out."""
    most = sorted(sources, key=lambda row: -(row[column] or 0))[:MAX_NAMED]
    counts = [(row["source"], round(row[column] or 0)) for row in most]
    return ", ".join(f"{source} ({count:,})" for source, count in counts if count)


def rolled_over(row: Row) -> str:
    """Articles lost between two polls of a source, from a row of run_ledger.sql."""
    if not row.get("rolled_over"):
        return ""
    listings = f"{counted(row['rolled_over'], 'listing')} rolled over"
    if row["estimated_lost"] is None:
        return f"{listings}: articles may have come and gone between two polls"
    lost = counted(round(row["estimated_lost"]), "article")
    return f"{listings}: about {lost} came and went between two polls"


def lost_articles(ledger: Iterable[Row]) -> str:
    """Articles lost between two polls, over all sources of a run; empty if there are none."""
    losing = [row for row in ledger if row.get("rolled_over")]
    if not losing:
        return ""
    estimates = [row["estimated_lost"] for row in losing if row["estimated_lost"] is not None]
    lost, unknown = round(sum(estimates)), len(losing) - len(estimates) if estimates else 0
    if not lost:
        sources = counted(len(losing), "source")
        return f"articles of {sources} may have come and gone unseen between two polls"
    sources = counted(len(estimates), "source")
    more = f", and an unknown number of {counted(unknown, 'other source')}" if unknown else ""
    articles = counted(lost, "article")
    return f"about {articles} of {sources} came and went unseen between two polls{more}"
