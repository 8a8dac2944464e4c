"""The desk over six days of made news."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from tasks.settings import Settings
from tests.desk import made_texts
from tests.support.daily_news import DailyNews
from warehouse.layers.layout import Layout

DAYS = 6


@pytest.fixture(scope="module")
def layout(news: DailyNews) -> Layout:
    """For tests that only read; `test_audit.py` has a fresh one for each."""
    return news(DAYS)


@pytest.fixture(scope="module")
def client(layout: Layout) -> Iterator[TestClient]:
    app = create_app(layout, Settings(data=layout.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        yield client


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A folder of made articles that only reading tests share."""
    layout = Layout(tmp_path_factory.mktemp("texts"))
    made_texts.make(layout)
    return layout


@pytest.fixture(scope="session")
def reader(texts: Layout) -> Iterator[TestClient]:
    """A browser of that folder. One desk for all: a snapshot is confined once in a process."""
    app = create_app(texts, Settings(data=texts.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        yield client
