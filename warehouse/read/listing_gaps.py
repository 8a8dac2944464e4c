"""Gaps between two reads of a feed, and the sitemaps that were read to close them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.layers.layout import Layout
from warehouse.read.query import snapshot_records

# Time in which a gap may be closed: news sitemaps name the articles of two days.
OPEN_FOR = timedelta(hours=48)
# Time for which the sitemaps of a source are remembered.
REMEMBERED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OpenGap:
    """A time span for which a feed did not name all that was published."""

    since: datetime
    until: datetime
    read_at: datetime  # when it was found
    has_left: bool  # whether a sitemap was read for it, and pages left for later are still lost


@dataclass(frozen=True, slots=True)
class RecoveryRead:
    """The last attempt at a sitemap that was read for lost entries."""

    attempted_at: datetime
    is_read: bool
    is_retryable: bool


# In listing_reads a sitemap closes the gap of a feed even if its pages were deferred. Here the gap
# stays open while pages that were deferred since then are lost, since a feed may not name them any
# more; unless another source has them or they are gone, so that no later run could fetch them.
OPEN_GAPS = """
    WITH recovery AS (
        SELECT source_id, max(attempted_at) AS attempted_at
        FROM captures
        WHERE kind = 'listing' AND found_in = 'recovery' AND attempted_at > $since
        GROUP BY source_id
    ),
    left_by AS (
        SELECT DISTINCT source_id, recovery.attempted_at
        FROM captures
        JOIN recovery USING (source_id)
        SEMI JOIN (FROM pages WHERE is_lost AND NOT gave_article) AS lost
            USING (source_id, url_hash)
        ANTI JOIN (FROM captures
                   WHERE article_id IS NOT NULL OR outcome IN ('not_found', 'soft_404')) AS answered
            USING (url_hash)
        WHERE kind = 'page' AND outcome = 'left_for_later' AND captures.attempted_at > $since
    )
    SELECT source_id, min(previous_read_at) AS since,
           max(greatest(covers_from, window_from)) AS until, max(read_at) AS read_at,
           bool_or(coalesce(attempted_at >= read_at, false)) AS has_left
    FROM listing_reads
    LEFT JOIN left_by USING (source_id)
    WHERE rolled_over AND kind IN ('feed', 'jsonfeed')
      AND (covers_from > previous_read_at OR attempted_at >= read_at)
      AND read_at > $since
    GROUP BY source_id
"""
RECOVERY_READS = """
    SELECT source_id, url_requested AS url, max(attempted_at) AS attempted_at,
           arg_max(class = 'listing', attempted_at) AS is_read,
           arg_max(is_retryable AND outcome <> 'robots_denied', attempted_at) AS is_retryable
    FROM captures
    JOIN outcomes USING (outcome)
    WHERE kind = 'listing' AND found_in = 'recovery' AND attempted_at > $since
    GROUP BY ALL
"""


def open_gaps(layout: Layout, now: datetime) -> dict[str, OpenGap]:
    """The open gap of each source that may still be closed, from the first gap to the last."""
    rows = snapshot_records(layout, OPEN_GAPS, {"since": now - OPEN_FOR})
    return {row.pop("source_id"): OpenGap(**row) for row in rows}


def recovery_reads(layout: Layout, now: datetime) -> dict[str, dict[str, RecoveryRead]]:
    """The sitemaps of each source that were requested because of lost entries, by URL."""
    found: dict[str, dict[str, RecoveryRead]] = defaultdict(dict)
    for row in snapshot_records(layout, RECOVERY_READS, {"since": now - REMEMBERED_FOR}):
        source_id, url = row.pop("source_id"), row.pop("url")
        found[source_id][url] = RecoveryRead(**row)
    return found
