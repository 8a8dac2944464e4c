"""The demo shows the product: a year of news up to today, in which every question has an answer."""

import re
import socket
import urllib.request
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.cli.sample import begin_demo, fill_demo, sample_newsroom
from tasks.installation import Installation, open_installation
from tasks.load.load_run import load
from tasks.partition.partitions import Run
from tasks.refine.refine_archive import refine
from tasks.settings import ConfigError
from tasks.upkeep.rebuild_articles import rebuild_articles
from tests.support.archived_news import POOL
from tests.support.demo_folder import PORT_VARIABLE
from tests.support.ports import free_port
from tests.support.publishing import publish
from tests.support.sample_newsroom import TOPICS
from warehouse.layers.commits import Commit
from warehouse.layers.layout import Layout
from warehouse.read.query import query

# isort: split
import newsroom_year
from newsroom_articles import COURIER, LEDGER, moved, moved_path
from newsroom_demo import Demo
from newsroom_pages import sources_of
from newsroom_polling import fill, polls
from newsroom_year import Year, latest

ROOT = Path(__file__).parents[2]
GUIDES = "".join((ROOT / name).read_text("utf-8") for name in ("README.md", "warehouse/README.md"))
QUESTIONS = (ROOT / "deployments" / "questions.sql").read_text(encoding="utf-8")
ASKED = [*re.findall(r"```sql\n(.*?)```", GUIDES, re.DOTALL), *QUESTIONS.split("\n\n")[1:]]
EMPTY = {
    "archive_daily",  # of archives that others wrote
    *("balanced_index", "balanced_index_local"),  # of a setting
    "moved_articles",  # its papers keep their addresses
}
"""Relations that have no row."""
UNKNOWN = {
    # Of sources that fail, are no longer asked or are silent now.
    *("open_until", "not_asked_since", "silent_since"),
    *("month", "domains", "articles", "share", "interval_95"),  # of archive_daily
    "kappa",  # of two readers
}
"""Columns of answers that may be NULL throughout."""
CERTAIN = {
    *("interval_95", "part_of_a_95", "share_low", "gap_robust_low", "log_linear_low", "low"),
    *("completeness", "state", "days_missing", "missing", "reasons", "reason", "estimated_lost"),
    *("audited", "threshold", "is_like_for_like", "is_identical", "in_article"),
    *("is_doubtful", "is_truncated", "last_failure_outcome", "basis", "weight"),
}
"""Columns that say how certain an answer is."""


def ask(folder: Path, sql: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = query(Layout(folder), sql).to_pylist()
    return rows


def test_it_reaches_from_a_year_ago_to_today(demo_folder: Path) -> None:
    sql = "SELECT count(*) AS n, min(published_date) AS first, max(published_date) AS last"
    (found,) = ask(demo_folder, f"{sql} FROM articles")
    today = datetime.now(UTC).date()
    assert found["n"] > 2_500
    assert 364 <= (today - found["first"]).days <= 368
    assert (today - found["last"]).days <= 1
    days = "SELECT DISTINCT published_date FROM articles WHERE published_date > current_date - 7"
    assert len(ask(demo_folder, days)) >= 6


def test_every_relation_has_rows(demo_folder: Path) -> None:
    names = [row["name"] for row in ask(demo_folder, "SELECT name FROM (SHOW TABLES)")]
    assert {name for name in names if not ask(demo_folder, f"FROM {name} LIMIT 1")} == EMPTY


@pytest.mark.parametrize("sql", ASKED)
def test_each_query_of_the_guides_has_an_answer(demo_folder: Path, sql: str) -> None:
    rows = ask(demo_folder, sql)
    if not rows:  # the newest index has nothing to note
        assert "FROM index_notes" in sql
        return
    assert CERTAIN & rows[0].keys()
    empty = {column for column in rows[0] if all(row[column] is None for row in rows)}
    of_few = any(name in sql for name in ("archive_daily", "source_health", "FROM audits"))
    assert empty <= (UNKNOWN if of_few else set())


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT DISTINCT topic_id FROM topic_spikes",
        "SELECT DISTINCT topic_id FROM attention_index_latest WHERE gap_robust > 0 AND epu > 0",
    ],
)
def test_each_topic_has_its_spikes_and_its_index(demo_folder: Path, sql: str) -> None:
    assert len(ask(demo_folder, sql)) == 3


def test_the_shares_are_those_of_news(demo_folder: Path) -> None:
    sql = "SELECT topic_id, sum(articles_with_mention) / sum(articles) AS share FROM topic_daily"
    shares = {row["topic_id"]: row["share"] for row in ask(demo_folder, f"{sql} GROUP BY ALL")}
    assert all(0.03 < share < 0.2 for share in shares.values()), shares


SPECIALS = {
    "the machine was off": "coverage_gaps WHERE days > 3 AND state = 'missing'",
    "a host was down": "polls WHERE ended = 'failed' AND source_id LIKE 'jp-%'",
    "a feed rolled over": "listing_reads WHERE rolled_over AND estimated_lost > 0",
    "a topic entered": "mention_changes WHERE change = 'entered'",
    "a topic left": "mention_changes WHERE change = 'left'",
    "agency copy": "articles WHERE duplicate_of IS NOT NULL AND source_id LIKE 'us-%'",
    "a changed topic": "topic_changes WHERE articles_after > articles_before",
    "a doubtful rejection": "rejections WHERE is_doubtful",
    "an undated article": "articles WHERE published_date IS NULL",
    "a cut article": "articles WHERE is_truncated AND access = 'paywalled'",
    "an index of the past": "attention_index WHERE as_of < current_date - 50",
}


@pytest.mark.parametrize("what", SPECIALS)
def test_it_has_what_happens_in_a_year(demo_folder: Path, what: str) -> None:
    assert ask(demo_folder, f"FROM {SPECIALS[what]} LIMIT 1"), what


def test_few_texts_are_copies_by_chance(demo_folder: Path) -> None:
    sql = "SELECT count(*) AS n FROM articles WHERE duplicate_of IS NOT NULL"
    wired = "AND byline <> 'By BPA staff' AND url_canonical LIKE '%/2___/%'"
    assert ask(demo_folder, f"{sql} {wired}") == [{"n": 0}]


def test_one_paper_joins_late(demo_folder: Path) -> None:
    anchor = Demo.read(demo_folder)
    assert anchor
    sql = f"SELECT min(published_date) AS first FROM articles WHERE source_id = '{LEDGER.id}'"
    (found,) = ask(demo_folder, sql)
    assert 140 < (anchor.year.anchor - found["first"]).days < 160


def test_old_and_new_articles_are_served(demo_folder: Path) -> None:
    sql = "SELECT arg_min(url_canonical, published_at) AS old, arg_max(url_canonical, published_at)"
    where = f"WHERE outcome = 'article' AND source_id = '{COURIER.id}'"
    told = f"{sql} AS new FROM articles SEMI JOIN (FROM captures {where}) USING (article_id)"
    (urls,) = ask(demo_folder, told)
    with sample_newsroom(demo_folder):
        for url in urls.values():
            with urllib.request.urlopen(url, timeout=10) as answer:
                assert b"<h1>" in answer.read()


def test_its_port_is_named_where_it_is_taken(demo_folder: Path) -> None:
    demo = Demo.read(demo_folder)
    assert demo
    message = f"{demo.port + 3} of 127.0.0.1 is taken .*; the addresses in .*: free it, or set"
    with (
        socket.create_server(("127.0.0.1", demo.port + 3)),
        pytest.raises(ConfigError, match=message),
        sample_newsroom(demo_folder),
    ):
        pass


def test_a_story_is_the_same_each_time() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    year = Year(20, date(2026, 11, 26))
    first = latest(year, COURIER, noon)
    newsroom_year.stories.cache_clear()
    assert latest(year, COURIER, noon) == first
    assert latest(Year(21, year.anchor), COURIER, noon) != first


def test_written_articles_are_moved_with_their_addresses() -> None:
    article = next(one for one in sources_of(COURIER) if one.slug == "summit-preview")
    later = moved(article, 30)
    assert (article.published[:10], later.published[:10]) == ("2026-11-09", "2026-12-09")
    assert later.path == article.path.replace("2026/11/09", "2026/12/09")
    assert moved_path("/economy/20261027-k101", 7) == "/economy/20261103-k101"
    assert moved_path("/wirtschaft/heizung-4400017.html", 7) == "/wirtschaft/heizung-4400017.html"


def test_a_folder_of_other_data_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    with pytest.raises(ConfigError, match="remove it, or name another folder"):
        begin_demo(tmp_path)
    assert [*tmp_path.iterdir()] == [tmp_path / "raw"]


@pytest.mark.soak
@pytest.mark.slow
def test_it_goes_on_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORT_VARIABLE, str(free_port(beside=4)))
    monkeypatch.setattr(newsroom_year, "DAYS", 10)
    data, now = tmp_path / "data", datetime.now(UTC)
    demo = begin_demo(data)
    (data / "half").touch()
    begin_demo(data)  # what was not finished is begun anew
    assert not (data / "half").exists()
    with sample_newsroom(data) as sources:
        fill(open_installation(sources, TOPICS, data), demo, now - timedelta(days=4))
        before = ask(data, "SELECT run_id FROM runs")
        fill_demo(data, sources)
    expected = polls(demo.year, now - timedelta(days=4), now)
    assert len(before) == len(polls(demo.year, demo.year.begins_at, now - timedelta(days=4))) > 4
    assert (
        len(ask(data, "SELECT run_id FROM runs")) == len(before) + len(expected) > len(before) + 2
    )
    repeated = "FROM captures WHERE kind = 'page' AND found_in <> 'recheck'"
    assert ask(data, f"SELECT url_requested {repeated} GROUP BY ALL HAVING count(*) > 1") == []
    assert ask(data, "FROM listing_reads WHERE rolled_over") == []
    assert begin_demo(data).is_filled
    told = "SELECT article_id, version_no, body_sha256, raw_ref FROM article_versions ORDER BY ALL"
    rows = ask(data, told)
    rebuild(open_installation(sources, TOPICS, data))
    assert ask(data, told) == rows


def rebuild(installation: Installation) -> None:
    layout, sources = installation.layout, {one.id: one for one in installation.sources}

    def refined(commit: Commit) -> Run:
        warcs = sorted(layout.root / name for name in commit.warcs)
        batches = [refine(warc, commit.run_id, layout, sources, POOL) for warc in warcs]
        return Run(commit.run_id, tuple(batches), started_at=commit.started_at)

    rebuild_articles(layout, refined)
    load(layout, installation.topics, installation.sources)
    publish(layout)
