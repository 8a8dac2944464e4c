"""Answers of a CDX server, periods, and days in addresses."""

import json
from datetime import UTC, date, datetime

import pytest

from tasks.history.cdx import Answer, IndexedCapture, query, read_answer
from tasks.history.periods import Period, named_day, named_period, windows
from tasks.model import Failure

NAMES = ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest"]
ROW = ["net,paper)/a", "20240501080000", "http://paper.net:80/a", "text/html", "200", "ABC"]


def answer(*rows: list[str]) -> bytes:
    return json.dumps([NAMES, *rows]).encode()


def other(**changed: str) -> list[str]:
    return [changed.get(name, value) for name, value in zip(NAMES, ROW, strict=True)]


def test_rows_become_captures_and_the_last_one_the_key() -> None:
    found = read_answer(answer(ROW, [], ["net%2Cpaper%29%2Fa+20240501080000%21"]))
    at = datetime(2024, 5, 1, 8, tzinfo=UTC)
    capture = IndexedCapture("net,paper)/a", at, "http://paper.net:80/a", "ABC")
    assert found == Answer((capture,), "net%2Cpaper%29%2Fa+20240501080000%21")
    assert capture.page == "http://paper.net/a"
    period = Period(date(2024, 5, 1), date(2024, 5, 31))
    asked = query("https://archive.example/", "paper.net", period, 50, found.resume_key)
    assert asked.startswith("https://archive.example/cdx/search/cdx?url=paper.net&matchType=domain")
    assert "from=20240501&to=20240531&output=json" in asked
    assert asked.endswith("&resumeKey=net%2Cpaper%29%2Fa+20240501080000%21")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (other(mimetype="warc/revisit", statuscode="-"), "revisit"),
        (other(statuscode="404"), "no_success"),
        (other(timestamp="2024"), "unreadable_row"),
        (other(original="javascript:void(0)"), "unreadable_row"),
        (ROW[:4], "unreadable_row"),
    ],
)
def test_a_row_that_is_no_capture_is_counted(row: list[str], why: str) -> None:
    found = read_answer(answer(ROW, row))
    assert isinstance(found, Answer)
    assert (len(found.captures), found.passed) == (1, {why: 1})


def test_broken_lines_cost_themselves_alone() -> None:
    lines = answer(ROW, ROW, ROW).decode().replace("], [", "],\n[")
    cut = lines[: lines.rindex("text/html")]
    found = read_answer(cut.replace('"ABC"],\n', '"AB,\n', 1).encode())
    assert isinstance(found, Answer)
    assert (len(found.captures), found.passed) == (1, {"unreadable_row": 2})


@pytest.mark.parametrize("text", ["<html>", "null", '{"a": 1}', '[["original"], ["x"]]', "\x00"])
def test_what_is_no_answer_is_none(text: str) -> None:
    with pytest.raises(Failure):
        read_answer(text.encode())


@pytest.mark.parametrize("text", ["", "\n", "[]", "[ ]", json.dumps([NAMES])])
def test_an_empty_answer_has_no_captures(text: str) -> None:
    assert read_answer(text.encode()) == Answer()


@pytest.mark.parametrize(
    ("address", "period"),
    [
        ("https://a.net/sitemap-2024-02.xml", ("2024-02-01", "2024-02-29")),
        ("https://a.net/sitemap_202412_3.xml.gz", ("2024-12-01", "2024-12-31")),
        ("https://a.net/2024/03/05/story", ("2024-03-05", "2024-03-05")),
        ("https://a.net/map.xml?yyyy=2024&mm=3&dd=05", ("2024-03-05", "2024-03-05")),
        ("https://a.net/sitemap/2019.xml", ("2019-01-01", "2019-12-31")),
        ("https://a.net/2024/02/31/story", None),
        ("https://a.net/news-123456.html", None),
    ],
)
def test_an_address_names_its_period(address: str, period: tuple[str, str] | None) -> None:
    expected = period and Period(*map(date.fromisoformat, period))
    assert named_period(address) == expected
    is_day = expected is not None and expected.first == expected.last
    assert named_day(address) == (expected.first if expected and is_day else None)


def test_days_are_asked_for_together_within_a_month() -> None:
    days = [date(2024, 5, 1), date(2024, 5, 3), date(2024, 5, 20), date(2024, 6, 1)]
    found = windows(reversed(days))
    assert found == [Period(days[0], days[1]), Period(days[2], days[2]), Period(days[3], days[3])]
