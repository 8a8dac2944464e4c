"""The overview: one sentence a topic, on the last day and week against its own past."""

from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import Response

from flows.desk.desk import Asked, asked
from warehouse.questions.selection import Selection
from warehouse.questions.series import Row, series, totals
from warehouse.questions.usual import usual

TRAILING = {"day": 8 * 7, "week": 8}  # periods before that the last one is compared with


def overview(request: Request) -> Response:
    """The page."""
    with asked(request) as view:
        if view.known.last_day is None:
            return view.page("empty.html")
        # The last day is read in part: the one before it is the last whole one.
        day = view.known.last_day - timedelta(days=1)
        rows = {unit: _compared(view, unit, day) for unit in ("day", "week")}
        topics = [
            {"id": topic, "name": name, **{unit: rows[unit].get(topic) for unit in rows}}
            for topic, name in view.known.topics.items()
        ]
        return view.page("overview.html", topics=topics, day=day, week_from=day - timedelta(days=6))


def _compared(view: Asked, unit: str, day: date) -> dict[str, Row]:
    """Each topic's last day, or last seven days, compared with those before; by topic."""
    length = 7 if unit == "week" else 1
    past = TRAILING[unit]
    first = day - timedelta(days=length * (past + 1) - 1)
    selection = Selection(first, day, "day", sources=view.selection.sources)
    by_topic: dict[str, list[Row]] = {}
    for row in series(view.con, selection):
        by_topic.setdefault(row["topic_id"], []).append(row)
    return {topic: _against_past(rows, day, length, past) for topic, rows in by_topic.items()}


def _against_past(rows: list[Row], day: date, length: int, past: int) -> Row:
    def period(back: int) -> Row:
        last = day - timedelta(days=back * length)
        return totals(
            [row for row in rows if last - timedelta(days=length) < row["period"] <= last]
        )

    now = period(0)
    judged = usual(now, [period(back) for back in range(1, past + 1)])
    return now | judged._asdict()
