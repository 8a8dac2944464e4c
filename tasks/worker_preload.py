"""Imported by the fork server of `tasks.process_pool`: workers are forked with all models loaded.

A worker that loads them itself takes a second longer, and memory that forked workers share.
"""

from datetime import UTC, datetime
from uuid import UUID

from tasks.backfill import shard_processes
from tasks.extract.article_or_not import MIN_LINKS
from tasks.model import Capture, CaptureKind, Outcome
from tasks.refine.refine_pages import Origin, refine_page
from tasks.topics import parallel_count

__all__ = ["parallel_count", "shard_processes"]

URL = "https://paper.example.co.uk/2026/03/02/harbour"
PAGE = f"""<html lang=en><head><title>Ferry returns to the harbour</title></head><body>
{"<a href=/news>News</a> " * MIN_LINKS}
<h1>Ferry returns to the harbour</h1><time datetime=2026-03-02>2 March 2026</time>
<p>{"The ferry came back to the harbour on Monday, and the board met again to talk. " * 9}</p>
<p>Subscribe to our newsletter and read on for $1 a week.</p></body></html>"""
WHEN = datetime(2026, 3, 3, tzinfo=UTC)
KIND, DONE = CaptureKind.PAGE, Outcome.FETCHED

# Rules, models and tables are read when they are first needed.
refine_page(
    Capture(UUID(int=0), "", "", KIND, URL, URL, "", DONE, "", WHEN, 0.0),
    PAGE.encode(),
    Origin("en"),
)
