"""How many feeds the search finds on made sites: `python -m tests.bench.find`; no network."""

import socket
import tempfile
from pathlib import Path
from typing import Any

from tasks.collect.fetch.client import Client
from tasks.find.search_site import Search, SiteSearchResult
from tasks.settings import Limits
from tests.support.loopback import AGENT, Loopback
from tests.support.made_feeds import NOW
from tests.support.made_shapes import sites
from tests.support.made_site import Site
from tests.support.made_sites import Served

MAX_SECONDS = 60.0


def resolve(host: str, port: int) -> list[Any]:
    """All names are this machine's, but for one of an address that is never allowed."""
    address = "169.254.169.254" if host.startswith(("metadata", "169.254.")) else "127.0.0.1"
    return [(socket.AF_INET, (address, port))]


def search(served: Served, site: Site, folder: Path, **options: Any) -> SiteSearchResult:
    """Search a made site, without pauses."""
    limits = Limits(max_seconds=1, connect_seconds=1, max_bytes=1_000_000)
    with Client(limits, AGENT, folder, resolve=resolve, backoff_seconds=0.01) as client:
        about: dict[str, Any] = {"allow_private": True, "pause": 0, "now": NOW}
        about |= {"max_seconds": MAX_SECONDS} | options
        return Search(client, limits, **about).run(served.address(site))


def counts(served: Served, site: Site, found: SiteSearchResult) -> tuple[int, int, int]:
    """Listings of a site that should be found, that are, and that are invented."""
    wanted = {served.url(site, path) for path in site.wanted.split()}
    taken = {trial.url for trial in found.taken}
    return len(wanted), len(wanted & taken), len(taken - wanted)


def run() -> None:
    """Print the table."""
    total = [0, 0, 0, 0]
    print("| site | listings | found | invented | requests |\n|---|---|---|---|---|")
    with Loopback() as web, tempfile.TemporaryDirectory() as folder:
        served = Served(web)
        for site in sites():
            found = search(served, site, Path(folder) / site.shape)
            row = (*counts(served, site, found), found.requests)
            total = [sum(pair) for pair in zip(total, row, strict=True)]
            print(f"| {site.shape} | {' | '.join(map(str, row))} |")
    print(f"| **all** | {' | '.join(map(str, total))} |")
    print(f"\nfound: {total[1] / total[0]:.1%} (target 95 %), invented: {total[2]} (target 0)")


if __name__ == "__main__":
    run()
