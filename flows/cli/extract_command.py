"""The command `extract`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flows.cli.console import page_view, show_progress
from flows.cli.data_folder import layout_of
from flows.cli.exit_status import Exit, fail
from flows.cli.options import DataFolder, SourcesFile
from tasks.installation import SOURCES
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
            # A raw_ref such as gb-bbc/<run>.warc.gz#1234; its archive may be in the store only.
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
