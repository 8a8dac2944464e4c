"""The artifacts of one run in Prefect: its ledger, its topics, its rejected pages."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tasks.report.completeness import rolled_over
from tasks.text.counted import counted
from warehouse.build.sql_files import read_sql
from warehouse.layers.layout import Layout
from warehouse.read.query import detect_damage, open_snapshot, records

Row = dict[str, Any]
MAX_REJECTED = 100  # rejected pages shown one by one
MAX_NAMED = 5  # undated files named in a message
# Characters shown of a URL, and of a word between hyphens: in Prefect's column of about 580 pixels
# longer ones do not wrap but overlap the next column.
MAX_CELL_CHARS, MAX_UNBROKEN = 64, 52
UNBROKEN = re.compile(rf"[^-]{{{MAX_UNBROKEN + 1},}}")
# Text that Prefect's page would turn into a link.
LINKED = re.compile(r"://|www\.|@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run's rows in the current snapshot."""

    ledger: list[Row]
    topics: list[Row]
    rejections: list[Row]
    undated: list[Row] = field(default_factory=list)  # saved files and pages
    outside: list[Row] = field(default_factory=list)  # sources, of saved files

    @property
    def new(self) -> int:
        """New articles."""
        return sum(row["new"] for row in self.ledger)

    @property
    def revised(self) -> int:
        """New versions of known articles."""
        return sum(row["revised"] for row in self.ledger)


def read_run(layout: Layout, run_id: str) -> RunFigures:
    """Read a run's rows from the current snapshot; empty without a snapshot."""
    con = open_snapshot(layout)
    if con is None:
        return RunFigures([], [], [])
    with con, detect_damage(layout.current):  # all of one snapshot
        names = ("run_ledger", "run_topics", "run_rejections", "run_undated", "run_outside")
        sqls = read_sql("queries")
        return RunFigures(*(records(con, sqls[name], {"run_id": run_id}) for name in names))


def undated_files(figures: RunFigures) -> str:
    """The saved files of a run that count on no day, and the remedy; empty if there are none."""
    files = [row["url_requested"] for row in figures.undated if row["kind"] == "file"]
    if not files:
        return ""
    names = [unquote(url.rpartition("/")[2]) for url in files]
    more = f"{len(names) - MAX_NAMED} more"
    said = _undated(len(files), "saved file", names, more)
    return f"{said}; FILE.meta.json may give published_at"


def outside_calendars(figures: RunFigures) -> str:
    """The dated articles of saved files' sources that count on no day; empty if there are none."""
    return "; ".join(
        f"{counted(row['articles'], 'dated article')} of {row['source_id']}"
        f" {'lies' if row['articles'] == 1 else 'lie'} outside its calendar, which begins on"
        f" {row['first_day']}, and {'counts' if row['articles'] == 1 else 'count'} on no day:"
        " five days with articles, at most a weekend apart, begin a calendar"
        for row in figures.outside
    )


def undated_pages(figures: RunFigures) -> str:
    """The new articles of sources that count on no day, and the remedy; empty if there are none."""
    pages = Counter(row["source_id"] for row in figures.undated if row["kind"] == "page")
    if not pages:
        return ""
    names = [f"{source_id} ({number:,})" for source_id, number in pages.most_common()]
    others = counted(len(names) - MAX_NAMED, "other source")
    said = _undated(pages.total(), "article", names, others)
    return f"{said}; a feed or sitemap that states dates would give one"


def _undated(number: int, what: str, names: Sequence[str], more: str) -> str:
    """That so many articles count on no day; `more` stands for the names beyond MAX_NAMED."""
    have, count = ("has", "counts") if number == 1 else ("have", "count")
    listed = ", ".join([*names[:MAX_NAMED], *([more] if names[MAX_NAMED:] else [])])
    return f"{counted(number, what)} {have} no publication date and {count} on no day: {listed}"


def doubtful_pages(figures: RunFigures) -> str:
    """How many rejected pages of a run may be articles; empty if there are none."""
    doubtful = sum(row["is_doubtful"] for row in figures.rejections)
    kind = "an article" if doubtful == 1 else "articles"
    return f"{counted(doubtful, 'rejected page')} may be {kind}" if doubtful else ""


def ledger_page(
    run_id: str, figures: RunFigures, listed: Mapping[str, int], notes: Mapping[str, str]
) -> str:
    """The ledger as Markdown: a table with a row per source, and notes below it.

    `listed` has the entries that the listings named, by source id, in the order of the table;
    `notes` says by source id, for example, why the source failed.
    """
    rows = {row["source_id"]: row for row in figures.ledger}
    rejected: dict[str, Counter[str]] = defaultdict(Counter)
    for row in figures.rejections:
        rejected[row["source_id"]][row["outcome"]] += 1
    doubtful = Counter(row["source_id"] for row in figures.rejections if row["is_doubtful"])
    undated = Counter((row["source_id"], row["kind"]) for row in figures.undated)
    losing = any(row.get("rolled_over") for row in figures.ledger)
    cells, lines = [], []
    for source_id, entries in listed.items():
        row, reasons = rows.get(source_id, {}), rejected[source_id]
        counts = [row.get(name, 0) for name in ("fetched", "new", "revised")]
        seconds = f"{row['seconds']:.1f}" if row.get("seconds") is not None else ""
        lost = ""
        if row.get("rolled_over"):
            number = row["estimated_lost"]
            lost = "unknown" if number is None else f"about {round(number):,}"
        shown = [reasons.total(), *([lost] if losing else []), seconds]
        cells.append([source_id, entries, *counts, *shown])
        named = ", ".join(f"{n} {outcome}" for outcome, n in sorted(reasons.items()))
        details = [rolled_over(row), f"rejected {named}" if named else ""]
        details += [f"{doubtful[source_id]} doubtful"] if doubtful[source_id] else []
        if files := undated[source_id, "file"]:
            details += [f"{counted(files, 'saved file')} undated (published_at in FILE.meta.json)"]
        if pages := undated[source_id, "page"]:
            details += [f"{counted(pages, 'article')} undated"]
        details += [f"{row[name]} {name}" for name in ("unchanged", "truncated") if row.get(name)]
        if text := "; ".join(filter(None, [*details, notes.get(source_id, "")])):
            lines.append(f"- **{_plain(source_id)}**: {_plain(text)}")
    last = ("lost", "seconds") if losing else ("seconds",)
    head = ("source", "listed", "fetched", "new", "revised", "rejected", *last)
    total = f"**Run {run_id}**: {figures.new} new, {figures.revised} revised"
    return "\n\n".join(filter(None, [total, table(head, cells), "\n".join(lines)]))


def topics_page(figures: RunFigures) -> str:
    """The topics of the run's new and revised articles, as Markdown."""
    articles = figures.topics[0]["articles"] if figures.topics else 0
    if not articles:
        return "**This run has no new text.**"
    cells = [[row["name"], row["hits"], row["mentions"]] for row in figures.topics]
    head = ("topic", "articles that mention it", "mentions")
    return f"**In the {counted(articles, 'new or revised article')} of this run**\n\n" + table(
        head, cells
    )


def rejections_page(figures: RunFigures) -> str:
    """The rejected pages, as Markdown, each with the command that shows the reason."""
    if not figures.rejections:
        return "**No page was rejected.**"
    total = len(figures.rejections)
    shown = f"; the first {MAX_REJECTED}" if total > MAX_REJECTED else ""
    pages = [f"**{counted(total, 'page')} gave no article{shown}**\n"]
    for row in figures.rejections[:MAX_REJECTED]:
        url = row["url_requested"]
        # Many details begin with the URL, which has a line of its own.
        why = (row["detail"] or row["meaning"]).removeprefix(f"{url}: ")
        if row["is_doubtful"]:
            why = f"doubtful, {row['prose_words']} words of prose; {why}"
        link = _plain(url)
        if re.fullmatch(r"https?://[^\s<>]{1,8000}", url):
            target = url.replace("\\", "\\\\").replace("&", "&amp;")
            link = f"[{_escaped(_cut_middle(url.split('://', 1)[1], MAX_CELL_CHARS))}](<{target}>)"
        lines = [f"- **{_plain(row['outcome'])}**, {_plain(row['source_id'])}: {_plain(why)}", link]
        lines += [f"`presswatch extract '{row['raw_ref']}'`"] if row["raw_ref"] else []
        pages.append("\\\n  ".join(lines))
    return "\n".join(pages)


def table(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table with escaped cells: the first column aligned left, the others right."""
    lines = [f"| {' | '.join(head)} |", "|---|" + "--:|" * (len(head) - 1)]
    lines += [f"| {' | '.join(map(_plain, row))} |" for row in rows]
    return "\n".join(lines)


def _plain(value: object) -> str:
    """Text shown literally, and wrapped: no Markdown, no links, no overlong words."""
    words = (
        UNBROKEN.sub(lambda run: _cut_middle(run[0], MAX_UNBROKEN), word)
        for word in str(value).split()
    )
    return " ".join(
        f"`{word.replace('`', '%60').replace('|', '%7C')}`"
        if LINKED.search(word)
        else _escaped(word)
        for word in words
    )


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|&~])", r"\\\1", text)


def _cut_middle(text: str, most: int) -> str:
    """The beginning and the end of a text longer than `most`."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"
