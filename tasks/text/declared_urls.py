"""Which URL identifies a page: the one that it declares, where that is plausible."""

import re
from urllib.parse import unquote, urljoin, urlsplit

from tasks.text.urls import clean, fold, is_http, same_site

# What a path has that names one article by itself: a date, a number; else a headline's words.
_NUMBERED = re.compile(r"/(?:19|20)\d\d[/-]?(?:0?[1-9]|1[0-2])(?:[/-]|\d\d|$)|\d{5}|\d{3}[^/]*/?$")
_WORD = re.compile(r"[^\W\d_]+")
_HEADLINE_WORDS = 3
# Names of parameters whose number selects, however short it is: `?id=4`, `?idxno=12`, `?p=7`.
_SELECTS = re.compile(r".*(?:id|no|num|nr|idx|seq|key|code)|art.*|story|news|[anp]", re.IGNORECASE)
# Names of those that select a part or a form of a page.
_FORM = re.compile(
    r"""c?page(?:d|no|num)? | pg | pagina | seite | start | offset | limit | print | replytocom
    | v | ver(?:sion)? | rev | m(?:obile)? | share | nocache | _ | rand(?:om)? | cb | t | ts
    | time(?:stamp)? | w(?:idth)? | h(?:eight)? | size | .*sess.*""",
    re.VERBOSE | re.IGNORECASE,
)


def canonical(declared: str | None, final: str) -> str:
    """The URL that identifies a page: the declared one if plausible, else the one it came from.

    A declared URL must be on the same site, and must not be the home page when the page is not, nor
    lack the number that selects the article. A saved file (`file:`) has no site: it may declare any
    article's URL.
    """
    own = clean(final)
    try:
        claimed = clean(urljoin(final, declared.strip())) if declared else ""
    except ValueError:
        return own
    if not is_http(claimed):
        return own
    if not is_http(own):
        return own if _is_home(claimed) else claimed
    is_other_home = _is_home(claimed) and not _is_home(own)
    is_refused = is_other_home or not same_site(claimed, own) or _selects_no_article(claimed, own)
    return own if is_refused else claimed


def _selects_no_article(claimed: str, own: str) -> bool:
    """Whether a URL is the page's own without the number that selects the article."""
    # `/view.php?id=1` to `?id=4` that all declare `/view.php` were versions of one article.
    named, asked = urlsplit(fold(claimed)), urlsplit(fold(own))
    return (
        named.path == asked.path
        and _selects(asked.query)
        and not _selects(named.query)
        and not _names_article(asked.path)
    )


def _names_article(path: str) -> bool:
    """Whether a path names an article by itself, by a date, a number or a headline."""
    path = unquote(path)
    last = path.rstrip("/").rpartition("/")[2].partition(".")[0]
    return bool(_NUMBERED.search(path)) or len(_WORD.findall(last)) >= _HEADLINE_WORDS


def _selects(query: str) -> bool:
    """Whether a part of a query has a number that may be an article's."""
    for pair in query.split("&"):
        name, _, value = unquote(pair).partition("=")
        digits = r"\d" if _SELECTS.fullmatch(name) else r"\d{3}"
        if not _FORM.fullmatch(name) and re.search(digits, value or name):
            return True
    return False


def _is_home(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query
