"""Searching made sites for their feeds: what is found, what is not, and what each place is called."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.collect.fetch import Client
from tasks.find.search import MOST_REQUESTS, Found, Search
from tasks.settings import Limits
from tests.support.loopback import AGENT, Loopback
from tests.support.made_sites import NOW, Served, Site, sites

pytestmark = pytest.mark.slow
SITES = {site.shape: site for site in sites()}


def resolve(host: str, port: int) -> list[Any]:
    """All names are this machine's, but for one of an address that is never allowed."""
    address = "169.254.169.254" if "inside" in host else "127.0.0.1"
    return [(socket.AF_INET, (address, port))]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Loopback() as web:
        yield Served(web)


def search(served: Served, site: Site, folder: Path, **options: Any) -> Found:
    limits = Limits(max_seconds=1, connect_seconds=1, max_bytes=1_000_000)
    with Client(limits, AGENT, folder, resolve=resolve, backoff_seconds=0.01) as client:
        about = {"allow_private": True, "pause": 0, "now": NOW, "most_seconds": 60} | options
        return Search(client, limits, **about).run(served.address(site))


@pytest.mark.parametrize("shape", SITES)
def test_all_feeds_are_found_and_none_invented(shape: str, served: Served, tmp_path: Path) -> None:
    site = SITES[shape]
    found = search(served, site, tmp_path)
    told = "\n".join(f"{t.url}: {t.outcome}, {t.detail}, {t.found_by}" for t in found.trials)
    wanted = {served.url(site, path) for path in site.wanted}
    assert {trial.url for trial in found.taken} == wanted, told
    outcomes = {trial.url: trial.outcome for trial in found.trials}
    for path, outcome in site.outcomes.items():
        assert outcomes.get(served.url(site, path)) == outcome, told
    assert found.requests <= MOST_REQUESTS
