import glob
import gzip
import hashlib
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.collect.listings import (
    Listing,
    find_files,
    has_new_file,
    read_file,
    read_listing,
)
from tasks.collect.listings.newest import MORE_ENTRIES
from tasks.collect.listings.section_links import looks_like_article
from tasks.model import Attempt, CaptureKind, Failure, Outcome
from tests.support.worst_pages import SLOW_PROLOGS, slow_titles

URL = "https://courier.example/feeds/all.xml"
TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def read(payload: bytes | str, content_type: str = "application/xml", **options: Any) -> Listing:
    listing = attempt(payload, content_type, **options)
    assert isinstance(listing, Listing), listing
    return listing


def attempt(
    payload: bytes | str, content_type: str = "application/xml", **options: Any
) -> Listing | Failure:
    data = payload.encode() if isinstance(payload, str) else payload
    options = {"max_entries": 100} | options
    try:
        return read_listing(data, content_type, options.pop("url", URL), **options)
    except Failure as failure:
        return failure


def rss(items: str, head: str = '<?xml version="1.0"?>') -> str:
    return f'{head}<rss version="2.0"><channel><title>Courier</title>{items}</channel></rss>'


def urls(listing: Listing) -> list[str]:
    return [entry.url for entry in listing.entries]


def test_rss() -> None:
    listing = read(
        rss(
            "<item><title>Talks &amp;amp; tariffs: &lt;b&gt;day two&lt;/b&gt;</title>"
            "<link>https://courier.example/a</link>"
            "<pubDate>Mon, 02 Mar 2026 19:00:00 +0900</pubDate></item>"
            "<item><title><![CDATA[5 < 6 &amp; more]]></title><link>/b?id=1</link></item>"
        )
    )
    assert (listing.kind, listing.title) == ("feed", "Courier")
    first, second = listing.entries
    assert (first.url, first.found_in) == ("https://courier.example/a", URL)
    assert first.headline == "Talks & tariffs: day two"
    assert first.published_raw == "Mon, 02 Mar 2026 19:00:00 +0900"
    assert first.published_at == TEN
    assert second.url == "https://courier.example/b?id=1"
    assert second.headline == "5 < 6 & more"
    assert (second.published_at, second.published_raw) == (None, None)


def test_rss_1_and_0_91() -> None:
    rdf = """<?xml version="1.0"?><rdf:RDF xmlns="http://purl.org/rss/1.0/"
      xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>T</title></channel>
      <item rdf:about="https://courier.example/a"><title>Eins</title>
      <link>https://courier.example/a</link><dc:date>2026-03-02T11:00:00+01:00</dc:date></item>
      </rdf:RDF>"""
    [entry] = read(rdf).entries
    assert (entry.url, entry.headline) == ("https://courier.example/a", "Eins")
    assert entry.published_at == TEN
    netscape = (
        '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"'
        ' "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel>'
        "<item><title>Old</title><link>https://courier.example/old</link></item></channel></rss>"
    )
    assert urls(read(netscape)) == ["https://courier.example/old"]


def test_atom() -> None:
    listing = read(
        """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://courier.example/x/">
        <title type="html">Cou&lt;i&gt;rier&lt;/i&gt;</title>
        <entry><title>Only updated</title><link href="one"/>
          <updated>2026-03-02T10:00:00Z</updated></entry>
        <entry><title>Both</title><link rel="self" href="/self"/>
          <link rel="alternate" href="https://courier.example/two"/>
          <published>2026-03-02T10:00:00.000Z</published><updated>2026-03-03T10:00:00Z</updated>
        </entry></feed>"""
    )
    one, two = listing.entries
    assert listing.title == "Cou rier"
    assert (one.url, one.published_at) == ("https://courier.example/x/one", None)
    assert (two.url, two.published_at) == ("https://courier.example/two", TEN)


def test_an_atom_entry_that_links_only_to_itself() -> None:
    head = '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>'
    links = {
        "tag:a": '<link rel="self" href="https://courier.example/a"/>',
        "tag:b": '<link rel="self" type="text/html" href="/b"/>',
        "tag:c": f'<link rel="self" href="{URL}"/>',
        "tag:d": '<link rel="self" type="application/json" href="/d.json"/>',
        "tag:e": '<link rel="self" href="ftp://courier.example/e"/>',
        "tag:f": '<link rel="self" href="/self"/><link href="/f"/>',
        "https://courier.example/g": '<link rel="self" href="/self"/>',
        "tag:h": '<link rel="edit" href="/edit"/>',
    }
    entries = "".join(f"<entry><id>{i}</id>{link}</entry>" for i, link in links.items())
    found = urls(read(f"{head}{entries}</feed>", "application/atom+xml"))
    assert found == [f"https://courier.example/{name}" for name in "abfg"]


def test_the_link_behind_a_feed_service() -> None:
    item = (
        "<item><title>T</title><link>https://feeds.example/~r/1</link>"
        "<feedburner:origLink>https://courier.example/a</feedburner:origLink></item>"
        "<item><title>U</title><guid>https://courier.example/b</guid></item>"
    )
    text = rss(item).replace(
        "<rss ", '<rss xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" '
    )
    assert urls(read(text)) == ["https://courier.example/a", "https://courier.example/b"]


@pytest.mark.parametrize(
    ("printed", "instant"),
    [
        ("Mon, 02 Mar 2026 10:00:00 GMT", TEN),
        ("Mon, 02 Mar 2026 05:00:00 EST", TEN),
        ("2026-03-02T10:00:00Z", TEN),
        ("2026-03-02T19:00:00+09:00", TEN),
        ("2026-03-02 10:00:00", None),
        ("2026-03-02", None),
        ("Mon, 02 Mar 2026 10:00:00", None),
        ("Mon, 02 Mar 2026 10:00:00 BST", None),
        ("Mon, 02 Mar 2026 11:00:00 +0100", TEN),
        ("Mon, 02 Mar 2026 19:00:00 +9", TEN),
        ("Mon, 02 Mar 2026 19:00:00 +09", TEN),
        ("Mon, 02 Mar 2026 19:30:00 +930", TEN),
        ("Mon, 02 Mar 2026 19:00:00 +09:00", TEN),
        ("Mon, 02 Mar 2026 19:00:00 GMT+0900", TEN),
        ("Mon, 02 Mar 2026 19:00:00 +0900 (JST)", TEN),
        ("Mon, 02 Mar 2026 10:00:00 -0000", TEN),
        ("2026-03-02T19:00:00+9", TEN),
        ("0001-01-01T00:00:00+14:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("yesterday", None),
    ],
)
def test_times_need_a_sure_zone(printed: str, instant: datetime | None) -> None:
    [entry] = read(rss(f"<item><link>/a</link><pubDate>{printed}</pubDate></item>")).entries
    assert (entry.published_raw, entry.published_at) == (printed, instant)


@pytest.mark.parametrize(
    ("printed", "instant"),
    [
        ("Пн, 02 мар 2026 11:00:00 +0100", TEN),
        ("02.03.2026 11:00", TEN),
        ("20260302110000", TEN),
        ("1772445600", TEN),
        ("2/2/2026 11:00:00 AM", datetime(2026, 2, 2, 10, tzinfo=UTC)),
        ("22/2/2026 11:00", datetime(2026, 2, 22, 10, tzinfo=UTC)),
        ("02.03.2026", datetime(2026, 3, 2, tzinfo=UTC)),
        # In March or in February.
        ("2/3/2026 11:00:00 AM", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", None),
        ("01.01.1970 01:00", None),
        ("yesterday", None),
    ],
)
def test_times_of_other_forms_are_read_as_on_pages(printed: str, instant: datetime | None) -> None:
    item = f"<item><link>/a</link><pubDate>{printed}</pubDate></item>"
    [entry] = read(rss(item)).in_zone("Europe/Berlin").entries
    assert (entry.published_raw, entry.published_at) == (printed, instant)


def test_of_too_long_a_feed_with_times_of_other_forms_the_newest_are_taken() -> None:
    times = {"a": "01.03.2026 11:00", "b": "02.03.2026 11:00"}
    items = (f"<item><link>/{n}</link><pubDate>{at}</pubDate></item>" for n, at in times.items())
    listing = read(rss("".join(items)), max_entries=1)
    assert urls(listing) == ["https://courier.example/b"]
    assert listing.left_out_until == datetime(2026, 3, 1, 11, tzinfo=UTC).timestamp()


def test_an_id_that_is_no_address_is_not_requested() -> None:
    ids = ("p-123", "/p-123", "https://courier.example/a", "tag:courier.example,2026:1")
    items = (f'<item><title>A</title><guid isPermaLink="false">{one}</guid></item>' for one in ids)
    assert urls(read(rss("".join(items)))) == ["https://courier.example/a"]
    feed = {"version": "https://jsonfeed.org/version/1", "items": [{"id": one} for one in ids]}
    assert urls(read(json.dumps(feed))) == ["https://courier.example/a"]
    assert urls(read(rss("<item><guid>/b</guid></item>"))) == ["https://courier.example/b"]


def test_broken_xml() -> None:
    text = rss("<item><title>R&D</title><link>/a</link></item><item><title>Zwei &nbsp; B</title>")
    listing = read(text.replace("</channel></rss>", "<link>/b</link>"))
    assert [(entry.url[-2:], entry.headline) for entry in listing.entries] == [
        ("/a", "R&D"),
        ("/b", "Zwei B"),
    ]


@pytest.mark.parametrize(
    ("charset", "declared", "content_type"),
    [
        ("iso-8859-1", ' encoding="iso-8859-1"', "application/xml"),
        ("iso-8859-1", "", "application/rss+xml; charset=iso-8859-1"),
        ("iso-8859-1", ' encoding="iso-8859-1"', "text/xml"),
        ("utf-8", "", "text/xml"),
        ("utf-8", "", "text/html"),
        ("utf-16", ' encoding="utf-16"', "application/xml"),
    ],
)
def test_feeds_in_other_charsets(charset: str, declared: str, content_type: str) -> None:
    head = f'<?xml version="1.0"{declared}?>'
    text = rss("<item><title>Größe</title><link>/a</link></item>", head)
    [entry] = read(text.encode(charset), content_type).entries
    assert entry.headline == "Größe"


def test_shift_jis_feed() -> None:
    head = '<?xml version="1.0" encoding="Shift_JIS"?>'
    text = rss("<item><title>首脳会議</title><link>/a</link></item>", head)
    assert read(text.encode("shift_jis")).entries[0].headline == "首脳会議"


def test_json_feed() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Courier",
        "items": [
            {"id": "1", "url": "/a", "title": "A \ud800", "date_published": "2026-03-02T10:00:00Z"},
            {"id": "https://courier.example/b"},
            {"id": 3, "url": 4, "title": {}},
            "text",
        ],
    }
    listing = read(b"\xef\xbb\xbf" + json.dumps(feed).encode(), "application/json")
    assert (listing.kind, listing.title) == ("jsonfeed", "Courier")
    assert urls(listing) == ["https://courier.example/a", "https://courier.example/b"]
    assert (listing.entries[0].headline, listing.entries[0].published_at) == ("A", TEN)


NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def sitemap(body: str) -> str:
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0"?><urlset xmlns="{space}" {NEWS}><!-- c -->{body}</urlset>'


def test_news_sitemap() -> None:
    listing = read(
        sitemap(
            "<url><loc> https://courier.example/a </loc><news:news><news:publication>"
            "<news:name>Courier</news:name><news:title>Wrong</news:title></news:publication>"
            "<news:publication_date>2026-03-02T11:00:00+01:00</news:publication_date>"
            "<news:title>Talks &amp; tariffs</news:title></news:news></url>"
            "<url><loc>https://courier.example/b</loc><lastmod>2026-03-02</lastmod></url>"
            "<url><lastmod>2026-03-02</lastmod></url>"
        )
    )
    a, b = listing.entries
    assert (listing.kind, a.headline, a.published_at) == ("sitemap", "Talks & tariffs", TEN)
    assert (b.url, b.published_at, b.published_raw) == ("https://courier.example/b", None, None)


def test_an_address_in_a_sitemap_keeps_its_bare_ampersands() -> None:
    address = "https://courier.example/a?x=1&id=2&y=3"
    forms = (address, address.replace("&", "&amp;"), f"<![CDATA[{address}]]>")
    for form in (*forms, f"<!-- & -->{forms[0]}"):
        assert urls(read(sitemap(f"<url><loc>{form}</loc></url>"))) == [address]


def test_a_long_sitemap_gives_its_newest_in_order() -> None:
    days = [5, 1, 9, 3, 8]
    body = "".join(
        f"<url><loc>https://courier.example/{d}</loc><lastmod>2026-03-0{d}</lastmod></url>"
        for d in days
    )
    body = "<url><loc>https://courier.example/undated</loc></url>" + body
    found = urls(read(sitemap(body), max_entries=3))
    assert [url[-1] for url in found] == ["5", "9", "8"]


def test_sitemap_index_gives_its_newest_children_first() -> None:
    body = "".join(
        f"<sitemap><loc>/map-{n}.xml</loc><lastmod>2026-03-{n:02}</lastmod></sitemap>"
        for n in range(1, 20)
    )
    body += "<sitemap><loc>file:///etc/passwd</loc></sitemap><sitemap><loc>/old</loc></sitemap>"
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    listing = read(f'<sitemapindex xmlns="{space}">{body}</sitemapindex>')
    assert (listing.kind, listing.entries) == ("sitemap_index", ())
    assert len(listing.children) == 10
    assert listing.children[0] == "https://courier.example/map-19.xml"


def test_too_long_a_sitemap_says_what_it_leaves_out() -> None:
    places = [f"<url><loc>https://courier.example/{n}</loc></url>" for n in range(4)]
    dated = [one.replace("</url>", "<lastmod>2026-03-02</lastmod></url>") for one in places]
    told = [
        read(sitemap("".join(found)), max_entries=3).left_out
        for found in (places, dated, places[:3])
    ]
    assert told == [
        f"of 4 pages the first 3 are read: 4 state no lastmod; {MORE_ENTRIES}",
        f"of 4 pages the newest 3 are read; {MORE_ENTRIES}",
        "",
    ]
    index = "".join(f"<sitemap><loc>/map-{n}.xml</loc></sitemap>" for n in range(12))
    assert read(f"<sitemapindex>{index}</sitemapindex>").left_out == (
        "of 12 sitemaps the first 10 are read: 12 state no lastmod;"
        " name what lists the newest articles in `sitemaps` of the source itself"
    )


def long_listing(kind: str, days: Sequence[int]) -> Listing:
    """A listing of one page a day, 0 for one without a date, of which three are taken."""
    pages = [(f"/the-ferry-is-back-{day}", f"2026-03-0{day}" if day else "") for day in days]
    if kind == "jsonfeed":
        named = [
            {"url": url, "date_published": f"{at}T10:00:00Z" if at else ""} for url, at in pages
        ]
        return read(json.dumps({"items": named}), max_entries=3)
    if kind == "section":
        links = "".join(f"<a href={url}>The ferry is back in service</a>" for url, _ in pages)
        return read(f"<html><main>{links}</main></html>", "text/html", max_entries=3)
    if kind == "sitemap":
        places = (f"<url><loc>{url}</loc><lastmod>{at}</lastmod></url>" for url, at in pages)
        return read(sitemap("".join(places)), max_entries=3)
    if kind == "atom":
        entries = (
            f'<entry><link href="{url}"/><published>{at}</published></entry>' for url, at in pages
        )
        text = f'<feed xmlns="http://www.w3.org/2005/Atom">{"".join(entries)}</feed>'
        return read(text, max_entries=3)
    items = (f"<item><link>{url}</link><pubDate>{at}</pubDate></item>" for url, at in pages)
    return read(rss("".join(items)), max_entries=3)


@pytest.mark.parametrize("kind", ["rss", "atom", "jsonfeed", "sitemap"])
def test_of_too_long_a_listing_the_newest_are_taken_in_order(kind: str) -> None:
    listing = long_listing(kind, [1, 0, 5, 2, 9, 3, 5])
    assert [url[-1] for url in urls(listing)] == ["5", "9", "3"]
    assert listing.left_out.startswith("of 6 ")  # one is named twice
    assert listing.left_out_until == math.inf
    second = datetime(2026, 3, 2, 10, tzinfo=UTC)
    newest = second if kind == "jsonfeed" else datetime(2026, 3, 3, tzinfo=UTC)  # of that day
    assert long_listing(kind, [1, 5, 2, 9, 3]).left_out_until == newest.timestamp()
    whole = long_listing(kind, [1, 0, 1, 2])
    assert (whole.left_out, whole.left_out_until) == ("", -math.inf)


@pytest.mark.parametrize("kind", ["rss", "jsonfeed", "sitemap"])
def test_entries_of_other_headlines_whose_addresses_count_as_one_are_told(kind: str) -> None:
    def told(*entries: tuple[str, str]) -> str:
        if kind == "jsonfeed":
            items = [{"url": url, "title": title} for url, title in entries]
            return read(json.dumps({"items": items})).left_out
        if kind == "sitemap":
            pages = (
                f"<url><loc>{url}</loc><news:news><news:title>{title}</news:title></news:news></url>"
                for url, title in entries
            )
            return read(sitemap("".join(pages))).left_out
        named = (f"<item><title>{title}</title><link>{url}</link></item>" for url, title in entries)
        return read(rss("".join(named))).left_out

    one, two, three = (
        (f"https://courier.example/story?ref={number}", f"Headline {number}")
        for number in (1, 2, 3)
    )
    assert told(one, two, three, two) == (
        "not read: 2 entries with other headlines, such as https://courier.example/story?ref=2,"
        " which counts as https://courier.example/story?ref=1: parameters that track readers on"
        " most sites, and what follows a #, are ignored"
    )
    assert told(("/#!/news/0", "Ferry"), ("/#!/news/1", "Bridge")).startswith("not read: 1 entry ")
    assert told(one, (two[0], one[1])) == ""  # one article, whose readers are counted
    assert told(("/story", "Ferry"), ("/story", "Ferry is back")) == ""
    assert told(("/live#post-1", "Ferry"), ("/live#post-2", "Bridge")) == ""
    assert told(("/view.php?ref=1", "Ferry"), ("/view.php?ref=2", "Bridge")) == ""


def test_of_too_long_a_section_page_the_first_links_are_taken() -> None:
    listing = long_listing("section", [4, 2, 3, 1])
    assert [url[-1] for url in urls(listing)] == ["4", "2", "3"]
    assert listing.left_out.startswith("of 4 entries the first 3 are read: 4 state no date; ")
    assert listing.left_out_until == math.inf


def test_gzipped_sitemap() -> None:
    text = sitemap("<url><loc>https://courier.example/a</loc></url>")
    data = gzip.compress(text.encode())
    assert urls(read(data, "application/gzip")) == ["https://courier.example/a"]
    broken = attempt(data[:-9])
    assert isinstance(broken, Failure)
    assert broken.outcome is Outcome.LISTING_UNREADABLE


def test_gzip_bomb() -> None:
    bomb = gzip.compress(bytes(30_000_000))
    refused = attempt(bomb, max_bytes=1_000_000)
    assert isinstance(refused, Failure)
    assert refused.outcome is Outcome.TOO_LARGE
    assert refused.detail == "more than 1000000 bytes, decompressed"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize(
    "doctype",
    [
        f"<!DOCTYPE rss [{LAUGHS}]>",
        '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd"> %x;]>',
        '<!-- <rss> --><!DOCTYPE rss [<!-- <rss> --><!ENTITY x "y">]>',
        '<!doctype rss [ <!entity x "y"> ]>',
        "<!-- a --><?p <x ?>" * 50 + '<!DOCTYPE rss [<!ENTITY x "y">]>',
    ],
)
@pytest.mark.parametrize("root", ["rss", "urlset"])
def test_declared_entities_are_refused(root: str, doctype: str, encoding: str) -> None:
    body = "<item><title>&l9;&x;</title><link>/a</link></item>"
    text = f'<?xml version="1.0"?>{doctype}<{root}><channel>{body}</channel></{root}>'
    refused = attempt(text.encode(encoding))
    assert isinstance(refused, Failure)
    assert refused.outcome is Outcome.ENTITIES_REFUSED


def test_an_item_about_entities_is_no_declaration() -> None:
    body = "<![CDATA[<!DOCTYPE x [<!ENTITY y 'z'>]>]]>"
    item = f"<item><link>/a</link><description>{body}</description></item>"
    assert urls(read(rss(item))) == ["https://courier.example/a"]


@pytest.mark.slow
@pytest.mark.parametrize("piece", SLOW_PROLOGS)
def test_prologs_made_to_be_slow_are_no_listing(piece: str) -> None:
    assert isinstance(attempt(piece * 200_000), Failure)


@pytest.mark.slow
@pytest.mark.parametrize("root", ["rss", "urlset"])
def test_deep_nesting_ends(root: str) -> None:
    for tag in ("<a>", "<url>"):
        found = attempt(f"<{root}>" + tag * 10_000)
        assert isinstance(found, Failure) or found.entries == ()
    for text in ("[" * 100_000, '{"items":' + "[" * 100_000):
        assert isinstance(attempt(text, "application/json"), Failure)


def test_a_feed_of_nothing_but_tags_is_refused() -> None:
    refused = attempt("<rss>" + "<a>" * 3_000_000)
    assert isinstance(refused, Failure)
    assert refused.outcome is Outcome.LISTING_UNREADABLE


@pytest.mark.slow
def test_titles_made_to_be_slow() -> None:
    assert len(read(rss(slow_titles())).entries) == 90


@pytest.mark.slow
def test_ten_thousand_entries_are_capped() -> None:
    items = "".join(f"<item><title>N {n}</title><link>/{n}</link></item>" for n in range(10_000))
    found = urls(read(rss(items), max_entries=500))
    assert len(found) == 500
    assert found[::499] == ["https://courier.example/0", "https://courier.example/499"]


def test_hostile_links() -> None:
    links = [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "ftp://courier.example/a",
        "http://[",
        "https://good.example\\@evil.example/",
        "../../../../etc/passwd",
        "/x/%2e%2e/%2e%2e/etc",
        "//cdn.example/a",
        "mailto:a@b.example",
        "",
    ]
    title = "'); DROP TABLE articles; --&#0;\u202e../../x\r\n"
    items = "".join(f"<item><title>{title}</title><link>{link}</link></item>" for link in links)
    listing = read(rss(items))
    assert urls(listing)[:3] == [
        "https://courier.example/etc/passwd",
        "https://courier.example/x/%2e%2e/%2e%2e/etc",
        "https://cdn.example/a",
    ]
    headlines = {entry.headline for entry in listing.entries}
    assert all(head and head.startswith("'); DROP TABLE articles; --") for head in headlines)
    assert not any("\n" in head or "\0" in head for head in headlines if head)


def test_one_article_is_one_entry() -> None:
    links = ["/a?utm_source=rss", "/a", "http://www.courier.example/a/", "/a/amp", "/b"]
    items = "".join(f"<item><link>{link}</link></item>" for link in links)
    assert urls(read(rss(items))) == [
        "https://courier.example/a",
        "https://courier.example/b",
    ]


def test_redirectors_are_left_as_they_are() -> None:
    link = "https://news.google.com/rss/articles/CBMiabc?oc=5"
    assert urls(read(rss(f"<item><link>{link}</link></item>"))) == [link]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"   ",
        b"not a feed",
        b"\x00\xff" * 500,
        b"<opml><body/></opml>",
        b"{}",
        b"{",
        b"\x1f\x8b",
    ],
)
def test_what_is_no_listing(payload: bytes) -> None:
    refused = attempt(payload, "application/xml")
    assert isinstance(refused, Failure)
    assert refused.outcome is Outcome.LISTING_UNREADABLE
    assert refused.detail


def test_an_empty_feed_is_a_feed() -> None:
    assert read(rss("")).entries == ()


def test_a_page_instead_of_a_feed() -> None:
    page = "<!doctype html><title>Sign in</title>"
    refused = attempt(page, "text/html", may_be_section=False)
    assert isinstance(refused, Failure)
    assert refused.outcome is Outcome.LISTING_UNREADABLE


@given(st.binary(max_size=300), st.sampled_from(["", "<rss>", "<feed>", "<urlset>", "<html>", "{"]))
def test_no_payload_raises(data: bytes, start: str) -> None:
    attempt(start.encode() + data)


SECTION = """<!doctype html><html><head><title>World - Courier</title></head><body>
<header><a href="/world/2026/03/01/in-the-header">A story in the site header</a></header>
<nav><a href="/world/2026/03/01/in-the-navigation">A story in the navigation bar</a></nav>
<main>
 <article><header><h2><a href="/world/summit-opens-in-varnholm">Summit opens in Varnholm</a></h2>
  </header></article>
 <a href="/world/2026/03/02/tariffs?utm_source=home"><img src="x.jpg"></a>
 <a href="/world/2026/03/02/tariffs"><h3>Tariffs: what <b>changes</b> now</h3><p>Standfirst</p></a>
 <a href="https://courier.example/business/art-4711234.html">Orla Telecom wins the auction</a>
 <a href="/news.php?id=48213">Ministers fly home without a text</a>
 <a href="/asia/48213">首脳会議が開幕した</a>
 <a href="/world/2026/03/02/short">More</a>
 <a href="/world">All the world news of the day</a>
 <a href="/tag/summit-meetings-of-the-year">Everything about summit meetings</a>
 <a href="/author/mara-lindqvist-of-varnholm">Mara Lindqvist, our correspondent</a>
 <a href="/subscribe/offer-for-new-readers-2026">Subscribe to the Courier for less</a>
 <a href="/login?next=/world/2026/03/02/a-story">Log in to read this long story</a>
 <a href="/files/report-on-the-summit-2026.pdf">The report on the summit (PDF)</a>
 <a href="https://other.example/world/2026/03/02/story">A story in quite another paper</a>
 <a href="javascript:void(0)">A link that does nothing at all</a>
 <a>No link at all, only an anchor</a>
</main>
<footer><a href="/2026/03/01/footer-story-of-the-day">A story in the site footer</a></footer>
</body></html>"""


def test_section_page() -> None:
    listing = read(SECTION, "text/html", url="https://courier.example/world")
    assert (listing.kind, listing.title) == ("section", "World - Courier")
    assert [(entry.url, entry.headline) for entry in listing.entries] == [
        (
            "https://courier.example/world/summit-opens-in-varnholm",
            "Summit opens in Varnholm",
        ),
        ("https://courier.example/world/2026/03/02/tariffs", "Tariffs: what changes now"),
        (
            "https://courier.example/business/art-4711234.html",
            "Orla Telecom wins the auction",
        ),
        ("https://courier.example/news.php?id=48213", "Ministers fly home without a text"),
        ("https://courier.example/asia/48213", "首脳会議が開幕した"),
    ]


def test_section_page_with_a_base_in_shift_jis() -> None:
    page = (
        '<html><head><meta charset="Shift_JIS"><base href="/asia/"></head><body>'
        '<a href="2026/03/02/1">首脳会議が開幕した</a></body></html>'
    )
    [entry] = read(page.encode("shift_jis"), "text/html").entries
    assert entry.url == "https://courier.example/asia/2026/03/02/1"
    assert entry.headline == "首脳会議が開幕した"


@pytest.mark.parametrize(
    ("path", "is_article"),
    [
        ("/world-asia-12345678", True),
        ("/2026/mar/02/story", True),
        ("/world/2026/mar/02/the-long-story-of-a-summit", True),
        ("/20260302/a", True),
        ("/politik/gipfel-in-varnholm-beginnt", True),
        ("/a/b/c", False),
        ("/world/europe", False),
        ("/", False),
        ("/feed.xml", False),
        ("/images/2026/03/02/photo.jpg", False),
        ("/?p=12345", True),
        ("/search?q=the-long-story", False),
        # In the form of addresses of the Times of India, The Hindu, Globo and the LA Times.
        ("/india/summit-opens-in-varnholm/articleshow/114567890.cms", True),
        ("/india/articlelist/1145678901.cms", False),
        ("/rssfeeds/1145678901.cms", False),
        ("/videoshow/114567890.cms", False),
        ("/news/international/summit-opens-in-varnholm/article68812345.ece", True),
        ("/mundo/noticia/2026/03/02/summit.ghtml", True),
        ("/news/la-fg-summit-20260302,0,9086.story", True),
        ("/world/summit-opens-in-varnholm.jsf", True),
        ("/world.ece", False),
        ("/2026/03/02/summit-opens-in-varnholm.JPG", False),
        ("/2026/03/02/summit-opens-in-varnholm.mp3", False),
        ("/2026/03/02/summit-opens-in-varnholm.rss", False),
        ("/2026/03/02/summit-opens-in-varnholm.docx", False),
        ("/assets/main.min.12345678.js", False),
        # CNN, NASA, CBS, the Washington Post.
        ("/2010/POLITICS/08/13/summit/index.html", True),
        ("/2010/POLITICS/", False),
        ("/news.php?release=2013-186", True),
        ("/news.php?category=2013", False),
        ("/8301-504763_162-57588012/u.s-opens-a-summit/", True),
        ("/8301-504763_162-57588012/summit-opens/", True),
        ("/12345678/world/", False),
        ("/archive/politics/1990/08/03/summit-opens-in-varnholm/", True),
        ("/world/archive/2013/08/the-summit-opens/278/", True),
        ("/archive/2013/08/", False),
        ("/archive/politics-and-the-world/", False),
    ],
)
def test_looks_like_article(path: str, is_article: bool) -> None:
    assert looks_like_article(f"https://courier.example{path}") is is_article


def save(folder: Path, name: str, content: bytes, **meta: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if meta:
        path.with_name(name.rpartition("/")[2] + ".meta.json").write_text(json.dumps(meta))
    return path


def test_saved_files(tmp_path: Path) -> None:
    save(tmp_path, "b/one.html", b"<p>1")
    save(tmp_path, "b/two.html.gz", gzip.compress(b"<p>2"))
    save(tmp_path, "a/größe 100%.txt", "Größe".encode())
    save(tmp_path, "a/three.HTM", b"<p>3")
    for other in ("a/x.pdf", "a/x.html.meta.json", "a/x.gz", "a/html", ".hidden/x.css"):
        save(tmp_path, other, b"x")
    entries = find_files([str(tmp_path / name) for name in ("**/*", "b/*.html", "b/one*")])
    assert [entry.url for entry in entries] == [
        (tmp_path / name).as_uri()
        for name in ("a/größe 100%.txt", "a/three.HTM", "b/one.html", "b/two.html.gz")
    ]
    assert {entry.found_in for entry in entries} == {str(tmp_path / "**/*")}
    attempts = [read_file(entry, 100) for entry in entries]
    assert [attempt.payload for attempt in attempts] == [
        "Größe".encode(),
        b"<p>3",
        b"<p>1",
        b"<p>2",
    ]
    assert [a.content_type for a in attempts] == ["text/plain"] + ["text/html"] * 3
    assert {(a.kind, a.outcome) for a in attempts} == {(CaptureKind.FILE, Outcome.FETCHED)}
    assert attempts[0].url_requested == entries[0].url


def test_globs_from_a_folder_with_a_strange_name(tmp_path: Path) -> None:
    path = save(tmp_path, "saved/a.html", b"<p>1")
    (tmp_path / "x[1]").mkdir()
    pattern = f"{glob.escape(str(tmp_path / 'x[1]'))}/../saved/*.html"
    assert [entry.url for entry in find_files([pattern])] == [path.as_uri()]


def one(folder: Path) -> Attempt:
    [entry] = find_files([str(folder / "*")])
    return read_file(entry, 1000)


def test_given_metadata(tmp_path: Path) -> None:
    save(
        tmp_path,
        "a.html",
        b"<p>1",
        url="https://courier.example/a",
        published_at="2026-03-02T19:00:00+09:00",
        fetched_at="2026-03-02T10:00:00Z",
    )
    [entry] = find_files([str(tmp_path / "*.html")])
    assert entry.given_url == "https://courier.example/a"
    assert (entry.published_at, entry.published_raw) == (TEN, "2026-03-02T19:00:00+09:00")
    assert read_file(entry, 1000).attempted_at == TEN


def test_a_given_day_stays_as_printed(tmp_path: Path) -> None:
    save(tmp_path, "a.html", b"<p>1", published_at="2026-03-02")
    [entry] = find_files([str(tmp_path / "*.html")])
    assert (entry.published_at, entry.published_raw) == (None, "2026-03-02")
    assert read_file(entry, 1000).outcome is Outcome.FETCHED


@pytest.mark.parametrize(
    ("meta", "wrong"),
    [
        ({"ulr": "https://courier.example/a"}, "ulr: unknown key"),
        ({"url": 5}, "url: must be a string"),
        ({"url": "file:///etc/passwd"}, "url: must be an http(s) URL"),
        ({"published_at": "soon"}, "published_at: must be an ISO date or time"),
        ({"published_at": "1000-01-01"}, "published_at: must be an ISO date or time"),
        ({"published_at": "2099-03-07"}, "published_at: must not lie in the future"),
        ({"published_at": "2099-03-07T10:00:00Z"}, "published_at: must not lie in the future"),
        (
            {"published_at": "2026-03-07", "fetched_at": "2026-03-02T10:00:00Z"},
            "published_at: must not lie in the future, nor after the page was saved",
        ),
        ({"fetched_at": "2026-03-02T10:00:00"}, "fetched_at: must be an ISO time with a zone"),
    ],
)
def test_wrong_metadata_names_file_and_key(
    tmp_path: Path, meta: dict[str, object], wrong: str
) -> None:
    save(tmp_path, "a.html", b"<p>1", **meta)
    attempt = one(tmp_path)
    assert attempt.outcome is Outcome.UNREADABLE_FILE
    assert attempt.detail.startswith(f"a.html.meta.json: {wrong}")
    assert attempt.payload == b""


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff", b"[" * 50_000, b""])
def test_metadata_that_is_no_json_object(tmp_path: Path, text: bytes) -> None:
    save(tmp_path, "a.html", b"<p>1")
    (tmp_path / "a.html.meta.json").write_bytes(text)
    assert one(tmp_path).outcome is Outcome.UNREADABLE_FILE
    assert one(tmp_path).detail.startswith("a.html.meta.json: ")


def test_files_are_read_within_their_limit(tmp_path: Path) -> None:
    save(tmp_path / "1", "a.html", bytes(1001))
    save(tmp_path / "2", "a.html.gz", gzip.compress(bytes(30_000_000)))
    save(tmp_path / "3", "a.html.gz", gzip.compress(b"x" * 1000)[:-4])
    save(tmp_path / "4", "a.html", bytes(1000))
    outcomes = [one(tmp_path / name).outcome for name in "1234"]
    assert outcomes == [
        Outcome.TOO_LARGE,
        Outcome.TOO_LARGE,
        Outcome.UNREADABLE_FILE,
        Outcome.FETCHED,
    ]


def test_a_file_that_went_away(tmp_path: Path) -> None:
    path = save(tmp_path, "a.html", b"<p>1")
    [entry] = find_files([str(tmp_path / "*")])
    path.unlink()
    attempt = read_file(entry, 1000)
    assert attempt.outcome is Outcome.UNREADABLE_FILE
    assert "No such file" in attempt.detail


def test_a_name_too_long_for_metadata(tmp_path: Path) -> None:
    """Browsers name pages by their titles, and a name has 255 bytes at most."""
    path = save(tmp_path, "報" * 83 + ".html", b"<p>1")
    globs, attempt = [str(tmp_path / "*")], one(tmp_path)
    assert (attempt.outcome, attempt.payload) == (Outcome.FETCHED, b"<p>1")
    read_since = {path.as_uri(): datetime.now(UTC) - timedelta(hours=1)}
    assert not has_new_file(globs, read_since, {attempt.etag or ""})
    assert has_new_file(globs, read_since, set())


def test_a_file_that_goes_away_meanwhile_has_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = save(tmp_path, "a.html", b"<p>1")
    gone.unlink()
    monkeypatch.setattr("tasks.collect.listings.saved_files._paths", lambda globs: {gone: "*"})
    assert not has_new_file(["*"], {gone.as_uri(): TEN}, set())


def test_etag_changes_with_file_and_metadata(tmp_path: Path) -> None:
    path = save(tmp_path, "a.html", b"<p>1")
    etags = [one(tmp_path).etag, one(tmp_path).etag]
    save(tmp_path, "a.html", b"<p>1", url="https://courier.example/a")
    etags.append(one(tmp_path).etag)
    save(tmp_path, "a.html", b"<p>1", wrong=1)
    etags.append(one(tmp_path).etag)
    path.write_bytes(b"<p>2")
    etags.append(one(tmp_path).etag)
    assert etags[0] == etags[1]
    assert len(set(etags)) == 4
    assert all(len(etag or "") == hashlib.sha256().digest_size * 2 for etag in etags)
