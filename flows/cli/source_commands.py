"""The commands that add sources: `sources find`, `sources import` and `sources export`."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from flows.cli.console import printable
from flows.cli.options import Exit, SourcesFile, fail, say
from tasks.installation import SOURCES

if TYPE_CHECKING:
    from tasks.find.judge import Trial
    from tasks.find.proposal import Proposal
    from tasks.find.search import Found

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Private = Annotated[
    bool,
    typer.Option("--allow-private-hosts", help="Allow loopback and private addresses, for tests."),
]
Pause = Annotated[float, typer.Option(min=0, help="Seconds between two requests to a host.")]
Add = Annotated[bool, typer.Option("--add", help="Add what is found to the file of sources.")]


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

    Keeps robots.txt, and makes 40 requests at most, one at a time.
    """
    from tasks.find.find_source import as_entry, find
    from tasks.settings import Settings
    from tasks.sources.add_sources import add_sources, problems_of

    def tell(trial: "Trial") -> None:
        if not as_json:
            mark = "ok  " if trial.is_taken else "    "
            line = f"{mark} {trial.url}: {trial.outcome}, {trial.detail}, {trial.found_by}"
            Console(stderr=True, soft_wrap=True).print(printable(line))

    found, proposed = find(
        domain,
        Settings(),
        tell=tell,
        pause=pause,
        allow_private=allow_private_hosts,
        given={"id": source_id, "name": name, "language": language, "timezone": timezone},
    )
    if as_json:
        print(json.dumps(_as_json(found, proposed), ensure_ascii=False, indent=1))
    elif found.taken:
        print(as_entry(proposed), end="")
    if not found.taken:
        fail(f"{domain}: {_nothing(found)}", Exit.FAILED)
    if add:
        if proposed.missing:
            options = ", ".join(f"--{key}" for key in proposed.missing)
            fail(f"{domain}: not added, give {options}", Exit.WRONG_USAGE)
        if wrong := problems_of(proposed.entry):
            fail(f"{domain}: not added, {'; '.join(wrong)}", Exit.WRONG_USAGE)
        add_sources(sources, [proposed.entry])
        say(f"added {proposed.entry['id']} to {sources}", "INFO")


def _nothing(found: "Found") -> str:
    """Why a search found nothing, in a line."""
    if found.home_detail:
        return f"no feed found; its home page: {found.home_outcome}: {found.home_detail}"
    return f"no feed found in {found.requests} requests"


def _as_json(found: "Found", proposed: "Proposal") -> dict[str, Any]:
    tried = [
        {
            "url": trial.url,
            "found_by": trial.found_by,
            "outcome": trial.outcome,
            "detail": trial.detail,
            "kind": trial.kind or None,
            "entries": len(trial.entries),
        }
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
