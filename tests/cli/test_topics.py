"""Languages without an alias of a topic, and phrases that count nothing: what is said of them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.ingest import ingest
from flows.runs.installation import open_for_run
from tasks.topics.topic import load_topics
from tasks.topics.uncounted_phrases import uncounted_phrases
from tests.support.sample_newsroom import TOPICS
from warehouse.layers.layout import Layout
from warehouse.read.query import query

GEORGIAN = (
    "მთავრობამ ჰუავეის წინააღმდეგ სანქციები განიხილა.\n\n"
    + "მინისტრები მთელი დღე საუბრობდნენ. " * 30
)
ENGLISH = "The sanctions were discussed.\n\n" + "Ministers talked for most of the day. " * 30


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A Georgian and an English paper of one saved page each."""
    for name, text in (("ka", GEORGIAN), ("en", ENGLISH)):
        (tmp_path / f"{name}.txt").write_text(f"A headline\n\n{text}", encoding="utf-8")
    path = tmp_path / "sources.toml"
    path.write_text(
        "".join(
            f'[[source]]\nid = "{name}-paper"\nname = "Paper"\nlanguage = "{language}"\n'
            f'timezone = "UTC"\nfiles = ["{name}.txt"]\n'
            for name, language in (("ka", "ka"), ("en", "en-GB"))
        ),
        encoding="utf-8",
    )
    return path


def command(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.stdout


def test_sources_check_names_topics_without_an_alias(sources: Path) -> None:
    status, out = command("sources", "check", "--sources", sources, "--topics", TOPICS)
    assert status == 0, "it works, and yet its articles are in no topic's share"
    assert "WARN ka-paper: no alias in ka: g20, huawei, sanctions" in out.splitlines()
    assert "WARN en-paper" not in out
    assert "ok   en-paper" in out


def test_topics_lists_languages_and_what_they_lack(sources: Path, tmp_path: Path) -> None:
    topics = tmp_path / "topics.toml"
    topics.write_text(
        '[[topic]]\nid = "ore"\nname = "Ore"\naliases = ["ore", "稀土"]\nlanguages = ["en", "zh"]\n'
        '[[topic]]\nid = "all"\nname = "All"\naliases = ["G20"]\nlanguages = "all"\n'
        '[[topic]]\nid = "both"\nname = "Both"\naliases = ["ore", "მადანი"]\n',
        encoding="utf-8",
    )
    status, out = command("topics", "--sources", sources, "--topics", topics)
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}
    assert status == 0
    assert lines["ore"] == ["ore", "Ore", "2", "en,", "zh", "ka", "(1", "source)"]
    assert lines["all"] == ["all", "All", "1", "all", "-"]
    assert lines["both"][-1] == "-"


def test_phrases_that_count_nothing_are_named(
    sources: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    topics = tmp_path / "topics.toml"
    topics.write_text(
        '[[topic]]\nid = "web"\nname = "Web"\nlanguages = "all"\n'
        'aliases = ["G20", "http://x.test", "#G20", "AT&T", "C++", "US$", "@whitehouse", "*ore"]\n'
        '[[topic]]\nid = "both"\nname = "Both"\nlanguages = "all"\nwithin = "sentence"\n'
        'all_of = [["ore"], ["Yahoo!", "booking.com"]]\nnone_of = ["a@b.com"]\n'
        'exclude = ["ore.com"]\n'
        '[[topic]]\nid = "accent"\nname = "Accent"\nlanguages = "all"\naliases = ["\\u0301"]\n',
        encoding="utf-8",
    )
    said = [
        *("topic web: 'http://x.test'", "topic web: '@whitehouse'"),
        *("topic both: 'booking.com'", "topic both: 'a@b.com'", "topic accent: '\u0301'"),
    ]
    status, out = command("topics", "--sources", sources, "--topics", topics)
    warned = [line for line in out.splitlines() if line.startswith("WARN ")]
    assert status == 0
    assert [line.partition(" counts nothing as it is written: ")[0] for line in warned] == [
        f"WARN {each}" for each in said
    ]
    open_for_run(str(sources), str(topics), str(tmp_path / "data"))
    assert [line.partition(" counts nothing")[0] for line in caplog.messages] == said


def test_no_shipped_phrase_counts_nothing() -> None:
    shipped = Path(__file__).parents[2] / "deployments" / "topics.toml"
    assert [*uncounted_phrases(load_topics(shipped))] == []


def test_an_ingest_says_it_in_message_and_ledger(
    sources: Path, tmp_path: Path, prefect_api: str
) -> None:
    data = tmp_path / "data"
    files = {"sources_file": str(sources), "topics_file": str(TOPICS), "data": str(data)}
    state = ingest(**files, return_state=True)
    assert "no alias in ka: g20, huawei, sanctions" in (state.message or "")
    done = state.result()
    assert done.without_alias == {"ka-paper": "no alias in ka: g20, huawei, sanctions"}
    [row] = query(Layout(data), "SELECT count(*) AS n FROM mentions").to_pylist()
    assert row["n"] == 1, "the Georgian page names two of the topics, and counts for none"
