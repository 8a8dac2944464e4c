"""Six disturbed hours; `python -m tests.bench --only week` has 168."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.faults.simulated_week import Week, simulated_week
from tests.faults.week_differences import differences
from tests.faults.week_plan import Hour, plan_of
from tests.support.clock import Clock
from tests.support.hourly_newsroom import PAPERS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.skipif(not Clock.is_there(), reason="needs a C compiler for the clock"),
]
KILLED, AGAIN, FAILING, FULL = range(1, 5)
PLAN = [
    Hour(),
    Hour(kill_at=0.6, failing={"fr-echo": "hang"}),
    Hour(kill_at=0.25),
    Hour(
        failing={"gb-courier": "500", "fr-echo": "reset"},
        wrong_by=-timedelta(hours=1),
        damage="articles overwritten",
    ),
    Hour(failing={"gb-courier": "500"}, leaving=30_000),
    Hour(),
]


@pytest.fixture(scope="module")
def week(prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    folder: Path = tmp_path_factory.mktemp("week")
    with simulated_week(folder, prefect_api, PLAN) as passed:
        yield passed


def test_each_disturbance_came(week: Week) -> None:
    made = week.made["disturbed"]
    statuses = [one.status for one in made if one]
    wanted = [0] * len(PLAN)
    wanted[KILLED] = wanted[AGAIN] = -9
    wanted[FULL] = 1 if week.disturbed.disk else 0
    assert statuses == wanted
    assert ("disturbed", "gb-courier", FAILING) not in week.newsroom.delivered
    assert ("disturbed", "us-wire", FAILING) in week.newsroom.delivered


def test_nothing_is_lost_or_doubled(week: Week) -> None:
    found = differences(week)
    assert found.wrong == []
    assert found.rows["articles"] > 60
    # A source that fails for three hours loses nothing that its listing still has.
    assert found.explained["articles"] == 0


def test_what_is_kept_holds(week: Week) -> None:
    assert week.disturbed.run("maintain", verify_only=True).status == 0


def test_a_plan_has_every_kind_of_disturbance() -> None:
    plan = plan_of(168, 17, [paper.id for paper in PAPERS], 30)
    assert len(plan) == 168
    assert plan == plan_of(168, 17, [paper.id for paper in PAPERS], 30)
    assert not any(hour.kinds for hour in (*plan[:3], *plan[-30:]))
    kinds = " ".join(kind for hour in plan for kind in hour.kinds)
    for kind in ("off", "ingest", "upkeep", "full", "clock", "damage", "500", "reset", "hang"):
        assert kind in kinds, kind
