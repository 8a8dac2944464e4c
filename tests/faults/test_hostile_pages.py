"""Hostile feeds and pages through a whole ingest: each ends in its named outcome."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.ingest import ingest
from tests.support.loopback import Loopback, dripping, endless, http, redirect
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

TOPICS = Path(__file__).parents[2] / "deployments" / "topics.toml"
TITLE = "Robert'); DROP TABLE articles;-- ../../etc/passwd"
SENTENCES = (
    "The harbour board met on Monday to hear how the new sanctions change the trade in timber.",
    "Skippers said that the paperwork now takes longer than the crossing to Merrow does.",
    "A clerk of the board read out eleven letters, and nobody asked for a twelfth.",
    "The board will meet again in March, when the ice has gone and the yards reopen.",
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<rss version="2.0"><channel><title>&b;</title></channel></rss>"""


def article(title: str, charset: str = "utf-8", extra: str = "") -> bytes:
    body = "".join(f"<p>{sentence} {extra}</p>" for sentence in SENTENCES)
    text = (
        f'<html lang="en"><head><meta charset="{charset}"><title>{title}</title></head>'
        f"<body><article><h1>{title}</h1>{body}</article></body></html>"
    )
    return text.encode()


def feed(urls: list[str]) -> bytes:
    items = "".join(f"<item><title>x</title><link>{url}</link></item>" for url in urls)
    return f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("PRESSWATCH_LIMITS__MAX_SECONDS", "2")
    monkeypatch.setenv("PRESSWATCH_LIMITS__MAX_BYTES", "2000000")
    monkeypatch.setenv("PRESSWATCH_LIMITS__MAX_TRIES", "1")
    with Loopback() as opened:
        yield opened


def pages(web: Loopback) -> dict[str, tuple[str, str]]:
    """Path by path: what is served there, and how the attempt has to end."""
    bomb = gzip.compress(b"\0" * 300_000_000, 1)
    gzipped = HEAD + b"Content-Encoding: gzip\r\n\r\n" + bomb
    flood = HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(100_000)) + b"\r\n"
    chunk = b"<p>" + b"a" * 65_533
    served = {
        "/file": (redirect("file:///etc/passwd"), "scheme_refused"),
        "/metadata": (redirect("http://169.254.169.254/latest/"), "address_refused"),
        "/bomb": (gzipped, "too_large"),
        "/drip": (dripping(HEAD + b"\r\n<p>", b"a"), "timed_out"),
        "/endless": (endless(HEAD + b"\r\n", chunk), "too_large"),
        "/headers": (flood, "broken_response"),
        "/large": (HEAD + b"Content-Length: 104857600\r\n\r\n" + b"a" * 1000, "too_large"),
        "/charset": (http(article("Café prices", "shift_jis", "Café, naïve, Ærø.")), "article"),
        "/..%2F..%2Fetc%2Fpasswd?id=1'%20OR%201=1;--": (http(article(TITLE)), "article"),
        "/binary": (http(bytes(range(256)) * 400), "undecodable"),
        "/empty": (http(b""), "empty_page"),
    }
    for path, (answer, _) in served.items():
        web.set_answers(path, answer)
    return {web.url + path: ("page", outcome) for path, (_, outcome) in served.items()}


def sources_toml(folder: Path, *sources: tuple[str, str, bool]) -> Path:
    text = "".join(
        f'[[source]]\nid = "{name}"\nname = "{name}"\nlanguage = "en"\ntimezone = "UTC"\n'
        f'feeds = ["{address}"]\nmin_interval_seconds = 0\n'
        f"allow_private_hosts = {str(is_private).lower()}\n\n"
        for name, address, is_private in sources
    )
    path = folder / "sources.toml"
    path.write_text(text)
    return path


def captures(layout: Layout, kind: str) -> dict[str, str]:
    sql = f"SELECT url_requested, outcome FROM captures WHERE kind = '{kind}'"
    return {row["url_requested"]: row["outcome"] for row in query(layout, sql).to_pylist()}


def run(folder: Path, sources: Path) -> tuple[Layout, Any]:
    data = folder / "data"
    done = ingest(sources_file=str(sources), topics_file=str(TOPICS), data=str(data))
    return Layout(data), done


def test_each_hostile_page_has_its_outcome(web: Loopback, prefect_api: str, tmp_path: Path) -> None:
    want = {address: outcome for address, (_, outcome) in pages(web).items()}
    hostile = web.set_answers("/feed", http(feed(list(want)), Content_Type="application/rss+xml"))
    entities = web.set_answers("/entities", http(ENTITIES, Content_Type="application/rss+xml"))
    with Loopback() as chatty:
        chatty.set_answers(
            "/robots.txt", endless(b"HTTP/1.1 200 OK\r\n\r\n", b"# " + b"r" * 9_998 + b"\n")
        )
        story = chatty.set_answers("/story", http(article("Ferry back in service")))
        quiet = chatty.set_answers("/feed", http(feed([story]), Content_Type="application/rss+xml"))
        inside = f"http://localhost:{web.port}/feed"
        sources = sources_toml(
            tmp_path,
            ("aa-hostile", hostile, True),
            ("bb-entities", entities, True),
            ("cc-inside", inside, False),
            ("dd-chatty", quiet, True),
        )
        layout, done = run(tmp_path, sources)
    assert captures(layout, "page") == {**want, story: "article"}
    assert captures(layout, "listing") == {
        hostile: "listed",
        entities: "entities_refused",
        inside: "address_refused",
        quiet: "listed",
    }
    assert {source.source_id for source in done.failed} == {"bb-entities", "cc-inside"}
    titles = {row["headline"] for row in query(layout, "FROM articles").to_pylist()}
    assert titles == {"Café prices", TITLE, "Ferry back in service"}
    assert all(path.is_relative_to(layout.root) for path in layout.root.rglob("*"))
    assert not list(tmp_path.glob("**/passwd*"))
