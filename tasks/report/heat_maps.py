"""Shades by series and period: shares, and what was collected; rows as in chart_values.py."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tasks.report.chart_style import Spec
from tasks.report.chart_values import (
    GROUND,
    TOOLTIP,
    chart_values,
    days_in_words,
    rows_for_scale,
    time_axis,
)
from tasks.report.completeness import reasons_in_words
from tasks.text.counted import counted
from warehouse.questions.sources import lost_known, percent_known

Row = Mapping[str, Any]
STRIP_HEIGHT = 8  # pixels of the strip below a chart that shows what was collected


def by_source(rows: Sequence[Row], unit: str, top: float | None = None) -> Spec:
    """The share by series and period, as shades of one colour.

    Small cells are shares of fewer than five articles, a frame is a period without articles, and
    periods before a series begins are empty.

    Args:
        rows: as for `charts.attention`.
        unit: day, week or month.
        top: share of the strongest shade, so that charts can be compared; if None, `top_share` of
            the rows.
    """
    values = chart_values(rows)
    top = top or top_share(rows)
    shade = {
        "field": "share",
        "type": "quantitative",
        "scale": {"domain": [0, top], "range": [0.12, 1], "clamp": True},
        "legend": {
            "title": "share",
            "titleOrient": "left",
            "values": [0, top / 2, top],
            "labelExpr": f"(datum.value < {min(top, 1)} ? '' : '≥ ') + format(datum.value, '.2~p')",
            "symbolType": "square",
            "symbolFillColor": "@shade",
            "symbolStrokeWidth": 0,
            "symbolSize": 160,
        },
    }
    x = time_axis(unit, values)
    frame = {"stroke": {"value": "@line"}, "fill": {"value": "transparent"}}
    fill = {"color": {"value": "@shade"}, "opacity": shade}
    shown = [
        _cells(x, GROUND),
        _cells(x, frame, "datum.state !== 'gap' && !isValid(datum.share)"),
        _cells(x, fill, "isValid(datum.share) && !datum.few"),
        _cells(x, fill, "datum.few", height=0.4),
    ]
    return {**_rows_of_series(values, shown), "data": {"values": values}}


def top_share(rows: Iterable[Row]) -> float:
    """The share of the strongest shade in comparable heat maps: one cell in fifty exceeds it.

    At least 5 %: a small source would otherwise set the scale of all topics.
    """
    shares: list[float] = sorted(value["share"] for value in rows_for_scale(chart_values(rows)))
    return max([0.05, *shares[: math.ceil(0.98 * len(shares))][-1:]])


def coverage(rows: Sequence[Row], unit: str) -> Spec:
    """What was collected of each source in each period."""
    values = [
        {
            "series": row["source"],
            "from": str(row["period"]),
            "to": str(row["period_end"]),
            "time": days_in_words(row["period"], row["period_end"]),
            "state": row["state"],
            "articles": f"{row['articles']:,}",
            "collected": percent_known(row),
            "about lost": lost_known(row),
            "hours": "–" if row["hours_read"] is None else f"{row['hours_read']:.3g} of 24 hours",
            "failed": ", ".join(
                (counted(row["failed"], "page"), counted(row["listings_failed"], "listing"))
            ),
            "reasons": reasons_in_words(row["reasons"]) or "–",
        }
        for row in rows
    ]
    states = ["observed", "first or last day", "partial", "missing"]
    colour = {
        "field": "state",
        "scale": {"domain": states, "range": ["@observed", "@begun", "@partial", "@missing"]},
        "legend": {"title": None, "columns": {"signal": "containerSize()[0] < 500 ? 2 : 4"}},
    }
    titles = {"series": "paper", "reasons": "why", "hours": "read"}
    fields = ["series", "time", "articles", "state", "reasons", "collected"]
    fields += ["about lost", "failed", "hours"]
    tooltip = [{"field": name, "title": titles.get(name, name)} for name in fields]
    cells = _cells(time_axis(unit, values), {"color": colour}, tooltip=tooltip)
    return {**_rows_of_series(values, [cells]), "data": {"values": values}}


def strips(
    x: Spec, values: Sequence[Row], names: Sequence[str], height: int
) -> tuple[list[Spec], int]:
    """The strips below a chart that show what was collected, and their height in pixels.

    The green part of a period was collected, the amber part was lost, and the grey part is
    unknown. Series that differ in this, such as papers, have a strip each.
    """
    series: dict[str, list[Row]] = {name: [] for name in names}
    for value in values:
        series[value["series"]].append(value)
    about = [[(row["from"], row["collected"]) for row in rows] for rows in series.values()]
    if all(each == about[0] for each in about):
        series = {"collected": series[names[0]]}
    pixels = {"type": "quantitative", "scale": None, "axis": None}
    colours = [
        {"test": "datum.of === 'lost'", "value": "@partial"},
        {"test": "datum.of === 'had'", "value": "@observed"},
    ]
    encoding = {
        **x,
        "y": {"field": "top", **pixels},
        "y2": {"field": "bottom"},
        "color": {"condition": colours, "value": "@gap"},
        "tooltip": [{"field": "time"}, {"field": "collected"}],
    }
    mark = {"type": "rect", "xOffset": 1, "x2Offset": -1}
    layers, bottom = [], height + 4
    for name, of_series in series.items():
        top, bottom = bottom + 6, bottom + 6 + STRIP_HEIGHT
        cells = [
            {key: row[key] for key in ("from", "to", "time", "collected")} | part
            for row in of_series
            for part in (
                {"of": "all", "top": top, "bottom": bottom},
                {"of": "lost", "top": top, "bottom": top + STRIP_HEIGHT * row["lost"]},
                {"of": "had", "top": bottom - STRIP_HEIGHT * row["had"], "bottom": bottom},
            )
        ]
        label = {
            "data": {"values": [{}]},
            "mark": {"type": "text", "align": "right", "text": name, "limit": "@labels"},
            "encoding": {
                "x": {"value": -6},
                "y": {"value": (top + bottom) / 2},
                "color": {"value": "@soft"},
            },
        }
        layers += [{"data": {"values": cells}, "mark": mark, "encoding": encoding}, label]
    return layers, bottom - height + 4


def _rows_of_series(values: Sequence[Row], layers: list[Spec]) -> Spec:
    series = len({value["series"] for value in values})
    return {"width": "container", "height": max(40, 22 * series), "layer": layers}


def _cells(
    x: Spec,
    paint: Spec,
    shown: str = "true",
    *,
    height: float = 0.9,
    tooltip: Sequence[Spec] = ({"field": "series", "title": "paper"}, *TOOLTIP),
) -> Spec:
    labels = {"labelLimit": "@labels", "minExtent": "@labels", "ticks": False, "domain": False}
    y = {"field": "series", "type": "nominal", "axis": {"title": None, **labels}}
    return {
        "transform": [{"filter": shown}],
        "mark": {"type": "rect", "height": {"band": height}, "xOffset": 0.5, "x2Offset": -0.5},
        "encoding": {**x, "y": y, **paint, "tooltip": [*tooltip]},
    }
