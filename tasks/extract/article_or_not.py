"""Decide whether a page is an article or lists articles, by trees trained on pages of both kinds.

Evidence is what the cleaned page shows (`tasks.prompts.page_signals`), its address and its
metadata. Counting signs by hand took 78 % of listing pages for articles and rejected real ones.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from tasks.extract.jsonld import ARTICLE_TYPES, path_of
from tasks.extract.metadata import Metadata
from tasks.prompts.block_model import Forest, read_forest
from tasks.text.sentence_split import word_count
from tasks.text.urls import is_http

MODEL = Path(__file__).with_name("article_model.json")
# A page with fewer than MIN_LINKS links lists nothing; one without kept text lists nothing with
# fewer than MIN_LINKS_ALONE.
MIN_LINKS, MIN_LINKS_ALONE = 5, 10
# A page with a lower probability of being an article is rejected, by whether its address is known:
# without one, the same limit rejects twice as many articles.
REJECTED_BELOW = {True: 0.55, False: 0.4}
DOUBTED_BELOW = 0.85  # Below it, a page is kept and marked
ARTICLE_PATH = re.compile(r"\d{4,}|-.*-.*-|\.s?html?$")
# What states the publication date, by trust.
DATE_SOURCES = {"none": 0, "url": 1, "page": 2, "meta": 3, "jsonld": 4}
# The model's columns, by the group that a reason names.
GROUPS = {
    "text": ("kept_words", "kept_share", "good_share", "run_words", "run_share", "longest"),
    "reading": ("kept_score", "top_score", "score_mass", "sure_words", "prompt_score"),
    "teasers": ("cards", "card_share", "kept_in_cards", "linked_headings", "copies", "images"),
    "prices": ("prices",),
    "links": ("kept_links", "links_amid", "gap_share", "links"),
    "place": ("headline_place", "after_headline", "words_before", "in_article", "has_byline"),
    "address": ("last_length", "last_hyphens", "is_leaf"),
    "metadata": (
        *("og_article", "article_type", "news_type", "dated", "is_modified", "authors"),
        "headline_words",
    ),
}


@dataclass(frozen=True, slots=True)
class PageVerdict:
    """Whether a page is a listing, and the evidence against an article; empty if it is clear."""

    is_listing: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ArticleModel:
    """The trees, and the value that each of their columns has on the median article."""

    forest: Forest
    typical: Mapping[str, float]


@cache
def load_article_model() -> ArticleModel:
    """The model, read once per process."""
    data = json.loads(MODEL.read_text(encoding="utf-8"))
    return ArticleModel(read_forest(data["forest"]), data["typical"])


def states_article(meta: Metadata) -> bool:
    """Whether the page says that it is an article."""
    return bool(meta.kinds & ARTICLE_TYPES) or "og:article" in meta.kinds


def judge_page(signals: Mapping[str, float], meta: Metadata, url: str) -> PageVerdict:
    """Whether a page lists articles; `signals` are of `page_signals`, `url` may be no http URL."""
    if signals.get("links", 0) < (MIN_LINKS if signals.get("kept_words") else MIN_LINKS_ALONE):
        return PageVerdict()
    address = url if is_http(url) else meta.declared_url or ""
    found = evidence(signals, meta, address)
    model = load_article_model()
    (score,) = model.forest.score({name: np.array([found[name]]) for name in model.forest.columns})
    if score >= DOUBTED_BELOW:
        return PageVerdict()
    # The reason is the group of columns that an article would differ in most: the one whose values
    # on the median article would raise the score most.
    groups = {name: group for name, group in GROUPS.items() if address or name != "address"}
    mixed = [
        {**found, **{name: model.typical[name] for name in group if name in model.typical}}
        for group in groups.values()
    ]
    columns = {name: np.array([row[name] for row in mixed]) for name in model.forest.columns}
    group = list(groups)[int(model.forest.score(columns).argmax())]
    n = {name: f"{value:.0f}" for name, value in found.items()}
    stated = {"type": states_article(meta), "date": meta.published, "author": meta.authors}
    missing = ", ".join(name for name, value in stated.items() if not value)
    unstated = f"no {missing} of an article stated" if missing else "metadata unlike an article's"
    deciding = {
        "text": f"{n['longest']} words in the longest paragraph",
        "reading": f"{n['sure_words']} words that read like an article",
        "teasers": f"{n['cards']} teasers in the longest list",
        "prices": f"{n['prices']} prices",
        "links": f"{found['links_amid']:.0%} of the text between paragraphs in links",
        "place": f"{n['words_before']} words before the first paragraph",
        "address": f"address {urlsplit(address).path[:100]}",
        "metadata": unstated,
    }[group]
    listed = f"{n['linked_headings']} linked headings" if found["linked_headings"] else ""
    reason = f"{deciding}; {listed or n['links'] + ' links'}, {n['kept_words']} words of text"
    # Of 130 listings one states an article that is dated and whose headline it prints; articles of
    # few paragraphs in elements without names look like listings otherwise.
    is_dated = meta.published_source in ("jsonld", "meta") and meta.is_dated_article
    is_dated |= bool(meta.entries)
    is_stated = meta.is_printed and is_dated and states_article(meta)
    return PageVerdict(bool(score < REJECTED_BELOW[bool(address)]) and not is_stated, reason)


def evidence(signals: Mapping[str, float], meta: Metadata, address: str) -> dict[str, float]:
    """The model's columns for a page; those of an unknown address are -1."""
    path = path_of(address)
    last = path.rpartition("/")[2]
    kinds = meta.kinds
    stated: dict[str, float] = {
        "last_length": len(last),
        "last_hyphens": last.count("-") + last.count("_"),
        "is_leaf": ARTICLE_PATH.search(last) is not None,
        "og_article": "og:article" in kinds,
        "article_type": bool(kinds & ARTICLE_TYPES),
        "news_type": any(kind.endswith("NewsArticle") for kind in kinds),
        "dated": DATE_SOURCES.get(meta.published_source, 0),
        "is_modified": meta.modified_at is not None,
        "authors": len(meta.authors),
        "headline_words": word_count(meta.headline or ""),
    }
    if not address:
        stated |= dict.fromkeys(GROUPS["address"], -1.0)
    return {**signals, **stated}
