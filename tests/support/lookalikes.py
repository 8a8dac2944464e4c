"""News sentences that read like prompts, prompts that read like news, and articles around them.

`tests/prompts/lookalikes/dev` is for writing rules; nobody who writes or trains a rule reads
`tests/prompts/lookalikes/held`. One TOML file per language:

    [[article]]   headline, kicker, standfirst, byline, paragraphs
    [[sentence]]  text; resembles, the kind of prompt it reads like; lang if not the file's
    [[prompt]]    html, as it stands between the paragraphs; lines, its visible text; kind; lang
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from random import Random
from typing import Any

from tasks.extract import extract_page
from tasks.model import Extraction
from tasks.prompts.word_weights import fold

SETS = Path(__file__).parents[1] / "prompts" / "lookalikes"
HALVES = ("dev", "held")
TEMPLATES = ("article", "divs", "classes")
"""Kinds of markup an article is served in; `text` is a page saved as text."""
PLACES = ("heading", "quote", "item")
"""Where a sentence stands in an `article` that is none of its paragraphs."""


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence or a prompt, and the article that it stands in."""

    language: str
    is_prompt: bool
    lines: tuple[str, ...]
    """Its text: one line for a sentence."""
    html: str
    article: dict[str, Any]
    template: str
    at: int
    """The paragraph that it stands before."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What cleaning made of a case."""

    case: Case
    is_right: bool
    """The sentence is kept whole; no line of the prompt is kept."""
    rules: tuple[str, ...]
    """The rules that stripped its lines, `kept` for a line that stayed."""
    lost: tuple[str, ...]
    """Paragraphs of the article that were stripped with it."""


@cache
def cases(half: str, template: str | None = None) -> tuple[Case, ...]:
    """All cases of one half, each in one template, or all in the one that is named.

    In PLACES only sentences stand.
    """
    return tuple(
        case for path in sorted((SETS / half).glob("*.toml")) for case in _read(path, template)
    )


def _read(path: Path, template: str | None) -> Iterator[Case]:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    random = Random(path.stem)
    for name in ("sentence",) if template in PLACES else ("sentence", "prompt"):
        for number, row in enumerate(table[name]):
            article = table["article"][number % len(table["article"])]
            is_prompt = name == "prompt"
            yield Case(
                row.get("lang", path.stem),
                is_prompt,
                tuple(row["lines"]) if is_prompt else (row["text"],),
                row["html"] if is_prompt else "",
                article,
                template or TEMPLATES[number % len(TEMPLATES)],
                random.randrange(2, len(article["paragraphs"]) - 2),
            )


def extract_case(case: Case) -> Extraction:
    """The extraction of the case's page."""
    is_text = case.template == "text"
    page = _text(case) if is_text else page_html(case)
    url = "https://news.example.test/2026/03/04/" + (
        "a" if is_text else "harbour-vote-delayed-again"
    )
    kind = "text/plain; charset=utf-8" if is_text else "text/html; charset=utf-8"
    return extract_page(page.encode(), kind, url, source_language=case.language)


def judge(case: Case) -> CaseResult:
    """Clean the case's page."""
    found = extract_case(case)
    kept: list[str] = []
    if found.page:
        texts = (found.page.standfirst, found.page.kicker, found.page.byline)
        kept = [*found.page.paragraphs, *found.page.captions, *filter(None, texts)]
    folded = "\n".join(map(fold, kept))
    stripped = {fold(block.text): block.rule for block in found.stripped}
    rules = tuple(
        "kept" if fold(line) in folded else stripped.get(fold(line), "?") for line in case.lines
    )
    is_right = "kept" not in rules if case.is_prompt else rules == ("kept",)
    lost = tuple(text for text in case.article["paragraphs"] if fold(text) not in folded)
    return CaseResult(case, is_right, rules, lost)


@dataclass(slots=True)
class Score:
    """Counts over the cases of one language, or of all."""

    sentences: int = 0
    lost: int = 0  # Sentences that were stripped
    prompts: int = 0
    left: int = 0  # Prompts of which a line was kept
    pages_losing_more: int = 0  # Pages of which another paragraph was stripped


@cache
def score(half: str, template: str | None = None) -> dict[str, Score]:
    """The counts of one half by language, and of `all`."""
    found: dict[str, Score] = defaultdict(Score)
    for verdict in map(judge, cases(half, template)):
        for key in (verdict.case.language, "all"):
            counts = found[key]
            if verdict.case.is_prompt:
                counts.prompts += 1
                counts.left += not verdict.is_right
            else:
                counts.sentences += 1
                counts.lost += not verdict.is_right
            counts.pages_losing_more += bool(verdict.lost)
    return found


def _text(case: Case) -> str:
    article = case.article
    lines = [article["kicker"], article["headline"], article["standfirst"], article["byline"]]
    paragraphs = list(article["paragraphs"])
    paragraphs[case.at : case.at] = case.lines
    return "\n".join([*lines, *paragraphs])


def page_html(case: Case) -> str:
    """The page of a case that is served in one of TEMPLATES."""
    return {"divs": _as_divs, "classes": _as_classes}.get(case.template, _as_article)(case)


def _paragraphs(case: Case, before: str, after: str) -> str:
    parts = [f"{before}{escape(text)}{after}" for text in case.article["paragraphs"]]
    text = escape(case.lines[0])
    inserted = case.html or f"{before}{text}{after}"
    if case.template == "heading":
        inserted = f"<h2>{text.rstrip('.。।')}</h2>"
    elif case.template == "quote":
        inserted = f"<blockquote><p>{text}</p></blockquote>"
    elif case.template == "item":
        around = [escape(case.article["paragraphs"][at]) for at in (case.at - 1, case.at)]
        items = "".join(f"<li>{item}</li>" for item in (around[0], text, around[1]))
        return "\n".join([*parts[: case.at - 1], f"<ul>{items}</ul>", *parts[case.at + 1 :]])
    return "\n".join([*parts[: case.at], inserted, *parts[case.at :]])


def _head(case: Case, extra: str = "") -> str:
    title = escape(case.article["headline"])
    return (
        f'<!doctype html><html lang="{case.language}"><head><meta charset="utf-8">'
        f"<title>{title} | Hafenblatt</title>"
        f'<meta property="og:title" content="{title}"><meta property="og:type" content="article">'
        f"{extra}</head>"
    )


NAV = (
    '<nav class="main-nav"><ul><li><a href="/">Start</a></li><li><a href="/politics">Politics</a>'
    '</li><li><a href="/economy">Economy</a></li><li><a href="/sport">Sport</a></li></ul></nav>'
)
FOOTER = (
    '<footer class="site-footer"><ul><li><a href="/imprint">Imprint</a></li>'
    '<li><a href="/privacy">Privacy</a></li><li><a href="/contact">Contact</a></li></ul>'
    "<p>© 2026 Hafenblatt</p></footer>"
)


def _as_article(case: Case) -> str:
    article = {key: escape(value) for key, value in case.article.items() if key != "paragraphs"}
    date = '<meta property="article:published_time" content="2026-03-04T08:10:00+00:00">'
    return (
        f"{_head(case, date)}<body>{NAV}<main><article><header>"
        f'<p class="kicker">{article["kicker"]}</p><h1>{article["headline"]}</h1>'
        f'<p class="standfirst">{article["standfirst"]}</p>'
        f'<p class="byline">{article["byline"]}</p><time datetime="2026-03-04">04.03.2026</time>'
        f"</header>{_paragraphs(case, '<p>', '</p>')}</article>"
        '<aside class="related"><h2>Related</h2><ul><li><a href="/a1">Ferry line to close in May'
        '</a></li><li><a href="/a2">Market hall opens after repairs</a></li></ul></aside>'
        f"</main>{FOOTER}</body></html>"
    )


def _as_divs(case: Case) -> str:
    article = {key: escape(value) for key, value in case.article.items() if key != "paragraphs"}
    data = (
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle",'
        '"datePublished":"2026-03-04T08:10:00+00:00"}</script>'
    )
    teasers = "".join(
        f'<div class="t-7"><a href="/n{number}"><h3>{title}</h3></a><div>{number} h</div></div>'
        for number, title in enumerate(("Harbour fees rise", "Two bridges shut", "Rain to stay"), 1)
    )
    return (
        f'{_head(case, data)}<body><div id="top"><a href="/">Hafenblatt</a> <a href="/login">Login'
        f'</a></div><div class="w"><div class="l-main"><div class="hd"><h1>{article["headline"]}'
        f'</h1><div class="sub">{article["standfirst"]}</div><div class="by">{article["byline"]} '
        f'· 4.3.2026, 08:10</div></div><div class="bd">{_paragraphs(case, "<p>", "</p>")}</div>'
        f'</div><div class="l-side"><div class="hl">Most read</div>{teasers}</div></div>{FOOTER}'
        "</body></html>"
    )


def _as_classes(case: Case) -> str:
    article = {key: escape(value) for key, value in case.article.items() if key != "paragraphs"}
    before, after = '<div class="story__block story__block--text"><p class="text">', "</p></div>"
    figure = (
        '<figure><img src="/i.jpg" alt=""><figcaption>The quay in March. Photo: A. Holm'
        "</figcaption></figure>"
    )
    date = '<meta name="date" content="2026-03-04T08:10:00+00:00">'
    return (
        f'{_head(case, date)}<body class="premium"><header class="page-header">{NAV}</header>'
        f'<div id="content"><section class="story"><span class="story__kicker">{article["kicker"]}'
        f'</span><h1 class="story__title">{article["headline"]}</h1><p class="story__lead">'
        f'{article["standfirst"]}</p><div class="story__meta">{article["byline"]}</div>{figure}'
        f"{_paragraphs(case, before, after)}</section></div>{FOOTER}</body></html>"
    )
