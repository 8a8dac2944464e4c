"""The shapes of made sites: where each has its feeds."""

from tests.support.loopback import http, redirect
from tests.support.made_feeds import index, json_feed, news_sitemap, page, rss
from tests.support.made_odd_shapes import odd_sites
from tests.support.made_site import FEED, HOME, Site, at, declared, declares, many, robots, xml


def sites() -> list[Site]:
    """All sites; `{base}` in an answer becomes the site's own scheme, host and port."""
    groups = (_declared_feeds, _named_by_robots, _at_usual_places, _at_other_hosts)
    return [*(site for group in groups for site in group()), *odd_sites()]


def _declared_feeds() -> list[Site]:
    """Feeds that the home page declares."""
    return [
        Site("declared-absolute", declared("/rss/all", FEED, "{base}/rss/all"), "/rss/all"),
        Site("declared-relative", declared("/xml/out", FEED, "xml/out"), "/xml/out"),
        Site(
            "base-href",
            {
                "/": http(page("<base href='/editions/uk/'>" + declares("out.xml"))),
                "/editions/uk/out.xml": FEED,
            },
            "/editions/uk/out.xml",
        ),
        Site(
            "declared-plus-as-entity",
            declared("/out", FEED, kind="application/rss&#43;xml"),
            "/out",
        ),
        Site(
            "declared-twice",
            {
                "/": http(page(declares("/out.php", "application/rdf+xml") + declares("/out.php"))),
                "/out.php": FEED,
            },
            "/out.php",
        ),
        Site(
            "rel-alternate-feed",
            {"/": http(page("<link rel='alternate feed' type='text/xml' href='/o'>")), "/o": FEED},
            "/o",
        ),
    ]


def _named_by_robots() -> list[Site]:
    """What robots.txt names."""
    return [
        Site(
            "feed-in-robots",
            {
                "/": HOME,
                "/robots.txt": robots("Sitemap: {base}/out/latest.rss"),
                "/out/latest.rss": FEED,
            },
            "/out/latest.rss",
        ),
        Site(
            "feed-and-news-sitemap",
            {
                "/": http(page(declares("/out.rss"))),
                "/robots.txt": robots("Sitemap: {base}/news-map.xml"),
                "/news-map.xml": xml(news_sitemap()),
                "/out.rss": xml(rss(9, link="/2026/03/16/harbour-board-story-{n}")),
            },
            "/news-map.xml /out.rss",
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
            "/map-news.xml",
            {"/map-index.xml": "sitemap_index"},
        ),
        Site(
            "gz-sitemap",
            {
                "/": HOME,
                "/robots.txt": robots("Sitemap: {base}/news.xml.gz"),
                "/news.xml.gz": xml(news_sitemap(), "application/x-gzip"),
            },
            "/news.xml.gz",
        ),
    ]


def _at_usual_places() -> list[Site]:
    """Feeds at usual places, on pages of feeds and of sections."""
    return [
        Site(
            "rss-page-of-many",
            {
                "/": http(page(body="<a href='/rss'>RSS</a>")),
                "/rss": http(
                    page(body="".join(f"<a href='/f/{n}.xml'>rss {n}</a>" for n in range(8)))
                ),
                **many("/f"),
            },
            " ".join(f"/f/{n}.xml" for n in range(8)),
            {"/rss": "web_page"},
        ),
        Site(
            "rss-page-unlinked",
            {
                "/": HOME,
                "/rss": http(page(body="".join(f"<a href='/f/{n}.xml'>rss</a>" for n in range(8)))),
                **many("/f"),
            },
            " ".join(f"/f/{n}.xml" for n in range(8)),
        ),
        *(
            Site(f"usual-{shape}", at(path), path)
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
            declared(
                "/feed.json",
                http(json_feed(), Content_Type="application/feed+json"),
                kind="application/feed+json",
            ),
            "/feed.json",
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
            "/politics/out /sport/out",
        ),
        Site(
            "feed-instead-of-a-section",
            {
                "/": http(page(body="<nav><a href='/politics'>P</a><a href='/sport/'>S</a></nav>")),
                "/politics": xml(rss()),
                "/sport/": http(page()),
            },
            "/politics",
            {"/sport/": "web_page"},
        ),
    ]


def _at_other_hosts() -> list[Site]:
    """Sites of several hosts."""
    return [
        Site(
            "subdomain-linked",
            {
                "/": http(page(body="<a href='{scheme}://feeds.{host}:{port}/top'>Follow us</a>")),
                "feeds.{host}/top": xml(rss(base="{base}")),
            },
            "feeds.{host}/top",
        ),
        Site(
            "subdomain-unlinked",
            {"/": HOME, "feeds.{host}/": xml(rss(base="{base}"))},
            "feeds.{host}/",
        ),
        Site(
            "apex-to-www",
            {
                "/": redirect("{scheme}://www.{host}:{port}/"),
                "www.{host}/": http(page(declares("/out.rss"))),
                "www.{host}/out.rss": FEED,
            },
            "www.{host}/out.rss",
        ),
        Site(
            "moved-to-another-domain",
            {
                "/": redirect("{scheme}://four-corners-visitor.com:{port}/"),
                "four-corners-visitor.com/": http(page(declares("/feed/"))),
                "four-corners-visitor.com/feed/": FEED,
            },
            "four-corners-visitor.com/feed/",
        ),
    ]
