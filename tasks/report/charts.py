"""Vega-Lite specifications of attention by period, from rows as described in chart_values.py.

In all charts a pale mark is a period of which less than 80 % was collected, or an unknown part; a
hollow mark is a share of fewer than five articles, grey is a gap, and a thin line or a band is the
95 % interval of a share.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from tasks.report.chart_style import MAX_SERIES, Spec
from tasks.report.chart_values import (
    GROUND,
    TOOLTIP,
    chart_values,
    days_in_words,
    mention_ratio,
    share_axis,
    time_axis,
    time_within,
    tooltip,
)
from tasks.report.heat_maps import strips

Row = Mapping[str, Any]
MAX_BANDS = 3  # series whose intervals are drawn as bands; more would hide each other
# For state "part": less than 80 % collected, or unknown. For fill and outline: with only the fill
# pale, a mark would look hollow.
PALE = {"condition": {"test": "datum.state === 'part'", "value": 0.45}, "value": 1}
SHAPES = ("circle", "square", "diamond", "cross", "triangle-up")


def attention(
    rows: Sequence[Row],
    spikes: Sequence[Row],
    unit: str,
    *,
    brush: bool = False,
    height: int = 160,
    order: Sequence[str] = (),
) -> Spec:
    """The shares of up to eight series by period, and below them a strip of what was collected.

    One series is drawn as columns, several as lines. With `brush` the view has the signals `brush`
    (an interval of x: `{"from": [start, end]}`, milliseconds UTC) and `click` (a point selection:
    lists by `from`, `to`, `url` and, on a mark of a series, `series`). The data of its periods are
    named `periods`, those of its series `shares`.

    Args:
        rows: at least one.
        spikes: rows of spikes.sql, with `series` if there are several series.
        unit: day, week or month.
        brush: whether a page reads the signals of the view.
        height: pixels of the plot.
        order: all existing series; a series' place in it determines its colour and shape.
    """
    names = [*dict.fromkeys(row["series"] for row in rows)][:MAX_SERIES]
    shown = [row for row in rows if row["series"] in names]
    values = chart_values(shown, names if len(names) > MAX_BANDS else ())
    x = time_axis(unit, values)
    # A layer below the plot by pixels: Vega-Lite cannot fit concatenated charts to a page's width.
    collected, below = strips(x, values, names, height)
    x["x"]["axis"]["offset"] = below
    named = [{"name": name} if brush else {} for name in ("periods", "shares")]
    params = [
        {"name": "brush", "select": {"type": "interval", "encodings": ["x"]}},
        {"name": "click", "select": {"type": "point", "fields": ["from", "to", "series", "url"]}},
    ]
    tip = tooltip(values)
    fields = ({"field": f"s{number}", "title": name} for number, name in enumerate(names))
    ground: Spec = {
        "data": {"values": _periods(values, names), **named[0]},
        "mark": {"type": "rect"},
        "encoding": {**x, **GROUND, "tooltip": [TOOLTIP[0], *fields] if names[1:] else tip},
        **({"params": params} if brush else {}),
    }
    places = _places(names, order or names)
    colour = colour_of(names[0], order)
    drawn = _lines(x, values, places) if names[1:] else _columns(x, share_axis(values), tip, colour)
    shares = {"data": {"values": values, **named[1]}, "layer": drawn}
    layers = [ground, shares, *collected, *([_spike_marks(x, spikes, places)] if spikes else [])]
    return {"width": "container", "height": height, "layer": layers}


def colour_of(name: str, order: Sequence[str]) -> str:
    """The colour of a series by its place in `order`; the accent colour if it is not in it."""
    return f"@c{order.index(name) % MAX_SERIES + 1}" if name in order else "@accent"


def _places(names: Sequence[str], order: Sequence[str]) -> dict[str, int]:
    """The place of each series, from 0 to SERIES - 1; if it is taken, the next free place."""
    places: dict[str, int] = {}
    for name in names:
        first = order.index(name)
        following = ((first + step) % MAX_SERIES for step in range(MAX_SERIES))
        places[name] = next(place for place in following if place not in places.values())
    return places


def small_multiples(rows: Sequence[Row], unit: str, colour: str = "@accent") -> Spec:
    """A panel for each series, the greatest share first, with one scale of shares and of time."""
    values = chart_values(rows)
    hits, articles = Counter[str](), Counter[str]()
    for row in rows:
        hits[row["series"]] += row["hits"] or 0
        articles[row["series"]] += row["articles"] or 0
    order = sorted(articles, key=lambda name: -hits[name] / max(1, articles[name]))
    x = time_axis(unit, values)
    tip = tooltip(values)
    ground = {"mark": {"type": "rect"}, "encoding": {**x, **GROUND, "tooltip": tip}}
    columns = _columns(x, share_axis(values, ticks=2, labels=0), tip, colour)
    labels = {"labelAngle": 0, "labelAlign": "left", "labelLimit": "@labels"}
    header = {"title": None, "labelOrient": "left", **labels}
    return {
        "data": {"values": values},
        "facet": {"row": {"field": "series", "type": "nominal", "sort": order, "header": header}},
        "spec": {"width": "@width", "height": 44, "layer": [ground, *columns]},
        "spacing": 10,
    }


def _periods(values: Sequence[Row], names: Sequence[str]) -> list[dict[str, Any]]:
    """Each period once, with the share of each series in words."""
    periods: dict[str, dict[str, Any]] = {}
    for value in values:
        url = None if names[1:] else value["url"]
        period = periods.setdefault(value["from"], {**value, "series": None, "url": url})
        if value["state"] != "gap":
            period["state"] = value["state"]
        words = f"{value['shown']} ({value['articles']}), {value['interval']}"
        if value.get("corrected", "–") != "–":
            words += f"; corrected {value['corrected']}"
        period[f"s{names.index(value['series'])}"] = words
    return [*periods.values()]


def _columns(x: Spec, y: Spec, tip: Sequence[Spec], colour: str) -> list[Spec]:
    """One series as columns with intervals; a zero is a point."""
    few = {"test": "datum.few", "value": "@paper"}
    look = {
        "fill": {"condition": few, "value": colour},
        "stroke": {"value": colour},
        "opacity": PALE,
        "tooltip": tip,
    }
    column = {
        "transform": [{"filter": "datum.share > 0"}],
        "mark": {"type": "rect", "xOffset": 1, "x2Offset": -1, "strokeWidth": 1},
        "encoding": {**x, "y": y, "y2": {"datum": 0}, **look},
    }
    zero = {
        "transform": [{"filter": "datum.share === 0"}],
        "mark": {"type": "point", "size": 18},
        "encoding": {"x": _at(x), "y": y, **look},
    }
    return [column, _whiskers(x, y, {"value": "@ink"}, tip), zero]


def _whiskers(x: Spec, y: Spec, colour: Spec, tip: Sequence[Spec]) -> Spec:
    return {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "rule", "opacity": 0.55, "strokeWidth": 1},
        "encoding": {
            "x": _at(x),
            "y": {**y, "field": "low"},
            "y2": {"field": "high"},
            "color": colour,
            "tooltip": tip,
        },
    }


def _at(x: Spec) -> Spec:
    return {**x["x"], "field": "at"}


def _lines(x: Spec, values: Sequence[Row], places: Mapping[str, int]) -> list[Spec]:
    """Several series as lines with intervals; a line breaks at a gap."""
    y = share_axis(values)
    at: Spec = {"x": _at(x)}
    colours = {"domain": [*places], "range": [f"@c{place + 1}" for place in places.values()]}
    shapes = [SHAPES[place % len(SHAPES)] for place in places.values()]
    series: Spec = {
        "field": "series",
        "type": "nominal",
        "legend": {"title": None, "symbolOpacity": 1},
    }
    colour = {**series, "scale": colours}
    gaps = {"invalid": "break-paths-show-path-domains"}
    band = {
        "mark": {"type": "area", "opacity": 0.13, **gaps},
        "encoding": {**at, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": colour},
    }
    line = {
        "mark": {"type": "line", "strokeWidth": 1.5, **gaps},
        "encoding": {**at, "y": y, "color": colour},
    }
    points = {
        "transform": [{"filter": "isValid(datum.share)"}],
        "mark": {"type": "point", "size": 34},
        "encoding": {
            **at,
            "y": y,
            "color": colour,
            "fill": {**colour, "condition": {"test": "datum.few", "value": "@paper"}},
            "opacity": PALE,
            "shape": {**series, "scale": {"domain": [*places], "range": shapes}},
            "tooltip": [{"field": "series"}, *tooltip(values)],
        },
    }
    whiskers = _whiskers(x, y, colour, tooltip(values))
    if len(places) <= MAX_BANDS:
        # A band is invisible for a single point between two gaps.
        whiskers["transform"] = [{"filter": "datum.few"}]
        return [band, whiskers, line, points]
    return [whiskers, line, points]


def _spike_marks(x: Spec, spikes: Sequence[Row], places: Mapping[str, int]) -> Spec:
    alone = next(iter(places))
    values = [
        {
            "series": row.get("series", alone),
            "colour": f"@c{places[row['series']] + 1}" if len(places) > 1 else "@spike",
            "at": time_within(row["day"], row["day"] + timedelta(1)),
            "time": days_in_words(row["day"], row["day"] + timedelta(1)),
            "articles": mention_ratio(row),
            "expected": "fewer" if row["expected"] is None else f"{row['expected']:.1f}",
            "threshold": _threshold(row),
            "headlines": " · ".join(each["headline"] or "" for each in row["headlines"] or ())[
                :300
            ],
        }
        for row in spikes
        if row.get("series", alone) in places
    ]
    titles = {"time": "spike", "articles": "articles that day", "threshold": "a spike from"}
    fields = ("series", "time", "articles", "expected", "threshold", "headlines")
    triangle = {"type": "point", "shape": "triangle-down", "size": 110, "filled": True}
    return {
        "data": {"values": values},
        "mark": {**triangle, "opacity": 1, "y": -8},
        "encoding": {
            "x": _at(x),
            "color": {"field": "colour", "type": "nominal", "scale": None},
            "tooltip": [{"field": name, "title": titles.get(name, name)} for name in fields],
        },
    }


def _threshold(spike: Row) -> str:
    if spike["threshold"] is None:
        return "unknown"  # of a snapshot of 0.1
    rate = spike["false_alarms_per_year"]
    return f"{spike['threshold']:,} articles on; by chance at most {rate:g} a year"


def index(rows: Sequence[Row], unit: str) -> Spec:
    """The attention index of one topic: series with mean 100, bands for their 95 % intervals."""
    names = {"gap_robust": "gap-robust", "log_linear": "log-linear", "epu": "EPU style"}
    values = [
        {"from": str(row["period"]), "to": str(row["period"]), "series": names[row["series"]]}
        | {name: row[name] for name in ("value", "low", "high")}
        for row in rows
    ]
    known = [row["value"] for row in rows]
    colour = {
        "field": "series",
        "scale": {"domain": [*names.values()], "range": ["@accent", "@second", "@soft"]},
        "legend": {"title": None},
    }
    y = {
        "type": "quantitative",
        "axis": {"title": "index", "tickCount": 4},
        # The interval of a period with few articles may reach many times higher.
        "scale": {"domain": [min(0, *known), 1.2 * max(known)]},
    }
    band = {"type": "area", "opacity": 0.15, "clip": True, "tooltip": None}
    line = {"type": "line", "point": {"size": 18}, "invalid": "break-paths-show-path-domains"}
    return {
        "width": "container",
        "height": 110,
        "data": {"values": values},
        "encoding": {"x": time_axis(unit, values)["x"], "color": colour},
        "layer": [
            {
                "transform": [{"filter": f"datum.series !== '{names['epu']}'"}],
                "mark": band,
                "encoding": {"y": {"field": "low", **y}, "y2": {"field": "high"}},
            },
            {"mark": line, "encoding": {"y": {"field": "value", **y}}},
        ],
    }
