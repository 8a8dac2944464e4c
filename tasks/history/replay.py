"""Captured pages: their addresses in an archive, and attempts at them as attempts at the page."""

import base64
import re
from dataclasses import replace
from hashlib import sha1

from tasks.history.cdx import IndexedCapture, parse_timestamp
from tasks.http.response import body_pieces, recorded
from tasks.model import Attempt, Outcome, Provenance
from tasks.text.urls import fold_url

DIFFERS = "the digest is not the index's"
EXCLUDED = "excluded from the archive"
_REPLAYED = re.compile(r"/web/(\d{14})(?:id_)?/(https?://.+)\Z", re.DOTALL)
# "Blocked Site Error" of the index, "... has been excluded from the Wayback Machine" of a page.
_EXCLUDED = re.compile(rb"Blocked Site|AccessControlException|excluded from the", re.IGNORECASE)


def replay_address(archive: str, capture: IndexedCapture) -> str:
    """Where the archive gives the page as it was captured, without a toolbar and its own links."""
    return f"{archive.rstrip('/')}/web/{capture.captured_at:%Y%m%d%H%M%S}id_/{capture.url}"


def as_page_attempt(attempt: Attempt, asked: IndexedCapture) -> Attempt:
    """An attempt at a capture as an attempt at the page itself, at the time of the capture.

    The exchanges keep the archive's address and the time of the request.
    """
    attempt = replace(
        attempt,
        url_requested=asked.page,
        url_final=asked.page,
        attempted_at=asked.captured_at,
        obtained_from=Provenance.WAYBACK,
    )
    if is_excluded(attempt):
        return replace(attempt, detail=EXCLUDED)
    if attempt.outcome is not Outcome.FETCHED:
        return attempt
    found = _REPLAYED.search(attempt.exchanges[-1].url)
    at = parse_timestamp(found[1]) if found else None
    if not found or not at:
        why = f"redirected out of the archive, to {attempt.exchanges[-1].url}"
        return replace(attempt, outcome=Outcome.HTTP_ERROR, detail=why[:300], payload=b"")
    if at != asked.captured_at or fold_url(found[2]) != fold_url(asked.url):
        page = replace(asked, captured_at=at, url=found[2]).page
        detail = f"the archive gave its capture of {at:%Y-%m-%d %H:%M:%S}"
        return replace(attempt, url_final=page, attempted_at=at, detail=detail)
    # A note, not a rejection: the digest is of the body in the archive's own WARC file, and the
    # page may come in another encoding (edgi-govdata-archiving/wayback, pull request 189).
    encoded = b"".join(body_pieces(recorded(attempt.exchanges[-1].response)))
    is_same = asked.digest in {_digest(encoded), _digest(attempt.payload)}
    return attempt if is_same else replace(attempt, detail=DIFFERS)


def is_excluded(attempt: Attempt) -> bool:
    """Whether the archive refuses to give anything of the site or page."""
    if attempt.outcome is not Outcome.DENIED or not attempt.exchanges:
        return False
    return bool(_EXCLUDED.search(attempt.exchanges[-1].response))


def _digest(body: bytes) -> str:
    return base64.b32encode(sha1(body, usedforsecurity=False).digest()).decode()
