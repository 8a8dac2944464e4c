"""How often each topic was mentioned, by source and day, for a terminal."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tasks.report.percent import percent
from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout
from warehouse.questions.audits import audit_words, audited
from warehouse.questions.selection import choices
from warehouse.read.query import records, snapshot
from warehouse.read.utc_or_local_days import sql_for_days
from warehouse.stats.intervals import interval

MAX_DAYS = 21  # columns of the table; the last is the last day with articles
BARS = " ▁▂▃▄▅▆▇█"
LEGEND = (
    "\nA column a day: articles that mention it; · articles, none of them does; blank: no article."
    " 95%: the interval of the share."
)

Cell = Mapping[str, Any]  # a row of daily.sql; its counts are None when the day is missing
Sources = dict[str, dict[date, Cell]]


def daily_report(layout: Layout, *, is_local: bool = False) -> RenderableType:
    """A table per topic: sources by day, articles that mention it, its share with interval."""
    with snapshot(layout) as con:
        known = choices(con, is_local=is_local)
        sql = sql_for_days(read_sql("queries")["daily"], known.is_local)
        rows = records(con, sql, {"days": MAX_DAYS})
        audits = {
            name: audit_words(audited(con, topic_id)) for topic_id, name in known.topics.items()
        }
    last = max((row["day"] for row in rows), default=date.min)
    calendar = [last - timedelta(ago) for ago in reversed(range(MAX_DAYS))] if rows else []
    topics: dict[str, Sources] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        topics[row["topic"]][row["source"]][row["day"]] = row
    tables = [_topic_table(name, sources, calendar) for name, sources in topics.items()]
    notes = [Text(f"{name}: {audits[name]}") for name in topics if name in audits]
    return Group(*tables, Text(LEGEND, style="dim"), *notes)


def _topic_table(name: str, sources: Sources, calendar: Sequence[date]) -> Table:
    table = Table(title=f"\n{name}", title_style="bold", title_justify="left", box=None)
    table.add_column("source")  # the only column that wraps on a narrow terminal
    first, last = (f"{day:%d %b}" for day in (calendar[0], calendar[-1]))
    both = first + last.rjust(len(calendar) - len(first))
    table.add_column(both if len(calendar) > 12 else first, no_wrap=True)
    for heading in ("mentions", "articles", "share", "95%"):
        table.add_column(heading, justify="right", no_wrap=True)
    for source, cells in sources.items():
        days = "".join(_symbol(cells.get(day)) for day in calendar)
        table.add_row(source, days, *_totals([cells]))
    hits = [
        sum(cells[day]["hits"] or 0 for cells in sources.values() if day in cells)
        for day in calendar
    ]
    # Bars are rounded up, so that a day with one article has one.
    top = max(hits, default=0) or 1
    chart = "".join(BARS[-(-count * (len(BARS) - 1) // top)] for count in hits)
    table.add_row("all", chart, *_totals(sources.values()), style="bold cyan")
    return table


def _symbol(cell: Cell | None) -> str:
    """Articles with a mention; a dot if there are only others, blank without articles."""
    if cell is None or not cell["articles"]:
        return " "
    if not cell["hits"]:
        return "·"
    return str(cell["hits"]) if cell["hits"] < 10 else "+"


def _totals(sources: Iterable[Mapping[date, Cell]]) -> tuple[str, str, str, str]:
    """Mentions, hits/articles, the share and its 95 % interval, of all days of some sources."""
    mentions = hits = articles = 0
    excess = 0.0
    for days in sources:
        known = [cell for cell in days.values() if cell["hits"] is not None]
        of_source = sum(cell["articles"] for cell in known)
        found = sum(cell["hits"] for cell in known)
        mentions += sum(cell["mentions"] for cell in known)
        hits, articles = hits + found, articles + of_source
        # As in warehouse/queries/series.sql: days vary independently.
        if of_source and known[0]["variation"]:
            squares = sum(cell["articles"] ** 2 for cell in known)
            excess += known[0]["variation"] * found**2 * squares / of_source**2
    ends = interval({"hits": hits, "articles": articles, "excess": excess})
    if ends["low"] is None:
        return str(mentions), f"{hits}/{articles}", "-", ""
    both = "–".join(percent(ends[end]).removesuffix("%") for end in ("low", "high"))
    return str(mentions), f"{hits}/{articles}", percent(hits / articles), both
