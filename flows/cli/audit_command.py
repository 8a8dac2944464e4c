"""`presswatch audit`: sample a topic's articles, judge them, print how accurate its shares are."""

import getpass
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import click
import typer
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from flows.cli.audit_results import results_view
from flows.cli.console import printable
from flows.cli.data_folder import readable_layout, write_privately
from flows.cli.exit_status import Exit, fail, print_to_stderr
from flows.cli.options import DataFolder
from tasks.audit.judging import Judging, checked_reader, newest
from tasks.audit.publishing import publish_audits
from tasks.audit.sampling import draw_sample
from tasks.audit.spreadsheet import export_csv, import_csv, verdict_file
from tasks.text.counted import counted
from warehouse.build.schema_version import is_earlier_snapshot
from warehouse.layers.audits import Answer, Audit, Kind, SampledArticle, read_audit, read_audits
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError, snapshot

KEYS: dict[str, Answer] = {"y": "yes", "n": "no", "u": "unsure"}
DEFAULT_SAMPLE, MAX_SAMPLE = 100, 10_000
Size = Annotated[int, typer.Option(min=2, max=MAX_SAMPLE, help="Articles of a new sample.")]
NearMisses = Annotated[
    int,
    typer.Option(
        min=0, max=MAX_SAMPLE, help="Judge so many similar articles without an alias, too."
    ),
]
Reader = Annotated[
    str | None, typer.Option(help="Who judges; else this user, or who the imported file says.")
]
HELP = "y yes · n no · u unsure · 1-9 this mention is not about it · b back · q end"


def audit(
    topic: Annotated[str, typer.Argument(help="The topic's id.")],
    n: Size = DEFAULT_SAMPLE,
    recall: NearMisses = 0,
    seed: Annotated[int | None, typer.Option(help="Of a new sample; random if not given.")] = None,
    new: Annotated[
        bool, typer.Option("--new", help="Draw a new sample even if there is one.")
    ] = False,
    reader: Reader = None,
    export: Annotated[
        Path | None, typer.Option(help="Write the samples as CSV, to be filled in.")
    ] = None,
    import_: Annotated[
        Path | None, typer.Option("--import", help="Import the verdicts of such a file.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Only show the results.")] = False,
    data: DataFolder = None,
) -> None:
    """Judge a sample of a topic's articles: how many of them are about it?

    Continues the last sample; each verdict is saved at once.
    """
    write_privately()
    layout, who = auditable_layout(data), checked_reader(reader or getpass.getuser())
    if show:
        print_results(layout, topic)
        return
    require_files(layout, topic, export, import_)
    if import_:  # its rows may be of any sample of the topic, also of earlier ones
        audits = read_audits(layout, topic)
    else:
        sizes: dict[Kind, int] = {"precision": n, "near_miss": recall}
        asked = [(kind, size) for kind, size in sizes.items() if size]
        audits = [sample_of(layout, topic, kind, size, seed, is_new=new) for kind, size in asked]
    if export:
        print(f"{export}: {counted(export_csv(audits, who, export), 'article')}")
        return
    problems: list[str] = []
    if import_:
        problems = import_verdicts(layout, audits, import_, who, for_all_rows=bool(reader))
    elif sys.stdin.isatty():
        for each in audits:
            judge(Judging(layout, each.sample.audit_id, who), click.getchar, Console())
    else:
        advice = "no terminal to judge in: use --export and --import, or the desk"
        print_to_stderr(advice, "WARNING")
    publish_audits(layout, print_to_stderr)
    print_results(layout, topic)
    if problems:
        raise typer.Exit(Exit.SOME_SOURCES_FAILED)


def auditable_layout(data: Path | None) -> Layout:
    """`readable_layout`; QueryError where an earlier version loaded the snapshot."""
    layout = readable_layout(data)
    if is_earlier_snapshot(layout):
        why = "was loaded by an earlier version of Presswatch: `presswatch ingest` loads it again"
        raise QueryError(f"{layout.current} {why}")
    return layout


def require_files(layout: Layout, topic: str, export: Path | None, imported: Path | None) -> None:
    """End the command if an export would replace a file, or an import has no sample."""
    if export and export.is_file():
        why = "is there already: take its verdicts with --import, or name another file"
        fail(f"{export} {why}", Exit.WRONG_USAGE)
    if not imported:
        return
    verdict_file(imported)
    if not newest(layout, topic, "precision"):
        fail(f"{topic} has no sample yet: --export draws one, and writes it", Exit.WRONG_USAGE)


def sample_of(
    layout: Layout, topic: str, kind: Kind, n: int, seed: int | None, *, is_new: bool
) -> Audit:
    """The last sample of a topic, or a new one."""
    last = None if is_new else newest(layout, topic, kind)
    if last:
        return last
    number = secrets.randbits(31) if seed is None else seed
    sample = draw_sample(layout, topic, n, number, datetime.now(UTC), kind)
    what = "articles" if kind == "precision" else "near misses"
    print(
        f"{sample.audit_id}: {len(sample.articles):,} of {sample.population:,} {what},"
        f" seed {number}"
    )
    return read_audit(layout, sample.audit_id)


def import_verdicts(
    layout: Layout, audits: list[Audit], path: Path, reader: str, *, for_all_rows: bool
) -> list[str]:
    """Import verdicts from a file; print and return the problems of rows that were left out."""
    done = import_csv(layout, audits, path, reader, for_all_rows=for_all_rows)
    for problem in done.problems:
        print_to_stderr(problem)
    print(
        f"{path}: {counted(done.taken, 'verdict')} taken, {done.unchanged} as before,"
        f" {done.empty} empty, {len(done.problems)} wrong"
    )
    return done.problems


def judge(judging: Judging, key: Callable[[], str], console: Console) -> None:
    """Show the articles not judged yet, one after another, and save the verdict of each key."""
    articles = judging.audit().sample.articles
    places = {article.article_id: at for at, article in enumerate(articles, 1)}
    article = judging.next_article()
    while article:
        false: set[int] = set()
        while True:
            console.print(article_view(article, places[article.article_id], len(articles), false))
            pressed = key().lower()
            if pressed in KEYS:
                judging.record_verdict(article.article_id, KEYS[pressed], false)
                article = judging.next_article()
                break
            if pressed == "b":
                article = judging.take_back() or article
                break
            if pressed in ("q", "\x03", "\x04", "\x1b"):
                return
            if pressed.isdecimal() and 0 < int(pressed) <= len(article.hits):
                false ^= {int(pressed) - 1}
    console.print(f"{judging.audit_id}: all {len(articles)} are judged by {judging.reader}")


def article_view(article: SampledArticle, place: int, of: int, false: set[int]) -> Text:
    """An article for a terminal: source, day, headline, and each mention in its sentence."""
    about = (article.source_id, str(article.published_date), article.language or "")
    text = Text.assemble(
        (f"\n{place} of {of}  ", "dim"), (" · ".join(filter(None, about)), "cyan"), "\n"
    )
    text.append_text(printable(article.headline or "without a headline", "bold")).append("\n")
    for number, hit in enumerate(article.hits, 1):
        text.append(f"{number:2} ", "dim")
        text.append_text(printable(hit.context_left))
        text.append_text(
            printable(hit.matched_text, "strike" if number - 1 in false else "reverse")
        )
        text.append_text(printable(hit.context_right)).append("\n")
    if article.text:
        text.append_text(printable(article.text)).append("\n")
    return text.append(HELP, "dim")


def print_results(layout: Layout, topic: str) -> None:
    """Print the results of a topic's audits."""
    with snapshot(layout) as con:
        known = con.execute("SELECT 1 FROM topics WHERE topic_id = ?", [topic]).fetchall()
        if not known:
            raise QueryError(f"no topic {topic!r}; `presswatch report --table` names them")
        Console().print(Rule(topic, align="left"), results_view(con, topic))
