"""What a source's `strip` and `keep` do to its pages."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from tasks.model import Cleaned, StrippedBlock
from tasks.prompts.clean_page import clean_lines, clean_tree
from tasks.prompts.page_hints import Hints
from tasks.sources.source import BlockOverrides, checked_override
from tests.prompts.test_prompts import HINTS, PARAGRAPHS, PROMPTS, as_lines

RAIL = '<div class="side-note"><h4>Share on Facebook</h4><p>{}</p></div>'
ASIDE = "The quay was built of sandstone in the year of the great flood, and raised again later."
PAGE = """<html lang="en"><body><nav><a href="/">Home</a></nav><main><article>
<h1>Old bridge to close for two years</h1><p>{}</p><p>{}</p>{}<p>{}</p><p>{}</p>
<p>Sign up for our weekly newsletter</p><p>{}</p></article></main></body></html>"""


def page(rail: str = RAIL.format(ASIDE)) -> str:
    texts = iter(PARAGRAPHS[:5])
    return PAGE.format(next(texts), next(texts), rail, *texts)


def clean(html: str, strip: tuple[str, ...] = (), keep: tuple[str, ...] = ()) -> Cleaned:
    headline = "Old bridge to close for two years"
    return clean_tree(
        LexborHTMLParser(html),
        Hints(headline, language="en", overrides=BlockOverrides(strip, keep)),
    )


def stripped(cleaned: Cleaned) -> dict[str, StrippedBlock]:
    return {block.text: block for block in cleaned.stripped}


def test_what_a_selector_strips_is_gone_and_named() -> None:
    assert ASIDE in clean(page()).paragraphs
    cleaned = clean(page(), strip=("div.side-note",))
    assert list(cleaned.paragraphs) == PARAGRAPHS[:5]
    gone = stripped(cleaned)
    assert (gone[ASIDE].kind, gone[ASIDE].rule) == ("furniture", "source:strip")
    assert gone[ASIDE].in_article
    positions = [block.position for block in cleaned.stripped]
    assert positions == sorted(set(positions))
    assert gone[ASIDE].position == stripped(clean(page(), strip=("main",)))[ASIDE].position


def test_a_text_rule_gives_what_is_stripped_its_kind() -> None:
    cleaned = clean(page(), strip=("text:sign up for our  WEEKLY newsletter!",))
    block = stripped(cleaned)["Sign up for our weekly newsletter"]
    assert (block.kind, block.rule) == ("newsletter", "source:strip")


@pytest.mark.parametrize("override", [f"text:{ASIDE}", "text:the quay was built*"])
def test_a_text_names_a_block_by_all_of_it_or_its_beginning(override: str) -> None:
    assert stripped(clean(page(), strip=(override,)))[ASIDE].rule == "source:strip"
    assert ASIDE in clean(page(), strip=("text:The quay was built",)).paragraphs


@pytest.mark.parametrize("override", ["text:Sign up for our weekly newsletter", "p:nth-of-type(5)"])
def test_what_is_kept_stays_against_every_rule(override: str) -> None:
    assert "Sign up for our weekly newsletter" in stripped(clean(page()))
    cleaned = clean(page(), keep=(override,))
    assert "Sign up for our weekly newsletter" in cleaned.paragraphs
    assert set(PARAGRAPHS[:5]) <= set(cleaned.paragraphs)


def test_a_kept_headline_is_still_the_headline() -> None:
    cleaned = clean(page(), keep=("h1", "nav"))
    assert cleaned.headline == "Old bridge to close for two years"
    assert [text for text in cleaned.paragraphs if text not in (*PARAGRAPHS, ASIDE)] == ["Home"]


@pytest.mark.parametrize(
    ("strip", "keep", "stays"),
    [
        (("div.side-note",), (".side-note p",), True),
        ((".side-note p",), ("div.side-note",), False),
        ((".side-note",), ("div.side-note",), False),
        ((".side-note p",), (f"text:{ASIDE}",), True),
        ((f"text:{ASIDE}",), (".side-note p",), False),
        (("text:The quay*",), (f"text:{ASIDE}",), False),
    ],
)
def test_the_innermost_word_counts_and_strip_wins_a_tie(
    strip: tuple[str, ...], keep: tuple[str, ...], *, stays: bool
) -> None:
    cleaned = clean(page(), strip, keep)
    assert (ASIDE in cleaned.paragraphs) is stays
    assert ("source:strip" in {block.rule for block in cleaned.stripped}) is not (
        stays and strip[0] != "div.side-note"
    )


def test_an_inline_element_that_is_named_is_a_block_of_its_own() -> None:
    first, link = PARAGRAPHS[0], "<a class=app href=/app>More in the app</a>"
    html = page().replace(first, f"{first} {link}")
    assert clean(html, strip=("a.app",)).paragraphs[0] == first


def test_a_stripped_page_is_empty_and_a_stripped_headline_is_no_block() -> None:
    assert clean(page(), strip=("body",)).paragraphs == ()
    cleaned = clean(page(), strip=("h1",))
    assert cleaned.headline is None
    assert set(PARAGRAPHS[:5]) <= set(cleaned.paragraphs)


def test_texts_hold_for_lines_too() -> None:
    lines = ["Old bridge to close for two years", *PARAGRAPHS, ASIDE, PROMPTS[0]]
    overrides = BlockOverrides((f"text:{ASIDE}", "div.rail"), (f"text:{PROMPTS[0]}", "p.rail"))
    cleaned = clean_lines(lines, Hints(language="en", overrides=overrides))
    assert as_lines(cleaned) == [*lines[:-2], PROMPTS[0]]
    assert stripped(cleaned)[ASIDE].rule == "source:strip"


def test_long_pages_keep_their_positions() -> None:
    rows = "".join(f"<p>Row {number}</p>" for number in range(9000))
    cleaned = clean(page(f"{RAIL.format(ASIDE)}<div class=rows>{rows}</div>"), (".side-note",))
    positions = [block.position for block in cleaned.stripped]
    assert len(positions) == len(set(positions)) > 8990
    assert stripped(cleaned)["Row 8999"].rule == "size:unread"


CREDITS = ["By Ada Quay", "3 March 2031, 10:20", "Photo: Ada Quay", "Transport", "Share", "©"]
HINTED = st.sampled_from([HINTS, Hints(), Hints(headline="By Ada Quay", language="ja")])
NAMED = [*PARAGRAPHS[:3], *PROMPTS[:3], *CREDITS[:3]]
TEXTS = st.lists(st.sampled_from([f"text:{text}" for text in NAMED] + ["text:Photo*"]), max_size=4)
LINES = st.lists(st.one_of(st.text(max_size=40), st.sampled_from(PARAGRAPHS + PROMPTS + CREDITS)))


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LINES, HINTED, TEXTS, TEXTS)
def test_lines_cleaned_under_overrides_are_clean(
    lines: list[str], hints: Hints, strip: list[str], keep: list[str]
) -> None:
    overrides = BlockOverrides(tuple(strip), tuple(keep))
    known = Hints(
        hints.headline, authors=hints.authors, language=hints.language, overrides=overrides
    )
    once = as_lines(clean_lines(lines, known))
    assert as_lines(clean_lines(once, known)) == once
    html = "".join(f"<p>{line}</p>" for line in NAMED)
    tree = clean_tree(LexborHTMLParser(f"<h1>By Ada Quay</h1>{html}"), known)
    # Without the page's markup, a line that the article kept may read like a prompt.
    once = as_lines(clean_lines(as_lines(tree), known))
    assert set(once) <= set(as_lines(tree))
    assert as_lines(clean_lines(once, known)) == once


def test_the_version_distinguishes_overrides() -> None:
    assert BlockOverrides().version == ""
    first, other = BlockOverrides(("p.a", "p.b")), BlockOverrides((), ("p.a", "p.b"))
    assert first.version == BlockOverrides(("p.b", "p.a")).version != other.version
    assert len(first.version) == 7
    assert first.version.startswith("+")


@pytest.mark.parametrize(
    "override",
    ["div.rail", "article > aside", "amp-ad", "text:Lesen Sie mehr*", "tr td", "p:has(a)"],
)
def test_good_overrides(override: str) -> None:
    assert checked_override(override) == override


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("div..rail", "must be a CSS selector"),
        ("", "must be a CSS selector"),
        ("Lesen Sie mehr!", "must be a CSS selector"),
        ("p\ud800", "must be a CSS selector"),
        ("Lesen Sie mehr", "names no HTML element, write 'text:Lesen Sie mehr'"),
        ("続きを読む", "names no HTML element"),
        ("text: *", "must hold a letter or digit"),
    ],
)
def test_bad_overrides(override: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        checked_override(override)
