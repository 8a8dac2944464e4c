"""Articles in languages without training texts: none of their text is lost, whatever its signs."""

import re
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tasks.extract import extract_page
from tasks.model import PageText
from tasks.prompts.word_weights import fold
from tests.support.lookalikes import FOOTER, NAV

FOLDER = Path(__file__).with_name("languages")
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.toml"))
# Printed in a calendar or a form that is not read.
OTHER_DATES = frozenset(
    ("am", "fa", "ka", "kk", "km", "lo", "lv", "mr", "my", "si", "sl", "sw", "te", "th")
)
# Walls whose wording no rule knows, in a paragraph like all others.
UNKNOWN_WALLS = frozenset(("am", "az", "is", "ka", "kk", "km", "lo", "mr", "my", "si", "te"))


@cache
def article(language: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def texts(language: str) -> list[str]:
    return [*article(language)["paragraphs"], *article(language)["sentences"]]


@cache
def extracted(language: str, *, is_stated: bool) -> PageText:
    """The article from a page that states its language and has class names, or has neither."""
    said = article(language)
    parts = [f"<p>{text}</p>" for text in texts(language)]
    parts[2:2], parts[7:7] = said["prompts"][:1], said["prompts"][1:]
    head = f"<h1>{said['headline']}</h1><p class='standfirst'>{said['standfirst']}</p>"
    line = f"<p>{said['byline']}</p><p>{said['printed_date']}</p>"
    name, lang = ("article", f" lang='{language}'") if is_stated else ("div", "")
    html = (
        f"<!doctype html><html{lang}><head><title>{said['headline']} | Courier</title></head><body>"
        f"{NAV}<main><{name}>{head}{line}{''.join(parts)}</{name}></main>{FOOTER}</body></html>"
    )
    url = "https://news.example.test/a/harbour-vote-delayed-again"
    found = extract_page(html.encode(), "text/html; charset=utf-8", url)
    assert found.page, (language, found.outcome, found.detail)
    return found.page


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_article_is_kept_whole_and_in_its_language(language: str) -> None:
    for is_stated in (True, False):
        page = extracted(language, is_stated=is_stated)
        kept = set(map(fold, page.paragraphs))  # without zero-width signs
        assert [text for text in texts(language) if fold(text) not in kept] == []
        assert page.headline == article(language)["headline"]
    assert extracted(language, is_stated=True).language == language


@pytest.mark.parametrize("language", sorted({*LANGUAGES} - OTHER_DATES))
def test_a_printed_date_is_read(language: str) -> None:
    published = extracted(language, is_stated=True).published_at
    assert published
    assert published.date() == date(2026, 3, 17)


@pytest.mark.parametrize("language", LANGUAGES)
def test_newsletter_boxes_and_known_walls_are_stripped(language: str) -> None:
    box, wall = article(language)["prompts"]
    prompts = (box,) if language in UNKNOWN_WALLS else (box, wall)
    lines = [line for html in prompts for line in re.sub(r"<[^>]+>", "\n", html).split("\n")]
    kept = fold("\n".join(extracted(language, is_stated=True).paragraphs))
    assert [line for line in lines if len(fold(line)) > 12 and fold(line) in kept] == []
