"""Fetching from real servers on loopback: outcomes, raw records, retries, turns."""

import gzip
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.collect.fetch.client import Client
from tasks.collect.fetch.ssrf_guard import Resolved
from tasks.model import Attempt, CaptureKind, Outcome
from tasks.settings import Limits
from tests.collect.conftest import Get
from tests.support.loopback import AGENT, Answer, Loopback, ask, http, redirect

PAGE = http(b"<p>A page.</p>")
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nfirst\r\n"
    b"6\r\nsecond\r\n0\r\nX-Trailer: yes\r\n\r\n"
)


def test_a_page_comes_with_all_that_was_said(get: Get) -> None:
    answer = http(b"<p>x</p>", ETag='"1"', Last_Modified="Mon, 02 Nov 2026 10:00:00 GMT")
    with Loopback() as site:
        recorded: list[Attempt] = []
        attempt = get(site.set_answers("/page", answer) + "#part", record=recorded.append)
        assert attempt.outcome is Outcome.FETCHED
        assert (attempt.status, attempt.content_type, attempt.etag) == (200, "text/html", '"1"')
        assert attempt.last_modified == "Mon, 02 Nov 2026 10:00:00 GMT"
        assert attempt.payload == b"<p>x</p>"
        assert attempt.url_final == site.url + "/page"
        assert attempt.url_requested == site.url + "/page#part"
        assert attempt.attempted_at.tzinfo is UTC
        assert attempt.seconds > 0
        assert [one.kind for one in recorded] == [CaptureKind.ROBOTS, CaptureKind.PAGE]
        assert recorded[-1] == attempt
        hit = site.requests("/page")[0]
        assert hit.header("User-Agent") == AGENT
        assert hit.header("Accept-Encoding") == "gzip, deflate, br"
        assert hit.header("Host") == f"127.0.0.1:{site.port}"
        assert hit.header("Cookie") is hit.header("Authorization") is None


@pytest.mark.parametrize(
    "answer",
    [
        PAGE,
        b"HTTP/1.0 200 Fine\nContent-Type:text/html\nX-Odd:  a\n b\n\nto the end",
        CHUNKED,
        http(gzip.compress(b"small" * 100), Content_Encoding="gzip"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + PAGE,
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" * 2 + PAGE,
        http(b"caf\xe9", x_header="caf\xe9"),
    ],
)
def test_raw_bytes_are_those_of_the_wire(get: Get, answer: bytes) -> None:
    with Loopback() as site:
        attempt = get(site.set_answers("/page", answer))
        assert attempt.outcome is Outcome.FETCHED
        (exchange,) = attempt.exchanges
        assert exchange.response == answer
        assert exchange.request == site.requests("/page")[0].head
        assert exchange.ip == "127.0.0.1"
        assert exchange.url == attempt.url_final


def test_raw_bytes_of_every_hop(get: Get) -> None:
    hop = redirect("/page", "301 Moved")
    with Loopback() as site:
        site.set_answers("/page", PAGE)
        attempt = get(site.set_answers("/go", hop))
        assert [exchange.response for exchange in attempt.exchanges] == [hop, PAGE]
        assert [exchange.url for exchange in attempt.exchanges] == [
            site.url + "/go",
            site.url + "/page",
        ]
        assert attempt.url_final == site.url + "/page"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("401 U", Outcome.DENIED),
        ("402 Pay", Outcome.DENIED),
        ("403 Forbidden", Outcome.DENIED),
        ("451 Law", Outcome.DENIED),
        ("404 Not Found", Outcome.NOT_FOUND),
        ("410 Gone", Outcome.NOT_FOUND),
        ("418 Teapot", Outcome.HTTP_ERROR),
        ("202 Accepted", Outcome.HTTP_ERROR),
        ("204 No Content", Outcome.HTTP_ERROR),
        ("206 Partial", Outcome.HTTP_ERROR),
        ("300 Choices", Outcome.HTTP_ERROR),
        ("302 Found", Outcome.HTTP_ERROR),
        ("304 Not Modified", Outcome.HTTP_ERROR),
        ("999 No", Outcome.HTTP_ERROR),
        ("429 Slow", Outcome.RATE_LIMITED),
        ("500 Oops", Outcome.SERVER_ERROR),
        ("503 Later", Outcome.SERVER_ERROR),
    ],
)
def test_a_status_is_one_outcome(get: Get, status: str, outcome: Outcome) -> None:
    with Loopback() as site:
        attempt = get(site.set_answers("/page", http(b"why", status)))
        assert (attempt.outcome, attempt.status) == (outcome, int(status[:3]))
        assert attempt.payload == b""
        assert status[:3] in attempt.detail
        assert site.url in attempt.detail


@pytest.mark.parametrize(
    ("content_type", "is_page"),
    [
        ("text/html; charset=utf-8", True),
        ("application/xhtml+xml", True),
        ("TEXT/PLAIN", True),
        ("", True),
        ("application/pdf", False),
        ("image/png", False),
        ("nonsense", False),
        ("text/markdown", True),
        ("text/xml; charset=utf-8", False),
        ("text/calendar", False),
        ("text/csv", False),
        ("text/javascript", False),
    ],
)
def test_what_is_no_page_is_not_read(get: Get, content_type: str, is_page: bool) -> None:
    with Loopback() as site:
        url = site.set_answers("/page", http(b"x" * 1000, Content_Type=content_type))
        attempt = get(url)
        assert attempt.outcome is (Outcome.FETCHED if is_page else Outcome.NOT_A_PAGE)
        if not is_page:
            assert attempt.exchanges[0].response.endswith(b"1000\r\n\r\n")
        assert get(url, kind=CaptureKind.LISTING).outcome is Outcome.LISTED


def test_a_listing_is_asked_with_what_is_known_of_it(get: Get) -> None:
    listing = {"kind": CaptureKind.LISTING}
    known = {"etag": 'W/"7"', "last_modified": "Mon, 02 Nov 2026 10:00:00 GMT"}
    with Loopback() as site:
        url = site.set_answers("/feed", b"HTTP/1.1 304 Not Modified\r\n\r\n")
        attempt = get(url, **listing, **known)
        assert attempt.outcome is Outcome.NOT_MODIFIED
        assert (attempt.status, attempt.payload, attempt.detail) == (304, b"", "")
        assert (attempt.etag, attempt.last_modified) == tuple(known.values())
        hit = site.requests("/feed")[0]
        assert hit.header("If-None-Match") == known["etag"]
        assert hit.header("If-Modified-Since") == known["last_modified"]
        assert "rss" in (hit.header("Accept") or "")
        get(url, **listing, etag="bad\r\nX-Sneaked: 1", last_modified=" \u4e00")
        assert site.hits[-1].header("If-None-Match") is None
        assert site.hits[-1].header("X-Sneaked") is None


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("", Outcome.URL_INVALID),
        ("page.html", Outcome.URL_INVALID),
        ("//paper.example/", Outcome.URL_INVALID),
        ("http://", Outcome.URL_INVALID),
        ("http:///page", Outcome.URL_INVALID),
        ("http://a..example/", Outcome.URL_INVALID),
        ("http://*.example/", Outcome.URL_INVALID),
        (f"http://{'a' * 64}.example/", Outcome.URL_INVALID),
        ("http://\u2603\u0301-\ufffd.example/", Outcome.URL_INVALID),
        ("http://paper.example:99999/", Outcome.URL_INVALID),
        ("http://paper.example:x/", Outcome.URL_INVALID),
        ("http://[::1/", Outcome.URL_INVALID),
        ("http://[fe80::1%25eth0]/", Outcome.URL_INVALID),
        ("http://paper.example/\x00", Outcome.URL_INVALID),
        ("http://paper.example/a\r\nX: y", Outcome.URL_INVALID),
        ("http://paper.example/" + "a" * 9000, Outcome.URL_TOO_LONG),
        ("http://paper.example/" + "\u4f1a" * 1000, Outcome.URL_TOO_LONG),
        ("http://user:secret@paper.example/", Outcome.URL_INVALID),
        ("http://paper.example\\@127.0.0.1/", Outcome.URL_INVALID),
        ("file:///etc/passwd", Outcome.SCHEME_REFUSED),
        ("ftp://paper.example/", Outcome.SCHEME_REFUSED),
        ("javascript:alert(1)", Outcome.SCHEME_REFUSED),
        ("data:text/html,x", Outcome.SCHEME_REFUSED),
    ],
)
def test_urls_that_are_not_asked_for(client: Client, url: str, outcome: Outcome) -> None:
    attempt = ask(client, url, allow_private=False)
    assert attempt.outcome in (outcome, Outcome.ROBOTS_UNREACHABLE if "\\" in url else outcome)
    assert attempt.exchanges == ()
    assert "secret" not in attempt.detail
    assert "\n" not in attempt.detail
    assert attempt.detail


@pytest.mark.parametrize("path", ["//members/1", "/a?b=%5B1%5D", "/a%7Cb"])
def test_a_path_is_asked_for_as_it_stands(get: Get, path: str) -> None:
    with Loopback() as site:
        attempt = get(site.set_answers(path, PAGE))
        assert attempt.outcome is Outcome.FETCHED
        assert attempt.url_final == site.url + path
        assert attempt.exchanges[0].request.startswith(f"GET {path} HTTP/1.1\r\n".encode())


def test_odd_locations(get: Get) -> None:
    with Loopback() as site:
        there = "/caf\u00e9 \u65b0/x?q=\u00fc".encode().decode("latin-1")
        site.set_answers("/caf%C3%A9%20%E6%96%B0/x?q=%C3%BC", PAGE)
        attempt = get(site.set_answers("/go", redirect(there)))
        assert attempt.outcome is Outcome.FETCHED
        assert attempt.url_final.isascii()


@pytest.mark.parametrize("status", ["429 Slow", "500 Oops", "503 Later"])
def test_a_passing_error_is_tried_again(get: Get, status: str) -> None:
    with Loopback() as site:
        attempt = get(site.set_answers("/page", http(b"no", status), http(b"no", status), PAGE))
        assert attempt.outcome is Outcome.FETCHED
        assert len(attempt.exchanges) == len(site.requests("/page")) == 3
        get(site.set_answers("/down", http(b"no", status)))
        assert len(site.requests("/down")) == 3


@pytest.mark.slow
def test_retry_after_is_kept_and_holds_for_other_threads(get: Get) -> None:
    with Loopback() as site:
        slow = site.set_answers("/slow", http(status="503 Later", Retry_After="1"), PAGE)
        other = site.set_answers("/other", PAGE)
        get(site.url + "/first")
        thread = threading.Thread(target=get, args=(slow,))
        thread.start()
        while not site.requests("/slow"):
            time.sleep(0.01)
        get(other)
        thread.join()
        told = site.requests("/slow")[0]
        for later in (site.requests("/slow")[1], site.requests("/other")[0]):
            assert later.began - told.began >= 0.95


@pytest.mark.slow
def test_retry_after_as_a_date(get: Get) -> None:
    with Loopback() as site:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        url = site.set_answers("/page", http(status="429 Slow", Retry_After=date), PAGE)
        began = time.monotonic()
        attempt = get(url)
        assert attempt.outcome is Outcome.FETCHED
        assert time.monotonic() - began - attempt.seconds >= 0.9  # the pause is not its time
        first, second = site.requests("/page")
        assert second.began - first.began >= 0.9


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("429 Slow", Outcome.RATE_LIMITED), ("503 Later", Outcome.SERVER_ERROR)],
)
def test_a_host_that_wants_an_hour_is_left_alone(get: Get, status: str, outcome: Outcome) -> None:
    with Loopback() as site:
        attempt = get(site.set_answers("/page", http(b"", status, Retry_After="3600")))
        assert attempt.outcome is outcome
        assert "3600 s" in attempt.detail
        again = get(site.set_answers("/other", PAGE))
        assert (again.outcome, again.exchanges) == (outcome, ())
        assert not site.requests("/other")


def test_a_connection_dropped_unanswered_is_tried_once_more(get: Get) -> None:
    with Loopback() as site:
        assert get(site.set_answers("/page", b"", PAGE)).outcome is Outcome.FETCHED
        attempt = get(site.set_answers("/never", b""))
        assert attempt.outcome is Outcome.BROKEN_RESPONSE
        assert [exchange.response for exchange in attempt.exchanges] == [b"", b""]


@pytest.mark.parametrize("kind", [CaptureKind.LISTING, CaptureKind.ROBOTS])
@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<rss><channel>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        http(gzip.compress(b"<rss>" * 1000)[:-5], Content_Encoding="gzip"),
    ],
)
def test_what_a_source_hangs_on_is_asked_once_more_when_it_breaks_off(
    get: Get, broken: bytes, kind: CaptureKind
) -> None:
    with Loopback() as site:
        attempt = get(site.set_answers("/feed", broken, http(b"whole")), kind=kind)
        assert (attempt.payload, len(attempt.exchanges)) == (b"whole", 2)
        attempt = get(site.set_answers("/never", broken), kind=kind)
        assert (attempt.outcome, attempt.payload) == (Outcome.BROKEN_RESPONSE, b"")
        assert len(site.requests("/never")) == 2
        get(site.set_answers("/once", broken), kind=kind, max_tries=1)
        assert len(site.requests("/once")) == 1


def test_a_name_not_found_at_once_is_looked_up_once_more(tmp_path: Path) -> None:
    looked_up = []

    def resolve(host: str, port: int) -> list[Resolved]:
        looked_up.append(host)
        if len(looked_up) % 2 or host == "gone.example":
            raise OSError("Temporary failure in name resolution")
        return [(socket.AF_INET, ("127.0.0.1", port))]

    client = Client(Limits(max_seconds=3), AGENT, tmp_path, resolve=resolve, backoff_seconds=0.02)
    with Loopback() as site:
        url = site.set_answers("/feed", PAGE).replace("127.0.0.1", "paper.example")
        assert ask(client, url).outcome is Outcome.FETCHED
    attempt = ask(client, "http://gone.example/", kind=CaptureKind.ROBOTS)
    assert attempt.outcome is Outcome.DNS_FAILED
    assert looked_up.count("gone.example") == 2


def test_as_many_tries_as_the_call_allows(get: Get) -> None:
    with Loopback() as site:
        get(site.set_answers("/down", http(b"no", "503 Later")), max_tries=1)
        get(site.set_answers("/dropped", b""), max_tries=1)
        assert [len(site.requests(path)) for path in ("/down", "/dropped")] == [1, 1]


def test_nobody_answers(get: Get) -> None:
    with Loopback() as site:
        get(site.set_answers("/page", PAGE))
    attempt = get(site.url + "/page")
    assert attempt.outcome is Outcome.CONNECT_FAILED
    assert "refused" in attempt.detail


@pytest.mark.slow
def test_threads_take_turns_at_a_host_and_keep_the_pause(client: Client) -> None:
    def slowly(conn: socket.socket) -> None:
        time.sleep(0.05)
        conn.sendall(PAGE)

    with Loopback() as site:
        urls = [site.set_answers(f"/{number}", slowly) for number in range(4)]
        threads = [
            threading.Thread(target=ask, args=(client, url), kwargs={"min_interval": 0.15})
            for url in urls
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        hits = sorted(site.hits, key=lambda hit: hit.began)
        assert len(hits) == 5
        for earlier, later in pairwise(hits):
            assert later.began - earlier.ended >= 0.14


def test_a_closed_client_does_not_wait(client: Client) -> None:
    with Loopback() as site:
        ask(client, site.set_answers("/page", PAGE))
        client.close()
        with pytest.raises(RuntimeError):
            ask(client, site.url + "/page", min_interval=60)


RUBBISH = st.binary(max_size=300) | st.builds(
    lambda status, head, body: b"HTTP/1.1 " + status + b"\r\n" + head + b"\r\n\r\n" + body,
    st.sampled_from([b"200 OK", b"302 F", b"404", b"304 N", b"2000", b"-1", b"200", b"103 E"]),
    st.lists(
        st.sampled_from(
            [
                b"Content-Length: -5",
                b"Content-Length: 5, 6",
                b"Content-Length: " + b"9" * 400,
                b"Transfer-Encoding: chunked",
                b"Transfer-Encoding: gzip",
                b"Content-Encoding: gzip",
                b"Content-Encoding: br, deflate",
                b"Location: http://[",
                b"Location: //\xff\x00:0/",
                b"Set-Cookie: \xff=;;;; Domain=..; Expires=99",
                b"Content-Type: text/html; charset=\xe9\r\n ;;x*=''",
                b": no name",
                b"no colon",
                b" leading",
                b"Retry-After: " + b"9" * 5000,
            ]
        ),
        max_size=4,
    ).map(b"\r\n".join),
    st.sampled_from([b"", b"-5\r\nabc", b"zz\r\n", b"ffffffffffffffffff\r\nabc", b"3;\r\nabcde"])
    | st.binary(max_size=50),
)


@pytest.mark.slow
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(RUBBISH, st.sampled_from([CaptureKind.PAGE, CaptureKind.LISTING]))
def test_whatever_a_server_says_is_an_outcome(
    tmp_path: Path, answer: Answer, kind: CaptureKind
) -> None:
    with Loopback() as site:
        site.set_answers("/page", answer)
        client = Client(Limits(max_seconds=2, max_tries=1), AGENT, tmp_path)
        attempt = ask(client, site.url + "/page", kind=kind)
        assert isinstance(attempt.outcome, Outcome)
        good = attempt.outcome in (Outcome.FETCHED, Outcome.LISTED)
        assert good or attempt.detail
        assert good or not attempt.payload
        assert "\n" not in attempt.detail


@pytest.mark.slow
@given(st.text() | st.text().map(lambda text: f"http://{text}"))
def test_whatever_is_asked_for_is_an_outcome(text: str) -> None:
    def nothing(host: str, port: int) -> list[Resolved]:
        raise socket.gaierror(-2, "not known")

    client = Client(Limits(max_tries=1), AGENT, Path("/nonexistent"), resolve=nothing)
    attempt = ask(client, text, kind=CaptureKind.ROBOTS)
    assert attempt.outcome in (Outcome.URL_INVALID, Outcome.SCHEME_REFUSED, Outcome.DNS_FAILED)
