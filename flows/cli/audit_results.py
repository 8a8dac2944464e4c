"""What an audit found, for a terminal."""

from collections.abc import Sequence

import duckdb
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from flows.cli.console import printable
from warehouse.questions.audits import (
    audit_words,
    audited,
    estimate_in_words,
    precision_by,
    precision_by_alias,
    precision_by_mention,
)
from warehouse.questions.wrong_articles import exclusion_candidates


def results_view(con: duckdb.DuckDBPyConnection, topic_id: str) -> RenderableType:
    """The precision with its parts, the recall, and what to exclude first."""
    found = audited(con, topic_id)
    parts: list[RenderableType] = [Text(audit_words(found), style="bold")]
    if found is None:
        return Group(*parts)
    about = [f"{found.audit_id}: {found.sampled} sampled, read by {', '.join(found.readers)}"]
    low, high = found.bounds
    if found.unsure:
        about.append(f"if all {found.unsure} unsure ones are wrong {low:.2f}, if right {high:.2f}")
    if found.kappa is not None:
        about.append(f"Cohen's kappa {found.kappa:.2f}")
    parts.append(Text("; ".join(about), style="dim"))
    by_mention = precision_by_mention(con, found.audit_id)
    tables = {
        "all articles": {"by article": found.precision}
        | ({"by mention": by_mention} if by_mention else {})
        | ({"counted by today's definition": found.still} if found.still else {}),
        "alias, by mention": precision_by_alias(con, found.audit_id),
        "language, by article": precision_by(con, found.audit_id, "language"),
        "source, by article": precision_by(con, found.audit_id, "source_id"),
    }
    for title, estimates in tables.items():
        rows = [(name, str(one.n), estimate_in_words(one)) for name, one in estimates.items()]
        parts.append(_table(title, ("n", "precision"), rows))
    heads = ("wrong articles", "right articles", "judged")
    for title, wrong in exclusion_candidates(con, found.audit_id).items():
        figures = [
            (one.text, f"about {one.wrong:,.0f}", f"about {one.right:,.0f}", str(one.judged))
            for one in wrong
        ]
        if figures:
            parts.append(_table(title, heads, figures))
    return Group(*parts)


def _table(title: str, numbers: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table of names and numbers; `precision` is in words, aligned to the left."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column(f"\n{title}", min_width=24)
    for head in numbers:
        table.add_column(f"\n{head}", justify="left" if head == "precision" else "right")
    for name, *cells in rows:
        table.add_row(printable(name), *cells)
    return table
