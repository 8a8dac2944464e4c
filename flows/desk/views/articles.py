"""The articles behind a number, newest first, with the sentences that mention the topics."""

from dataclasses import replace
from operator import itemgetter

from starlette.responses import Response

from flows.desk.desk import DeskRequest
from warehouse.questions.articles import articles, contexts, count
from warehouse.read.query import QueryError

PAGE_SIZE = 50


def list_articles(view: DeskRequest) -> Response:
    """The page of articles."""
    is_revised = view.query.get("revised") == "yes"
    selection = replace(view.selection, is_revised_only=is_revised)
    total = count(view.con, selection)
    number = page_number(view, total)
    rows = articles(view.con, selection, PAGE_SIZE, PAGE_SIZE * (number - 1))
    mentions = {}
    if view.selection.topics:
        mentions = contexts(view.con, view.selection, [row["article_id"] for row in rows])
    parts = itemgetter("context_left", "matched_text", "context_right")
    return view.page(
        "articles.html",
        given={"revised": "yes"} if is_revised else {},
        rows=rows,
        quotes={article_id: [*map(parts, found)] for article_id, found in mentions.items()},
        total=total,
        number=number,
        pages=pages(total),
    )


def page_number(view: DeskRequest, total: int) -> int:
    """The requested page of a list, from 1; at most the last one."""
    given = view.query.get("page") or "1"
    if not (given.isascii() and given.isdigit()):
        raise QueryError(f"page must be a number, got {given!r}")
    return max(1, min(int(given[:9]), pages(total)))


def pages(total: int) -> int:
    """How many pages a list has."""
    return -(-total // PAGE_SIZE)
