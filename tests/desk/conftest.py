"""The desk over six days of made news, and over made articles: folders made once in a run."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from flows.desk.app import create_app
from tasks.settings import Settings
from tests.desk import made_texts
from tests.support.daily_news import load_days
from tests.support.run_folder import made_once
from warehouse.layers.layout import Layout


@pytest.fixture(scope="session")
def six_days(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """For tests that only read; `test_audit.py` has a fresh folder for each."""
    return Layout(made_once(tmp_path_factory, "six-days", lambda at: load_days(Layout(at), 6)))


@pytest.fixture(scope="module")
def layout(six_days: Layout) -> Layout:
    return six_days


@pytest.fixture(scope="module")
def client(layout: Layout) -> Iterator[TestClient]:
    app = create_app(layout, Settings(data=layout.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        yield client


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A folder of made articles that only reading tests share."""
    return Layout(made_once(tmp_path_factory, "desk-texts", lambda at: made_texts.make(Layout(at))))


@pytest.fixture(scope="session")
def reader(texts: Layout) -> Iterator[TestClient]:
    """A browser of that folder. One desk for all: a snapshot is confined once in a process."""
    app = create_app(texts, Settings(data=texts.root))
    with TestClient(app, base_url="http://127.0.0.1:8700") as client:
        yield client
