from tasks.collect.check_source import check_source
from tasks.settings import Settings
from tests.collect.test_collect import feed, item, source
from tests.support.loopback import Loopback, http


def test_a_page_that_needs_javascript_is_told_in_words(web: Loopback) -> None:
    app = b"<html><body><div id=root></div><script src=/main.js></script></body></html>"
    page = web.say("/2026/03/02/ferry-sails", http(app))
    one = source(feeds=(web.say("/feed", feed(item(page))),))
    listed, checked = check_source(one, Settings())
    assert (listed.is_good, checked.is_good) == (True, False)
    assert checked.text == (
        f"{page}: needs_javascript: its text is put in by JavaScript, which is not run"
        ' (an empty <div id="root">, no text)'
    )
