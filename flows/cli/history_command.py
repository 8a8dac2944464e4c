"""`presswatch history`: fill days that were not collected."""

from datetime import date
from typing import Annotated

import typer
from rich.console import Console

from flows.cli.console import ledger_view, show_progress
from flows.cli.exit_status import Exit
from flows.cli.options import DataFolder, SourcesFile, TopicsFile, day, flow_files
from flows.processes.temporary_server import PrefectServer
from tasks.installation import SOURCES, TOPICS, open_installation
from tasks.settings import MAX_PAGES


def history(
    first: Annotated[
        date, typer.Option("--from", parser=day, metavar="YYYY-MM-DD", help="First UTC day.")
    ],
    last: Annotated[
        date, typer.Option("--to", parser=day, metavar="YYYY-MM-DD", help="Last UTC day.")
    ],
    source: Annotated[
        list[str] | None, typer.Argument(help="Ids of sources; all of them without one.")
    ] = None,
    sitemaps: Annotated[
        bool, typer.Option(help="Read the sitemaps that the sources keep of the past.")
    ] = True,
    wayback: Annotated[
        bool, typer.Option(help="Ask the Wayback Machine for what is still missing then.")
    ] = True,
    max_requests: Annotated[
        int, typer.Option(min=1, max=MAX_PAGES, help="Requests at most; run again to go on.")
    ] = 1_000,
    captures_per_page: Annotated[
        int, typer.Option(min=1, max=20, help="Captures of a page that are tried at most.")
    ] = 2,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Fetch no pages; say how many, and how long it takes.")
    ] = False,
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
    data: DataFolder = None,
) -> None:
    """Fill days that were not collected, from old sitemaps and the Wayback Machine; resumes."""
    installation = open_installation(sources, topics, data or "")
    installation.chosen(source or ())  # a wrong id ends here
    server = PrefectServer()
    from flows import history as job

    with show_progress():
        server.wait()
        done = job.history(
            first=first,
            last=last,
            only=list(source or ()),
            sitemaps=sitemaps,
            wayback=wayback,
            max_requests=max_requests,
            captures_per_page=captures_per_page,
            dry_run=dry_run,
            **flow_files(installation),
        )
    Console().print(ledger_view(job.outcome_in_words(done), job.COLUMNS, job.ledger(done)))
    raise typer.Exit(Exit.SOME_SOURCES_FAILED if done.failed else Exit.DONE)
