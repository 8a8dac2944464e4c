"""The rows that the charts read, prepared for marks and tooltips, and the axes of all charts.

A row is a dict with `series` (the compared topic, paper or country), `period` and
`period_end` (dates), `hits`, `articles`, `share`, `low` and `high` (its 95 % interval),
`completeness` (of the `days_estimated`), `days_collected`, `days`, and optionally `url`, where a
click leads, and `audit` (in words) with `corrected` (the share as the audit corrects it, an
Estimate or None).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from tasks.report.chart_style import Spec
from tasks.report.completeness import LOW_COMPLETENESS
from tasks.report.percent import percent
from warehouse.questions.sources import whole_part
from warehouse.read.source_health import on_known_days, percent_collected

Row = Mapping[str, Any]
FEW = 5  # a share of fewer articles is drawn hollow

# A background for every period, so that the axis spans them all and a gap has a tooltip.
GROUND: Spec = {
    "color": {
        "condition": {"test": "datum.state === 'gap'", "value": "@gap"},
        "value": "transparent",
    }
}
TOOLTIP = [
    {"field": "time"},
    {"field": "shown", "title": "share"},
    {"field": "interval", "title": "95% interval"},
    {"field": "articles", "title": "articles"},
    {"field": "collected"},
]


def chart_values(rows: Iterable[Row], apart: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The rows prepared for marks and tooltips; marks of the series in `apart` do not overlap."""
    places = {name: number / (len(apart) + 1) for number, name in enumerate(apart, start=1)}
    values: list[dict[str, Any]] = []
    for row in rows:
        start, end, share = row["period"], row["period_end"], row["share"]
        collected, days, completeness = row["days_collected"], row["days"], row["completeness"]
        part = "" if completeness is None else f"{percent_collected(completeness)} of articles"
        part += on_known_days(row["days_estimated"], days) if part else ""
        least_part = whole_part(row)
        # Without articles, a period is a gap unless most of it (LOW_COMPLETENESS) was collected.
        is_gap = not collected or not (row["articles"] or least_part >= LOW_COMPLETENESS)
        value: dict[str, Any] = {
            "series": row["series"],
            "from": str(start),
            "to": str(end),
            "at": time_within(start, end, places.get(row["series"], 0.5)),
            "time": days_in_words(start, end),
            "share": share,
            "low": row["low"],
            "high": row["high"],
            "few": bool(row["articles"]) and row["articles"] < FEW,
            "state": "gap" if is_gap else "part" if least_part < LOW_COMPLETENESS else "whole",
            "lost": 0
            if completeness is None
            else (1 - completeness) * row["days_estimated"] / days,
            "had": least_part,
            "shown": "unknown" if share is None else percent(share, has_tenths=True),
            "interval": "–" if share is None else _between(row["low"], row["high"]),
            "articles": mention_ratio(row) if row["articles"] or not is_gap else "unknown",
            "collected": f"{part}{', ' * bool(part)}{collected} of {days} days of papers",
            "url": row.get("url"),
        }
        if "audit" in row:
            real = row["corrected"]
            value |= {"audit": row["audit"], "corrected": "–"}
            if real:
                words = f"{percent(real.share, has_tenths=True)} ({_between(real.low, real.high)})"
                value["corrected"] = words
        values.append(value)
    return values


def _between(low: float, high: float) -> str:
    return f"{percent(low, has_tenths=True)} to {percent(high, has_tenths=True)}"


def tooltip(values: Iterable[Row]) -> list[Spec]:
    """The tooltip of a mark of these rows."""
    if not any("audit" in value for value in values):
        return TOOLTIP
    return [*TOOLTIP[:3], {"field": "corrected"}, *TOOLTIP[3:], {"field": "audit"}]


def time_within(start: date, end: date, place: float = 0.5) -> str:
    """A time within a period: its beginning for `place` 0, its middle for 0.5."""
    return (datetime.combine(start, time(), UTC) + (end - start) * place).isoformat()


def days_in_words(start: date, end: date) -> str:
    """The days before `end`, as text since Vega shows times in the browser's zone."""
    last = end - timedelta(1)
    last_day = f"{last.day} {last:%b %Y}"
    return last_day if last == start else f"{start.day} {start:%b %Y} – {last_day}"


def mention_ratio(row: Row) -> str:
    """Articles with a mention, such as `3 of 40`; `unknown` if `articles` is None."""
    return f"{row['hits']:,} of {row['articles']:,}" if row["articles"] is not None else "unknown"


def time_axis(unit: str, values: Sequence[Row]) -> Spec:
    """The encoding of periods; the axis has at most one label per period."""
    formats = {"day": "%-d %b", "week": "%-d %b %Y", "month": "%b %Y"}
    axis = {
        "title": None,
        "grid": False,
        "format": formats[unit],
        "labelOverlap": True,
        "labelFlush": 40,  # pixels from an end at which a label would be cut
        "tickCount": min(8, len({value["from"] for value in values})),
    }
    days = min(value["from"] for value in values), max(value["to"] for value in values)
    ends = [int(datetime.fromisoformat(f"{day}T00:00Z").timestamp()) * 1000 for day in days]
    # As a signal: otherwise Vega-Lite would also use the data of layers without marks.
    scale = {"type": "utc", "domain": {"signal": str(ends)}}
    x = {"field": "from", "type": "temporal", "scale": scale, "axis": axis}
    return {"x": x, "x2": {"field": "to"}}


def rows_for_scale(rows: Iterable[Row]) -> list[Row]:
    """The rows that a scale is fitted to: those with enough articles, if they are the majority."""
    known = [row for row in rows if row["share"] is not None]
    sure = [row for row in known if not row["few"]]
    return sure if len(sure) >= len(known) / 2 else known


def share_axis(values: Iterable[Row], ticks: int = 4, labels: str | int = "@labels") -> Spec:
    """The encoding of shares, from 0 to the highest interval of the rows with enough articles."""
    top = max((value["high"] for value in rows_for_scale(values)), default=1)
    axis = {"title": None, "format": "~%", "tickCount": ticks, "minExtent": labels}
    scale = {"domain": [0, top], "nice": True, "clamp": True}
    return {"field": "share", "type": "quantitative", "axis": axis, "scale": scale}
