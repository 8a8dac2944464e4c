"""What a browser adds to a page that it saves: URL and time inside it, a folder beside it."""

import email
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from tasks.collect.listings.section_links import looks_like_article
from tasks.http.response import HTML_TYPES
from tasks.text.printed_times import instant
from tasks.text.urls import is_http

HEAD_BYTES = 65_536  # of a file; URL and time are within them
# The clock of the machine that saved a page may be ahead of this one's.
MAX_AHEAD = timedelta(days=1)

# <!-- saved from url=(0042)https://courier.example/... -->, which Chrome, Edge and Internet
# Explorer write before <html>; the page itself may have such comments before it.
_SAVED_FROM = re.compile(rb"<!-- saved from url=\(\d+\)(\S+?) -->\s*<html\b", re.IGNORECASE)
# The first thing within <html>. The time is as JavaScript prints it: Mon Mar 02 2026 19:00:00
# GMT+0900 (Japan Standard Time).
_SINGLE_FILE = re.compile(
    rb"<html\b[^>]*>\s*<!--\s*(?:Page saved with|Archive processed by) SingleFile\s+"
    rb"url: *(\S+)\s+saved date: *(\w{3} \w{3} \d\d? \d{4} [\d:]{8} GMT[+-]\d{4})?",
    re.IGNORECASE,
)
_BASE = re.compile(rb"<base\b[^>]*?\bhref\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
# Host names that resolve on a local network only.
_PRIVATE_NAME = re.compile(
    r"[^.]+|.+\.(?:local|localhost|internal|intranet|lan|home|corp|home\.arpa)"
)
# The page's name with a suffix: what browsers call the folder of its frames and images in each of
# their languages, and what Windows treats as such a folder.
_FOLDER = re.compile(
    r"(.+)[_.-](?:files?|dateien|fichiers|bestanden|archivos|arquivos|ficheiros|filer|tiedostot"
    r"|pliki|soubory|elemei|dosyalar|datoteke|fitxers|failid|fails|bylos|fajlovi|fitxategiak)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class BrowserSave:
    """What the browser recorded about a saved page."""

    url: str | None = None
    saved_at: datetime | None = None
    refused: str = ""  # why its URL was refused: a file's identifies no article


def read_page_save(head: bytes, *, allow_private: bool) -> BrowserSave:
    """Read what a browser wrote at the beginning of a saved HTML page.

    A `<base>` counts only if it looks like an article's: it may be the same on a whole site.
    """
    if found := _SAVED_FROM.search(head):
        # Chrome writes -%2D for --, which would end the comment.
        return _browser_save(_text(found[1]).replace("-%2D", "--"), None, allow_private)
    if found := _SINGLE_FILE.search(head):
        try:
            printed = datetime.strptime(_text(found[2] or b""), "%a %b %d %Y %H:%M:%S GMT%z")
            saved_at = printed.astimezone(UTC)
        except (ValueError, OverflowError):
            saved_at = None
        return _browser_save(_text(found[1]), saved_at, allow_private)
    found = _BASE.search(head)
    base = _text(found[1]) if found else ""
    is_article = is_http(base) and looks_like_article(base) and not _is_private(base)
    return BrowserSave(base if is_article else None)


def read_mhtml_save(head: bytes, *, allow_private: bool) -> BrowserSave:
    """Read URL and time from the headers of an MHTML file, and of the page in it."""
    mhtml = email.message_from_bytes(head)
    pages = (part for part in mhtml.walk() if part.get_content_type() in HTML_TYPES)
    named = (
        mhtml["Snapshot-Content-Location"],
        mhtml["Content-Location"],
        next(pages, mhtml)["Content-Location"],
    )
    url = next((str(value).strip() for value in named if value), "")
    # Chrome writes -0000 for UTC.
    saved_at = instant(str(mhtml["Date"]))
    return _browser_save(url, saved_at, allow_private)


def is_resource(path: Path) -> bool:
    """Whether a file lies in the folder that a browser saved beside a page: a frame, no article."""
    for folder in path.parents:
        if (found := _FOLDER.fullmatch(folder.name)) and any(
            folder.with_name(found[1] + suffix).is_file() for suffix in (".html", ".htm", ".xhtml")
        ):
            return True
    return False


def _browser_save(url: str, saved_at: datetime | None, allow_private: bool) -> BrowserSave:
    is_past = saved_at is not None and saved_at <= datetime.now(UTC) + MAX_AHEAD
    saved_at = saved_at if is_past else None
    if is_http(url) and (allow_private or not _is_private(url)):
        return BrowserSave(url, saved_at)
    # Internet Explorer writes about:internet for a page of unknown origin.
    is_known = url and not url.startswith(("about:", "cid:"))
    shown = url[:1000].encode("utf-8", "backslashreplace").decode()
    refused = f"saved from {shown}, which identifies no article" if is_known else ""
    return BrowserSave(None, saved_at, refused)


def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return _PRIVATE_NAME.fullmatch(host.rstrip(".")) is not None


def _text(found: bytes) -> str:
    return found.decode("utf-8", "replace")
