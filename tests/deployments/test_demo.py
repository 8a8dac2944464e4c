"""The demo shows the product: a year of news up to today, in which every question has an answer."""

from datetime import UTC, datetime
from pathlib import Path

from warehouse.layers.layout import Layout
from warehouse.read.query import query


def test_it_reaches_from_a_year_ago_to_today(demo_folder: Path) -> None:
    sql = "SELECT count(*) AS n, min(published_date) AS first, max(published_date) AS last"
    (found,) = query(Layout(demo_folder), f"{sql} FROM articles").to_pylist()
    today = datetime.now(UTC).date()
    assert found["n"] > 2_500
    assert 364 <= (today - found["first"]).days <= 367
    assert (today - found["last"]).days <= 1
