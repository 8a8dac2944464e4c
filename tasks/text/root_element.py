"""Recognises a document by its root element, whatever its content type."""

import re

FEEDS = frozenset({"rss", "feed", "rdf", "channel"})
SITEMAPS = frozenset({"urlset", "sitemapindex"})

_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_PROLOG = re.compile(r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<!.*?(?:>|\Z)", re.DOTALL)
_HTML = re.compile(r"<!doctype\s+html", re.IGNORECASE)
_BYTE_ORDER_MARKS = "\u00ef\u00bb\u00bf\u00ff\u00fe"
_PROLOG_BYTES = 65536


def root_element(payload: bytes) -> str:
    """The root element's name without its prefix, `{` for JSON, empty for anything else."""
    text = _beginning(payload)
    if text.startswith("{"):
        return "{"
    if _HTML.match(text):
        return "html"
    found = _ROOT.search(_PROLOG.sub("", text))
    return found[1].lower() if found else ""


def is_feed_or_sitemap(payload: bytes) -> bool:
    """Whether a document begins as a feed or sitemap; a text may contain `<rss>` further on."""
    return _beginning(payload).startswith("<") and root_element(payload) in FEEDS | SITEMAPS


def _beginning(payload: bytes) -> str:
    text = payload[:_PROLOG_BYTES].replace(b"\0", b"").decode("latin-1")
    return text.lstrip(_BYTE_ORDER_MARKS + " \t\r\n")
