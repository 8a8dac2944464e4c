"""Hostile servers: no answer takes more bytes, seconds or memory than the limits."""

import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import brotli
import pytest

from tasks.collect.fetch.client import Client
from tasks.model import Attempt, CaptureKind, Outcome
from tasks.settings import Limits
from tests.support.loopback import Answer, Loopback, ask, dripping, endless, http, redirect

LIMIT = 1_000_000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def get(folder: Path, url: str, seconds: float = 30.0) -> Attempt:
    limits = Limits(max_bytes=LIMIT, max_seconds=seconds, connect_seconds=1, max_tries=3)
    client = Client(limits, "Presswatch/0", folder, backoff_seconds=0.02)
    return ask(client, url)


@contextmanager
def at_most(peak_bytes: int) -> Iterator[None]:
    """Bounds memory, the server's included."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < peak_bytes
    finally:
        tracemalloc.stop()


def gzip_of_gzip(data: bytes) -> bytes:
    return gzip.compress(gzip.compress(data))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", lambda data: brotli.compress(data, quality=3)),
        ("gzip, gzip", gzip_of_gzip),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_bomb_goes_no_further_than_the_limit(
    tmp_path: Path, coding: str, compress: Callable[[bytes], bytes], chunked: bool
) -> None:
    bomb = compress(bytes(60 * LIMIT))
    answer = http(bomb, Content_Encoding=coding)
    if chunked:
        start = HEAD + f"Content-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        answer = start + b"%x\r\n%s\r\n0\r\n\r\n" % (len(bomb), bomb)
    with Loopback() as site, at_most(6 * LIMIT):
        attempt = get(tmp_path, site.set_answers("/page", answer))
    assert attempt.outcome is Outcome.TOO_LARGE
    assert attempt.status == 200
    assert attempt.payload == b""
    assert attempt.exchanges[0].response.endswith(b"\r\n\r\n")
    assert len(attempt.exchanges[0].response) < 300


@pytest.mark.slow
@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "500 Oops"])
def test_a_bomb_with_an_error_is_not_unpacked(tmp_path: Path, status: str) -> None:
    bomb = gzip.compress(bytes(60 * LIMIT))
    with Loopback() as site, at_most(3 * LIMIT):
        site.set_answers("/there", http(b"here"))
        answer = http(bomb, status, Content_Encoding="gzip", Location="/there")
        attempt = get(tmp_path, site.set_answers("/page", answer))
    found = Outcome.NOT_FOUND if status.startswith("404") else Outcome.SERVER_ERROR
    assert attempt.outcome is (Outcome.FETCHED if status.startswith("302") else found)


def test_a_page_of_100_mb_is_given_up_at_once_when_it_says_so(tmp_path: Path) -> None:
    with Loopback() as site, at_most(2 * LIMIT):
        start = HEAD + b"Content-Length: 100000000\r\n\r\n"
        attempt = get(tmp_path, site.set_answers("/page", endless(start, bytes(65536))))
    assert attempt.outcome is Outcome.TOO_LARGE
    assert "Content-Length 100000000" in attempt.detail
    assert attempt.exchanges[0].response == start


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "chunk"),
    [
        (HEAD + b"\r\n", bytes(65536)),
        (CHUNKED, b"10000\r\n" + bytes(65536) + b"\r\n"),
        (CHUNKED + b"fffffffffff\r\n", bytes(65536)),
        (CHUNKED, b"1\r\nx\r\n" * 5000),
        (CHUNKED + b"-5\r\n", bytes(65536)),
        (CHUNKED + b"0\r\n", b"X-Trailer: more\r\n" * 4000),
        (HEAD + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"") * 1000),
    ],
)
def test_a_body_that_never_ends_is_given_up_at_the_limit(
    tmp_path: Path, start: bytes, chunk: bytes
) -> None:
    with Loopback() as site, at_most(6 * LIMIT):
        attempt = get(tmp_path, site.set_answers("/page", endless(start, chunk)))
    assert attempt.outcome in (Outcome.TOO_LARGE, Outcome.BROKEN_RESPONSE)
    assert attempt.payload == b""
    assert len(site.requests("/page")) == 1


def test_an_error_page_that_never_ends_is_still_the_error(tmp_path: Path) -> None:
    start = b"HTTP/1.1 404 Not Found\r\n\r\n"
    with Loopback() as site, at_most(3 * LIMIT):
        attempt = get(tmp_path, site.set_answers("/page", endless(start, bytes(65536))))
        assert attempt.outcome is Outcome.NOT_FOUND
        assert attempt.exchanges[0].response == start
        start = b"HTTP/1.1 302 Found\r\nLocation: /page\r\n\r\n"
        hop = site.set_answers("/go", endless(start, bytes(65536)))
        assert get(tmp_path, hop).outcome is Outcome.NOT_FOUND


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (HEAD + b"Content-Length: 1000\r\n\r\n", b"x"),
        (HEAD + b"\r\n", b"x"),
        (CHUNKED, b"1\r\nx\r\n"),
        (HEAD, b"X-Drip: 1\r\n"),
        (HEAD + b"X-Long: ", b"x"),
        (b"HTTP", b"/"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (redirect("/page")[:-1], b""),
    ],
)
def test_a_dripping_answer_is_cut_off_at_the_deadline(
    tmp_path: Path, start: bytes, drop: bytes
) -> None:
    with Loopback() as site:
        attempt = get(tmp_path, site.set_answers("/page", dripping(start, drop)), seconds=0.5)
        redirected = start.startswith(b"HTTP/1.1 302")
        assert attempt.outcome is (Outcome.TOO_MANY_REDIRECTS if redirected else Outcome.TIMED_OUT)
        assert attempt.seconds > 0.4
        assert attempt.detail.startswith(site.url)
        assert len(site.requests("/page")) == 1


@pytest.mark.slow
def test_the_deadline_is_for_all_hops_together(tmp_path: Path) -> None:
    def slowly(answer: bytes) -> Answer:
        def say(conn: socket.socket) -> None:
            time.sleep(0.4)
            conn.sendall(answer)

        return say

    with Loopback() as site:
        for hop in range(5):
            site.set_answers(f"/{hop}", slowly(redirect(f"/{hop + 1}")))
        attempt = get(tmp_path, site.url + "/0", seconds=1.0)
        assert attempt.outcome is Outcome.TIMED_OUT


@pytest.mark.slow
def test_silence_is_cut_off_too(tmp_path: Path) -> None:
    with Loopback() as site:
        attempt = get(tmp_path, site.set_answers("/page", lambda conn: time.sleep(2)), seconds=0.4)
        assert attempt.outcome is Outcome.TIMED_OUT


@pytest.mark.slow
def test_pauses_do_not_count_against_the_deadline(tmp_path: Path) -> None:
    limits = Limits(max_seconds=0.4)
    client = Client(limits, "Presswatch/0", tmp_path)
    with Loopback() as site:
        attempt = client.get(
            site.set_answers("/page", http(b"x")),
            kind=CaptureKind.PAGE,
            record=lambda attempt: None,
            min_interval=0.6,
            allow_private=True,
        )
        assert attempt.outcome is Outcome.FETCHED


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"".join(b"X-%d: y\r\n" % number for number in range(200)) + b"\r\n",
        HEAD + b"X-Long: " + b"y" * 70_000 + b"\r\n\r\n",
        endless(HEAD, b"X-Flood: " + b"y" * 60_000 + b"\r\n"),
        endless(HEAD + b"X-Endless: ", b"y" * 65536),
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        endless(b"", b"HTTP/1.1 100 Continue\r\nX: y\r\n" + b"Y: z\r\n" * 50 + b"\r\n"),
    ],
)
def test_a_flood_of_headers_is_a_broken_response(
    tmp_path: Path, answer: bytes | Callable[..., None]
) -> None:
    with Loopback() as site, at_most(3 * LIMIT):
        attempt = get(tmp_path, site.set_answers("/page", answer))
    assert attempt.outcome is Outcome.BROKEN_RESPONSE
    assert len(attempt.exchanges[-1].response) < 400_000


@pytest.mark.parametrize(
    "answer",
    [
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        HEAD + b"Content-Length: 100\r\n\r\nshort",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        CHUNKED + b"zz\r\nabc",
        CHUNKED + b"5\r\nabc",
        CHUNKED + b"5\r\nabcdefgh\r\n0\r\n\r\n",
        http(b"not gzip", Content_Encoding="gzip"),
        http(gzip.compress(b"text" * 1000)[:-5], Content_Encoding="gzip"),
        http(b"\x28\xb5\x2f\xfd", Content_Encoding="zstd"),
    ],
)
def test_a_broken_answer_is_never_half_a_page(tmp_path: Path, answer: bytes) -> None:
    with Loopback() as site:
        attempt = get(tmp_path, site.set_answers("/page", answer))
        assert attempt.outcome is Outcome.BROKEN_RESPONSE
        assert attempt.payload == b""
        assert attempt.exchanges[0].response.startswith(answer[:20])


def test_exactly_the_limit_is_a_page(tmp_path: Path) -> None:
    with Loopback() as site:
        for coding, pack in (("identity", bytes), ("gzip", gzip.compress)):
            for size, outcome in ((LIMIT, Outcome.FETCHED), (LIMIT + 1, Outcome.TOO_LARGE)):
                url = site.set_answers("/page", http(pack(b"x" * size), Content_Encoding=coding))
                attempt = get(tmp_path, url)
                assert attempt.outcome is outcome
                assert len(attempt.payload) == (size if outcome is Outcome.FETCHED else 0)
