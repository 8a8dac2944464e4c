"""Attention: topics over time, in one chart and side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from operator import itemgetter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from flows.desk.desk import Asked, asked
from tasks.report import charts
from tasks.report.chart_style import Spec
from warehouse.questions.audits import Audited, audit_words, audited, corrected
from warehouse.questions.citation import begun_or_ended, citation, definitions, missing
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
        about: dict[str, Any] = {"part": part, "parts": PARTS}
        if not view.selection.topics:
            return view.page("attention.html", **about, chart=None, problem="Choose a topic.")
        audits = audits_of(view)
        rows = corrections(view, audits, labelled(view, series(view.con, view.selection)))
        lacking = missing(view.con, view.selection, view.known, rows)
        if not rows:
            return view.page("attention.html", **about, chart=None, problem=lacking)
        found = labelled(view, spikes(view.con, view.selection))
        by_topic = {topic: of(rows, topic) for topic in view.selection.topics}
        lacks = gaps(view.con, view.selection)
        load = (view.load_no, view.loaded_at)
        return view.page(
            "attention.html",
            **about,
            chart=charts.attention(
                rows, found, view.selection.unit, brush=True, order=[*view.known.topics.values()]
            ),
            multiples=multiples(view, part, audits) if part else {},
            spikes=sorted(found, key=itemgetter("day")),
            gaps=lacks,
            lost=sum(gap["lost"] or 0 for gap in lacks),
            totals={
                topic: total
                for topic, of_topic in by_topic.items()
                for total in corrections(view, audits, [totals(of_topic) | {"topic_id": topic}])
            },
            periods=list(zip(*by_topic.values(), strict=True)),
            missing=lacking,
            definitions=definitions(view.con, view.selection),
            spans=begun_or_ended(view.con, view.selection, view.known),
            citation=citation(
                view.con,
                view.selection,
                lacking,
                load,
                address=view.full_url("/attention", by=part),
            ),
        )


def audits_of(view: Asked) -> dict[str, Audited | None]:
    """The audits of the selected topics."""
    return {topic: audited(view.con, topic) for topic in view.selection.topics}


def corrections(
    view: Asked, audits: Mapping[str, Audited | None], rows: Iterable[Row]
) -> list[Row]:
    """Rows by topic with `audit`, in words, and `corrected`, the share that it says, or None."""
    # Neither headlines alone nor weighted articles are what was audited.
    is_audited = not (view.selection.is_headlines_only or view.selection.balance)
    return [
        row
        | {
            "audit": audit_words(audits[row["topic_id"]]),
            "corrected": corrected(audits[row["topic_id"]], row) if is_audited else None,
        }
        for row in rows
    ]


def multiples(view: Asked, part: str, audits: Mapping[str, Audited | None]) -> dict[str, Spec]:
    """Each selected topic by source, country or language, over time."""
    rows = corrections(view, audits, series(view.con, view.selection, part))
    return {
        topic: charts.small_multiples(
            _named(view, part, of(rows, topic)),
            view.selection.unit,
            charts.colour_of(view.known.topics[topic], [*view.known.topics.values()]),
        )
        for topic in view.selection.topics
    }


def with_topics(view: Asked) -> Asked:
    """The request with the topics that are mentioned most, where it names none."""
    if view.selection.topics or "topic" in view.query:
        return view
    everything = series(view.con, replace(view.selection, unit="month"))
    hits = {topic: totals(of(everything, topic))["hits"] or 0 for topic in view.known.topics}
    most = sorted(hits, key=lambda topic: -hits[topic])[:SHOWN_FIRST]
    topics = tuple(topic for topic in view.known.topics if topic in most)
    return replace(view, selection=replace(view.selection, topics=topics))


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
    """Rows by topic, with its name and the address of the articles behind them."""
    return [
        row | {"series": view.known.topics[topic], "url": articles_url(view, row)}
        for topic in view.selection.topics
        for row in of(rows, topic)
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
