"""robots.txt: read with limits, obeyed on every hop, kept for a day over runs."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tasks.collect.fetch.client import Client
from tasks.collect.fetch.robots import MAX_BYTES, MAX_DELAY_SECONDS, Policy
from tasks.model import Attempt, CaptureKind, Outcome
from tasks.settings import Limits
from tests.support.loopback import Loopback, dripping, endless, http, redirect

PAGE = http(b"<p>A page.</p>")
SHORT = Limits(max_seconds=2, connect_seconds=1, max_tries=1)


class Reader:
    """A client and what it recorded."""

    def __init__(self, cache: Path, limits: Limits = SHORT) -> None:
        self.client = Client(limits, "Presswatch/0 (+mailto:a@b.example)", cache)
        self.recorded: list[Attempt] = []

    def get(self, url: str, kind: CaptureKind = CaptureKind.PAGE) -> Attempt:
        return self.client.get(
            url, kind=kind, record=self.recorded.append, min_interval=0, allow_private=True
        )

    @property
    def robots(self) -> list[Attempt]:
        return [attempt for attempt in self.recorded if attempt.kind is CaptureKind.ROBOTS]


@pytest.fixture
def reader(tmp_path: Path) -> Callable[[], Reader]:
    return lambda: Reader(tmp_path)


def rules(text: str) -> bytes:
    return http(text.encode(), Content_Type="text/plain")


def test_forbidden_pages_and_listings_are_not_asked_for(reader: Callable[[], Reader]) -> None:
    with Loopback() as site:
        site.set_answers(
            "/robots.txt", rules("User-agent: *\nDisallow: /private/\nDisallow: /feed")
        )
        page, feed = site.set_answers("/private/page", PAGE), site.set_answers("/feed.xml", PAGE)
        asks = reader()
        assert asks.get(page).outcome is Outcome.ROBOTS_DENIED
        assert asks.get(feed, CaptureKind.LISTING).outcome is Outcome.ROBOTS_DENIED
        assert asks.get(site.set_answers("/page", PAGE)).outcome is Outcome.FETCHED
        assert [hit.path for hit in site.hits] == ["/robots.txt", "/page"]
        assert [attempt.outcome for attempt in asks.robots] == [Outcome.ROBOTS_READ]


def test_the_group_that_names_this_project_is_the_one_that_counts(
    reader: Callable[[], Reader],
) -> None:
    text = "User-agent: *\nDisallow: /\n\nUser-agent: PressWatch\nDisallow: /no\n"
    with Loopback() as site:
        site.set_answers("/robots.txt", rules(text))
        asks = reader()
        assert asks.get(site.set_answers("/yes", PAGE)).outcome is Outcome.FETCHED
        assert asks.get(site.set_answers("/no", PAGE)).outcome is Outcome.ROBOTS_DENIED


@pytest.mark.parametrize(
    ("agent", "is_ours"),
    [
        ("Presswatch/1.0", True),
        ("presswatch (+https://a.example)", True),
        ("PRESSWATCH # a crawler", True),
        ("* # all", True),
        ("Press Clippings", False),
        ("presswatch-images", False),
    ],
)
def test_an_agent_is_named_by_its_token(agent: str, is_ours: bool) -> None:
    policy = Policy.parse(f"User-agent: {agent}\nDisallow: /")
    assert policy.allows("https://paper.example/") is not is_ours


def test_a_file_without_content_allows_all(reader: Callable[[], Reader]) -> None:
    with Loopback() as site:
        site.set_answers("/robots.txt", b"HTTP/1.1 204 No Content\r\n\r\n")
        assert reader().get(site.set_answers("/page", PAGE)).outcome is Outcome.FETCHED


def test_a_redirect_to_a_forbidden_page_is_not_followed(reader: Callable[[], Reader]) -> None:
    with Loopback() as site:
        site.set_answers("/robots.txt", rules("User-agent: *\nDisallow: /no"))
        attempt = reader().get(site.set_answers("/go", redirect("/no")))
        assert attempt.outcome is Outcome.ROBOTS_DENIED
        assert attempt.url_final == site.url + "/no"
        assert not site.requests("/no")


def test_the_robots_of_the_other_host_count_after_a_redirect(reader: Callable[[], Reader]) -> None:
    with Loopback() as site, Loopback() as other:
        other.set_answers("/robots.txt", rules("User-agent: *\nDisallow: /"))
        attempt = reader().get(site.set_answers("/go", redirect(other.set_answers("/page", PAGE))))
        assert attempt.outcome is Outcome.ROBOTS_DENIED
        assert not other.requests("/page")


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "401 No", "403 No", "418 Tea"])
def test_a_4xx_allows_all(reader: Callable[[], Reader], status: str) -> None:
    with Loopback() as site:
        site.set_answers("/robots.txt", http(b"User-agent: *\nDisallow: /", status))
        assert reader().get(site.set_answers("/page", PAGE)).outcome is Outcome.FETCHED


@pytest.mark.parametrize(
    "answer",
    [
        http(status="500 Oops"),
        http(status="503 Later", Retry_After="3600"),
        http(status="429 Slow down"),
        b"",
        b"rubbish\r\n\r\n",
        dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"#"),
        redirect("http://127.0.0.1:1/robots.txt"),
        redirect("file:///etc/passwd"),
        http(b"broken", Content_Encoding="gzip"),
    ],
)
def test_unreachable_means_stay_away_for_this_run(
    tmp_path: Path, answer: bytes | Callable[..., None]
) -> None:
    limits = Limits(max_seconds=0.5, connect_seconds=0.3, max_tries=1)
    with Loopback() as site:
        site.set_answers("/robots.txt", answer)
        asks = Reader(tmp_path, limits)
        for path in ("/page", "/other"):
            assert asks.get(site.set_answers(path, PAGE)).outcome is Outcome.ROBOTS_UNREACHABLE
        assert {hit.path for hit in site.hits} == {"/robots.txt"}
        assert len(asks.robots) == len(site.hits) == 1
        assert asks.robots[0].outcome is not Outcome.ROBOTS_READ
        site.set_answers("/robots.txt", rules(""))
        assert Reader(tmp_path, limits).get(site.url + "/page").outcome is Outcome.FETCHED


def test_nobody_there(reader: Callable[[], Reader]) -> None:
    with Loopback() as site:
        url = site.url
    assert reader().get(f"{url}/page").outcome is Outcome.ROBOTS_UNREACHABLE


def test_five_redirects_are_followed_and_a_sixth_means_there_is_none(
    reader: Callable[[], Reader],
) -> None:
    for hops, outcome in ((5, Outcome.ROBOTS_DENIED), (6, Outcome.FETCHED)):
        with Loopback() as site:
            site.set_answers("/robots.txt", redirect("/1"))
            for hop in range(1, hops):
                site.set_answers(f"/{hop}", redirect(f"/{hop + 1}"))
            site.set_answers(f"/{hops}", rules("User-agent: *\nDisallow: /"))
            assert reader().get(site.set_answers("/page", PAGE)).outcome is outcome


def test_a_long_file_is_read_to_the_limit(reader: Callable[[], Reader]) -> None:
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\nUser-agent: *\nDisallow: /no\n"
    with Loopback() as site:
        site.set_answers("/robots.txt", endless(start, b"# nothing to see here, go on\n" * 1000))
        asks = reader()
        assert asks.get(site.set_answers("/no", PAGE)).outcome is Outcome.ROBOTS_DENIED
        assert asks.get(site.set_answers("/page", PAGE)).outcome is Outcome.FETCHED
        read = asks.robots[0]
        assert read.outcome is Outcome.ROBOTS_READ
        assert len(read.payload) == MAX_BYTES
        assert len(read.exchanges[0].response) < MAX_BYTES + 200_000
        assert "longer file" in read.detail


def test_a_rule_cut_by_the_limit_is_no_rule(reader: Callable[[], Reader]) -> None:
    text = "User-agent: *\nDisallow: /no\n"
    line = "Disallow: /private"
    text += "#" * (MAX_BYTES - len(text) - len("\nDisallow: /")) + "\n" + line
    with Loopback() as site:
        site.set_answers("/robots.txt", rules(text))
        assert reader().get(site.set_answers("/page", PAGE)).outcome is Outcome.FETCHED


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_read_also_to_the_limit(
    reader: Callable[[], Reader], charset: str
) -> None:
    text = "User-agent: *\nDisallow: /no\n"
    for more in ("", "Disallow: /private\n" * (MAX_BYTES // 19)):
        with Loopback() as site:
            told = http((text + more).encode(charset), Content_Type="text/plain")
            site.set_answers("/robots.txt", told)
            asks = reader()
            for path in ("/no", "/private/page") if more else ("/no",):
                got = asks.get(site.set_answers(path, PAGE))
                assert got.outcome is Outcome.ROBOTS_DENIED
            assert asks.get(site.set_answers("/page", PAGE)).outcome is Outcome.FETCHED


@pytest.mark.slow
def test_crawl_delay_is_a_pause(reader: Callable[[], Reader]) -> None:
    with Loopback() as site:
        site.set_answers("/robots.txt", rules("User-agent: *\nCrawl-delay: 0.3"))
        asks = reader()
        for path in ("/a", "/b"):
            asks.get(site.set_answers(path, PAGE))
        gaps = [b.began - a.ended for a, b in pairwise(site.hits)]
        assert len(gaps) == 2
        assert all(gap > 0.28 for gap in gaps)


def test_delay_is_the_longer_one_and_capped() -> None:
    def delay(text: str) -> float:
        return Policy.parse(f"User-agent: *\n{text}").delay

    assert delay("") == 0
    assert delay("Crawl-delay: 7") == 7
    assert delay("Request-rate: 1/10s\nCrawl-delay: 3") == 10
    assert delay("Crawl-delay: 86400") == MAX_DELAY_SECONDS
    assert delay("Crawl-delay: nan") == delay("Crawl-delay: -1") == 0


def test_kept_for_a_day_over_runs(tmp_path: Path) -> None:
    with Loopback() as site:
        site.set_answers("/robots.txt", rules("User-agent: *\nDisallow: /no"))
        url = site.set_answers("/no", PAGE)
        for _ in range(2):
            assert Reader(tmp_path).get(url).outcome is Outcome.ROBOTS_DENIED
        assert len(site.requests("/robots.txt")) == 1
        (kept,) = (tmp_path / "robots").iterdir()
        old = json.loads(kept.read_text())
        old["fetched_at"] = (datetime.now(UTC) - timedelta(days=1, seconds=1)).isoformat()
        kept.write_text(json.dumps(old))
        Reader(tmp_path).get(url)
        assert len(site.requests("/robots.txt")) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"origin": 1}', '{"fetched_at": "x"}', "\xff"])
def test_a_broken_cache_file_is_no_cache(tmp_path: Path, text: str) -> None:
    with Loopback() as site:
        url = site.set_answers("/page", PAGE)
        Reader(tmp_path).get(url)
        (kept,) = (tmp_path / "robots").iterdir()
        kept.write_text(text, encoding="latin-1")
        assert Reader(tmp_path).get(url).outcome is Outcome.FETCHED
        assert len(site.requests("/robots.txt")) == 2


def test_threads_share_one_request(reader: Callable[[], Reader]) -> None:
    with Loopback() as site:
        site.set_answers("/robots.txt", rules("User-agent: *\nDisallow:"))
        asks, url = reader(), site.set_answers("/page", PAGE)
        threads = [threading.Thread(target=asks.get, args=(url,)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(site.requests("/robots.txt")) == len(asks.robots) == 1
        assert len(site.requests("/page")) == 6


def test_a_file_of_many_agents_and_rules() -> None:
    agents = "".join(f"User-agent: a{i}\nuser agent b{i}\n" for i in range(8000))
    rest = "".join(f"Disallow: /*{i}*\n" for i in range(12000))
    policy = Policy.parse(f"{agents}User-agent: *\n{rest}")
    assert not policy.allows("http://paper.example/page/11999/x")
    assert policy.allows("http://paper.example/page")
