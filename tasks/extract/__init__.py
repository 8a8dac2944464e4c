"""Turn the bytes of one page into an article, or into the reason why there is none."""

import re
from collections.abc import Callable
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser

from tasks.extract.access import is_truncated, judge_access
from tasks.extract.app_shells import app_signs
from tasks.extract.article_or_not import judge_page
from tasks.extract.authors import clean_authors
from tasks.extract.datelines import find_dateline
from tasks.extract.languages import choose_language, detect_page
from tasks.extract.metadata import Metadata, read_metadata
from tasks.extract.metadata_elements import text_of
from tasks.extract.mhtml import is_mhtml, page_of_mhtml
from tasks.extract.rejections import CHALLENGE_PARTS, PageView, reject
from tasks.http.response import is_page
from tasks.model import Cleaned, Extraction, Outcome, PageText
from tasks.prompts.clean_page import clean_lines, clean_tree
from tasks.prompts.page_hints import NO_SITE, Hints, Site
from tasks.sources.source import NO_OVERRIDES, BlockOverrides
from tasks.text.charsets import decode
from tasks.text.html_tree import parse_html
from tasks.text.root_element import is_feed_or_sitemap
from tasks.text.sentence_split import word_count
from tasks.text.urls import is_http

VIEW_CHARS = 6000
LIVE_BLOG = "[itemtype$=LiveBlogPosting]"
MARKUP = re.compile(r"\s*(?:<!doctype\s+html|<html\b|<head\b)", re.I)


def extract_page(
    payload: bytes,
    content_type: str,
    url: str,
    *,
    source_language: str | None = None,
    timezone: str = "UTC",
    overrides: BlockOverrides = NO_OVERRIDES,
    site: Site = NO_SITE,
) -> Extraction:
    """The article of a page, or the reason why there is none. A pure function of its arguments.

    Args:
        payload: the page after content decoding; a saved one may be a whole MHTML file.
        content_type: as HTTP gives it; may be empty.
        url: where the page came from; a `file:` URL or nothing for a saved page.
        source_language: code of the source's language, for pages that do not state theirs.
        timezone: IANA zone of the source, for times without one.
        overrides: the source's `strip` and `keep` overrides.
        site: texts that recur on the source's pages, as counted by `tasks.refine.site_boilerplate`.
    """
    if is_mhtml(content_type):
        try:
            payload, content_type = page_of_mhtml(payload)
        except (ValueError, LookupError) as error:
            return Extraction(Outcome.UNREADABLE_FILE, str(error))
    if not is_page(content_type):
        return Extraction(Outcome.NOT_A_PAGE, content_type[:100])
    # Feeds are served as text/html, too; one that a listing named was an article of its entries.
    if is_feed_or_sitemap(payload):
        return Extraction(Outcome.NOT_A_PAGE, f"a feed or sitemap sent as {content_type[:100]!r}")
    text = decode(payload, content_type, source_language)
    if text is None:
        return Extraction(Outcome.UNDECODABLE, "the bytes are no text")
    if not text.strip():
        return Extraction(Outcome.EMPTY_PAGE, "no text")
    known = Hints(overrides=overrides, site=site)
    is_plain = content_type.lower().startswith("text/plain") or url.lower().endswith(".txt")
    if is_plain and not MARKUP.match(text):
        return _extract_text(text, source_language, known)
    return _extract_html(text, url, source_language, timezone, known)


def _extract_html(
    text: str, url: str, source_language: str | None, timezone: str, known: Hints
) -> Extraction:
    tree = parse_html(text)
    meta = read_metadata(tree, url, timezone, source_language)
    hints = replace(
        known,
        headline=meta.headline,
        description=meta.description,
        authors=meta.authors,
        address=url if is_http(url) else meta.declared_url or "",
        language=meta.language or detect_page(map(text_of, tree.css("p"))) or source_language,
        body=meta.body,
        is_live="LiveBlogPosting" in meta.kinds or tree.css_first(LIVE_BLOG) is not None,
        entries=meta.entries,
    )
    cleaned = clean_tree(tree, hints)
    return _article_or_refusal(meta, cleaned, lambda: _view(tree), url, source_language)


def _extract_text(text: str, source_language: str | None, known: Hints) -> Extraction:
    """The article of a page saved as text, whose metadata are lost."""
    lines = text.splitlines()
    language = detect_page(lines) or source_language
    cleaned = clean_lines(lines, replace(known, language=language))
    words = max(1, word_count(" ".join(cleaned.paragraphs)))
    view = PageView("", "", text[:VIEW_CHARS], words)
    return _article_or_refusal(Metadata(), cleaned, lambda: view, "", source_language)


def _article_or_refusal(
    meta: Metadata,
    cleaned: Cleaned,
    look: Callable[[], PageView],
    url: str,
    source_language: str | None,
) -> Extraction:
    verdict = judge_page(cleaned.signals, meta, url)
    if refusal := reject(look, meta, cleaned, verdict):
        return Extraction(*refusal, prose_words=cleaned.prose_words)
    headline = meta.headline or cleaned.headline or ""
    text = "\n".join([headline, *cleaned.paragraphs])
    language, language_source = choose_language(meta.language, text, source_language)
    access = judge_access(meta.access, cleaned)
    page = PageText(
        headline=headline,
        paragraphs=cleaned.paragraphs,
        captions=cleaned.captions,
        kicker=cleaned.kicker,
        standfirst=cleaned.standfirst,
        byline=cleaned.byline,
        authors=meta.authors or clean_authors([cleaned.byline or ""]),
        dateline=find_dateline(cleaned.paragraphs[0]) if cleaned.paragraphs else None,
        section=meta.section or cleaned.section,
        language=language,
        language_source=language_source,
        published_at=meta.published.at if meta.published else None,
        published_raw=meta.published.raw if meta.published else None,
        published_has_time=meta.published.has_time if meta.published else None,
        published_source=meta.published_source,
        modified_at=meta.modified_at,
        access=access,
        is_truncated=is_truncated(
            access, cleaned, meta.stated_words, is_one_of_pages=meta.is_one_of_pages
        ),
        doubt=verdict.reason or None,
        rights_notice=meta.rights_notice,
        tdm_reservation=meta.tdm_reservation,
        declared_url=meta.declared_url,
    )
    return Extraction(Outcome.ARTICLE, page=page, stripped=cleaned.stripped)


def _view(tree: LexborHTMLParser) -> PageView:
    """What the page shows; removes scripts and styles from the tree."""
    title = tree.css_first("title")
    headings = tree.css("h1")[:200]
    body = tree.body
    if body is None:
        return PageView(title.text() if title else "", "", "", 0)
    challenge = tree.css_first(CHALLENGE_PARTS)
    video = tree.css_first("video, [itemtype*=VideoObject]")
    robots = tree.css_first("meta[name=robots i][content*=noindex i]")
    app = app_signs(tree)
    # After the searches above: captchas and players are recognised by their scripts.
    tree.strip_tags(["script", "style", "noscript", "template"])
    text = " ".join(body.text(separator=" ").split())
    return PageView(
        title=" ".join(title.text().split()) if title else "",
        headings="\n".join(" ".join(h.text().split()) for h in headings),
        text=text[:VIEW_CHARS],
        words=word_count(text[:VIEW_CHARS]),
        has_challenge=challenge is not None,
        has_video=video is not None,
        is_unindexed=robots is not None,
        app=app,
    )
