"""Every page of the sample newsroom comes out as its source was written."""

import json
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tasks.extract import extract_page
from tasks.model import Extraction, Outcome, PageText
from tests.deployments.test_sample import FURNITURE

SAMPLE = Path(__file__).parents[2] / "deployments" / "sample"
sys.path.insert(0, str(SAMPLE))

from newsroom_articles import PAPERS, Article, Paper  # noqa: E402 (deployments/ is no package)
from newsroom_pages import BASE_PORT, Site, site_pages, sources_of, specials_of  # noqa: E402

EXPECTED = json.loads((SAMPLE / "expected.json").read_text(encoding="utf-8"))
STATED = {(said["paper"], said["source"]): said for said in EXPECTED["articles"]}
EARLIER = {(said["paper"], said["source"]): said for said in EXPECTED["earlier_versions"]}
SOURCES = {
    source["id"]: source
    for source in tomllib.loads((SAMPLE / "sources.toml").read_text(encoding="utf-8"))["source"]
}
OTHERWISE = """
Story continues below|Subscriber-only letters|The digital edition of|Crosswords and tide
Every story on web|Paid content|How Marlowe keeps|Enjoying this story|Keep your access
newsroom had no part|reprint or license|likes long walks|tidewatcher|join the conversation
See all subscription
Das E-Paper schon|Monatlich kündbar|Werbung: Möbel|Nichts mehr verpassen|jederzeit wieder abmelden
Haben Sie einen Fehler|Themen:|Per Mail|Lesezeit|Sichern Sie sich jetzt|Bereits Abonnent
ポスト|ブックマーク|シェア|印刷|読み放題|紙面ビューアー|記事の保存|今すぐ登録|温泉|タグ：|クッキー
"""
LEFTOVERS = [text for line in OTHERWISE.split("\n") for text in line.split("|") if text]


class Sample(NamedTuple):
    """One page, where it stands, and what has to come of it."""

    name: str
    article: Article
    url: str
    content_type: str
    body: bytes
    said: dict[str, Any]


def _served() -> Iterator[Sample]:
    for site in (Site(paper, BASE_PORT) for paper in PAPERS):
        pages = site_pages(site)
        for article in site.articles:
            key = (site.paper.id, article.slug)
            for path in (article.path, article.path + "/amp"):
                if path in pages and key in STATED:
                    page, url = pages[path], site.root + path
                    name = article.slug + path.removeprefix(article.path)
                    yield Sample(name, article, url, page.content_type, page.body, STATED[key])


def _saved() -> Iterator[Sample]:
    for site in (Site(paper, BASE_PORT) for paper in PAPERS):
        for article in _sources(site.paper):
            for path in (SAMPLE / "saved").glob(f"{article.slug}.*"):
                if path.suffix in (".html", ".txt"):
                    key = (site.paper.id, article.slug)
                    said = EARLIER.get(key) or STATED[key]
                    kind = "text/plain" if path.suffix == ".txt" else "text/html"
                    yield Sample(path.name, article, path.as_uri(), kind, path.read_bytes(), said)


def _sources(paper: Paper) -> list[Article]:
    return [article for article in sources_of(paper) if article.is_saved]


SAMPLES = [*_served(), *_saved()]


def _extract(sample: Sample) -> Extraction:
    source = SOURCES[sample.article.paper.id]
    return extract_page(
        sample.body,
        sample.content_type,
        sample.url,
        source_language=source["language"],
        timezone=source["timezone"],
    )


def _page(sample: Sample) -> PageText:
    found = _extract(sample)
    assert found.outcome is Outcome.ARTICLE, found.detail
    assert found.page is not None
    return found.page


each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def test_every_article_is_among_the_samples() -> None:
    found = {(sample.article.paper.id, sample.article.slug) for sample in SAMPLES}
    assert found == STATED.keys() | EARLIER.keys()


@each_sample
def test_the_paragraphs_are_those_of_the_source(sample: Sample) -> None:
    assert list(_page(sample).paragraphs) == list(sample.article.paragraphs)


@each_sample
def test_the_fields_are_those_expected(sample: Sample) -> None:
    page = _page(sample)
    names = ["headline", "kicker", "standfirst", "byline", "language", "access", "is_truncated"]
    wanted = {name: sample.said[name] for name in names}
    wanted |= {"authors": tuple(sample.said["authors"]), "captions": ()}
    if sample.content_type != "text/plain":
        first = sample.article.captions[:1] if sample.name.endswith("/amp") else ...
        wanted["captions"] = tuple(sample.said["captions"]) if first is ... else first
        wanted["section"] = None if sample.name.endswith("/amp") else sample.said["section"]
    if sample.name.endswith("/amp"):
        wanted["access"] = "unknown"
    assert {name: getattr(page, name) for name in wanted} == wanted


@each_sample
def test_the_publication_time_is_that_of_the_source(sample: Sample) -> None:
    page = _page(sample)
    stated = sample.said["published_at"] if sample.content_type != "text/plain" else None
    at = page.published_at.astimezone(UTC) if page.published_at else None
    assert at == (datetime.fromisoformat(stated) if stated else None)


@each_sample
def test_no_furniture_is_left_and_all_of_it_is_listed(sample: Sample) -> None:
    found, page = _extract(sample), _page(sample)
    heads = [page.headline, page.kicker, page.standfirst, page.byline]
    kept = "\n".join([*filter(None, heads), *page.captions, *page.paragraphs])
    known = [*FURNITURE[sample.article.paper.id].values(), *LEFTOVERS]
    written = "\n".join([page.headline, *sample.article.paragraphs, *sample.article.captions])
    assert [text for text in known if text in kept and text not in written] == []
    gone = " ".join(block.text for block in found.stripped)
    used = [block[3:] for block in sample.article.blocks if block.startswith("%% ")]
    texts = [FURNITURE[sample.article.paper.id].get(name, "") for name in used]
    is_whole = not sample.name.endswith("/amp")
    assert [text for text in texts if is_whole and text not in gone] == []


@each_sample
def test_of_a_page_saved_as_text_all_that_is_stripped_is_listed(sample: Sample) -> None:
    is_text = sample.content_type == "text/plain"
    assert not is_text or all(block.in_article for block in _extract(sample).stripped)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.id)
def test_pages_that_are_no_article_are_rejected(paper: Paper) -> None:
    site = Site(paper, BASE_PORT)
    pages = site_pages(site)
    for special in specials_of(paper):
        if special["path"] in pages and special["outcome"] not in ("duplicate", "not_found"):
            page = pages[special["path"]]
            url = site.root + special["path"]
            sample = Sample("", site.articles[0], url, page.content_type, page.body, {})
            assert _extract(sample).outcome == special["outcome"], special["path"]
