"""Sources: which need attention, what each lost and rejected."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from flows.desk.address import parameters
from flows.desk.desk import Asked, asked
from tasks.report import heat_maps
from tasks.report.chart_style import Spec
from tasks.report.chart_values import days_in_words, percent_down
from tasks.report.completeness import WHOLE
from tasks.text.counted import shown_minutes
from warehouse.questions import sources as questions
from warehouse.questions.series import Row, gaps
from warehouse.read.query import QueryError
from warehouse.read.source_health import SourceHealth, health_in
from warehouse.store.archive_files import removed_archives

# The states of source_health in words, those first that need attention first.
STATES = {
    "failing": "failing",
    "open": "skipped",
    "cut_off": "not reached",
    "silent": "silent",
    "rejecting": "rejecting more",
    "losing": "losing articles",
    "new": "new",
    "healthy": "healthy",
    "files_only": "saved files",
    "retired": "retired",
}
ATTENTION = ("failing", "open", "cut_off", "silent", "rejecting", "losing")


def sources(request: Request) -> Response:
    """The page of all sources."""
    with asked(request) as view:
        health = health_in(view.con)
        rows = [
            _told(view, row, health[row["source_id"]])
            for row in questions.sources(view.con, view.selection)
            if row["source_id"] in health
        ]
        rows.sort(key=_urgency)
        days = questions.coverage(view.con, {row["source_id"] for row in rows}, view.selection)
        return view.page(
            "sources.html",
            sources=rows,
            needing=sum(row["is_urgent"] for row in rows),
            chart=heat_maps.coverage(days, "day") if days else None,
            kept=_kept(view),
        )


def source(request: Request) -> Response:
    """The page of one source."""
    source_id = request.path_params["source_id"]
    with asked(request) as view:
        view = replace(view, selection=replace(
            view.selection, sources=(source_id,), countries=(), languages=()))  # fmt: skip
        rows = questions.sources(view.con, view.selection)
        health = health_in(view.con, source_id).get(source_id)
        if not rows or health is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no source {source_id!r} in this snapshot")
        about = _told(view, rows[0], health)
        outcome = view.query.get("outcome", "")
        counts = questions.rejections(view.con, source_id, view.selection)
        if outcome not in ("", "doubtful", *(row["outcome"] for row in counts)):
            raise QueryError(f"no page of {source_id} was rejected as {outcome!r} on these days")
        days = questions.coverage(view.con, {source_id}, view.selection)
        return view.page(
            "source.html",
            view="sources",
            source=about,
            days=[row | {"known": percent_down(row["completeness"])} for row in days],
            strip=heat_maps.coverage(days, "day") if days else None,
            chart=_by_day(days),
            reads=questions.listing_reads(view.con, source_id),
            gaps=gaps(view.con, view.selection),
            counts=counts,
            outcome=outcome,
            latest=questions.latest_rejections(view.con, source_id, view.selection, outcome),
            removed={
                place.removeprefix("raw/"): archive
                for place, archive in removed_archives(view.desk.layout).items()
                if place.startswith(f"raw/{source_id}/")
            },
            kept=_kept(view),
        )


def _told(view: Asked, row: Row, health: SourceHealth) -> Row:
    """A row for people: state, why, losses, and when it is asked next."""
    losing = (health.completeness is not None and health.completeness < WHOLE) or round(
        health.estimated_lost or 0
    )
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
        "said": STATES[state],
        "complete": percent_down(health.completeness),
        "due_at": due_at,
        "is_due": due_at is not None and due_at <= datetime.now(UTC),
        "every": shown_minutes(every) if every else "–",
        "url": view.url(path, source=None),
        "articles_url": view.url("/articles", source=row["source_id"], topic=None),
    }


def _urgency(row: Row) -> tuple[int, float, str]:
    health: SourceHealth = row["health"]
    lost = health.estimated_lost or 0
    return [*STATES].index(row["state"]), -lost, row["name"]


def _kept(view: Asked) -> Mapping[str, Any]:
    """The parameters of the URL that a form of days keeps, as pairs of names and values."""
    names = ("from", "to", "unit")
    return {name: given for name, given in parameters(view.selection).items() if name not in names}


def _by_day(rows: Sequence[Row]) -> Spec | None:
    """Articles of a source by day: collected, failed, and lost as estimated."""
    parts = {"collected": "articles", "failed": "failed", "about lost": "estimated_lost"}
    values = [
        {
            "from": str(row["period"]),
            "time": days_in_words(row["period"], row["period_end"]),
            "part": part,
            "articles": round(row[name], 1),
            "order": order,
        }
        for row in rows
        for order, (part, name) in enumerate(parts.items())
        if row[name]
    ]
    if not values:
        return None
    span = {
        "scale": {"type": "utc", "domain": [str(rows[0]["period"]), str(rows[-1]["period_end"])]}
    }
    axis = {"title": None, "grid": False, "format": "%-d %b", "labelOverlap": True}
    count = {"field": "articles", "type": "quantitative"}
    colours = {"domain": [*parts], "range": ["@observed", "@spike", "@partial"]}
    legend = {"title": None, "columns": {"signal": "containerSize()[0] < 500 ? 2 : 3"}}
    return {
        "width": "container",
        "height": 120,
        "data": {"values": values},
        "mark": {"type": "bar", "stroke": "@paper", "strokeWidth": 0.5},
        "encoding": {
            "x": {"field": "from", "timeUnit": "utcyearmonthdate", "type": "temporal",
                  "axis": axis, **span},
            "y": count | {"axis": {"title": None, "tickCount": 4}},
            "color": {"field": "part", "scale": colours, "legend": legend},
            "order": {"field": "order"},
            "tooltip": [{"field": "time"}, {"field": "part", "title": "what"}, count],
        },
    }  # fmt: skip
