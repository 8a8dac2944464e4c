"""Find a source: a person names a domain, the desk searches its site and shows the entry."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from flows.desk.address import address
from flows.desk.desk import Desk, DeskRequest
from flows.desk.views.forms import FormFields, single_value
from tasks.collect.fetch.request import url_for_message
from warehouse.read.query import QueryError

MAX_ADDRESS_CHARS = 300  # characters of a domain or URL


def find(view: DeskRequest) -> Response:
    """The search of a domain: progress, evidence and the entry."""
    domain = view.query.get("domain", "")
    return view.page(
        "find.html",
        view="sources",
        domain=url_for_message(domain),
        search=view.desk.feed_searches.get(domain) if view.desk.feed_searches else None,
        may_search=view.desk.feed_searches is not None,
    )


def begin(desk: Desk, request: Request, given: FormFields) -> str:
    """Begin the search of a form; returns the address of its page."""
    # Others who reach a desk with a password could have it send requests on their behalf.
    if desk.feed_searches is None:
        why = "Only a desk without a password, for this machine alone, asks other sites."
        raise HTTPException(HTTPStatus.FORBIDDEN, why)
    domain = single_value(given, "domain").strip()
    if not domain or len(domain) > MAX_ADDRESS_CHARS or any(char.isspace() for char in domain):
        raise QueryError("Give a domain such as nikkei.com, or a URL.")
    desk.feed_searches.begin(domain)
    return address("/sources/find", {"domain": domain})
