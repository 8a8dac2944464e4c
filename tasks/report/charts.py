"""Attention by period, as Vega-Lite specifications of rows as in chart_values.py.

In all of them a pale mark is a period of which less than 80 % was collected, a hollow one rests on
fewer than five articles, grey is a gap, and a thin line or a band is the 95 % interval of a share.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from tasks.report.chart_style import SERIES, Spec
from tasks.report.chart_values import (
    GROUND,
    TOOLTIP,
    chart_values,
    days_in_words,
    of,
    share_axis,
    time_axis,
    time_within,
)
from tasks.report.heat_maps import strips

Row = Mapping[str, Any]
BANDS = 3  # series whose intervals are drawn as bands; more would hide each other
SHAPES = ("circle", "square", "diamond", "cross", "triangle-up")


def attention(
    rows: Sequence[Row],
    spikes: Sequence[Row],
    unit: str,
    *,
    brush: bool = False,
    height: int = 160,
) -> Spec:
    """The shares of up to eight series by period, and below them what was collected.

    One series is drawn as columns, several as lines. With `brush` the view has the signals `brush`
    (an interval of x: `{"from": [start, end]}`, milliseconds UTC) and `click` (a point selection:
    lists by `from`, `to`, `url` and, on a mark of a series, `series`). The data of its periods are
    named `periods`, those of its series `shares`.

    Args:
        rows: see above; series in the order of their colours.
        spikes: rows of spikes.sql, with `series` where there are several.
        unit: day, week or month.
        brush: whether a page listens to the view.
        height: pixels of the plot.
    """
    names = [*dict.fromkeys(row["series"] for row in rows)][:SERIES]
    shown = [row for row in rows if row["series"] in names]
    values = chart_values(shown, names if len(names) > BANDS else ())
    x = time_axis(unit, values)
    collected, below = strips(x, values, names, height)
    x["x"]["axis"]["offset"] = below
    named = [{"name": name} if brush else {} for name in ("periods", "shares")]
    params = [
        {"name": "brush", "select": {"type": "interval", "encodings": ["x"]}},
        {"name": "click", "select": {"type": "point", "fields": ["from", "to", "series", "url"]}},
    ]
    ground = {
        "data": {"values": _periods(values, names), **named[0]},
        "mark": {"type": "rect"},
        "encoding": {**x, **GROUND, "tooltip": TOOLTIP if len(names) == 1 else _said(names)},
        **({"params": params} if brush else {}),
    }
    drawn = _columns(x, share_axis(values)) if len(names) == 1 else _lines(x, values, names)
    shares = {"data": {"values": values, **named[1]}, "layer": drawn}
    marks = [_spike_marks(x, spikes, names)] if spikes else []
    return {
        "width": "container",
        "height": height,
        "layer": [ground, shares, *collected, *marks],
    }


def small_multiples(rows: Sequence[Row], unit: str) -> Spec:
    """A panel for each series, the greatest share first, with one scale of shares and of time."""
    values = chart_values(rows)
    counts: dict[str, list[int]] = {}
    for row in rows:
        total = counts.setdefault(row["series"], [0, 0])
        total[0] += row["hits"] or 0
        total[1] += row["articles"] or 0
    order = sorted(counts, key=lambda name: -counts[name][0] / max(1, counts[name][1]))
    x = time_axis(unit, values)
    ground = {"mark": {"type": "rect"}, "encoding": {**x, **GROUND, "tooltip": TOOLTIP}}
    columns = _columns(x, share_axis(values, ticks=2, labels=0))
    header = {
        "title": None,
        "labelOrient": "left",
        "labelAngle": 0,
        "labelAlign": "left",
        "labelLimit": "@labels",
    }
    return {
        "data": {"values": values},
        "facet": {"row": {"field": "series", "type": "nominal", "sort": order, "header": header}},
        "spec": {"width": "@width", "height": 44, "layer": [ground, *columns]},
        "spacing": 10,
    }


def _periods(values: Sequence[Row], names: Sequence[str]) -> list[dict[str, Any]]:
    """Each period once, with what is said of each series."""
    periods: dict[str, dict[str, Any]] = {}
    for value in values:
        period = periods.setdefault(value["from"], {**value, "series": None})
        if value["state"] != "gap":
            period["state"] = value["state"]
        said = f"{value['shown']} ({value['articles']}), {value['interval']}"
        period[f"s{names.index(value['series'])}"] = said
    if len(names) > 1:
        for period in periods.values():
            period["url"] = None
    return [*periods.values()]


def _said(names: Sequence[str]) -> list[Spec]:
    return [
        TOOLTIP[0],
        *({"field": f"s{turn}", "title": name} for turn, name in enumerate(names)),
        TOOLTIP[-1],
    ]


def _columns(x: Spec, y: Spec) -> list[Spec]:
    """Columns with intervals, of one series; a zero is a tick at the bottom."""
    part, hollow = "datum.state === 'part'", "datum.few"
    colour = {"condition": {"test": part, "value": "@pale"}, "value": "@accent"}
    fill = {"condition": [{"test": hollow, "value": "@paper"}, colour["condition"]]}
    column = {
        "transform": [{"filter": "datum.share > 0"}],
        "mark": {"type": "rect", "xOffset": 1, "x2Offset": -1, "strokeWidth": 1},
        "encoding": {
            **x,
            "y": y,
            "y2": {"datum": 0},
            "fill": {**fill, "value": "@accent"},
            "stroke": colour,
            "tooltip": TOOLTIP,
        },
    }
    zero = {
        "transform": [{"filter": "datum.share === 0"}],
        "mark": {"type": "point", "size": 18, "opacity": 1},
        "encoding": {
            "x": _at(x),
            "y": y,
            "fill": {**fill, "value": "@accent"},
            "stroke": colour,
            "tooltip": TOOLTIP,
        },
    }
    return [column, _whiskers(x, y, {"value": "@ink"}), zero]


def _whiskers(x: Spec, y: Spec, colour: Spec) -> Spec:
    return {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "rule", "opacity": 0.55, "strokeWidth": 1},
        "encoding": {
            "x": _at(x),
            "y": {**y, "field": "low"},
            "y2": {"field": "high"},
            "color": colour,
            "tooltip": TOOLTIP,
        },
    }


def _at(x: Spec) -> Spec:
    return {**x["x"], "field": "at"}


def _lines(x: Spec, values: Sequence[Row], names: Sequence[str]) -> list[Spec]:
    """Lines with intervals, of several series; they break where there is a gap."""
    y = share_axis(values)
    at: Spec = {"x": _at(x)}
    colours = {"domain": [*names], "range": [f"@c{turn + 1}" for turn in range(len(names))]}
    shapes = {"domain": [*names], "range": [SHAPES[i % len(SHAPES)] for i in range(len(names))]}
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
    faint = {"test": "datum.state === 'part' && !datum.few", "value": 0.35}
    points = {
        "transform": [{"filter": "isValid(datum.share)"}],
        "mark": {"type": "point", "size": 34, "opacity": 1},
        "encoding": {
            **at,
            "y": y,
            "color": colour,
            "fill": {**colour, "condition": {"test": "datum.few", "value": "@paper"}},
            "fillOpacity": {"condition": faint, "value": 1},
            "shape": {**series, "scale": shapes},
            "tooltip": [{"field": "series"}, *TOOLTIP],
        },
    }
    whiskers = _whiskers(x, y, colour)
    if len(names) <= BANDS:
        # A band tells nothing of a point between two gaps.
        whiskers["transform"] = [{"filter": "datum.few"}]
        return [band, whiskers, line, points]
    return [whiskers, line, points]


def _spike_marks(x: Spec, spikes: Sequence[Row], names: Sequence[str]) -> Spec:
    values = [
        {
            "series": row.get("series") or names[0],
            "at": time_within(row["day"], row["day"] + timedelta(1)),
            "time": days_in_words(row["day"], row["day"] + timedelta(1)),
            "articles": of(row),
            "expected": "fewer" if row["expected"] is None else f"{row['expected']:.1f}",
            "headlines": " · ".join(each["headline"] or "" for each in row["headlines"] or ())[
                :300
            ],
        }
        for row in spikes
    ]
    tooltip = [
        {"field": "series"},
        {"field": "time", "title": "spike"},
        {"field": "articles", "title": "articles that day"},
        {"field": "expected", "title": "expected"},
        {"field": "headlines", "title": "headlines"},
    ]
    return {
        "data": {"values": values},
        "mark": {
            "type": "point",
            "shape": "triangle-down",
            "size": 110,
            "filled": True,
            "opacity": 1,
            "y": -8,
        },
        "encoding": {
            "x": _at(x),
            "color": {"value": "@spike"},
            "tooltip": tooltip,
        },
    }


def index(rows: Sequence[Row], unit: str) -> Spec:
    """The attention index of one topic: two series with mean 100."""
    names = {"gap_robust": "gap-robust", "epu": "EPU style"}
    values = [
        {
            "from": str(row["period"]),
            "to": str(row["period"]),
            "series": names[row["series"]],
            "value": row["value"],
        }
        for row in rows
    ]
    colour = {
        "field": "series",
        "scale": {"domain": [*names.values()], "range": ["@accent", "@second"]},
        "legend": {"title": None},
    }
    axis = {"title": "index, mean 100", "tickCount": 4}
    return {
        "width": "container",
        "height": 110,
        "data": {"values": values},
        "mark": {"type": "line", "point": {"size": 18}, "invalid": "break-paths-show-path-domains"},
        "encoding": {
            "x": time_axis(unit, values)["x"],
            "y": {"field": "value", "type": "quantitative", "axis": axis},
            "color": colour,
        },
    }
