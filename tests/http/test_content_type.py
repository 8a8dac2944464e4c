"""Which content types are pages: one answer from a server, from an archive and in extraction."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.archive.any_responses import read_response
from tasks.archive.any_warc_records import Record
from tasks.collect.fetch.client import Client
from tasks.extract import extract_page
from tasks.model import Outcome
from tasks.settings import Limits
from tests.support.loopback import AGENT, Loopback, ask, http

BODY = b"<html><body><p>The harbour board met on Monday.</p></body></html>"
PAGES = [
    "",
    " ",
    "text/html; charset=utf-8",
    "TEXT/HTML",
    "text/plain",
    "application/xhtml+xml",
    "application/xhtml+xml ; charset=utf-8",
    "application/vnd.wap.xhtml+xml",
]
NOT_PAGES = [
    "application/xml",
    "application/octet-stream",
    "application/xhtml",
    "application/pdf",
    "image/png",
    "text",
    "text/",
    "nonsense",
]


@pytest.fixture(scope="module")
def web() -> Iterator[Loopback]:
    with Loopback() as opened:
        yield opened


@pytest.mark.parametrize("content_type", PAGES + NOT_PAGES)
def test_all_agree_on_what_is_a_page(content_type: str, web: Loopback, tmp_path: Path) -> None:
    is_page = content_type in PAGES
    response = http(BODY, Content_Type=content_type)
    attempt = ask(Client(Limits(), AGENT, tmp_path), web.set_answers("/page", response))
    assert (attempt.outcome is Outcome.FETCHED) is is_page
    assert (attempt.outcome is Outcome.NOT_A_PAGE) is not is_page
    for record in (
        Record(0, "response", {}, response, len(response)),
        Record(0, "resource", {"content-type": content_type}, BODY, len(BODY)),
    ):
        archived = read_response(record, len(BODY)).outcome
        assert archived is (Outcome.FETCHED if is_page else Outcome.NOT_A_PAGE)
    extracted = extract_page(BODY, content_type, web.url)
    assert (extracted.outcome is not Outcome.NOT_A_PAGE) is is_page
