"""What holds for every page: cleaning twice is cleaning once, order is nothing, no page harms."""

import gzip
import multiprocessing
from collections.abc import Callable, Iterator
from html import escape
from multiprocessing.pool import Pool
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.extract import extract_page
from tasks.model import Extraction, Outcome, PageText, StrippedBlock
from tasks.prompts.clean_page import clean_lines
from tasks.prompts.page_hints import Hints
from tasks.prompts.split_into_blocks import split_lines
from tasks.prompts.text_rules import MAX_TEXT_CHARS, Rule, find_rule
from tasks.refine.preview_page import explain_file
from tasks.settings import Limits
from tests.prompts.test_prompts import (
    HINTS,
    LANGUAGE,
    PAGE,
    PARAGRAPHS,
    PROMPTS,
    RULES,
    as_lines,
    clean,
)
from tests.support.worst_pages import (
    BROKEN,
    DEEP,
    FILLS,
    HTML,
    LARGE,
    LD_JSON,
    SIZE,
    TEXT,
    deep,
    large,
    page_of,
    repeated,
)

LIMITS = Limits()

CREDITS = ["By Ada Quay", "3 March 2031, 10:20", "Photo: Ada Quay", "Transport", "Share", "©"]
LINE = st.one_of(st.text(max_size=80), st.sampled_from(PARAGRAPHS + PROMPTS + CREDITS))
LINES = st.lists(LINE, max_size=40)
HINTED = st.sampled_from([HINTS, Hints(), Hints(headline="By Ada Quay", language="ja")])
LANGUAGES = st.sampled_from(["en", "de", "ja", "sv"])
slowly = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def as_page(payload: bytes, language: str = "en") -> Extraction:
    return extract_page(payload, HTML, "", source_language=language)


def as_text(lines: list[str], language: str = "en") -> Extraction:
    payload = "\n".join(lines).encode("utf-8", "surrogatepass")
    return extract_page(payload, TEXT, "", source_language=language)


def ends(payload: bytes, content_type: str = HTML, url: str = "") -> bool:
    """Whether the page ends in an outcome of its own, with a text where that is an article."""
    found = extract_page(payload, content_type, url)
    return (found.outcome is Outcome.ARTICLE) == (found.page is not None)


def lines_of(page: PageText) -> list[str]:
    """The record as a page saved as text."""
    heads = [page.kicker, page.headline, page.standfirst]
    return [text for text in heads if text] + [*page.captions, *page.paragraphs]


@pytest.fixture(scope="module")
def real_pages(shared: Path) -> list[bytes]:
    """Some twenty of the labelled pages."""
    paths = sorted((shared / "corpus" / "pages").glob("*.html.gz"))[::18]
    return [gzip.decompress(path.read_bytes()) for path in paths]


@pytest.fixture(scope="module")
def real_articles(real_pages: list[bytes]) -> list[Extraction]:
    """What they hold, extracted one after the other."""
    return extract_in_order(real_pages)


# Cleaning its own output again changes nothing.


@pytest.mark.slow
@slowly
@given(LINES, HINTED)
def test_cleaned_lines_are_clean(lines: list[str], hints: Hints) -> None:
    once = as_lines(clean_lines(lines, hints))
    assert as_lines(clean_lines(once, hints)) == once


# Without the page's markup, a line that the article kept may read like a prompt.


@slowly
@given(LINES, HINTED)
def test_the_article_of_a_tree_is_clean(lines: list[str], hints: Hints) -> None:
    html = "".join(f"<p>{escape(line)}</p>" for line in lines)
    once = as_lines(clean(f"<h1>By Ada Quay</h1>{html}", hints))
    again = clean_lines(once, hints)
    assert all(map(_reads_like_a_prompt, again.stripped))
    assert as_lines(clean_lines(as_lines(again), hints)) == as_lines(again)


@pytest.mark.slow
@slowly
@given(LINES, LANGUAGES)
def test_an_extracted_page_is_clean(lines: list[str], language: str) -> None:
    body = "".join(f"<p>{escape(line)}</p>" for line in [*PARAGRAPHS, *lines])
    html = f'<html lang="{language}"><h1>Old bridge to close for two years</h1>{body}'
    _stays(as_page(html.encode("utf-8", "surrogatepass"), language), language)


@pytest.mark.slow
@slowly
@given(LINES, LANGUAGES)
def test_an_extracted_text_is_clean(lines: list[str], language: str) -> None:
    _stays(as_text([*PARAGRAPHS[:2], *lines, *PARAGRAPHS[2:]], language), language)


@pytest.mark.slow
def test_an_extracted_real_page_is_clean(real_articles: list[Extraction]) -> None:
    for once in real_articles:
        _stays(once, (once.page and once.page.language) or "en")


def _stays(once: Extraction, language: str) -> None:
    if once.page is not None:
        again = as_text(lines_of(once.page), language)
        assert again.page is not None, again
        assert all(map(_reads_like_a_prompt, again.stripped))
        last = as_text(lines_of(again.page), language)
        assert last.page is not None, last
        assert lines_of(last.page) == lines_of(again.page)


def _reads_like_a_prompt(block: StrippedBlock) -> bool:
    return block.rule == "model:prompt" or block.rule.startswith("text:")


# The order of pages does not matter.


def made_up_pages() -> list[bytes]:
    """Pages that share texts, in several languages, some of them the same in all but a word."""
    pages = []
    for language in ("en", "de", "fr", "ja", ""):
        for at in range(5):
            page = PAGE.replace("<html>", f'<html lang="{language}">')
            page = page.replace(PARAGRAPHS[at], PARAGRAPHS[at - 1])
            page = page.replace("Subscribe now", PROMPTS[at])
            pages.append(page.encode())
    return [*pages, *("\n".join([*PROMPTS, text]).encode() for text in PARAGRAPHS)]


def extract_in_order(pages: list[bytes]) -> list[Extraction]:
    return [as_page(page) for page in pages]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Pool]:
    """A process that has seen none of the pages before."""
    with multiprocessing.get_context("spawn").Pool(1) as opened:
        yield opened


def _order_is_nothing(pages: list[bytes], forwards: list[Extraction], elsewhere: Pool) -> None:
    assert extract_in_order(pages[::-1])[::-1] == forwards
    assert elsewhere.apply(extract_in_order, (pages[::-1],))[::-1] == forwards


@pytest.mark.slow
def test_the_order_of_made_up_pages_does_not_matter(elsewhere: Pool) -> None:
    pages = made_up_pages()
    _order_is_nothing(pages, extract_in_order(pages), elsewhere)


@pytest.mark.slow
def test_the_order_of_real_pages_does_not_matter(
    real_pages: list[bytes], real_articles: list[Extraction], elsewhere: Pool
) -> None:
    _order_is_nothing(real_pages, real_articles, elsewhere)


# No input crashes it.

_TAGS = """
div p a b li ul h1 figure figcaption article form br table tr td title meta script noscript
template svg math select textarea time iframe body html head base style
"""
TAGS = st.sampled_from(_TAGS.split())
MARKUP = st.one_of(
    TAGS.map("<{}>".format),
    TAGS.map("</{}>".format),
    st.builds("<{} {}={}>".format, TAGS, st.sampled_from(["class", "id", "href"]), st.text()),
    st.sampled_from(["<!--", "-->", "<![CDATA[", "&#xD800;", "&#0;", "\0", "<", '"', "{", "[["]),
    LINE,
)
TREES = st.lists(MARKUP, max_size=60).map("".join)
CONTENT_TYPES = st.sampled_from(
    [
        "",
        HTML,
        TEXT,
        "text/html; charset=utf-16",
        "text/html; charset=no-such",
        "text/html;charset=",
    ]
)
ODD_URLS = st.sampled_from(
    ["", "file:///a.txt", "https://paper.example/2031/03/02/a", "http://[", "x"]
)


@slowly
@given(TREES, CONTENT_TYPES, ODD_URLS)
def test_any_tree_ends(html: str, content_type: str, url: str) -> None:
    assert ends(html.encode("utf-8", "surrogatepass"), content_type, url)


@pytest.mark.slow
@slowly
@given(st.binary(max_size=2000), CONTENT_TYPES, ODD_URLS)
def test_any_bytes_end(payload: bytes, content_type: str, url: str) -> None:
    assert ends(payload, content_type, url)
    assert ends(PAGE.encode() + payload, content_type, url)


@slowly
@given(LINES)
def test_no_line_is_invented(lines: list[str]) -> None:
    cleaned = clean_lines(lines, Hints())
    known = {block.text for block in split_lines(lines).blocks}
    assert {*as_lines(cleaned), *(block.text for block in cleaned.stripped)} <= known


WHOLE = [
    PAGE,
    f'<meta charset="shift_jis">{LD_JSON}"Old bridge", "datePublished": "2031"}}]}}</script>{PAGE}',
    PAGE.replace("<p>", '<p data-x="{&quot;a&quot;: 1}">').replace("the", "ティー"),
]


@slowly
@given(st.sampled_from(WHOLE), st.integers(0, 6000), CONTENT_TYPES)
def test_any_cut_page_ends(page: str, size: int, content_type: str) -> None:
    assert ends(page.encode()[:size], content_type, "https://paper.example/a")


@slowly
@given(size=st.integers(0, 1400), level=st.sampled_from([0, 9]))
def test_a_packed_file_cut_short_is_a_named_rejection(
    tmp_path: Path, size: int, level: int
) -> None:
    path = tmp_path / "cut.html.gz"
    packed = gzip.compress(PAGE.encode(), level)
    path.write_bytes(packed[:size])
    found = explain_file(path, None, LIMITS)
    assert size >= len(packed) or found.outcome is not Outcome.ARTICLE
    assert found.outcome is not Outcome.PAGE_CRASHED


# Pages made to take long end like any other; `python -m tests.bench.worst_cases` says how soon.


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_a_large_page_ends(name: str) -> None:
    # A fortieth of the largest size has more blocks than are read; all of it, of links, more nodes.
    assert ends(large(LARGE[name], LIMITS.max_bytes // (1 if name == "links" else 40)))


@pytest.mark.slow
@pytest.mark.parametrize("tags", DEEP)
def test_deep_nesting_ends(tags: str) -> None:
    assert ends(deep(tags, 10_000))


@pytest.mark.slow
@pytest.mark.parametrize("build", BROKEN.values(), ids=BROKEN)
def test_a_broken_page_ends(build: Callable[[int], str]) -> None:
    assert ends(page_of(build(SIZE // 4)))


@pytest.mark.slow
@pytest.mark.parametrize("text", FILLS)
def test_text_that_patterns_could_choke_on_ends(text: str) -> None:
    assert all(ends(payload, kind) for payload, kind in repeated(text, MAX_TEXT_CHARS, SIZE // 10))


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_is_found_in_a_long_text_matches(rule: Rule) -> None:
    language = rule.name.split("/")[0]
    for text in texts_for(rule)[::4]:  # each start with other texts: there are 37
        found = find_rule(text, LANGUAGE.get(language, language))
        assert found is None or found.pattern.search(text), text[:80]


def texts_for(rule: Rule) -> list[str]:
    """Long texts that begin like one the rule hits and go on with what patterns could choke on."""
    starts = ["", *(text[: len(text) // 2] for text in rule.yes), *rule.yes]
    texts = [
        f"{start}{text * MAX_TEXT_CHARS}"[:MAX_TEXT_CHARS] for start in starts for text in FILLS
    ]
    return texts + [(f"{text} " * MAX_TEXT_CHARS)[:MAX_TEXT_CHARS] for text in rule.yes]
