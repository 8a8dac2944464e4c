"""Texts that recur over the pages of a site, counted over fingerprints: hashes of their texts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from heapq import nsmallest
from itertools import chain
from typing import Any, NamedTuple

from tasks.model import PageText, StrippedBlock
from tasks.prompts import Site
from tasks.prompts.recurring import SOME, exact_hash, text_hash

ENOUGH_PAGES = 200  # When there are so many pages, no earlier archive file is read
MAX_PAGES = 500  # Fingerprints kept of one archive file
MAX_TEXTS = 2000  # Hashes kept of one page; news pages have about 150
MIN_PAGES = 3  # A text on fewer pages of different headlines does not recur


class PageFingerprint(NamedTuple):
    """A page as hashes of its texts."""

    url: int
    headline: int
    texts: list[int]  # Of all its text blocks, kept or not, in ascending order


def kept_texts(page: PageText | None) -> frozenset[int]:
    """Hashes of what was kept as body and captions."""
    if page is None:
        return frozenset()
    return frozenset(map(text_hash, (*page.paragraphs, *page.captions))) - {0}


def fingerprint(
    article: Mapping[str, Any], kept: frozenset[int], stripped: Iterable[StrippedBlock]
) -> PageFingerprint:
    """The fingerprint of a page that gave an article."""
    texts = kept.union(text_hash(block.text) for block in stripped)
    return PageFingerprint(
        exact_hash(article["url_canonical"].encode()),
        text_hash(article["headline"]),
        nsmallest(MAX_TEXTS, texts - {0}),
    )


def select_fingerprints(fingerprints: Iterable[PageFingerprint]) -> list[PageFingerprint]:
    """At most `MAX_PAGES` of an archive file, one a URL, whatever the order of its pages."""
    return list({each.url: each for each in nsmallest(MAX_PAGES, fingerprints)}.values())


def find_recurring(files: Iterable[Iterable[PageFingerprint]]) -> Site:
    """Count on how many pages each text occurs.

    Args:
        files: The fingerprints of a site's archive files, the newest first; of a URL the newest
            counts, and pages with the same headline are one page.
    """
    urls: set[int] = set()
    pages: dict[int, set[int]] = {}
    for file in files:
        for each in file:
            if each.url not in urls:
                urls.add(each.url)
                pages.setdefault(each.headline, set()).update(each.texts)
        if len(urls) >= ENOUGH_PAGES:
            break
    counts = Counter(chain.from_iterable(pages.values()))
    least = max(MIN_PAGES, SOME * len(pages))
    return Site(len(pages), {text: count for text, count in counts.items() if count >= least})
