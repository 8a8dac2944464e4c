"""The report for people: what it says, that no text of a paper acts in it, and how it looks."""

import base64
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Request
from rich.console import Console

from tasks.load.load_run import load
from tasks.report.figures import read_figures
from tasks.report.page import chart_data, link, render, summary_of_topics, write_report
from tasks.report.percent import percent
from tasks.report.topic_table import daily_report
from tasks.topics.topic import TopicEntry
from tests.support.chromium import chromium
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, START, TOPICS, Page, listing, prose, stage
from warehouse.layers.layout import Layout
from warehouse.read.query import QueryError

pytestmark = pytest.mark.slow

RUN = "20260302T060000Z-00000a"
HOSTILE = "</script><img src=x onerror=\"document.title='acted'\">{{ 7*7 }}<b>"
RTL = "قمة مجموعة العشرين تبدأ اليوم"
CJK = "二十国集团峰会开幕"
SCRIPT = "javascript:alert(1)"
PAGES = [
    *(listing(hour=24 * day) for day in (0, 1, 2, 4)),
    Page("a", "The harvest and the G20 meet.", 0, 1, headline=HOSTILE),
    Page("b", "The harvest came in.", 1, 25, headline=RTL, about={"language": "ar"}),
    Page("c", "The G20 said nothing of note.", 2, 49, "de-blatt", headline=CJK),
    Page(
        "d", f"{HOSTILE} harvest {HOSTILE}", 2, 49, about={"url_canonical": "javascript:alert(1)"}
    ),
    Page("e", "The lakeside summit.", 4, 97, headline="Lakeside"),
    Page("f", "Undated harvest.", None),
    # The same text in two papers.
    *(Page("g", f"{prose(1)} The G20.", 4, 97, paper) for paper in ("gb-post", "de-blatt")),
]
# One page is in Arabic, of which a topic with Latin phrases alone would count nothing.
EVERYWHERE = [
    TopicEntry(id=each.topic_id, name=each.name, aliases=each.aliases, languages="all").topic()
    for each in TOPICS
]
UNHEARD = TopicEntry(id="quasar", name="Quasar", aliases=("quasar",), languages="all").topic()


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    layout = Layout(tmp_path_factory.mktemp("report") / "data")
    load(layout, (*EVERYWHERE, UNHEARD), SOURCES, [stage(layout, RUN, PAGES)])
    publish(layout)
    add_index_and_spikes(layout)
    return layout


def add_index_and_spikes(layout: Layout) -> None:
    day = f"DATE '{START:%Y-%m-%d}'"
    with duckdb.connect(str(layout.current.resolve())) as con:
        # The articles' last day has ended.
        con.execute("UPDATE sources SET last_attempt_at = TIMESTAMPTZ '2026-03-07 06:00:00+00'")
        con.execute("DROP VIEW IF EXISTS attention_index_latest")
        con.execute(
            "CREATE TABLE attention_index_latest AS SELECT 'harvest' AS topic_id,"
            f" 'day' AS period_kind, ({day} + i::INTEGER)::DATE AS period,"
            " 80.0 + i * 10 AS gap_robust, 90.0 + i AS epu FROM range(5) AS days (i)"
        )
        con.execute(
            "CREATE OR REPLACE TABLE topic_spikes AS SELECT 'harvest' AS topic_id,"
            f" {day} + 1 AS day, 1 AS articles_with_mention, 1 AS articles, 1.0 AS share,"
            " 0.2 AS expected, 9.0 AS score, 1 AS threshold, 2.0 AS false_alarms_per_year,"
            " [{'headline': $1, 'source_id': 'gb-post', 'url': 'https://gb-post.test/b'}]"
            " AS headlines",
            [HOSTILE],
        )


@pytest.fixture(scope="module")
def page(layout: Layout) -> str:
    write_report(layout, layout.report)
    return layout.report.read_text(encoding="utf-8")


class Elements(HTMLParser):
    """Elements with their attributes, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.cdata_elem is None:
            self.text += f"{data} "


def test_texts_of_papers_come_out_as_text(page: str) -> None:
    elements = Elements(page)
    assert not [tag for tag, _ in elements.found if tag == "img"]
    assert [tag for tag, _ in elements.found].count("script") == page.count("<script")
    for headline in (HOSTILE, RTL, CJK):
        assert headline in elements.text


def test_links_lead_to_web_pages_only(page: str) -> None:
    links = [about for tag, about in Elements(page).found if tag == "a"]
    outside = [about for about in links if not (about["href"] or "").startswith("#")]
    assert {about["href"] for about in outside} >= {"https://gb-post.test/a"}
    for about in outside:
        assert (about["href"] or "").startswith("https://")
        assert about["rel"] == "noopener noreferrer"
    assert link("javascript:alert(1)") is None
    assert link("//host/path") is None
    assert link("HTTP://host/") == "HTTP://host/"


def test_the_page_says_what_was_counted(page: str, layout: Layout) -> None:
    text = " ".join(Elements(page).text.split())
    assert "2 March 2026 – 6 March 2026 · 2 papers · 7 articles, 1 more without a date" in text
    assert "Harvest 3 of 7 articles mention it (43%; 95%: 16% – 76%)" in text
    # Pairs count without copies, as the line of the topic says.
    assert "Summit 5 of 7 articles mention it" in text
    assert "4 of 6 without copies of the same text" in text
    assert "Harvest + Summit 1 3 and 4" in text
    assert "Quasar 0 of 7 articles mention it (0.0%; 95%: 0.0% – 35%)" in text
    assert "1 article has no date" in text
    assert "3 March 2026: 1 of 1 articles, 0.2 expected, a spike from 1." in text
    assert "far above the topic's own past; by chance at most 2 of a topic in a year" in text
    assert "1 articles on; by chance at most 2 a year" in page
    assert "in the seven days to 6 March 2026 3 of 7 (43%; 95%: 16% – 76%)" in text
    assert "5 March 2026 not collected" in text
    figures = read_figures(layout)
    assert {row["state"] for row in figures.coverage} >= {"observed", "missing"}


def test_the_head_counts_what_the_charts_count(layout: Layout) -> None:
    figures = read_figures(layout)
    assert figures.articles == sum(row["articles"] for row in figures.collected)
    assert " papers · 1 article</p>" in render(replace(figures, articles=1, undated=0), "")


def test_the_index_is_scaled_over_all_days_also_those_before_the_report(layout: Layout) -> None:
    figures = read_figures(layout)
    assert figures.first_of_all == figures.first_day
    long = render(replace(figures, first_of_all=date(2021, 1, 6)), "")
    last = f"{figures.last_day.day} {figures.last_day:%B %Y}"
    average = "100 is the average of all days that were collected"
    assert f"{average} from 6 January 2021 to {last}." in long


def test_a_gap_has_no_share_and_a_zero_has_one(layout: Layout) -> None:
    harvest = [row for row in read_figures(layout).attention if row["topic_id"] == "harvest"]
    shares = {(row["period"] - START.date()).days: row["share"] for row in harvest}
    assert shares == {0: 1.0, 1: 1.0, 2: 0.5, 3: None, 4: 0.0}
    collected = {(row["period"] - START.date()).days: row["days_collected"] for row in harvest}
    assert collected[3] == 0


def test_no_text_ends_the_element_of_a_chart() -> None:
    data = chart_data({"title": HOSTILE})
    assert not set("<>&") & set(data)
    assert json.loads(data)["title"] == HOSTILE


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (None, "–"),
        (0, "0.0%"),
        (0.0002, "0.02%"),
        (0.0123, "1.2%"),
        # Only nothing is 0%, and only all of it 100%.
        (0.00001, "<0.01%"),
        (0.00006, "0.01%"),
        (0.0009999, "0.10%"),
        (0.995, "99.5%"),
        (0.9944, "99%"),
        (0.9996, ">99.9%"),
        (0.999999, ">99.9%"),
        (0.0998, "10%"),
        (0.5, "50%"),
        (1, "100%"),
    ],
)
def test_shares_are_readable(share: float | None, shown: str) -> None:
    assert percent(share) == shown


def test_a_tooltip_has_tenths_and_rounds_nothing_to_an_end() -> None:
    shares = (0, 0.00001, 0.0004, 0.123, 0.9996, 1)
    shown = [percent(share, has_tenths=True) for share in shares]
    assert shown == ["0.0%", "<0.01%", "0.04%", "12.3%", ">99.9%", "100.0%"]


def test_the_table_shows_a_small_share(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    pages = [listing(), *(Page(f"{n}", prose(n) + " harvest" * (n < 1)) for n in range(320))]
    load(layout, TOPICS, SOURCES, [stage(layout, RUN, pages)])
    publish(layout)
    shown = Console(file=io.StringIO(), width=140)
    shown.print(daily_report(layout))
    assert isinstance(shown.file, io.StringIO)
    rows = [line.split()[-3:] for line in shown.file.getvalue().splitlines() if "1/320" in line]
    assert rows == 2 * [["1/320", "0.3%", "0.06–1.7"]]  # of the paper, of all


def test_long_spans_are_shown_in_weeks_and_months(tmp_path: Path) -> None:
    layout, spans = Layout(tmp_path), ((-1500, "month"), (-200, "week"), (-59, "day"))
    pages = [listing(), *(Page(f"{day}", day=day) for day in (0, *(day for day, _ in spans)))]
    load(layout, TOPICS, SOURCES, [stage(layout, RUN, pages)])
    publish(layout)
    for days, unit in spans:
        with duckdb.connect(str(layout.current.resolve())) as con:
            con.execute("DELETE FROM coverage WHERE day < ?", [START.date() + timedelta(days)])
        figures = read_figures(layout)
        periods = [row for row in figures.attention if row["topic_id"] == "harvest"]
        assert figures.unit == unit
        assert figures.first_of_all == START.date() + timedelta(days)
        assert len(periods) <= 60
        assert sum(row["days"] for row in periods) == min(1 - days, 1096)


def test_before_the_first_load(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="run `presswatch ingest` first"):
        write_report(Layout(tmp_path), tmp_path / "report.html")


def test_a_runs_page_shows_the_topics(layout: Layout) -> None:
    markdown = summary_of_topics(read_figures(layout))
    assert re.search(r"\| Harvest \| 43% \(.+?\) \| 3 of 7 \|", markdown)
    assert re.search(r"\| Quasar \| 0.0% \(.+?\) \| 0 of 7 \|", markdown)
    (picture,) = re.findall(r"\(data:image/png;base64,([\w+/=]+)\)", markdown)
    assert 10_000 < len(picture) < 400_000


# How it looks

MARKS = """() => [...document.querySelectorAll(".chart")].map(chart =>
    [...chart.querySelectorAll("svg [role=graphics-symbol]")].filter(mark => {
        const box = mark.getBoundingClientRect();
        return box.width > 0 && box.height > 0;
    }).length)"""
COLOURS = """async picture => {
    const image = new Image();
    image.src = "data:image/png;base64," + picture;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const pixels = new Uint32Array(
        canvas.getImageData(0, 0, image.width, image.height).data.buffer);
    const counts = new Map();
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
    return [pixels.length, Math.max(...counts.values()), pixels[0]];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.browser
# A scheme changes no width, and a width no colour.
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_the_charts_have_marks(
    browser: Browser, layout: Layout, page: str, width: int, scheme: str
) -> None:
    told: list[str] = []
    asked: list[str] = []
    context = browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900},
    )
    view = context.new_page()

    def console(message: ConsoleMessage) -> None:
        told.append(message.text)

    def request(made: Request) -> None:
        if not made.url.startswith(("file:", "data:")):
            asked.append(made.url)

    view.on("console", console)
    view.on("pageerror", lambda error: told.append(str(error)))
    view.on("request", request)
    view.goto(layout.report.as_uri())
    view.wait_for_selector("html[data-drawn]", timeout=30_000)
    height = view.evaluate("document.documentElement.scrollHeight")
    assert height < (3400 if width == 1200 else 4600)
    view.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    view.wait_for_timeout(200)
    assert (told, asked) == ([], [])
    assert view.title().startswith("Topics in the papers")
    marks = view.evaluate(MARKS)
    # Two topics: share, by paper, and for the first an index; none of the third; then the coverage.
    assert len(marks) == 6
    assert min(marks) >= 5
    assert view.evaluate("document.documentElement.scrollWidth") == width
    blank = context.new_page()
    for drawing in view.locator(".chart .drawing").all():
        picture = base64.b64encode(drawing.screenshot()).decode()
        pixels, background, corner = blank.evaluate(COLOURS, picture)
        assert pixels - background > pixels * 0.02
        brightness = sum(corner >> shift & 255 for shift in (0, 8, 16)) / 3
        assert (brightness > 200) if scheme == "light" else (brightness < 60)
    context.close()


@pytest.mark.browser
def test_it_prints_light_on_a_dark_screen(browser: Browser, layout: Layout, page: str) -> None:
    context = browser.new_context(color_scheme="dark")
    view = context.new_page()
    view.goto(layout.report.as_uri())
    view.wait_for_selector("html[data-drawn]", timeout=30_000)
    view.emulate_media(media="print", color_scheme="dark")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    assert view.evaluate(paper) == "rgb(255, 255, 255)"
    context.close()
