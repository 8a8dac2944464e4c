"""Every surface gives the same numbers, of the articles that count alone."""

import io
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from flows.desk.snapshots import Snapshots
from flows.mcp.server import Tools
from tasks.load.load_run import load
from tasks.report.figures import read_figures
from tasks.report.page import between, summary_of_topics, write_report
from tasks.report.percent import percent
from tasks.report.run_summary import read_run
from tasks.report.topic_table import daily_report
from tasks.topics.topic import TopicEntry
from tests.report.test_report import Elements
from tests.support.feed_reads import feed_reads
from tests.support.partial_days import at
from tests.support.publishing import publish
from tests.support.staged_pages import START, SUMMIT, TOPICS, Page, prose, source, stage
from tests.warehouse.test_local_days import ask, load_pages
from warehouse.layers.layout import Layout
from warehouse.questions.citation import missing
from warehouse.questions.selection import Selection, choices
from warehouse.questions.series import range_series, series
from warehouse.questions.sources import is_lacking, percent_known
from warehouse.read.query import snapshot

pytestmark = pytest.mark.slow

DAYS, SPIKE = 33, 31
SILENT = range(14, 28)
"""Two weeks without an article, though the feed was read."""
RUN = "20260310T060000Z-000000"
GUIDE = Path("warehouse/README.md").read_text(encoding="utf-8")
PAPER, ARCHIVE = "gb-paper", "archive-other.test"


def made_pages() -> list[Page]:
    """A paper; its articles in a language that no topic has; and a domain that archives know."""
    pages = [*feed_reads(PAPER, range(0, 24 * DAYS + 6, 6))]
    for day in set(range(DAYS)) - set(SILENT):
        hits = 9 if day == SPIKE else 1
        pages += [
            Page(
                f"{day}-{n}",
                prose(100 * day + n) + " harvest, G20" * (n < hits),
                day,
                24.0 * day,
                PAPER,
            )
            for n in range(10)
        ]
        text = prose(100 * day + 50) + 3 * " harvest, G20."
        pages.append(
            Page(f"ru-{day}", text, day, 24.0 * day, PAPER, "In Russian", about={"language": "ru"})
        )
        pages.append(Page(f"x-{day}", text + prose(day), day, 24.0 * day, ARCHIVE, "Archived"))
    return pages


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = Layout(tmp_path_factory.mktemp("same") / "data")
    run = stage(layout, RUN, made_pages())
    load(layout, TOPICS, [source(PAPER, timezone="UTC")], [run], now=at(24 * DAYS))
    publish(layout)
    return layout


@pytest.fixture(scope="module")
def counted(layout: Layout) -> tuple[int, int]:
    """Articles with the topic and articles, by the lowest mart."""
    columns = "sum(articles_with_mention)::INTEGER, sum(articles)::INTEGER"
    [(hits, articles)] = ask(
        layout, f"SELECT {columns} FROM topic_daily WHERE topic_id = 'harvest'"
    )
    assert (hits, articles) == (8 + 19, 190)
    return hits, articles


def test_an_assistant_counts_the_sentences_of_the_articles_in_the_series(
    layout: Layout, counted: tuple[int, int]
) -> None:
    tools = Tools(Snapshots(layout))
    said = tools.sentences("harvest", without_copies=False)
    total = tools.series("harvest", unit="week")["total"]
    assert (total["hits"], total["articles"]) == counted
    assert said["articles"] == total["hits"]
    assert {each["headline"] for each in said["sentences"]} == {"A made headline"}


def test_the_headlines_of_a_spike_are_of_articles_that_it_counts(layout: Layout) -> None:
    for relation in ("topic_spikes", "topic_spikes_local"):
        sql = f"SELECT articles_with_mention, headlines FROM {relation} WHERE topic_id = 'harvest'"
        [(hits, headlines)] = ask(layout, sql)
        assert hits == 9
        assert [(each["source"], each["headline"]) for each in headlines] == 5 * [
            (PAPER, "A made headline")
        ]


def test_the_report_is_of_the_articles_in_its_figures(
    layout: Layout, counted: tuple[int, int]
) -> None:
    figures = read_figures(layout)
    assert figures.sources == 1
    assert figures.articles == sum(row["articles"] for row in figures.collected)
    assert {row["headline"] for row in figures.latest} == {"A made headline"}
    [pair] = figures.pairs
    # Pairs have all languages, yet no other sources.
    assert pair["first_articles"] <= counted[0] + DAYS - len(SILENT)


def test_a_paper_s_interval_in_the_report_does_not_depend_on_the_unit(tmp_path: Path) -> None:
    """The sum of the days would have a wider one, by the chance of each of them."""
    layout = Layout(tmp_path / "data")
    pages = [
        Page(
            f"{day}-{n}",
            prose(100 * day + n) + " harvest" * (n < 3 * (day % 2)),
            day,
            24.0 * day,
            PAPER,
        )
        for day in range(20)
        for n in range(10)
    ]
    load_pages(layout, [*feed_reads(PAPER, range(24 * 20)), *pages], [source(PAPER)])
    figures = write_report(layout, layout.report)
    assert figures.unit == "day"
    [variation] = ask(layout, "SELECT variation FROM topic_dispersion WHERE topic_id = 'harvest'")
    assert variation > (0,)
    with snapshot(layout) as con:
        selection = Selection(figures.first_day, figures.last_day, topics=("harvest",))
        [paper] = range_series(con, selection)
    text = " ".join(Elements(layout.report.read_text(encoding="utf-8")).text.split())
    counts = f"{paper['hits']} of {paper['articles']}"
    assert f"{PAPER} {percent(paper['share'])} {between(paper)} {counts}" in text


def test_the_page_of_a_run_counts_no_other_languages(layout: Layout) -> None:
    """What archives of other domains brought is of the run, too."""
    [topic] = [row for row in read_run(layout, RUN).topics if row["name"] == "Harvest"]
    days = DAYS - len(SILENT)
    assert topic["hits"] == days + 8 + days
    assert topic["articles"] == 12 * days


def test_the_guide_s_questions_count_a_changed_topic_once(layout: Layout, tmp_path: Path) -> None:
    """The table of topics has a row for each version of a definition."""
    questions = [
        GUIDE.partition(asked)[2].partition("```sql\n")[2].partition("```")[0]
        for asked in ("far above its own past", "archived pages of domains")
    ]
    before = [ask(layout, sql) for sql in questions]
    shutil.copytree(layout.root, tmp_path / "data", symlinks=True)
    changed = Layout(tmp_path / "data")
    harvest = TopicEntry(id="harvest", name="Harvest", aliases=("harvest",)).topic()
    load(changed, [harvest, SUMMIT], [source(PAPER, timezone="UTC")], now=at(24 * DAYS + 1))
    publish(changed)
    assert ask(changed, "SELECT count(*) FROM topics WHERE topic_id = 'harvest'") == [(2,)]
    assert [ask(changed, sql) for sql in questions] == before


def test_papers_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """There is a La Nación in Argentina, and one in Costa Rica."""
    layout = Layout(tmp_path / "data")
    ids = ("ar-la-nacion", "cr-la-nacion")
    papers = [source(each).model_copy(update={"name": "La Nación"}) for each in ids]
    pages = [
        Page(f"{each}-{n}", prose(n) + " harvest" * (n < hits), source_id=each)
        for each, hits in zip(ids, (1, 4), strict=True)
        for n in range(5)
    ]
    names = {each: f"La Nación ({each})" for each in ids}
    first = stage(layout, RUN, [*feed_reads(ids[0], range(30)), *pages[:5]])
    load(layout, TOPICS, papers[:1], [first], now=at(30))
    second = stage(layout, "20260310T070000Z-000001", [*feed_reads(ids[1], range(30)), *pages[5:]])
    load(layout, TOPICS, papers, [second], now=at(31))
    publish(layout)
    stored = "SELECT source_id, name FROM sources"
    assert dict(ask(layout, stored)) == names
    shown = Console(file=io.StringIO(), width=200)
    shown.print(daily_report(layout))
    assert isinstance(shown.file, io.StringIO)
    table = [line.split() for line in shown.file.getvalue().splitlines()]
    assert next(row[-3] for row in table if row[:1] == ["all"]) == "5/10"
    figures = read_figures(layout)
    assert {row["source"] for row in figures.by_source} == {*names.values()}
    assert load(layout, TOPICS, papers, now=at(32)).load_no is None
    # Also apart from one that is no longer configured.
    load(layout, TOPICS, papers[1:], now=at(33))
    publish(layout)
    assert dict(ask(layout, stored)) == names


def test_topics_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """In the table at the terminal, the report, the charts and the picture of a run."""
    layout = Layout(tmp_path / "data")
    aliases = {"trade": "harvest", "trade-strict": "G20"}
    topics = [
        TopicEntry(id=topic_id, name="Trade", aliases=(alias,)).topic()
        for topic_id, alias in aliases.items()
    ]
    pages = [
        *feed_reads(PAPER, range(30)),
        *(
            Page(f"{n}", prose(n) + " harvest" + " G20" * (n < 1), source_id=PAPER)
            for n in range(5)
        ),
    ]
    papers = [source(PAPER, timezone="UTC")]
    load(layout, topics[:1], papers, [stage(layout, RUN, pages)], now=at(30))
    load(layout, topics, papers, now=at(31))
    publish(layout)
    names = {each: f"Trade ({each})" for each in aliases}
    assert dict(ask(layout, "SELECT topic_id, name FROM topics")) == names
    shown = Console(file=io.StringIO(), width=200)
    shown.print(daily_report(layout))
    assert isinstance(shown.file, io.StringIO)
    table = [line.split() for line in shown.file.getvalue().splitlines()]
    assert [row[-3] for row in table if row[:1] == ["all"]] == ["5/5", "1/5"]
    figures = read_figures(layout)
    assert {row["series"] for row in figures.attention} == {*names.values()}
    assert summary_of_topics(figures).count("| Trade (trade") == 2
    assert load(layout, topics, papers, now=at(32)).load_no is None
    load(layout, topics[1:], papers, now=at(33))
    publish(layout)
    current = "SELECT name FROM topics WHERE valid_to IS NULL"
    assert ask(layout, current) == [("Trade",)]


def test_of_nothing_all_was_collected(layout: Layout) -> None:
    """In views, index, report and the answers of an assistant."""
    first = START.date() + timedelta(days=SILENT[0])
    week = f"period = DATE '{first}' AND topic_id = 'harvest'"
    found: list[Any] = [
        *ask(layout, f"SELECT articles, completeness FROM topic_weekly WHERE {week}"),
        *ask(
            layout,
            "SELECT articles, completeness FROM attention_index_latest"
            f" WHERE period_kind = 'week' AND {week}",
        ),
    ]
    answer = Tools(Snapshots(layout)).series(
        "harvest", f"{first}", f"{first + timedelta(days=6)}", "week"
    )
    found += [(row["articles"], row["completeness"]) for row in answer["rows"]]
    assert found == 3 * [(0, 1.0)]
    last_day = f"SELECT state, completeness FROM coverage WHERE day = DATE '{first}'"
    assert ask(layout, last_day) == [("observed", 1.0)]


def test_a_completeness_says_of_how_many_days_it_is(tmp_path: Path) -> None:
    """A paper is followed from the fifth day on; its feed then names an article of the second."""
    layout = Layout(tmp_path / "data")
    pages = [
        *feed_reads(PAPER, range(96, 193)),
        Page("early", day=1, hour=96, source_id=PAPER),
        Page("late", day=5, hour=125, source_id=PAPER),
    ]
    load_pages(layout, pages, [source(PAPER, timezone="UTC")])
    [(days, estimated)] = ask(
        layout,
        "SELECT count(*), count(estimated_published) FROM topic_daily WHERE topic_id = 'harvest'",
    )
    assert 0 < estimated < days
    answer = Tools(Snapshots(layout)).series("harvest", unit="day")
    known = f"about 100% of what was published on {estimated} of {days} days of sources"
    assert f"{known}, how much on the others is not known" in answer["coverage"]["says"]
    assert answer["total"]["source_days_of_completeness"] == estimated
    with snapshot(layout) as con:
        first, last = START.date(), START.date() + timedelta(days=9)
        selection = Selection(first, last, topics=("harvest",))
        rows = series(con, selection)
        assert f"Collected: {known}" in missing(con, selection, choices(con), rows)
        [total] = range_series(con, selection)
    assert total["completeness"] == 1
    assert is_lacking(total)
    assert percent_known(total) == f"100% on {estimated} of {days} days"
