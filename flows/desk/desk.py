"""The context of a request to the desk: snapshot, selection, templates."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from flows.desk.address import (
    MAX_PERIODS,
    address,
    is_by_local_days,
    panel_of,
    parameters,
    selection_of,
    with_chartable_unit,
)
from flows.desk.feed_searches import FeedSearches
from flows.desk.reasons import reason
from flows.desk.snapshots import Snapshots
from tasks.report.chart_style import with_style
from tasks.report.completeness import reasons_in_words
from tasks.report.page import day, link, number
from tasks.report.percent import percent
from tasks.settings import Settings
from tasks.text.counted import counted
from warehouse.layers.layout import Layout
from warehouse.questions.selection import Choices, Selection, choices
from warehouse.questions.sources import (
    about_lost,
    is_lacking,
    lost_known,
    percent_known,
    published_share,
)
from warehouse.questions.usual import nothing_to_compare, past_in_words, verdict_in_words
from warehouse.read.query import records

FOLDER = Path(__file__).parent


class Desk:
    """One installation's desk."""

    def __init__(
        self, layout: Layout, settings: Settings, feed_searches: FeedSearches | None = None
    ) -> None:
        self.feed_searches = feed_searches  # searches for sources; None where they are not allowed
        self.layout = layout
        self.settings = settings
        self.snapshots = Snapshots(layout)
        self.templates = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,  # what a publisher wrote is text
            undefined=StrictUndefined,  # a misspelt field fails instead of showing nothing
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.filters.update(
            percent=percent,
            percent_known=percent_known,
            published_share=published_share,
            is_lacking=is_lacking,
            nothing_to_compare=nothing_to_compare,
            past_in_words=past_in_words,
            verdict_in_words=verdict_in_words,
            about_lost=about_lost,
            lost_known=lost_known,
            day=day,
            link=link,
            number=number,
            counted=counted,
            words=reasons_in_words,
            moment=lambda at: f"{at:%Y-%m-%d %H:%M}" if at else "–",
            pair=lambda value: (value, value),
            chart=lambda spec: json.dumps(with_style(spec), ensure_ascii=False),
        )
        self.templates.globals.update(address=address, reason=reason, max_periods=MAX_PERIODS)


@dataclass(frozen=True)
class DeskRequest:
    """One request, with a cursor on the snapshot that was current when it began."""

    request: Request
    desk: Desk
    con: duckdb.DuckDBPyConnection
    known: Choices
    selection: Selection
    given: Selection  # as in the URL; a page may narrow `selection`
    load_no: int
    loaded_at: datetime

    @property
    def query(self) -> QueryParams:
        """The parameters of the URL."""
        return self.request.query_params

    def page(self, template: str, status: int = HTTPStatus.OK, **values: Any) -> Response:  # noqa: ANN401
        """A page of the desk."""
        common = {
            "view": template.partition(".")[0],
            "known": self.known,
            "selection": self.selection,
            "load_no": self.load_no,
            "loaded_at": self.loaded_at,
            "asked_unit": self.given.unit,
            "url": self.url,
            "nav": lambda path, **changes: address(
                path, self._url_parameters(self.given) | changes
            ),
            "query": self.query,
        }
        text = self.desk.templates.get_template(template).render(common | values)
        return HTMLResponse(text, status)

    def as_chart(self) -> "DeskRequest":
        """The request by a longer unit, where a chart of it would have too many periods."""
        return replace(self, selection=with_chartable_unit(self.selection))

    def url(self, path: str, **changes: Any) -> str:  # noqa: ANN401
        """The address of a view with this selection and these changes; None removes a parameter."""
        names = {"first": "from", "last": "to"}
        changed = {names.get(name, name): value for name, value in changes.items()}
        chosen = self.selection
        if chosen.is_panel and not chosen.panel_days and changed.keys() & {"from", "to"}:
            # A shorter range keeps the panel of the whole one: its own would give other numbers.
            changed = {"panel": panel_of(chosen.first_day, chosen.last_day)} | changed
        return address(path, self._url_parameters(self.selection) | changed)

    def full_url(self, path: str, **changes: Any) -> str:  # noqa: ANN401
        """The address with the host and the kind of days, for citations."""
        days = "local" if self.selection.is_local else "utc"
        return str(self.request.base_url).rstrip("/") + self.url(path, days=days, **changes)

    def _url_parameters(self, selection: Selection) -> dict[str, Any]:
        """The parameters of every address of this request."""
        return parameters(selection) | {"days": self.query.get("days", "")}


@contextmanager
def open_request(request: Request) -> Iterator[DeskRequest]:
    """Open the snapshot for a request; QueryError when it cannot be answered."""
    desk: Desk = request.app.state.desk
    with desk.snapshots.cursor() as con:
        is_local = is_by_local_days(request.query_params, desk.settings.is_local)
        known = choices(con, is_local=is_local)
        [load] = records(con, "SELECT load_no, loaded_at FROM loads ORDER BY load_no DESC LIMIT 1")
        selection = selection_of(request.query_params, known)
        yield DeskRequest(request, desk, con, known, selection, selection, **load)
