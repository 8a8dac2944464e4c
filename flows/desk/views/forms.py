"""What forms send, and the page that follows."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from flows.desk.desk import Desk
from warehouse.read.query import QueryError

FormFields = Mapping[str, Sequence[str]]
FormAction = Callable[
    [Desk, Request, FormFields], str
]  # returns the address of the page that follows
MAX_BYTES = 64 * 1024  # bytes of what is sent


def single_value(given: FormFields, name: str) -> str:
    """The single value of a field; QueryError for none and for several."""
    values = given.get(name, ())
    if len(values) != 1:
        raise QueryError(f"{name} must be given once")
    return values[0]


async def process_form(write: FormAction, request: Request) -> Response:
    """Process a form in a thread, then redirect, so that a reload does not send it again."""
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > MAX_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "That is too much.")
    try:
        given = parse_qs(content.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise QueryError("what was sent is no form") from None
    address = await run_in_threadpool(write, request.app.state.desk, request, given)
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)
