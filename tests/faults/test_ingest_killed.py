"""An ingest killed at any action, then a normal run: the tables of a run never killed."""

import os
import random
import signal
from pathlib import Path

import pytest

from tests.faults.flow_runner import Made, Order, Runner
from tests.support.killed_runs import lasting
from tests.support.sample_newsroom import Newsroom, Place

pytestmark = [pytest.mark.slow, pytest.mark.soak]

KILLS = int(os.environ.get("PRESSWATCH_KILLS", "2"))


def test_killed_at_random_actions(newsroom: Newsroom, prefect_api: str, tmp_path: Path) -> None:
    def ingest(place: Place, kill_at: int | None = None) -> Made:
        return runner.run(Order("ingest", str(place.data), {**place.files}, kill_at))

    undisturbed = Place(tmp_path, "undisturbed")
    moments = random.Random(20)
    with Runner({"PREFECT_API_URL": prefect_api}, tmp_path / "runs.log") as runner:
        whole = ingest(undisturbed)
        assert whole.status == 0, runner.log.read_text()
        want = lasting(undisturbed)

        def check(place: Place, killed: list[int]) -> None:
            got = lasting(place)
            differing = {name: set(got[name]) ^ set(want[name]) for name in want}
            assert not any(differing.values()), f"killed at actions {killed}"
            assert {**got, "captures": []} == {**want, "captures": []}

        place, killed = Place(tmp_path, "killed"), list[int]()
        for number in range(KILLS):
            # Each kill has its part of the actions, and falls anywhere in it.
            kill_at = int(whole.actions * (number + moments.random()) / KILLS)
            status = ingest(place, kill_at).status
            if status == 0:  # it had less to do than the run that was never killed
                check(place, killed)
                place, killed = Place(tmp_path, f"killed-{number}"), []
                status = ingest(place, kill_at).status
            assert status == -signal.SIGKILL, runner.log.read_text()
            killed.append(kill_at)
        assert ingest(place).status == 0, runner.log.read_text()
        check(place, killed)
