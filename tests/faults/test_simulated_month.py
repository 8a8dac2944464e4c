"""Two days of four sources, collected every twelve hours.

`python -m tests.bench --only coverage` has thirty days of twelve.
"""

from pathlib import Path

import pytest

from tests.faults.listings_month import pass_listings
from tests.faults.month_truth import Truth, truth
from tests.faults.simulated_month import Lived, live, month_of
from tests.support.clock import Clock

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.skipif(not Clock.is_there(), reason="needs a C compiler for the clock"),
]
MONTH = month_of(2, ("es-diario", "gb-courier", "it-gazzetta", "nz-notes"))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folder: Path = tmp_path_factory.mktemp("month")
    (only,) = live(folder, MONTH, ["twelve-hourly"])
    return only


@pytest.fixture(scope="module")
def true(lived: Lived) -> Truth:
    return truth(lived, MONTH)


def test_the_warehouse_counts_what_was_collected(true: Truth) -> None:
    assert [(day.source_id, day.day) for day in true.days if day.collected != day.counted] == []
    assert len(true.days) == len(MONTH.papers)
    assert true.lost["machine"] > 0
    assert true.lost["listed"] == 0


def test_the_newsroom_counts_what_it_was_asked(lived: Lived) -> None:
    sent = lived.rows(
        "SELECT source_id, count(*) AS times,"
        " CASE WHEN found_in = 'recovery' THEN 'sitemap' WHEN kind = 'listing' THEN 'feed'"
        " ELSE kind END AS kind"
        " FROM captures WHERE outcome <> 'robots_unreachable' GROUP BY ALL",
    )
    asked = {(row["source_id"], row["kind"]): row["times"] for row in sent}
    assert asked == lived.asked.requests


def test_each_loss_is_flagged(true: Truth) -> None:
    assert true.with_losses
    assert true.overlooked == []


def test_no_complete_day_is_flagged(true: Truth) -> None:
    assert true.complete
    assert true.suspected == []


def test_listings_alone_give_the_same_days(true: Truth) -> None:
    alone = truth(pass_listings(MONTH, "twelve-hourly"), MONTH)
    days = [
        [(day.source_id, day.day, day.lost, day.counted, day.state) for day in each.days]
        for each in (alone, true)
    ]
    assert days[0] == days[1]


def test_polling_by_interval_loses_nothing_and_asks_no_more_than_every_hour() -> None:
    month = month_of(2, ("es-diario", "nz-notes"))
    hourly, by_interval = (pass_listings(month, polling) for polling in ("hourly", "adaptive"))
    assert truth(by_interval, month).lost["normal"] == 0
    assert 0 < by_interval.asked.requests.total() <= hourly.asked.requests.total()
