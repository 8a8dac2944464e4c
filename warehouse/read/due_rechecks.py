"""Known articles that are due for a recheck, read from the current snapshot."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records

# Attempts per step of the schedule with retryable outcomes; then the next step is awaited.
TRIES = 3

DUE = """
WITH due AS (
    SELECT source_id, article_id, max(first_seen_at + step) AS due_at
    FROM articles
    CROSS JOIN (SELECT unnest($steps::INTERVAL[]) AS step)
    WHERE first_seen_at >= $seen_since
      AND first_seen_at + step <= $now
      AND (published_at IS NULL
           OR published_at >= greatest(first_seen_at - $last_step, $published_since::TIMESTAMPTZ))
    GROUP BY source_id, article_id
),
attempts AS (
    SELECT captures.*, class, is_retryable, class = 'article' OR outcome = 'not_modified' AS is_good
    FROM captures
    JOIN outcomes USING (outcome)
    WHERE kind = 'page' AND attempted_at >= $seen_since
),
urls AS (
    SELECT DISTINCT article_id, url_requested FROM attempts SEMI JOIN due USING (article_id)
),
to_recheck AS (
    SELECT source_id, article_id, due_at,
           arg_max(url_requested, (attempted_at, capture_id)) FILTER (class = 'article') AS url
    FROM due
    JOIN urls USING (article_id)
    JOIN (SELECT * EXCLUDE (article_id, source_id) FROM attempts) AS tried USING (url_requested)
    GROUP BY source_id, article_id, due_at
    HAVING count(*) FILTER (attempted_at >= due_at AND NOT is_retryable) = 0
       AND count(*) FILTER (attempted_at >= due_at) < $tries
       AND arg_max(outcome, (attempted_at, capture_id)) NOT IN ('not_found', 'soft_404')
)
SELECT to_recheck.source_id, url,
       arg_max({'etag': etag, 'last_modified': last_modified}, (attempted_at, capture_id))
           AS validators,
       arg_max(entry_headline, attempted_at) AS entry_headline,
       arg_max(entry_published_raw, attempted_at) AS entry_published_raw,
       arg_max(entry_published_at, attempted_at) AS entry_published_at
FROM to_recheck
JOIN attempts ON attempts.url_requested = to_recheck.url
WHERE is_good
GROUP BY to_recheck.source_id, url
QUALIFY row_number() OVER (PARTITION BY to_recheck.source_id ORDER BY min(due_at), url) <= $most
ORDER BY min(due_at), url
"""


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page that gave an article: its URL, and the validators of its last successful response."""

    url: str
    etag: str | None
    last_modified: str | None
    entry_headline: str | None
    entry_published_raw: str | None
    # From its listing entry; used where the page itself has no value.
    entry_published_at: datetime | None


def due_pages(
    layout: Layout,
    steps: Sequence[timedelta],  # times since the article was first seen
    now: datetime,
    *,
    most: int,  # pages of a source
    published_since: datetime | None = None,  # older articles are not rechecked; undated ones are
) -> dict[str, list[DuePage]]:
    """Pages of articles to recheck, by source, the longest due first.

    An article is due from the time when a step has passed since it was first seen until its page is
    requested; of several steps that have passed the last one counts. A retryable failure is tried
    `TRIES` times per step, and a page that is gone never again. Not rechecked are articles that
    were published longer before they were first seen than the last step, and those first seen twice
    as long ago: backfilled and old articles are not expected to change.
    """
    if not (steps and most):
        return {}
    last_step = max(steps)
    parameters = {
        "steps": list(steps),
        "now": now,
        "seen_since": now - 2 * last_step,
        "last_step": last_step,
        "published_since": published_since,
        "tries": TRIES,
        "most": most,
    }
    pages: dict[str, list[DuePage]] = defaultdict(list)
    for row in snapshot_records(layout, DUE, parameters):
        of_source = pages[row.pop("source_id")]
        of_source.append(DuePage(**row.pop("validators"), **row))
    return pages
