"""Many readers while loads are published: no error, no old page, nothing held up."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
import requests
from starlette.testclient import TestClient

from flows.desk.app import create_app
from tasks.settings import Settings
from tests.support.daily_news import DailyNews, ingest
from tests.support.desk_server import served
from warehouse.layers.layout import published_load

READERS, LOADS = 8, 2
VIEWS = ("/", "/attention?unit=day&by=source", "/attention?copies=no&in=headline")


@pytest.mark.soak
@pytest.mark.slow
def test_readers_and_loads_do_not_meet(news: DailyNews) -> None:
    layout = news(1)
    with served(layout) as base, ThreadPoolExecutor(READERS) as readers:

        def read(view: str) -> tuple[int, str]:
            answer = requests.get(base + view, timeout=300)
            return answer.status_code, answer.text.partition("Snapshot ")[2].partition(",")[0]

        # To answer all of them takes longer than the loads.
        asked = [readers.submit(read, VIEWS[at % len(VIEWS)]) for at in range(READERS)]
        for day in range(1, 1 + LOADS):
            ingest(layout, day)
            asked += [readers.submit(read, view) for view in VIEWS]
        seen = {each.result() for each in asked}
        _, last = read("/")
    assert {status for status, _ in seen} == {200}
    assert len({load for _, load in seen}) > LOADS / 2
    assert int(last) == published_load(layout) == 1 + LOADS


@pytest.mark.slow
def test_a_desk_that_has_ended_keeps_no_snapshot_open(news: DailyNews, tmp_path: Path) -> None:
    layout = news(1)
    app = create_app(layout, Settings(data=layout.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        assert client.get("/").status_code == 200
    with duckdb.connect(tmp_path / "another") as con:
        con.execute("CREATE TABLE another AS SELECT 1 AS one")
    path = layout.current.resolve()
    (tmp_path / "another").replace(path)
    # From a file that is open in this process, DuckDB would read the one before.
    with duckdb.connect(path, read_only=True) as con:
        assert con.execute("FROM another").fetchall() == [(1,)]
