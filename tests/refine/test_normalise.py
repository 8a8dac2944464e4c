import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pytest

from tasks.model import Capture, CaptureKind, Extraction, Outcome, PageText, StrippedBlock
from tasks.refine.normalise import (
    article_row,
    body_sha256,
    by_clock_of_source,
    capture_row,
    published_ahead_at,
    stripped_rows,
)
from tasks.text.printed_times import instant
from tasks.text.urls import article_id
from warehouse.layers.parquet_schemas import ARTICLE_SCHEMA, STRIPPED_SCHEMA

SEEN = datetime(2026, 11, 20, 12, tzinfo=UTC)
CAPTURE = Capture(
    capture_id=uuid4(),
    run_id="20261120T120000Z-aaaaaa",
    source_id="xx-mill",
    kind=CaptureKind.PAGE,
    url_requested="https://mill.example/mill-turns?utm_source=feed",
    url_final="https://mill.example/mill-turns?utm_source=feed",
    found_in="https://mill.example/feed",
    outcome=Outcome.FETCHED,
    detail="",
    attempted_at=SEEN,
    seconds=0.1,
    payload_sha256="ab" * 32,
    raw_ref="xx-mill/r.warc.gz#0",
)
PAGE = PageText(
    headline="The mill  turns again",
    paragraphs=("First paragraph here.", "Second one."),
    standfirst="After ten years",
    authors=("Ada Quill",),
    published_at=SEEN - timedelta(hours=3),
    published_raw="2026-11-20T09:00:00Z",
    published_has_time=True,
    published_source="jsonld",
    declared_url="https://mill.example/mill-turns",
)


def row(page: PageText = PAGE, capture: Capture = CAPTURE, **extraction: object) -> dict[str, Any]:
    found = Extraction(Outcome.ARTICLE, page=page, **extraction)  # type: ignore[arg-type]
    return article_row(found, capture, extractor_version="1-x")


def test_a_row_fits_the_schema() -> None:
    made = row()
    assert list(made.keys() ^ set(ARTICLE_SCHEMA.names)) == []
    table = pa.Table.from_pylist([made], schema=ARTICLE_SCHEMA)
    assert table["body"][0].as_py() == "First paragraph here.\n\nSecond one."
    assert made["headline"] == "The mill turns again"
    assert made["word_count"] == 5
    assert (made["version_no"], made["first_seen_at"]) == (None, None)
    assert made["extractor_version"] == "1-x"


def test_a_rejection_makes_no_row() -> None:
    with pytest.raises(ValueError, match="section_page"):
        article_row(Extraction(Outcome.SECTION_PAGE), CAPTURE, extractor_version="1")


def test_the_canonical_url_is_the_identity() -> None:
    assert row()["url_canonical"] == "https://mill.example/mill-turns"
    assert row()["article_id"] == article_id("https://mill.example/mill-turns")
    foreign = replace(PAGE, declared_url="https://other.example/a")
    assert row(foreign)["url_canonical"] == "https://mill.example/mill-turns"


def saved(**changes: object) -> Capture:
    url = "file:///pages/a.html"
    file = replace(CAPTURE, kind=CaptureKind.FILE, url_requested=url, url_final=url)
    return replace(file, **changes)  # type: ignore[arg-type]


def test_a_saved_file_is_known_by_its_given_url_else_its_own_else_its_content() -> None:
    given = saved(given_url="https://mill.example/given")
    assert row(replace(PAGE, declared_url=None), given)["url_canonical"].endswith("/given")
    assert row(PAGE, saved())["url_canonical"] == "https://mill.example/mill-turns"
    nameless = row(replace(PAGE, declared_url=None), saved())
    assert nameless["url_canonical"] == "urn:sha256:" + "ab" * 32
    assert nameless["article_id"] == article_id(nameless["url_canonical"])


def test_the_pages_own_time_wins_over_the_feeds() -> None:
    fed = replace(CAPTURE, entry_published_at=SEEN - timedelta(days=1), entry_published_raw="Thu")
    made = row(PAGE, fed)
    assert (made["published_source"], made["published_at_raw"]) == ("jsonld", PAGE.published_raw)
    undated = replace(PAGE, published_at=None, published_raw=None, published_source="none")
    made = row(undated, fed)
    assert (made["published_source"], made["published_at_raw"]) == ("feed", "Thu")
    assert made["published_date"] == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("printed", "zone", "expected"),
    [
        ("2026-11-20 10:00:00", "Asia/Tokyo", "2026-11-20T01:00"),
        ("Fri, 20 Nov 2026 10:00", "Asia/Tokyo", "2026-11-20T01:00"),
        ("2026-11-19", "Asia/Tokyo", "2026-11-19T00:00"),
        ("Fri, 20 Nov 2026 10:00:00 CET", "Asia/Tokyo", "2026-11-20T09:00"),
        ("Fri, 20 Nov 2026 10:00:00 +0900 (CET)", "UTC", "2026-11-20T01:00"),
        ("Fri, 20 Nov 2026 10:00:00 IST", "Asia/Kolkata", "2026-11-20T04:30"),
        ("Fri, 20 Nov 2026 10:00:00 IST", "Asia/Jerusalem", "2026-11-20T08:00"),
        ("Fri, 20 Nov 2026 10:00:00 IST", "Europe/Berlin", None),
        ("Mon, 20 Jul 2026 10:00:00 BST", "Europe/London", "2026-07-20T09:00"),
        ("Mon, 20 Jul 2026 10:00:00 BST", "Asia/Dhaka", None),
        ("Fri, 20 Nov 2026 10:00:00 CST", "Asia/Shanghai", "2026-11-20T02:00"),
        ("Fri, 20 Nov 2026 10:00:00 XYZ", "Asia/Shanghai", None),
        ("Thu, 01 Jan 1970 00:00:00", "Asia/Shanghai", None),
        ("Fri, 20 Nov 2026 07:30 PM EST", "America/New_York", "2026-11-21T00:30"),
        ("Fri, 20 Nov 2026 12:15 AM EST", "America/New_York", "2026-11-20T05:15"),
        ("Fri, 20 Nov 2026 7:30:05 p.m. -0500", "UTC", "2026-11-21T00:30:05"),
        ("Fri, 20 Nov 2026 12:30 pm", "Asia/Tokyo", "2026-11-20T03:30"),
        ("2026-11-20 7:30 PM", "Asia/Tokyo", "2026-11-20T10:30"),
        ("Fri, 20 Nov 2026 7 PM EST", "America/New_York", "2026-11-21T00:00"),
        ("Fri, 20 Nov 2026 19:30 PM EST", "America/New_York", "2026-11-21T00:30"),
    ],
)
def test_a_feeds_time_is_of_its_sources_zone(printed: str, zone: str, expected: str | None) -> None:
    undated = replace(PAGE, published_at=None, published_raw=None, published_source="none")
    fed = replace(CAPTURE, entry_published_raw=printed)
    found = Extraction(Outcome.ARTICLE, page=undated)
    made = article_row(found, by_clock_of_source(fed, zone), extractor_version="1")
    at = datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None
    source = "feed" if expected else "none"
    assert (made["published_at"], made["published_source"]) == (at, source)
    assert made["published_at_raw"] == printed
    dated = article_row(Extraction(Outcome.ARTICLE, page=PAGE), fed, extractor_version="1")
    assert dated["published_source"] == "jsonld"


@pytest.mark.parametrize(
    ("printed", "has_time"),
    [
        ("Fri, 20 Nov 2026 00:00:00 GMT", True),
        ("2026-11-20T00:00Z", True),
        ("2026-11-20 10", True),
        ("20 Nov 2026 10.30 GMT", True),
        ("2026-11-20", False),
        ("20261120", False),
    ],
)
def test_a_row_says_whether_a_time_was_read(printed: str, has_time: bool) -> None:
    assert row(PAGE)["published_has_time"] is True
    assert row(replace(PAGE, published_has_time=False))["published_has_time"] is False
    undated = replace(
        PAGE,
        published_at=None,
        published_raw=None,
        published_has_time=None,
        published_source="none",
    )
    assert row(undated)["published_has_time"] is None
    fed = by_clock_of_source(replace(CAPTURE, entry_published_raw=printed), "America/New_York")
    made = row(undated, fed)
    assert (made["published_source"], made["published_has_time"]) == ("feed", has_time)


def test_a_time_given_for_a_saved_file_wins() -> None:
    made = row(PAGE, saved(entry_published_at=SEEN - timedelta(days=400)))
    assert made["published_source"] == "given"
    assert made["published_date"] == date(2025, 10, 16)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2025-03-07", "2025-03-07T00:00"),
        ("20250307", "2025-03-07T00:00"),
        ("2025-03-07T22:30:00", "2025-03-08T03:30"),
        ("2025-03-07 22:30", "2025-03-08T03:30"),
        ("2025-03-07T22:30:00Z", "2025-03-07T22:30"),
        ("1985-03-07T22:30:00Z", "1985-03-07T22:30"),
    ],
)
def test_a_time_given_for_a_saved_file_is_of_its_sources_zone(given: str, expected: str) -> None:
    file = saved(entry_published_raw=given, entry_published_at=instant(given))
    made = row(PAGE, by_clock_of_source(file, "America/New_York"))
    at = datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert (made["published_at"], made["published_source"]) == (at, "given")
    assert made["published_at_raw"] == given


def test_a_fetch_time_never_stands_in_and_the_future_is_passed_over() -> None:
    ahead = replace(PAGE, published_at=SEEN + timedelta(days=3), modified_at=SEEN + timedelta(9))
    made = row(ahead)
    assert made["published_at"] is None
    assert made["published_date"] is None
    assert made["modified_at"] is None
    assert (made["published_source"], made["published_at_raw"]) == ("none", PAGE.published_raw)
    soon = replace(PAGE, published_at=SEEN + timedelta(hours=40))
    assert row(soon)["published_at"] == SEEN + timedelta(hours=40)


def test_the_earliest_time_ahead_is_known_where_no_other_is_stated() -> None:
    near, far = SEEN + timedelta(days=3), SEEN + timedelta(days=9)
    fed = replace(CAPTURE, entry_published_at=near)
    assert published_ahead_at(replace(PAGE, published_at=far), fed) == near
    assert published_ahead_at(replace(PAGE, published_at=near), CAPTURE) == near
    assert published_ahead_at(replace(PAGE, published_at=None), CAPTURE) is None
    assert published_ahead_at(PAGE, fed) is None
    believed = replace(PAGE, published_at=SEEN + timedelta(hours=48))
    assert published_ahead_at(believed, fed) is None


def test_the_fingerprint_takes_what_is_read_and_not_its_spacing() -> None:
    same = body_sha256("The  mill", "After\nten", "Cafe\u0301 one.\n\nTwo.")
    assert same == body_sha256("The mill", "After ten", "Caf\u00e9 one. Two.")
    assert same != body_sha256("The mill", "After twelve", "Caf\u00e9 one. Two.")
    assert body_sha256("a", "b", "c") != body_sha256("a", None, "b c")
    headline = row(replace(PAGE, headline="The mill stops"))
    assert headline["body_sha256"] != row()["body_sha256"]
    assert row(replace(PAGE, section="Business"))["body_sha256"] == row()["body_sha256"]


BLOCKS = (
    StrippedBlock("Subscribe today", "paywall", "text:en/x", 3, in_article=False),
    StrippedBlock("Read more: floods", "related", "link", 4),
    StrippedBlock("Imprint", "furniture", "model", 90, in_article=False),
    StrippedBlock("More in the app", "furniture", "source:strip", 91, in_article=False),
    StrippedBlock("More in the shop", "furniture", "site:recurring", 92, in_article=False),
)


def test_prompts_are_counted_and_kept_with_what_stood_in_the_article() -> None:
    found = Extraction(Outcome.ARTICLE, page=PAGE, stripped=BLOCKS)
    made = article_row(found, CAPTURE, extractor_version="1")
    assert made["prompt_chars_removed"] == len("Subscribe today")
    rows = stripped_rows(found, CAPTURE, made["article_id"])
    assert [r["position"] for r in rows] == [3, 4, 91, 92]
    assert pa.Table.from_pylist(rows, schema=STRIPPED_SCHEMA).num_rows == 4


def test_text_that_no_database_takes_is_made_storable() -> None:
    odd = replace(PAGE, headline="A\ud800b\0c", paragraphs=("x\udfff y",))
    made = row(odd)
    assert made["headline"] == "A?bc"
    pa.Table.from_pylist([made], schema=ARTICLE_SCHEMA)


def test_a_missing_headline_is_taken_from_the_feed() -> None:
    fed = replace(CAPTURE, entry_headline="From the feed")
    assert row(replace(PAGE, headline=""), fed)["headline"] == "From the feed"


HOSTILE = "A \x1b[31mred\x1b[0m\x07 \u202etxt\x9b end\x00"
SAFE = "A red txt end"


def test_no_field_of_a_record_holds_a_control_character() -> None:
    texts = ("headline", "kicker", "standfirst", "byline", "dateline", "section", "rights_notice")
    page = replace(
        PAGE,
        paragraphs=(HOSTILE, "Second."),
        captions=(HOSTILE,),
        authors=(HOSTILE,),
        published_raw=HOSTILE,
        tdm_reservation=HOSTILE,
        **dict.fromkeys(texts, HOSTILE),  # type: ignore[arg-type]
    )
    url = "https://mill.example/a\x1b[2J"
    capture = replace(CAPTURE, url_requested=url, url_final=url, detail=HOSTILE)
    made = row(page, capture)
    assert {made[name] for name in texts if name in made} == {SAFE}
    assert made["body"] == f"{SAFE}\n\nSecond."
    assert (made["captions"], made["authors"]) == ([SAFE], [SAFE])
    block = StrippedBlock(HOSTILE, "paywall", "text:x", 0)
    (stripped,) = stripped_rows(Extraction(Outcome.ARTICLE, stripped=(block,)), capture, uuid4())
    assert stripped["text"] == SAFE
    for found in (made, capture_row(capture)):
        values = "".join(map(str, found.values())) + "".join(found.get("rights", {}).values())
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", values), found
    assert made["url_requested"] == "https://mill.example/a%1B[2J"
