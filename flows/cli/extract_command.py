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
from tasks.archive.warc_files import WarcPath, is_file
from tasks.installation import SOURCES
from tasks.model import Outcome
from warehouse.layers.atomic_write import write_whole
from warehouse.layers.layout import Layout


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
    from tasks.refine.preview_page import explain
    from tasks.settings import Settings
    from tasks.sources.collections import load_sources
    from tasks.sources.source import choose

    layout = layout_of(data)
    with show_progress(quiet=True):
        settings = Settings()
        chosen = choose(load_sources(sources), [source])[0] if source else None
        pages = [_locate_page(page, layout) for page in pages]
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


def _locate_page(page: Path, layout: Layout) -> Path:
    """Where a saved page or raw_ref is; ends the command if it is nowhere."""
    from tasks.refine.preview_page import archive_of
    from warehouse.store.archive_files import download_archive

    file: WarcPath = page
    if archive := archive_of(page):
        file = archive[0]
        # gb-bbc/<run>.warc.gz#1234; that archive may be in the store only.
        if isinstance(file, Path) and not file.is_absolute():
            download_archive(layout, str(file))
            file, page = layout.raw / file, layout.raw / page
        elif not is_file(file):
            why = "is not there any more: leave a link there to where it was moved"
            fail(f"the WARC file {file} {why}", Exit.WRONG_USAGE)
    if not is_file(file):
        is_folder = isinstance(file, Path) and file.is_dir()
        why = "is a folder, name its pages" if is_folder else "does not exist"
        fail(f"{file} {why}", Exit.WRONG_USAGE)
    return page
