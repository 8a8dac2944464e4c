import json
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.archive.any_responses import PAGE_KINDS
from tasks.archive.any_warc_records import read_records
from tasks.archive.write import ArchiveWriter
from tasks.model import Attempt, CaptureKind, Exchange, Outcome
from tasks.refine.preview_page import as_record, explain_file
from tasks.settings import Limits
from tests.support.build_warcs import CRAWLED, Archived, news, page, write_warc
from tests.support.staged_pages import source

TEXT = "<p>The harbour board heard the skippers, and then it put the vote off again.</p>" * 9
PAGE = f"<html><body><article><h1>Ferry sails</h1>{TEXT}</article></body></html>"


def saved(folder: Path, name: str = "ferry.html", **meta: str) -> Path:
    path = folder / name
    path.write_text(PAGE)
    if meta:
        path.with_name(f"{name}.meta.json").write_text(json.dumps(meta))
    return path


def test_a_page_is_read_as_an_ingest_reads_it(tmp_path: Path) -> None:
    dated = "https://paper.example/2026/03/02/ferry-sails"
    path = saved(tmp_path, url=dated)
    given = as_record(explain_file(path, None, Limits()))
    assert (given["headline"], given["rejection"]) == ("Ferry sails", None)
    assert given["published_source"] == "url"
    other = explain_file(path, "https://paper.example/ferry", Limits())
    assert as_record(other)["published_source"] == "none"


def test_what_cannot_be_read_is_a_rejection(tmp_path: Path) -> None:
    wrong = saved(tmp_path, "wrong.html", uri="https://paper.example/")
    found = explain_file(wrong, None, Limits())
    assert found.outcome is Outcome.UNREADABLE_FILE
    assert "uri: unknown key" in as_record(found)["rejection"]
    assert explain_file(tmp_path / "gone.html", None, Limits()).outcome is Outcome.UNREADABLE_FILE
    large = explain_file(saved(tmp_path), None, Limits(max_bytes=100))
    assert large.outcome is Outcome.TOO_LARGE


def test_a_source_lends_its_settings(tmp_path: Path) -> None:
    path = saved(tmp_path)
    paper = source(strip=("h1", "text:The harbour board*"))
    found = explain_file(path, None, Limits(), paper)
    assert found.outcome is not Outcome.ARTICLE
    kept = explain_file(path, None, Limits(), source(strip=("h1",)))
    assert {block.rule for block in kept.stripped} >= {"source:strip"}


def offsets(path: Path) -> list[int]:
    found = read_records(path, 0, path.stat().st_size, 10_000_000, PAGE_KINDS)
    return [record.offset for record in found if getattr(record, "kind", "") in PAGE_KINDS]


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.warc.zst", "crawl-0001"])
@pytest.mark.parametrize("has_requests", [True, False])
def test_a_page_of_any_warc_file_is_read(tmp_path: Path, name: str, has_requests: bool) -> None:
    pages = [*news(2, 6), Archived("https://paper.example/a", page(1, 7), kind="resource")]
    path = write_warc(tmp_path / name, pages, requests=has_requests)
    for number, offset in enumerate(offsets(path)):
        found = as_record(explain_file(tmp_path / f"{name}#{offset}", None, Limits()))
        assert found["rejection"] is None
        assert f"for the {number + (number == 6)}th time" in found["headline"]


def test_where_no_page_is_in_a_warc_file(tmp_path: Path) -> None:
    parts = Archived("https://paper.example/a", page(0, 1), warc_headers={"WARC-Truncated": "time"})
    path = write_warc(tmp_path / "a.warc.gz", [parts])
    [offset] = offsets(path)
    found = explain_file(tmp_path / f"a.warc.gz#{offset}", None, Limits())
    assert (found.outcome, found.detail) == (Outcome.TIMED_OUT, "archived in part: time")
    for place in (f"a.warc.gz#{offset + 1}", "a.warc.gz#0", f"gone.warc.gz#{offset}"):
        assert explain_file(tmp_path / place, None, Limits()).outcome is Outcome.UNREADABLE_FILE


def test_a_page_of_an_own_archive_keeps_its_url(tmp_path: Path) -> None:
    """That of a history is requested from another address."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    own = "https://paper.example/2026/03/02/ferry-sails"
    sent = Exchange("https://web.example/web/1id_/x", b"", head + PAGE.encode(), "", CRAWLED)
    attempt = Attempt(CaptureKind.PAGE, own, own, Outcome.FETCHED, CRAWLED, 0.1)
    attempt = replace(attempt, payload=PAGE.encode(), exchanges=(sent,), content_type="text/html")
    with ArchiveWriter(tmp_path, "aa-paper", "20260302T060000Z-0a1b2c") as archive:
        capture = archive.write(attempt)
    record = as_record(explain_file(tmp_path / str(capture.raw_ref), None, Limits()))
    assert (record["published_source"], record["rejection"]) == ("url", None)
