"""Articles in languages that a topic has no phrase in count neither as mentions nor among all."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from tasks.audit.sampling import language_condition
from tasks.load.load_run import load
from tasks.settings import Settings
from tasks.topics.languages import without_alias
from tasks.topics.topic import TopicEntry
from tests.support.publishing import publish
from tests.support.staged_pages import START, Page, listing, source, stage
from warehouse.layers.layout import Layout
from warehouse.questions.articles import contexts, counted_sql, mention_spans
from warehouse.questions.selection import Selection, counts_in
from warehouse.questions.series import series
from warehouse.read.query import query, snapshot

pytestmark = pytest.mark.slow

LATIN = TopicEntry(id="sanctions", name="Sanctions", aliases=("sanctions",)).topic()
ALL = TopicEntry(id="anywhere", name="Anywhere", aliases=("sanctions",), languages="all").topic()
CYRILLIC = TopicEntry(id="huawei", name="Huawei", aliases=("Хуавэй",)).topic()
RUSSIAN = Page("a", "санкции, санкции, санкции, Хуавэй", about={"language": "ru"})
ENGLISH = Page("b", "The sanctions held.")
GIVEN = TopicEntry(
    id="given", name="Given", aliases=("sanksjoner", "中国"), languages=("no", "pt", "zh", "sr")
).topic()
# As publishers and sources write them: whether the topic of these languages counts them.
CODES = {
    **dict.fromkeys(("no", "nb", "nn", "nb-NO", "pt", "pt-BR", "zh-Hans", "sr-Latn"), True),
    **dict.fromkeys(("en", "nds", "sv"), False),
}
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
    load(layout, [LATIN, ALL, CYRILLIC, GIVEN], [source()], [run], now=START + timedelta(days=9))
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


def test_a_language_is_compared_by_the_first_part_of_its_code(layout: Layout) -> None:
    """In the macro of marts and views, in the questions of readers, and in Python."""
    languages = ["no", "pt", "sr", "zh"]
    assert GIVEN.languages == tuple(languages)
    for code, is_counted in CODES.items():
        expressions = f"counts_in({languages}, '{code}'), " + counts_in(f"{languages}", f"'{code}'")
        [answers] = query(layout, f"SELECT {expressions}").to_pylist()
        assert {*answers.values(), not without_alias([GIVEN], code)} == {is_counted}, code


def test_mentions_that_do_not_count_are_neither_shown_nor_marked(tmp_path: Path) -> None:
    """Sentences and marks are those of the articles that a figure counts."""
    layout = Layout(tmp_path / "data")
    mixed = Page("a", "The sanctions held. Хуавэй.", about={"language": "ru"})
    run = stage(layout, "20260302T060000Z-000000", [listing(hour=-1), mixed, listing(hour=23)])
    load(layout, [LATIN, ALL, CYRILLIC], [source()], [run], now=START + timedelta(days=9))
    publish(layout)
    listed = Selection(START.date(), START.date(), topics=("sanctions", "huawei"))
    with snapshot(layout) as con:
        spans = mention_spans(con, str(mixed.article_id), 1, ["sanctions", "anywhere", "huawei"])
        assert [row["topic_id"] for row in spans] == ["anywhere", "huawei"]
        [found] = contexts(con, listed, [str(mixed.article_id)]).values()
        counted = con.sql("SELECT topic_id, in_topic_languages FROM mention_contexts").fetchall()
    assert [row["topic_id"] for row in found] == ["huawei"]
    assert sorted(counted) == [("anywhere", True), ("huawei", True), ("sanctions", False)]
    desk = TestClient(create_app(layout, Settings(data=layout.root)), "http://127.0.0.1")
    page = desk.get(f"/article/{mixed.article_id}", params={"topic": "sanctions"}).text
    assert "<dd>0 hits" in page
    assert "<mark" not in page


def test_articles_count_whatever_form_their_code_has(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    pages = [
        Page(code, f"Nye sanksjoner, sier {code}.", about={"language": code}) for code in CODES
    ]
    run = stage(layout, "20260302T060000Z-000000", [listing(hour=-1), *pages, listing(hour=23)])
    load(layout, [GIVEN], [source()], [run], now=START + timedelta(days=9))
    publish(layout)
    counted = sum(CODES.values())
    assert days(layout, GIVEN.topic_id) == [(counted, counted, len(CODES) - counted, 1.0)]
    with snapshot(layout) as con:
        first, last = START.date(), START.date() + timedelta(days=9)
        selection = Selection(first, last, "month", ("given",))
        assert [(row["hits"], row["articles"]) for row in series(con, selection)] == [
            (counted, counted)
        ]
        sql = f"SELECT count(*) {counted_sql(selection)} AND {language_condition('given')}"
        assert con.sql(sql).fetchall() == [(counted,)]


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


def test_the_desk_s_table_gives_each_topic_its_own_articles(layout: Layout) -> None:
    """One column of articles would be those of the first topic alone."""
    client = TestClient(create_app(layout, Settings(data=layout.root)), "http://127.0.0.1")

    def cells(*topics: str) -> list[str]:
        given = {"topic": topics, "unit": "month", "from": "2026-03-01"}
        page = client.get("/attention", params=given).text
        table = page.partition('aria-labelledby="numbers"')[2].partition("</table>")[0]
        _, row = table.split("<tr>", 2)[1:]
        return [
            unescape(re.sub("<[^>]+>", "", cell)).strip()
            for cell in re.findall("<td[^>]*>(.*?)</td>", row)
        ]

    anywhere, sanctions, articles, _ = cells("sanctions", "anywhere")
    assert anywhere.startswith("2 of 4, 50%")
    assert sanctions.startswith("2 of 2, 100%")
    assert articles == ""
    anywhere, articles, _ = cells("anywhere")
    assert (anywhere[:6], articles) == ("2, 50%", "4")


def test_a_topic_enters_no_article_in_another_language(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    russian = {"language": "ru"}
    first = [Page("a", "Встреча прошла.", about=russian), Page("b", "They met.")]
    later = [
        Page("a", "Встреча прошла: sanctions, Хуавэй.", hour=25, about=russian),
        Page("b", "They met on sanctions and Хуавэй.", hour=25),
    ]
    for number, pages in enumerate([[listing(hour=-1), *first], [*later, listing(hour=47)]]):
        run = stage(layout, f"2026030{number + 2}T060000Z-000000", pages)
        load(layout, [LATIN, ALL, CYRILLIC], [source()], [run], now=START + timedelta(days=9))
    publish(layout)
    asked = "SELECT topic_id, url_canonical, change, mentions_after, fields FROM mention_changes"
    rows = query(layout, f"{asked} JOIN articles USING (article_id) ORDER BY ALL").to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("anywhere", first[0].url, "entered", 1, ["body"]),
        ("anywhere", first[1].url, "entered", 1, ["body"]),
        ("huawei", first[0].url, "entered", 1, ["body"]),
        ("sanctions", first[1].url, "entered", 1, ["body"]),
    ]
