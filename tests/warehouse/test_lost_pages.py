"""Pages that a source listed and that gave no article: which of them are lost."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.feed_reads import feed_reads
from tests.support.staged_pages import Page, prose, source
from tests.warehouse.test_local_days import ask, load_pages
from warehouse.layers.layout import Layout

pytestmark = pytest.mark.slow

FAILED = Page("a", prose(1), 1, 25, outcome="timed_out")
GONE, LIST = replace(FAILED, outcome="not_found"), replace(FAILED, outcome="section_page")
# Attempts at a page that failed on the second day, and how many pages of that day are lost then.
AFTER_A_FAILURE: dict[str, tuple[dict[str, Any], int]] = {
    **{
        f"gb-{origin}-{outcome}".replace("_", "-"): (
            {"outcome": outcome, "obtained_from": origin},
            1,
        )
        for origin in ("wayback", "warc")
        for outcome in ("server_error", "not_found", "section_page", "bot_challenge")
    },
    # It was published, and our next request came too late.
    "gb-gone": ({"outcome": "not_found"}, 1),
    "gb-said-to-be-gone": ({"outcome": "soft_404"}, 1),
    "gb-gone-by-history": ({"outcome": "not_found", "obtained_from": "source_archive"}, 1),
    "gb-list": ({"outcome": "section_page"}, 0),
    "gb-no-page": ({"outcome": "not_a_page"}, 0),
    "gb-given": ({"outcome": "article", "day": 1}, 0),
    "gb-archived": ({"outcome": "article", "day": 1, "obtained_from": "wayback"}, 0),
}


def _three(page: Page) -> list[Page]:
    return [replace(page, slug=f"{page.slug}{number}") for number in range(3)]


def _articles(count: int) -> list[Page]:
    return [Page(f"article-{number}", prose(9 + number), 1, 25) for number in range(count)]


OTHERS: dict[str, tuple[list[Page], int]] = {
    "gb-two-withdrawn": (_three(GONE)[:2], 0),
    "gb-many-withdrawn": ([*_three(GONE), *_articles(2)], 0),
    "gb-not-served": ([*_three(GONE), *_articles(1)], 3),
    "gb-said-not-to-be-there": (_three(replace(GONE, outcome="soft_404")), 3),
    "gb-front-page-served": (_three(replace(LIST, redirected_to="https://a.test/")), 3),
    "gb-lists-alone": (_three(LIST), 0),
    "gb-archive-without": (_three(replace(GONE, obtained_from="wayback", found_in="cdx")), 0),
    "gb-gone-after-a-list": (
        [
            FAILED,
            replace(FAILED, hour=30, outcome="section_page"),
            replace(FAILED, hour=35, outcome="not_found"),
        ],
        0,
    ),
    # As an earlier version noted all pages of a day that it left.
    "gb-three-left": (
        [
            replace(FAILED, outcome="left_for_later", detail="3"),
            replace(FAILED, hour=60, day=None, outcome="server_error", obtained_from="wayback"),
        ],
        3,
    ),
}
CASES = OTHERS | {
    name: ([FAILED, replace(FAILED, **{"hour": 60, "day": None} | later)], lost)
    for name, (later, lost) in AFTER_A_FAILURE.items()
}

AGENCY = "https://agency.test/"
# Of a paper that has the articles first, under other addresses; the second one without a date.
FIRST = [
    Page(name, prose(3 + seed), day, 20, "gb-first", canonical=AGENCY + name)
    for seed, (name, day) in enumerate({"dated": 1, "undated": None}.items())
]
DATED = Page("go-1", prose(3), 1, 25, canonical=AGENCY + "dated")
UNDATED = Page("go-2", prose(4), None, 25, canonical=AGENCY + "undated")
CASES |= {
    "gb-of-another": ([DATED, UNDATED], 2),
    "gb-of-another-archived": ([replace(DATED, obtained_from="wayback")], 0),
    "gb-own-then-of-another": ([Page("go-1", prose(5), 1, 24), DATED], 0),
    "gb-of-another-then-own": ([DATED, Page("go-1", prose(6), 1, 30)], 0),
    "gb-first": (FIRST, 0),
}


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A paper for each case, polled for four days."""
    pages = [
        page
        for name, (found, _) in CASES.items()
        for page in (*feed_reads(name, range(96)), *(replace(one, source_id=name) for one in found))
    ]
    layout = Layout(tmp_path_factory.mktemp("lost") / "data")
    load_pages(layout, pages, [source(name, timezone="UTC") for name in CASES])
    return layout


@pytest.mark.parametrize("local", ["", "_local"])
def test_a_page_is_lost_until_the_source_answers_or_it_comes(layout: Layout, local: str) -> None:
    rows = ask(layout, f"SELECT source_id, failed FROM coverage{local} WHERE day = '2026-03-03'")
    assert dict(rows) == {name: lost for name, (_, lost) in CASES.items()}
    lost = f"SELECT source_id FROM coverage{local} WHERE list_contains(reasons, 'pages_lost')"
    assert {name for (name,) in ask(layout, lost)} == {name for name in CASES if CASES[name][1]}
