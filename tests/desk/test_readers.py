"""Many readers while loads are published: no error, no old page, nothing held up."""

import threading
from collections import Counter

import pytest
import requests

from tests.support.daily_news import DailyNews, ingest
from tests.support.desk_server import served
from warehouse.build.publish import published_load

READERS, LOADS = 50, 10
VIEWS = ("/", "/attention?unit=day&by=source", "/attention?copies=no&in=headline")


@pytest.mark.slow
def test_readers_and_loads_do_not_meet(news: DailyNews) -> None:
    layout = news(1)
    seen: Counter[tuple[int, str]] = Counter()
    done = threading.Event()

    def read(base: str, number: int) -> None:
        with requests.Session() as session:
            while not done.wait(3):
                answer = session.get(base + VIEWS[number % len(VIEWS)], timeout=60)
                number += 1
                load = answer.text.partition("Snapshot ")[2].partition(",")[0]
                seen[answer.status_code, load] += 1

    with served(layout) as base:
        readers = [threading.Thread(target=read, args=(base, at)) for at in range(READERS)]
        for reader in readers:
            reader.start()
        for day in range(1, 1 + LOADS):
            ingest(layout, day)
        done.set()
        for reader in readers:
            reader.join()
        last = requests.get(base, timeout=60).text
    assert {status for status, _ in seen} == {200}
    assert len({load for _, load in seen}) > LOADS / 2
    assert f"Snapshot {published_load(layout)}," in last
    assert published_load(layout) == 1 + LOADS
