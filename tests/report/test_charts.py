"""What the charts show of few articles, of none, and of what was not collected."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page as View

from tasks.report.chart_images import png, svg
from tasks.report.chart_style import COLOURS, Spec, with_style
from tasks.report.chart_values import FEW, chart_values, share_axis, tooltip
from tasks.report.charts import attention, small_multiples
from tasks.report.heat_maps import by_source, top_share
from tasks.report.page import chart_library
from tests.support.chromium import chromium
from warehouse.layers.layout import Layout
from warehouse.stats.audits import Estimate
from warehouse.stats.intervals import share_interval

FIRST = date(2026, 3, 2)
Row = dict[str, Any]


def row(week: int, hits: int | None, articles: int | None, **about: Any) -> Row:
    low, high = share_interval(hits or 0, articles or 0) or (None, None)
    start = FIRST + timedelta(weeks=week)
    return {
        "series": "G20",
        "period": start,
        "period_end": start + timedelta(weeks=1),
        "hits": hits,
        "articles": articles,
        "share": (hits or 0) / articles if articles else None,
        "low": low,
        "high": high,
        "completeness": 1.0,
        "days_estimated": 7,
        "days_collected": 7,
        "days": 7,
    } | about


ROWS = [
    row(0, 3, 40),
    row(1, 0, 40),
    row(2, 1, 1),
    row(3, 2, 20, completeness=0.5),
    row(4, None, None, completeness=None, days_collected=0),
    row(5, None, None, completeness=0.0, days_collected=0),
    row(6, 4, 50, url="/articles?week=6"),
]
PAPERS = [
    each | {"series": paper, "days_collected": each["days_collected"] * turn // 2}
    for turn, paper in enumerate(("The Post", "Das Blatt"), start=1)
    for each in ROWS[3 * (turn - 1) :]
]
SPIKE = {"day": FIRST, "hits": 3, "articles": 9, "expected": None, "headlines": None}
SPIKE |= {"threshold": 3, "false_alarms_per_year": 0.5}
NONE = [row(week, 0, 40) for week in range(3)]
CHARTS = {
    "one": attention(ROWS, [SPIKE], "week"),
    "several": attention(PAPERS, [SPIKE | {"series": "Das Blatt"}], "week", brush=True),
    "none": attention(NONE, [], "week"),
    "panels": small_multiples(PAPERS, "week"),
    "shades": by_source(PAPERS, "week"),
    "no shade": by_source(NONE, "week"),
}


def test_a_spike_says_from_how_many_articles_on_it_is_one() -> None:
    [mark] = CHARTS["one"]["layer"][-1]["data"]["values"]
    assert mark["threshold"] == "3 articles on; by chance at most 0.5 a year"
    assert {"field": "threshold", "title": "a spike from"} in (
        CHARTS["one"]["layer"][-1]["encoding"]["tooltip"]
    )
    earlier = SPIKE | {"threshold": None, "false_alarms_per_year": None}
    [mark] = attention(ROWS, [earlier], "week")["layer"][-1]["data"]["values"]
    assert mark["threshold"] == "unknown"


def test_a_mark_of_an_audited_topic_has_its_corrected_share() -> None:
    audit = {"audit": "audited n = 9", "corrected": Estimate(0.05, 0.02, 0.1)}
    rows = [each | audit for each in ROWS[:2]] + [ROWS[2] | audit | {"corrected": None}]
    values = chart_values(rows)
    assert [value["corrected"] for value in values] == [*["5.0% (2.0% to 10.0%)"] * 2, "–"]
    assert [each["field"] for each in tooltip(values)][2:4] == ["interval", "corrected"]
    assert tooltip(values)[-1] == {"field": "audit"}
    both = attention([*rows, *PAPERS], [], "week")["layer"][0]["data"]["values"]
    assert both[0]["s0"].endswith("; corrected 5.0% (2.0% to 10.0%)")
    assert "corrected" not in {each["field"] for each in tooltip(chart_values(ROWS))}


def test_a_period_says_what_its_share_rests_on() -> None:
    values = chart_values(ROWS)
    assert [value["state"] for value in values] == ["whole"] * 3 + ["part", "gap", "gap", "whole"]
    assert [value["few"] for value in values] == [False, False, True, False, False, False, False]
    told = ("time", "shown", "interval", "articles", "collected")
    assert [values[0][name] for name in told] == [
        "2 Mar 2026 – 8 Mar 2026",
        "7.5%",
        "2.6% to 19.9%",
        "3 of 40",
        "100% of articles, 7 of 7 days of papers",
    ]
    assert values[4]["shown"] == values[4]["articles"] == "unknown"


def test_a_period_of_unknown_completeness_is_not_drawn_as_whole() -> None:
    [value] = chart_values([row(0, 3, 40, completeness=None)])
    assert (value["state"], value["had"]) == ("part", 0)
    assert value["collected"] == "7 of 7 days of papers"


def test_a_period_of_which_most_days_are_unknown_is_not_drawn_as_whole() -> None:
    rows = [row(0, 3, 40, completeness=0.5, days_estimated=2)]
    [value] = chart_values(rows)
    assert (value["state"], value["had"]) == ("part", 1 / 7)
    assert value["collected"] == "50% of articles on 2 of 7 days, 7 of 7 days of papers"
    strip = attention(rows, [], "week")["layer"][2]["data"]["values"]
    sizes = {cell["of"]: cell["bottom"] - cell["top"] for cell in strip}
    # The rest is grey.
    assert sizes == pytest.approx({"all": 8, "lost": 8 / 7, "had": 8 / 7})


def test_a_share_of_few_articles_does_not_set_the_scale() -> None:
    bottom, top = share_axis(chart_values(ROWS))["scale"]["domain"]
    # No interval of the others is cut.
    assert (bottom, top) == (
        0,
        max(each["high"] or 0 for each in ROWS if (each["articles"] or 0) >= FEW),
    )
    assert top_share(ROWS) == ROWS[3]["share"]
    # Unless there is little else.
    assert share_axis(chart_values([row(0, 1, 1), row(1, 1, 2)]))["scale"]["domain"] == [0, 1]


def test_a_period_collected_in_part_is_pale_and_not_hollow() -> None:
    for name in ("one", "several"):
        marks = look(CHARTS[name])
        assert marks["opacity"]["condition"]["test"] == "datum.state === 'part'"
        assert marks["opacity"]["condition"]["value"] < 0.6
        # Paper, through which nothing shines, is only that of few articles.
        assert marks["fill"]["condition"] == {"test": "datum.few", "value": "@paper"}
        assert "fillOpacity" not in marks


def look(chart: Spec) -> Spec:
    layers = chart["layer"][1]["layer"]
    [encoding, *_] = [each["encoding"] for each in layers if "fill" in each["encoding"]]
    return dict(encoding)


def test_a_series_keeps_its_colour_whatever_is_beside_it() -> None:
    order = [f"topic {number}" for number in range(12)]

    def colours(*names: str) -> dict[str, str]:
        rows = [each | {"series": name} for name in names for each in ROWS]
        encoding = look(attention(rows, [], "week", order=order))
        if not names[1:]:
            return {names[0]: encoding["stroke"]["value"]}
        scale = encoding["color"]["scale"]
        return dict(zip(scale["domain"], scale["range"], strict=True))

    assert colours("topic 2") == {"topic 2": "@c3"}
    assert colours("topic 1", "topic 2") == {"topic 1": "@c2", "topic 2": "@c3"}
    # Two of the same place differ nevertheless.
    assert colours("topic 1", "topic 9") == {"topic 1": "@c2", "topic 9": "@c3"}
    assert look(attention(ROWS, [], "week"))["stroke"] == {"value": "@accent"}


def test_a_topic_without_mention_has_its_zeros_at_the_bottom() -> None:
    assert share_axis(chart_values(NONE))["scale"]["domain"] == [0, NONE[0]["high"]]
    assert top_share(NONE) == 0.05
    assert share_axis([])["scale"]["domain"] == [0, 1]


def test_the_strip_tells_lost_from_unknown() -> None:
    strip = CHARTS["one"]["layer"][2]["data"]["values"]
    sizes = {(cell["from"], cell["of"]): cell["bottom"] - cell["top"] for cell in strip}
    weeks = [str(each["period"]) for each in ROWS]
    assert [sizes[week, "had"] for week in weeks] == [8, 8, 8, 4, 0, 0, 8]
    assert [sizes[week, "lost"] for week in weeks] == [0, 0, 0, 4, 0, 8, 0]


def test_series_have_a_strip_each_where_they_differ() -> None:
    def labels(chart: Spec) -> list[str]:
        marks = [layer.get("mark", {}) for layer in chart["layer"]]
        return [mark["text"] for mark in marks if mark.get("type") == "text"]

    same = [*ROWS, *(each | {"series": "Huawei"} for each in ROWS)]
    assert labels(attention(same, [], "week")) == ["collected"]
    assert labels(CHARTS["several"]) == ["The Post", "Das Blatt"]


def test_panels_are_in_the_order_of_their_shares() -> None:
    rows = [row(0, 1, 9) | {"series": "low"}, row(0, 9, 9) | {"series": "high"}]
    assert small_multiples(rows, "week")["facet"]["row"]["sort"] == ["high", "low"]


def test_a_period_before_a_paper_was_followed_has_no_cell() -> None:
    values = by_source(PAPERS, "week")["data"]["values"]
    assert {value["from"] for value in values if value["series"] == "Das Blatt"} == {
        str(each["period"]) for each in ROWS[3:]
    }


@pytest.mark.slow
def test_pictures_have_the_colours_of_their_scheme() -> None:
    for turn, chart in enumerate(CHARTS.values()):
        scheme = [*COLOURS][turn % 2]
        drawn = svg(chart, scheme)
        assert COLOURS[scheme]["paper"] in drawn
        assert "@" not in drawn
    assert png(CHARTS["one"], "dark").startswith(b"\x89PNG")


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> Iterator[View]:
    library = chart_library(Layout(tmp_path_factory.mktemp("charts")))
    with chromium() as browser:
        view = browser.new_page()
        view.set_content('<div id="chart" style="width: 600px"></div>')
        view.add_script_tag(content=library)
        yield view


DRAW = """async text => {
    const made = await vegaEmbed("#chart", JSON.parse(text), {
        ast: true, renderer: "svg", actions: false});
    window.chartView = made.view;
}"""


def draw(view: View, chart: Spec) -> list[str]:
    """Draw a chart without eval, and return the warnings."""
    told: list[str] = []
    view.on("console", lambda message: told.append(message.text))
    text = json.dumps(with_style(chart)).replace('"@labels"', "90").replace('"@width"', "400")
    view.evaluate(DRAW, text)
    return told


@pytest.mark.browser
def test_charts_are_drawn_without_warnings(view: View) -> None:
    for name, chart in CHARTS.items():
        assert (name, draw(view, chart)) == (name, [])


@pytest.mark.browser
def test_a_page_hears_of_brush_and_click(view: View, tmp_path: Path) -> None:
    draw(view, attention(ROWS, [], "week", brush=True))
    box = view.locator("#chart svg").bounding_box()
    assert box
    view.mouse.move(box["x"] + 200, box["y"] + 50)
    view.mouse.down()
    view.mouse.move(box["x"] + 300, box["y"] + 50, steps=2)
    view.mouse.up()
    start, end = view.evaluate("chartView.signal('brush').from")
    assert 0 < end - start < 1000 * timedelta(weeks=7).total_seconds()
    view.mouse.click(box["x"] + 570, box["y"] + 100)
    clicked = view.evaluate("chartView.signal('click')")
    assert clicked["url"] == ["/articles?week=6"]
    names = view.evaluate("['periods', 'shares'].map(name => chartView.data(name).length)")
    assert names == [len(ROWS), len(ROWS)]
