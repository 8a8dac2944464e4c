"""How often each topic came up, by paper and day, for a terminal."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from warehouse.layers.layout import Layout
from warehouse.read.query import query

DAYS = 21
"""Columns of the table, up to the last day that has articles."""
BARS = " ▁▂▃▄▅▆▇█"
LEGEND = (
    "\nA column a day: articles that mention it; · articles, none of them does; blank: no article."
)

DAILY = """
    WITH last AS (SELECT max(day) AS day FROM topic_daily WHERE articles > 0)
    SELECT t.name AS topic, s.name AS paper, d.day, d.articles_with_mention, d.mentions, d.articles
    FROM topic_daily d
    JOIN last ON d.day BETWEEN last.day - {days} + 1 AND last.day
    JOIN topics t ON t.topic_id = d.topic_id AND t.valid_to IS NULL
    JOIN sources s USING (source_id)
    ORDER BY topic, paper, day
"""


class Cell(NamedTuple):
    """One paper's day: articles that mention the topic, mentions, articles; None when missing."""

    hits: int | None
    mentions: int | None
    articles: int | None


Papers = dict[str, dict[date, Cell]]


def daily_report(layout: Layout, *, days: int = DAYS) -> RenderableType:
    """A table a topic: papers by day, articles that mention it, with its share and a chart.

    Raises:
        QueryError: when nothing has been loaded yet.
    """
    rows = query(layout, DAILY.format(days=days)).to_pylist()
    last = max((row["day"] for row in rows), default=date.min)
    calendar = [last - timedelta(ago) for ago in reversed(range(days))] if rows else []
    tables = [_topic_table(name, papers, calendar) for name, papers in _by_topic(rows)]
    return Group(*tables, Text(LEGEND, style="dim"))


def _by_topic(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Papers]]:
    topics: dict[str, Papers] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        cell = Cell(row["articles_with_mention"], row["mentions"], row["articles"])
        topics[row["topic"]][row["paper"]][row["day"]] = cell
    yield from topics.items()


def _topic_table(name: str, papers: Papers, calendar: Sequence[date]) -> Table:
    table = Table(title=f"\n{name}", title_style="bold", title_justify="left", box=None)
    table.add_column("paper", no_wrap=True)
    table.add_column(_axis(calendar), no_wrap=True)
    for heading in ("mentions", "articles", "share"):
        table.add_column(heading, justify="right", no_wrap=True)
    for paper, cells in papers.items():
        days = "".join(_shown(cells.get(day)) for day in calendar)
        table.add_row(paper, days, *_totals(cells.values()))
    everything = [cell for cells in papers.values() for cell in cells.values()]
    table.add_row("all", _chart(papers, calendar), *_totals(everything), style="bold cyan")
    return table


def _axis(calendar: Sequence[date]) -> str:
    if not calendar:
        return ""
    first, last = (f"{day:%d %b}" for day in (calendar[0], calendar[-1]))
    return first + last.rjust(len(calendar) - len(first)) if len(calendar) > 12 else first


def _shown(cell: Cell | None) -> str:
    """Articles that mention it; a dot for articles without, a gap where there is no article."""
    if cell is None or not cell.articles:
        return " "
    return "·" if not cell.hits else str(cell.hits) if cell.hits < 10 else "+"


def _chart(papers: Papers, calendar: Sequence[date]) -> str:
    totals = [
        sum(cells[day].hits or 0 for cells in papers.values() if day in cells) for day in calendar
    ]
    top = max(totals, default=0) or 1
    return "".join(BARS[-(-total * (len(BARS) - 1) // top)] for total in totals)


def _totals(cells: Iterable[Cell]) -> tuple[str, str, str]:
    known = [cell for cell in cells if cell.hits is not None]
    hits = sum(cell.hits or 0 for cell in known)
    articles = sum(cell.articles or 0 for cell in known)
    share = f"{hits / articles:.0%}" if articles else "-"
    return str(sum(cell.mentions or 0 for cell in known)), f"{hits}/{articles}", share
