"""What one run's page in Prefect shows: its ledger, its topics, what it turned down."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.report.figures import REPORTS
from warehouse.layout import Layout
from warehouse.query import open_snapshot, records

Row = dict[str, Any]
MOST = 100
"""Pages shown one by one."""
WEB = re.compile(r"https?://[^\s<>]+")


@dataclass(frozen=True, slots=True)
class RunFigures:
    """The rows that the current snapshot has of one run."""

    ledger: list[Row]
    topics: list[Row]
    rejections: list[Row]

    @property
    def new(self) -> int:
        """New articles."""
        return sum(row["new"] for row in self.ledger)

    @property
    def revised(self) -> int:
        """New versions of known articles."""
        return sum(row["revised"] for row in self.ledger)


def read_run(layout: Layout, run_id: str) -> RunFigures:
    """Ask the current snapshot about a run; no rows where it has none of it."""
    con = open_snapshot(layout)
    if con is None:
        return RunFigures([], [], [])
    with con:
        names = ("run_ledger", "run_topics", "run_rejections")
        sqls = ((REPORTS / f"{name}.sql").read_text() for name in names)
        return RunFigures(*(records(con, sql, {"run_id": run_id}) for sql in sqls))


def ledger_page(
    run_id: str, figures: RunFigures, listed: Mapping[str, int], notes: Mapping[str, str]
) -> str:
    """The ledger as Markdown, a row a source.

    Args:
        run_id: The run.
        figures: Its rows.
        listed: Entries that the source's listings named, by source id, in the order of the table.
        notes: What else is to be said of a source, such as why it failed.
    """
    rows = {row["source_id"]: row for row in figures.ledger}
    rejected = _reasons(figures.rejections)
    cells = []
    for source_id, entries in listed.items():
        row = rows.get(source_id, {})
        counts = [row.get(name, 0) for name in ("fetched", "new", "revised")]
        rest = [f"{row[name]} {name}" for name in ("unchanged", "truncated") if row.get(name)]
        said = [*rest, rejected.get(source_id, ""), notes.get(source_id, "")]
        seconds = f"{row['seconds']:.1f}" if row.get("seconds") is not None else ""
        cells.append([source_id, entries, *counts, "; ".join(filter(None, said)), seconds])
    head = ("source", "discovered", "fetched", "new", "revised", "rejected and notes", "seconds")
    total = f"**Run {run_id}**: {figures.new} new, {figures.revised} revised"
    return f"{total}\n\n{table(head, cells)}"


def topics_page(figures: RunFigures) -> str:
    """The topics of the articles that the run brought, as Markdown."""
    articles = figures.topics[0]["articles"] if figures.topics else 0
    if not articles:
        return "**This run brought no new text.**"
    cells = [[row["name"], row["hits"], row["mentions"]] for row in figures.topics]
    head = ("topic", "new articles that mention it", "mentions")
    return f"**In the {articles} new or revised articles of this run**\n\n" + table(head, cells)


def rejections_page(figures: RunFigures) -> str:
    """The pages that gave no article, as Markdown, each with the command that shows why."""
    if not figures.rejections:
        return "**No page was turned down.**"
    total = len(figures.rejections)
    shown = f"; the first {MOST}" if total > MOST else ""
    lines = [f"- {_rejection(row)}" for row in figures.rejections[:MOST]]
    return f"**{total} pages gave no article{shown}**\n\n" + "\n".join(lines)


def _rejection(row: Row) -> str:
    """One page, why it gave no article, and the command that shows what is on it."""
    url = row["url_requested"]
    why = (row["detail"] or row["meaning"]).removeprefix(f"{url}: ")
    address = f"<{url}>" if WEB.fullmatch(url) else _plain(url)
    said = f"{_plain(row['source_id'])}, **{_plain(row['outcome'])}**: {_plain(why)}, {address}"
    return f"{said} `presswatch extract '{row['raw_ref']}'`" if row["raw_ref"] else said


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table in which no text of a page can act as Markdown or HTML."""
    lines = [f"| {' | '.join(head)} |", "|" + "|".join("---" for _ in head) + "|"]
    lines += [f"| {' | '.join(map(_plain, row))} |" for row in rows]
    return "\n".join(lines)


def _plain(value: object) -> str:
    text = " ".join(str(value).split())
    return re.sub(r"([\\`*_\[\]<>|&~])", r"\\\1", text)


def _reasons(rejections: Iterable[Row]) -> dict[str, str]:
    counts: dict[str, dict[str, int]] = {}
    for row in rejections:
        of = counts.setdefault(row["source_id"], {})
        of[row["outcome"]] = of.get(row["outcome"], 0) + 1
    return {
        source_id: ", ".join(f"{n} {outcome}" for outcome, n in sorted(of.items()))
        for source_id, of in counts.items()
    }
