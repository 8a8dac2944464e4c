"""Searching made sites for their feeds: what is found, and what each place is called."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tasks.collect.fetch.client import Client
from tasks.find.search_site import MAX_REQUESTS, Search
from tasks.settings import Limits
from tests.bench.find import resolve, search
from tests.collect.test_fetch_hosts import certificate
from tests.support.loopback import AGENT, Loopback, http, redirect
from tests.support.made_feeds import NOW, page, rss
from tests.support.made_shapes import sites
from tests.support.made_site import declares
from tests.support.made_sites import Served

pytestmark = pytest.mark.slow
SITES = {site.shape: site for site in sites()}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Loopback() as web:
        yield Served(web)


@pytest.mark.parametrize("shape", SITES)
def test_all_feeds_are_found_and_none_invented(shape: str, served: Served, tmp_path: Path) -> None:
    site = SITES[shape]
    found = search(served, site, tmp_path)
    told = "\n".join(f"{t.url}: {t.outcome}, {t.detail}, {t.found_by}" for t in found.trials)
    wanted = {served.url(site, path) for path in site.wanted.split()}
    assert {trial.url for trial in found.taken} == wanted, told
    outcomes = {trial.url: trial.outcome for trial in found.trials}
    for path, outcome in site.outcomes.items():
        assert outcomes.get(served.url(site, path)) == outcome, told
    assert found.requests <= MAX_REQUESTS


def test_the_made_sites_have_enough_feeds() -> None:
    assert sum(len(site.wanted.split()) for site in SITES.values()) >= 50


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        ("http://user:secret@paper.com/", "url_invalid"),
        ("ftp://paper.com/", "scheme_refused"),
        ("http://169.254.169.254/", "address_refused"),
        ("http://metadata.com/latest", "address_refused"),
        ("https://exa mple.com", "url_invalid"),
    ],
)
def test_what_is_refused_is_named_and_nothing_is_asked(
    asked: str, outcome: str, tmp_path: Path
) -> None:
    with Client(Limits(), AGENT, tmp_path, resolve=resolve) as client:
        found = Search(client, Limits(), allow_private=True, pause=0).run(asked)
    assert (found.home_outcome, found.requests, found.taken) == (outcome, 0, ())
    assert "secret" not in found.home_detail


def test_loopback_is_refused_unless_it_is_allowed(served: Served, tmp_path: Path) -> None:
    site = SITES["declared-absolute"]
    found = search(served, site, tmp_path, allow_private=False)
    assert found.home_outcome == "address_refused"
    assert "not a public address" in found.home_detail
    assert found.requests == 0


def test_a_host_by_its_number_and_one_in_another_script(tmp_path: Path) -> None:
    with Loopback() as web:
        web.set_answers("/", http(page(declares("/out.rss"))))
        web.set_answers("/out.rss", http(rss()))
        limits = Limits(max_seconds=1)
        for host, name in (("127.0.0.1", "127.0.0.1"), ("münchner-blatt.de", "xn--")):
            with Client(limits, AGENT, tmp_path / name, resolve=resolve) as client:
                find = Search(client, limits, allow_private=True, pause=0, now=NOW)
                found = find.run(f"{host}:{web.port}")
            assert name in found.home
            assert [trial.outcome for trial in found.taken] == ["taken"], found.trials


def test_http_that_leads_to_https(tmp_path: Path) -> None:
    file, context = certificate(tmp_path, "paper.com")
    with Loopback(context) as secure, Loopback() as plain:
        plain.set_answers("/", redirect(f"https://paper.com:{secure.port}/"))
        secure.set_answers("/", http(page(declares("/out.rss"))))
        secure.set_answers("/out.rss", http(rss()))
        cache = tmp_path / "cache"
        with Client(Limits(), AGENT, cache, ca_bundle=str(file), resolve=resolve) as client:
            find = Search(client, Limits(), allow_private=True, pause=0, now=NOW)
            found = find.run(f"http://paper.com:{plain.port}/")
    assert [trial.url for trial in found.taken] == [f"https://paper.com:{secure.port}/out.rss"]


def test_a_search_ends_at_its_limits(served: Served, tmp_path: Path) -> None:
    site = SITES["sections-without-end"]
    few = search(served, site, tmp_path / "few", max_requests=5)
    assert few.requests <= 6  # a redirect or robots.txt may be the last
    assert "not_tried" in {trial.outcome for trial in few.trials}
    late = search(served, site, tmp_path / "late", max_seconds=0.5, pause=0.2)
    assert "not_tried" in {trial.outcome for trial in late.trials}


def test_requests_are_apart_and_say_who_asks(served: Served, tmp_path: Path) -> None:
    site = SITES["declared-relative"]
    before = len(served.web.hits)
    search(served, site, tmp_path, pause=0.02)
    hits = served.web.hits[before:]
    assert {hit.header("User-Agent") for hit in hits} == {AGENT}
    assert hits[0].path == "/robots.txt"
    # Not from the answer's end, which the server may note after the client has read it.
    assert all(b.began - a.began >= 0.02 for a, b in pairwise(hits))
