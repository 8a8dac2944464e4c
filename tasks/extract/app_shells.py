"""Distinguish pages that scripts would fill from those that have no text at all."""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.text.sentence_split import word_count

MAX_SHELL_WORDS = 30  # kept words below which a page may be an app's empty frame
MAX_SHOWN_WORDS = 120  # words that a frame shows by itself: navigation, footer, a line on cookies
# Scripts are heavy with 2,000 characters or more, and at least twenty for each character shown.
MIN_SCRIPT_CHARS, MIN_SCRIPT_RATIO = 2_000, 20
SCRIPT_FILE_CHARS = 5_000  # what a script in a file of its own counts for; loaders have some lines

# The elements that frameworks fill: React, Vue, Next, Nuxt, Gatsby, Svelte, and what their
# templates and tutorials call them. Angular's are custom elements (`<app-root>`).
_ROOT_ID = re.compile(
    r"(?:react-|vue-|main-|my-|the-)?(?:app|root|application|mount)(?:-?(?:root|container|mount))?"
    r"|__next|__nuxt|__layout|___gatsby|gatsby-focus-wrapper|svelte|q-app|ember-app|single-spa.*",
    re.I,
)
_ROOT_TAG = re.compile(r"(?:\w+-)+(?:app|root)|app-\w+", re.I)
_CONTENT_ELEMENTS = "video, iframe, form, picture, object"  # elements with one are not empty
MAX_LOADING_WORDS = 4  # words of a root that is filled later: "Loading", "Please wait"
_ASKS_FOR_JAVASCRIPT = re.compile(r"java-?script|\bjs\b.{0,30}\b(?:enable|require|aktivier)", re.I)
# Requests for JavaScript that concern only a part of a page, such as its comments.
_PART_ONLY = re.compile(r"comment|kommentar|disqus|video|player|kommentier|coment", re.I)
_STATE = re.compile(
    r"__(?:NEXT_DATA|NUXT|INITIAL_STATE|PRELOADED_STATE|APOLLO_STATE|remixContext|sveltekit)"
)
_REFRESH = re.compile(r"^\s*(\d{1,4})[^;,]*[;,]\s*url\s*=\s*[\"']?([^\"'\s]+)", re.I)
_MAX_REFRESH_SECONDS = 10  # seconds; a page meant to be read reloads later


@dataclass(frozen=True, slots=True)
class AppSigns:
    """Signs of an app on a page with little text."""

    root: str = ""  # the empty element that scripts would fill, as its start tag
    asks: bool = False  # a <noscript> that asks for JavaScript, or redirects readers without
    script_chars: int = 0
    has_state: bool = False  # scripts hold the state of an app
    refresh: str = ""  # where <meta http-equiv=refresh> sends the reader at once


NO_SIGNS = AppSigns()


def app_signs(tree: LexborHTMLParser) -> AppSigns:
    """The signs of a page, before its scripts are removed."""
    body = tree.body
    all_scripts = tree.css("script")
    scripts = [node for node in all_scripts if "ld+json" not in (node.attributes.get("type") or "")]
    inline = "".join(f"{node.attributes.get('id')} {node.text()}" for node in scripts)
    files = sum("src" in node.attributes for node in scripts)
    asks = (
        "refresh" in (node.html or "").lower()
        or (_ASKS_FOR_JAVASCRIPT.search(node.text()) and not _PART_ONLY.search(node.text()))
        for node in tree.css("noscript")
    )
    refreshes = (
        found[2][:300]
        for node in tree.css("head > meta[http-equiv]")
        if (node.attributes["http-equiv"] or "").lower() == "refresh"
        and (found := _REFRESH.match(node.attributes.get("content") or ""))
        and int(found[1]) <= _MAX_REFRESH_SECONDS
    )
    target = next(refreshes, "")
    return AppSigns(
        root=_empty_root(body) if body and scripts else "",
        asks=bool(scripts) and any(asks),
        script_chars=len(inline) + files * SCRIPT_FILE_CHARS,
        has_state=_STATE.search(inline) is not None,
        refresh=target and f"sends the reader to {target}",
    )


def needs_javascript(signs: AppSigns, words: int) -> str:
    """The evidence that scripts would put in the text of a page with so many words; else empty.

    Scripts alone prove little, as an error page has some for statistics: the page must show nothing
    at all, or hold the state of an app. To run the scripts would need a browser per page.
    """
    is_heavy = signs.script_chars >= max(MIN_SCRIPT_CHARS, MIN_SCRIPT_RATIO * 6 * words)
    if (signs.refresh and not signs.root) or words >= MAX_SHOWN_WORDS:
        return ""
    shown = f"{words} words on the page" if words else "no text"
    if signs.root:
        return f"an empty {signs.root}, {shown}"
    if signs.asks and words < MAX_SHELL_WORDS:
        return f"a <noscript> that asks for JavaScript, {shown}"
    if is_heavy and (words == 0 or (signs.has_state and words < MAX_SHELL_WORDS)):
        return f"about {signs.script_chars:,} characters of scripts, {shown}"
    return ""


def _empty_root(body: LexborNode) -> str:
    for node in body.css("[id], body > *"):
        tag, name = node.tag or "", node.attributes.get("id") or ""
        is_root = _ROOT_ID.fullmatch(name) or _ROOT_TAG.fullmatch(tag)
        if not is_root or node.css_first(_CONTENT_ELEMENTS):
            continue
        hidden = node.css("script, style, noscript, template")
        shown = word_count(node.text(separator=" ")) - sum(word_count(h.text()) for h in hidden)
        if shown <= MAX_LOADING_WORDS:
            return f'<{tag} id="{name[:50]}">' if name else f"<{tag[:50]}>"
    return ""
