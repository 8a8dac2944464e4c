"""The desk over six days of made news."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from tasks.load.load_run import load
from tasks.settings import Settings
from tests.desk import made_texts
from tests.support.daily_news import NOW, stage_day
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS
from warehouse.layers.layout import Layout

DAYS = 6


def _load_days(layout: Layout) -> None:
    load(layout, TOPICS, SOURCES, [stage_day(layout, day) for day in range(DAYS)], now=NOW)
    publish(layout)


@pytest.fixture(scope="session")
def six_days(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    """Six days, loaded at once."""
    return KeptFolder(tmp_path_factory.mktemp("six-days"), _load_days)


@pytest.fixture(scope="module")
def layout(six_days: KeptFolder) -> Layout:
    """For tests that only read; `test_audit.py` has a fresh one for each."""
    return six_days.restored()


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
