"""Made sites, each with its feeds in another place, for the search for feeds.

All are served by one web server on loopback, told apart by their hosts.
"""

import gzip
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from tests.support.loopback import Answer, Loopback, dripping, http, redirect

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
JST = timezone(timedelta(hours=9))
ENGLISH = "The harbour board hears how the ferry sails again after the winter storm"
RUSSIAN = "Совет порта обсудил санкции и новое расписание паромов после шторма"
CHINESE = "港务局开会讨论制裁措施以及暴风雪过后渡轮复航的新时间表"
KOREAN = "항만청은 폭풍 이후 여객선 운항 재개와 제재 조치를 논의하기 위해 회의를 열었다"
NO_FEED = frozenset[str]()


@dataclass(frozen=True)
class Site:
    """One site: what it answers, the listings that have to be found, and outcomes to be named."""

    shape: str
    answers: dict[str, Answer]  # by path, or by host and path
    wanted: frozenset[str]  # paths, or URLs without scheme and port, of the listings to be taken
    outcomes: dict[str, str] = field(default_factory=dict)  # by path, or by URL as above
    address: str = ""  # what a person types; the host if not given
    others: frozenset[str] = NO_FEED  # listings that are found besides, rightly

    @property
    def host(self) -> str:
        """The site's own host."""
        return f"{self.shape}-gazette.com"


def rss(
    number: int = 12,
    *,
    first: int = 0,
    text: str = ENGLISH,
    link: str = "/2026/03/{n:02d}/harbour-board-story-{n}",
    base: str = "",
    ends: datetime = NOW,
    zone: timezone = UTC,
    extra: str = "",
    language: str = "en",
    charset: str = "utf-8",
) -> bytes:
    """An RSS feed; `link` has the path of article n, `base` the site before it."""
    items = []
    for n in range(first, first + number):
        at = (ends - timedelta(hours=3 * (n - first))).astimezone(zone)
        date = f"<pubDate>{at:%a, %d %b %Y %H:%M:%S %z}</pubDate>"
        where = base + link.format(n=n)
        items.append(f"<item><title>{text} {n}</title><link>{where}</link>{date}{extra}</item>")
    head = f"<title>Gazette</title><language>{language}</language>"
    page = f"<rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>"
    return f"<?xml version='1.0' encoding='{charset}'?>{page}".encode(charset)


def atom(number: int = 12, first: int = 0) -> bytes:
    """An Atom feed."""
    entries = "".join(
        f"<entry><title>{ENGLISH} {n}</title><link href='/2026/03/16/harbour-board-story-{n}'/>"
        f"<published>{(NOW - timedelta(hours=n)).isoformat()}</published></entry>"
        for n in range(first, first + number)
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en'>{entries}</feed>".encode()


def json_feed() -> bytes:
    """A JSON feed."""
    items = [
        {
            "id": str(n),
            "url": f"/2026/03/16/harbour-board-story-{n}",
            "title": f"{ENGLISH} {n}",
            "date_published": (NOW - timedelta(hours=n)).isoformat(),
        }
        for n in range(12)
    ]
    version = "https://jsonfeed.org/version/1.1"
    return json.dumps({"version": version, "language": "en", "items": items}).encode()


def rdf() -> bytes:
    """An RSS 1.0 feed without dates."""
    items = "".join(
        f"<item><title>{ENGLISH} {n}</title><link>/2026/03/16/harbour-story-of-{n}</link></item>"
        for n in range(12)
    )
    names = "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'"
    return f"<rdf:RDF {names}><channel><title>G</title></channel>{items}</rdf:RDF>".encode()


def news_sitemap(first: int = 0) -> bytes:
    """A news sitemap."""
    names = (
        "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' "
        "xmlns:news='http://www.google.com/schemas/sitemap-news/0.9'"
    )
    urls = "".join(
        f"<url><loc>{{base}}/2026/03/16/harbour-board-story-{n}</loc><news:news>"
        f"<news:publication_date>{(NOW - timedelta(hours=n)).isoformat()}</news:publication_date>"
        f"<news:title>{ENGLISH} {n}</news:title></news:news></url>"
        for n in range(first, first + 12)
    )
    return f"<urlset {names}>{urls}</urlset>".encode()


def index(*places: str) -> bytes:
    """A sitemap index."""
    inner = "".join(f"<sitemap><loc>{place}</loc></sitemap>" for place in places)
    return f"<sitemapindex>{inner}</sitemapindex>".encode()


def page(head: str = "", body: str = "", language: str = "en") -> bytes:
    """A page with a little of what all pages have."""
    about = "<a href='/about'>About</a><a href='/contact'>Contact</a>"
    return (
        f"<!doctype html><html lang='{language}'><head><title>Gazette</title>{head}</head>"
        f"<body>{body}<footer>{about}</footer></body></html>"
    ).encode()


def declares(href: str, kind: str = "application/rss+xml") -> str:
    """A link that declares a feed."""
    return f"<link rel='alternate' type='{kind}' href='{href}'>"


def xml(body: bytes, kind: str = "application/xml") -> bytes:
    """An answer that is a feed or a sitemap."""
    return http(body, Content_Type=kind)


def robots(*lines: str) -> bytes:
    """An answer that is a robots.txt."""
    return http("\n".join(lines).encode(), Content_Type="text/plain")


def silent(conn: socket.socket) -> None:
    """Says nothing until the other side goes away."""
    conn.recv(1)


HOME = http(page(body="<p>Welcome.</p>"))
FEED = xml(rss(), "application/rss+xml")
CLEAN = http(b"gone", "404 Not Found")


def _at(path: str) -> dict[str, Answer]:
    return {"/": HOME, path: FEED}


def _declared(path: str, answer: Answer, href: str = "", kind: str = "application/rss+xml") -> dict[str, Answer]:
    return {"/": http(page(declares(href or path, kind))), path: answer}


def _many(prefix: str) -> dict[str, Answer]:
    return {f"{prefix}/{n}.xml": xml(rss(first=100 * n)) for n in range(8)}


def _soft_404() -> Iterator[tuple[str, Answer]]:
    missing = http(page(body="<h1>Sorry, this page is gone</h1>"))
    for path in ("/feed", "/rss.xml", "/rss", "/feed.xml", "/index.xml", "/feeds", "/news-sitemap.xml"):
        yield path, missing
    yield from {"/": HOME, "/sitemap.xml": missing, "/atom.xml": xml(atom())}.items()


def sites() -> list[Site]:
    """All sites; `{base}` in an answer becomes the site's own scheme, host and port."""
    made = [
        Site("declared-absolute", _declared("/rss/all", FEED, "{base}/rss/all"), frozenset({"/rss/all"})),
        Site("declared-relative", _declared("/xml/out", FEED, "xml/out"), frozenset({"/xml/out"})),
        Site(
            "base-href",
            {
                "/": http(page("<base href='/editions/uk/'>" + declares("out.xml"))),
                "/editions/uk/out.xml": FEED,
            },
            frozenset({"/editions/uk/out.xml"}),
        ),
        Site(
            "declared-plus-as-entity",
            _declared("/out", FEED, kind="application/rss&#43;xml"),
            frozenset({"/out"}),
        ),
        Site(
            "declared-twice",
            {
                "/": http(page(declares("/out.php", "application/rdf+xml") + declares("/out.php"))),
                "/out.php": FEED,
            },
            frozenset({"/out.php"}),
        ),
        Site(
            "rel-alternate-feed",
            {"/": http(page("<link rel='alternate feed' type='text/xml' href='/o'>")), "/o": FEED},
            frozenset({"/o"}),
        ),
        Site(
            "feed-in-robots",
            {"/": HOME, "/robots.txt": robots("Sitemap: {base}/out/latest.rss"), "/out/latest.rss": FEED},
            frozenset({"/out/latest.rss"}),
        ),
        Site(
            "news-sitemap-in-index",
            {
                "/": HOME,
                "/robots.txt": robots("Sitemap: {base}/map-index.xml"),
                "/map-index.xml": xml(index("{base}/map-2009.xml", "{base}/map-news.xml")),
                "/map-2009.xml": xml(b"<urlset><url><loc>{base}/old</loc></url></urlset>"),
                "/map-news.xml": xml(news_sitemap()),
            },
            frozenset({"/map-news.xml"}),
            {"/map-index.xml": "sitemap_index"},
        ),
        Site(
            "gz-sitemap",
            {
                "/": HOME,
                "/robots.txt": robots("Sitemap: {base}/news.xml.gz"),
                "/news.xml.gz": xml(news_sitemap(), "application/x-gzip"),
            },
            frozenset({"/news.xml.gz"}),
        ),
        Site(
            "rss-page-of-many",
            {
                "/": http(page(body="<a href='/rss'>RSS</a>")),
                "/rss": http(page(body="".join(f"<a href='/f/{n}.xml'>rss {n}</a>" for n in range(8)))),
                **_many("/f"),
            },
            frozenset(f"/f/{n}.xml" for n in range(8)),
            {"/rss": "web_page"},
        ),
        *(
            Site(f"usual-{shape}", _at(path), frozenset({path}))
            for shape, path in {
                "feed": "/feed",
                "rss-xml": "/rss.xml",
                "rss": "/rss",
                "atom-xml": "/atom.xml",
                "index-xml": "/index.xml",
                "feeds-all": "/feeds/all",
                "feed-rss2": "/?feed=rss2",
                "format-rss": "/?format=rss",
                "joomla": "/?format=feed&type=rss",
            }.items()
        ),
        Site(
            "json-feed",
            _declared("/feed.json", http(json_feed(), Content_Type="application/feed+json"), kind="application/feed+json"),
            frozenset({"/feed.json"}),
        ),
        Site(
            "feeds-of-sections",
            {
                "/": http(page(body="<nav><a href='/politics'>P</a><a href='/sport/'>S</a></nav>")),
                "/politics": http(page(declares("/politics/out"))),
                "/sport/": http(page(declares("out"))),
                "/politics/out": xml(rss(first=0)),
                "/sport/out": xml(rss(first=500)),
            },
            frozenset({"/politics/out", "/sport/out"}),
        ),
        Site(
            "subdomain-linked",
            {
                "/": http(page(body="<a href='{scheme}://feeds.{host}:{port}/top'>Follow us</a>")),
                "feeds.{host}/top": xml(rss(base="{base}")),
            },
            frozenset({"feeds.{host}/top"}),
        ),
        Site(
            "subdomain-unlinked",
            {"/": HOME, "feeds.{host}/": xml(rss(base="{base}"))},
            frozenset({"feeds.{host}/"}),
        ),
        Site(
            "apex-to-www",
            {
                "/": redirect("{scheme}://www.{host}:{port}/"),
                "www.{host}/": http(page(declares("/out.rss"))),
                "www.{host}/out.rss": FEED,
            },
            frozenset({"www.{host}/out.rss"}),
        ),
        Site(
            "moved-to-another-domain",
            {
                "/": redirect("{scheme}://four-corners-visitor.com:{port}/"),
                "four-corners-visitor.com/": http(page(declares("/feed/"))),
                "four-corners-visitor.com/feed/": FEED,
            },
            frozenset({"four-corners-visitor.com/feed/"}),
        ),
        Site("feed-as-html", _declared("/f", http(rss())), frozenset({"/f"})),
        Site("feed-as-bytes", _declared("/f", xml(rss(), "application/octet-stream")), frozenset({"/f"})),
        Site(
            "comments",
            {
                "/": http(page(declares("/feed/") + declares("/comments/feed/") + declares("/talk"))),
                "/feed/": FEED,
                "/comments/feed/": xml(rss(link="/a#comment-{n}")),
                "/talk": xml(rss(first=900, link="/2026/03/{n:02d}/a-story-of-ours#comment-{n}")),
            },
            frozenset({"/feed/"}),
            {"/comments/feed/": "comments", "/talk": "comments"},
        ),
        Site("empty", _declared("/feed", xml(rss(0))), NO_FEED, {"/feed": "empty"}),
        Site("soft-404", dict(_soft_404()), frozenset({"/atom.xml"}), {"/feed": "web_page"}),
        Site(
            "javascript-only",
            {"/": http(b"<!doctype html><html><body><div id=app></div><script src=a.js></script>"), "/feed": FEED},
            frozenset({"/feed"}),
        ),
        Site("javascript-without-feed", {"/": http(b"<html><body><div id=app></div></body>")}, NO_FEED),
        Site(
            "home-forbidden",
            {
                "/": http(b"no", "403 Forbidden"),
                "/robots.txt": robots("Sitemap: {base}/news/map.xml"),
                "/news/map.xml": xml(news_sitemap()),
            },
            frozenset({"/news/map.xml"}),
        ),
        Site(
            "robots-forbid-all",
            {"/": HOME, "/robots.txt": robots("User-agent: *", "Disallow: /"), "/feed": FEED},
            NO_FEED,
            {"/feed": "robots_denied"},
        ),
        Site(
            "robots-forbid-feed",
            {**_declared("/feed", FEED), "/robots.txt": robots("User-agent: *", "Disallow: /feed")},
            NO_FEED,
            {"/feed": "robots_denied"},
        ),
        Site(
            "silent-feed",
            {
                "/": http(page(declares("/slow") + declares("/dripping") + declares("/good.rss"))),
                "/slow": silent,
                "/dripping": dripping(b"HTTP/1.1 200 OK\r\n\r\n<rss>", b"<item/>"),
                "/good.rss": FEED,
            },
            frozenset({"/good.rss"}),
            {"/slow": "timed_out", "/dripping": "timed_out"},
        ),
        Site(
            "malformed",
            _declared("/f", xml(rss().replace(b"<title>The", b"<title>R&D <b> The").replace(b"</channel>", b""))),
            frozenset({"/f"}),
        ),
        *(
            Site(shape, _declared("/f", xml(rss(text=text, charset=charset, language=language))), frozenset({"/f"}))
            for shape, text, charset, language in (
                ("windows-1251", RUSSIAN, "windows-1251", "ru"),
                ("gb18030", CHINESE, "gb18030", "zh-cn"),
                ("euc-kr", KOREAN, "euc-kr", "ko"),
            )
        ),
        Site("link-text", {"/": http(page(body="<a href='/x/y?z=1'>RSS</a>")), "/x/y?z=1": FEED}, frozenset({"/x/y?z=1"})),
        Site(
            "image-link",
            {"/": http(page(body="<a href='/x/y'><img src=i.png alt='RSS feed'></a>")), "/x/y": FEED},
            frozenset({"/x/y"}),
        ),
        Site(
            "page-in-footer",
            {
                "/": http(page(body="<footer><a href='/help/rss'>Feeds</a></footer>")),
                "/help/rss": http(page(body="<li>All news: <a href='/rss/news.xml'>XML</a>")),
                "/rss/news.xml": FEED,
            },
            frozenset({"/rss/news.xml"}),
        ),
        Site(
            "query-linked",
            {"/": http(page(body="<a href='/news/?format=rss'>subscribe</a>")), "/news/?format=rss": FEED},
            frozenset({"/news/?format=rss"}),
        ),
        Site(
            "duplicates",
            {
                "/": http(page(declares("/feed") + declares("/rss.xml") + declares("/atom.xml"))),
                "/feed": xml(rss(20, link="/2026/03/16/harbour-board-story-{n}")),
                "/rss.xml": xml(rss(10, link="/2026/03/16/harbour-board-story-{n}")),
                "/atom.xml": xml(atom(10)),
            },
            frozenset({"/feed"}),
            {"/rss.xml": "covered", "/atom.xml": "covered"},
        ),
        Site(
            "podcast",
            _declared("/pod", xml(rss(extra="<enclosure url='/a.mp3' length='1' type='audio/mpeg'/>"))),
            NO_FEED,
            {"/pod": "podcast"},
        ),
        Site("stale", _declared("/f", xml(rss(ends=NOW - timedelta(days=900)))), NO_FEED, {"/f": "stale"}),
        Site(
            "another-sites-feed",
            _declared("/f", xml(rss(base="https://somewhere-else.com"))),
            NO_FEED,
            {"/f": "other_site"},
        ),
        Site("undated-rdf", _declared("/f", xml(rdf())), frozenset({"/f"})),
        Site(
            "plain-sitemap",
            {"/": HOME, "/sitemap.xml": xml(b"<urlset><url><loc>{base}/a</loc></url></urlset>")},
            NO_FEED,
            {"/sitemap.xml": "undated"},
        ),
        Site(
            "endless-index",
            {
                "/": HOME,
                "/robots.txt": robots("Sitemap: {base}/i0.xml"),
                **{f"/i{n}.xml": xml(index(f"{{base}}/i{n + 1}.xml")) for n in range(60)},
            },
            NO_FEED,
            {"/i0.xml": "sitemap_index"},
        ),
        Site(
            "redirect-inside",
            _declared("/f", redirect("{scheme}://metadata-inside.com:{port}/secret")),
            NO_FEED,
            {"/f": "address_refused"},
        ),
        Site(
            "bomb",
            _declared("/f", http(gzip.compress(b"<rss>" + b" " * 3_000_000), Content_Encoding="gzip")),
            NO_FEED,
            {"/f": "too_large"},
        ),
        Site(
            "entities",
            _declared("/f", xml(b"<!DOCTYPE r [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]><rss><item>&b;</item></rss>")),
            NO_FEED,
            {"/f": "entities_refused"},
        ),
        Site("feed-in-html", _declared("/f", http(b"<html><body>" + rss() + b"</body></html>")), NO_FEED, {"/f": "web_page"}),
        Site(
            "sections-without-end",
            {
                "/": http(page(body="".join(f"<a href='/section{n}'>s</a>" for n in range(300)))),
                **{f"/section{n}": http(page(declares(f"/f{n}"))) for n in range(300)},
                **{f"/f{n}": xml(b"<rss>") for n in range(300)},
            },
            NO_FEED,
        ),
        Site("with-path", {"/": CLEAN, "/en/": http(page(declares("out.rss"))), "/en/out.rss": FEED}, frozenset({"/en/out.rss"}), address="{host}:{port}/en/"),
        Site("feed-given", {"/": CLEAN, "/my.rss": FEED}, frozenset({"/my.rss"}), address="http://{host}:{port}/my.rss"),
    ]
    return made


class Served:
    """The sites on one server, by their hosts."""

    def __init__(self, web: Loopback) -> None:
        self.web = web
        for site in sites():
            for path, answer in site.answers.items():
                self.web.say(self._key(site, path), self._filled(site, answer))
            self.web.say(f"{site.host}/robots.txt", self._robots(site))

    def address(self, site: Site) -> str:
        """What a person types."""
        return self._fill(site, site.address or "http://{host}:{port}")

    def url(self, site: Site, path: str) -> str:
        """The URL of a path of a site, or of a host and path."""
        key = self._key(site, path)
        host, _, rest = key.partition("/")
        return f"http://{host}:{self.web.port}/{rest}"

    def _robots(self, site: Site) -> Answer:
        return self._filled(site, site.answers.get("/robots.txt", CLEAN))

    def _key(self, site: Site, path: str) -> str:
        return self._fill(site, site.host + path if path.startswith("/") else path)

    def _fill(self, site: Site, text: str) -> str:
        for name, value in (
            ("base", f"http://{site.host}:{self.web.port}"),
            ("scheme", "http"),
            ("host", site.host),
            ("port", str(self.web.port)),
        ):
            text = text.replace("{" + name + "}", value)
        return text

    def _filled(self, site: Site, answer: Answer) -> Answer:
        names = (b"{base}", b"{scheme}", b"{host}")
        if not isinstance(answer, bytes) or not any(name in answer for name in names):
            return answer
        head, _, body = answer.partition(b"\r\n\r\n")
        kind = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-type")]
        body = self._fill(site, body.decode("latin-1")).encode("latin-1")
        if head.startswith(b"HTTP/1.1 302"):
            [where] = [line for line in head.split(b"\r\n") if line.startswith(b"Location: ")]
            return redirect(self._fill(site, where.decode().removeprefix("Location: ")))
        if site.shape == "gz-sitemap":
            body = gzip.compress(body) if b"<urlset" in body else body
        return http(body, Content_Type=kind[0].decode().partition(": ")[2])
