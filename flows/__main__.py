"""The `presswatch` command."""

import json
import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from flows import quiet
from flows.asking import DataFolder, layout_of, print_topics, report, schema, sql
from flows.console import narrated, page_view
from flows.exits import Exit, told
from flows.installation import SOURCES, TOPICS, Installation, open_installation

app = typer.Typer(
    help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)
sources_app = typer.Typer(help="The papers of this installation.", no_args_is_help=True)
app.add_typer(sources_app, name="sources")

SourcesFile = Annotated[Path, typer.Option("--sources", help="The papers, a TOML file.")]
TopicsFile = Annotated[Path, typer.Option("--topics", help="The topics, a TOML file.")]
Only = Annotated[list[str] | None, typer.Option("--only", help="A source's id; may be repeated.")]


def _day(value: str | date) -> date:
    return date.fromisoformat(str(value))


class Layer(StrEnum):
    """A layer that can be made again from the one before it."""

    warehouse = "warehouse"
    articles = "articles"


@app.command()
def ingest(
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
    only: Only = None,
    since_days: Annotated[
        int, typer.Option(min=0, help="Leave alone what was published earlier; 0 takes all.")
    ] = 0,
    max_new: Annotated[
        int,
        typer.Option(min=0, help="New pages fetched a source; 0 takes the limit of the settings."),
    ] = 0,
) -> None:
    """Collect every source, or the named ones, and load what is new."""
    place = _installation(sources, topics, data)
    with told():
        place.chosen(only or ())
    quiet.configure()
    from flows import ingest as job

    with narrated(), told():
        done = job.ingest(
            only=list(only or ()),
            since_days=since_days,
            max_new=max_new,
            sources_file=str(sources),
            topics_file=str(topics),
            data=str(place.layout.root),
        )
    Console().print(job.summary(done))
    raise typer.Exit(Exit.SOME_SOURCES_FAILED if done.failed else Exit.DONE)


@app.command()
def backfill(
    warcs: Annotated[list[str], typer.Argument(help="WARC files, folders or globs.")],
    domain: Annotated[
        list[str] | None, typer.Option(help="Pages of this domain and hosts below; repeatable.")
    ] = None,
    since: Annotated[
        date, typer.Option(parser=_day, metavar="YYYY-MM-DD", help="First day of publication.")
    ] = date(1970, 1, 1),
    until: Annotated[
        date, typer.Option(parser=_day, metavar="YYYY-MM-DD", help="Last day of publication.")
    ] = date(9999, 12, 31),
    language: Annotated[
        list[str] | None, typer.Option(help="Articles in this language, such as en; repeatable.")
    ] = None,
    only_known: Annotated[
        bool, typer.Option("--only-known", help="Leave aside what no paper of the sources has.")
    ] = False,
    every_url: Annotated[
        bool, typer.Option("--every-url", help="Also URLs that do not look like an article's.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Load nothing; estimate from a sample.")
    ] = False,
    processes: Annotated[int, typer.Option(min=0, help="0 is one for each core.")] = 0,
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
) -> None:
    """Take the articles out of WARC archives, one's own or others'; go on where one was ended."""
    place = _installation(sources, topics, data)
    quiet.configure()
    from flows import backfill as job

    with narrated(), told():
        done = job.backfill(
            warcs=warcs,
            domains=list(domain or ()),
            since=since,
            until=until,
            languages=list(language or ()),
            only_known=only_known,
            every_url=every_url,
            dry_run=dry_run,
            processes=processes,
            sources_file=str(sources),
            topics_file=str(topics),
            data=str(place.layout.root),
        )
    Console().print(job.summary(done, processes or place.settings.processes))
    raise typer.Exit(Exit.SOME_SOURCES_FAILED if done.failed else Exit.DONE)


@app.command()
def rebuild(
    layer: Layer,
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
) -> None:
    """Make a layer again from the one before it, without the network."""
    place = _installation(sources, topics, data)
    quiet.configure()
    from flows import rebuild as job

    with narrated(), told():
        job.rebuild(
            layer=layer.value,
            sources_file=str(sources),
            topics_file=str(topics),
            data=str(place.layout.root),
        )


@app.command()
def recount(
    sources: SourcesFile = SOURCES, topics: TopicsFile = TOPICS, data: DataFolder = None
) -> None:
    """Count topics whose definition changed again, over all articles kept."""
    place = _installation(sources, topics, data)
    quiet.configure()
    from flows import recount as job

    with narrated(), told():
        job.recount(sources_file=str(sources), topics_file=str(topics), data=str(place.layout.root))


@app.command()
def extract(
    pages: Annotated[list[Path], typer.Argument(help="Saved pages: .html, .html.gz or .txt.")],
    url: Annotated[str | None, typer.Option(help="Where the page came from.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for one JSON file a page.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Id of the source whose settings count for the pages.")
    ] = None,
    sources: SourcesFile = SOURCES,
) -> None:
    """Show what is kept of a page, what is stripped, and why.

    Each page is read by itself: what recurs over a source's pages is seen by an ingest alone.
    """
    from tasks.explain import explain
    from tasks.pool import page_pool
    from tasks.settings import Settings
    from tasks.sources import choose, load_sources

    with told(), narrated(quiet=True):
        settings = Settings()
        paper = choose(load_sources(sources), [source])[0] if source else None
        with page_pool(settings) as pool:
            for page in explain(pages, url, settings.limits, pool, paper):
                _show_page(page.path, page.stem, page.record(), out)


def _show_page(path: Path, stem: str, record: dict[str, Any], out: Path | None) -> None:
    if out:
        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(record, ensure_ascii=False, indent=1)
        (out / f"{stem}.json").write_text(text + "\n", encoding="utf-8")
    elif sys.stdout.isatty():
        Console().print(page_view(path, record))
    else:
        print(json.dumps({"page": str(path), **record}, ensure_ascii=False))


app.command()(sql)
app.command()(schema)
app.command()(report)


@app.command()
def demo(
    data: Annotated[Path, typer.Option(help="The data folder.")] = Path("data/demo"),
) -> None:
    """Serve the sample newsroom on loopback, ingest it, and show the topics."""
    quiet.configure()
    from flows.demo import run_demo

    with narrated(), told():
        done = run_demo(data.absolute())
    print_topics(layout_of(data))
    raise typer.Exit(Exit.SOME_SOURCES_FAILED if done.failed else Exit.DONE)


@app.command()
def serve(
    sources: SourcesFile = SOURCES, topics: TopicsFile = TOPICS, data: DataFolder = None
) -> None:
    """Run a Prefect server and the scheduled ingest, for one machine, until Ctrl-C."""
    place = _installation(sources, topics, data)
    quiet.configure(verbose=True)
    from flows.serve import serve_until_stopped

    serve_until_stopped(place, sources, topics)


@sources_app.command("check")
def check_sources(
    ids: Annotated[list[str] | None, typer.Argument(help="Source ids; all when none.")] = None,
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
) -> None:
    """Try a source: robots.txt, its listings, and one article of each listing."""
    from tasks.survey import survey

    place = _installation(sources, topics, None)
    with told():
        chosen = place.chosen(ids or ())
    works = True
    for source in chosen:
        for finding in survey(source, place.settings):
            works = works and finding.is_good
            Console().print(f"{'ok  ' if finding.is_good else 'FAIL'} {source.id}: {finding.text}")
    raise typer.Exit(Exit.DONE if works else Exit.FAILED)


def _installation(sources: Path, topics: Path, data: Path | None) -> Installation:
    with told():
        return open_installation(sources, topics, data and data.absolute())


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
