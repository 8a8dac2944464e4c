"""Publication and modification times, from the most trusted place that states them."""

from collections.abc import Iterator
from datetime import datetime

from tasks.extract.jsonld import first_text
from tasks.extract.metadata_elements import Page, text_of
from tasks.extract.printed_dates import dates_near
from tasks.text.dates import Moment, day_in_url, parse_moment

PUBLISHED = (
    "article:published_time",
    "article:published:time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "sailthru.date",
    "publish-date",
    "publish_date",
    "publishdate",
    "published_date",
    "published-date",
    "publication_date",
    "pubdate",
    "article.published",
    "article_date_original",
    "originalpublicationdate",
    "rnews:datepublished",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.issued",
    "dc.date.created",
    "dcterms.date",
    "dc.date",
    "citation_publication_date",
    "date",
)
MODIFIED = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "last-modified",
)


def find_published(page: Page) -> tuple[Moment | None, str]:
    """When it was published, and which place says so.

    A place that names the day alone is made precise by a later one that agrees on the day.
    """
    best: tuple[Moment, str] | None = None
    for moment, source in _readings(page):
        # `2031-03-02` in JSON-LD, `2 March, 10:20` beside the headline: the day agrees, so the
        # second is the same date, only more precise.
        best = best or (moment, source)
        if moment.has_time and moment.at.date() == best[0].at.date():
            return moment, source
    return best or (None, "none")


def find_modified(page: Page, published: Moment | None) -> datetime | None:
    """When it was last changed; never before it was published."""
    for value in (page.stated("dateModified"), *(page.meta.get(name) for name in MODIFIED)):
        moment = _moment(page, value)
        if moment and (published is None or moment.at >= published.at):
            return moment.at
    return None


def _readings(page: Page) -> Iterator[tuple[Moment, str]]:
    """Every place that dates the article, the most trusted first."""
    for key in ("datePublished", "dateCreated", "uploadDate"):
        if moment := _moment(page, page.stated(key)):
            yield moment, "jsonld"
    for name in filter(page.meta.get, PUBLISHED):
        if moment := _moment(page, page.meta[name]):
            yield moment, "meta"
    for text in _printed(page):
        if moment := _moment(page, text):
            yield moment, "page"
    day = day_in_url(page.url) or day_in_url(page.declared or "")
    if day and (moment := _moment(page, day.isoformat())):
        yield moment, "url"


def _printed(page: Page) -> Iterator[str]:
    """Publication dates in the page's own elements."""
    for node in page.tree.css('[itemprop*="datePublished"], time[pubdate]')[:3]:
        said = node.attributes
        yield said.get("datetime") or said.get("content") or text_of(node)[:100]
    if page.heading:
        yield from dates_near(page.heading)


def _moment(page: Page, value: object) -> Moment | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = str(value) if is_number else first_text(value)
    # 03/04/2024 is in April all over the world but in America's English.
    language, is_american = page.named_language, page.timezone.startswith(("America/", "US/"))
    is_month_first = language in ("en-us", "en_us") or (language == "en" and is_american)
    return parse_moment(text, page.timezone, day_first=not is_month_first) if text else None
