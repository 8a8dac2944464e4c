"""Articles in languages that a topic has no phrase in count neither as mentions nor among all."""

from datetime import timedelta
from typing import Any

import pytest

from tasks.load.loader import load
from tasks.topics.topic import TopicEntry
from tests.support.publishing import publish
from tests.support.staged_pages import START, Page, listing, source, stage
from warehouse.layers.layout import Layout
from warehouse.read.query import query

LATIN = TopicEntry(id="sanctions", name="Sanctions", aliases=("sanctions",)).topic()
ALL = TopicEntry(id="anywhere", name="Anywhere", aliases=("sanctions",), languages="all").topic()
CYRILLIC = TopicEntry(id="huawei", name="Huawei", aliases=("Хуавэй",)).topic()
RUSSIAN = Page("a", "санкции, санкции, санкции, Хуавэй", about={"language": "ru"})
ENGLISH = Page("b", "The sanctions held.")
UNKNOWN = Page("c", "Sanctions: 制裁", about={"language": None})


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = Layout(tmp_path_factory.mktemp("languages") / "data")
    pages = [
        listing(hour=-1),
        RUSSIAN,
        ENGLISH,
        UNKNOWN,
        Page("d", "санкции", day=1, hour=25, about={"language": "ru"}),
        listing(hour=47),
    ]
    run = stage(layout, "20260302T060000Z-000000", pages)
    load(layout, [LATIN, ALL, CYRILLIC], [source()], [run], now=START + timedelta(days=9))
    publish(layout)
    return layout


def days(layout: Layout, topic: str, relation: str = "topic_daily") -> list[tuple[Any, ...]]:
    columns = "articles_with_mention, articles, articles_other_languages, share"
    day = "period" if "_daily" not in relation else "day"
    rows = query(
        layout, f"SELECT {columns} FROM {relation} WHERE topic_id = '{topic}' ORDER BY {day}"
    ).to_pylist()
    return [
        tuple(row.values()) for row in rows if row["articles"] or row["articles_other_languages"]
    ]


@pytest.mark.parametrize("local", ["", "_local"])
def test_articles_in_other_languages_do_not_count(layout: Layout, local: str) -> None:
    relation = f"topic_daily{local}"
    assert days(layout, LATIN.topic_id, relation) == [(2, 2, 1, 1.0), (0, 0, 1, None)]
    assert days(layout, ALL.topic_id, relation) == [(2, 3, 0, 2 / 3), (0, 1, 0, 0.0)]
    assert days(layout, CYRILLIC.topic_id, relation) == [(1, 2, 1, 0.5), (0, 1, 0, 0.0)]
    assert days(layout, LATIN.topic_id, f"topic_weekly{local}") == [(2, 2, 2, 1.0)]


def test_completeness_is_of_all_articles(layout: Layout) -> None:
    rows = query(layout, "SELECT DISTINCT completeness FROM topic_monthly").to_pylist()
    assert len(rows) == 1
    index = "SELECT DISTINCT completeness FROM attention_index_latest WHERE period_kind = 'month'"
    assert query(layout, index).to_pylist() == [{"completeness": pytest.approx(1.0)}]
    assert rows == [{"completeness": pytest.approx(1.0)}]
