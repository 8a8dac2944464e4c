"""Finds incidents in the current snapshot: what is wrong now, and topics that spiked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from tasks.monitor.alert_settings import AlertSettings, Kind
from tasks.text.counted import counted
from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout
from warehouse.questions.selection import has_local_days
from warehouse.read.query import QueryError, keep_snapshot_open, open_snapshot, records
from warehouse.read.source_health import SourceHealth, source_health
from warehouse.read.utc_or_local_days import sql_for_days

# No load is expected while no source is due. Failing sources are left out: they are polled when the
# circuit breaker allows it, which ignores runs that no host answered. Loads in the future, recorded
# by a clock that was ahead, are ignored: they would hide missing loads until that time.
LAST_LOAD = """
    SELECT max(loaded_at) FILTER (loaded_at <= latest) AS loaded_at,
           (SELECT min(due_at) FROM poll_intervals JOIN sources USING (source_id)
            WHERE is_configured AND last_poll IN ('read', 'cut_off')
              AND polled_at <= any_value(latest)) AS due_at
    FROM (SELECT loaded_at, $now::TIMESTAMPTZ + INTERVAL 1 HOUR AS latest FROM loads)
"""
# Sources, or outcomes of a source's pages, that a message names.
MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class Incident:
    """A problem, or a spike, to be reported."""

    kind: Kind
    about: str  # a source's id, a deployment, a topic and its day; empty where there is only one
    headline: str
    text: str
    recovered: str = ""  # the headline once it is over; empty for an event without an end
    since: datetime | None = None
    # Other keys under which a spike may have been reported: of the same topic on the adjacent days,
    # if those are no spikes.
    moved_from: tuple[str, ...] = ()
    every_source_failed: bool = False  # the reason of a failed run

    @property
    def key(self) -> str:
        """Identifies the incident: those with equal keys are the same."""
        return f"{self.kind}:{self.about}" if self.about else str(self.kind)

    @property
    def is_problem(self) -> bool:
        """Whether it makes an installation unhealthy, and can end."""
        return self.kind is not Kind.TOPIC_SPIKED


@dataclass(frozen=True, slots=True)
class CurrentIncidents:
    """The incidents at one time."""

    incidents: tuple[Incident, ...] = ()
    # Kinds that were checked: an open incident of another kind is not over.
    asked: frozenset[Kind] = frozenset()
    sources: frozenset[str] = frozenset()  # ids of the configured ones
    # When the last run of each deployment ended, if it completed: what failed before is over.
    completed: Mapping[str, datetime | None] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[Incident, ...]:
        """The incidents without spikes."""
        return tuple(each for each in self.incidents if each.is_problem)

    def __add__(self, other: "CurrentIncidents") -> "CurrentIncidents":
        return CurrentIncidents(
            self.incidents + other.incidents,
            self.asked | other.asked,
            self.sources | other.sources,
            {**self.completed, **other.completed},
        )


def find_incidents(
    layout: Layout,
    settings: AlertSettings,
    now: datetime,
    watched_since: datetime | None = None,
    *,
    is_local: bool = False,
) -> CurrentIncidents:
    """The incidents that the current snapshot shows.

    An installation without a snapshot has had no load since `watched_since`; without that, it
    counts as one at once. Spikes are by local days if `is_local` and the snapshot has them, else by
    UTC days. QueryError when an earlier version published the snapshot.
    """
    with keep_snapshot_open(layout):
        con = open_snapshot(layout)
        if con is None:
            return CurrentIncidents(
                tuple(_no_load(None, settings, now, watched_since)), frozenset({Kind.NO_LOAD})
            )
        with con:
            try:
                return _find_incidents(con, layout, settings, now, is_local and has_local_days(con))
            except (duckdb.CatalogException, duckdb.BinderException) as error:
                why = " ".join(str(error).split())
                raise QueryError(
                    f"{layout.current} was made by another version of Presswatch; the next load"
                    f" replaces it: {why}"
                ) from None


def _find_incidents(
    con: duckdb.DuckDBPyConnection,
    layout: Layout,
    settings: AlertSettings,
    now: datetime,
    is_local: bool,
) -> CurrentIncidents:
    parameters = {"now": now}
    (last,) = records(con, LAST_LOAD, parameters)
    rows = records(con, "SELECT source_id, name FROM sources WHERE is_configured ORDER BY ALL")
    names = {row["source_id"]: row["name"] for row in rows}
    health = source_health(layout)
    found = [
        *_no_load(last["loaded_at"], settings, now, last["due_at"]),
        *_cut_off([health[one] for one in names if one in health]),
        *(
            incident
            for source_id, name in names.items()
            if source_id in health
            for incident in _failures(health[source_id], name, settings)
        ),
        *(
            _articles_lost(row, health.get(row["source_id"]))
            for row in records(con, read_sql("queries")["articles_lost"], parameters)
        ),
        *map(_pages_merged, records(con, read_sql("queries")["merged_pages"], parameters)),
        *map(_layout_changed, records(con, read_sql("queries")["layout_changes"], parameters)),
        *(
            _spike(row, settings, layout.report)
            for row in records(
                con, sql_for_days(read_sql("queries")["recent_spikes"], is_local), parameters
            )
        ),
    ]
    checked = frozenset(Kind) - {Kind.NO_WORKER, Kind.RUN_FAILED}
    return CurrentIncidents(tuple(found), checked, frozenset(names))


def _no_load(
    last: datetime | None, settings: AlertSettings, now: datetime, expected_since: datetime | None
) -> Iterator[Incident]:
    since, hours = max(filter(None, (last, expected_since)), default=None), settings.no_load_hours
    if since and now - since < timedelta(hours=hours):
        return
    if last:
        headline = f"no load for {counted(int((now - last) / timedelta(hours=1)), 'hour')}"
        text = (
            f"The last load was at {printed_time(last)}; expected within {counted(hours, 'hour')}."
        )
        if expected_since and expected_since > last:
            text += f" A source has been due since {printed_time(expected_since)}."
    else:
        headline, text = "no load yet", "Nothing has been loaded into this warehouse."
    text += " Are server and worker running, is the schedule on, did the last runs fail?"
    yield Incident(Kind.NO_LOAD, "", headline, text, "loads again", last)


def _cut_off(configured: Sequence[SourceHealth]) -> Iterator[Incident]:
    """One incident for all sources whose last run no host answered."""
    cut_off = [each for each in configured if each.state == "cut_off"]
    if not cut_off:
        return
    read_at = max((each.last_success_at for each in cut_off if each.last_success_at), default=None)
    of = f"{len(cut_off)} of {counted(len(configured), 'source')}"
    text = f"No host answered when {of} were last asked."
    if read_at:
        text += f" Last read at {printed_time(read_at)}."
    text += " Check network, DNS, proxy and firewall."
    ids = [each.source_id for each in cut_off]
    text += f"\n{', '.join(ids[:MAX_NAMED])}"
    if len(ids) > MAX_NAMED:
        text += f" and {len(ids) - MAX_NAMED} more"
    text += f"\nTry one: presswatch sources check {ids[0]}"
    yield Incident(Kind.CUT_OFF, "", "no host answers", text, "hosts answer again", read_at)


def _failures(health: SourceHealth, name: str, settings: AlertSettings) -> Iterator[Incident]:
    source_id, title = health.source_id, f"{name} ({health.source_id})"
    if health.failures_in_a_row >= settings.failures:
        times = counted(health.failures_in_a_row, "run")
        text = f"It failed in {times} in a row. {health.why}"
        text += f"\nTry it: presswatch sources check {source_id}"
        yield Incident(
            *(Kind.SOURCE_FAILED, source_id, f"{title} fails", text),
            *(f"{title} answers again", health.last_success_at),
        )
    if health.not_asked_since:
        text = f"Not asked since {printed_time(health.not_asked_since)}, while other sources were:"
        text += " its days are missing. Is it left out by all runs (--only), or by the schedule?"
        text += "\nRemove it from sources.toml if it should no longer be followed."
        yield Incident(
            *(Kind.SOURCE_NOT_ASKED, source_id, f"{title} is no longer asked", text),
            *(f"{title} is asked again", health.not_asked_since),
        )
    if health.is_silent and health.silent_since:
        text = (
            f"Nothing new since {printed_time(health.silent_since)}, longer than is usual for it."
        )
        text += f"\nTry it: presswatch sources check {source_id}"
        yield Incident(
            *(Kind.SOURCE_SILENT, source_id, f"{title} has fallen silent", text),
            *(f"{title} has new articles again", health.silent_since),
        )
    if health.empty_sections:
        pages = "\n".join(health.empty_sections)
        text = f"No link looks like an article's in the last three reads of:\n{pages}"
        text += f"\nNothing is collected from them; see presswatch sources check {source_id}"
        yield Incident(
            *(Kind.SECTION_EMPTY, source_id, f"{title} has section pages without articles", text),
            f"{title} has articles in its section pages again",
        )


def _articles_lost(row: Mapping[str, Any], health: SourceHealth | None) -> Incident:
    title = f"{row['name']} ({row['source_id']})"
    listings = "\n".join(row["listings"])
    text = f"Between two reads all entries of a listing were replaced:\n{listings}\n"
    text += "Entries that it named in between were missed"
    text += f"; {health.rolled_over}." if health and health.rolled_over else "."
    return Incident(
        *(Kind.ARTICLES_LOST, row["source_id"], f"{title} lost articles", text),
        *(f"{title} loses no articles any more", row["since"]),
    )


def _pages_merged(row: Mapping[str, Any]) -> Incident:
    title = f"{row['name']} ({row['source_id']})"
    text = f"{row['pages']} pages with other headlines and texts count as one article:"
    text += f"\n{row['url']}\nThey declare it as their own URL (canonical link or og:url), so only"
    text += f" the last counts.\nSee one: presswatch extract '{row['raw_ref']}'"
    text += "\nAsk the site to fix its template; until then leave the source out of comparisons."
    merged = f"{title} has pages that count as one article"
    return Incident(
        *(Kind.PAGES_MERGED, row["source_id"], merged, text),
        *(f"{title} has no more such pages", row["since"]),
    )


# A layout by which articles of less than 200 words are taken for section pages is not seen: their
# source falls silent.
def _layout_changed(row: Mapping[str, Any]) -> Incident:
    lines = []
    if row["is_rejecting_more"]:
        reasons = ", ".join(row["reasons"][:MAX_NAMED])
        lines.append(
            f"Of the last {row['pages']} pages {row['rejected_share']:.0%} were rejected"
            f" ({reasons}), of those before {row['rejected_share_before']:.0%}."
        )
    if row["text_changed"]:
        lines.append(
            f"The last {row['last_articles']} articles keep {row['chars']:,.0f} characters"
            f" (median), those before {row['chars_before']:,.0f}."
        )
    source_id, title = row["source_id"], f"{row['name']} ({row['source_id']})"
    lines.append(f"See what is kept: presswatch extract '{row['raw_ref']}'")
    return Incident(
        *(Kind.LAYOUT_CHANGED, source_id, f"{title} seems to have changed its layout"),
        *("\n".join(lines), f"{title} is extracted as before", row["since"]),
    )


def _spike(row: Mapping[str, Any], settings: AlertSettings, report: Path) -> Incident:
    day, hits = f"{row['day']:%-d %b %Y}", counted(row["articles_with_mention"], "article")
    headlines = [
        f"{each['source']}: {each['headline'] or '(no headline)'}\n{each['url']}"
        for each in row["headlines"][:3]
    ]
    link = settings.report_url or report.absolute().as_uri()
    rate = row["false_alarms_per_year"]
    rule = (
        f"A day is a spike from {counted(row['threshold'], 'article')} on; by chance at most"
        f" {rate:g} {'day' if rate == 1 else 'days'} of a topic in a year."
    )
    figures = f"{hits} on {day}, {row['expected']:.1f} expected"
    lines = [f"{figures}.", rule, *headlines, f"Report: {link}"]
    beside = {row["day"] - timedelta(days=1), row["day"] + timedelta(days=1)}
    moved_from = beside.difference(row["beside"] or ())
    return Incident(
        *(Kind.TOPIC_SPIKED, f"{row['topic_id']}:{row['day']}"),
        *(f"{row['name']}: {figures}", "\n".join(lines)),
        moved_from=tuple(f"{Kind.TOPIC_SPIKED}:{row['topic_id']}:{day}" for day in moved_from),
    )


def printed_time(at: datetime) -> str:
    """A time as messages print it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
