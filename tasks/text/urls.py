"""URLs as identities: cleaned, folded to the key of one article, compared by site."""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urljoin, urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import idna
from tld import Result, get_tld

_NETLOC = re.compile(
    r"""(?:[^\s\\]*@)?                       # https://user:password@
    (?:[^\s\x00-\x20\x7f\\@<>"%\[\]:]+ | \[[0-9a-fA-F:.]+\])
    (?::\d*)?""",
    re.VERBOSE,
)
_DEFAULT_PORTS = {"http": 80, "https": 443}

_TRACKER_WORDS = re.compile(
    r"""^(?:dc|fbc|gc|twc|yc|ysc)lid | ^(?:click|gbra|msclk|igsh|partner|wbra)id
    | ^(?:ads?|ga|gs|itm|mc|mkt|ml|mtm|oly|pk|utm|vero)_
    | (?:\b|_)(?:aff|campaign|cl?id|eid|ga|gl|kwd|keyword|medium|ref|session|source|uid|xtor)""",
    re.VERBOSE,
)
"""Beginnings of parameters by which a link says where it was clicked. From courlan's list, which is
not part of its documented interface; it must not change with courlan's version, as an article's id
is made from the URL without them."""
_TRACKERS = re.compile(
    r"""^(?:
      at_.+ | ns_.+ | _hs.+ | hscta.* | wt[._]?mc.* | soc_.+ | fb_.+ | __?s?source | campaign.*
    | refsrc | sref | cmp | cmpid | i(?:nt)?_?cmp | [ino]cid | mbid | smid | smtyp | srnd | emc
    | ftag | ftcamp | \.?tsrc | igsh | spm | srsltid | guc.+ | trk | ito | ico | dicbo | tblci
    | oborigurl | ysclid | ttclid | li_fat_id | _openstat | _?_twitter_impression | bxid | cndid
    | (?:.+_)?(?:referr?er|affiliate).* | amp(?:_.*)? | _amp | outputtype | usqp | share_?token
    )$""",
    re.VERBOSE,
)
"""Whole names. `?at_custom1=` and `?ns_mchannel=` are the BBC's, `?smid=` the
New York Times', `?ito=` the Mail's, `?srnd=` Bloomberg's."""

_EITHER = frozenset({"cid", "eid", "uid"})
"""Trackers at most papers, the article's number at some: `?cid=AEN20110101000100`."""
_ARTICLE_NUMBER = re.compile(r"\d{4}")

_VIEWERS = (
    # https://www.google.com/amp/s/www.example.com/a
    re.compile(r"(?:www\.)?(?:google(?:\.[a-z]{2,3}){1,2}|bing\.com)/amp/(s/)?([^/]+\.[^/]+.*)"),
    # https://www-example-com.cdn.ampproject.org/c/s/www.example.com/a
    re.compile(r"(?:[\w-]+\.)?(?:cdn\.ampproject\.org|bing-amp\.com)/[a-z]+/(s/)?([^/]+\.[^/]+.*)"),
)
_AMP_SEGMENTS = frozenset({"amp", "amp.html"})
_AMP_SUFFIX = re.compile(r"(?<=.)\.amp(\.html?)?$", re.IGNORECASE)
_INDEX = re.compile(r"index\.(?:s?html?|php|aspx?|jsp)|default\.(?:html?|aspx?)", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^;/]*", re.IGNORECASE)

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = "%/:@!$&'()*+,;="
_QUERY_SAFE = _PATH_SAFE + "?"

_PLAIN = re.compile(
    r"""(?!.*(?i:(?<![a-z])amp(?:project|(?![a-z])) | index\. | default\.))
    https?://(?:www\.(?=[^/]*\.[^/]))?
    (?P<netloc>(?!www\.)[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::(?:[1-9]\d{3}|[1-5]\d{4}))?)
    (?P<path>(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*)/?""",
    re.VERBOSE,
)
"""A URL in whose key nothing is to be changed but scheme, `www.` and the last slash."""


class _Parts(NamedTuple):
    scheme: str
    host: str
    port: int | None
    segments: tuple[str, ...]
    slash: bool
    query: tuple[str, ...]

    @property
    def netloc(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host

    @property
    def text(self) -> str:
        path = "".join("/" + segment for segment in self.segments)
        if self.slash or not path:
            path += "/"
        query = "?" + "&".join(self.query) if self.query else ""
        return f"{self.scheme}://{self.netloc}{path}{query}"


def is_http(url: str) -> bool:
    """Whether the text is an http(s) URL with a host that can be asked."""
    return _split(url) is not None


def clean(url: str) -> str:
    """The URL without what says nothing of the article: trackers, fragment, AMP, user name.

    Text that is no http(s) URL comes back as it is, without surrounding space.
    """
    while (split := _split(url)) and (text := _step(split, key=False)) != url:
        url = text
    return url if split else _encodable(url.strip())


def fold(url: str) -> str:
    """The key under which a URL is the same article; idempotent, for any text.

    Over `clean`: http is https, `www.` and the last slash say nothing. A key is for comparing,
    not for fetching.
    """
    if plain := _PLAIN.fullmatch(url):
        return f"https://{plain['netloc']}{plain['path'] or '/'}"
    return _folded(url)


def _folded(url: str) -> str:
    while (split := _split(url)) and (text := _step(split, key=True)) != url:
        url = text
    return url if split else _encodable(url.strip())


def canonical(declared: str | None, final: str) -> str:
    """The URL that stands for a page.

    The one the page declares counts within the site it came from, and not when it is the home
    page of a page that lies deeper. A saved file (`file:`) comes from no site: any article URL
    counts. Otherwise it is the URL the page was fetched from.
    """
    claimed = clean(_joined(final, declared)) if declared else ""
    own = clean(final)
    return claimed if is_http(claimed) and _may_claim(claimed, own) else own


def article_id(url: str) -> UUID:
    """The id of the article a URL stands for: equal for URLs that fold alike."""
    return uuid5(NAMESPACE_URL, fold(url))


def content_urn(sha256: str) -> str:
    """The identity of a saved file that no URL is known for: its content."""
    return f"urn:sha256:{sha256}"


def registrable_domain(url: str) -> str | None:
    """The domain somebody registered, such as `example.co.uk`; None where there is no host.

    A host that nobody can register below (an address, `localhost`, a made-up ending) stands
    for itself, with its port.
    """
    split = _split(url)
    if split is None:
        return None
    parts = _parts(split)
    return _registered(parts.host) or parts.netloc


def same_site(a: str, b: str) -> bool:
    """Whether both URLs lie under one registrable domain."""
    domain = registrable_domain(a)
    return domain is not None and domain == registrable_domain(b)


def _may_claim(claimed: str, own: str) -> bool:
    if not is_http(own):
        return not _is_home(claimed)
    return same_site(claimed, own) and (_is_home(own) or not _is_home(claimed))


def _is_home(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query


def _joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url.strip())
    except ValueError:
        return ""


def _registered(host: str) -> str | None:
    found = get_tld(f"https://{host}/", fail_silently=True, as_object=True, search_private=True)
    # For `co.uk` alone the library answers `co.uk`.
    return found.fld if isinstance(found, Result) and found.domain != found.fld else None


def _split(url: str) -> SplitResult | None:
    try:
        url.encode()  # half of a surrogate pair, as in JSON's "\ud800"
        split = urlsplit(url.strip().replace("&amp;", "&"))
        usable = split.port != 0 and (split.hostname or "").strip(".") != ""
    except ValueError:
        return None
    usable = usable and split.scheme in _DEFAULT_PORTS
    return split if usable and _NETLOC.fullmatch(split.netloc) else None


def _step(split: SplitResult, *, key: bool) -> str:
    parts = _parts(split)
    if shown := _shown(parts):
        return shown
    parts = _without_amp(parts)
    return (_key(parts) if key else parts).text


def _parts(split: SplitResult) -> _Parts:
    host = _host(split.hostname or "")
    port = split.port if split.port != _DEFAULT_PORTS[split.scheme] else None
    *folders, name = _SESSION.sub("", _quoted(split.path, _PATH_SAFE)).split("/")
    if _INDEX.fullmatch(name):
        name = ""
    segments = _resolved([*folders, name])
    return _Parts(split.scheme, host, port, segments, not name, _query(split.query))


def _key(parts: _Parts) -> _Parts:
    bare = parts.host.removeprefix("www.")
    host = bare if "." in bare else parts.host
    return parts._replace(scheme="https", host=host, slash=False)


def _host(name: str) -> str:
    if ":" in name:
        return f"[{name}]"
    name = name.rstrip(".")
    try:
        return name if name.isascii() else idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        return name


def _without_amp(parts: _Parts) -> _Parts:
    host = parts.host.removeprefix("amp.")
    if host != parts.host and not _registered(host):
        host = parts.host
    return parts._replace(host=host, segments=_without_amp_segments(parts.segments))


def _shown(parts: _Parts) -> str | None:
    """The page that an AMP viewer's or cache's URL shows."""
    for viewer in _VIEWERS:
        if found := viewer.fullmatch(parts.text.partition("://")[2]):
            url = f"{'https' if found[1] else 'http'}://{found[2]}"
            return url if is_http(url) else None
    return None


def _resolved(segments: list[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return tuple(kept)


def _without_amp_segments(segments: tuple[str, ...]) -> tuple[str, ...]:
    while len(segments) > 1 and segments[0].lower() == "amp":
        segments = segments[1:]
    while len(segments) > 1 and segments[-1].lower() in _AMP_SEGMENTS:
        segments = segments[:-1]
    if not segments:
        return segments
    return (*segments[:-1], _AMP_SUFFIX.sub(r"\1", segments[-1]))


def _query(query: str) -> tuple[str, ...]:
    pairs = (_quoted(pair, _QUERY_SAFE) for pair in query.split("&") if pair)
    return tuple(sorted(pair for pair in pairs if not _is_tracker(*pair.partition("=")[::2])))


def _is_tracker(name: str, value: str) -> bool:
    name = name.lower()
    if name in _EITHER:
        return not _ARTICLE_NUMBER.search(value)
    if _TRACKERS.match(name):
        return True
    # Not ?gallery=7 for "ga", nor ?keywords= for "keyword".
    word = _TRACKER_WORDS.search(name)
    return word is not None and not (word[0][-1].isalpha() and name[word.end() :][:1].isalpha())


def _quoted(text: str, safe: str) -> str:
    return quote(_ESCAPE.sub(_escape, text), safe=safe)


def _escape(found: re.Match[str]) -> str:
    if found[1] is None:
        return "%25"
    byte = int(found[1], 16)
    return chr(byte) if byte in _UNRESERVED else f"%{found[1].upper()}"


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
