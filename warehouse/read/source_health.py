"""The health of sources: failing, not polled, silent, losing articles, or rejecting more pages."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import duckdb

from warehouse.layers.layout import Layout
from warehouse.read.query import columns_of, detect_damage, open_snapshot, quoted, records

MIN_NOTABLE_SHARE = 0.1  # of pages that need JavaScript; single ones are graphics and quizzes


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """After how many failures, and for how long, a source is skipped."""

    opens_after: int  # failures in a row
    first_pause: timedelta  # doubled by each further failure
    longest_pause: timedelta


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A row of the view `source_health`, where the columns are described."""

    source_id: str
    state: str  # as of the time of the query
    last_run_at: datetime | None
    last_success_at: datetime | None
    last_new_article_at: datetime | None
    failures_in_a_row: int
    last_failure_at: datetime | None
    last_failure_outcome: str | None
    last_failure_detail: str | None
    open_until: datetime | None
    silent_from: datetime | None
    is_silent: bool
    silent_since: datetime | None
    failed_listings: list[str]
    unread_listings: list[str]
    # Of the last dozen pages, and of those before; None without pages, and in a snapshot of 0.1.
    rejected_share: float | None = None
    rejected_share_before: float | None = None
    is_rejecting_more: bool = False
    needs_javascript: int = 0  # of the last 112 pages; missing in snapshots of earlier loads
    needs_javascript_share: float | None = None
    # For the last 28 days of its calendar, without the first.
    last_rolled_over_at: datetime | None = None
    hours_unpolled: float | None = None  # missing in snapshots of earlier loads
    estimated_lost: float | None = None
    not_asked_since: datetime | None = None  # missing in snapshots of earlier loads
    completeness: float | None = None  # of the days_estimated
    days_estimated: int = 0  # missing in snapshots of earlier loads, like days
    days: int = 0
    days_unobserved: int = 0
    empty_sections: Sequence[str] = ()  # missing in snapshots of earlier loads
    undated: int = 0  # missing in snapshots of earlier loads

    def is_open(self, now: datetime) -> bool:
        """Whether runs skip it; failures in the future, after a clock change, are ignored."""
        if self.open_until is None or self.last_failure_at is None:
            return False
        return self.last_failure_at <= now < self.open_until

    @property
    def is_tripped(self) -> bool:
        """Whether it has failed so often that one listing is tried before all other requests."""
        return self.open_until is not None

    @property
    def why(self) -> str:
        """The problems that an operator can act on; empty if there are none."""
        parts = []
        if self.failures_in_a_row:
            parts.append(f"{self.last_failure_outcome}: {self.last_failure_detail}")
        elif self.unread_listings:
            parts.append(f"not read: {', '.join(self.unread_listings)}")
        if self.open_until:
            parts.append(f"asked again from {self.open_until:%Y-%m-%d %H:%M} UTC on")
        if self.not_asked_since:
            parts.append(f"not asked since {self.not_asked_since:%Y-%m-%d %H:%M} UTC")
        if self.silent_since:
            parts.append(f"nothing new since {self.silent_since:%Y-%m-%d %H:%M} UTC")
        if self.empty_sections:
            parts.append(f"no link to an article in {', '.join(self.empty_sections)}")
        parts += filter(None, [self.rejections, self.unfilled])
        return "; ".join(parts)

    @property
    def losses(self) -> str:
        """What of the last 28 days was not collected, and the remedy; empty if nothing is lost."""
        parts = []
        if (lost := round(self.estimated_lost or 0)) and self.last_rolled_over_at:
            whole = self.complete and f" ({self.complete})"
            parts += [f"about {lost:,} lost in 28 days{whole}", self.rolled_over]
        if self.days_unobserved:
            parts.append(f"{self.days_unobserved} of its last 28 days not observed as a whole")
        if self.undated:
            articles = "article" if self.undated == 1 else "articles"
            parts.append(
                f"{self.undated:,} {articles} of these days without a publication date:"
                " a feed or sitemap that states dates would give one"
            )
        return "; ".join(parts)

    @property
    def complete(self) -> str:
        """The completeness of these days, and for how many it is known; empty if unknown."""
        if self.completeness is None:
            return ""
        days = on_known_days(self.days_estimated, self.days)
        return f"{percent_collected(self.completeness)} complete{days}"

    @property
    def rolled_over(self) -> str:
        """When its listing last no longer named the newest of the read before, and the remedy."""
        if self.last_rolled_over_at is None:
            return ""
        if self.hours_unpolled is None:
            remedy = ", though polled in time: poll it more often if that recurs"
        else:
            remedy = f", after {self.hours_unpolled:,.0f} hours in which nothing was polled"
        moment = f"{self.last_rolled_over_at:%Y-%m-%d %H:%M} UTC"
        return f"its listing rolled over last at {moment}{remedy}"

    @property
    def rejections(self) -> str:
        """The rejected shares of its last pages and of those before; empty if they are similar."""
        if not self.is_rejecting_more:
            return ""
        shares = f"{self.rejected_share:.0%} of its last pages", f"{self.rejected_share_before:.0%}"
        return f"{shares[0]} rejected, {shares[1]} before"

    @property
    def unfilled(self) -> str:
        """The share of its pages that need JavaScript; empty if less than a tenth."""
        share = self.needs_javascript_share or 0
        if share < MIN_NOTABLE_SHARE:
            return ""
        return f"{share:.0%} of its last pages need JavaScript ({self.needs_javascript})"

    def knows(self, listings: Sequence[str]) -> bool:
        """Whether its failures concern all of these listings, not others configured before."""
        return set(listings) <= set(self.failed_listings)


def percent_collected(known: float | None) -> str:
    """A completeness for people, rounded, but 0% only if it is 0 and 100% only if it is 1.

    A dash for None.
    """
    if known is None:
        return "–"
    if 0 < known < 0.005:
        return "<1%"
    return f"{round(100 * known) if known >= 1 else min(99, round(100 * known))}%"


def on_known_days(known: int, days: int) -> str:
    """A suffix with the number of days for which a figure is known; empty if known for all."""
    return "" if known == days else f" on {known:,} of {days:,} days"


def source_health(layout: Layout) -> dict[str, SourceHealth]:
    """The health of every source, by id; empty if there is no snapshot with the view."""
    con = open_snapshot(layout)
    if con is None:
        return {}
    with con, detect_damage(layout.current):
        return health_in(con)


def health_in(con: duckdb.DuckDBPyConnection, source_id: str = "") -> dict[str, SourceHealth]:
    """`source_health` of an open snapshot; with an id, of one source, in half the time."""
    # A snapshot of an earlier version lacks some columns; the next load adds them.
    columns = columns_of(con, "source_health")
    names = ", ".join(field.name for field in fields(SourceHealth) if field.name in columns)
    if not names:
        return {}
    chosen = f"source_id = {quoted(source_id)}" if source_id else "true"
    sql = f"SELECT {names} FROM source_health WHERE {chosen} ORDER BY source_id"  # noqa: S608
    rows = records(con, sql)
    return {row["source_id"]: SourceHealth(**row) for row in rows}


def unhealthy(layout: Layout, now: datetime) -> tuple[SourceHealth, ...]:
    """Configured sources that runs skip, or that are silent or reject more, in order of id."""
    return tuple(
        source
        for source in source_health(layout).values()
        if source.state != "retired"
        and (source.is_open(now) or source.is_silent or source.is_rejecting_more)
    )


def stored_rule(con: duckdb.DuckDBPyConnection) -> BreakerRule | None:
    """The rule of the loader's file; None in a new file."""
    rows = con.execute("SELECT opens_after, first_pause, longest_pause FROM breaker").fetchall()
    return BreakerRule(*rows[0]) if rows else None
