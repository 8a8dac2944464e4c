from tasks.collect.check_source import check_source
from tasks.settings import Settings
from tests.collect.test_collect import feed, item, sitemap, source
from tests.support.loopback import Loopback, http


def test_a_page_that_needs_javascript_is_reported_in_words(web: Loopback) -> None:
    app = b"<html><body><div id=root></div><script src=/main.js></script></body></html>"
    page = web.set_answers("/2026/03/02/ferry-sails", http(app))
    one = source(feeds=(web.set_answers("/feed", feed(item(page))),))
    listed, checked = check_source(one, Settings())
    assert (listed.is_good, checked.is_good) == (True, False)
    assert checked.text == (
        f"{page}: needs_javascript: its text is put in by JavaScript, which is not run"
        ' (an empty <div id="root">, no text)'
    )


def test_what_is_too_long_is_reported_with_the_remedy(web: Loopback) -> None:
    items = (item(f"{web.url}/p{number}") for number in range(501))
    listed, _ = check_source(source(feeds=(web.set_answers("/feed", feed(*items)),)), Settings())
    assert listed.text.endswith(
        "/feed: feed, 500 entries; of 501 entries the first 500 are read: 501 state no date;"
        " PRESSWATCH_LIMITS__MAX_ENTRIES takes more"
    )


def test_indexes_that_name_too_many_sitemaps_are_reported(web: Loopback) -> None:
    indexes = tuple(
        web.set_answers(
            f"/index-{one}",
            sitemap(
                *(f"{web.url}/map-{one}-{number}" for number in range(10)),
                root="sitemapindex",
                name="sitemap",
            ),
        )
        for one in range(4)
    )
    *listed, total = check_source(source(sitemaps=indexes), Settings())
    assert [one.is_good for one in listed] == [True] * 4
    assert not total.is_good
    assert total.text == (
        "of 40 sitemaps of its indexes a run reads the newest 25;"
        " name those of the newest articles in `sitemaps` of the source itself"
    )
