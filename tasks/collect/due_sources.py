"""Which sources are due: those whose interval has passed, and those without a known poll."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from tasks.collect.listings import has_new_file
from tasks.sources.source import Source
from warehouse.layers.layout import Layout
from warehouse.read.known_urls import files_read_since, known_files
from warehouse.read.poll_intervals import PollInterval, next_rechecks, poll_intervals
from warehouse.read.query import keep_snapshot_open

# A schedule runs every ten minutes. A source is due at the run nearest to its time: if it waited
# for the first run after that time, a ten-minute source would be polled every twenty minutes.
MAX_EARLY = timedelta(minutes=5)
# The shortest time between visits when only rechecks are due: each visit reads the listings, too,
# and a source with an article every few minutes always has some recheck due.
MIN_BETWEEN_RECHECKS = timedelta(hours=1)
# A source with a listing that was never polled is due this long after its last poll. The listing is
# new in sources.toml, or visits never have time for it: the source must not be due at every run.
NEW_LISTING_DELAY = timedelta(hours=1)


def due_or_next(
    layout: Layout,
    sources: Iterable[Source],
    now: datetime,
    recheck_after: Sequence[timedelta] = (),
) -> tuple[tuple[Source, ...], str]:
    """The sources that are due, in their order; where none is, a line on which one is next.

    `recheck_after` is that of the settings.
    """
    sources = tuple(sources)
    times = due_times(layout, sources, now, recheck_after)
    due = tuple(one for one in sources if one.id in times and times[one.id] <= now + MAX_EARLY)
    if due:
        return due, ""
    if not times:
        return (), "no source is due"
    source_id = min(times, key=lambda each: (times[each], each))
    at = times[source_id]
    day = "" if at.date() == now.date() else f"{at.day} {at:%b} "
    return (), f"no source is due; next: {source_id} at {day}{at:%H:%M} UTC"


def due_times(
    layout: Layout,
    sources: Sequence[Source],
    now: datetime,
    recheck_after: Sequence[timedelta] = (),
) -> dict[str, datetime]:
    """When each source is due, by id; one with only saved files when some are new."""
    with keep_snapshot_open(layout):
        intervals = poll_intervals(layout)
        steps = {one.recheck_after or () for one in sources if one.recheck_after is not None}
        rechecks = {of: next_rechecks(layout, of, now) for of in {tuple(recheck_after), *steps}}
        times = {}
        for source in sources:
            own = source.recheck_after
            recheck = rechecks[tuple(recheck_after) if own is None else own].get(source.id)
            if source.listings:
                known = intervals.get(source.id)
                times[source.id] = _due_at(source, known, recheck, now) if known else now
            # By file: a run may have been of other sources, or killed before it had read all files.
            if source.files and has_new_file(
                source.files,
                files_read_since(layout, source.id, now),
                known_files(layout, source.id),
            ):
                times[source.id] = now
    return times


def _due_at(
    source: Source, known: PollInterval, recheck: datetime | None, now: datetime
) -> datetime:
    if known.polled_at > now:
        return now  # the clock was changed
    due_at = known.due_at
    if recheck:
        due_at = min(due_at, max(recheck, known.polled_at + MIN_BETWEEN_RECHECKS))
    if not set(source.listings) <= set(known.listings):
        due_at = min(due_at, known.polled_at + NEW_LISTING_DELAY)
    # As the circuit breaker does: failures of listings that were since replaced do not count.
    failed = known.failed_listings or ()
    if known.open_until and set(source.listings) <= set(failed):
        due_at = max(due_at, known.open_until)
    return due_at
