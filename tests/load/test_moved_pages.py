"""Pages that move are one article, in whatever order they were collected and are loaded.

Each case has a paper of its own, and all of them share the loads.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from tasks.load.load_run import load, rebuild_warehouse
from tasks.settings import Settings
from tests.support.publishing import publish
from tests.support.staged_pages import START, TOPICS, Page, listing, prose, source, stage, tables
from warehouse.layers.layout import Layout
from warehouse.questions.articles import latest
from warehouse.read.query import open_existing_snapshot, query

pytestmark = pytest.mark.slow

TEXT, UPDATED, OTHER, REWRITTEN, SHORT = "text", "updated", "other", "rewritten", "short"
BODIES: dict[str, Callable[[int], str]] = {
    TEXT: lambda seed: f"The harvest was late. {prose(seed)}",
    UPDATED: lambda seed: f"The harvest was late. {prose(seed)} It will be early in spring.",
    OTHER: lambda seed: f"The harvest was early. {prose(seed + 1)}",
    REWRITTEN: lambda seed: f"The harvest is over. {prose(seed + 2)}",
    SHORT: lambda seed: "The harvest was late, says the mayor.",
}


class Case(NamedTuple):
    """Pages in order of capture, and the URLs of the articles that count."""

    pages: Sequence[Page]
    counted: Sequence[str]


def shown(slug: str, body: str = TEXT, at: str | None = None, **about: Any) -> Page:
    """A page by the URL that is asked for, and the one that it leads to or declares."""
    return Page(slug, body, canonical=at, **about)


CASES = {
    "a new address": Case([shown("a"), shown("b"), shown("a", at="b")], "b"),
    "the new address first": Case([shown("b"), shown("a"), shown("a", at="b")], "b"),
    "a new address of a changed text": Case([shown("a"), shown("a", UPDATED, "b")], "b"),
    "a new address of a short text": Case([shown("a", SHORT), shown("a", SHORT, "b")], "b"),
    "back": Case([shown("a"), shown("a", at="b"), shown("a")], "a"),
    "each to the other": Case(
        [shown("a"), shown("a", at="b"), shown("b"), shown("b", at="a")], "a"
    ),
    "in a circle": Case(
        [
            *(shown("a"), shown("a", at="b"), shown("b")),
            *(shown("b", at="c"), shown("c"), shown("c", at="a")),
        ],
        "a",
    ),
    "twice": Case([shown("a"), shown("a", at="b"), shown("a", at="c")], "c"),
    "to an address without a date": Case([shown("a"), shown("a", at="b", day=None)], "b"),
    "twice, and the date is lost": Case(
        [
            *(shown("a"), shown("a", UPDATED, "b", day=None)),
            *(shown("b", UPDATED, day=None), shown("b", UPDATED, "c", day=None)),
        ],
        "c",
    ),
    "back from an address without a date": Case(
        [shown("a"), shown("a", at="b", day=None), shown("a", day=None)], "a"
    ),
    "before it is rewritten": Case([shown("a"), shown("a", at="b"), shown("b", REWRITTEN)], "b"),
    "an address of changing articles": Case(
        [shown("live", at="a"), shown("live", OTHER, "b"), shown("live", REWRITTEN, "c")], "abc"
    ),
    "an address of changing short texts": Case(
        [shown("live", SHORT, "a"), shown("live", SHORT, "b", headline="Another")], "ab"
    ),
    "an article that expired": Case([shown("a"), shown("b", OTHER), shown("a", OTHER, "b")], "ab"),
    "a text printed twice": Case([shown("a"), shown("b")], "ab"),
}
NUMBERS = {name: number for number, name in enumerate(CASES)}
SOURCES = [source("gb-post"), *(source(f"gb-paper-{number}") for number in NUMBERS.values())]


def of_case(name: str) -> list[Page]:
    """The pages, each an hour after the one before, in the paper of the case."""
    number, found = NUMBERS[name], []
    for hour, page in enumerate(CASES[name].pages, 1):
        body = BODIES[page.body](10 * number)
        made = replace(page, body=body, hour=hour, source_id=f"gb-paper-{number}")
        found.append(replace(made, canonical=page.canonical and address(name, page.canonical)))
    return found


def address(name: str, slug: str) -> str:
    return Page(slug, source_id=f"gb-paper-{NUMBERS[name]}").url


def load_each(layout: Layout, runs: Sequence[Sequence[Page]]) -> None:
    for number, pages in enumerate(runs):
        run_id = f"202605{number + 1:02}T060000Z-{number:06x}"
        load(layout, TOPICS, SOURCES, [stage(layout, run_id, pages)])
    publish(layout)


def ask(layout: Layout, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in query(layout, sql).to_pylist()]


def told(layout: Layout) -> list[list[tuple[Any, ...]]]:
    """What readers see of articles and counts."""
    return [
        ask(layout, f"SELECT {columns} ORDER BY ALL")
        for columns in (
            "url_canonical, published_at, duplicate_of, body_sha256 FROM articles",
            "* FROM moved_articles",
            "* FROM topic_daily",
        )
    ]


COPY = Page("copy", BODIES[TEXT](0), day=1, hour=30)
"""Of the first case, in another paper."""
STEPS = [
    [*([page[step] for name in CASES if len(page := of_case(name)) > step])]
    for step in range(max(len(case.pages) for case in CASES.values()))
]
STEPS[0] += [COPY, *(listing(each.id) for each in SOURCES)]
FEWER = [*STEPS[:2], [page for step in STEPS[2:] for page in step]]
"""The same in three loads."""


@pytest.mark.soak
def test_a_page_that_moves_is_one_article_in_any_order_of_loading(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "steps")
    load_each(layout, FEWER)
    urls = {url for (url,) in ask(layout, "SELECT url_canonical FROM articles")}
    assert urls == {
        COPY.url,
        *(address(name, slug) for name, case in CASES.items() for slug in case.counted),
    }
    counts = "sum(articles)::INTEGER, sum(articles_with_mention)::INTEGER"
    counted = {
        paper: rest
        for paper, *rest in ask(
            layout,
            f"SELECT source_id, {counts} FROM topic_daily WHERE topic_id = 'harvest' GROUP BY ALL",
        )
    }
    for name, case in CASES.items():
        assert counted[f"gb-paper-{NUMBERS[name]}"] == [len(case.counted)] * 2, name
    assert ask(
        layout,
        "SELECT original.url_canonical, original.first_seen_at FROM articles AS copy"
        f" JOIN articles AS original ON original.article_id = copy.duplicate_of"
        f" WHERE copy.url_canonical = '{COPY.url}'",
    ) == [(address("a new address", "b"), of_case("a new address")[0].fetched_at)]

    # The desk still shows the old article, beside the one that counts.
    old, new = (uuid5(NAMESPACE_URL, address("a new address", slug)) for slug in "ab")
    with open_existing_snapshot(layout) as con:
        *places, published_at = latest(con, str(old)).values()
        assert [str(value) for value in places] == ["1", str(new), str(new)]
        assert published_at == latest(con, str(new))["published_at"] == START

    seen = told(layout)
    backwards = Layout(tmp_path / "backwards")
    load_each(backwards, [FEWER[2], FEWER[0] + FEWER[1]])
    assert told(backwards) == seen
    loaded = tables(layout)
    rebuild_warehouse(layout, TOPICS, SOURCES)
    assert tables(layout) == loaded


def test_an_article_stays_with_the_source_that_asked_for_it_first(tmp_path: Path) -> None:
    layout, other = Layout(tmp_path / "data"), "gb-paper-1"
    first = Page("a", BODIES[TEXT](0))
    again = Page("amp/a", BODIES[UPDATED](0), hour=2, source_id=other, canonical=first.url)
    archived = Page(
        "b", BODIES[OTHER](5), source_id="archive-gb-post.test", canonical=f"{first.url}b"
    )
    taken_over = replace(archived, slug="ab", body=BODIES[UPDATED](5), hour=3, source_id="gb-post")
    load_each(layout, [[first, archived], [again, taken_over]])
    told = "source_id, version_no, url_canonical FROM articles ORDER BY url_canonical"
    assert ask(layout, f"SELECT {told}") == [
        ("gb-post", 2, first.url),
        ("gb-post", 2, f"{first.url}b"),
    ]
    versions = f"source_id FROM article_versions WHERE url_canonical = '{first.url}'"
    assert ask(layout, f"SELECT {versions} ORDER BY version_no") == [("gb-post",), (other,)]


def test_copies_follow_the_day_that_a_moved_article_keeps(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    first = Page("a", BODIES[TEXT](0))
    moved = replace(first, canonical=f"{first.url}/b", day=None, hour=60)
    copy = Page("copy", BODIES[UPDATED](0), day=1, hour=30, source_id="gb-paper-1")
    load_each(layout, [[first, copy], [moved]])
    told = "article_id, published_at, duplicate_of FROM articles ORDER BY published_at"
    seen = ask(layout, f"SELECT {told}")
    (kept, _, original), (later, _, duplicate_of) = seen
    assert (str(kept), original) == (str(moved.article_id), None)
    assert (str(later), str(duplicate_of)) == (str(copy.article_id), str(moved.article_id))
    with TestClient(create_app(layout, Settings(data=layout.root)), "http://127.0.0.1") as desk:
        page = desk.get(f"/article/{moved.article_id}").text
    assert '<span class="soft">(as another version says)</span>' in page
    rebuild_warehouse(layout, TOPICS, SOURCES)
    assert ask(layout, f"SELECT {told}") == seen
