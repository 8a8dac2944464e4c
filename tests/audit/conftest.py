"""Six days of made news, in which twelve articles mention the harvest."""

import pytest

from tasks.load.load_run import load
from tests.support.daily_news import NOW, stage_day
from tests.support.kept_folder import KeptFolder
from tests.support.publishing import publish
from tests.support.staged_pages import SOURCES, TOPICS
from warehouse.layers.layout import Layout

DAYS = 6


@pytest.fixture(scope="session")
def kept_days(tmp_path_factory: pytest.TempPathFactory) -> KeptFolder:
    def fill(layout: Layout) -> None:
        runs = [stage_day(layout, number) for number in range(DAYS)]
        load(layout, TOPICS, SOURCES, runs, now=NOW)
        publish(layout)

    return KeptFolder(tmp_path_factory.mktemp("audit"), fill)


@pytest.fixture
def layout(kept_days: KeptFolder) -> Layout:
    return kept_days.restored()
