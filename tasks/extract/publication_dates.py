"""Publication and modification times, from the most trusted place that states them.

htmldate is not used as a fallback: where this finds nothing, it gave 57 right days, 11 off by one
and 11 wrong. A wrong date is worse than none, since undated articles stay out of time series.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import chain

from tasks.extract.heading_lines import find_untagged, is_of_the_article
from tasks.extract.jsonld import first_text
from tasks.extract.metadata_elements import Page, text_of
from tasks.extract.printed_dates import CLOSE_WORDS, Printed, printed_dates
from tasks.text.dates import Moment, day_in_url, parse_moment, zone_of

STATED_NAMES = ("datePublished", "dateCreated", "uploadDate")
STANDARD_NAMES = ("article:published_time", "og:article:published_time", "datepublished")
# Other meta elements, in the order of the page: of 102 pages that date their article elsewhere too,
# three differ by more than a day.
PUBLICATION_NAME = re.compile(
    r"publi(?:sh|shed|cation)[-_.: ]?(?:date|time|at|on)\b|\bpublished$"
    r"|\bp(?:ub)?[-_]?(?:date|time)\b|\bissued$|\bdisplaydate\b|article_date_original|sailthru\.date"
    r"|date[-_.]?(?:published|created|issued?|release|available)\b",
    re.I,
)
MAX_MICRODATA_DATES = 5  # Later ones are not read
VAGUE_NAMES = ("dcterms.created", "dcterms.date", "dc.date", "date")
MODIFIED = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "last-modified",
)
# Zones in which English dates put the month first.
MONTH_FIRST_ZONES = ("America/", "US/", "Asia/Manila")


def find_published(page: Page) -> tuple[Moment | None, str]:
    """When it was published, and the place that states it.

    A place that names only the day gives way to a later one that adds a time on the same day, in
    UTC or in the source's zone.
    """
    best: tuple[Moment, str] | None = None
    for moment, source in _readings(page):
        # `2031-03-02` in JSON-LD, `2 March, 10:20` beside the headline: the day agrees, so the
        # second is the same date, only more precise.
        best = best or (moment, source)
        days = (moment.at.date(), moment.at.astimezone(zone_of(page.timezone)).date())
        if moment.has_time and best[0].at.date() in days:
            return moment, source
    return best or (None, "none")


def is_dated_article(page: Page) -> bool:
    """Whether an article in JSON-LD, or a meta element, has a date: a `WebPage` may be a section.

    `WebPage` is dated where section pages are built like articles, as WordPress has them.
    """
    articles = (page.structured.article, *page.structured.twins)
    stated = any(_moment(page, one.get(key)) for one in articles for key in STATED_NAMES)
    return stated or any(_meta_dates(page))


def find_modified(page: Page, published: Moment | None) -> datetime | None:
    """When it was last changed; never before it was published."""
    for value in chain(
        [page.structured.stated("dateModified")],
        map(page.meta.get, MODIFIED),
        _microdata(page, '[itemprop*="dateModified"]'),
    ):
        moment = _moment(page, value)
        if moment and (published is None or moment.at >= published.at):
            return moment.at
    return None


def _readings(page: Page) -> Iterator[tuple[Moment, str]]:
    """Every place that dates the article, the most trusted first."""
    for key in STATED_NAMES:
        if moment := _moment(page, page.structured.stated(key)):
            yield moment, "jsonld"
    for moment in _meta_dates(page):
        yield moment, "meta"
    for text in _microdata(page, '[itemprop*="datePublished"], time[pubdate]'):
        if moment := _moment(page, text):
            yield moment, "page"
    day = day_in_url(page.url) or day_in_url(page.declared or "")
    heading = page.heading or find_untagged(page.tree, page.title)
    for printed in printed_dates(heading) if heading else ():
        if moment := _printed_moment(page, printed, day):
            yield moment, "page"
    if day and (moment := _moment(page, day.isoformat())):
        yield moment, "url"


def _meta_dates(page: Page) -> Iterator[Moment]:
    named = filter(PUBLICATION_NAME.search, page.meta)
    for name in filter(page.meta.get, (*STANDARD_NAMES, *named, *VAGUE_NAMES)):
        if moment := _moment(page, page.meta[name]):
            yield moment


def _microdata(page: Page, selector: str) -> Iterator[str]:
    """What elements state that are the article's own, not a teaser's."""
    for node in page.tree.css(selector)[:MAX_MICRODATA_DATES]:
        if is_of_the_article(node, page.heading):
            stated = map(node.attributes.get, ("datetime", "content", "value"))
            yield next(filter(None, stated), None) or text_of(node)[:100]


def _printed_moment(page: Page, printed: Printed, day: date | None) -> Moment | None:
    """A printed time; None if the URL's day differs and it is not right under the headline."""
    moment = _moment(page, printed.text)
    if moment is None or day is None or _is_near(moment, day):
        return moment
    # 06/04/2019 at a page of /2019/06/04/
    swapped = _parsed(page, printed.text, day_first=_is_month_first(page))
    if swapped and _is_near(swapped, day):
        return swapped
    return None if printed.is_above or printed.words > CLOSE_WORDS else moment


def _is_near(moment: Moment, day: date) -> bool:
    return abs(moment.at.date() - day) <= timedelta(days=1)


def _moment(page: Page, value: object) -> Moment | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = str(value) if is_number else first_text(value)
    return _parsed(page, text, day_first=not _is_month_first(page)) if text else None


def _parsed(page: Page, text: str, *, day_first: bool) -> Moment | None:
    language = page.language_of_dates[:2]
    return parse_moment(text, page.timezone, day_first=day_first, language=language)


def _is_month_first(page: Page) -> bool:
    """Whether 03/04/2024 is in March, as in the English of America and of the Philippines."""
    language = page.language_of_dates
    if language == "en":
        return page.timezone.startswith(MONTH_FIRST_ZONES)
    return language in ("en-us", "en-ph")
