"""Which days of a sitemap were read as a whole, when entries leave it otherwise than by age."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.process_pool import PagePool
from tests.collect.test_collect import XML, page, source
from tests.collect.test_missed_entries import NEWS
from tests.collect.test_recheck import START, Desk
from tests.support.loopback import Loopback, http

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)
MIDNIGHT = START.replace(hour=0)


def read(desk: Desk, web: Loopback, hour: int, listed: Iterable[int]) -> None:
    """Read a sitemap at an hour since MIDNIGHT that lists stories of such hours."""
    urls = "".join(
        f"<url><loc>{web.set_answers(f'/s{each}', page(f'story {each}'))}</loc><n:news>"
        f"<n:publication_date>{(MIDNIGHT + each * HOUR).isoformat()}</n:publication_date>"
        "</n:news></url>"
        for each in listed
    )
    text = f'<urlset xmlns:n="{NEWS}">{urls}</urlset>'
    one = source(sitemaps=(web.set_answers("/news.xml", http(text.encode(), **XML)),))
    after = MIDNIGHT + hour * HOUR - START
    (collected,) = desk.collect(after, one, recheck_after=())
    assert collected.error == ""
    desk.load(after, collected, sources=(one,))


def days(desk: Desk, first: str) -> list[tuple[Any, ...]]:
    return desk.ask(
        "SELECT state, hours_read, round(estimated_lost), completeness < 1 FROM coverage"
        f" WHERE day >= '{first}' ORDER BY day LIMIT 2"
    )


@pytest.fixture
def desk(tmp_path: Path, pool: PagePool) -> Desk:
    return Desk(tmp_path / "data", pool)


def test_a_sitemap_that_becomes_empty_covers_nothing(desk: Desk, web: Loopback) -> None:
    for hour in (12, 24, 36, 48):
        read(desk, web, hour, range(hour // 4 * 4 - 44, hour, 4) if hour <= 24 else ())
    assert days(desk, "2025-03-03") == [("observed", 24, None, False), ("partial", 0, 6, True)]
    reads = "SELECT entries, is_continued, rolled_over FROM listing_reads ORDER BY read_at"
    assert desk.ask(reads)[-2:] == [(0, False, False)] * 2


def test_a_sitemap_that_starts_over_at_midnight_loses_the_evening(
    desk: Desk, web: Loopback
) -> None:
    for hour in (12, 23, 32, 44, 56, 64):
        read(desk, web, hour, range(hour // 24 * 24, hour))
    (state, hours, lost, is_incomplete), _ = days(desk, "2025-03-04")
    assert (state, hours, lost, is_incomplete) == ("partial", 20, 4, True)
    reads = "SELECT is_complete, is_continued, rolled_over FROM listing_reads ORDER BY read_at"
    # At hour 32 the sitemap has 8 entries of at most 23; all that it had at hour 23 are gone.
    assert desk.ask(reads)[2] == (False, False, True)


def test_a_sitemap_that_all_entries_have_left_by_age_is_continued(
    desk: Desk, web: Loopback
) -> None:
    read(desk, web, 24, range(-24, 16))
    read(desk, web, 34, range(-14, 16))  # nothing was published since
    read(desk, web, 64, [63])
    reads = "SELECT is_complete, is_continued, rolled_over FROM listing_reads ORDER BY read_at"
    assert desk.ask(reads)[1:] == [(True, True, False)] * 2
