"""The commands that look at pages and sources: `extract` and `sources check`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flows.cli.console import page_view, printable, show_progress
from flows.cli.exit_status import Exit, fail
from flows.cli.options import DataFolder, SourcesFile, TopicsFile
from flows.cli.query_commands import layout_of
from tasks.installation import SOURCES, TOPICS, open_installation
from tasks.model import Outcome
from tasks.refine.preview_page import ARCHIVED, explain
from warehouse.layers.atomic_write import write_whole


def extract(
    pages: Annotated[
        list[Path], typer.Argument(help="Saved pages (.html, .mhtml, .txt, .gz), or raw_refs.")
    ],
    url: Annotated[str | None, typer.Option(help="URL that the page came from.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for one JSON file per page.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Id of the source whose settings apply.")
    ] = None,
    sources: SourcesFile = SOURCES,
    data: DataFolder = None,
) -> None:
    """Show what is kept of a page, what is stripped, and why.

    Each page is read by itself; text that recurs over a source's pages is only found by an ingest.
    """
    from tasks.process_pool import page_pool
    from tasks.settings import Settings
    from tasks.sources.source import choose, load_sources
    from warehouse.store.archive_files import download_archive

    layout = layout_of(data)
    with show_progress(quiet=True):
        settings = Settings()
        chosen = choose(load_sources(sources), [source])[0] if source else None
        for number, page in enumerate(pages):
            file = page
            # A raw_ref such as gb-bbc/<run>.warc.gz#1234, whose archive only the store may have.
            if ARCHIVED.search(page.name):
                name = str(page).rpartition("#")[0]
                download_archive(layout, name)
                file, pages[number] = layout.raw / name, layout.raw / page
            if not file.is_file():
                why = "is a folder, name its pages" if file.is_dir() else "does not exist"
                fail(f"{file} {why}", Exit.WRONG_USAGE)
        are_readable = True
        with page_pool(settings) as pool:
            for page, record in explain(pages, url, settings.limits, pool, chosen):
                are_readable &= not (record["rejection"] or "").startswith(Outcome.UNREADABLE_FILE)
                if out:
                    out.mkdir(parents=True, exist_ok=True)
                    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
                    stem = page.name.partition(".")[0]
                    write_whole(out / f"{stem}.json", text.encode())
                elif sys.stdout.isatty():
                    Console().print(page_view(page, record))
                else:
                    print(json.dumps({"page": str(page), **record}, ensure_ascii=False))
    raise typer.Exit(Exit.DONE if are_readable else Exit.FAILED)


def check_sources(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Source ids; all sources when none is given.")
    ] = None,
    sources: SourcesFile = SOURCES,
    topics: TopicsFile = TOPICS,
) -> None:
    """Try a source: robots.txt, its listings, and one article of each listing."""
    from tasks.collect.check_source import check_source
    from tasks.topics.languages import without_alias

    installation = open_installation(sources, topics)
    chosen = installation.chosen(ids or ())
    works = True
    for source in chosen:
        for finding in check_source(source, installation.settings):
            works = works and finding.is_good
            line = f"{'ok  ' if finding.is_good else 'FAIL'} {source.id}: {finding.text}"
            Console().print(printable(line))
        # Its articles load, and are in no share of these topics.
        if lacking := without_alias(installation.topics, source.language):
            Console().print(printable(f"WARN {source.id}: {lacking}"))
    raise typer.Exit(Exit.DONE if works else Exit.FAILED)


def list_collections(
    name: Annotated[
        str | None, typer.Argument(help="A collection, country or kind: list its sources.")
    ] = None,
) -> None:
    """List the collections from which `sources.toml` can select."""
    from flows.cli.collection_tables import collections_table, sources_table
    from tasks.sources.collections import by_name
    from tasks.sources.source import load_collections

    sources = load_collections()
    chosen = by_name(name, sources, "sources collections") if name else ()
    print(sources_table(chosen) if name else collections_table(sources), end="")
