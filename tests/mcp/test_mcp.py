"""`presswatch mcp`, asked by a client as an assistant asks it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters

from flows.desk.snapshots import Snapshots
from flows.mcp.server import Tools
from tests.support.daily_news import DailyNews

pytestmark = pytest.mark.slow

Call = Callable[..., dict[str, Any]]


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "topics": ("topics", {}),
    "series": ("series", {"topic": "harvest", "unit": "day"}),
    "by source": ("series", {"topic": "harvest", "unit": "day", "by": "source"}),
    "outage": (
        "series",
        {
            "topic": "harvest",
            "sources": ["es-diario"],
            "first_day": "2026-03-11",
            "last_day": "2026-03-11",
        },
    ),
    "before": ("series", {"topic": "harvest", "last_day": "2026-02-10", "first_day": "2026-01-01"}),
    "around": ("series", {"topic": "harvest", "first_day": "2026-02-27", "unit": "month"}),
    "spikes": ("spikes", {}),
    "spikes later": ("spikes", {"first_day": "2030-01-01", "last_day": "2030-02-01"}),
    "sentences": ("sentences", {"topic": "harvest", "limit": 3}),
    "never said": ("sentences", {"topic": "summit"}),
    "said later": (
        "sentences",
        {"topic": "harvest", "first_day": "2030-01-01", "last_day": "2030-01-02"},
    ),
    "gaps": ("gaps", {"sources": ["gb-post"]}),
    "usual": ("usual", {"topics": ["harvest"]}),
    "usual later": ("usual", {"day": "2030-01-01", "unit": "day"}),
    "no topic": ("series", {"topic": "wheat"}),
    "no source": ("gaps", {"sources": ["gb-pots"]}),
    "no day": ("spikes", {"first_day": "last week"}),
    "no unit": ("series", {"topic": "harvest", "unit": "year"}),
    "no limit": ("sentences", {"topic": "harvest", "limit": 0}),
    "backwards": ("gaps", {"first_day": "2026-03-05", "last_day": "2026-03-04"}),
}


@pytest.fixture(scope="module")
def answers(partial_days: Path) -> dict[str, Any]:
    """What a client that starts the command gets to all CALLS, in one session."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "flows", "mcp", "--data", str(partial_days)],
        env=dict(os.environ),
    )

    async def ask() -> dict[str, Any]:
        async with Client(command) as client:
            listed = await client.list_tools()
            got: dict[str, Any] = {"tools": listed.tools}
            for name, (tool, given) in CALLS.items():
                got[name] = await client.call_tool(tool, given)
        return got

    with anyio.from_thread.start_blocking_portal() as portal:
        return portal.call(ask)


@pytest.fixture
def answer(answers: dict[str, Any]) -> Call:
    def told(name: str) -> dict[str, Any]:
        result = answers[name]
        assert not result.is_error, result.content
        content: dict[str, Any] = result.structured_content
        return content

    return told


@pytest.fixture
def refusal(answers: dict[str, Any]) -> Callable[[str], str]:
    def told(name: str) -> str:
        result = answers[name]
        assert result.is_error, result.structured_content
        text: str = result.content[0].text
        assert "\n" not in text
        return text

    return told


def test_the_tools_say_that_they_only_read(answers: dict[str, Any]) -> None:
    assert [tool.name for tool in answers["tools"]] == [
        *("topics", "series", "spikes", "sentences", "gaps", "usual")
    ]
    assert all(tool.annotations.read_only_hint for tool in answers["tools"])
    assert all(tool.description for tool in answers["tools"])


def test_topics_name_what_there_is(answer: Call) -> None:
    told = answer("topics")
    assert [topic["id"] for topic in told["topics"]] == ["harvest", "summit"]
    harvest = told["topics"][0]
    assert list(harvest) == ["id", "name", "aliases", "exclude", "languages", "audit"]
    assert "en" in harvest["languages"]
    assert [source["id"] for source in told["sources"]] == [
        *("de-blatt", "es-diario", "gb-post", "pt-jornal")
    ]
    assert (told["coverage"]["first_day"], told["coverage"]["last_day"]) == (
        *("2026-03-01", "2026-03-16"),
    )


def test_a_series_has_its_interval_and_its_coverage(answer: Call) -> None:
    told = answer("series")
    coverage, total = told["coverage"], told["total"]
    assert coverage["says"].startswith(
        "2026-03-01 to 2026-03-16, all sources (4): 63 of 64 days of sources were collected"
    )
    assert (coverage["source_days_collected"], coverage["source_days"]) == (63, 64)
    assert 0.9 < coverage["share_of_published_collected"] < 0.95
    low, high = total["interval_95"]
    assert low < total["hits"] / total["articles"] < high
    days = {row["first_day"]: row for row in told["rows"]}
    assert days["2026-03-05"]["state"] == "collected"
    assert days["2026-03-11"]["state"] == "in part"
    assert (
        sum(row["articles"] for row in answer("by source")["rows"] if row["articles"])
        == (total["articles"])
    )


def test_a_source_that_was_not_read_is_not_zero(answer: Call) -> None:
    told = answer("outage")
    assert "is not known, it is not zero" in told["coverage"]["says"]
    assert told["coverage"]["is_collected"] is False
    [row] = told["rows"]
    assert (row["state"], row["hits"], row["articles"]) == ("not collected", None, None)
    [gap] = told["coverage"]["gaps_of_sources"]
    assert gap["state"] == "missing"
    by_source = [
        row["hits"]
        for row in answer("by source")["rows"]
        if (row["source"], row["first_day"]) == ("es-diario", "2026-03-11")
    ]
    assert by_source == [None]


def test_days_before_and_after_are_not_zero(answer: Call) -> None:
    before = answer("before")
    assert "collecting began on 2026-03-01" in before["coverage"]["says"]
    assert before["rows"] == []
    assert before["total"]["hits"] is None
    around = answer("around")
    assert around["coverage"]["days_not_collected"] == [
        {
            "first_day": "2026-02-27",
            "last_day": "2026-02-28",
            "why": "collecting began on 2026-03-01",
        }
    ]
    assert "Of 2 days nothing is known" in around["coverage"]["says"]
    assert answer("spikes")["spikes"] == []
    assert answer("spikes later")["spikes"] is None
    later = answer("said later")
    assert "the last collected day is 2026-03-16" in later["coverage"]["says"]
    assert (later["sentences"], later["mentions"]) == (None, None)


def test_sentences_come_with_links_dates_and_sources(answer: Call) -> None:
    told = answer("sentences")
    assert len(told["sentences"]) == 3
    assert told["articles"] > 100
    for each in told["sentences"]:
        assert "[harvest]" in each["context"]
        assert each["url"].startswith("https://")
        assert each["day"] == "2026-03-16"
        assert each["source"]
    assert (answer("never said")["articles"], answer("never said")["sentences"]) == (0, [])


def test_sentences_say_that_copies_are_left_out_and_what_a_series_counts(news: DailyNews) -> None:
    tools = Tools(Snapshots(news(1)))  # an article and its copy
    without, whole = tools.sentences("harvest"), tools.sentences("harvest", without_copies=False)
    hits = tools.series("harvest")["total"]["hits"]
    assert (without["articles"], without["articles_with_copies"], hits) == (1, 2, 2)
    assert (whole["articles"], whole["articles_with_copies"]) == (2, 2)
    assert "Syndicated copies are left out." in without["coverage"]["says"]
    assert "copies" not in whole["coverage"]["says"]
    assert "copies" in tools.series("harvest", without_copies=True)["coverage"]["says"]


def test_gaps_are_those_of_the_source(answer: Call) -> None:
    found = answer("gaps")["gaps"]
    assert {gap["source_id"] for gap in found} == {"gb-post"}
    assert [gap["first_day"] for gap in found] == ["2026-03-06", "2026-03-15"]


def test_a_week_is_judged_by_the_weeks_before_it(answer: Call) -> None:
    [topic] = answer("usual")["topics"]
    # One week of past is too little.
    assert topic["verdict"] == "too few to say"
    assert topic["hits"] > 0
    assert "Of 48 days nothing is known" in answer("usual")["coverage_of_the_past"]["says"]
    later = answer("usual later")
    assert {topic["verdict"] for topic in later["topics"]} == {"not collected"}
    assert "it is not zero" in later["coverage"]["says"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no topic", "no topic 'wheat'; there are: harvest, summit"),
        ("no source", "no source 'gb-pots'; there are: de-blatt, es-diario, gb-post, pt-jornal"),
        ("no day", "first_day must be a day such as 2026-11-27"),
        ("no unit", "unit must be one of day, week, month, got 'year'"),
        ("no limit", "limit must be 1 to 200, got 0"),
        ("backwards", "ends before it begins"),
    ],
)
def test_wrong_input_is_reported_in_one_line_with_what_there_is(
    refusal: Callable[[str], str], name: str, said: str
) -> None:
    assert said in refusal(name)


def test_without_the_extra_it_says_what_to_install(partial_days: Path) -> None:
    code = (
        "import sys; sys.modules['mcp'] = None; sys.argv = ['presswatch', 'mcp', '--data',"
        f" {str(partial_days)!r}]; from flows.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "presswatch mcp: mcp is not installed: pip install 'presswatch[mcp]'\n"
