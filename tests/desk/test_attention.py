"""Attention and overview show the numbers of the tables, and every view is a URL."""

import csv
import io
import re
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest
from pyarrow import parquet
from starlette.testclient import TestClient

from flows.desk.desk import Desk
from tasks.settings import Settings
from warehouse.layers.layout import Layout
from warehouse.questions.citation import begun_or_ended
from warehouse.questions.selection import Selection, choices
from warehouse.questions.series import series, totals
from warehouse.read.query import snapshot, snapshot_records

SPAN = {"from": "2026-03-02", "to": "2026-03-07"}
COUNTED = {
    (): ("articles_with_mention", "articles"),
    ("copies",): ("articles_with_mention_original", "articles_original"),
    ("in",): ("articles_with_mention_headline", "articles"),
}


@pytest.mark.parametrize("given", COUNTED)
def test_counts_are_those_of_topic_daily(layout: Layout, given: tuple[str, ...]) -> None:
    hits, articles = COUNTED[given]
    expected = snapshot_records(
        layout,
        f"SELECT topic_id, date_trunc('week', day)::DATE AS week, sum({hits})::BIGINT AS hits,"
        f" sum({articles})::BIGINT AS articles FROM topic_daily"
        " WHERE day BETWEEN '2026-03-03' AND '2026-03-07' AND source_id = 'gb-post'"
        " GROUP BY ALL ORDER BY ALL",
    )
    selection = Selection(
        date(2026, 3, 3),
        date(2026, 3, 7),
        sources=("gb-post",),
        is_without_copies="copies" in given,
        is_headlines_only="in" in given,
    )
    with snapshot(layout) as con:
        found = series(con, selection)
    assert [(row["topic_id"], row["hits"], row["articles"]) for row in found] == [
        (row["topic_id"], row["hits"], row["articles"]) for row in expected
    ]
    assert all(row["period"] >= date(2026, 3, 3) for row in found)


def test_headlines_without_copies_are_counted(layout: Layout) -> None:
    with snapshot(layout) as con:
        known = choices(con)
        assert known.first_day
        assert known.last_day
        both = Selection(
            known.first_day, known.last_day, is_without_copies=True, is_headlines_only=True
        )
        found = {row["topic_id"]: row for row in series(con, both)}
        expected = con.execute(
            "SELECT topic_id, count(DISTINCT article_id) FROM mentions JOIN articles"
            " USING (article_id, version_no) WHERE field = 'headline' AND duplicate_of IS NULL"
            " AND published_date IS NOT NULL GROUP BY ALL"
        ).fetchall()
    assert {topic: row["hits"] for topic, row in found.items() if row["hits"]} == dict(expected)


def test_parts_add_up(layout: Layout) -> None:
    with snapshot(layout) as con:
        selection = Selection(date(2026, 3, 2), date(2026, 3, 7), "day", topics=("harvest",))
        whole = totals(series(con, selection))
        for part in ("source", "country", "language"):
            divided = totals(series(con, selection, part))
            assert [divided[name] for name in ("hits", "articles", "days")] == [
                whole[name] for name in ("hits", "articles", "days")
            ]


def test_page_shows_the_numbers(client: TestClient) -> None:
    page = client.get("/attention", params={"topic": "harvest", **SPAN, "unit": "day"}).text
    rows = re.findall(
        r'<tr><th scope="row">(\d+) March 2026</th>\s*<td class="n">(.*?)</td>', page, re.S
    )
    assert [int(day) for day, _ in rows] == [7, 6, 5, 4, 3, 2]
    assert rows[1][1].startswith('<a href="/articles?topic=harvest&amp;from=2026-03-06')


def test_spikes_are_none_or_not_of_some_sources(client: TestClient) -> None:
    def spikes(**given: str) -> str:
        page = client.get("/attention", params={"topic": "harvest", **SPAN, **given}).text
        assert "Triangles" not in page
        return page.partition('<h2 id="spikes">')[2].partition("</section>")[0]

    assert "None on these days" in spikes()
    assert "of all sources together only" in spikes(country="gb")


def test_a_topic_says_what_counts(client: TestClient) -> None:
    page = client.get("/attention", params={"topic": "harvest", **SPAN}).text
    shown = page.partition('<details id="definitions">')[2].partition("</details>")[0]
    assert "definition 1" in shown
    assert "<dt>any of</dt>" in shown
    assert "<dt>languages</dt>" in shown


def test_a_source_that_begins_within_the_days_is_named(layout: Layout) -> None:
    with snapshot(layout) as con:
        first, last = date(2026, 3, 2), date(2026, 3, 7)
        con.execute("CREATE TEMP TABLE kept AS FROM coverage")
        con.execute(
            "CREATE TEMP VIEW coverage AS FROM kept"
            " WHERE source_id <> 'de-blatt' OR day >= DATE '2026-03-05'"
        )
        known = choices(con)
        assert begun_or_ended(con, Selection(first, last), known) == "de-blatt: from 5 March 2026"
        assert begun_or_ended(con, Selection(last, last), known) == ""
        assert begun_or_ended(con, Selection(first, last, sources=("gb-post",)), known) == ""


def test_every_link_keeps_the_selection(client: TestClient) -> None:
    given = {"topic": "harvest", **SPAN, "unit": "day", "country": "gb", "copies": "no"}
    page = client.get("/attention", params=given).text
    links = [urlsplit(link.replace("&amp;", "&")) for link in re.findall(r'href="(/[^"]*)"', page)]
    kept = [
        parse_qs(link.query)
        for link in links
        if link.path == "/articles" and "topic=" in link.query
    ]
    assert kept
    for each in kept:
        assert (each["country"], each["copies"]) == (["gb"], ["no"])


def test_countries_weigh_alike_and_sources_are_those_of_every_week(client: TestClient) -> None:
    given = {"topic": "harvest", **SPAN, "unit": "day", "balance": "country", "panel": "yes"}
    page = client.get("/attention", params=given).text
    assert "each country weighing alike" in page
    assert "collected in every week" in page
    assert 'value="country" checked' in page
    with_both = client.get("/export/attention.csv", params=given).text
    alone = client.get("/export/attention.csv", params={"topic": "harvest", **SPAN}).text
    assert with_both.splitlines()[0] == alone.splitlines()[0]


def test_a_part_of_the_days_has_the_sources_of_every_week_of_all(client: TestClient) -> None:
    """Else the articles behind a mark would be of other sources than the mark."""
    given = {"topic": "harvest", **SPAN, "unit": "day", "panel": "yes"}
    page = client.get("/attention", params=given).text
    days = {"from": ["2026-03-06"], "to": ["2026-03-06"]}
    links = [
        parse_qs(urlsplit(unescape(link)).query) for link in re.findall(r'href="([^"]+)"', page)
    ]
    [link, *_] = [each for each in links if each | days == each]
    assert link["panel"] == ["2026-03-02..2026-03-07"]
    assert "collected in every week" in client.get("/articles", params=link).text


def test_a_panel_is_of_its_own_days(layout: Layout) -> None:
    """A paper that was collected in one of two weeks is in that week of none of both."""
    day = date(2026, 3, 4)
    alone = Selection(day, day, "day", is_panel=True)
    before = (date(2026, 2, 16), date(2026, 3, 7))
    with snapshot(layout) as con:
        assert any(row["articles"] for row in series(con, alone))
        assert not series(con, replace(alone, panel_days=before))


def test_what_is_wrong_is_said(client: TestClient) -> None:
    menus = set()
    for given, said in (
        ({"panel": "always"}, "panel must be yes, or days such as 2026-01-01..2026-10-31"),
        ({"topic": "nope"}, "no topic &#39;nope&#39;; there are: harvest, summit"),
        ({"source": "xx"}, "no source &#39;xx&#39;; there are: de-blatt, gb-post"),
        ({"from": "yesterday"}, "from must be a day such as 2026-11-27"),
        ({"from": "2026-03-07", "to": "2026-03-02"}, "ends before it begins"),
        ({"unit": "year"}, "unit must be one of day, week, month"),
        ({"balance": "continent"}, "balance must be one of country, collection"),
        ({"by": "author"}, "by must be one of source, country, language"),
        ({"topic": "<script>alert(1)</script>"}, "&lt;script&gt;"),
    ):
        answer = client.get("/attention", params=given)
        assert answer.status_code == 400, given
        assert said in answer.text
        assert "<script>alert" not in answer.text
        # The menu and the form remain, and the menu leads on.
        assert 'name="from"' in answer.text
        [menu, *_] = re.findall(r'<a href="(/attention[^"]*)">Attention', answer.text)
        menus.add(unescape(menu))
    assert {client.get(menu).status_code for menu in menus} == {200}


def test_uncollected_days_are_no_zeros(client: TestClient) -> None:
    given = {"topic": "harvest", "from": "2025-01-01", "to": "2027-01-01", "unit": "month"}
    page = client.get("/attention", params=given).text
    assert "Nothing was collected before 2026-03-02." in page
    assert "Nothing has been collected after" in page
    before = client.get("/attention", params={**given, "to": "2025-06-01"})
    assert before.status_code == 200
    assert "Nothing was collected in this time." in before.text


@pytest.mark.parametrize("given", ["", "?copies=no", "?in=headline"])
def test_the_overview_and_the_sources_lead_to_the_articles_that_they_count(
    client: TestClient, given: str
) -> None:
    overview = client.get(f"/{given}").text
    harvest = overview.partition(">Harvest</a>")[2]
    counted = re.findall(r"(\d+) of \d+ articles\s+in these seven days", harvest)[0]
    read = re.findall(r'href="([^"]*)">Read the articles', harvest)[0]
    assert f'<p class="lead">{counted} article' in client.get(unescape(read)).text
    sources = client.get(f"/sources{given}").text
    linked = re.findall(r'<td class="n"><a href="(/articles[^"]*)">(\d+)</a>', sources)
    assert linked
    for link, number in linked:
        assert f'<p class="lead">{number} article' in client.get(unescape(link)).text


@pytest.mark.parametrize(
    ("unit", "first", "last", "days"),
    [
        ("month", date(2026, 4, 1), date(2026, 4, 30), None),
        ("month", date(2026, 2, 1), date(2026, 2, 28), None),
        ("month", date(2026, 4, 1), date(2026, 4, 28), 28),
        ("month", date(2026, 5, 4), date(2026, 5, 31), 28),
        ("month", date(2024, 2, 1), date(2024, 2, 28), 28),
        ("month", date(2026, 12, 2), date(2026, 12, 31), 30),
        ("week", date(2026, 4, 6), date(2026, 4, 12), None),
        ("week", date(2026, 4, 7), date(2026, 4, 12), 6),
        ("day", date(2026, 4, 7), date(2026, 4, 7), None),
    ],
)
def test_a_period_that_the_range_cuts_is_marked(
    layout: Layout, unit: str, first: date, last: date, days: int | None
) -> None:
    macros = Desk(layout, Settings(data=layout.root)).templates.get_template("parts.html").module
    row = {"period": first, "period_end": last + timedelta(days=1)}
    said = macros.from_day(row, unit)  # type: ignore[attr-defined]
    assert re.findall(r"\((\d+) days\)", said) == ([str(days)] if days else [])


def test_a_page_of_too_many_periods_says_so_and_files_have_them_all(client: TestClient) -> None:
    days = {"from": "2025-01-01", "to": "2026-03-07"}
    given = {"topic": "harvest", **days, "unit": "day", "by": "source"}
    page = client.get("/attention", params=given).text
    assert "The chart and the table are by week, as these are more than 400 days." in page
    assert "Share of articles by week" in page
    links = [unescape(link) for link in re.findall(r'href="(/export/[^"]*)"', page)]
    tables = [link for link in links if ".csv?" in link]
    assert [urlsplit(link).path for link in tables] == [
        *("/export/attention.csv", "/export/parts.csv"),
    ]
    for link in tables:
        rows = [*csv.DictReader(io.StringIO(client.get(link).text))]
        assert "unit=day" in rows[0]["citation"]
        assert {row["first_day"] for row in rows} >= {"2026-03-03", "2026-03-04"}
        assert all(row["first_day"] == row["last_day"] for row in rows)
    short = client.get("/attention", params={**given, "from": "2026-01-01"}).text
    assert "more than 400" not in short
    years = {**given, "from": "2016-01-01", "unit": "week"}
    assert (
        "by month, as these are more than 400 weeks." in client.get("/attention", params=years).text
    )


def test_exports_hold_the_series(client: TestClient, layout: Layout) -> None:
    given = {"topic": "harvest", **SPAN, "unit": "day"}
    answers = {
        form: client.get(f"/export/attention.{form}", params=given)
        for form in ("csv", "parquet", "xlsx", "sql", "png", "svg")
    }
    assert {form: answer.status_code for form, answer in answers.items()} == dict.fromkeys(
        answers, 200
    )
    with snapshot(layout) as con:
        selection = Selection(date(2026, 3, 2), date(2026, 3, 7), "day", topics=("harvest",))
        hits = [row["hits"] for row in series(con, selection)]
    table = parquet.read_table(io.BytesIO(answers["parquet"].content))
    assert table["hits"].to_pylist() == hits
    assert b"snapshot 1" in table.schema.metadata[b"citation"]
    lines = [*csv.DictReader(io.StringIO(answers["csv"].text))]
    assert len(lines) == len(hits)
    cited = lines[0]["citation"]
    assert "Harvest (definition 1" in cited
    assert client.get(cited.split()[-1]).status_code == 200
    assert "unit=day" in cited.split()[-1]
    assert {line["citation"] for line in lines[1:]} == {""}
    with zipfile.ZipFile(io.BytesIO(answers["xlsx"].content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    cells = re.findall(r'<c r="D\d+"(?: s="\d+")?><v>(\d+)</v></c>', sheet)
    assert [int(cell) for cell in cells] == hits
    assert answers["png"].content.startswith(b"\x89PNG")
    assert answers["svg"].content.startswith(b"<svg")
    # What is shown is what ran.
    with snapshot(layout) as con:
        rows = con.sql(answers["sql"].text).fetchall()
    assert [row[4] for row in rows] == hits


def test_a_csv_without_rows_says_what_was_collected(client: TestClient) -> None:
    given = {"topic": "harvest", "from": "2026-03-04", "to": "2026-03-04"}
    [line] = csv.DictReader(io.StringIO(client.get("/export/gaps.csv", params=given).text))
    assert "Collected: " in line.pop("citation")
    assert {*line.values()} == {""}


def test_unknown_export_is_named(client: TestClient) -> None:
    for name in ("attention.exe", "nothing.csv", "gaps.png", "../../etc/passwd"):
        assert client.get(f"/export/{name}").status_code == 404


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"topic": ""}, "Choose a topic."),
        ({"from": "2020-01-01", "to": "2020-02-01"}, "Nothing was collected in this time"),
    ],
)
def test_no_picture_of_nothing(client: TestClient, given: dict[str, str], said: str) -> None:
    for name in ("attention.png", "parts.svg"):
        answer = client.get(f"/export/{name}", params={"by": "source", **given})
        assert answer.status_code == 400
        assert said in answer.text


def test_overview_speaks_of_each_topic(client: TestClient) -> None:
    page = client.get("/").text
    assert "Harvest" in page
    assert "too few to say" in page


def overview_of(client: TestClient, **given: str) -> str:
    page = client.get("/", params=given)
    assert page.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def test_the_overview_is_of_the_sources_and_topics_that_its_url_selects(
    client: TestClient,
) -> None:
    def told(page: str) -> str:
        return page.partition("syndicated copies.")[2].partition("Unusual:")[0]

    everything, one = overview_of(client), overview_of(client, source="de-blatt")
    assert "and days; all sources, with syndicated copies." in everything
    assert "and days; de-blatt , ( all sources ), with syndicated copies." in one
    country = overview_of(client, country="de")
    assert "and days; of de ( all sources ), with syndicated copies." in country
    assert told(country) == told(one) != told(everything)
    nothing = overview_of(client, source="de-blatt", country="gb")
    assert told(nothing).count("Nothing was collected") == 2 * told(everything).count("Read the")
    assert "Summit" not in told(overview_of(client, topic="harvest"))


def test_nothing_else_is_read(layout: Layout) -> None:
    from flows.desk.snapshots import Snapshots

    with Snapshots(layout).cursor() as con:
        assert con.sql("SELECT count(*) FROM article_texts").fetchall()
        for sql in ("FROM read_text('/etc/passwd')", "COPY topics TO '/tmp/topics.csv'"):
            with pytest.raises(duckdb.Error):
                con.sql(sql).fetchall()
