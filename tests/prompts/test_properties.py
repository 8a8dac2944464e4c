"""What holds for every page: cleaning twice is cleaning once, order is nothing, no page harms."""

import gzip
import multiprocessing
import time
from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.extract import extract_page
from tasks.model import Extraction, Outcome, PageText
from tasks.prompts import Hints, clean_lines
from tasks.prompts.blocks import cut_lines
from tasks.prompts.rules import LONGEST, Rule, find_rule
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

LIMITS = Limits()
MOST_CPU = LIMITS.page_seconds * 0.75
"""Seconds that a page of the largest size may take; a smaller one its share and START."""
START = 0.6
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"

CREDITS = ["By Ada Quay", "3 March 2031, 10:20", "Photo: Ada Quay", "Transport", "Share", "©"]
LINE = st.one_of(st.text(max_size=80), st.sampled_from(PARAGRAPHS + PROMPTS + CREDITS))
LINES = st.lists(LINE, max_size=40)
HINTED = st.sampled_from([HINTS, Hints(), Hints(headline="By Ada Quay", language="ja")])
LANGUAGES = st.sampled_from(["en", "de", "ja", "sv"])
slowly = settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def as_page(payload: bytes, language: str = "en") -> Extraction:
    return extract_page(payload, HTML, "", source_language=language)


def as_text(lines: list[str], language: str = "en") -> Extraction:
    payload = "\n".join(lines).encode("utf-8", "surrogatepass")
    return extract_page(payload, TEXT, "", source_language=language)


def lines_of(page: PageText) -> list[str]:
    """The record as a page saved as text."""
    heads = [page.kicker, page.headline, page.standfirst]
    return [text for text in heads if text] + [*page.captions, *page.paragraphs]


@pytest.fixture(scope="module")
def real_pages(shared: Path) -> list[bytes]:
    """Some sixty of the labelled pages."""
    paths = sorted((shared / "corpus" / "pages").glob("*.html.gz"))[::6]
    return [gzip.decompress(path.read_bytes()) for path in paths]


# Cleaning its own output again changes nothing.


@slowly
@given(LINES, HINTED)
def test_cleaned_lines_are_clean(lines: list[str], hints: Hints) -> None:
    once = as_lines(clean_lines(lines, hints))
    assert as_lines(clean_lines(once, hints)) == once


@slowly
@given(LINES, HINTED)
def test_the_article_of_a_tree_is_clean(lines: list[str], hints: Hints) -> None:
    html = "".join(f"<p>{escape(line)}</p>" for line in lines)
    once = as_lines(clean(f"<h1>By Ada Quay</h1>{html}", hints))
    assert as_lines(clean_lines(once, hints)) == once


@slowly
@given(LINES, LANGUAGES)
def test_an_extracted_page_is_clean(lines: list[str], language: str) -> None:
    body = "".join(f"<p>{escape(line)}</p>" for line in [*PARAGRAPHS, *lines])
    html = f'<html lang="{language}"><h1>Old bridge to close for two years</h1>{body}'
    _stays(as_page(html.encode("utf-8", "surrogatepass"), language), language)


@slowly
@given(LINES, LANGUAGES)
def test_an_extracted_text_is_clean(lines: list[str], language: str) -> None:
    _stays(as_text([*PARAGRAPHS[:2], *lines, *PARAGRAPHS[2:]], language), language)


def test_an_extracted_real_page_is_clean(real_pages: list[bytes]) -> None:
    for once in extract_in_order(real_pages):
        _stays(once, (once.page and once.page.language) or "en")


def _stays(once: Extraction, language: str) -> None:
    if once.page is not None:
        again = as_text(lines_of(once.page), language)
        assert again.page is not None, again
        assert lines_of(again.page) == lines_of(once.page)


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


def _order_is_nothing(pages: list[bytes]) -> None:
    forwards = extract_in_order(pages)
    assert extract_in_order(pages[::-1])[::-1] == forwards
    with multiprocessing.get_context("spawn").Pool(1) as fresh:
        assert fresh.apply(extract_in_order, (pages[::-1],))[::-1] == forwards


def test_the_order_of_made_up_pages_does_not_matter() -> None:
    _order_is_nothing(made_up_pages())


def test_the_order_of_real_pages_does_not_matter(real_pages: list[bytes]) -> None:
    _order_is_nothing(real_pages)


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
def test_no_tree_raises(html: str, content_type: str, url: str) -> None:
    extract_page(html.encode("utf-8", "surrogatepass"), content_type, url)


@slowly
@given(st.binary(max_size=2000), CONTENT_TYPES, ODD_URLS)
def test_no_bytes_raise(payload: bytes, content_type: str, url: str) -> None:
    extract_page(payload, content_type, url)
    extract_page(PAGE.encode() + payload, content_type, url)


@slowly
@given(LINES)
def test_no_line_is_invented(lines: list[str]) -> None:
    cleaned = clean_lines(lines, Hints())
    known = {block.text for block in cut_lines(lines).blocks}
    assert {*as_lines(cleaned), *(block.text for block in cleaned.stripped)} <= known


LD_JSON = '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", "headline": '
WHOLE = [
    PAGE,
    f'<meta charset="shift_jis">{LD_JSON}"Old bridge", "datePublished": "2031"}}]}}</script>{PAGE}',
    PAGE.replace("<p>", '<p data-x="{&quot;a&quot;: 1}">').replace("the", "ティー"),
]


@slowly
@given(st.sampled_from(WHOLE), st.integers(0, 6000), CONTENT_TYPES)
def test_no_cut_page_raises(page: str, size: int, content_type: str) -> None:
    extract_page(page.encode()[:size], content_type, "https://paper.example/a")


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


# No page takes longer than the limit.


def fill(text: str, size: int) -> str:
    """The text again and again, to so many bytes of UTF-8."""
    return text * (size // len(text.encode()))


def page_of(body: str) -> bytes:
    title = "Ferry sails again for the spring"
    return f'<html lang="en"><title>{title}</title><h1>{title}</h1>{body}'.encode()


def seconds(payload: bytes, content_type: str = HTML) -> float:
    """CPU seconds of a page, at the pace of the machine that the bounds were taken on."""
    began = time.process_time()
    extract_page(payload, content_type, "")
    taken = time.process_time() - began
    return taken * min(1, PLAIN_SECONDS / plain_seconds())


def plain_seconds() -> float:
    """CPU seconds of a plain page now: a machine that is slow at the moment shows here too."""
    began = time.process_time()
    extract_page(PLAIN, HTML, "")
    return time.process_time() - began


def allowed(payload: bytes) -> float:
    return START + MOST_CPU * len(payload) / LIMITS.max_bytes


SENTENCE = "The harbour board met on Monday to hear how the sanctions change the trade. "
PLAIN = page_of(fill(f"<p>{SENTENCE}</p>", 400_000))
PLAIN_SECONDS = 0.1
"""CPU seconds of that page where the bounds were taken (Python 3.11, a core of two)."""


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    extract_in_order(made_up_pages()[:6])
    plain_seconds()


LARGE = {
    "one text": SENTENCE,
    "links": '<a href="/story">Mayor opens the winter market</a> ',
    "tiny paragraphs": "<p>x y</p>",
    "breaks": "<br>",
    "nested tables": "<table><tr><td>x",
    "one word": "a",
    "text without spaces": "湾の渡し船は春に再び運航を始めると市長が述べた",
    "prompts": "<p>Subscribe now</p>",
}


@pytest.mark.slow
@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE)
def test_a_page_of_the_largest_size_stays_within_the_limit(body: str) -> None:
    assert seconds(page_of(fill(body, LIMITS.max_bytes))) < MOST_CPU


DEEP = ["<div>", "<b>", "<table><tr><td>", "<ul><li>", "<a href=x>", "<p><b>x", "<blockquote>"]


@pytest.mark.parametrize("tags", DEEP)
def test_deep_nesting_takes_a_part_of_the_limit(tags: str) -> None:
    assert seconds(page_of(tags * 100_000 + "deep")) < MOST_CPU / 2


SIZE = 500_000
"""Bytes of most pages below."""
BROKEN: dict[str, Callable[[], str]] = {
    "a million siblings": lambda: "<i></i>" * 1_000_000,
    "many attributes": lambda: f"<p {' '.join(f'a{at}=b' for at in range(10_000))}>x",
    "a huge attribute": lambda: f'<p class="{"paywall " * (SIZE // 8)}">x',
    "a class each": lambda: "".join(f'<p class="c{at}">x y {at}' for at in range(40_000)),
    "wrong nesting": lambda: fill("<b><p>x</b></i><i><a>", SIZE),
    "nulls": lambda: fill("<p>a\0b", SIZE),
    "an endless comment": lambda: f"<!--{fill('- -', SIZE)}",
    "an unclosed script": lambda: f"<script>{fill('a = 1; ', SIZE)}",
    "endless JSON-LD": lambda: f'<script type="application/ld+json">{"[" * SIZE}',
    "deep JSON-LD": lambda: LD_JSON + '[{"a":' * (SIZE // 6) + "</script>",
    "much JSON-LD": lambda: fill(f'{LD_JSON}"x"}}]}}</script>', SIZE),
    "entities": lambda: fill("&amp;&lt;&notanentity;&#x41;&#8203;", SIZE),
    "headings": lambda: fill("<h1>Ferry sails again</h1>", SIZE),
    "metas": lambda: "".join(f"<meta name=d{at} content=x>" for at in range(40_000)),
    "dates": lambda: fill('<time datetime="2031-03-02">2 March 2031</time>', SIZE),
    "bylines": lambda: fill("<p class=byline>By Ada Quay</p>", SIZE),
    "forms": lambda: fill("<form><input><button>Sign up</button></form>", SIZE),
    "noscripts": lambda: fill(f"<noscript><p>{SENTENCE}</p></noscript>", SIZE),
    "foreign trees": lambda: fill("<svg><p><math><mi>", SIZE),
    "hidden parts": lambda: fill('<div hidden style="display:none">x y</div>', SIZE),
    "articles": lambda: fill(f"<article><h2>x</h2><p>{SENTENCE}</p></article>", SIZE),
}


@pytest.mark.parametrize("build", BROKEN.values(), ids=BROKEN)
def test_a_broken_page_takes_its_share_of_the_limit(build: Callable[[], str]) -> None:
    payload = page_of(build())
    assert seconds(payload) < allowed(payload)


FILLS = ["a", "a ", "A. ", "1", "1,", "1:", "Jan 1 ", " ", "\u00a0", "\u200b", "!?.,;:", "(", "[",
         "{{", "[[", "${", "<%", "%A", "©", "€", "…", "-", " — ", "'", '"', "/", "@", ".", "|",
         "By ", "AP ", "The ", "Photo: ", "$1 ", "渡", "渡 ", "Abo ", "Subscribe "]  # fmt: skip


@pytest.mark.parametrize("text", FILLS)
def test_text_that_patterns_could_choke_on(text: str) -> None:
    run, line = fill(text, SIZE // 2), fill(text, LONGEST)
    blocks = page_of(fill(f"<p>{escape(line)}</p>", SIZE))
    others = [page_of(f"<p>{escape(run)}"), f"<title>{escape(run)}</title><h1>x</h1>".encode()]
    for payload in (blocks, *others):
        assert seconds(payload) < allowed(payload)
    for payload in (run.encode(), fill(f"{fill(text, 60)}\n", SIZE // 2).encode()):
        assert seconds(payload, TEXT) < allowed(payload)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_reads_any_text_in_a_few_milliseconds(rule: Rule) -> None:
    language = rule.name.split("/")[0]
    starts = ["", *(text[: len(text) // 2] for text in rule.yes), *rule.yes]
    texts = [f"{start}{text * LONGEST}"[:LONGEST] for start in starts for text in FILLS]
    texts += [(f"{text} " * LONGEST)[:LONGEST] for text in rule.yes]
    began = time.process_time()
    for text in texts:
        rule.hits(text, 0)
        find_rule(text, LANGUAGE.get(language, language))
    assert (time.process_time() - began) / len(texts) < 0.003
