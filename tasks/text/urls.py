"""URLs: cleaned, folded to the key of an article, compared by site."""

import re
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit
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

# Beginnings of names of tracking parameters, then words within names. Copied from courlan's list,
# which is not part of its documented interface: the list must not change with courlan's version,
# since an article's id is made from the URL without these parameters. Those in `may_select` select
# a page, or a form of it, on some sites: they are ignored when URLs are compared, but kept when a
# page is requested.
_TRACKER_WORDS = re.compile(
    r"""^(?:dc|fbc|gc|twc|yc|ysc)lid | ^(?:click|gbra|msclk|igsh|wbra)id
    | ^(?:itm|mc|mkt|mtm|oly|utm|vero)_ | (?:\b|_)xtor
    | (?P<may_select>
          ^partnerid | ^(?:ads?|ga|gs|ml|pk)_
        | (?:\b|_)(?:aff|campaign|cl?id|eid|ga|gl|kwd|keyword|medium|ref|session|source|uid)
      )""",
    re.VERBOSE,
)
# Whole names. `?at_custom1=` and `?ns_mchannel=` are the BBC's, `?smid=` the New York Times',
# `?ito=` the Mail's, `?srnd=` Bloomberg's.
_TRACKERS = re.compile(
    r"""^(?:
      at_.+ | ns_.+ | _hs.+ | hscta.* | wt[._]?mc.* | soc_.+ | fb_.+ | cmpid | i(?:nt)?_?cmp | smid
    | smtyp | srnd | ftag | ftcamp | \.?tsrc | igsh | spm | srsltid | guc.+ | ito | dicbo | tblci
    | oborigurl | ysclid | ttclid | li_fat_id | _openstat | _?_twitter_impression | bxid | cndid
    | (?P<may_select>
          __?s?source | campaign.* | refsrc | sref | cmp | [ino]cid | mbid | emc | trk | ico
        | (?:.+_)?(?:referr?er|affiliate).* | amp(?:_.*)? | _amp | outputtype | usqp | share_?token
      )
    )$""",
    re.VERBOSE,
)

# Tracking parameters on most sites, article numbers on some: `?cid=AEN20110101000100`.
_EITHER = frozenset({"cid", "eid", "uid"})
_ARTICLE_NUMBER = re.compile(r"\d{4}")
# `/view.php?ref=12`: a script that selects an article by its only numeric parameter.
_SCRIPT = re.compile(r"[a-z]+(?:[_-][a-z]+)?\.(?:php|aspx?|jsp|do|cgi|cfm|pl)", re.IGNORECASE)
_ONLY_NUMBER = re.compile(r"(?:[ceu]id|ref|source)=\d+", re.IGNORECASE)

# AMP viewers and caches, which show another site's page.
_VIEWERS = (
    # https://www.google.com/amp/s/www.example.com/a
    re.compile(r"(?:www\.)?(?:google(?:\.[a-z]{2,3}){1,2}|bing\.com)/amp/(s/)?([^/]+\.[^/]+.*)"),
    # https://www-example-com.cdn.ampproject.org/c/s/www.example.com/a
    re.compile(r"(?:[\w-]+\.)?(?:cdn\.ampproject\.org|bing-amp\.com)/[a-z]+/(s/)?([^/]+\.[^/]+.*)"),
)
_AMP_SUFFIX = re.compile(r"(?<=.)\.amp(\.html?)?$", re.IGNORECASE)
_INDEX = re.compile(r"index\.(?:s?html?|php|aspx?|jsp)|default\.(?:html?|aspx?)", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^;/]*", re.IGNORECASE)

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = "%/:@!$&'()*+,;="
_QUERY_SAFE = _PATH_SAFE + "?"

# A URL whose key differs only in scheme, `www.` and the last slash; most URLs do.
_PLAIN = re.compile(
    r"""(?!.*(?i:(?<![a-z])amp(?:project|(?![a-z])) | index\. | default\.))
    https?://(?:www\.(?=[^/]*\.[^/]))?
    (?P<netloc>(?!www\.)[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::(?:[1-9]\d{3}|[1-5]\d{4}))?)
    (?P<path>(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*)/?""",
    re.VERBOSE,
)


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
    """Whether the text is an http(s) URL with a usable host."""
    return _split(url) is not None


def clean(url: str) -> str:
    """The URL without trackers, fragment, AMP marks and user name.

    Other text is returned as it is, without surrounding space.
    """
    return _fixed_point(url, key=False)


def without_trackers(url: str) -> str:
    """The URL to request: without parameters that only track, otherwise unchanged."""
    address, mark, fragment = url.partition("#")
    path, _, query = address.partition("?")
    pairs = query.replace("&amp;", "&").split("&")
    kept = []
    for pair in pairs:
        name, _, value = pair.partition("=")
        found = _tracker(name, value)
        # ?traffic_source=rss is Al Jazeera's.
        is_rss = found is not None and found.re is _TRACKER_WORDS and value.lower() == "rss"
        if found is None or (found["may_select"] is not None and not is_rss):
            kept.append(pair)
    if kept == pairs:
        return url
    return f"{path}{'?' if kept else ''}{'&'.join(kept)}{mark}{fragment}"


def fold_url(url: str) -> str:
    """The key of a URL, equal for URLs of the same article; idempotent, for any text.

    Beyond `clean`, it ignores http or https, `www.` and the last slash. A key is for comparing, not
    for fetching.
    """
    # A shortcut: the general case parses the URL at least twice.
    if plain := _PLAIN.fullmatch(url):
        return f"https://{plain['netloc']}{plain['path'] or '/'}"
    return _fixed_point(url, key=True)


def _fixed_point(url: str, *, key: bool) -> str:
    # Repeated, since a step may reveal another: an AMP viewer's URL within one, `amp.amp.`.
    while (split := _split(url)) and (text := _step(split, key=key)) != url:
        url = text
    return url if split else url.strip().encode("utf-8", "backslashreplace").decode()


def article_id(url: str) -> UUID:
    """The id of a URL's article, equal for URLs with the same key."""
    return uuid5(NAMESPACE_URL, fold_url(url))


def registrable_domain(url: str) -> str | None:
    """The registrable domain, such as `example.co.uk`; None without a host.

    For hosts under no public suffix (IP addresses, `localhost`) it is the host with its port.
    """
    split = _split(url)
    if split is None:
        return None
    parts = _parts(split)
    return _registered(parts.host) or parts.netloc


def same_site(a: str, b: str) -> bool:
    """Whether both URLs are under the same registrable domain."""
    domain = registrable_domain(a)
    return domain is not None and domain == registrable_domain(b)


def _registered(host: str) -> str | None:
    found = get_tld(f"https://{host}/", fail_silently=True, as_object=True, search_private=True)
    # For `co.uk` itself the library returns `co.uk`.
    return found.fld if isinstance(found, Result) and found.domain != found.fld else None


def _split(url: str) -> SplitResult | None:
    try:
        url.encode()  # fails for half a surrogate pair, as in JSON's "\ud800"
        split = urlsplit(url.strip().replace("&amp;", "&"))
        usable = split.port != 0 and (split.hostname or "").strip(".") != ""
    except ValueError:
        return None
    usable = usable and split.scheme in _DEFAULT_PORTS
    return split if usable and _NETLOC.fullmatch(split.netloc) else None


def _step(split: SplitResult, *, key: bool) -> str:
    parts = _parts(split)
    for viewer in _VIEWERS:
        if found := viewer.fullmatch(parts.text.partition("://")[2]):
            url = f"{'https' if found[1] else 'http'}://{found[2]}"
            if is_http(url):
                return url
            break
    # amp.example.com shows example.com, but amp.co.uk is a domain of its own.
    host = parts.host.removeprefix("amp.")
    if host != parts.host and not _registered(host):
        host = parts.host
    segments = parts.segments
    while len(segments) > 1 and segments[0].lower() == "amp":
        segments = segments[1:]
    while len(segments) > 1 and segments[-1].lower() in ("amp", "amp.html"):
        segments = segments[:-1]
    if segments:
        segments = (*segments[:-1], _AMP_SUFFIX.sub(r"\1", segments[-1]))
    parts = parts._replace(host=host, segments=segments)
    if key:
        bare = host.removeprefix("www.")
        parts = parts._replace(scheme="https", host=bare if "." in bare else host, slash=False)
    return parts.text


def _parts(split: SplitResult) -> _Parts:
    host = split.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    else:
        host = host.rstrip(".")
        with suppress(idna.IDNAError):
            host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    port = split.port if split.port != _DEFAULT_PORTS[split.scheme] else None
    *folders, name = _SESSION.sub("", _quoted(split.path, _PATH_SAFE)).split("/")
    if _INDEX.fullmatch(name):
        name = ""
    segments: list[str] = []
    for segment in (*folders, name):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    pairs = sorted(_quoted(pair, _QUERY_SAFE) for pair in split.query.split("&") if pair)
    query = [pair for pair in pairs if not _tracker(*pair.partition("=")[::2])]
    if not query and _SCRIPT.fullmatch(name):
        query = [pair for pair in pairs if _ONLY_NUMBER.fullmatch(pair)]
    return _Parts(split.scheme, host, port, tuple(segments), not name, tuple(query))


def _tracker(name: str, value: str) -> re.Match[str] | None:
    """How a tracking parameter's name matches; None for another parameter."""
    name = name.lower()
    if name in _EITHER and _ARTICLE_NUMBER.search(value):
        return None
    if whole := _TRACKERS.match(name):
        return whole
    # A whole word only: neither ?gallery=7 for "ga" nor ?keywords= for "keyword".
    word = _TRACKER_WORDS.search(name)
    is_part = word is not None and word[0][-1].isalpha() and name[word.end() :][:1].isalpha()
    return None if is_part else word


def _quoted(text: str, safe: str) -> str:
    def escape(found: re.Match[str]) -> str:
        byte = int(found[1] or "25", 16)
        return chr(byte) if byte in _UNRESERVED else f"%{byte:02X}"

    return quote(_ESCAPE.sub(escape, text), safe=safe)
