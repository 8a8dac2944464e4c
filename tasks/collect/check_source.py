"""Checks that a source works: its listings, and an article of each; nothing is stored."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tasks.collect.fetch.client import Client
from tasks.collect.index_sitemaps import MAX_SITEMAPS, NAME_THEM
from tasks.collect.listings import find_files, read_listing
from tasks.extract import extract_page
from tasks.model import Attempt, CaptureKind, Failure, Outcome
from tasks.settings import Settings
from tasks.sources.source import Source
from tasks.text.counted import counted

Get = Callable[..., Attempt]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    is_good: bool
    text: str


def check_source(source: Source, settings: Settings) -> Iterator[Finding]:
    """Check every listing and glob of a source, and the newest page of each listing."""
    with (
        tempfile.TemporaryDirectory() as cache,
        Client(settings.limits, settings.user_agent, Path(cache)) as client,
    ):
        get = partial(
            client.get,
            record=lambda attempt: None,
            min_interval=source.min_interval_seconds,
            allow_private=source.allow_private_hosts,
        )
        sitemaps = set[str]()  # named by its indexes
        for url in source.listings:
            yield from _check_listing(get, source, url, settings.limits.max_entries, sitemaps)
        if (named := len(sitemaps.difference(source.listings))) > MAX_SITEMAPS:
            text = f"of {named} sitemaps of its indexes a run reads the newest {MAX_SITEMAPS}"
            yield Finding(False, f"{text}; {NAME_THEM}")
    for pattern in source.files:
        found = len(find_files((pattern,)))
        yield Finding(found > 0, f"{pattern}: {counted(found, 'saved page')}")


def _check_listing(
    get: Get, source: Source, url: str, max_entries: int, sitemaps: set[str]
) -> Iterator[Finding]:
    attempt = get(url, kind=CaptureKind.LISTING)
    if attempt.outcome is not Outcome.LISTED:
        yield Finding(False, f"{url}: {attempt.outcome}: {attempt.detail}")
        return
    about = (attempt.payload, attempt.content_type, attempt.url_final)
    is_section = url in source.sections
    try:
        listing = read_listing(*about, max_entries=max_entries, may_be_section=is_section)
    except Failure as failure:
        yield Finding(False, f"{url}: {failure.outcome}: {failure.detail}")
        return
    sitemaps.update(listing.children)
    is_useful = bool(listing.entries or listing.children)
    size = counted(len(listing.entries), "entry", "entries")
    if listing.kind == "sitemap_index":
        size = counted(len(listing.children), "sitemap")
    text = "; ".join(filter(None, (f"{url}: {listing.kind}, {size}", listing.left_out)))
    yield Finding(is_useful, text)
    if not listing.entries:
        return
    # One page is enough, and asks little of the host.
    page = get(listing.entries[0].url, kind=CaptureKind.PAGE)
    if page.outcome is not Outcome.FETCHED:
        yield Finding(False, f"{page.url_requested}: {page.outcome}: {page.detail}")
        return
    extracted = extract_page(
        page.payload,
        page.content_type,
        page.url_final,
        source_language=source.language,
        timezone=source.timezone,
        overrides=source.overrides,
    )
    result = f"{extracted.outcome}: {extracted.detail}"
    if extracted.outcome is Outcome.NEEDS_JAVASCRIPT:
        why = f"its text is put in by JavaScript, which is not run ({extracted.detail})"
        result = f"{extracted.outcome}: {why}"
    elif extracted.page:
        words = sum(len(paragraph.split()) for paragraph in extracted.page.paragraphs)
        when = extracted.page.published_at or "no date"
        result = f"{extracted.page.headline!r}, {when}, {words} words"
    yield Finding(extracted.page is not None, f"{page.url_requested}: {result}")
