"""What a site's pages have in common, counted over prints, which are hashes of their texts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from heapq import nsmallest
from itertools import chain
from typing import Any, NamedTuple

from tasks.model import PageText, StrippedBlock
from tasks.prompts import Site
from tasks.prompts.recurring import SOME, exact_hash, text_hash

ENOUGH_PAGES = 200
"""When so many pages are gathered, no earlier archive file is asked."""
MOST_PAGES = 500
"""Prints kept of one archive file."""
MOST_TEXTS = 2000
"""Hashes kept of one page; news pages have about 150."""
LEAST_PAGES = 3
"""A text on fewer pages of different headlines does not recur."""


class Print(NamedTuple):
    """What is remembered of a page, as hashes."""

    url: int
    headline: int
    texts: list[int]
    """Of all its text blocks, kept or not, in ascending order."""


def kept_texts(page: PageText | None) -> frozenset[int]:
    """Hashes of what was kept as body and captions."""
    if page is None:
        return frozenset()
    return frozenset(map(text_hash, (*page.paragraphs, *page.captions))) - {0}


def print_of(
    article: Mapping[str, Any], kept: frozenset[int], stripped: Iterable[StrippedBlock]
) -> Print:
    """The print of a page that gave an article."""
    texts = kept.union(text_hash(block.text) for block in stripped)
    return Print(
        exact_hash(article["url_canonical"].encode()),
        text_hash(article["headline"]),
        nsmallest(MOST_TEXTS, texts - {0}),
    )


def chosen(prints: Iterable[Print]) -> list[Print]:
    """The prints kept of an archive file, whatever the order of its pages: one a URL, not all."""
    return list({each.url: each for each in nsmallest(MOST_PAGES, prints)}.values())


def find_recurring(files: Iterable[Iterable[Print]]) -> Site:
    """Count on how many pages each text stands.

    Args:
        files: the prints of a site's archive files, the newest first; of a URL the newest counts,
            and pages with one headline are one page.
    """
    urls: set[int] = set()
    pages: dict[int, set[int]] = {}
    for prints in files:
        for each in prints:
            if each.url not in urls:
                urls.add(each.url)
                pages.setdefault(each.headline, set()).update(each.texts)
        if len(urls) >= ENOUGH_PAGES:
            break
    counts = Counter(chain.from_iterable(pages.values()))
    least = max(LEAST_PAGES, SOME * len(pages))
    return Site(len(pages), {text: count for text, count in counts.items() if count >= least})
