import gzip
import os
import signal
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.archive.half_written import salvage, unfinished
from tasks.archive.read import opened_at, read_archive, read_archive_damage, read_payload
from tasks.archive.warc_records import capture_from_json, capture_of, capture_to_json
from tasks.archive.write import ArchiveWriter
from tasks.model import Attempt, Capture, CaptureKind, Entry, Exchange, Outcome

RUN = "20260301T060000Z-0a1b2c"
NOW = datetime(2026, 3, 1, 6, 0, 0, 123456, UTC)
PAGE = "<html><body><p>Ministers met in Varnholm. Größe 会議</p></body></html>".encode() * 20


def chunked(body: bytes, size: int = 97) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;a=b\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\nX: y\r\n\r\n"


def exchange(url: str, body: bytes, *headers: str, status: str = "200 OK") -> Exchange:
    head = "\r\n".join([f"HTTP/1.1 {status}", "Content-Type: text/html", *headers])
    request = f"GET {url} HTTP/1.1\r\nHost: e.test\r\n\r\n".encode("utf-8", "replace")
    return Exchange(url, request, head.encode() + b"\r\n\r\n" + body, "127.0.0.1", NOW)


def page(number: int, *exchanges: Exchange, payload: bytes = PAGE, **changes: object) -> Attempt:
    url = f"http://e.test/{number}"
    attempt = Attempt(
        CaptureKind.PAGE,
        url,
        url,
        Outcome.FETCHED,
        NOW,
        0.25,
        status=200,
        content_type="text/html",
        payload=payload,
        exchanges=exchanges or (exchange(url, payload),),
    )
    return replace(attempt, **changes)  # type: ignore[arg-type]


def members(data: bytes) -> Iterator[tuple[int, dict[str, str], bytes]]:
    """WARC records read without any WARC library: offset, headers, block."""
    at = 0
    while at < len(data):
        stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
        text = stream.decompress(data[at:])
        assert stream.eof
        head, _, rest = text.partition(b"\r\n\r\n")
        version, *lines = head.decode().split("\r\n")
        assert version == "WARC/1.1"
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers["Content-Length"])
        assert rest[length:] == b"\r\n\r\n"
        yield at, headers, rest[:length]
        at = len(data) - len(stream.unused_data)


def written(raw: Path, *attempts: Attempt, run: str = RUN) -> tuple[Path, list[Capture]]:
    with ArchiveWriter(raw, "aa-paper", run) as archive:
        captures = [archive.write(attempt) for attempt in attempts]
    assert archive.path
    return archive.path, captures


def test_a_redirected_page_is_all_there(tmp_path: Path) -> None:
    moved = exchange("http://e.test/old", b"", "Location: /1", status="301 Moved")
    attempt = page(1, moved, exchange("http://e.test/1", PAGE))
    path, [capture] = written(tmp_path, attempt)
    records = list(members(path.read_bytes()))
    kinds = [headers["WARC-Type"] for _, headers, _ in records]
    assert kinds == ["warcinfo", "request", "response", "request", "response", "metadata"]
    info, request, response, _, last, metadata = (headers for _, headers, _ in records)
    assert records[0][2].decode().splitlines()[-2:] == ["source_id: aa-paper", f"run_id: {RUN}"]
    assert request["Content-Type"] == "application/http; msgtype=request"
    assert request["WARC-Concurrent-To"] == response["WARC-Record-ID"]
    assert response["WARC-Target-URI"] == "http://e.test/old"
    assert response["WARC-IP-Address"] == "127.0.0.1"
    assert response["WARC-Date"] == "2026-03-01T06:00:00.123456Z"
    assert response["WARC-Warcinfo-ID"] == info["WARC-Record-ID"]
    assert last["WARC-Payload-Digest"].startswith("sha1:")
    assert metadata["WARC-Refers-To"] == last["WARC-Record-ID"]
    assert metadata["WARC-Record-ID"] == f"<urn:uuid:{capture.capture_id}>"
    assert records[4][2] == attempt.exchanges[1].response
    assert capture.raw_ref == f"aa-paper/{RUN}.warc.gz#{records[4][0]}"
    assert capture_from_json(records[5][2]) == capture
    assert path == tmp_path / "aa-paper" / f"{RUN}.warc.gz"


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    attempts = [page(n, payload=PAGE + b"%d" % n) for n in range(5)]
    path, captures = written(tmp_path, *attempts)
    assert list(read_archive(path)) == [
        (capture, attempt.payload) for capture, attempt in zip(captures, attempts, strict=True)
    ]
    for capture, attempt in zip(captures, attempts, strict=True):
        assert capture.raw_ref
        assert read_payload(tmp_path, capture.raw_ref) == attempt.payload


def test_failed_attempts_are_kept_too(tmp_path: Path) -> None:
    nowhere = page(1, payload=b"", exchanges=(), outcome=Outcome.DNS_FAILED, detail="no such host")
    silent = Exchange("http://e.test/2", b"GET / HTTP/1.1\r\n\r\n", b"", "127.0.0.1", NOW)
    hung_up = page(2, silent, payload=b"", outcome=Outcome.BROKEN_RESPONSE)
    path, captures = written(tmp_path, nowhere, hung_up)
    assert [capture.raw_ref for capture in captures] == [None, None]
    assert list(read_archive(path)) == [(capture, b"") for capture in captures]


def test_entry_and_saved_file(tmp_path: Path) -> None:
    entry = Entry("file:///a.html", "*.html", "T\u0000", "Sunday", NOW, "http://e.test/a", NOW)
    attempt = replace(
        page(1, payload=PAGE, exchanges=()),
        kind=CaptureKind.FILE,
        url_requested=entry.url,
        url_final=entry.url,
        etag="ab",
    )
    with ArchiveWriter(tmp_path, "aa-paper", RUN) as archive:
        capture = archive.write(attempt, entry)
        changed = archive.write(replace(attempt, etag="cd"), entry)
    assert archive.path
    assert changed.capture_id != capture.capture_id
    assert (capture.given_url, capture.entry_published_at) == ("http://e.test/a", NOW)
    assert (capture.found_in, capture.entry_headline) == ("*.html", "T\u0000")
    assert [payload for _, payload in read_archive(archive.path)] == [PAGE, PAGE]
    kinds = [headers["WARC-Type"] for _, headers, _ in members(archive.path.read_bytes())]
    assert kinds == ["warcinfo", "resource", "metadata", "resource", "metadata"]
    assert capture.raw_ref
    assert read_payload(tmp_path, capture.raw_ref) == PAGE


def test_ids_follow_from_run_and_url(tmp_path: Path) -> None:
    _, [first, twice, listing] = written(
        tmp_path / "a", page(1), page(1), page(1, kind=CaptureKind.LISTING)
    )
    _, [again] = written(tmp_path / "b", page(1))
    _, [later] = written(tmp_path / "b", page(1), run="20260302T060000Z-0a1b2c")
    assert first.capture_id == again.capture_id
    assert len({c.capture_id for c in (first, twice, listing, later)}) == 4


BODIES = {
    "plain": (PAGE, ()),
    "chunked": (chunked(PAGE), ("Transfer-Encoding: chunked",)),
    "gzip": (gzip.compress(PAGE), ("Content-Encoding: gzip",)),
    "x-gzip": (gzip.compress(PAGE), ("Content-Encoding: x-gzip",)),
    "deflate": (zlib.compress(PAGE), ("Content-Encoding: deflate",)),
    "bare deflate": (zlib.compress(PAGE)[2:-4], ("Content-Encoding: deflate",)),
    "chunked gzip": (
        chunked(gzip.compress(PAGE)),
        ("transfer-encoding:chunked", "content-encoding:gzip"),
    ),
    "chunked brotli": (
        chunked(brotli.compress(PAGE), 5),
        ("Transfer-Encoding: chunked", "Content-Encoding: br"),
    ),
    "not a coding": (PAGE, ("Content-Encoding: UTF-8",)),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_are_decoded(tmp_path: Path, name: str) -> None:
    body, headers = BODIES[name]
    path, [capture] = written(tmp_path, page(1, exchange("http://e.test/1", body, *headers)))
    assert [payload for _, payload in read_archive(path)] == [PAGE]
    assert capture.raw_ref
    assert read_payload(tmp_path, capture.raw_ref) == PAGE


@pytest.mark.parametrize("payload", [b"Moved.", gzip.compress(PAGE)])
def test_a_body_that_compression_made_longer_is_read_back(tmp_path: Path, payload: bytes) -> None:
    body = gzip.compress(payload)
    headers = ("Content-Encoding: gzip", f"Content-Length: {len(body)}")
    attempt = page(1, exchange("http://e.test/1", body, *headers), payload=payload)
    path, [capture] = written(tmp_path, attempt)
    assert len(body) > len(payload)
    assert list(read_archive_damage(path)) == [(capture, payload)]


def test_a_response_after_interim_ones_is_read_back(tmp_path: Path) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    whole = exchange("http://e.test/1", PAGE)
    path, _ = written(tmp_path, page(1, replace(whole, response=hints + whole.response)))
    assert [payload for _, payload in read_archive(path)] == [PAGE]


BROKEN = {
    "cut gzip": (gzip.compress(PAGE)[:-9], ("Content-Encoding: gzip",)),
    "no gzip": (PAGE, ("Content-Encoding: gzip",)),
    "bad chunk": (b"zz\r\nhello\r\n0\r\n\r\n", ("Transfer-Encoding: chunked",)),
    "another text": (PAGE[1:] + b"x", ()),
    "larger": (gzip.compress(bytes(20_000_000)), ("Content-Encoding: gzip",)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_body_costs_the_payload_only(tmp_path: Path, name: str) -> None:
    body, headers = BROKEN[name]
    bad = page(1, exchange("http://e.test/1", body, *headers))
    path, captures = written(tmp_path, bad, page(2))
    assert list(read_archive(path)) == [(captures[0], b""), (captures[1], PAGE)]


@pytest.mark.parametrize("response", [b"garbage", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000])
def test_a_broken_head_costs_the_payload_only(tmp_path: Path, response: bytes) -> None:
    bad = Exchange("http://e.test/1", b"GET / HTTP/1.1\r\n\r\n", response, "::1", NOW)
    path, _ = written(tmp_path, page(1, bad), page(2))
    assert [payload for _, payload in read_archive(path)] == [b"", PAGE]


def test_a_bomb_that_was_refused_is_not_unpacked(tmp_path: Path) -> None:
    bomb = exchange("http://e.test/1", gzip.compress(bytes(50_000_000)), "Content-Encoding: gzip")
    path, [capture] = written(tmp_path, page(1, bomb, payload=b"", outcome=Outcome.TOO_LARGE))
    assert list(read_archive(path)) == [(capture, b"")]
    [response] = [h for _, h, _ in members(path.read_bytes()) if h["WARC-Type"] == "response"]
    assert response["WARC-Truncated"] == "length"


def test_hostile_urls_make_no_headers(tmp_path: Path) -> None:
    url = "http://e.test/a\r\nWARC-Type: evil\r\n\r\n'; DROP TABLE x; -- ../../é\ud800"
    path, [capture] = written(
        tmp_path, page(1, replace(exchange(url, PAGE), url=url), url_requested=url, url_final=url)
    )
    assert [headers["WARC-Type"] for _, headers, _ in members(path.read_bytes())] == [
        "warcinfo",
        "request",
        "response",
        "metadata",
    ]
    assert list(read_archive(path)) == [(capture, PAGE)]
    assert sorted(tmp_path.rglob("*.warc.gz*")) == [path]


@pytest.mark.parametrize("length", [16_000, 33_000, 40_000, 1_000_000])
def test_a_link_of_any_length_can_be_read_back(tmp_path: Path, length: int) -> None:
    url = "http://e.test/" + "a" * length
    refused = page(1, payload=b"", url_requested=url, outcome=Outcome.URL_TOO_LONG)
    path, captures = written(tmp_path, replace(refused, exchanges=()), page(2))
    assert list(read_archive(path)) == [(captures[0], b""), (captures[1], PAGE)]


@pytest.mark.slow
def test_an_unreadable_record_costs_that_record_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each byte of a file flipped: what it belongs to is named, and all else is read."""
    texts = [PAGE[:200] + b"%d" % n for n in range(4)]
    path, captures = written(tmp_path, *(page(n, payload=text) for n, text in enumerate(texts)))
    whole, data = list(zip(captures, texts, strict=True)), path.read_bytes()
    starts = [at for at, _, _ in members(data)] + [len(data)]
    # Bytes of a gzip member's head that its checksum leaves out: flags, time, kind of system.
    loose = {start + at for start in starts for at in range(3, 10)}
    for at in sorted({*range(0, len(data), 11), *starts[:-1]} - loose):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        caplog.clear()
        found = list(read_archive(path))
        start = max(each for each in starts if each <= at)
        group = (starts.index(start) - 1) // 3
        kept = [one for n, one in enumerate(whole) if n != group]
        assert [one for one in found if one in kept] == kept, at
        assert len(found) >= len(kept), at
        named = [record.getMessage().split(": ")[0] for record in caplog.records]
        assert f"{path}#{start}" in named, at
        opened_at(path)


def test_a_truncated_file_keeps_what_is_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, captures = written(tmp_path, page(1), page(2))
    path.write_bytes(path.read_bytes()[:-20])
    assert list(read_archive(path)) == [(captures[0], PAGE)]
    assert f"{path}#" in caplog.text
    path.write_bytes(b"")
    assert list(read_archive(path)) == []


@pytest.mark.parametrize("missing", [1, 8])
def test_a_file_without_its_last_bytes_is_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, missing: int
) -> None:
    """All captures can be read, since only the checksum of the last record is missing."""
    path, captures = written(tmp_path, page(1), page(2))
    path.write_bytes(path.read_bytes()[:-missing])
    assert list(read_archive(path)) == [(one, PAGE) for one in captures]
    assert "the file ends within this record" in caplog.text


def test_read_payload_of_no_record(tmp_path: Path) -> None:
    written(tmp_path, page(1))
    with pytest.raises(ValueError, match="no response or resource"):
        read_payload(tmp_path, f"aa-paper/{RUN}.warc.gz#0")
    with pytest.raises(FileNotFoundError):
        read_payload(tmp_path, "aa-paper/other.warc.gz#0")


TIMES = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001 - the zone is drawn
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=9, minutes=30))]),
)


@given(
    st.text(),
    st.none() | st.text(),
    TIMES,
    st.none() | TIMES,
    st.sampled_from(Outcome),
    st.sampled_from(CaptureKind),
    st.floats(0, 1e6),
    st.none() | st.uuids(),
)
def test_a_capture_survives_json(
    text: str,
    maybe: str | None,
    at: datetime,
    maybe_at: datetime | None,
    outcome: Outcome,
    kind: CaptureKind,
    seconds: float,
    maybe_id: UUID | None,
) -> None:
    attempt = page(1, outcome=outcome, kind=kind, detail=text, etag=maybe, seconds=seconds)
    entry = Entry(text, text, maybe, maybe, maybe_at, maybe, maybe_at)
    given_id = maybe_id or UUID(int=1)
    capture = capture_of(replace(attempt, attempted_at=at), entry, given_id, "aa-x", RUN)
    capture = replace(capture, article_id=maybe_id, version_no=3, raw_ref=maybe)
    assert capture_from_json(capture_to_json(capture)) == capture


def test_no_attempt_no_file(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path, "aa-paper", RUN) as archive:
        pass
    assert archive.path is None
    assert list(tmp_path.iterdir()) == []


def test_closed_after_an_exception(tmp_path: Path) -> None:
    archive = ArchiveWriter(tmp_path, "aa-paper", RUN)

    def stop() -> None:
        with archive:
            archive.write(page(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stop()
    assert archive.path
    assert len(list(read_archive(archive.path))) == 1
    assert unfinished(tmp_path) == []


def test_an_archive_is_never_overwritten(tmp_path: Path) -> None:
    path, _ = written(tmp_path, page(1))
    before = path.read_bytes()
    with pytest.raises(FileExistsError), ArchiveWriter(tmp_path, "aa-paper", RUN) as archive:
        archive.write(page(2))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.slow
def test_a_full_disk_keeps_the_groups_before(tmp_path: Path) -> None:
    script = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_archive import *
import random
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
with ArchiveWriter(Path({str(tmp_path)!r}), "aa-paper", RUN) as archive:
    for number in range(99):
        archive.write(page(number, payload=random.Random(number).randbytes(3000)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert f"File too large: '{tmp_path}/aa-paper/{RUN}.warc.gz.open'" in done.stderr
    captures = list(read_archive(tmp_path / "aa-paper" / f"{RUN}.warc.gz"))
    assert 3 <= len(captures) < 7
    assert all(payload for _, payload in captures)


def test_an_archive_being_written_is_left_alone(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path, "aa-paper", RUN) as archive:
        archive.write(page(1))
        [open_path] = tmp_path.rglob("*.open")
        assert unfinished(tmp_path) == []
        assert salvage(open_path) is None
        assert open_path.exists()
    assert salvage(open_path) is None


def test_writers_of_one_run_exclude_each_other(tmp_path: Path) -> None:
    ends: list[str] = []
    start = threading.Barrier(4)

    def write(number: int) -> None:
        try:
            with ArchiveWriter(tmp_path, "aa-paper", RUN) as archive:
                start.wait()
                archive.write(page(number))
                ends.append("written")
        except OSError:
            ends.append("refused")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["refused", "refused", "refused", "written"]
    assert len(list(read_archive(tmp_path / "aa-paper" / f"{RUN}.warc.gz"))) == 1


def test_a_file_says_when_it_was_begun(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with ArchiveWriter(tmp_path, "gb-post", "20260101T000000Z-aaaaaa") as archive:
        archive.write(page(1))
    assert archive.path
    assert before <= opened_at(archive.path) <= datetime.now(UTC)
    archive.path.write_bytes(b"")
    with pytest.raises(ValueError, match="does not start with a warcinfo record"):
        opened_at(archive.path)


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_it_was_told_is_kept(tmp_path: Path) -> None:
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_archive import *
with ArchiveWriter(Path({str(tmp_path)!r}), "aa-paper", RUN) as archive:
    for number in range(10**6):
        print(archive.write(page(number)).capture_id, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        told = [writer.stdout.readline().decode().strip() for _ in range(20)]
        assert unfinished(tmp_path) == []
        os.kill(writer.pid, signal.SIGKILL)
        told += [line.decode().strip() for line in writer.stdout]
    [left] = unfinished(tmp_path)
    path = salvage(left)
    assert path == left.with_suffix("")
    kept = [str(capture.capture_id) for capture, _ in read_archive(path)]
    assert kept[: len(told)] == told
    assert len(kept) - len(told) <= 1


@pytest.fixture(scope="module")
def cuttable(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[int]]:
    """An archive of four attempts and where each group ends."""
    attempts = (page(1), page(2, payload=b"", exchanges=()), page(3), page(4))
    path, _ = written(tmp_path_factory.mktemp("cut"), *attempts)
    data = path.read_bytes()
    records = list(members(data))
    starts = [at for at, _, _ in records[1:]] + [len(data)]
    kinds = [headers["WARC-Type"] for _, headers, _ in records]
    return data, [end for kind, end in zip(kinds, starts, strict=True) if kind == "metadata"]


def salvaged(folder: Path, data: bytes) -> Path | None:
    folder.mkdir(parents=True)
    left = folder / f"{RUN}.warc.gz.open"
    left.write_bytes(data)
    path = salvage(left)
    assert not left.exists()
    return path


@pytest.mark.slow
def test_a_file_cut_anywhere_keeps_its_whole_groups(
    tmp_path: Path, cuttable: tuple[bytes, list[int]]
) -> None:
    data, ends = cuttable
    near = {end + by for end in ends for by in (-1, 0, 1)}
    for cut in sorted(near | set(range(0, len(data), 13))):
        path = salvaged(tmp_path / str(cut) / "aa-paper", data[:cut])
        whole = [end for end in ends if end <= cut]
        if not whole:
            assert path is None
            assert not any((tmp_path / str(cut) / "aa-paper").iterdir())
            continue
        assert path
        assert path.stat().st_size == whole[-1]
        assert len(list(read_archive(path))) == len(whole)


@pytest.mark.parametrize(
    "garbage",
    [b"\0" * 5000, b"garbage", gzip.compress(b"text"), b"\x1f\x8b\x08\0", bytes(range(7, 250, 11))],
    ids=["zeros", "text", "gzip", "head of gzip", "bytes"],
)
def test_garbage_at_the_end_is_cut_off(
    tmp_path: Path, cuttable: tuple[bytes, list[int]], garbage: bytes
) -> None:
    data, _ = cuttable
    path = salvaged(tmp_path / "aa-paper", data + garbage)
    assert path
    assert path.read_bytes() == data


def test_a_flipped_bit_ends_what_is_whole(
    tmp_path: Path, cuttable: tuple[bytes, list[int]]
) -> None:
    data, ends = cuttable
    hurt = bytearray(data)
    hurt[ends[1] + 300] ^= 1
    path = salvaged(tmp_path / "aa-paper", bytes(hurt))
    assert path
    assert path.read_bytes() == data[: ends[1]]
