"""Sources: which need attention, what each lost and rejected."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response

from flows.desk.address import parameters
from flows.desk.desk import DeskRequest
from tasks.report import heat_maps
from tasks.report.chart_style import Spec
from tasks.report.chart_values import days_in_words, time_axis
from tasks.text.counted import shown_minutes
from warehouse.questions import sources as questions
from warehouse.questions.selection import Selection, fitting_unit
from warehouse.questions.series import Row, gaps
from warehouse.read.query import QueryError
from warehouse.read.source_health import SourceHealth, health_in
from warehouse.store.archive_files import removed_archives

# The states of source_health in words, those first that need attention first.
STATES = {
    "failing": "failing",
    "open": "skipped",
    "not_asked": "no longer asked",
    "cut_off": "not reached",
    "silent": "silent",
    "rejecting": "rejecting more",
    "losing": "losing articles",
    "new": "new",
    "healthy": "healthy",
    "files_only": "saved files",
    "retired": "retired",
}
ATTENTION = ("failing", "open", "not_asked", "cut_off", "silent", "rejecting", "losing")


def sources(view: DeskRequest) -> Response:
    """The page of all sources."""
    selection = _with_fitting_unit(view.selection)
    health = health_in(view.con)
    rows = [
        _source_row(view, row, health[row["source_id"]])
        for row in questions.sources(view.con, selection)
        if row["source_id"] in health
    ]
    rows.sort(key=lambda row: ([*STATES].index(row["state"]), -(row["lost"] or 0), row["name"]))
    days = questions.coverage(view.con, {row["source_id"] for row in rows}, selection)
    return view.page(
        "sources.html",
        sources=rows,
        needing=sum(row["is_urgent"] for row in rows),
        unit=selection.unit,
        chart=heat_maps.coverage(days, selection.unit) if days else None,
        kept=_kept_parameters(view),
    )


def source(view: DeskRequest) -> Response:
    """The page of one source."""
    source_id = view.request.path_params["source_id"]
    # Only this page is limited to one source; its links keep the selection of the URL.
    selection = replace(
        _with_fitting_unit(view.selection), sources=(source_id,), countries=(), languages=()
    )
    rows = questions.sources(view.con, selection)
    health = health_in(view.con, source_id).get(source_id)
    if not rows or health is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no source {source_id!r} in this snapshot")
    about = _source_row(view, rows[0], health)
    outcome = view.query.get("outcome", "")
    counts = questions.rejections(view.con, source_id, selection)
    if outcome not in ("", "doubtful", *(row["outcome"] for row in counts)):
        raise QueryError(f"no page of {source_id} was rejected as {outcome!r} on these days")
    days = questions.coverage(view.con, {source_id}, selection)
    for row in days:
        span = {"first": row["period"], "last": row["period_end"] - timedelta(days=1)}
        row["time"] = days_in_words(row["period"], row["period_end"])
        row["url"] = view.url("/articles", **_only_this_source(row), **span)
    return view.page(
        "source.html",
        view="sources",
        source=about,
        unit=selection.unit,
        days=days,
        strip=heat_maps.coverage(days, selection.unit) if days else None,
        chart=_collection_chart(days, selection.unit),
        reads=questions.listing_reads(view.con, source_id, selection),
        gaps=gaps(view.con, selection),
        counts=counts,
        outcome=outcome,
        latest=questions.latest_rejections(view.con, source_id, selection, outcome),
        undated=questions.latest_undated(view.con, source_id, selection),
        removed={
            place.removeprefix("raw/"): archive
            for place, archive in removed_archives(view.desk.layout).items()
            if place.startswith(f"raw/{source_id}/")
        },
        kept=_kept_parameters(view),
    )


def _with_fitting_unit(selection: Selection) -> Selection:
    return replace(selection, unit=fitting_unit(selection.first_day, selection.last_day))


def _source_row(view: DeskRequest, row: Row, health: SourceHealth) -> Row:
    """A row for people: state, why, losses, and when it is asked next."""
    losing = health.completeness is not None and health.completeness < questions.MIN_WHOLE
    state = health.state
    if state == "healthy":
        state = "rejecting" if health.is_rejecting_more else "losing" if losing else state
    due_at = row["due_at"] if state != "retired" else None
    if due_at and health.open_until:
        due_at = max(due_at, health.open_until)
    every = row["interval_minutes"] if due_at else None
    path = f"/sources/{quote(row['source_id'], safe='')}"
    return row | {
        "health": health,
        "state": state,
        "is_urgent": state in ATTENTION,
        "state_in_words": STATES[state],
        "due_at": due_at,
        "is_due": due_at is not None and due_at <= datetime.now(UTC),
        "every": shown_minutes(every) if every else "–",
        "url": view.url(path),
        "articles_url": view.url("/articles", **_only_this_source(row)),
    }


def _only_this_source(row: Row) -> Row:
    """The changes that narrow a selection to one source, with all its articles and copies."""
    others = dict.fromkeys(("country", "language", "topic", "copies", "in"))
    return {"source": row["source_id"]} | others


def _kept_parameters(view: DeskRequest) -> Mapping[str, Any]:
    """The parameters of the URL that a form of days keeps, as pairs of names and values."""
    names = ("from", "to", "unit")
    return {name: given for name, given in parameters(view.selection).items() if name not in names}


def _collection_chart(rows: Sequence[Row], unit: str) -> Spec | None:
    """Articles of a source by period: collected, undated, and about lost as pages and unseen."""
    parts = {
        "collected": "articles",
        "without a date": "undated",
        "pages lost": "failed",
        "lost unseen": "estimated_lost",
    }
    values = []
    for row in rows:
        about = {"from": str(row["period"]), "to": str(row["period_end"]), "time": row["time"]}
        bottom = 0.0
        for part, name in parts.items():
            top = bottom + (row[name] or 0)
            # Without a gap between reads nothing was lost unseen, if the period was read at all.
            is_known = row[name] is not None or row["completeness"] is not None
            count = f"{row[name] or 0:,.0f}" if is_known else "unknown"
            values.append({**about, "part": part, "bottom": bottom, "top": top, "count": count})
            bottom = top
    if not values:
        return None
    axis = {"title": None, "tickCount": 4, "minExtent": "@labels"}
    colours = {"domain": [*parts], "range": ["@observed", "@begun", "@spike", "@partial"]}
    return {
        "width": "container",
        "height": 120,
        "data": {"values": values},
        "mark": {"type": "rect", "xOffset": 0.5, "x2Offset": -0.5},
        "encoding": {
            **time_axis(unit, values),
            "y": {"field": "top", "type": "quantitative", "axis": axis},
            "y2": {"field": "bottom"},
            "color": {"field": "part", "scale": colours, "legend": {"title": None}},
            "tooltip": [
                {"field": "time"},
                {"field": "part", "title": "what"},
                {"field": "count", "title": "articles"},
            ],
        },
    }
