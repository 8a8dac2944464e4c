"""The digest: what a day or a week brought, as text."""

from datetime import UTC, date, datetime, timedelta

from tasks.monitor.alert_settings import WEEKDAYS, AlertSettings
from tasks.monitor.incidents import Incident
from tasks.text.counted import counted
from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout
from warehouse.questions.selection import has_local_days
from warehouse.read.query import open_snapshot, records
from warehouse.read.utc_or_local_days import of_days


def due_day(settings: AlertSettings, last: date | None, now: datetime) -> date | None:
    """The UTC day of the digest that is due, which tells of the days before; None when none is."""
    now = now.astimezone(UTC)
    if settings.digest == "off" or now.hour < settings.digest_hour:
        return None
    day = now.date()
    if settings.digest == "weekly":
        day -= timedelta(days=(day.weekday() - WEEKDAYS.index(settings.digest_weekday)) % 7)
    return day if last is None or last < day else None


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
    given = {"first_day": first, "last_day": last}
    con = open_snapshot(layout)
    topics, (loaded,) = [], ({"articles": 0, "revised": 0, "runs": 0},)
    if con:
        with con:
            sql = of_days(read_sql("queries")["digest_topics"], is_local and has_local_days(con))
            topics = records(con, sql, given)
            (loaded,) = records(con, read_sql("queries")["digest_loaded"], given)
    period = f"{last:%-d %b %Y}" if days == 1 else f"{first:%-d %b} to {last:%-d %b %Y}"
    articles = counted(loaded["articles"], "new article")
    lines = [f"Loaded: {articles}, {loaded['revised']:,} revised, {counted(loaded['runs'], 'run')}"]
    lines += [
        "",
        "Topics: articles that mention them; usual is the mean of the four weeks before, by source",
    ]
    for row in topics:
        found = f"{row['found']:,}" if row["found"] is not None else "nothing was collected"
        if row["of_new"]:
            found += f", {row['of_new']:,} of them in new sources"
        is_known = row["found"] is not None and row["usual"] is not None
        usual = f" (usual {row['usual']:.1f})" if is_known else ""
        days_above = ", ".join(
            f"{each['day']:%-d %b} ({each['hits']:,}"
            + (f", a spike from {each['threshold']:,} on)" if each["threshold"] else ")")
            for each in row["spikes"]
        )
        above = f"; far above usual on {days_above}" if days_above else ""
        lines.append(f"- {row['name']}: {found}{usual}{above}")
    lines += ["" if topics else "- none counted yet\n", "Open problems:"]
    lines += [f"- {each.headline}" for each in problems] or ["- none"]
    link = settings.report_url or layout.report.absolute().as_uri()
    lines += ["", f"Report: {link}"]
    return f"Presswatch: {settings.digest} digest, {period}", "\n".join(lines)
