"""The raw archive read by a WARC library that Presswatch does not use itself."""

from collections import Counter
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from tasks.archive.read import read_archive
from tasks.archive.write import ArchiveWriter
from tasks.collect.fetch.client import Client
from tasks.model import CaptureKind
from tasks.settings import Limits
from tests.support.loopback import AGENT, Loopback, ask, http, redirect

RUN = "20260101T000000Z-00000a"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"5\r\nfirst\r\n7\r\n second\r\n0\r\n\r\n"


def test_another_library_reads_records_digests_and_bodies(tmp_path: Path) -> None:
    with (
        Loopback() as web,
        Client(Limits(), AGENT, tmp_path / "cache") as client,
        ArchiveWriter(tmp_path / "raw", "aa-paper", RUN) as archive,
    ):
        target = web.set_answers("/chunked", CHUNKED + CHUNKS)
        for url in (
            web.set_answers("/moved", redirect(target)),
            web.set_answers("/gone", http(b"", "404 Gone")),
        ):
            ask(client, url, kind=CaptureKind.PAGE, record=archive.write)
    kinds: Counter[str] = Counter()
    bodies = []
    with (tmp_path / "raw" / "aa-paper" / f"{RUN}.warc.gz").open("rb") as file:
        for record in ArchiveIterator(file, check_digests="raise"):
            kinds[record.rec_type] += 1
            bodies.append((record.rec_type, record.content_stream().read()))
    assert kinds == {"warcinfo": 1, "request": 4, "response": 4, "metadata": 3}
    assert ("response", b"first second") in bodies
    path = tmp_path / "raw" / "aa-paper" / f"{RUN}.warc.gz"
    assert [payload for _, payload in read_archive(path)][1] == b"first second"
