"""Attention: topics over time, in one chart and side by side."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from flows.desk.desk import Asked, asked
from tasks.report import charts
from tasks.report.chart_style import Spec
from warehouse.questions.citation import citation, missing
from warehouse.questions.selection import PARTS
from warehouse.questions.series import Row, gaps, series, spikes, totals
from warehouse.read.query import QueryError

SHOWN_FIRST = 3  # topics, where none was chosen


def attention(request: Request) -> Response:
    """The page."""
    with asked(request) as view:
        if view.known.last_day is None:
            return view.page("empty.html")
        view = with_topics(view)
        part = part_of(view)
        rows = labelled(view, series(view.con, view.selection))
        found = labelled(view, spikes(view.con, view.selection))
        by_topic = {topic: of(rows, topic) for topic in view.selection.topics}
        load = (view.load_no, view.loaded_at)
        return view.page(
            "attention.html",
            part=part,
            parts=PARTS,
            chart=charts.attention(rows, found, view.selection.unit, brush=True),
            multiples=multiples(view, part) if part else {},
            spikes=found,
            gaps=gaps(view.con, view.selection),
            totals={topic: totals(of_topic) for topic, of_topic in by_topic.items()},
            periods=list(zip(*by_topic.values(), strict=True)),
            missing=missing(view.selection, view.known, rows),
            citation=citation(view.con, view.selection, view.known, rows, load),
        )


def multiples(view: Asked, part: str) -> dict[str, Spec]:
    """Each selected topic by source, country or language, over time."""
    rows = series(view.con, view.selection, part)
    return {
        topic: charts.small_multiples(_named(view, part, of(rows, topic)), view.selection.unit)
        for topic in view.selection.topics
    }


def with_topics(view: Asked) -> Asked:
    """The request with the topics that are mentioned most, where it names none."""
    if view.selection.topics:
        return view
    everything = series(view.con, replace(view.selection, unit="month"))
    hits = {topic: totals(of(everything, topic))["hits"] or 0 for topic in view.known.topics}
    most = sorted(hits, key=lambda topic: -hits[topic])[:SHOWN_FIRST]
    return replace(view, selection=replace(view.selection, topics=tuple(most)))


def part_of(view: Asked) -> str:
    """By what the small charts are divided."""
    given = view.query.get("by", "")
    if given not in ("", *PARTS):
        raise QueryError(f"by must be one of {', '.join(PARTS)}, got {given!r}")
    return given


def of(rows: Sequence[Row], topic: str) -> list[Row]:
    """The rows of one topic."""
    return [row for row in rows if row["topic_id"] == topic]


def labelled(view: Asked, rows: Sequence[Row]) -> list[Row]:
    """Rows with the topic's name, and the address of the articles behind them."""
    return [
        row | {"series": view.known.topics[row["topic_id"]], "url": articles_url(view, row)}
        for row in rows
    ]


def articles_url(view: Asked, row: Row, **changes: object) -> str:
    """The address of the articles behind a row of a series, or a spike."""
    first = row.get("period") or row["day"]
    last = row["period_end"] - timedelta(days=1) if "period_end" in row else first
    return view.url("/articles", topic=row["topic_id"], first=first, last=last, **changes)


def _named(view: Asked, part: str, rows: Sequence[Row]) -> list[Row]:
    """Rows of the parts of one topic, each by its name."""
    return [
        row
        | {
            "series": view.known.sources.get(row["part"], row["part"]) or "unknown",
            "url": articles_url(view, row, **({part: row["part"]} if part else {})),
        }
        for row in rows
    ]
