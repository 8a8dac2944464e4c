"""An ingest killed at any action, then a normal run: the tables of a run never killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.flow_runner import Made, Order, Runner
from tests.support.sample_newsroom import Newsroom, Place

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("PRESSWATCH_KILLS", "2"))
OF_ITS_RUN = [
    *("run_id", "capture_id", "raw_ref", "etag", "last_modified", "found_in", "url_keys"),
    *("fetched_at", "first_seen_at", "attempted_at", "last_attempt_at", "valid_from", "seconds"),
    *("listings_read", "listings_failed", "hours_read"),
]
TABLES = [
    *("articles", "article_versions", "mentions", "stripped_blocks"),
    *("topics", "sources", "source_calendars", "coverage", "topic_daily"),
]


def start(place: Place, api: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "flows", "ingest"]
    command += ["--sources", place.files["sources_file"], "--topics", place.files["topics_file"]]
    command += ["--data", place.files["data"]]
    with place.data.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(
            command,
            env={**os.environ, "PREFECT_API_URL": api},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def lasting(place: Place) -> dict[str, list[str]]:
    """The tables without run ids and clock times; of the captures, the pages and files.

    What another try may better, such as a page that robots.txt forbids, is asked for again.
    """
    left_out = ", ".join(f"'{name}'" for name in OF_ITS_RUN)
    columns = f"SELECT COLUMNS(lambda c: c NOT IN ({left_out}))"
    asked = {table: f"{columns} FROM {table}" for table in TABLES}
    asked["captures"] = f"{columns} FROM captures WHERE kind IN ('page', 'file')"
    return {table: sorted(map(repr, place.ask(sql))) for table, sql in asked.items()}


def is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(group: int) -> None:
    end = time.monotonic() + 15
    while is_alive(group) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(group), "processes outlived the killed run"


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
