"""The commands of `presswatch sources`: check, collections, health, find, import, export."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console

from flows.cli.console import printable
from flows.cli.data_folder import readable_layout
from flows.cli.exit_status import Exit, fail, print_to_stderr
from flows.cli.options import DataFolder, SourcesFile, TopicsFile
from tasks.installation import SOURCES, TOPICS, open_installation
from tasks.text.counted import counted
from warehouse.layers.atomic_write import write_whole

if TYPE_CHECKING:
    from tasks.find.judge import Trial
    from tasks.find.proposal import Proposal
    from tasks.find.search_site import SiteSearchResult

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Private = Annotated[
    bool,
    typer.Option("--allow-private-hosts", help="Allow loopback and private addresses, for tests."),
]
Pause = Annotated[float, typer.Option(min=0, help="Seconds between two requests to a host.")]
Add = Annotated[bool, typer.Option("--add", help="Add what is found to the file of sources.")]


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
    are_good = True
    for source in chosen:
        for finding in check_source(source, installation.settings):
            are_good = are_good and finding.is_good
            line = f"{'ok  ' if finding.is_good else 'FAIL'} {source.id}: {finding.text}"
            Console().print(printable(line))
        # Its articles are loaded, but count in no share of these topics.
        if lacking := without_alias(installation.topics, source.language):
            Console().print(printable(f"WARN {source.id}: {lacking}"))
    raise typer.Exit(Exit.DONE if are_good else Exit.FAILED)


def list_collections(
    name: Annotated[
        str | None, typer.Argument(help="A collection, country or kind: list its sources.")
    ] = None,
) -> None:
    """List the collections from which `sources.toml` can select."""
    from flows.cli.collection_tables import collections_table, sources_table
    from tasks.sources.collections import by_name, load_collections

    sources = load_collections()
    chosen = by_name(name, sources, "sources collections") if name else ()
    print(sources_table(chosen) if name else collections_table(sources), end="")


def sources_health(data: DataFolder = None) -> None:
    """Show which sources fail, are silent or lose articles, and how often each is asked."""
    from flows.cli.console import health_view, losses_view
    from warehouse.read.poll_intervals import poll_intervals
    from warehouse.read.query import snapshot
    from warehouse.read.source_health import source_health

    layout = readable_layout(data)
    with snapshot(layout):
        sources, intervals = source_health(layout).values(), poll_intervals(layout)
    Console().print(health_view(sources, intervals))
    Console().print(losses_view(sources))


def find_source(
    domain: Annotated[str, typer.Argument(help="A domain such as nikkei.com, or a URL.")],
    add: Add = False,
    source_id: Annotated[str, typer.Option("--id", help="The source's id.")] = "",
    name: Annotated[str, typer.Option(help="Its name.")] = "",
    language: Annotated[str, typer.Option(help="Its language, such as en.")] = "",
    timezone: Annotated[str, typer.Option(help="Its time zone, such as Asia/Tokyo.")] = "",
    pause: Pause = 2.0,
    allow_private_hosts: Private = False,
    as_json: AsJson = False,
    sources: SourcesFile = SOURCES,
) -> None:
    """Find the feeds and news sitemaps of a site, and print its entry for sources.toml.

    Obeys robots.txt, and makes 40 requests at most, one at a time.
    """
    from tasks.find.find_source import as_entry, find
    from tasks.settings import Settings
    from tasks.sources.add_sources import add_sources, problems_of

    def print_trial(trial: "Trial") -> None:
        if not as_json:
            check = "ok  " if trial.is_taken else "    "
            line = f"{check} {trial.url}: {trial.outcome}, {trial.detail}, {trial.found_by}"
            Console(stderr=True, soft_wrap=True).print(printable(line))

    found, proposed = find(
        domain,
        Settings(),
        tell=print_trial,
        pause=pause,
        allow_private=allow_private_hosts,
        given={"id": source_id, "name": name, "language": language, "timezone": timezone},
    )
    if as_json:
        print(json.dumps(_as_json(found, proposed), ensure_ascii=False, indent=1))
    elif found.taken:
        print(as_entry(proposed), end="")
    if not found.taken:
        _fail_without_feed(domain, found)
    if add:
        if proposed.missing:
            options = ", ".join(f"--{key}" for key in proposed.missing)
            fail(f"{domain}: not added, give {options}", Exit.WRONG_USAGE)
        if wrong := problems_of(proposed.entry):
            fail(f"{domain}: not added, {'; '.join(wrong)}", Exit.WRONG_USAGE)
        add_sources(sources, [proposed.entry])
        print_to_stderr(f"added {proposed.entry['id']} to {sources}", "INFO")


def _fail_without_feed(domain: str, found: "SiteSearchResult") -> NoReturn:
    from tasks.model import Outcome

    if found.home_outcome == Outcome.URL_INVALID:
        fail(f"{domain!r} is no domain or URL: {found.home_detail}", Exit.WRONG_USAGE)
    home = f"; its home page: {found.home_outcome}: {found.home_detail}"
    where = home if found.home_detail else f" in {found.requests} requests"
    fail(f"{domain}: no feed found{where}", Exit.FAILED)


def _as_json(found: "SiteSearchResult", proposed: "Proposal") -> dict[str, Any]:
    names = ("url", "found_by", "outcome", "detail")
    tried = [
        {name: getattr(trial, name) for name in names}
        | {"kind": trial.kind or None, "entries": len(trial.entries)}
        for trial in found.trials
    ]
    return {
        "asked": found.asked,
        "home": found.home,
        "home_outcome": found.home_outcome,
        "requests": found.requests,
        "seconds": round(found.seconds, 1),
        "entry": proposed.entry if found.taken else None,
        "evidence": {key: value.why for key, value in proposed.values.items()},
        "missing": proposed.missing,
        "tried": tried,
    }


def import_sources(
    file: Annotated[Path, typer.Argument(help="OPML of a feed reader, or CSV of Media Cloud.")],
    add: Add = False,
    search: Annotated[bool, typer.Option("--find", help="Ask each site, as `find` does.")] = False,
    language: Annotated[str, typer.Option(help="For sources whose language is not known.")] = "",
    timezone: Annotated[str, typer.Option(help="For sources whose time zone is not known.")] = "",
    pause: Pause = 2.0,
    allow_private_hosts: Private = False,
    as_json: AsJson = False,
    sources: SourcesFile = SOURCES,
) -> None:
    """Make entries for sources.toml from a list: OPML, or CSV with the columns of Media Cloud.

    Without --find no requests are made, and a source needs a feed in the list.
    """
    from tasks.find.listed import import_listed
    from tasks.find.read_list import entry_from_site, read_list
    from tasks.settings import Settings
    from tasks.sources.add_sources import add_sources, as_toml
    from tasks.sources.collections import load_sources

    known = load_sources(sources, may_be_empty=True) if sources.exists() else ()
    ask = None
    if search:
        ask = partial(entry_from_site, Settings(), pause=pause, allow_private=allow_private_hosts)
    done = import_listed(read_list(file), known, language=language, timezone=timezone, ask=ask)
    if as_json:
        left_out = [{"name": name, "reason": reason} for name, reason in done.left_out]
        answer = {"entries": done.entries, "left_out": left_out}
        print(json.dumps(answer, ensure_ascii=False, indent=1))
    else:
        print("\n".join(map(as_toml, done.entries)), end="")
        for name, reason in done.left_out:
            print_to_stderr(f"left out: {name}: {reason}", "WARNING")
    if add and done.entries:
        add_sources(sources, done.entries)
    counts = f"{counted(len(done.entries), 'entry', 'entries')}, {len(done.left_out)} left out"
    print_to_stderr(
        f"{file}: {counts}{f', added to {sources}' if add and done.entries else ''}", "INFO"
    )
    raise typer.Exit(Exit.SOME_SOURCES_FAILED if done.left_out else Exit.DONE)


def export_sources(
    opml: Annotated[Path | None, typer.Option(help="File to write as OPML, with all keys.")] = None,
    table: Annotated[
        Path | None, typer.Option("--csv", help="File to write as CSV, with the main keys.")
    ] = None,
    sources: SourcesFile = SOURCES,
) -> None:
    """Write the sources as OPML, for feed readers, or as CSV; `import` reads both."""
    from tasks.find.csv_list import write_csv
    from tasks.find.opml import write_opml
    from tasks.sources.collections import load_sources

    if not (opml or table):
        fail("name a file with --opml or --csv", Exit.WRONG_USAGE)
    entries = load_sources(sources)
    if opml:
        write_whole(opml, write_opml(entries))
    if table:
        write_whole(table, write_csv(entries).encode())
