"""Which of the dates around an article are taken for its own."""

import pytest

from tasks.extract import extract_page
from tasks.extract.metadata_elements import Page
from tasks.extract.publication_dates import find_published
from tasks.text.dates import Moment
from tasks.text.html_tree import parse_html

HEADING = "<h1>Mill turns again after ten years</h1>"
TEXT = "<p>The mill on the river turned again on Friday, and its owner smiled.</p>" * 8
DAY_URL = "https://mill.example/2026/03/17/mill"


def dated(body: str, lang: str, url: str) -> tuple[Moment | None, str]:
    html = f"<html lang='{lang}'><body>{body}</body></html>"
    return find_published(Page(parse_html(html), url))


def day_of(body: str, *, lang: str = "en", url: str = "https://mill.example/a") -> str:
    """The day and its source, of a page with this body."""
    published, source = dated(f"<div id='page'>{body}</div>", lang, url)
    return f"{published.at.date() if published else None} {source}"


STRANGERS = {
    "related": f"{HEADING}{TEXT}<aside><ul><li><a href='/b'>Another story of the week</a> "
    "<time datetime='2024-01-05'>5 January</time></li></ul></aside>",
    "teasers of a short article": f"<article>{HEADING}<p>The mill turned.</p></article><ul>"
    "<li><a href='/b'>Another story of the week</a> <time datetime='2024-01-05'></time></li></ul>",
    "comment": f"{HEADING}{TEXT}<div><span class='comment-date'>19 March 2024</span> No.</div>",
    "stated comment": f"{HEADING}{TEXT}<div class='comment' itemprop='comment'>"
    "<time itemprop='datePublished' datetime='2024-03-19'></time> No.</div>",
    "stated teaser": f"{HEADING}{TEXT}<ul><li><a href='/b'>Another story of the last year</a>"
    "<meta itemprop='datePublished' content='2012-06-16T01:20:48Z'></li></ul>",
    "next post": f"{HEADING}{TEXT}<div><span class='post-date'>12 May 2015</span> Older</div>",
    "masthead": f"<header><span class='date'>29 November 2026</span></header>{HEADING}{TEXT}",
    "today": f"<div class='today-date'>29 November 2026</div><div>{HEADING}{TEXT}</div>",
    "footer": f"{HEADING}{TEXT}<div><span>Last build 1 January 2020</span></div>",
    "tweet": f"{HEADING}<blockquote>— Jane (@jane) <a>October 20, 2018</a></blockquote>{TEXT}",
    "event": f"{HEADING}<p class='lead-time'>The strike of 12 January 2011 was the last.</p>{TEXT}",
}


@pytest.mark.parametrize("name", STRANGERS)
def test_a_date_that_is_not_the_articles_does_not_date_it(name: str) -> None:
    assert day_of(STRANGERS[name]) == "None none"
    assert day_of(STRANGERS[name], url=DAY_URL) == "2026-03-17 url"


@pytest.mark.parametrize(
    "own",
    [
        "2 hours ago",
        "vor 2 Stunden",
        "17 March, 14:05",
        "Tuesday 14:05",
        "17 Mar 26",
        "17 марта, 14:05",
        "3月17日 14:05",
    ],
)
def test_an_incomplete_own_date_leaves_the_day_to_url_and_feed(own: str) -> None:
    others = "<div class='date'>5 January 2024</div>"
    for body in (
        f"{others}{HEADING}<span class='time'>{own}</span>{TEXT}",
        f"{HEADING}<span class='time'>{own}</span><p>Short.</p>{others}",
    ):
        assert day_of(body) == "None none"
        assert day_of(body, url=DAY_URL) == "2026-03-17 url"


def test_a_number_or_a_day_in_a_sentence_is_no_own_date() -> None:
    for line in ("5 min read", "Listen 3:24", "3 comments", "Sale of tickets starts on 3 May"):
        near = f"<p>{line}</p><p class='date'>17 March 2026</p>"
        assert day_of(f"{HEADING}{near}{TEXT}") == "2026-03-17 page"


@pytest.mark.parametrize(
    "near",
    [
        "<p>Last updated <time datetime='2026-03-20'></time></p><p>Published 17 March 2026</p>",
        "<p><time datetime='2026-03-20'>Updated 20 March</time></p><p>17 March 2026</p>",
        "<time class='lastUpdated' datetime='2026-03-20'></time><p class='date'>17 March 2026</p>",
        "<time class='entry-date published updated' datetime='2026-03-17'></time>",
        "<dl><dt>Updated</dt><dd>20 March 2026</dd><dt>Published</dt><dd>17 March 2026</dd></dl>",
        "<div class='date'>Updated 20 March 2026 10:00, first published 17 March 2026</div>",
        "<p>Actualizado: 20/03/2026 | Publicado: 17/03/2026</p>",
        "<p>Stand: 20.03.2026, 10:00 Uhr | Erstellt: 17.03.2026</p>",
        "<p>Laatst gewijzigd: 20/03/2026 | Gepubliceerd: 17/03/2026</p>",
        "<p>Última atualização: 20/03/2026 | Publicado: 17/03/2026</p>",
        "<p>Aktualizováno 20. 3. 2026, vydáno 17.3.2026</p>",
        "<p>Ενημέρωση: 20/03/2026 Δημοσίευση: 17/03/2026</p>",
        "<p>آخر تحديث: 2026/03/20 - نشر: 2026/03/17</p>",
        "<p>Diperbarui 20/03/2026, Terbit 17/03/2026</p>",
        "<p>更新日：2026年3月20日 公開日：2026年3月17日</p>",
        "<p>2026年3月17日 公開 2026年3月20日 更新</p>",
        "<p>2026年3月20日 更新 2026年3月17日 公開</p>",
        "<p>Helen Marsh, publiziert am 17. März 2026</p>",
    ],
)
def test_the_date_of_publication_wins_over_that_of_a_change(near: str) -> None:
    assert day_of(f"{HEADING}{near}{TEXT}") == "2026-03-17 page"


@pytest.mark.parametrize(
    "near",
    [
        "<p>By Helen Marsh 17 March 2026 5:16 pm</p>",
        "<p>by Helen Marsh on Mar. 17, 2026 at 3:45 pm ET</p>",
        "<p>By <a>Helen Marsh</a> | Posted 2026-03-17 Email Print</p>",
        "<div>Tuesday, March 17, 2026<br>Helen Marsh of The Mill Courier, in the old town</div>",
        "<p>Filed under: mills, rivers and their towns<br>Article Date: 17 Mar 2026 - 0:00 PDT</p>",
        "<p>Helen Marsh – <abbr title='2026-03-17T08:40:40Z'>1 hr 4 mins ago</abbr></p>",
    ],
)
def test_a_byline_with_a_date_dates_the_article(near: str) -> None:
    assert day_of(f"{HEADING}{near}{TEXT}") == "2026-03-17 page"


def test_a_byline_far_from_the_headline_or_a_sentence_with_a_time_dates_nothing() -> None:
    lead = "<p>The mill on the river turned again, for the first time in ten long, quiet years.</p>"
    late = f"{lead}<p>By Helen Marsh and Peter Holm of The Courier 17 March 2026 5:16 pm</p>"
    assert day_of(f"{HEADING}{lead}{late}{TEXT}") == "None none"
    sentence = (
        "<p>The old mill in the valley by the town burned down on 17 March 2019 at 5:16 pm.</p>"
    )
    assert day_of(f"{HEADING}{sentence}{TEXT}") == "None none"


def test_a_headline_outside_a_heading_element_has_its_date_too() -> None:
    title = "<title>Mill turns again after ten years - The Mill Courier</title>"
    headline = "<div class='story'>Mill turns again after ten years</div>"
    body = f"<p>29 November 2026</p>{TEXT}<td>{headline}<span>17 March 2026</span></td>{TEXT}"
    assert day_of(f"{title}{body}") == "2026-03-17 page"


@pytest.mark.parametrize(
    "name",
    [
        "DisplayDate",
        "pdate",
        "published_at",
        "publisheddate",
        "pub_date",
        "og:publish_date",
        "content:publishdate",
        "cXenseParse:recs:published_time",
        "date.created",
        "DC.date.issued",
        "published",
        "article:published",
        "ptime",
    ],
)
def test_a_meta_element_named_after_publication_dates_the_article(name: str) -> None:
    for said in ("content", "value"):
        assert day_of(f"<meta name='{name}' {said}='2026-03-17'>{TEXT}") == "2026-03-17 meta"


@pytest.mark.parametrize(
    "name", ["firstpublished", "article:expiration_time", "update", "lastmod", "publisher", "utime"]
)
def test_another_meta_element_does_not_date_the_article(name: str) -> None:
    assert day_of(f"<meta name='{name}' content='2026-03-17'>{TEXT}") == "None none"


def test_a_date_against_the_urls_day_counts_right_under_the_headline_alone() -> None:
    lead = "<p>The mill on the river turned again, for the first time in ten long, quiet years.</p>"
    date = "<p class='date'>13 October 2019</p>"
    assert day_of(f"{HEADING}{date}{lead}{TEXT}", url=DAY_URL) == "2019-10-13 page"
    assert day_of(f"{HEADING}{lead}{date}{TEXT}", url=DAY_URL) == "2026-03-17 url"
    assert day_of(f"{HEADING}{lead}{date}{TEXT}") == "2019-10-13 page"
    assert day_of(f"{date}{HEADING}{lead}{TEXT}", url=DAY_URL) == "2026-03-17 url"


def test_the_order_of_day_and_month_is_that_of_the_page() -> None:
    near = f"{HEADING}<p class='date'>03/04/2026 10:00</p>{TEXT}"
    assert day_of(near) == "2026-04-03 page"
    assert day_of(near, lang="en-US") == day_of(near, lang="en-PH") == "2026-03-04 page"
    assert day_of(near, url="https://mill.example/2026/03/04/mill") == "2026-03-04 page"
    assert day_of(f"{HEADING}<p>17. listopada 2026.</p>", lang="hr") == "2026-10-17 page"


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-03-18T02:00:00Z", "2026-03-18T02:00 meta"),  # the 17th in New York
        ("2026-03-17T02:00:00Z", "2026-03-17T02:00 meta"),  # the 17th in UTC
        ("2026-03-18T12:00:00Z", "2026-03-17T00:00 jsonld"),
    ],
)
def test_a_time_that_is_on_the_stated_day_in_the_sources_zone_is_taken(
    time: str, expected: str
) -> None:
    stated = '{"@type": "NewsArticle", "datePublished": "2026-03-17"}'
    head = f"<meta property='article:published_time' content='{time}'>"
    html = f"{head}<script type='application/ld+json'>{stated}</script><body>{HEADING}{TEXT}"
    page = Page(parse_html(html), "https://mill.example/a", "America/New_York")
    published, source = find_published(page)
    assert published is not None
    assert f"{published.at.isoformat()[:16]} {source}" == expected


@pytest.mark.parametrize(
    ("stated", "source_language", "zone", "expected"),
    [
        ("", "en", "America/New_York", "2026-03-04"),
        ("", "en", "Europe/London", "2026-04-03"),
        ("", "es", "America/New_York", "2026-04-03"),
        ("", "en-US", "UTC", "2026-03-04"),
        ("<html lang='es'>", "en", "America/New_York", "2026-04-03"),
        ("<html lang=''>", "en", "America/New_York", "2026-03-04"),
        ("<meta property='og:locale' content='es_US'>", "en", "America/New_York", "2026-04-03"),
    ],
)
def test_an_ambiguous_date_is_read_in_the_sources_language_if_the_page_states_none(
    stated: str, source_language: str, zone: str, expected: str
) -> None:
    html = f"{stated}<body>{HEADING}<p class='date'>03/04/2026 10:00</p>{TEXT}"
    page = Page(parse_html(html), "https://mill.example/a", zone, source_language)
    published, _ = find_published(page)
    assert published is not None
    assert published.at.date().isoformat() == expected


def test_a_month_is_named_in_the_sources_language_if_the_page_states_none() -> None:
    html = f"<html><body><h1>Ministri u luci</h1><p>5. listopada 2026. 10:30</p>{TEXT}"
    for source_language, month in (("hr", 10), ("pl", 11)):
        found = extract_page(html.encode(), "text/html", "", source_language=source_language)
        assert found.page is not None
        assert found.page.published_at is not None
        assert found.page.published_at.month == month


def test_the_date_below_the_headline_counts_not_that_below_the_sites_name() -> None:
    body = f"<h1>The Mill Courier</h1><p class='date'>29 November 2026</p>{TEXT * 2}{HEADING}"
    title = "<title>Mill turns again after ten years – The Mill Courier</title>"
    assert day_of(f"{title}{body}<p class='date'>17 March 2026</p>") == "2026-03-17 page"
