"""WARC files of the shape that Common Crawl, the Wayback machine and others write, for tests."""

import gzip
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pyarrow as pa
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

CRAWLED = datetime(2024, 5, 2, 7, 30, tzinfo=UTC)
Coded = Callable[[bytes], tuple[dict[str, str], bytes]]


@dataclass(frozen=True)
class Archived:
    """One page that an archive holds, and how."""

    url: str
    body: bytes
    status: str = "200 OK"
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    """More HTTP headers."""
    warc_headers: dict[str, str] = field(default_factory=dict)
    kind: str = "response"
    crawled: datetime = CRAWLED
    length: int = 0
    """By how many bytes the record's Content-Length is wrong."""


def plain(body: bytes) -> tuple[dict[str, str], bytes]:
    return {"Content-Length": str(len(body))}, body


def gzipped(body: bytes) -> tuple[dict[str, str], bytes]:
    return {"Content-Encoding": "gzip"}, gzip.compress(body)


def brotlied(body: bytes) -> tuple[dict[str, str], bytes]:
    return {"Content-Encoding": "br"}, brotli.compress(body)


def chunked(body: bytes, size: int = 1000) -> tuple[dict[str, str], bytes]:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    coded = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return {"Transfer-Encoding": "chunked"}, coded + b"0\r\n\r\n"


def as_fetched(body: bytes) -> tuple[dict[str, str], bytes]:
    """As Heritrix keeps it: gzip in chunks."""
    inner, coded = gzipped(body)
    outer, coded = chunked(coded)
    return inner | outer, coded


def decoded_already(body: bytes) -> tuple[dict[str, str], bytes]:
    """As Common Crawl keeps it: the body decoded, some headers of the encoded one left."""
    return {"Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}, body


CODINGS: Sequence[Coded] = (plain, gzipped, brotlied, chunked, as_fetched, decoded_already)


def page(site: int, number: int, text: str = "", day: int = 1) -> bytes:
    """A news page of a made paper, of the kind that the extraction keeps."""
    said = text or f"The board of harbour {site} met for the {number}th time. Skippers were heard."
    paragraphs = "".join(
        f"<p>{said} Vote {number} on berth {place} was put off until the ferry comes back, and "
        f"nobody at table {site * 31 + number * 7 + place} spoke against it for long.</p>"
        for place in range(6)
    )
    title = f"Harbour board {site} meets for the {number}th time"
    return (
        f'<html lang="en"><head><title>{title}</title>'
        f'<meta property="article:published_time" content="2024-05-{day:02d}T06:00:00Z"></head>'
        f"<body><nav><a href='/'>Home</a></nav><article><h1>{title}</h1>{paragraphs}</article>"
        "<footer>All rights reserved</footer></body></html>"
    ).encode()


def url_of(site: int, number: int) -> str:
    return f"https://www.paper{site}.co.uk/2024/05/01/harbour-board-meets-{number:05d}.html"


def news(sites: int, pages: int, first: int = 0) -> list[Archived]:
    """Pages of some papers, in all codings that archives have."""
    found = []
    for number in range(first, first + pages):
        site = number % sites
        headers, body = CODINGS[number % len(CODINGS)](page(site, number, day=1 + number % 3))
        crawled = CRAWLED + timedelta(seconds=number)
        found.append(Archived(url_of(site, number), body, headers=headers, crawled=crawled))
    return found


def write_warc(path: Path, pages: Iterable[Archived], requests: bool = True) -> Path:
    """A WARC file, compressed record by record as its name says: `.gz`, `.zst` or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        for record in [
            _info(path),
            *(each for page in pages for each in records_of(page, requests)),
        ]:
            out.write(compressed(path, record))
    return path


def compressed(path: Path, record: bytes) -> bytes:
    """One record as a file of that name holds it."""
    if path.suffix == ".gz":
        return gzip.compress(record, mtime=0)
    if path.suffix == ".zst":
        return bytes(pa.compress(record, codec="zstd", asbytes=True))
    return record


def _info(path: Path) -> bytes:
    return _bytes(lambda to: to.create_warcinfo_record(path.name, {"software": "made/1.0"}))


def records_of(page: Archived, requests: bool = True) -> list[bytes]:
    """The records of one page: request, response and metadata."""
    found = [_wrong(_bytes(lambda to: _response(to, page)), page.length)]
    if requests and page.kind == "response":
        asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "x")], is_http_request=True)
        found.insert(0, _bytes(lambda to: _record(to, page, "request", asked, b"")))
        found.append(_bytes(lambda to: _record(to, page, "metadata", None, b"fetchTimeMs: 7\r\n")))
    return found


def _response(to: WARCWriter, page: Archived) -> ArcWarcRecord:
    if page.kind == "revisit":
        date = {"WARC-Date": _date(page)}
        return to.create_revisit_record(
            page.url, "sha1:AAAA", page.url, _date(page), warc_headers_dict=date
        )
    lines = {"Content-Type": page.content_type, **page.headers}
    http = StatusAndHeaders(page.status, list(lines.items()), protocol="HTTP/1.1")
    return _record(to, page, page.kind, http if page.kind == "response" else None, page.body)


def _record(
    to: WARCWriter, page: Archived, kind: str, http: StatusAndHeaders | None, body: bytes
) -> ArcWarcRecord:
    more = {"WARC-Date": _date(page), **(page.warc_headers if kind == page.kind else {})}
    return to.create_warc_record(
        page.url,
        kind,
        payload=io.BytesIO(body),
        http_headers=http,
        warc_headers_dict=more,
        warc_content_type="" if http else page.content_type if kind == page.kind else "text/plain",
    )


def _date(page: Archived) -> str:
    return page.crawled.strftime("%Y-%m-%dT%H:%M:%SZ")


def _bytes(make: Callable[[WARCWriter], ArcWarcRecord]) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=False)
    writer.write_record(make(writer))
    return out.getvalue()


def _wrong(record: bytes, by: int) -> bytes:
    if not by:
        return record
    head, body = record.split(b"\r\n\r\n", 1)
    name, _, rest = head.partition(b"Content-Length: ")
    size, _, rest = rest.partition(b"\r\n")
    length = b"Content-Length: %d" % (int(size) + by)
    return name + length + (b"\r\n" + rest if rest else b"") + b"\r\n\r\n" + body
