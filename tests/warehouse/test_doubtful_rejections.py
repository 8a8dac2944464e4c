"""Rejected pages that may be articles: their day, their source, and how they come back."""

import logging
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli.app import app
from flows.ingest import ingest
from tasks.load.load_run import load
from tasks.monitor.alert_settings import AlertSettings, Kind
from tasks.monitor.incidents import find_incidents
from tasks.process_pool import PagePool
from tests.collect.test_collect import feed, item
from tests.collect.test_collect import page as article_page
from tests.collect.test_collect import source as loopback_source
from tests.collect.test_recheck import DAY, START, Desk
from tests.extract.test_article_or_not import WEBSITE, paragraphs, teasers
from tests.support import staged_pages as staged
from tests.support.loopback import Loopback, http
from tests.support.publishing import publish
from tests.support.sample_newsroom import TOPICS as TOPICS_FILE
from tests.support.staged_pages import TOPICS, Page, listing, prose, stage
from warehouse.layers.layout import Layout
from warehouse.read.query import query
from warehouse.read.source_health import source_health, unhealthy

pytestmark = pytest.mark.slow


def ask(layout: Layout, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in query(layout, sql).to_pylist()]


def rejected_story() -> bytes:
    """A story of 600 words amid so many linked headlines that it is taken for a list of them."""
    rail = f"<div class='rail'>{teasers(60, 0)}</div>"
    head = f"<head><title>Islands</title>{WEBSITE}</head>"
    body = f"<h1>Islands</h1>{rail}<div class='story'>{paragraphs(12)}</div>{rail}"
    return http(f"<html lang=en>{head}<body>{body}</body></html>".encode())


@pytest.fixture
def desk(tmp_path: Path, pool: PagePool) -> Desk:
    return Desk(tmp_path / "data", pool)


def test_a_rejected_article_is_lost_until_a_rule_brings_it_back(web: Loopback, desk: Desk) -> None:
    before = item(
        web.set_answers("/before", article_page("The day before")), format_datetime(START)
    )
    addresses = (
        web.set_answers("/kept", article_page("All is well")),
        web.set_answers("/islands/", rejected_story()),
    )
    new = [item(address, format_datetime(START + DAY)) for address in addresses]
    one = loopback_source(feeds=(web.set_answers("/feed", feed(before), feed(*new, before)),))
    for days in range(3):
        desk.ingest(days * DAY, one, loads_all=True, recheck_after=())
    columns = "outcome, is_doubtful, prose_words BETWEEN 600 AND 700, detail"
    ((*said, detail),) = desk.ask(f"SELECT {columns} FROM rejections")
    assert said == ["section_page", True, True]
    assert "120 linked headings" in detail
    day = f"FROM coverage WHERE day = '{START + DAY:%Y-%m-%d}'"
    counts = f"SELECT state, reasons, extracted, failed {day}"
    assert desk.ask(counts) == [("partial", ["pages_lost"], 1, 1)]

    web.hits.clear()
    desk.rebuild(one.model_copy(update={"strip": (".rail",)}))
    assert web.hits == []
    assert desk.ask("FROM rejections") == []
    assert desk.ask("SELECT count(*) FROM articles WHERE word_count > 600") == [(1,)]
    assert desk.ask(counts) == [("observed", [], 2, 0)]


JUDGED: dict[str, tuple[Page, bool]] = {
    "long": (Page("long", outcome="section_page", prose_words=200), True),
    "short": (Page("short", outcome="section_page", prose_words=199), False),
    "video": (Page("video", outcome="video_page", prose_words=300), True),
    "gone": (Page("gone", outcome="soft_404", prose_words=300), True),
    "unjudged": (Page("unjudged", outcome="section_page"), False),
    "again": (Page("again", outcome="section_page", prose_words=300, found_in="recheck"), False),
    "archived": (
        Page("archived", outcome="section_page", prose_words=300, found_in="/crawl/1.warc.gz"),
        False,
    ),
    "saved": (Page("saved", outcome="section_page", prose_words=300, kind="file"), False),
}


KINDS: dict[str, dict[str, Any]] = {
    "a": {},
    "d": {"outcome": "section_page", "prose_words": 600},
    "l": {"outcome": "section_page", "prose_words": 40},
    "v": {"outcome": "video_page", "prose_words": 0},
    "n": {"outcome": "no_article", "prose_words": 0},
    "j": {"outcome": "needs_javascript", "prose_words": 0},
}
"""Pages by their sign: an article, a doubtful rejection, a list, a video, no article, an app."""
MIXES = {
    # Pages in their order, an hour apart, and whether the source rejects more than before.
    "gb-new-layout": ("a" * 40 + "d" * 8, True),
    "gb-wall": ("a" * 40 + "n" * 8, True),
    "gb-app": ("a" * 40 + "nj" * 6, True),
    "gb-half": ("a" * 40 + "ad" * 6, True),
    "gb-lists": ("aaal" * 12 + "l" * 14, False),
    "gb-videos": ("a" * 40 + "v" * 14, False),
    "gb-now-and-then": ("a" * 40 + "d" + "a" * 11 + "dd" + "a" * 8, False),
    "gb-always": ("an" * 30 + "n" * 6, False),
    "gb-small": ("a" * 20 + "d" * 12, False),
    "gb-recovered": ("a" * 40 + "d" * 8 + "a" * 12, False),
}


def mixed_pages(until: float) -> list[Page]:
    """The pages of all mixes, the last ones so many hours after the start."""
    return [
        Page(f"{name}-{at}", prose(at), None, until - len(mix) + at, name, **KINDS[sign])
        for name, (mix, _) in MIXES.items()
        for at, sign in enumerate(mix)
    ]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Sources of all mixes, whose last pages came just now."""
    layout, now = Layout(tmp_path_factory.mktemp("mixed") / "data"), datetime.now(UTC)
    until = (now - staged.START) / timedelta(hours=1)
    by_a_wrong_clock = Page("ahead", "Ahead.", None, until + 24 * 400, "gb-new-layout")
    papers = [*MIXES, "gb-judged"]
    polled = [listing(name, until) for name in papers]
    judged = [replace(page, source_id="gb-judged", hour=until) for page, _ in JUDGED.values()]
    pages = [*polled, *mixed_pages(until), *judged, by_a_wrong_clock]
    run = stage(layout, "20260302T060000Z-aaaaaa", pages)
    sources = [staged.source(name) for name in papers]
    load(layout, TOPICS, sources, [replace(run, finished_at=now)])
    publish(layout)
    return layout


def test_a_doubtful_page_is_one_that_a_listing_named_with_much_prose(mixed: Layout) -> None:
    of_paper = "source_id = 'gb-judged'"
    name = "parse_filename(url_requested)"
    rows = ask(mixed, f"SELECT {name}, is_doubtful FROM rejections WHERE {of_paper}")
    assert dict(rows) == {name: is_doubtful for name, (_, is_doubtful) in JUDGED.items()}
    lost = [name for name, (_, is_doubtful) in JUDGED.items() if is_doubtful]
    counts = f"SELECT failed FROM coverage WHERE {of_paper} AND failed > 0"
    assert ask(mixed, counts) == [(len(lost),)]
    assert ask(mixed, f"SELECT count(*) FROM pages WHERE is_lost AND {of_paper}") == [(len(lost),)]


@pytest.mark.parametrize("name", MIXES)
def test_a_source_rejects_more_by_its_own_past(mixed: Layout, name: str) -> None:
    health, (mix, is_more) = source_health(mixed)[name], MIXES[name]
    assert (health.is_rejecting_more, health.state) == (is_more, "healthy")
    judged = mix.translate({ord("l"): "", ord("v"): ""})
    assert health.rejected_share == pytest.approx(1 - judged[-12:].count("a") / 12)
    before = judged[:-12]
    assert health.rejected_share_before == pytest.approx(1 - before.count("a") / len(before))


def test_pages_that_need_javascript_are_distinguished_from_other_rejections(mixed: Layout) -> None:
    health = source_health(mixed)
    app = health.pop("gb-app")
    assert app.needs_javascript == 6
    assert app.needs_javascript_share == pytest.approx(6 / 52)
    assert app.why.endswith("12% of its last pages need JavaScript (6)")
    assert {(one.needs_javascript, one.unfilled) for one in health.values()} == {(0, "")}


def test_the_alert_the_table_and_the_health_of_sources_agree(mixed: Layout) -> None:
    more = {name for name, (_, is_more) in MIXES.items() if is_more}
    now = datetime.now(UTC)
    assert {health.source_id for health in unhealthy(mixed, now)} == more
    found = find_incidents(mixed, AlertSettings(), now).incidents
    changed = {each.about: each.text for each in found if each.kind is Kind.LAYOUT_CHANGED}
    assert changed.keys() == more
    said = "Of the last 12 pages 67% were rejected (section_page), of those before 0%."
    assert changed["gb-new-layout"].startswith(said)
    asked = ["sources", "health", "--data", str(mixed.root)]
    shown = CliRunner().invoke(app, asked, env={"COLUMNS": "200"}).stdout
    assert shown.count("of its last pages rejected, 0% before") == len(more)


def test_a_run_says_which_of_its_sources_rejects_more(
    mixed: Layout,
    web: Loopback,
    prefect_api: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PRESSWATCH_RECHECK_AFTER", "")
    sources = tmp_path / "sources.toml"
    sources.write_text(
        "\n".join(
            f'[[source]]\nid = "{name}"\nname = "{name}"\nlanguage = "en"\ntimezone = "UTC"\n'
            f'feeds = ["{web.set_answers(f"/{name}", feed())}"]\nmin_interval_seconds = 0\n'
            "allow_private_hosts = true"
            for name in ("gb-new-layout", "gb-lists")
        )
    )
    data = shutil.copytree(mixed.root, tmp_path / "data", symlinks=True)
    caplog.set_level(logging.INFO, "flows")
    ingest(sources_file=str(sources), topics_file=str(TOPICS_FILE), data=str(data))
    assert "gb-new-layout: 67% of its last pages rejected, 0% before" in caplog.text
    assert caplog.text.count(" of its last pages rejected") == 1
