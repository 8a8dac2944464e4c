"""The `presswatch` command."""

import json
import logging
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from flows import quiet
from flows.asking import DataFolder, health, layout_of, print_topics, report, schema, sql
from flows.console import narrated, page_view
from flows.exits import Exit, fail, told
from flows.installation import SOURCES, TOPICS, Installation, open_installation

log = logging.getLogger("flows")
app = typer.Typer(
    help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)
sources_app = typer.Typer(help="The papers of this installation.", no_args_is_help=True)
app.add_typer(sources_app, name="sources")

SourcesFile = Annotated[
    Path, typer.Option("--sources", envvar="PRESSWATCH_SOURCES", help="The papers.")
]
TopicsFile = Annotated[
    Path, typer.Option("--topics", envvar="PRESSWATCH_TOPICS", help="The topics.")
]
Only = Annotated[list[str] | None, typer.Option("--only", help="A source's id; may be repeated.")]


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
    from flows.ending import summary
    from flows.ingest import ingest as job

    with narrated(), told():
        done = job(
            only=list(only or ()),
            since_days=since_days,
            max_new=max_new,
            sources_file=str(sources),
            topics_file=str(topics),
            data=str(place.layout.root),
        )
    Console().print(summary(done))
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
def maintain(
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Only look whether what is kept still holds.")
    ] = False,
) -> None:
    """Compact closed days, remove what is no longer needed, verify what is kept."""
    place = _installation(sources, topics, data)
    quiet.configure()
    from flows import maintain as job

    with narrated(), told():
        done = job.maintain(
            verify_only=verify,
            sources_file=str(sources),
            topics_file=str(topics),
            data=str(place.layout.root),
        )
    Console().print(job.summary(done))


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
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the UI, on this machine.")] = 4200,
) -> None:
    """Run Prefect's server, a worker and the schedules on this machine, until Ctrl-C."""
    place = _installation(sources, topics, data)
    quiet.configure(verbose=True)
    from flows.serve import serve_until_stopped

    with narrated(), told():
        serve_until_stopped(place, port)


@app.command()
def deploy(
    sources: SourcesFile = SOURCES, topics: TopicsFile = TOPICS, data: DataFolder = None
) -> None:
    """Register deployments and automations with the server at PREFECT_API_URL."""
    place = _installation(sources, topics, data)
    quiet.configure(verbose=True)
    from flows.deploy import deploy as register

    with told():
        for one in register(place):
            print(f"{one.name} is deployed")


@app.command()
def env(
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
    api: Annotated[
        str, typer.Option(envvar="PREFECT_API_URL", help="Address of the server's API.")
    ] = "http://127.0.0.1:4200/api",
) -> None:
    """Print the settings of server and workers as an environment file of systemd or compose.

    What holds a secret is named and left out.
    """
    place = _installation(sources, topics, data)
    from flows.environment import env_file

    with told():
        print(env_file(place.settings, api, os.environ))


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="The copy; made when it is not there.")],
    data: DataFolder = None,
) -> None:
    """Copy the data folder, also beside a running ingest; only what is new since the last time."""
    from warehouse.backup import back_up

    layout, target = layout_of(data), folder.expanduser().absolute()
    if layout.root.is_relative_to(target) or target.is_relative_to(layout.root):
        fail(f"{target} and the data folder {layout.root} must lie apart", Exit.WRONG_USAGE)
    with told(), narrated():
        done = back_up(layout, target, log.info)
    print(
        f"{target}: {done.runs} runs, {done.parquet_files} Parquet files,"
        f" {done.archives} archive files; {done.copied} copied now"
    )


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


sources_app.command("health")(health)


def _installation(sources: Path, topics: Path, data: Path | None) -> Installation:
    with told():
        return open_installation(sources, topics, data or "")


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
