"""Other articles, links to them, and copies of the text on an article's page."""

import pytest

from tests.prompts.test_page_shapes import STORY, paragraphs, read
from tests.prompts.test_prompts import PARAGRAPHS

OTHER = "Old bridge to close for two years"
LATER = {
    "an h2": "<h2>{}</h2>",
    "an h3 with a link": "<h3><a href=/bridge>{}</a></h3>",
    "a div named like the h1": "<div class=title>{}</div>",
}
DATED = "<div class=meta>Priya Nair · 12 November 2026</div>"
BYLINE = "<div class=meta>By Ada Quay</div>"


@pytest.mark.parametrize("heading", LATER)
@pytest.mark.parametrize("box", ["section", "div class='story-{}'", "div id={} class=story"])
@pytest.mark.parametrize("meta", [DATED, BYLINE])
def test_a_later_article_with_another_heading_goes(heading: str, box: str, meta: str) -> None:
    later = LATER[heading].format(OTHER) + meta + paragraphs(PARAGRAPHS)
    first = f"<h1 class=title>{{h}}</h1>{DATED}{paragraphs(STORY)}"
    parts = [
        f"<{box.format(at)}>{part}</{box.split()[0]}>" for at, part in enumerate((first, later))
    ]
    assert list(read("".join(parts)).paragraphs) == STORY


@pytest.mark.parametrize("meta", ["", "<p>May 2019</p>", DATED])
def test_a_chapter_in_a_box_like_the_first_stays(meta: str) -> None:
    own, chapter = "" if meta == DATED else DATED, f"<h2>{OTHER}</h2>{meta}"
    first = f"<section><h1>{{h}}</h1>{own}{paragraphs(STORY)}</section>"
    body = f"{first}<section>{chapter}{paragraphs(PARAGRAPHS)}</section>"
    assert [text for text in read(body).paragraphs if text in PARAGRAPHS] == PARAGRAPHS
