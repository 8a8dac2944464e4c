"""Addresses of an article's pages: `/2`, `/page/2`, `-2.html`, `_2.html`, `?page=2`."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from tasks.text.declared_urls import names_article
from tasks.text.urls import fold_url, is_http

_PARAMETER = re.compile(r"page(?:wanted|no|num(?:ber)?)?|pg|seite|pagina", re.IGNORECASE)
# `-2` counts only before an extension: WordPress calls another post of the same title so.
_IN_PATH = re.compile(
    r"(?P<mark>/(?:(?P<word>page|seite|pagina)[/-]?)?|[-_](?=\d+\.))(?P<number>\d{1,2})"
    r"(?P<extension>(?:\.[a-z]{2,5})?)$"
)
_DAY = re.compile(r"/(?:19|20)\d\d(?:[/-]\d\d?){0,2}$")
_WHOLE = "all"  # `?pagewanted=all`


def is_next_page(later: str, earlier: str) -> bool:
    """Whether an address is another one with the next page number; the first page may have none."""
    return is_http(later) and fold_url(earlier) in map(
        fold_url, _earlier_addresses(fold_url(later))
    )


def shows_all_pages(url: str) -> bool:
    """Whether an address asks for all pages at once."""
    query = urlsplit(fold_url(url)).query if is_http(url) else ""
    pairs = (pair.partition("=") for pair in query.split("&"))
    return any(_PARAMETER.fullmatch(name) and value == _WHOLE for name, _, value in pairs)


def _earlier_addresses(url: str) -> Iterator[str]:
    """The addresses that the page before a page may have."""
    parts = urlsplit(url)
    pairs = parts.query.split("&")
    for place, pair in enumerate(pairs):
        name, _, value = pair.partition("=")
        if _PARAMETER.fullmatch(name) and re.fullmatch("[0-9]{1,2}", value):
            others = [pairs[:place], pairs[place + 1 :]]
            values = [f"{name}={int(value) - 1}"]
            firsts = [f"{name}={_WHOLE}", ""] if int(value) == 2 else []
            # Page 2 of a site's home page is none of an article.
            for kept in values + firsts if parts.path.strip("/") or len(pairs) > 1 else []:
                query = "&".join([*others[0], *([kept] if kept else []), *others[1]])
                yield urlunsplit(parts._replace(query=query))
            return
    found = _IN_PATH.search(parts.path)
    if not found or not found.start():
        return
    base, number = parts.path[: found.start()], int(found["number"])
    if number == 2:
        yield urlunsplit(parts._replace(path=base + found["extension"]))
    # The next post after `/posts/5` is `/posts/6`, and the next day after `/2024/05/16` another.
    if found["word"] or (names_article(base) and not _DAY.search(base)):
        path = f"{base}{found['mark']}{number - 1}{found['extension']}"
        yield urlunsplit(parts._replace(path=path))
