"""Pages of the Wayback Machine: found, fetched, archived, loaded, and told from what was collected."""

from tests.history.conftest import MAY, Desk, article


def test_an_archived_day_is_filled_and_is_no_observed_day(desk: Desk) -> None:
    desk.archive.keep(*(article(number, day) for number, day in enumerate((1, 1, 2, 3))))
    found = desk.history()
    assert found.tally.error == ""
    assert desk.days() == {
        1: ("partial", ["no_listing_read", "archived_only"], 2, 2),
        2: ("partial", ["no_listing_read", "archived_only"], 1, 1),
        3: ("partial", ["no_listing_read", "archived_only"], 1, 1),
    }
    pages = desk.ask("FROM captures WHERE kind = 'page' ORDER BY url_requested")
    assert [row["obtained_from"] for row in pages] == ["wayback"] * 4
    assert [row["attempted_at"] for row in pages] == [each.at for each in desk.archive.kept]
    assert [row["url_requested"] for row in pages] == [each.url for each in desk.archive.kept]
    assert MAY.has(desk.ask("SELECT min(published_date) AS day FROM articles")[0]["day"])
