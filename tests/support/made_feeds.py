"""Feeds, sitemaps and pages of made sites."""

import json
from datetime import UTC, datetime, timedelta, timezone

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
ENGLISH = "The harbour board hears how the ferry sails again after the winter storm"
RUSSIAN = "Совет порта обсудил санкции и новое расписание паромов после шторма"
CHINESE = "港务局开会讨论制裁措施以及暴风雪过后渡轮复航的新时间表"
KOREAN = "항만청은 폭풍 이후 여객선 운항 재개와 제재 조치를 논의하기 위해 회의를 열었다"


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
    names = (
        "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'"
    )
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
