"""Attention: topics over time, in one chart and side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from operator import itemgetter
from typing import Any

from starlette.responses import Response

from flows.desk.desk import DeskRequest
from tasks.report import charts
from tasks.report.chart_style import Spec
from tasks.report.page import topic_rows
from warehouse.questions.audits import Audited, audit_words, audited, corrected
from warehouse.questions.citation import begun_or_ended, citation, definitions, missing
from warehouse.questions.selection import PARTS
from warehouse.questions.series import Row, gaps, range_series, series, spikes
from warehouse.questions.sources import lost_in_all
from warehouse.read.query import QueryError

DEFAULT_TOPICS = 3  # topics, where none was chosen


def attention(view: DeskRequest) -> Response:
    """The page of topics over time."""
    if view.known.last_day is None:
        return view.page("empty.html")
    view = with_topics(view).as_chart()
    part = part_of(view)
    parts = {"": "nothing"} | {each: f"by {each}" for each in PARTS}
    about: dict[str, Any] = {"part": part, "parts": parts, "chart": None}
    if not view.selection.topics:
        return view.page("attention.html", **about, problem="Choose a topic.")
    audits = audits_of(view)
    rows = corrections(view, audits, label_rows(view, series(view.con, view.selection)))
    lacking = missing(view.con, view.selection, view.known, rows)
    if not rows:
        return view.page("attention.html", **about, problem=lacking)
    spike_rows = label_rows(view, spikes(view.con, view.selection))
    by_topic = {topic: topic_rows(rows, topic) for topic in view.selection.topics}
    gap_rows = gaps(view.con, view.selection)
    totals = label_rows(view, range_series(view.con, view.selection))
    order, unit = [*view.known.topics.values()], view.selection.unit
    about["chart"] = charts.attention(rows, spike_rows, unit, brush=True, order=order)
    return view.page(
        "attention.html",
        **about,
        multiples=multiples(view, part, audits) if part else {},
        spikes=sorted(spike_rows, key=itemgetter("day")),
        gaps=gap_rows,
        lost=lost_in_all(gap_rows),
        totals={row["topic_id"]: row for row in corrections(view, audits, totals)},
        periods=list(zip(*by_topic.values(), strict=True)),
        missing=lacking,
        definitions=definitions(view.con, view.selection),
        spans=begun_or_ended(view.con, view.selection, view.known),
        citation=cite(view, lacking),
    )


def cite(view: DeskRequest, lacking: str) -> str:
    """The line to cite for the series of the selected topics; `lacking` states what is unknown."""
    address = view.full_url("/attention", by=part_of(view))
    load = (view.load_no, view.loaded_at)
    return citation(view.con, view.selection, lacking, load, address=address)


def audits_of(view: DeskRequest) -> dict[str, Audited | None]:
    """The audits of the selected topics."""
    return {topic: audited(view.con, topic) for topic in view.selection.topics}


def corrections(
    view: DeskRequest, audits: Mapping[str, Audited | None], rows: Iterable[Row]
) -> list[Row]:
    """Rows by topic with `audit`, in words, and `corrected`, the share after it, or None."""
    # Audits are of whole articles without weights, so they correct no other shares.
    is_audited = not (view.selection.is_headlines_only or view.selection.balance)
    return [
        row
        | {
            "audit": audit_words(audits[row["topic_id"]]),
            "corrected": corrected(audits[row["topic_id"]], row) if is_audited else None,
        }
        for row in rows
    ]


def multiples(
    view: DeskRequest, part: str, audits: Mapping[str, Audited | None]
) -> dict[str, Spec]:
    """Each selected topic by source, country or language, over time."""
    rows = corrections(view, audits, series(view.con, view.selection, part))
    rows = label_rows(view, rows, part)
    return {
        topic: charts.small_multiples(
            topic_rows(rows, topic),
            view.selection.unit,
            charts.colour_of(view.known.topics[topic], [*view.known.topics.values()]),
        )
        for topic in view.selection.topics
    }


def with_topics(view: DeskRequest) -> DeskRequest:
    """The request with the topics that are mentioned most, where it names none."""
    if view.selection.topics or "topic" in view.query:
        return view
    hits = {row["topic_id"]: row["hits"] or 0 for row in range_series(view.con, view.selection)}
    most = sorted(view.known.topics, key=lambda topic: -hits.get(topic, 0))[:DEFAULT_TOPICS]
    topics = tuple(topic for topic in view.known.topics if topic in most)
    return replace(view, selection=replace(view.selection, topics=topics))


def part_of(view: DeskRequest) -> str:
    """The part that each small chart shows: source, country or language; empty without them."""
    given = view.query.get("by", "")
    if given not in ("", *PARTS):
        raise QueryError(f"by must be one of {', '.join(PARTS)}, got {given!r}")
    return given


def label_rows(view: DeskRequest, rows: Sequence[Row], part: str = "") -> list[Row]:
    """Rows by topic, with the name of their topic or part, and the address of their articles."""
    names, found = view.known.sources, []
    for row in (row for topic in view.selection.topics for row in topic_rows(rows, topic)):
        name, changes = view.known.topics[row["topic_id"]], dict[str, Any]()
        if "day" in row:  # spikes are of all articles, wherever the phrase is
            changes = {"copies": None, "in": None}
        if part:
            name, changes = names.get(row["part"], row["part"]) or "unknown", {part: row["part"]}
        first = row.get("period") or row["day"]
        last = row["period_end"] - timedelta(days=1) if "period_end" in row else first
        url = view.url("/articles", topic=row["topic_id"], first=first, last=last, **changes)
        found.append(row | {"series": name, "url": url})
    return found
