"""The digest: a summary of a day or a week, as text."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import duckdb

from tasks.monitor.alert_settings import WEEKDAYS, AlertSettings
from tasks.monitor.incidents import Incident
from tasks.text.counted import counted
from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout
from warehouse.questions.selection import has_local_days
from warehouse.questions.series import Row
from warehouse.questions.sources import is_lacking, published_share
from warehouse.questions.usual import (
    LENGTHS,
    compare_with_past,
    nothing_to_compare,
    past_in_words,
    verdict_in_words,
)
from warehouse.read.query import open_snapshot, records
from warehouse.read.utc_or_local_days import sql_for_days

EXPECTED = (
    "expected is the number in as many articles of the same sources in the eight weeks before"
)


def due_day(settings: AlertSettings, now: datetime) -> date | None:
    """The UTC day of the digest that is due, which covers the days before; None when none is."""
    now = now.astimezone(UTC)
    if settings.digest == "off" or now.hour < settings.digest_hour:
        return None
    day = now.date()
    if settings.digest == "weekly":
        day -= timedelta(days=(day.weekday() - WEEKDAYS.index(settings.digest_weekday)) % 7)
    return day


def digest(
    layout: Layout,
    settings: AlertSettings,
    day: date,
    problems: tuple[Incident, ...],
    *,
    is_local: bool = False,
) -> tuple[str, str]:
    """Subject and body of the digest of the day, or the seven days, before this one."""
    days = 7 if settings.digest == "weekly" else 1
    first, last = day - timedelta(days=days), day - timedelta(days=1)
    days_of_digest = {"first_day": first, "last_day": last}
    con = open_snapshot(layout)
    topics: list[str] = []
    loaded = {"articles": 0, "revised": 0, "runs": 0}
    if con:
        with con:
            unit = "week" if days == 7 else "day"
            topics = topic_lines(con, unit, last, is_local=is_local and has_local_days(con))
            [loaded] = records(con, read_sql("queries")["digest_loaded"], days_of_digest)
    period = f"{last:%-d %b %Y}" if days == 1 else f"{first:%-d %b} to {last:%-d %b %Y}"
    articles = counted(loaded["articles"], "new article")
    lines = [f"Loaded: {articles}, {loaded['revised']:,} revised, {counted(loaded['runs'], 'run')}"]
    lines += [
        "",
        f"Topics: articles that mention them; {EXPECTED}",
        *(topics or ["- none counted yet"]),
        "",
        "Open problems:",
    ]
    lines += [f"- {each.headline}" for each in problems] or ["- none"]
    link = settings.report_url or layout.report.absolute().as_uri()
    lines += ["", f"Report: {link}"]
    return f"Presswatch: {settings.digest} digest, {period}", "\n".join(lines)


def topic_lines(
    con: duckdb.DuckDBPyConnection, unit: str, last: date, *, is_local: bool
) -> list[str]:
    """A line on each topic for the day, or the week that ends with it.

    `compare_with_past` judges each topic.
    """
    given = {"first_day": last - timedelta(days=LENGTHS[unit] - 1), "last_day": last}
    found = compare_with_past(con, unit, last, is_local=is_local)
    return [
        f"- {topic['name']}: {_in_words(found.get(topic['topic_id']), topic['spikes'])}"
        for topic in records(
            con, sql_for_days(read_sql("queries")["digest_topics"], is_local), given
        )
    ]


def _in_words(found: Row | None, spikes: Sequence[Row]) -> str:
    """The articles of a topic, and whether they are more than usual in the same sources."""
    text = nothing_to_compare(found)
    if found and not text:
        text, verdict = f"{found['hits']:,}", verdict_in_words(found["verdict"])
        if found["expected"] is not None:
            if in_new := found["hits"] - found["compared_hits"]:
                text += f", {in_new:,} of them in new sources"
            verdict += f" ({found['expected']:.1f} expected)"
        text += f"; {verdict}"
    days_above = ", ".join(
        f"{each['day']:%-d %b} ({each['hits']:,}"
        + (f", a spike from {each['threshold']:,} on)" if each["threshold"] else ")")
        for each in spikes
    )
    if days_above:
        text += f"; far above usual on {days_above}"
    if found and found["expected"] is not None and (rests_on := past_in_words(found["past"])):
        text += f"; the eight weeks before are known from {rests_on}"
    if found and found["days_collected"] and is_lacking(found):
        text += f"; collected: {published_share(found)}"
    return text
