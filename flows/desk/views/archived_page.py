"""A page of the archive: what extraction keeps of it, what it strips, and why."""

from http import HTTPStatus
from pathlib import Path
from threading import BoundedSemaphore

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from flows.desk.desk import Desk, asked
from tasks.process_pool import page_pool
from tasks.refine.preview_page import ARCHIVED, Record, explain
from tasks.settings import ConfigError
from tasks.sources.source import Source, load_sources
from warehouse.questions.sources import captured
from warehouse.store.archive_files import removed_archives

AT_ONCE = BoundedSemaphore(2)  # pages that are extracted at the same time
LONGEST = 200_000  # characters of a text that are shown
MOST_BLOCKS = 1_000  # stripped blocks that are shown


def archived_page(request: Request) -> Response:
    """The page; only places of the archive that the snapshot's captures name are read."""
    ref = request.query_params.get("ref", "")
    with asked(request) as view:
        capture = captured(view.con, ref) if ARCHIVED.search(ref) else None
    if capture is None:
        why = f"no page of this snapshot is at {ref!r} in the archive"
        raise HTTPException(HTTPStatus.NOT_FOUND, why)
    desk = view.desk
    source = _configured(desk, capture["source_id"])
    record = _explained(desk, ref, source)
    return view.page(
        "archived_page.html",
        view="",
        ref=ref,
        capture=capture,
        is_configured=source is not None,
        record=record,
        body=record["body"][:LONGEST].split("\n\n") if record["body"] else [],
        is_cut=len(record["body"]) > LONGEST or len(record["stripped"]) > MOST_BLOCKS,
        stripped=record["stripped"][:MOST_BLOCKS],
        shortest=LONGEST,
    )


def _explained(desk: Desk, ref: str, source: Source | None) -> Record:
    """The page as `presswatch extract` shows it, in a process of its own, within its time limit."""
    name = ref.rpartition("#")[0]
    raw = desk.layout.raw.resolve()
    path = (raw / name).resolve()
    if not path.is_relative_to(raw):
        raise HTTPException(HTTPStatus.NOT_FOUND, f"{ref!r} is not in the archive")
    if not path.is_file():
        raise HTTPException(HTTPStatus.NOT_FOUND, _absent(desk, name, ref))
    if not AT_ONCE.acquire(timeout=desk.settings.limits.page_seconds):
        why = "other pages are being read: try again"
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, why)
    try:
        settings = desk.settings.model_copy(update={"workers": 1})
        with page_pool(settings) as pool:
            place = path.with_name(f"{path.name}#{ref.rpartition('#')[2]}")
            [(_, record)] = explain([place], None, settings.limits, pool, source)
    finally:
        AT_ONCE.release()
    return record


def _absent(desk: Desk, name: str, ref: str) -> str:
    removed = removed_archives(desk.layout).get(f"raw/{name}")
    if removed:
        return (
            f"{name} was removed from the archive on {removed['removed_at']:.10}: {removed['why']}"
        )
    return f"{name} is not on this machine; from a store, `presswatch extract {ref}` fetches it"


def _configured(desk: Desk, source_id: str) -> Source | None:
    """The source with what it strips and keeps; None when it is not configured here."""
    file = Path(desk.settings.sources)
    try:
        return next((each for each in load_sources(file) if each.id == source_id), None)
    except (ConfigError, OSError):
        return None  # said on the page: the archive is shown without the source's settings
