"""Several machines: Prefect on PostgreSQL with a password, two workers on one data folder."""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

import pytest

from tests.support.killed_runs import lasting
from tests.support.machines import RUN_SECONDS, STOP_SECONDS, Machines
from tests.support.postgres import Postgres, programs
from tests.support.sample_newsroom import Newsroom, Place
from tests.support.serving import wait_for
from warehouse.layers.writer_lock import writer_lock

pytestmark = pytest.mark.slow
PAPERS = ["de-allerbruecker-tageblatt", "gb-portwick-courier"]
DEPLOYED = {"backfill", "history", "ingest", "maintain", "rebuild", "recount", "repair", "report"}
WAITS = "to finish writing the warehouse"
AUTH = "admin:not a secret"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    found = programs()
    if found is None:
        pytest.skip("needs PostgreSQL (apt-get install postgresql)")
    with Postgres(found) as running:
        yield running


@pytest.fixture(scope="module")
def machines(
    postgres: Postgres, newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machines]:
    place = Place(tmp_path_factory.mktemp("several"))
    database = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": postgres.make_database("prefect")}
    with Machines(place, database, AUTH) as found:
        found.start_server()
        found.deploy()
        pause_schedules(found)
        for name in ("north", "south"):
            found.start_worker(name)
        yield found


def pause_schedules(machines: Machines) -> None:
    """So that no scheduled run comes between those of the tests."""
    with machines.client() as client:
        for one in client.read_deployments():
            for schedule in one.schedules:
                client.update_deployment_schedule(one.id, schedule.id, active=False)
        # Prefect keeps the runs that were due by then.
        for run in client.read_flow_runs():
            client.delete_flow_run(run.id)


def active_schedules(machines: Machines) -> list[bool]:
    with machines.client() as client:
        return [one.active for deployed in client.read_deployments() for one in deployed.schedules]


def taken(machines: Machines) -> list[int]:
    """How many runs each worker has taken."""
    logs = [log_of(machines, name) for name in ("north", "south")]
    return [log.count("submitted to infrastructure") for log in logs]


def log_of(machines: Machines, worker: str) -> str:
    return (machines.logs / f"{worker}.log").read_text()


def test_prefect_keeps_its_books_in_postgresql(machines: Machines, postgres: Postgres) -> None:
    names = postgres.sql("SELECT name FROM deployment", "prefect")
    assert set(names.split()) >= DEPLOYED
    assert postgres.sql("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'", "prefect") == "1"


def test_without_the_password_the_server_says_only_that_it_lives(machines: Machines) -> None:
    assert [machines.status(path) for path in ("/health", "/ready")] == [200, 200]
    assert [machines.status(path) for path in ("/version", "/flows/count")] == [401, 401]
    refused = machines.presswatch("deploy", environment=machines.settings)
    assert refused.returncode == 2
    assert refused.stderr == f"PREFECT_API_AUTH_STRING was rejected by {machines.api} (401)\n"


def test_two_ingests_of_different_papers_at_once(machines: Machines, prefect_api: str) -> None:
    place = machines.place
    with writer_lock(place.layout):
        runs = [machines.begin(only=[paper]) for paper in PAPERS]
        for run in runs:
            until_it_says(machines, run, WAITS)
        assert taken(machines) == [1, 1]
    ended = [machines.ended(run) for run in runs]
    assert [run.state and run.state.name for run in ended] == ["Completed"] * 2
    assert sorted(run.name for run in ended) == [
        "ingest 1 source, 11 new",
        "ingest 1 source, 22 new",
    ]
    assert place.ask("SELECT count(*) AS n FROM loads") == [{"n": 2}]
    both = Place(place.data.parent, "both")
    both.ingest(PAPERS)
    assert lasting(place) == lasting(both)


@pytest.fixture(scope="module")
def orphaned(machines: Machines) -> UUID:
    """A run whose worker was stopped while a run of the same paper waited for it on the other.

    The tests from the first that uses it on have one worker left.
    """
    place, paper = machines.place, PAPERS[0]
    with writer_lock(place.layout):
        first = machines.begin(only=[paper])
        until_it_says(machines, first, WAITS)
        second = machines.begin(only=[paper])
        waiting = f"ingest, waiting: {paper} is being collected by run "
        wait_for(
            "the second waits for its turn",
            lambda: machines.run(second).name.startswith(waiting),
            RUN_SECONDS,
        )
        assert place.ask("SELECT count(*) AS n FROM articles") == [{"n": 33}]
        # Its process names its address there. The other worker may have tried to take it.
        is_south = f"flow-run/{first}" in log_of(machines, "south")
        worker = machines.started[-1 if is_south else -2]
        worker.terminate()
        worker.wait(STOP_SECONDS)
    # As the run before it ended, with its process.
    done = machines.ended(second)
    assert (done.state_name, done.name) == ("Completed", "ingest 1 source, 0 new")
    return first


def until_it_says(machines: Machines, run: UUID, words: str) -> None:
    said = partial(machines.log_contains, run, words)
    wait_for(f"run {run} says {words}", said, RUN_SECONDS, pause=2)


def test_a_dump_of_prefects_database_comes_back(
    machines: Machines, postgres: Postgres, orphaned: UUID
) -> None:
    """While the server misses the heartbeats of the run that the next test waits for."""
    dump = str(postgres.folder / "prefect.dump")
    postgres.run("pg_dump", *postgres.at("prefect"), "-Fc", "-f", dump, "prefect")
    address = postgres.make_database("again")
    postgres.run("pg_restore", *postgres.at("prefect"), "--no-owner", "-d", "again", dump)
    with machines.client() as client:
        want = [one.id for one in client.read_flow_runs()]
    place = Place(machines.logs / "again")
    database = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": address}
    with Machines(place, database, AUTH) as again:
        again.start_server()
        with again.client() as client:
            assert {one.name for one in client.read_deployments()} == DEPLOYED
            assert active_schedules(again) == [False] * 3
            assert set(want) <= {one.id for one in client.read_flow_runs()}


def test_a_worker_that_is_stopped_leaves_no_run_running(machines: Machines, orphaned: UUID) -> None:
    assert machines.ended(orphaned).state_name == "Crashed"
    assert machines.ended(machines.begin()).state_name == "Completed"
    found = machines.place.ask("SELECT count(DISTINCT source_id) AS n FROM articles")
    assert found == [{"n": 3}]
