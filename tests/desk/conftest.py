"""The desk over six days of made news."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from tasks.settings import Settings
from tests.support.daily_news import DailyNews
from warehouse.layers.layout import Layout

DAYS = 6


@pytest.fixture
def layout(news: DailyNews) -> Layout:
    return news(DAYS)


@pytest.fixture
def client(layout: Layout) -> Iterator[TestClient]:
    app = create_app(layout, Settings(data=layout.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        yield client
