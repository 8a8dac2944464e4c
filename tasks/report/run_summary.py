"""What one run's page in Prefect shows: its ledger, its topics, what it turned down."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.report.figures import REPORTS
from warehouse.layers.layout import Layout
from warehouse.read.query import open_snapshot, records

Row = dict[str, Any]
MOST = 100
"""Pages shown one by one."""
WIDEST, LONGEST = 64, 52
"""Characters of an address, and of a word between hyphens, that are shown: Prefect leaves
a column of some 580 pixels, in which longer ones do not wrap but run into what stands beside."""
UNBROKEN = re.compile(rf"[^-]{{{LONGEST + 1},}}")
LINKED = re.compile(r"://|www\.|@", re.IGNORECASE)
"""What Prefect's page would turn into a link by itself."""
LEDGER = ("source", "discovered", "fetched", "new", "revised", "rejected", "seconds")
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
    """The ledger as Markdown: a row a source, and below it what else is to be said of some.

    Args:
        run_id: The run.
        figures: Its rows.
        listed: Entries that the source's listings named, by source id, in the order of the table.
        notes: What else is to be said of a source, such as why it failed.
    """
    rows = {row["source_id"]: row for row in figures.ledger}
    rejected = _reasons(figures.rejections)
    cells, lines = [], []
    for source_id, entries in listed.items():
        row, reasons = rows.get(source_id, {}), rejected.get(source_id, {})
        cells.append([source_id, entries, *_counts(row, reasons), _seconds(row)])
        said = [_told(reasons), *_rest(row), notes.get(source_id, "")]
        if any(said):
            lines.append(f"- **{_plain(source_id)}**: {_plain('; '.join(filter(None, said)))}")
    total = f"**Run {run_id}**: {figures.new} new, {figures.revised} revised"
    return "\n\n".join(filter(None, [total, table(LEDGER, cells), "\n".join(lines)]))


def _counts(row: Row, reasons: Mapping[str, int]) -> list[int]:
    return [*(row.get(name, 0) for name in ("fetched", "new", "revised")), sum(reasons.values())]


def _seconds(row: Row) -> str:
    return f"{row['seconds']:.1f}" if row.get("seconds") is not None else ""


def _rest(row: Row) -> list[str]:
    return [f"{row[name]} {name}" for name in ("unchanged", "truncated") if row.get(name)]


def _told(reasons: Mapping[str, int]) -> str:
    named = ", ".join(f"{n} {outcome}" for outcome, n in sorted(reasons.items()))
    return f"rejected {named}" if named else ""


def topics_page(figures: RunFigures) -> str:
    """The topics of the articles that the run brought, as Markdown."""
    articles = figures.topics[0]["articles"] if figures.topics else 0
    if not articles:
        return "**This run brought no new text.**"
    cells = [[row["name"], row["hits"], row["mentions"]] for row in figures.topics]
    head = ("topic", "articles that mention it", "mentions")
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
    """One page, why it gave no article, and the command that shows what is on it, a line each."""
    url = row["url_requested"]
    why = (row["detail"] or row["meaning"]).removeprefix(f"{url}: ")
    said = [f"**{_plain(row['outcome'])}**, {_plain(row['source_id'])}: {_plain(why)}", _link(url)]
    said += [f"`presswatch extract '{row['raw_ref']}'`"] if row["raw_ref"] else []
    return "\\\n  ".join(said)


def _link(url: str) -> str:
    """A page's address, shortened for the column where it leads to the web."""
    if not WEB.fullmatch(url):
        return _plain(url)
    shown = _cut(url.split("://", 1)[1], WIDEST)
    target = url.replace("\\", "\\\\").replace("&", "&amp;")
    return f"[{_escaped(shown)}](<{target}>)"


def table(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table, numbers after names, in which no text of a page can act as Markdown."""
    lines = [f"| {' | '.join(head)} |", "|---|" + "--:|" * (len(head) - 1)]
    lines += [f"| {' | '.join(map(_plain, row))} |" for row in rows]
    return "\n".join(lines)


def _plain(value: object) -> str:
    """Text that is shown as it is, and wraps: no Markdown, no links, no endless words."""
    return " ".join(map(_word, str(value).split()))


def _word(word: str) -> str:
    whole = UNBROKEN.sub(lambda run: _cut(run[0], LONGEST), word)
    if LINKED.search(whole):
        return f"`{whole.replace('`', '%60').replace('|', '%7C')}`"
    return _escaped(whole)


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|&~])", r"\\\1", text)


def _cut(text: str, most: int) -> str:
    """The beginning and the end of what is longer."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def _reasons(rejections: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Rejected pages of each source by outcome."""
    counts: dict[str, dict[str, int]] = {}
    for row in rejections:
        of = counts.setdefault(row["source_id"], {})
        of[row["outcome"]] = of.get(row["outcome"], 0) + 1
    return counts
