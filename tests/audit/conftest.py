"""Six days of made news, in which twelve articles mention the harvest."""

import pytest

from tests.support.daily_news import DailyNews
from warehouse.layers.layout import Layout

DAYS = 6


@pytest.fixture
def layout(news: DailyNews) -> Layout:
    return news(DAYS)
