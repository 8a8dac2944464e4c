"""Which URL identifies a page: the one that it declares, where that is plausible."""

import re
from urllib.parse import unquote, urljoin, urlsplit

from tasks.text.urls import clean, fold_url, is_http, same_site

# A date or number in a path, which identifies an article; so do the words of a headline.
_NUMBERED = re.compile(r"/(?:19|20)\d\d[/-]?(?:0?[1-9]|1[0-2])(?:[/-]|\d\d|$)|\d{5}|\d{3}[^/]*/?$")
_WORD = re.compile(r"[^\W\d_]+")
_HEADLINE_WORDS = 3
_LONG_WORD = 4  # Letters: shorter words, such as `in` or `the`, are in any headline
_CJK_HEADLINE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{6}")
_ARCHIVE = re.compile(r"/(?:19|20)\d\d[/-](?:0?[1-9]|1[0-2])(?:[/-]\d\d?)?/?$")  # of a day, a month
_SHORT_NUMBER = re.compile(r"/\d+(?:\.\w+)?/?$")  # `/news/4`
_LONG_NUMBER = re.compile(r"\d{5,}")
# Parameters whose number selects an article, even if it is short: `?id=4`, `?idxno=12`, `?p=7`.
_SELECTS = re.compile(r".*(?:id|no|num|nr|idx|seq|key|code)|art.*|story|news|[anp]", re.IGNORECASE)
# Parameters that select a part or a form of a page.
_FORM = re.compile(
    r"""c?page(?:d|no|num)? | pg | pagina | seite | start | offset | limit | print | replytocom
    | v | ver(?:sion)? | rev | m(?:obile)? | share | nocache | _ | rand(?:om)? | cb | t | ts
    | time(?:stamp)? | w(?:idth)? | h(?:eight)? | size | .*sess.*""",
    re.VERBOSE | re.IGNORECASE,
)
# How precisely a URL identifies an article, in ascending order.
_HOME, _SECTION, _VAGUE, _ARTICLE = range(4)


def canonical(declared: str | None, final: str) -> str:
    """The URL that identifies a page: the declared one if plausible, else `final`.

    A declared URL must be on the same site, and identify an article as precisely as the page's own
    URL: not a home page or section, nor one with another article's headline. A saved file (`file:`)
    has no site: it may declare any URL except a front page.
    """
    own = clean(final)
    try:
        claimed = clean(urljoin(final, declared.strip())) if declared else ""
    except ValueError:
        return own
    if not is_http(claimed):
        return own
    if not is_http(own):
        is_front = urlsplit(fold_url(claimed)).path.count("/") == 1  # `/`, `/en` or `/news`
        return own if is_front and _precision(claimed) <= _SECTION else claimed
    is_refused = (
        not same_site(claimed, own)
        or _selects_no_article(claimed, own)
        or _is_less_precise(claimed, own)
        or _names_another(claimed, own)
    )
    return own if is_refused else claimed


def _is_less_precise(claimed: str, own: str) -> bool:
    """Whether a URL with another path identifies an article less precisely than the page's own."""
    # Otherwise six articles that all declared `/en`, `/news` or `/article` became one article.
    claimed_path, own_path = (unquote(urlsplit(fold_url(url)).path) for url in (claimed, own))
    is_numbered = _SHORT_NUMBER.search(claimed_path) and not _ARCHIVE.search(claimed_path)
    if claimed_path == own_path or is_numbered:
        return False
    precision = _precision(claimed)
    is_above = precision <= _SECTION and claimed_path.count("/") < own_path.count("/")
    return is_above or precision < _precision(own)


def _precision(url: str) -> int:
    """How precisely a URL identifies an article: one of `_HOME` to `_ARTICLE`."""
    parts = urlsplit(fold_url(url))
    path, name = unquote(parts.path), _file_name(parts.path)
    if _selects(parts.query):
        return _ARTICLE
    if _ARCHIVE.search(path):
        return _SECTION
    if names_article(path) or _CJK_HEADLINE.search(name):
        return _ARTICLE
    # `/summit-opens` or `/news/4`; a word alone is a section, `/en` or `/home.html`.
    if len(_WORD.findall(name)) > 1 or re.search(r"\d", path.rpartition("/")[2]):
        return _VAGUE
    return _SECTION if name else _HOME


def _names_another(claimed: str, own: str) -> bool:
    """Whether a URL has another headline than the page's own, and no number in common with it."""
    # A template may declare one article's URL on the pages of all articles.
    claimed_words, own_words = (
        set(_WORD.findall(_file_name(urlsplit(url).path).lower())) for url in (claimed, own)
    )
    shared = {word for word in claimed_words & own_words if len(word) >= _LONG_WORD}
    shared |= {*_LONG_NUMBER.findall(claimed)} & {*_LONG_NUMBER.findall(own)}
    return min(len(claimed_words), len(own_words)) >= _HEADLINE_WORDS and not shared


def _selects_no_article(claimed: str, own: str) -> bool:
    """Whether a URL is the page's own without the number that selects the article."""
    # Otherwise `/view.php?id=1` to `?id=4` that all declare `/view.php` became one article.
    claimed_parts, own_parts = urlsplit(fold_url(claimed)), urlsplit(fold_url(own))
    return (
        claimed_parts.path == own_parts.path
        and _selects(own_parts.query)
        and not _selects(claimed_parts.query)
        and not names_article(own_parts.path)
    )


def names_article(path: str) -> bool:
    """Whether a path alone identifies an article, by a date, a number or a headline."""
    path = unquote(path)
    return bool(_NUMBERED.search(path)) or len(_WORD.findall(_file_name(path))) >= _HEADLINE_WORDS


def _file_name(path: str) -> str:
    """The last part of a path, without its ending: `.html`."""
    return unquote(path).rstrip("/").rpartition("/")[2].partition(".")[0]


def _selects(query: str) -> bool:
    """Whether a part of a query has a number that may be an article's."""
    for pair in query.split("&"):
        name, _, value = unquote(pair).partition("=")
        digits = r"\d" if _SELECTS.fullmatch(name) else r"\d{3}"
        if not _FORM.fullmatch(name) and re.search(digits, value or name):
            return True
    return False
