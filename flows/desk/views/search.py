"""Search: any words or a regular expression in the texts, as a list and over time."""

from copy import copy
from datetime import timedelta

from starlette.responses import Response

from flows.desk.background_searches import MAX_LISTED, Search, Searches
from flows.desk.desk import DeskRequest
from flows.desk.search_query import Query, query_of
from flows.desk.search_syntax import WITHIN, as_toml
from flows.desk.views.articles import PAGE_SIZE, page_number, pages
from tasks.report import charts
from warehouse.questions.articles import articles_by_id
from warehouse.questions.search_texts import Row, search_selection
from warehouse.questions.series import RANGE
from warehouse.read.query import QueryError


def search(view: DeskRequest) -> Response:
    """The page of a search."""
    view = view.as_chart()
    try:
        query = query_of(view.con, view.query)
    except QueryError as error:
        return view.page("search.html", 400, search=None, problem=str(error), within=WITHIN)
    if query is None:
        return view.page("search.html", search=None, problem="", within=WITHIN)
    # A copy of its current state, since its thread goes on while the page is rendered.
    found = copy(requested_search(view, query))
    listed = found.listed[:]
    number = page_number(view, len(listed))
    part = listed[PAGE_SIZE * (number - 1) : PAGE_SIZE * number]
    asked_for = _parameters(query)
    unit = view.selection.unit
    periods: list[Row] = []
    for row in found.series.get(unit, []):
        # The same search in one period.
        days = {"first": row["period"], "last": row["period_end"] - timedelta(days=1)}
        url = view.url("/search", **asked_for, **days, unit=None)
        periods.append(row | {"series": query.text, "url": url})
    is_words = query.mode == "words"
    return view.page(
        "search.html",
        problem="",
        within=WITHIN,
        search=found,
        asked_for=asked_for,
        rows=articles_by_id(view.con, view.selection, [each.article_id for each in part]),
        quotes={each.article_id: each.contexts for each in part},
        listed=len(listed),
        most=MAX_LISTED,
        number=number,
        pages=pages(len(listed)),
        total=found.series[RANGE][0] if periods else None,
        periods=periods,
        chart=charts.attention(periods, [], unit) if periods else None,
        citation=cite(view, found) if periods else "",
        toml=as_toml(query.words, query.within, [*view.known.topics]) if is_words else "",
    )


def requested_search(view: DeskRequest, query: Query) -> Search:
    """The search of the load that the URL names, else of the current one."""
    searches: Searches = view.request.app.state.searches
    selection = search_selection(view.selection, query.languages)
    given = view.query.get("load", "")
    load_no = int(given) if given.isascii() and given.isdigit() else view.load_no
    kept = searches.get(query, selection, load_no)
    if kept and view.query.get("cancel"):
        kept.cancel()
        kept.ended.wait(2)
    is_usable = kept and (kept.state != "cancelled" or view.query.get("cancel"))
    return kept if kept and is_usable else searches.get_or_begin(query, selection, view.load_no)


def cite(view: DeskRequest, found: Search) -> str:
    """The line to cite for a search that is done."""
    address = view.full_url("/search", **_parameters(found.query))
    return f"{found.citations[view.selection.unit]} {address}"


def _parameters(query: Query) -> Row:
    return {"topic": (), "q": query.text, "mode": query.mode, "within": query.within or None}
