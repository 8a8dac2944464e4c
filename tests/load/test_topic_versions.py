"""What a changed topic changes: conditions, languages, and the rules by which it is counted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.load.load_run import LoadReport, load, rebuild_warehouse
from tasks.topics.topic import RULES, Topic, TopicEntry
from tests.support.daily_news import NOW, run_id
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, Page, stage, tables
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

KICKED = Page("kicked", "Nothing else.", about={"kicker": "G20"})
NEAR = Page("near", "The G20 met by the lake. The ferry waits.", about={"section": "World"})
SAME = Page("same", "The G20 took the ferry.\n\nA ferry.", about={"section": "Sport"})
POLISH = Page("polish", "Szczyt G20 i ferry.", about={"language": "pl"})
PLAIN = {"id": "summit", "name": "Summit"}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


def topic(**definition: Any) -> Topic:
    return TopicEntry.model_validate(PLAIN | definition).topic()


def loaded(layout: Layout, days: int, *topics: Topic, **more: Any) -> LoadReport:
    report = load(layout, topics, SOURCES, now=NOW + timedelta(days=days), **more)
    publish(layout)
    return report


def begun(layout: Layout, one: Topic, *pages: Page) -> None:
    load(layout, [one], SOURCES, [stage(layout, run_id(0), pages)], now=NOW)
    publish(layout)


def changes(layout: Layout, topic_id: str = "summit") -> Sequence[tuple[int, ...]]:
    """Version, articles before and after, mentions before and after."""
    sql = (
        "SELECT new_version, articles_before, articles_after, mentions_before, mentions_after"
        f" FROM topic_changes WHERE topic_id = '{topic_id}' ORDER BY ALL"
    )
    return [tuple(row.values()) for row in query(layout, sql).to_pylist()]


def counted(layout: Layout, topic_id: str = "summit") -> list[tuple[Any, ...]]:
    sql = (
        "SELECT regexp_extract(url_canonical, '[a-z]+$'), field, alias, paragraph_no"
        " FROM mentions JOIN articles USING (article_id)"
        f" WHERE topic_id = '{topic_id}' ORDER BY ALL"
    )
    return [tuple(row.values()) for row in query(layout, sql).to_pylist()]


def test_a_recount_counts_by_the_latest_rules_and_says_what_that_changed(layout: Layout) -> None:
    """T11: kickers, which earlier versions did not count."""
    latest = topic(aliases=("G20",))
    begun(layout, replace(latest, rules=1), KICKED, NEAR)
    assert [row[0] for row in counted(layout)] == ["near"]

    # Nothing counts otherwise before somebody asks for it: no new article, not a lost warehouse.
    assert loaded(layout, 1, latest).load_no is None
    run = stage(layout, run_id(1), [replace(KICKED, slug="later", hour=2)])
    load(layout, [latest], SOURCES, [run], now=NOW + timedelta(days=2))
    rebuild_warehouse(layout, [latest], SOURCES)
    assert [row[0] for row in counted(layout)] == ["near"]
    assert query(layout, "SELECT topic_version, rules FROM topics").to_pylist() == [
        {"topic_version": 1, "rules": 1}
    ]

    assert loaded(layout, 3, latest, latest_rules=True).recounted == ("summit",)
    assert [row[:2] for row in counted(layout)] == [
        ("kicked", "kicker"),
        ("later", "kicker"),
        ("near", "body"),
    ]
    assert changes(layout) == [(2, 1, 3, 1, 3)]
    versions = "SELECT rules, definition_hash FROM topics ORDER BY topic_version"
    old, new = query(layout, versions).to_pylist()
    assert (old["rules"], new["rules"]) == (1, RULES)
    assert old["definition_hash"] == new["definition_hash"]
    assert loaded(layout, 4, latest, latest_rules=True).load_no is None
    kept = tables(layout)
    rebuild_warehouse(layout, [latest], SOURCES)
    assert tables(layout) == kept


def test_a_topic_that_becomes_boolean_says_what_that_changed(layout: Layout) -> None:
    begun(layout, topic(aliases=("G20", "ferry")), NEAR, SAME)
    both = {"all_of": (("G20",), ("ferry", "boat*"))}
    assert loaded(layout, 1, topic(**both, within="paragraph")).recounted == ("summit",)
    assert counted(layout) == [
        ("near", "body", "G20", 0),
        ("near", "body", "ferry", 0),
        ("same", "body", "G20", 0),
        ("same", "body", "ferry", 0),
    ]
    loaded(layout, 2, topic(**both, within="sentence"))
    loaded(layout, 3, topic(**both, within="sentence", sections_exclude=("sport",)))
    assert counted(layout) == []
    assert changes(layout) == [(2, 2, 2, 5, 4), (3, 2, 1, 4, 2), (4, 1, 0, 2, 0)]
    kept = tables(layout)
    last = topic(**both, within="sentence", sections_exclude=("sport",))
    rebuild_warehouse(layout, [last], SOURCES)
    assert tables(layout) == kept


BOOLEAN = topic(
    id="boolean",
    all_of=(("ferry",), ("G20", "Group*")),
    within={"words": 4},
    none_of=("boat",),
    context_exclude=("tent",),
)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Layout, LoadReport]:
    """Topics of which three change in one load; only read."""
    layout = Layout(tmp_path_factory.mktemp("changed"))
    ferry, later = {"aliases": ("ferry",)}, {"aliases": ("G20", "summit")}
    earlier = replace(topic(aliases=("G20",)), rules=1)
    begun = [earlier, topic(id="one", **ferry), topic(id="two", **ferry), BOOLEAN]
    run = stage(layout, run_id(0), [KICKED, NEAR, POLISH])
    load(layout, begun, SOURCES, [run], now=NOW)
    one = topic(id="one", languages=("en",), **ferry)
    two = topic(id="two", languages=("en", "de"), **ferry)
    return layout, loaded(layout, 1, topic(**later), one, two, BOOLEAN)


def test_a_changed_definition_takes_the_latest_rules(changed: tuple[Layout, LoadReport]) -> None:
    layout, report = changed
    assert report.recounted == ("one", "summit", "two")
    assert [row[:2] for row in counted(layout)] == [
        ("kicked", "kicker"),
        ("near", "body"),
        ("polish", "body"),
    ]


def test_a_boolean_topic_is_a_row_of_its_table(changed: tuple[Layout, LoadReport]) -> None:
    layout, report = changed
    names = (
        "aliases, all_of, none_of, within, within_words, context_exclude, sections_exclude,"
        " fold_diacritics"
    )
    asked = f"SELECT {names} FROM topics WHERE topic_id = 'boolean'"
    (row,) = query(layout, asked).to_pylist()
    assert tuple(row.values()) == (
        [], [["ferry"], ["G20", "Group*"]], ["boat"], "words", 4, ["tent"], [], False
    )  # fmt: skip
    assert "boolean" not in report.recounted


@pytest.mark.parametrize(("topic_id", "languages"), [("one", ["en"]), ("two", ["de", "en"])])
def test_a_change_counts_among_the_languages_of_each_version(
    changed: tuple[Layout, LoadReport], topic_id: str, languages: list[str]
) -> None:
    """T12: an article in a language that the topic does not cover is no article of its own."""
    layout, _ = changed
    assert changes(layout, topic_id) == [(2, 2, 1, 2, 1)]
    assert len(counted(layout, topic_id)) == 2
    told = f"SELECT languages FROM topics WHERE topic_id = '{topic_id}' ORDER BY topic_version"
    latin, given = (row["languages"] for row in query(layout, told).to_pylist())
    assert "pl" in latin
    assert "ru" not in latin
    assert given == languages
