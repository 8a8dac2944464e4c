"""Made sites whose feeds are odd, refused, hostile, or not of their articles."""

import gzip
from datetime import timedelta

from tests.support.loopback import dripping, http, redirect
from tests.support.made_feeds import (
    CHINESE,
    KOREAN,
    NOW,
    RUSSIAN,
    atom,
    index,
    news_sitemap,
    page,
    rdf,
    rss,
)
from tests.support.made_site import (
    CLEAN,
    FEED,
    HOME,
    Site,
    declared,
    declares,
    robots,
    silent,
    soft_404,
    xml,
)


def odd_sites() -> list[Site]:
    """All of them; `{base}` in an answer becomes the site's own scheme, host and port."""
    groups = (_unlike, _refused, _linked, _no_articles, _hostile)
    return [site for group in groups for site in group()]


def _unlike() -> list[Site]:
    """Feeds of other types, and sites that show little."""
    return [
        Site("feed-as-html", declared("/f", http(rss())), "/f"),
        Site("feed-as-bytes", declared("/f", xml(rss(), "application/octet-stream")), "/f"),
        Site(
            "comments",
            {
                "/": http(
                    page(declares("/feed/") + declares("/comments/feed/") + declares("/talk"))
                ),
                "/feed/": FEED,
                "/comments/feed/": xml(rss(link="/a#comment-{n}")),
                "/talk": xml(rss(first=900, link="/2026/03/{n:02d}/a-story-of-ours#comment-{n}")),
            },
            "/feed/",
            {"/comments/feed/": "comments", "/talk": "comments"},
        ),
        Site("empty", declared("/feed", xml(rss(0))), "", {"/feed": "empty"}),
        Site("soft-404", dict(soft_404()), "/atom.xml", {"/feed": "web_page"}),
        Site(
            "javascript-only",
            {
                "/": http(
                    b"<!doctype html><html><body><div id=app></div><script src=a.js></script>"
                ),
                "/feed": FEED,
            },
            "/feed",
        ),
        Site("javascript-without-feed", {"/": http(b"<html><body><div id=app></div></body>")}, ""),
        Site(
            "home-forbidden",
            {
                "/": http(b"no", "403 Forbidden"),
                "/robots.txt": robots("Sitemap: {base}/news/map.xml"),
                "/news/map.xml": xml(news_sitemap()),
            },
            "/news/map.xml",
        ),
    ]


def _refused() -> list[Site]:
    """What robots.txt forbids, what does not answer, and other charsets."""
    return [
        Site(
            "robots-forbid-all",
            {"/": HOME, "/robots.txt": robots("User-agent: *", "Disallow: /"), "/feed": FEED},
            "",
            {"/feed": "robots_denied"},
        ),
        Site(
            "robots-forbid-feed",
            {**declared("/feed", FEED), "/robots.txt": robots("User-agent: *", "Disallow: /feed")},
            "",
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
            "/good.rss",
            {"/slow": "timed_out", "/dripping": "timed_out"},
        ),
        Site(
            "malformed",
            declared(
                "/f",
                xml(
                    rss().replace(b"<title>The", b"<title>R&D <b> The").replace(b"</channel>", b"")
                ),
            ),
            "/f",
        ),
        *(
            Site(
                shape,
                declared("/f", xml(rss(text=text, charset=charset, language=language))),
                "/f",
            )
            for shape, text, charset, language in (
                ("windows-1251", RUSSIAN, "windows-1251", "ru"),
                ("gb18030", CHINESE, "gb18030", "zh-cn"),
                ("euc-kr", KOREAN, "euc-kr", "ko"),
            )
        ),
    ]


def _linked() -> list[Site]:
    """Feeds that a page links to."""
    return [
        Site(
            "link-text",
            {"/": http(page(body="<a href='/x/y?z=1'>RSS</a>")), "/x/y?z=1": FEED},
            "/x/y?z=1",
        ),
        Site(
            "image-link",
            {
                "/": http(page(body="<a href='/x/y'><img src=i.png alt='RSS feed'></a>")),
                "/x/y": FEED,
            },
            "/x/y",
        ),
        Site(
            "page-in-footer",
            {
                "/": http(page(body="<footer><a href='/help/rss'>Feeds</a></footer>")),
                "/help/rss": http(page(body="<li>All news: <a href='/rss/news.xml'>XML</a>")),
                "/rss/news.xml": FEED,
            },
            "/rss/news.xml",
        ),
        Site(
            "feed-scheme",
            {
                "/": http(page(body="<a href='feed:{base}/x'>RSS</a>")),
                "/x": FEED,
            },
            "/x",
        ),
        Site(
            "query-linked",
            {
                "/": http(page(body="<a href='/news/?format=rss'>subscribe</a>")),
                "/news/?format=rss": FEED,
            },
            "/news/?format=rss",
        ),
        Site(
            "duplicates",
            {
                "/": http(page(declares("/feed") + declares("/rss.xml") + declares("/atom.xml"))),
                "/feed": xml(rss(20, link="/2026/03/16/harbour-board-story-{n}")),
                "/rss.xml": xml(rss(10, link="/2026/03/16/harbour-board-story-{n}")),
                "/atom.xml": xml(atom(10)),
            },
            "/feed",
            {"/rss.xml": "covered", "/atom.xml": "covered"},
        ),
    ]


def _no_articles() -> list[Site]:
    """Feeds that are not of the site's articles, or not of now."""
    return [
        Site(
            "podcast",
            declared(
                "/pod", xml(rss(extra="<enclosure url='/a.mp3' length='1' type='audio/mpeg'/>"))
            ),
            "",
            {"/pod": "podcast"},
        ),
        Site(
            "stale", declared("/f", xml(rss(ends=NOW - timedelta(days=900)))), "", {"/f": "stale"}
        ),
        Site(
            "another-sites-feed",
            declared("/f", xml(rss(base="https://somewhere-else.com"))),
            "",
            {"/f": "other_site"},
        ),
        Site("undated-rdf", declared("/f", xml(rdf())), "/f"),
        Site(
            "plain-sitemap",
            {"/": HOME, "/sitemap.xml": xml(b"<urlset><url><loc>{base}/a</loc></url></urlset>")},
            "",
            {"/sitemap.xml": "undated"},
        ),
    ]


def _hostile() -> list[Site]:
    """What means harm, or is given in full."""
    return [
        Site(
            "endless-index",
            {
                "/": HOME,
                "/robots.txt": robots("Sitemap: {base}/i0.xml"),
                **{f"/i{n}.xml": xml(index(f"{{base}}/i{n + 1}.xml")) for n in range(60)},
            },
            "",
            {"/i0.xml": "sitemap_index"},
        ),
        Site(
            "redirect-to-metadata",
            declared("/f", redirect("{scheme}://metadata.com:{port}/secret")),
            "",
            {"/f": "address_refused"},
        ),
        Site(
            "bomb",
            declared(
                "/f", http(gzip.compress(b"<rss>" + b" " * 3_000_000), Content_Encoding="gzip")
            ),
            "",
            {"/f": "too_large"},
        ),
        Site(
            "entities",
            declared(
                "/f",
                xml(b"<!DOCTYPE r [<!ENTITY a 'aa'><!ENTITY b '&a;&a;'>]><rss>&b;</rss>"),
            ),
            "",
            {"/f": "entities_refused"},
        ),
        Site(
            "feed-in-html",
            declared("/f", http(b"<html><body>" + rss() + b"</body></html>")),
            "",
            {"/f": "web_page"},
        ),
        Site(
            "sections-without-end",
            {
                "/": http(page(body="".join(f"<a href='/section{n}'>s</a>" for n in range(300)))),
                **{f"/section{n}": http(page(declares(f"/f{n}"))) for n in range(300)},
                **{f"/f{n}": xml(b"<rss>") for n in range(300)},
            },
            "",
        ),
        Site(
            "with-path",
            {"/": CLEAN, "/en/": http(page(declares("out.rss"))), "/en/out.rss": FEED},
            "/en/out.rss",
            address="{host}:{port}/en/",
        ),
        Site(
            "feed-at-a-service",
            {"feedburner.example/gazette": xml(rss(base="{base}"))},
            "feedburner.example/gazette",
            address="http://feedburner.example:{port}/gazette",
        ),
        Site(
            "links-without-feeds",
            {
                "/": http(
                    page(
                        body="".join(
                            f"<h2><a href='/2026/03/0{n}/the-harbour-board-hears-{n}'>The harbour"
                            f" board hears of the ferry {n}</a></h2>"
                            for n in range(1, 9)
                        )
                    )
                )
            },
            "/",
        ),
        Site(
            "feed-given",
            {"/": CLEAN, "/my.rss": FEED},
            "/my.rss",
            address="http://{host}:{port}/my.rss",
        ),
    ]
