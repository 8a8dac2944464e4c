"""The overview: one sentence per topic, comparing its last day and week with its past."""

from datetime import timedelta

from starlette.responses import Response

from flows.desk.desk import DeskRequest
from warehouse.questions.audits import audit_words, audited
from warehouse.questions.sources import source_ids
from warehouse.questions.usual import compare_with_past


def overview(view: DeskRequest) -> Response:
    """The page of the sources and topics that the URL selects; always of the last days."""
    day = view.known.last_whole_day
    if day is None:
        return view.page("empty.html")
    chosen = () if view.selection.has_all_sources else source_ids(view.con, view.selection)
    # Without any source there is nothing to compare.
    rows = {
        unit: compare_with_past(view.con, unit, day, chosen, is_local=view.known.is_local)
        if chosen or view.selection.has_all_sources
        else {}
        for unit in ("day", "week")
    }
    topics = [
        {
            "id": topic,
            "name": name,
            "audit": audit_words(audited(view.con, topic)),
            **{unit: rows[unit].get(topic) for unit in rows},
        }
        for topic, name in view.known.topics.items()
        if not view.selection.topics or topic in view.selection.topics
    ]
    return view.page("overview.html", topics=topics, day=day, week_from=day - timedelta(days=6))
