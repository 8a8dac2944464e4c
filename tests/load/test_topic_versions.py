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
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, Page, stage, tables
from warehouse.layers.definitions import update_definitions
from warehouse.layers.layout import Layout
from warehouse.read.query import query

pytestmark = pytest.mark.slow

KICKED = Page("kicked", "Nothing else.", about={"kicker": "G20"})
NEAR = Page("near", "The G20 met by the lake. The ferry waits.", about={"section": "World"})
SAME = Page("same", "The G20 took the ferry.\n\nA ferry.", about={"section": "Sport"})
POLISH = Page("polish", "Szczyt G20 i ferry.", about={"language": "pl"})
PLAIN = {"id": "summit", "name": "Summit"}


def topic(**definition: Any) -> Topic:
    return TopicEntry.model_validate(PLAIN | definition).topic()


def loaded(layout: Layout, days: int, *topics: Topic, **more: Any) -> LoadReport:
    report = load(layout, topics, SOURCES, now=NOW + timedelta(days=days), **more)
    publish(layout)
    return report


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


BOOLEAN = topic(
    id="boolean",
    all_of=(("ferry",), ("G20", "Group*")),
    within={"words": 4},
    none_of=("boat",),
    context_exclude=("tent",),
)
LATEST = topic(aliases=("G20",))
"""As it was before, but for the rules by which it is counted."""
BOTH = {"id": "both", "all_of": (("G20",), ("ferry", "boat*"))}
SECTIONS = BOTH | {"id": "sections", "within": "paragraph"}
FERRY = {"aliases": ("ferry",)}
LATER = (
    topic(id="altered", aliases=("G20", "summit")),
    topic(id="one", languages=("en",), **FERRY),
    topic(id="two", languages=("en", "de"), **FERRY),
    BOOLEAN,
)
"""What changes but once, in the second load, or not at all."""


@pytest.fixture(scope="module")
def loads(tmp_path_factory: pytest.TempPathFactory) -> tuple[KeptFolder, LoadReport]:
    """Two loads; the second has a page more and changes four topics."""
    reports = []

    def fill(layout: Layout) -> None:
        old = replace(LATEST, rules=1), replace(topic(id="altered", aliases=("G20",)), rules=1)
        both = topic(id="both", aliases=("G20", "ferry"))
        plain = topic(id="one", **FERRY), topic(id="two", **FERRY)
        run = stage(layout, run_id(0), [KICKED, NEAR, SAME, POLISH])
        sections = topic(**SECTIONS)
        load(layout, [*old, both, sections, *plain, BOOLEAN], SOURCES, [run], now=NOW)
        publish(layout)
        assert [row[0] for row in counted(layout)] == ["near", "polish", "same"]
        assert "kicked" in {row[0] for row in counted(layout, "both")}
        run = stage(layout, run_id(1), [replace(KICKED, slug="later", hour=2)])
        changed = [LATEST, topic(**BOTH, within="paragraph"), sections, *LATER]
        report = load(layout, changed, SOURCES, [run], now=NOW + timedelta(days=1))
        publish(layout)
        reports.append(report)

    return KeptFolder(tmp_path_factory.mktemp("changed"), fill), reports[0]


@pytest.fixture
def changed(loads: tuple[KeptFolder, LoadReport]) -> tuple[Layout, LoadReport]:
    return loads[0].restored(), loads[1]


def test_recounts_by_the_latest_rules_and_other_conditions_say_what_that_changed(
    changed: tuple[Layout, LoadReport],
) -> None:
    """T11: kickers, which earlier versions did not count."""
    layout, report = changed
    topics = [LATEST, topic(**BOTH, within="paragraph"), topic(**SECTIONS), *LATER]
    # Nothing counts otherwise before somebody asks for it: no new article, not a lost warehouse.
    assert loaded(layout, 2, *topics).load_no is None
    rebuild_warehouse(layout, topics, SOURCES)
    assert [row[0] for row in counted(layout)] == ["near", "polish", "same"]
    of_summit = "FROM topics WHERE topic_id = 'summit'"
    assert query(layout, f"SELECT topic_version, rules {of_summit}").to_pylist() == [
        {"topic_version": 1, "rules": 1}
    ]
    assert "both" in report.recounted
    in_polish = [("polish", "body", "G20", 0), ("polish", "body", "ferry", 0)]
    near = [("near", "body", "G20", 0), ("near", "body", "ferry", 0)]
    same = [("same", "body", "G20", 0), ("same", "body", "ferry", 0)]
    assert counted(layout, "both") == counted(layout, "sections") == [*near, *in_polish, *same]

    topics[1] = topic(**BOTH, within="sentence")
    topics[2] = topic(**SECTIONS, sections_exclude=("sport",))
    report = loaded(layout, 3, *topics, latest_rules=True)
    assert report.recounted == ("both", "sections", "summit")
    assert counted(layout, "both") == [*in_polish, *same]
    assert counted(layout, "sections") == [*near, *in_polish]
    assert changes(layout, "both") == [(2, 5, 3, 9, 6), (3, 3, 2, 6, 4)]
    assert changes(layout, "sections") == [(2, 3, 2, 6, 4)]
    assert [row[:2] for row in counted(layout)] == [
        ("kicked", "kicker"),
        ("later", "kicker"),
        ("near", "body"),
        ("polish", "body"),
        ("same", "body"),
    ]
    assert changes(layout) == [(2, 3, 5, 3, 5)]
    versions = f"SELECT rules, definition_hash {of_summit} ORDER BY topic_version"
    old, new = query(layout, versions).to_pylist()
    assert (old["rules"], new["rules"]) == (1, RULES)
    assert old["definition_hash"] == new["definition_hash"]

    assert loaded(layout, 4, *topics, latest_rules=True).load_no is None
    kept = tables(layout)
    rebuild_warehouse(layout, topics, SOURCES)
    assert tables(layout) == kept


def test_a_changed_definition_takes_the_latest_rules(changed: tuple[Layout, LoadReport]) -> None:
    layout, report = changed
    assert report.recounted == ("altered", "both", "one", "two")
    assert [row[:2] for row in counted(layout, "altered")] == [
        ("kicked", "kicker"),
        ("later", "kicker"),
        ("near", "body"),
        ("polish", "body"),
        ("same", "body"),
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
    assert changes(layout, topic_id) == [(2, 3, 2, 4, 3)]
    assert len(counted(layout, topic_id)) == 4
    told = f"SELECT languages FROM topics WHERE topic_id = '{topic_id}' ORDER BY topic_version"
    latin, given = (row["languages"] for row in query(layout, told).to_pylist())
    assert "pl" in latin
    assert "ru" not in latin
    assert given == languages


def test_a_topic_keeps_its_inferred_languages_as_it_does_its_rules(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    fewer = ("de", "en")

    def languages(*topics: Topic, **more: Any) -> list[tuple[str, ...] | None]:
        found = update_definitions(layout, topics, [], NOW, **more)
        return [topic.languages for topic in found.topics]

    before = replace(LATEST, rules=3, languages=fewer)
    assert languages(before) == [fewer]
    assert languages(replace(LATEST, name="Renamed")) == [fewer]
    assert languages(LATEST, latest_rules=True) == [fewer, LATEST.languages]
    # Version 0.1 knew none.
    early = replace(LATEST, topic_id="early")
    assert languages(replace(early, rules=1, languages=None))[:1] == [None]
    assert languages(early)[:1] == [LATEST.languages]
