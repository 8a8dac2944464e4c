import gzip
import json
import re
import socket
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import pytest
from lxml import etree

from tasks.sources.collections import load_sources
from tasks.topics.mentions import Matcher
from tasks.topics.topic import load_topics
from tests.support.ports import free_port

DEPLOYMENTS = Path(__file__).parents[2] / "deployments"
SAMPLE = DEPLOYMENTS / "sample"
sys.path.insert(0, str(SAMPLE))

import newsroom  # noqa: E402 (deployments/ is no package)
from newsroom_articles import COURIER, PAPERS, SHIMBUN, TAGEBLATT, Article, Paper  # noqa: E402
from newsroom_listings import site_listings  # noqa: E402
from newsroom_pages import BASE_PORT, Site, saved_files, site_pages, sources_of  # noqa: E402

PORT, OTHER = free_port(beside=3), free_port(beside=3)
EXPECTED = json.loads((SAMPLE / "expected.json").read_text(encoding="utf-8"))
ARTICLES = [article for paper in PAPERS for article in sources_of(paper)]
SERVED = [article for article in ARTICLES if not article.is_saved]

COUNTED = {
    "sanctions": r"\bsanctions\b|\bsanktionen\b|制裁",
    "huawei": r"\bhuawei\b|華為技術(?:（ファーウェイ）)?|ファーウェイ",
    "g20": r"\bg-?20\b|g20(?=の)|\bgroup of (?:20|twenty)\b|主要20カ国・地域",
}
FURNITURE = {
    COURIER.id: {
        "metering": "You have {{numberArticlesLeft}} of your {{numberArticlesAllowed}} free",
        "trial": "Try the Courier for eight weeks for £1",
        "expiry": "Your trial runs out on {{trialEndDate}}",
        "benefits": "As a Courier subscriber you get",
        "newsletter": "By signing up you agree",
        "newsletter_line": "Sign up for Harbour Lights",
        "sponsored": "paid for by Marlowe Freight",
        "donate": "please consider supporting our reporting",
        "app": "download the Courier app",
        "signin": "Already a subscriber?",
        "advert": "Story continues below advertisement",
        "readmore": "Read more:",
    },
    TAGEBLATT.id: {
        "zaehler": "Sie haben noch {{verbleibendeArtikel}} von {{freieArtikel}}",
        "probe": "vier Wochen Tageblatt digital für 1 Euro",
        "ablauf": "Ihr Probeabo endet am {{ablaufDatum}}",
        "vorteile": "Ihre Vorteile mit Tageblatt plus",
        "newsletter": "Jetzt kostenlos bestellen",
        "kasten": "Hintergründe direkt in Ihr Postfach",
        "anzeige": "ANZEIGE",
        "app": "Laden Sie die Tageblatt-App herunter",
        "werbeblocker": "Sie nutzen einen Werbeblocker?",
        "auch": "Lesen Sie auch:",
    },
    SHIMBUN.id: {
        "nokori": "残り{{remainingArticles}}本です",
        "muryo": "初月無料",
        "kigen": "お試し期間は{{trialEnd}}に終了",
        "tokuten": "有料会員になると",
        "mail": "無料メールマガジン",
        "pr": "【PR】",
        "app": "アプリをダウンロード",
        "kanren": "【関連記事】",
    },
}


def bare(article: Article) -> str:
    return f"{article.paper.id}/{article.slug}"


def mentions(article: Article) -> dict[str, dict[str, int]]:
    """The independent count: plain regexes over the sources."""
    texts = {
        "kicker": article.kicker,
        "headline": article.headline,
        "standfirst": article.standfirst,
        "body": "\n".join(article.paragraphs),
        "caption": "\n".join(article.captions),
    }
    found = {
        topic: {field: len(re.findall(form, text, re.I)) for field, text in texts.items()}
        for topic, form in COUNTED.items()
    }
    kept = {topic: {f: n for f, n in counts.items() if n} for topic, counts in found.items()}
    return {topic: counts for topic, counts in kept.items() if counts}


@pytest.fixture(scope="module")
def news() -> Iterator[newsroom.Newsroom]:
    with newsroom.Newsroom(PORT) as opened:
        yield opened


def ask(
    paper: Paper, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", PORT + paper.port_offset, timeout=5)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def text_of(body: bytes, article: Article) -> str:
    return body.decode(article.charset or "utf-8")


# What is written


def test_three_weeks_in_three_languages() -> None:
    days = sorted(article.published_at for article in ARTICLES if article.published_at)
    assert days[0].date().isoformat() == "2026-10-26"
    assert days[-1].date().isoformat() <= "2026-11-15"
    assert (days[-1] - days[0]).days >= 18
    assert Counter(article.paper.language for article in SERVED) == {"en": 22, "de": 11, "ja": 10}


@pytest.mark.parametrize("article", ARTICLES, ids=bare)
def test_an_article_source_is_whole(article: Article) -> None:
    assert article.headline
    assert article.section
    assert article.path.startswith("/")
    assert not re.search(r"\{\{|\}\}|%%|<|https?://", "\n".join(article.paragraphs))
    assert bool(article.published) != ("undated" in article.flags)
    text = "".join(article.paragraphs)
    size, low, high = (
        (len(text), 250, 700) if article.page_language == "ja" else (len(text.split()), 90, 350)
    )
    assert low <= size <= high or "truncated" in article.flags


def test_paths_are_distinct() -> None:
    paths = Counter((article.paper.id, article.path) for article in SERVED)
    assert max(paths.values()) == 1


def test_the_wire_copy_is_the_same_text_in_two_papers() -> None:
    one, other = (article for article in ARTICLES if "syndicated" in article.flags)
    assert one.paper != other.paper
    assert one.headline != other.headline
    assert one.paragraphs == other.paragraphs


def test_the_revised_article_differs_from_its_earlier_state() -> None:
    (now,) = (article for article in ARTICLES if "revised" in article.flags)
    (before,) = (article for article in ARTICLES if article.slug.endswith(".earlier"))
    assert now.path == before.path
    assert now.published == before.published
    assert now.paragraphs != before.paragraphs
    assert set(now.paragraphs) & set(before.paragraphs)
    assert now.modified_at is not None
    meta = json.loads((SAMPLE / "saved" / f"{before.slug}.html.meta.json").read_text())
    assert meta["url"] == f"http://127.0.0.1:{BASE_PORT}{now.path}"
    assert datetime.fromisoformat(meta["fetched_at"]) < now.modified_at


# What is expected


@pytest.mark.parametrize(
    "said", EXPECTED["articles"] + EXPECTED["earlier_versions"], ids=lambda said: said["source"]
)
def test_expected_agrees_with_the_sources(said: dict[str, object]) -> None:
    (article,) = (
        one for one in ARTICLES if (one.paper.id, one.slug) == (said["paper"], said["source"])
    )
    published, modified = (
        moment and moment.astimezone(UTC).isoformat()
        for moment in (article.published_at, article.modified_at)
    )
    written = {
        "path": article.path,
        "kicker": article.kicker or None,
        "headline": article.headline,
        "standfirst": article.standfirst or None,
        "byline": article.byline,
        "authors": list(article.author_names),
        "published_at": published,
        "modified_at": modified,
        "language": article.page_language,
        "access": article.access or "unknown",
        "is_truncated": "truncated" in article.flags,
        "captions": list(article.captions),
        "paragraphs": len(article.paragraphs),
        "mentions": mentions(article),
    }
    assert {name: said[name] for name in written} == written


def test_expected_names_every_article_once() -> None:
    named = [(said["paper"], said["source"]) for said in EXPECTED["articles"]]
    written = {
        (article.paper.id, article.slug)
        for article in ARTICLES
        if "disallowed" not in article.flags and not article.slug.endswith(".earlier")
    }
    assert sorted(named) == sorted(written)


def test_expected_totals_add_up() -> None:
    sums: dict[str, dict[str, dict[str, int]]] = {}
    for said in EXPECTED["articles"]:
        for topic, fields in said["mentions"].items():
            empty = {"articles": 0, "mentions": 0}
            total = sums.setdefault(said["paper"], {}).setdefault(topic, empty)
            total["articles"] += 1
            total["mentions"] += sum(fields.values())
    assert sums == EXPECTED["totals"]


@pytest.mark.parametrize("article", ARTICLES, ids=bare)
def test_the_shipped_topics_count_what_is_expected(article: Article) -> None:
    matcher = Matcher(load_topics(DEPLOYMENTS / "topics.toml"))
    texts = {
        "kicker": article.kicker,
        "headline": article.headline,
        "standfirst": article.standfirst,
        "body": "\n\n".join(article.paragraphs),
        "caption": "\n".join(article.captions),
    }
    counts: dict[str, dict[str, int]] = {}
    for field, text in texts.items():
        for hit in matcher.find(text, field):
            fields = counts.setdefault(hit.topic_id, {})
            fields[field] = fields.get(field, 0) + 1
    assert counts == mentions(article)


def test_expected_rejections_are_listed(news: newsroom.Newsroom) -> None:
    listed = {site.paper.id: listed_paths(site) for site in news.sites}
    for said in EXPECTED["rejections"] + EXPECTED["duplicates"]:
        assert said["path"] in listed[said["paper"]], said["path"]
    for said in EXPECTED["duplicates"]:
        assert said["article"] in {one["path"] for one in EXPECTED["articles"]}


def listed_paths(site: Site) -> set[str]:
    paths: set[str] = set()
    for path, page in site_listings(site).items():
        body = gzip.decompress(page.body) if path.endswith(".gz") else page.body
        urls = re.findall(rf"{re.escape(site.root)}(/[^<\"\s]*)", body.decode())
        paths |= {url.replace("&amp;", "&") for url in urls}
    return paths


def test_every_article_can_be_discovered() -> None:
    for paper in PAPERS:
        site = Site(paper, PORT)
        listed = listed_paths(site)
        followed = site_pages(site)["/wirtschaft/"].body.decode() if paper == TAGEBLATT else ""
        for article in site.articles:
            assert article.path in listed or f'href="{article.path}"' in followed, article.slug


def test_the_sitemap_lists_older_articles_than_the_feed() -> None:
    feed = {one.slug for one in SERVED if one.paper == COURIER and "feed" in one.listed}
    sitemap = {one.slug for one in SERVED if one.paper == COURIER and "sitemap" in one.listed}
    assert len(sitemap - feed) >= 5


# What is served


@pytest.mark.parametrize("article", SERVED, ids=bare)
def test_a_page_holds_its_article_and_its_furniture(
    article: Article, news: newsroom.Newsroom
) -> None:
    response, body = ask(article.paper, article.path)
    assert response.status == 200
    tree = etree.fromstring(text_of(body, article).encode(), etree.HTMLParser(encoding="utf-8"))
    paragraphs = [" ".join("".join(map(str, node.itertext())).split()) for node in tree.iter("p")]
    assert [text for text in paragraphs if text in article.paragraphs] == list(article.paragraphs)
    shown = " ".join("".join(map(str, tree.itertext())).split())
    for block in article.blocks:
        if block.startswith("%% ") and block not in ("%% figure", "%% bild"):
            assert FURNITURE[article.paper.id][block[3:]] in shown
    for text in (article.headline, article.byline, *article.captions):
        assert " ".join(text.split()) in shown
    assert "© 2026" in shown


def test_every_kind_of_furniture_is_used() -> None:
    for paper in PAPERS:
        used = {
            block[3:] for one in sources_of(paper) for block in one.blocks if block[:3] == "%% "
        }
        assert set(FURNITURE[paper.id]) <= used


def test_placeholders_arrive_unrendered(news: newsroom.Newsroom) -> None:
    found = set()
    for article in SERVED:
        _, body = ask(article.paper, article.path)
        found |= set(re.findall(r"\{\{\w+\}\}", text_of(body, article)))
    assert {"{{numberArticlesLeft}}", "{{trialEndDate}}", "{{firstName}}"} <= found
    assert {"{{verbleibendeArtikel}}", "{{ablaufDatum}}", "{{remainingArticles}}"} <= found


@pytest.mark.parametrize(
    ("slug", "content_type", "declared", "true_charset"),
    [
        ("faehrbruecke-brauerei", "text/html", b"charset=iso-8859-1", "iso-8859-1"),
        ("zosen-sjis", "text/html", b'charset="shift_jis"', "shift_jis"),
        ("planspiel-g20", "text/html; charset=iso-8859-1", b"charset=iso-8859-1", "utf-8"),
        ("theater-scheune", "text/html; charset=utf-8", b"charset=utf-8", "utf-8"),
    ],
)
def test_charsets_are_as_declared_and_one_is_not(
    slug: str, content_type: str, declared: bytes, true_charset: str, news: newsroom.Newsroom
) -> None:
    (article,) = (one for one in SERVED if one.slug == slug)
    response, body = ask(article.paper, article.path)
    assert response.headers["Content-Type"] == content_type
    assert declared in body
    assert article.headline in body.decode(true_charset)
    if true_charset != "utf-8":
        with pytest.raises(UnicodeDecodeError):
            body.decode()


def test_metadata_differs_by_paper(news: newsroom.Newsroom) -> None:
    for article in SERVED:
        page = text_of(ask(article.paper, article.path)[1], article)
        assert ("application/ld+json" in page) == (article.paper == COURIER)
        assert ('"og:type"' in page) == (article.paper != SHIMBUN)
        assert ('name="tdm-reservation" content="1"' in page) == (article.paper == TAGEBLATT)
        assert ("noai" in page) == (article.paper == SHIMBUN)


def test_json_ld_is_well_formed(news: newsroom.Newsroom) -> None:
    for article in (one for one in SERVED if one.paper == COURIER):
        page = ask(COURIER, article.path)[1].decode()
        (script,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
        (story,) = (node for node in json.loads(script)["@graph"] if node["@type"] == "NewsArticle")
        assert story["headline"] == article.headline
        assert story["datePublished"] == article.published
        free = {"free": True, "paywalled": False}.get(article.access)
        assert story.get("isAccessibleForFree") == free


def test_the_undated_page_says_no_date(news: newsroom.Newsroom) -> None:
    (article,) = (one for one in SERVED if "undated" in one.flags)
    page = ask(article.paper, article.path)[1].decode()
    assert not re.search(r"\d{1,2}\.\d{1,2}\.20\d\d|20\d\d-\d\d|published_time|<time", page)


def test_the_truncated_page_ends_in_a_paywall(news: newsroom.Newsroom) -> None:
    (article,) = (one for one in SERVED if "truncated" in one.flags)
    page = ask(article.paper, article.path)[1].decode()
    assert '"isAccessibleForFree": false' in page
    assert page.index(article.paragraphs[-1]) < page.index("Subscribe to read the rest")


def test_pages_and_listings_name_no_outside_host(news: newsroom.Newsroom) -> None:
    vocabularies = {"schema.org", "www.w3.org", "purl.org", "www.sitemaps.org", "jsonfeed.org"}
    vocabularies |= {"www.google.com"}
    for site in news.sites:
        for path, page in {**site_pages(site), **site_listings(site)}.items():
            body = gzip.decompress(page.body) if path.endswith(".gz") else page.body
            text = body.decode("latin-1")
            hosts = {urlsplit(url).hostname for url in re.findall(r"https?://[^\s\"'<>]+", text)}
            assert hosts <= vocabularies | {"127.0.0.1"}, path
            ports = set(re.findall(r"127\.0\.0\.1:(\d+)", text))
            assert ports <= {str(site.port)}, path
            assert set(re.findall(r"@([\w.]+\.\w+)", text)) <= {
                "courier.example",
                "tageblatt.example",
            }


@pytest.mark.parametrize(
    ("paper", "path", "items"),
    [
        (COURIER, "/feed.xml", "channel/item"),
        (COURIER, "/news-sitemap.xml", "{*}url"),
        (TAGEBLATT, "/feed.atom", "{*}entry"),
        (SHIMBUN, "/rss/latest.rdf", "{*}item"),
        (SHIMBUN, "/sitemap.xml", "{*}sitemap"),
        (SHIMBUN, "/sitemaps/news-1.xml.gz", "{*}url"),
    ],
)
def test_xml_listings_are_well_formed(
    paper: Paper, path: str, items: str, news: newsroom.Newsroom
) -> None:
    response, body = ask(paper, path)
    assert response.status == 200
    assert response.headers["Content-Encoding"] is None
    root = etree.fromstring(gzip.decompress(body) if path.endswith(".gz") else body)
    expected = 1 if path == "/sitemap.xml" else 4
    assert len(root.findall(items)) >= expected


def test_the_json_feed_is_well_formed(news: newsroom.Newsroom) -> None:
    response, body = ask(SHIMBUN, "/feed.json")
    feed = json.loads(body)
    assert response.headers["Content-Type"].startswith("application/feed+json")
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert all(item["url"].startswith(f"http://127.0.0.1:{PORT + 2}/") for item in feed["items"])


@pytest.mark.parametrize(
    ("paper", "path"), [(COURIER, "/feed.xml"), (TAGEBLATT, "/feed.atom"), (SHIMBUN, "/feed.json")]
)
def test_a_listing_answers_conditional_requests(
    paper: Paper, path: str, news: newsroom.Newsroom
) -> None:
    first, _ = ask(paper, path)
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for condition in ({"If-None-Match": tag}, {"If-Modified-Since": modified}):
        again, body = ask(paper, path, condition)
        assert (again.status, body) == (304, b"")
    for condition in ({"If-None-Match": '"other"'}, {"If-Modified-Since": "yesterday"}):
        assert ask(paper, path, condition)[0].status == 200


def test_robots_txt(news: newsroom.Newsroom) -> None:
    for site in news.sites:
        _, body = ask(site.paper, "/robots.txt")
        assert f"Crawl-delay: {site.paper.crawl_delay}" in body.decode()
        robots = RobotFileParser()
        robots.parse(body.decode().splitlines())
        for article in site.articles:
            may = robots.can_fetch("Presswatch", site.url(article))
            assert may == ("disallowed" not in article.flags)


def test_special_pages(news: newsroom.Newsroom) -> None:
    statuses = {
        said["outcome"]: ask(paper, said["path"])[0].status
        for said in EXPECTED["rejections"]
        for paper in PAPERS
        if paper.id == said["paper"]
    }
    assert statuses.pop("not_found") == 404
    assert set(statuses) == {
        "robots_denied",
        "section_page",
        "soft_404",
        "consent_wall",
        "video_page",
    }
    assert set(statuses.values()) == {200}
    for said in EXPECTED["duplicates"]:
        page = ask(COURIER, said["path"])[1].decode()
        assert f'rel="canonical" href="http://127.0.0.1:{PORT}{said["article"]}"' in page


def test_head_has_no_body(news: newsroom.Newsroom) -> None:
    response, body = ask(COURIER, "/", method="HEAD")
    assert response.status == 200
    assert int(response.headers["Content-Length"]) > 1000
    assert body == b""


def test_requests_are_logged(news: newsroom.Newsroom) -> None:
    before = len(news.requests)
    ask(TAGEBLATT, "/nirgendwo?x=1")
    (logged,) = news.requests[before:]
    assert (logged.paper, logged.path, logged.status) == (TAGEBLATT.id, "/nirgendwo?x=1", 404)


# How it runs


def test_a_taken_port_is_one_clear_error() -> None:
    with socket.create_server(("127.0.0.1", OTHER + 1)):
        with pytest.raises(newsroom.PortUnusable) as caught, newsroom.Newsroom(OTHER):
            pass
        assert str(OTHER + 1) in str(caught.value)
        assert "PRESSWATCH_SAMPLE_PORT" in str(caught.value)
    with newsroom.Newsroom(OTHER), socket.create_connection(("127.0.0.1", OTHER)):
        pass


@pytest.mark.parametrize("value", ["harbour", "0", "65535"])
def test_a_useless_port_is_one_clear_error(value: str) -> None:
    done = subprocess.run(
        [sys.executable, str(SAMPLE / "newsroom.py")],
        env={"PRESSWATCH_SAMPLE_PORT": value},
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("PRESSWATCH_SAMPLE_PORT must be a port")
    assert len(done.stderr.splitlines()) == 1


def test_it_runs_and_stops_as_a_program() -> None:
    process = subprocess.Popen(
        [sys.executable, str(SAMPLE / "newsroom.py")],
        env={"PRESSWATCH_SAMPLE_PORT": str(OTHER), "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    try:
        lines = [process.stdout.readline() for _ in PAPERS]
        with socket.create_connection(("127.0.0.1", OTHER + 2), timeout=5):
            pass
        process.terminate()
        _, complaints = process.communicate(timeout=10)
    finally:
        process.kill()
    assert (process.returncode, complaints) == (0, "")
    assert lines[0] == f"The Portwick Courier: http://127.0.0.1:{OTHER}/\n"


def test_saved_files_are_as_rendered() -> None:
    kept = {
        path.name: path.read_bytes()
        for path in (SAMPLE / "saved").iterdir()
        if path.suffix in (".html", ".txt")
    }
    assert kept == saved_files(), "run: python deployments/sample/newsroom.py --write-saved"


def test_pages_are_the_same_in_every_process() -> None:
    code = (
        "import hashlib; from newsroom_pages import *; from newsroom_listings import *\n"
        "for paper in PAPERS:\n"
        "  site = Site(paper, 8765)\n"
        "  for path, page in {**site_pages(site), **site_listings(site)}.items():\n"
        "    print(path, hashlib.sha256(page.body).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=SAMPLE,
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(seen) == 1


def test_the_sources_file_is_valid_and_names_what_is_served() -> None:
    sources = load_sources(SAMPLE / "sources.toml")
    assert [source.id for source in sources] == [paper.id for paper in PAPERS]
    for source, paper in zip(sources, PAPERS, strict=True):
        site = Site(paper, BASE_PORT)
        served = {**site_pages(site), **site_listings(site)}
        assert (source.name, source.language) == (paper.name, paper.language)
        assert source.timezone == paper.timezone
        assert source.allow_private_hosts
        for url in source.listings:
            assert url.removeprefix(site.root) in served


def test_sources_can_be_written_for_another_port(tmp_path: Path) -> None:
    written = newsroom.write_sources(tmp_path, BASE_PORT + 1)
    text = written.read_text(encoding="utf-8")
    moved = tomllib.loads(text)["source"]
    assert moved[0]["feeds"] == [f"http://127.0.0.1:{BASE_PORT + 1}/feed.xml"]
    assert moved[2]["sitemaps"] == [f"http://127.0.0.1:{BASE_PORT + 3}/sitemap.xml"]
    assert len(load_sources(written)) == 3
    for name, body in saved_files(BASE_PORT + 1).items():
        assert (tmp_path / "saved" / name).read_bytes() == body
        meta = json.loads((tmp_path / "saved" / f"{name}.meta.json").read_text())
        assert meta["url"].startswith(f"http://127.0.0.1:{BASE_PORT + 1}/")
