"""Many readers while loads are published: no error, no old page, nothing held up."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.support.daily_news import DailyNews, ingest
from tests.support.desk_server import served
from warehouse.build.publish import published_load

READERS, LOADS = 50, 3
VIEWS = ("/", "/attention?unit=day&by=source", "/attention?copies=no&in=headline")


@pytest.mark.slow
def test_readers_and_loads_do_not_meet(news: DailyNews) -> None:
    layout = news(1)
    with served(layout) as base, ThreadPoolExecutor(READERS) as readers:

        def read(view: str) -> tuple[int, str]:
            answer = requests.get(base + view, timeout=300)
            return answer.status_code, answer.text.partition("Snapshot ")[2].partition(",")[0]

        asked = []
        for day in range(1, 1 + LOADS):
            # Each reader asks once while the day is loaded.
            asked += [readers.submit(read, VIEWS[at % len(VIEWS)]) for at in range(READERS)]
            ingest(layout, day)
        seen = {each.result() for each in asked}
        _, last = read("/")
    assert {status for status, _ in seen} == {200}
    assert len({load for _, load in seen}) > LOADS / 2
    assert int(last) == published_load(layout) == 1 + LOADS
