"""Several machines: Prefect on PostgreSQL with a password, two workers on one data folder."""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

import pytest

from tests.machines import RUN_SECONDS, Machines
from tests.places import Newsroom, Place
from tests.postgres import Postgres, programs
from tests.serving import until
from tests.test_killed import lasting
from warehouse.lock import writer_lock

pytestmark = pytest.mark.slow
PAPERS = ["de-allerbruecker-tageblatt", "gb-portwick-courier"]
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
        deployed = found.presswatch("deploy", environment=found.as_worker)
        assert deployed.returncode == 0, deployed.stderr
        for name in ("north", "south"):
            found.start_worker(name)
        yield found


def worker_of(machines: Machines, run_id: UUID) -> str:
    """The worker that took a run."""
    for name in ("north", "south"):
        if str(run_id) in (machines.logs / f"{name}.log").read_text():
            return name
    return ""


def test_prefect_keeps_its_books_in_postgresql(machines: Machines, postgres: Postgres) -> None:
    assert postgres.sql("SELECT count(*) FROM deployment", "prefect") == "4"
    assert postgres.sql("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'", "prefect") == "1"


def test_without_the_password_the_server_says_only_that_it_lives(machines: Machines) -> None:
    assert [machines.status(path) for path in ("/health", "/ready")] == [200, 200]
    assert [machines.status(path) for path in ("/version", "/flows/count")] == [401, 401]
    refused = machines.presswatch("deploy", environment=machines.settings)
    assert refused.returncode == 2
    assert refused.stderr == f"PREFECT_API_AUTH_STRING: {machines.api}/ wants another one\n"


def test_two_ingests_of_different_papers_at_once(machines: Machines) -> None:
    place = machines.place
    with writer_lock(place.layout):
        runs = [machines.begin(only=[paper]) for paper in PAPERS]
        for run in runs:
            until("it waits for the lock", partial(machines.has_said, run, WAITS), RUN_SECONDS)
        assert {worker_of(machines, run) for run in runs} == {"north", "south"}
    ended = [machines.ended(run) for run in runs]
    assert [run.state and run.state.name for run in ended] == ["Completed"] * 2
    assert sorted(run.name for run in ended) == [
        "ingest 1 source, 11 new",
        "ingest 1 source, 22 new",
    ]
    assert place.ask("SELECT count(*) AS n FROM loads") == [{"n": 2}]
    both = Place(place.data.parent, "both")
    only = [word for paper in PAPERS for word in ("--only", paper)]
    done = machines.presswatch("ingest", *only, environment=machines.as_worker, place=both)
    assert done.returncode == 0, done.stderr
    assert lasting(place) == lasting(both)


def test_two_ingests_of_the_same_paper(machines: Machines) -> None:
    place = machines.place
    with writer_lock(place.layout):
        first = machines.begin(only=[PAPERS[0]])
        until("the first waits for the lock", partial(machines.has_said, first, WAITS), RUN_SECONDS)
        second = machines.begin(only=[PAPERS[0]])
        until(
            "the second waits for its turn",
            lambda: machines.run(second).state_name == "Waiting",
            RUN_SECONDS,
        )
        state = machines.run(second).state
        assert state
        assert state.message
        assert state.message.startswith(f"{PAPERS[0]} is being collected by run ")
    ended = [machines.ended(run) for run in (first, second)]
    assert [run.state and run.state.name for run in ended] == ["Completed"] * 2
    assert [run.name for run in ended] == ["ingest 1 source, 0 new"] * 2
