"""How often each topic was mentioned, by source and day, for a terminal."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tasks.report.figures import REPORTS
from warehouse.layers.layout import Layout
from warehouse.questions.audits import audit_words, audited
from warehouse.questions.selection import choices
from warehouse.read.kinds_of_days import of_days
from warehouse.read.query import records, snapshot

DAYS = 21  # columns of the table, up to the last day that has articles
BARS = " ▁▂▃▄▅▆▇█"
LEGEND = (
    "\nA column a day: articles that mention it; · articles, none of them does; blank: no article."
)

Cell = Mapping[str, Any]  # a row of daily.sql; its counts are None when the day is missing
Sources = dict[str, dict[date, Cell]]


def daily_report(layout: Layout, *, is_local: bool = False) -> RenderableType:
    """A table per topic: sources by day, articles that mention it, its share and a chart."""
    with snapshot(layout) as con:
        known = choices(con, is_local=is_local)
        sql = of_days((REPORTS / "daily.sql").read_text(), known.is_local)
        rows = records(con, sql, {"days": DAYS})
        audits = {
            name: audit_words(audited(con, topic_id)) for topic_id, name in known.topics.items()
        }
    last = max((row["day"] for row in rows), default=date.min)
    calendar = [last - timedelta(ago) for ago in reversed(range(DAYS))] if rows else []
    topics: dict[str, Sources] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        topics[row["topic"]][row["source"]][row["day"]] = row
    tables = [_topic_table(name, sources, calendar) for name, sources in topics.items()]
    said = [Text(f"{name}: {audits[name]}") for name in topics if name in audits]
    return Group(*tables, Text(LEGEND, style="dim"), *said)


def _topic_table(name: str, sources: Sources, calendar: Sequence[date]) -> Table:
    table = Table(title=f"\n{name}", title_style="bold", title_justify="left", box=None)
    table.add_column("source", no_wrap=True)
    first, last = (f"{day:%d %b}" for day in (calendar[0], calendar[-1]))
    both = first + last.rjust(len(calendar) - len(first))
    table.add_column(both if len(calendar) > 12 else first, no_wrap=True)
    for heading in ("mentions", "articles", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for source, cells in sources.items():
        days = "".join(_symbol(cells.get(day)) for day in calendar)
        table.add_row(source, days, *_totals(cells.values()))
    hits = [
        sum(cells[day]["hits"] or 0 for cells in sources.values() if day in cells)
        for day in calendar
    ]
    # Bars are rounded up, so that a day with one article has one.
    top = max(hits, default=0) or 1
    chart = "".join(BARS[-(-count * (len(BARS) - 1) // top)] for count in hits)
    everything = [cell for cells in sources.values() for cell in cells.values()]
    table.add_row("all", chart, *_totals(everything), style="bold cyan")
    return table


def _symbol(cell: Cell | None) -> str:
    """Articles that mention it; a dot for articles without, a gap where there is no article."""
    if cell is None or not cell["articles"]:
        return " "
    if not cell["hits"]:
        return "·"
    return str(cell["hits"]) if cell["hits"] < 10 else "+"


def _totals(cells: Iterable[Cell]) -> tuple[str, str, str]:
    known = [cell for cell in cells if cell["hits"] is not None]
    hits = sum(cell["hits"] or 0 for cell in known)
    articles = sum(cell["articles"] or 0 for cell in known)
    share = f"{hits / articles:.0%}" if articles else "-"
    return str(sum(cell["mentions"] or 0 for cell in known)), f"{hits}/{articles}", share
