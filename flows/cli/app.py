"""The `presswatch` command."""

import os
from datetime import UTC, date, datetime
from typing import Annotated, Literal

import typer
from rich.console import Console

from flows.cli.admin_commands import backup, demo, deploy, desk, env, maintain, repair, serve
from flows.cli.audit_command import audit
from flows.cli.console import ledger_view, show_progress
from flows.cli.exit_status import Exit, ReportedErrors, print_to_stderr
from flows.cli.extract_command import extract
from flows.cli.health_command import health
from flows.cli.history_command import history
from flows.cli.options import DataFolder, SourcesFile, TopicsFile, day, flow_files, print_version
from flows.cli.query_commands import mcp, report, schema, sql
from flows.cli.source_commands import (
    check_sources,
    export_sources,
    find_source,
    import_sources,
    list_collections,
    sources_health,
)
from flows.cli.topic_commands import list_topics, suggest_aliases
from flows.processes.temporary_server import PrefectServer
from tasks.installation import SOURCES, TOPICS, open_installation
from tasks.process_pool import start_fork_server
from tasks.settings import MAX_DAYS, MAX_PAGES, MAX_PROCESSES, misspelt

app = typer.Typer(
    help=__doc__,
    cls=ReportedErrors,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
sources_app = typer.Typer(help="The sources of this installation.", no_args_is_help=True)
app.add_typer(sources_app, name="sources")
topics_app = typer.Typer(invoke_without_command=True)
app.add_typer(topics_app, name="topics")

Only = Annotated[list[str] | None, typer.Option("--only", help="A source's id; may be repeated.")]
Domains = Annotated[
    list[str] | None, typer.Option(help="Pages of this domain and its subdomains; repeatable.")
]
Languages = Annotated[
    list[str] | None, typer.Option(help="Articles in this language, such as en; repeatable.")
]


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=print_version, help="Print the version."),
    ] = False,
) -> None:
    """Count how often topics come up in the papers you follow."""
    for line in misspelt(os.environ):
        print_to_stderr(line, "WARNING")


@app.command()
def ingest(
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
    only: Only = None,
    since_days: Annotated[
        int,
        typer.Option(
            min=0, max=MAX_DAYS, help="Leave what was published more days ago; 0 takes all."
        ),
    ] = 0,
    max_new: Annotated[
        int,
        typer.Option(min=0, max=MAX_PAGES, help="New pages per source; 0 takes the setting."),
    ] = 0,
    due: Annotated[bool, typer.Option("--due", help="Ask only the sources that are due.")] = False,
) -> None:
    """Collect every source, or the named ones, and load what is new."""
    installation = open_installation(sources, topics, data or "")
    chosen = installation.chosen(only or ())
    if due:
        from tasks.collect.due_sources import due_or_next

        about = (datetime.now(UTC), installation.settings.recheck_after)
        _, message = due_or_next(installation.layout, chosen, *about)
        if message:
            Console().print(message)
            return
    server = PrefectServer()
    from flows.ingest import ingest as job
    from flows.runs.ingest_result import summary

    with show_progress():
        server.wait()
        done = job(
            only=list(only or ()),
            since_days=since_days,
            max_new=max_new,
            due_only=due,
            **flow_files(installation),
        )
    Console().print(summary(done))
    raise typer.Exit(Exit.SOME_SOURCES_FAILED if done.failed else Exit.DONE)


@app.command()
def backfill(
    warcs: Annotated[list[str], typer.Argument(help="WARC files, folders or globs.")],
    domain: Domains = None,
    since: Annotated[
        date, typer.Option(parser=day, metavar="YYYY-MM-DD", help="First day of publication.")
    ] = date(1970, 1, 1),
    until: Annotated[
        date, typer.Option(parser=day, metavar="YYYY-MM-DD", help="Last day of publication.")
    ] = date(9999, 12, 31),
    language: Languages = None,
    only_known: Annotated[
        bool, typer.Option("--only-known", help="Ignore domains that belong to no source.")
    ] = False,
    every_url: Annotated[
        bool, typer.Option("--every-url", help="Read URLs too that do not look like an article's.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Load nothing; estimate from a sample.")
    ] = False,
    processes: Annotated[
        int, typer.Option(min=0, max=MAX_PROCESSES, help="Processes; 0 is one for each core.")
    ] = 0,
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
) -> None:
    """Extract the articles of WARC archives; resumes where it was stopped."""
    installation = open_installation(sources, topics, data or "")
    server = PrefectServer()
    if not installation.settings.dask:
        start_fork_server()  # starts while the flow is imported
    from flows import backfill as job

    with show_progress():
        server.wait()
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
            **flow_files(installation),
        )
    text = job.outcome_in_words(done, processes or installation.settings.processes)
    Console().print(ledger_view(text, job.COLUMNS, job.ledger(done)))
    raise typer.Exit(Exit.SOME_SOURCES_FAILED if done.failed else Exit.DONE)


@app.command()
def rebuild(
    layer: Literal["warehouse", "articles"],
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
) -> None:
    """Rebuild a layer from the one before it, without the network."""
    installation = open_installation(sources, topics, data or "")
    server = PrefectServer()
    from flows import rebuild as job

    with show_progress():
        server.wait()
        job.rebuild(layer=layer, **flow_files(installation))


@app.command()
def recount(
    sources: SourcesFile = SOURCES, topics: TopicsFile = TOPICS, data: DataFolder = None
) -> None:
    """Count changed topics again, over all articles."""
    installation = open_installation(sources, topics, data or "")
    server = PrefectServer()
    from flows import recount as job

    with show_progress():
        server.wait()
        job.recount(**flow_files(installation))


_COMMANDS = (
    *(history, extract, sql, schema, report, audit, desk, mcp, health, serve, deploy, env),
    *(backup, maintain, repair, demo),
)
for command in _COMMANDS:
    app.command()(command)
sources_app.command("check")(check_sources)
sources_app.command("health")(sources_health)
sources_app.command("find")(find_source)
sources_app.command("import")(import_sources)
sources_app.command("export")(export_sources)
sources_app.command("collections")(list_collections)
topics_app.callback()(list_topics)
topics_app.command("suggest")(suggest_aliases)
