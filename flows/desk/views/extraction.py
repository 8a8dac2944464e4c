"""What extraction keeps of an archived page, what it strips, and why."""

from http import HTTPStatus
from threading import BoundedSemaphore

from starlette.exceptions import HTTPException
from starlette.responses import Response

from flows.desk.archived_page import NotArchived, archive_file
from flows.desk.desk import Desk, DeskRequest
from flows.desk.views.read_article import frame_document
from tasks.process_pool import page_pool
from tasks.refine.preview_page import Record, explain
from tasks.settings import ConfigError
from tasks.sources.collections import load_sources
from tasks.sources.source import Source
from warehouse.questions.series import Row
from warehouse.questions.sources import captured

EXTRACTIONS = BoundedSemaphore(2)  # pages that are extracted at the same time
MAX_TEXT_CHARS = 200_000  # characters of a text that are shown
MAX_BLOCKS = 1_000  # stripped blocks that are shown


def extraction(view: DeskRequest) -> Response:
    """The page of an extraction; reads only archived pages that the snapshot's captures name."""
    ref, capture = _captured(view)
    try:
        archive_file(view.desk.layout, ref)
    except NotArchived as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from None
    try:
        sources = load_sources(view.desk.settings.sources)
    except (ConfigError, OSError):
        sources = ()  # the page says that the source's own settings are left out
    source = next((each for each in sources if each.id == capture["source_id"]), None)
    record = _extracted(view.desk, ref, source)
    body, stripped = record["body"], record["stripped"]
    return view.page(
        "extraction.html",
        view="",
        ref=ref,
        capture=capture,
        is_configured=source is not None,
        record=record,
        body=body[:MAX_TEXT_CHARS].split("\n\n") if body else [],
        stripped=stripped[:MAX_BLOCKS],
        is_cut=len(body) > MAX_TEXT_CHARS or len(stripped) > MAX_BLOCKS,
    )


def page(view: DeskRequest) -> Response:
    """The archived page itself, for the frame in this one."""
    return frame_document(view.desk, _captured(view)[0])


def _captured(view: DeskRequest) -> tuple[str, Row]:
    ref = view.query.get("ref", "")
    capture = captured(view.con, ref)
    if capture is None:
        why = f"no page of this snapshot is at {ref!r} in the archive"
        raise HTTPException(HTTPStatus.NOT_FOUND, why)
    return ref, capture


def _extracted(desk: Desk, ref: str, source: Source | None) -> Record:
    """The page as `presswatch extract` shows it, in a process of its own, within its time limit."""
    if not EXTRACTIONS.acquire(timeout=desk.settings.limits.page_seconds):
        why = "other pages are being read: try again"
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, why)
    try:
        with page_pool(desk.settings.model_copy(update={"workers": 1})) as pool:
            place = desk.layout.raw / ref
            [(_, record)] = explain([place], None, desk.settings.limits, pool, source)
    finally:
        EXTRACTIONS.release()
    return record
