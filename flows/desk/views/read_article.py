"""Reading one article: its text, versions, what was stripped, and the page as it was archived."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from flows.desk.archived_page import POLICY, NotArchived, archive_file, archived_page
from flows.desk.desk import Desk, DeskRequest
from flows.desk.search_query import query_of
from tasks.text.changes import Piece, changes
from warehouse.questions import articles
from warehouse.questions.articles import Row
from warehouse.read.query import QueryError

Segment = tuple[str, str]  # a text, and the name that it is marked with, or ""
Spans = list[tuple[int, int, str]]

UNCHANGED_CHARS = 300  # characters of unchanged text beside a change


def read(view: DeskRequest) -> Response:
    """The page of an article."""
    versions, latest = _article(view)
    shown = _version(view, versions, "version", latest["version_no"])
    before = _version(view, versions, "with", 0) if "with" in view.query else None
    bodies = articles.bodies(view.con, view.desk.layout, [shown, *([before] if before else [])])
    # The fields that topics are counted in.
    texts = {name: shown[name] or "" for name in ("kicker", "headline", "standfirst")}
    texts["body"] = bodies.get(shown["version_no"]) or ""
    texts["caption"] = "\n".join(shown["captions"] or ())
    spans = _spans(view, shown, texts)
    why_no_page = ""
    try:
        archive_file(view.desk.layout, shown["raw_ref"])
    except NotArchived as error:
        why_no_page = str(error)
    return view.page(
        "article.html",
        article=shown,
        latest=latest,
        versions=versions,
        dated_at=latest["published_at"],
        revisions=articles.revisions(view.con, shown["article_id"]) if versions[1:] else {},
        source=view.known.sources.get(shown["source_id"], shown["source_id"]),
        text={
            field: paragraphs(
                text_segments(text, spans[field]), "\n" if field == "caption" else "\n\n"
            )
            for field, text in texts.items()
        },
        has_body=bodies.get(shown["version_no"]) is not None,
        hits=sum(map(len, spans.values())),
        before=before,
        changes=_changes(before, shown, bodies) if before else [],
        copies=articles.copies(view.con, shown["article_id"], latest["cluster_id"])
        if latest["cluster_id"]
        else [],
        stripped=articles.stripped(view.con, shown["article_id"], shown["version_no"]),
        why_no_page=why_no_page,
    )


def page(view: DeskRequest) -> Response:
    """The archived page of a version, for the frame in the article's page."""
    versions, latest = _article(view)
    shown = _version(view, versions, "version", latest["version_no"])
    return frame_document(view.desk, shown["raw_ref"])


def frame_document(desk: Desk, raw_ref: str | None) -> Response:
    """The archived page at a `raw_ref`, or why there is none, as a document for a frame."""
    try:
        text, status = archived_page(desk.layout, raw_ref), HTTPStatus.OK
    except NotArchived as error:
        template = desk.templates.from_string("<!doctype html><p>{{ why }}</p>")
        text, status = template.render(why=str(error)), HTTPStatus.NOT_FOUND
    # Surrogates of a broken page cannot be encoded.
    content = text.encode("utf-8", "replace")
    return HTMLResponse(content, status, headers={"Content-Security-Policy": POLICY})


def _article(view: DeskRequest) -> tuple[list[Row], Row]:
    given = view.request.path_params["article_id"]
    try:
        article_id = str(UUID(given))
    except ValueError:
        raise HTTPException(404, f"{given!r} is no id of an article.") from None
    versions = articles.versions(view.con, article_id)
    if not versions:
        raise HTTPException(404, f"There is no article {article_id} in this snapshot.")
    return versions, articles.latest(view.con, article_id)


def _version(view: DeskRequest, versions: list[Row], name: str, default: int) -> Row:
    given = view.query.get(name) or str(default)
    for row in versions:
        if str(row["version_no"]) == given:
            return row
    known = ", ".join(str(row["version_no"]) for row in versions)
    raise QueryError(f"{name}: there is no version {given!r} of this article; there are: {known}")


def _spans(view: DeskRequest, version: Row, texts: dict[str, str]) -> dict[str, Spans]:
    """Spans to mark, by field: hits of the URL's search, else of its topics, else of all topics."""
    found: dict[str, Spans] = {field: [] for field in texts}
    if query := query_of(view.con, view.query):
        for field, span in query.spans(view.con, texts):
            found[field].append((*span, query.text))
        return found
    names = view.known.topics
    rows = articles.mention_spans(
        view.con, version["article_id"], version["version_no"], view.selection.topics or names
    )
    for row in rows:
        found[row["field"]].append((row["char_start"], row["char_end"], names[row["topic_id"]]))
    return found


def text_segments(text: str, spans: Spans) -> Iterator[Segment]:
    """The text in segments; of two spans that overlap, the later begins where the earlier ends."""
    at = 0
    for start, end, name in sorted(spans):
        if end > at:
            start = max(start, at)
            yield text[at:start], ""
            yield text[start:end], name
            at = end
    yield text[at:], ""


def paragraphs(segments: Iterable[Segment], between: str) -> list[list[Segment]]:
    """The segments of each paragraph."""
    found: list[list[Segment]] = [[]]
    for text, name in segments:
        first, *more = text.split(between)
        found[-1].append((first, name))
        found += [[(part, name)] for part in more]
    return [part for part in found if any(text.strip() for text, _ in part)]


def _changes(before: Row, after: Row, bodies: dict[int, str | None]) -> list[Piece]:
    """What changed, with some of the text around it."""
    fields = (
        (row["headline"], row["standfirst"], bodies.get(row["version_no"]))
        for row in (before, after)
    )
    old, new = ("\n\n".join(filter(None, each)) for each in fields)
    found = changes(old, new)
    for at, piece in enumerate(found):
        head = piece.text[:UNCHANGED_CHARS] if at else ""
        tail = piece.text[-UNCHANGED_CHARS:] if at < len(found) - 1 else ""
        if piece.kind == "same" and len(piece.text) > len(head) + len(tail) + 100:
            # Cut between words, if there are spaces.
            head, tail = head.rpartition(" ")[0] or head, tail.partition(" ")[2] or tail
            found[at] = Piece("same", f"{head} […] {tail}")
    return found
