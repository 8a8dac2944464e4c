import pytest

from tasks.collect.listings.browser_saves import read_mhtml_save
from tasks.extract import extract_page
from tasks.extract.mhtml import MHTML, page_of_mhtml
from tasks.http.response import HTML_TYPES
from tasks.model import Outcome
from tests.support.mhtml import IMAGE, PAGE, URL, mhtml, part

FRAME = part("text/html", "cid:frame@blink"), b"<p>An advertisement."


@pytest.mark.parametrize("parts", [(PAGE, FRAME), (IMAGE, FRAME, PAGE), (FRAME, IMAGE, PAGE)])
def test_the_page_is_the_part_that_the_file_names(parts: tuple[tuple[str, bytes], ...]) -> None:
    assert page_of_mhtml(mhtml(*parts)) == (PAGE[1], "text/html; charset=iso-8859-1")


def test_a_root_is_named_by_its_id() -> None:
    by_id = (f"Content-ID: <page@x>\n{part('text/html', 'cid:2')}", PAGE[1])
    file = mhtml(FRAME, by_id, url="https://courier.example/other")
    file = file.replace(b'type="text/html";', b'type="text/html"; start="<page@x>";')
    assert page_of_mhtml(file)[0] == PAGE[1]


def test_a_page_in_parts_of_parts_and_one_without_parts() -> None:
    inner = mhtml(PAGE, boundary="in").partition(b"Content-Type: ")[2]
    outer = mhtml((part("text/css"), b"p {}"), boundary="out")
    nested = outer.replace(b"\n--out--", b"\n--out\nContent-Type: " + inner + b"\n--out--")
    assert page_of_mhtml(nested)[0] == PAGE[1]
    alone = b"From: <Saved by Windows Internet Explorer 7>\n" + (
        b"Content-Type: text/html; charset=shift_jis\nContent-Transfer-Encoding: 8bit\n\n"
        + "<p>港の倉庫".encode("shift_jis")
    )
    assert page_of_mhtml(alone) == (
        "<p>港の倉庫".encode("shift_jis"),
        "text/html; charset=shift_jis",
    )


@pytest.mark.parametrize("content_type", sorted(HTML_TYPES))
def test_all_html_is_a_page(content_type: str) -> None:
    page = part(content_type), PAGE[1]
    file = mhtml(IMAGE, page)
    assert page_of_mhtml(file)[0] == PAGE[1]
    headless = file.replace(b"Snapshot-Content-Location: " + URL.encode() + b"\n", b"")
    assert read_mhtml_save(headless, allow_private=False).url == URL


def test_what_follows_the_page_may_be_missing() -> None:
    whole = mhtml(PAGE, IMAGE)
    assert page_of_mhtml(whole[:-100])[0] == PAGE[1]


def test_an_archived_page_is_extracted_in_its_charset() -> None:
    text = PAGE[1].replace(b"skippers", "Fährleute".encode("latin-1"))
    found = extract_page(mhtml((PAGE[0], text), IMAGE), MHTML, URL)
    assert found.page is not None
    assert "12 Fährleute" in found.page.paragraphs[0]
    broken = extract_page(mhtml(IMAGE), MHTML, URL)
    assert (broken.outcome, broken.detail) == (
        Outcome.UNREADABLE_FILE,
        "MHTML without an HTML part",
    )
