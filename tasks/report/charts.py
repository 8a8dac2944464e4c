"""The charts, as Vega-Lite specifications."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.report.chart_style import Spec
from tasks.report.completeness import LOW, in_words
from tasks.text.counted import counted

Row = Mapping[str, Any]


def _periods(unit: str, values: Sequence[Row]) -> Spec:
    """The time axis, with at most one label for each period."""
    most = len({value["from"] for value in values})
    formats = {"day": "%-d %b", "week": "%-d %b %Y", "month": "%b %Y"}
    axis = {
        "title": None,
        "grid": False,
        "format": formats[unit],
        "labelOverlap": True,
        "labelFlush": True,
        "tickCount": {"signal": f"min({most}, max(2, floor(width / 90)))"},
    }
    x = {"field": "from", "type": "temporal", "scale": {"type": "utc"}, "axis": axis}
    return {"x": x, "x2": {"field": "to"}}


# A background for every period, so that the axis spans them all and a zero has a tooltip.
GROUND: Spec = {
    "color": {
        "condition": {"test": "datum.state === 'gap'", "value": "@gap"},
        "value": "transparent",
    }
}
SHADES: Spec = {
    "color": {"value": "@accent"},
    # Opacity, since Vega cannot interpolate between CSS variables.
    "fillOpacity": {
        "field": "share",
        "type": "quantitative",
        "scale": {"range": [0.12, 1], "domainMin": 0},
        "legend": None,
    },
}


def attention(rows: Sequence[Row], spikes: Sequence[Row], unit: str) -> Spec:
    """The share of one topic by period: columns, grey gaps, marked spikes."""
    values = []
    for row in rows:
        collected, days = row["days_collected"], row["days"]
        known = 1 if row["completeness"] is None else row["completeness"]
        is_part = min(known, collected / days) < LOW
        state = "gap" if _is_gap(row) else "part" if is_part else "whole"
        told = f"{completeness(row)} of articles, " if row["completeness"] is not None else ""
        about = {"collected": f"{told}{collected} of {days} days of papers", "state": state}
        values.append(_period(row) | about)
    periods = _periods(unit, values)
    ground = {
        "data": {"values": values},
        "mark": {"type": "rect"},
        "encoding": {**periods, **GROUND, "tooltip": PERIOD_TOOLTIP},
    }
    colour = {
        "condition": {"test": "datum.state === 'part'", "value": "@pale"},
        "value": "@accent",
    }
    axis = {"title": None, "format": ".0%", "tickCount": 4}
    columns = {
        "data": {"values": [value for value in values if value["share"]]},
        "mark": {"type": "rect", "stroke": "@paper", "strokeWidth": 0.5},
        "encoding": {
            **periods,
            "y": {"field": "share", "type": "quantitative", "axis": axis},
            "y2": {"datum": 0},
            "color": colour,
            "tooltip": PERIOD_TOOLTIP,
        },
    }
    layers = [ground, columns, *([_spike_marks(spikes)] if spikes else [])]
    return {"width": "container", "height": 150, "layer": layers}


def _period(row: Row) -> dict[str, Any]:
    return {
        "from": str(row["period"]),
        "to": str(row["period_end"]),
        "share": row["share"],
        "articles": _of(row),
    }


def _is_gap(row: Row) -> bool:
    """Whether nothing is known of a period: without an article only a true zero is no gap."""
    return not row["days_collected"] or not (row["articles"] or row["completeness"])


def completeness(row: Row) -> str:
    """The completeness of a row for people; a dash where it is not known."""
    known = row["completeness"]
    # Rounded down, so that 100 % is all.
    return "–" if known is None else f"{math.floor(100 * known)}%"


def _of(row: Row) -> str:
    return f"{row['hits']:,} of {row['articles']:,}" if row["articles"] is not None else "unknown"


# Vega shows times in the browser's zone unless a field has a UTC time unit.
FROM: Spec = {
    "field": "from",
    "type": "temporal",
    "title": "from",
    "format": "%d %b %Y",
    "timeUnit": "utcyearmonthdate",
}
PERIOD_TOOLTIP = [
    FROM,
    {"field": "share", "type": "quantitative", "title": "share", "format": ".1%"},
    {"field": "articles", "title": "articles"},
    {"field": "collected", "title": "collected"},
]


def _spike_marks(spikes: Sequence[Row]) -> Spec:
    values = [
        {
            "at": str(row["day"]),
            "share": row["share"],
            "articles": _of(row),
            "expected": row["expected"],
            "headlines": " · ".join(each["headline"] or "" for each in row["headlines"] or ()),
        }
        for row in spikes
    ]
    for value in values:
        value["headlines"] = value["headlines"][:300]
    tooltip = [
        FROM | {"field": "at", "title": "spike"},
        {"field": "articles", "title": "articles that day"},
        {"field": "expected", "type": "quantitative", "title": "expected", "format": ".1f"},
        {"field": "headlines", "title": "headlines"},
    ]
    return {
        "data": {"values": values},
        "mark": {"type": "point", "shape": "triangle-down", "size": 110, "filled": True},
        "encoding": {
            "x": {
                "field": "at",
                "type": "temporal",
                "timeUnit": "utcyearmonthdate",
                "bandPosition": 0.5,
            },
            "y": {"value": -8},
            "color": {"value": "@spike"},
            "tooltip": tooltip,
        },
    }


def index(rows: Sequence[Row], unit: str) -> Spec:
    """The attention index of one topic: two series with mean 100."""
    names = {"gap_robust": "gap-robust", "epu": "EPU style"}
    values = [
        {"from": str(row["period"]), "series": names[row["series"]], "value": row["value"]}
        for row in rows
    ]
    x = _periods(unit, values)["x"]
    colour = {
        "field": "series",
        "scale": {"domain": [*names.values()], "range": ["@accent", "@second"]},
        "legend": {"title": None},
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "axis": {"title": "index, mean 100", "tickCount": 4},
    }
    return {
        "width": "container",
        "height": 110,
        "data": {"values": values},
        "mark": {"type": "line", "point": {"size": 18}, "invalid": "break-paths-show-path-domains"},
        "encoding": {"x": x, "y": y, "color": colour},
    }


def by_source(rows: Sequence[Row], unit: str) -> Spec:
    """The share of one topic by source and period, as shades."""
    values = [
        {"source": row["source"], "state": "gap" if _is_gap(row) else "collected"} | _period(row)
        for row in rows
    ]
    seen = [value for value in values if value["share"] is not None]
    tooltip = [{"field": "share", "type": "quantitative", "format": ".1%"}]
    periods = _periods(unit, values)
    ground = _cells(values, periods, GROUND, tooltip)
    return _rows_of_sources(values, [ground, _cells(seen, periods, SHADES, tooltip)])


def coverage(rows: Sequence[Row]) -> Spec:
    """What was collected of each source on each day."""
    values = [
        {
            "source": row["source"],
            "from": str(row["day"]),
            "to": str(row["day_end"]),
            "state": row["state"],
            "articles": f"{row['articles']:,}",
            "collected": completeness(row),
            "lost": "–" if row["estimated_lost"] is None else f"about {row['estimated_lost']:,.0f}",
            "hours": "–" if row["hours_read"] is None else f"{row['hours_read']:.3g} of 24 hours",
            "failed": ", ".join(
                (counted(row["failed"], "page"), counted(row["listings_failed"], "listing"))
            ),
            "reasons": in_words(row["reasons"]) or "–",
        }
        for row in rows
    ]
    colours = {
        "observed": "@observed",
        "first or last day": "@begun",
        "partial": "@partial",
        "missing": "@missing",
    }
    colour = {
        "field": "state",
        "scale": {"domain": [*colours], "range": [*colours.values()]},
        "legend": {"title": None, "columns": {"signal": "containerSize()[0] < 500 ? 2 : 4"}},
    }
    tooltip = [
        {"field": "state"},
        {"field": "reasons", "title": "why"},
        {"field": "collected"},
        {"field": "lost"},
        {"field": "failed"},
        {"field": "hours", "title": "read"},
    ]
    return _rows_of_sources(
        values, [_cells(values, _periods("day", values), {"color": colour}, tooltip)]
    )


def _rows_of_sources(values: Sequence[Row], layers: list[Spec]) -> Spec:
    sources = len({value["source"] for value in values})
    return {"width": "container", "height": max(40, 24 * sources), "layer": layers}


def _cells(values: Sequence[Row], periods: Spec, paint: Spec, tooltip: list[Spec]) -> Spec:
    about = [
        {"field": "source", "title": "paper"},
        FROM,
        {"field": "articles", "title": "articles"},
    ]
    source = {
        "field": "source",
        "type": "nominal",
        "axis": {"title": None, "labelLimit": "@labels", "ticks": False, "domain": False},
    }
    return {
        "data": {"values": list(values)},
        "mark": {"type": "rect", "stroke": "@paper", "strokeWidth": 1},
        "encoding": {**periods, "y": source, **paint, "tooltip": about + tooltip},
    }
