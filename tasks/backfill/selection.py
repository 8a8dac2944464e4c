"""Which pages of an archive are wanted, and which source they belong to."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from tasks.collect.listings.section_links import looks_like_article
from tasks.sources.source import Source
from tasks.text.toml_reader import ConfigError
from tasks.text.urls import is_http, registrable_domain
from tasks.topics.languages import LANGUAGES, primary, unknown_language
from warehouse.layers.definitions import ARCHIVE

DOMAIN = re.compile(r"\.?[\w-]+(\.[\w-]+)*\.?")
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9999, 12, 31)


class Passed(StrEnum):
    """Why a record was passed over. A record is passed over, or a capture with its outcome."""

    OTHER_RECORD = "other_record"  # a request, metadata, warcinfo
    UNREADABLE = "unreadable"  # no record where one should start
    NO_WEB_ADDRESS = "no_web_address"
    NO_DATE = "no_date"
    REDIRECT = "redirect"
    OTHER_DOMAIN = "other_domain"
    UNKNOWN_PAPER = "unknown_paper"
    OTHER_DAY = "other_day"
    OTHER_LANGUAGE = "other_language"
    NO_ARTICLE_URL = "no_article_url"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which pages of an archive to take; all by default."""

    domains: tuple[str, ...] = ()  # with all hosts below them
    since: date = FIRST_DAY
    until: date = LAST_DAY  # days of publication in UTC; of capture for undated pages
    languages: tuple[str, ...] = ()
    only_known: bool = False  # leave out pages that belong to no source of sources.toml
    every_url: bool = False  # also pages whose URL does not look like an article's
    owners: str = ""  # `SourceDomains.key` of their pages; empty in backfills of earlier versions

    @property
    def key(self) -> str:
        """A key that differs for different selections."""
        about = asdict(self)
        if not self.owners:
            del about["owners"]
        return hashlib.sha256(repr(sorted(about.items())).encode()).hexdigest()[:12]

    def skip_reason(self, url: str, captured_at: datetime) -> Passed | None:
        """Why a page is passed over unread; None if it is not."""
        if not is_http(url):
            return Passed.NO_WEB_ADDRESS
        host = _host(url)
        if self.domains and not any(_is_below(host, domain) for domain in self.domains):
            return Passed.OTHER_DOMAIN
        # A page may be captured on the day before its own: east of Greenwich a morning is in the
        # evening of the day before in UTC, and a page that states a day only is of 00:00 UTC of it.
        if (self.since - captured_at.date()).days > 1:
            return Passed.OTHER_DAY
        if not self.every_url and not looks_like_article(url):
            return Passed.NO_ARTICLE_URL
        return None

    def drop_reason(self, day: date, language: str | None) -> Passed | None:
        """Why a page is dropped after it was read, else None; only articles have a language."""
        if not self.since <= day <= self.until:
            return Passed.OTHER_DAY
        wanted = set(map(primary, self.languages))
        if wanted and language and primary(language) not in wanted:
            return Passed.OTHER_LANGUAGE
        return None


def select(
    domains: Sequence[str],
    since: date,
    until: date,
    languages: Sequence[str],
    only_known: bool,
    every_url: bool,
) -> Selection:
    """The selection that a person asks for; ConfigError lists what can match nothing."""
    chosen = Selection(
        tuple(sorted(domain.lower().strip(".") for domain in domains)),
        since,
        until,
        tuple(sorted(language.lower() for language in languages)),
        only_known,
        every_url,
    )
    wrong = [
        *(f"languages: {unknown_language(x)}" for x in languages if primary(x) not in LANGUAGES),
        *(
            f"domains: must be a domain such as bbc.com, got {domain!r}"
            for domain in domains
            if not DOMAIN.fullmatch(domain)
        ),
    ]
    if since > until:
        wrong.insert(0, f"since: must not be after until ({until}), got {since}")
    if wrong:
        raise ConfigError(wrong)
    return chosen


SELECTIONS = TypeAdapter(Selection)  # between selections and the JSON of commits


class SourceDomains:
    """The sources of sources.toml by their domains.

    A domain that an entry names is that source's, with all hosts below it. Where an entry names
    none, the registrable domains of its listings are, if no other source has listings there.
    """

    def __init__(self, sources: Iterable[Source]) -> None:
        by_domain: dict[str, Source | None] = {}
        for source in sources:
            if not source.domains:
                for domain in {registrable_domain(url) or "" for url in source.listings}:
                    by_domain[domain] = None if domain in by_domain else source
        for source in sources:
            by_domain.update(dict.fromkeys(source.domains, source))

        @lru_cache(maxsize=10_000)
        def of_host(host: str) -> tuple[str, Source | None]:
            domain = host
            while domain and domain not in by_domain:
                domain = domain.partition(".")[2]
            source = by_domain.get(domain) if domain else None
            if source:
                return source.id, source
            return ARCHIVE + (registrable_domain(f"https://{host}/") or host), None

        self._of_host = of_host
        self._ids = {own: source.id for own, source in by_domain.items() if own and source}
        sites = (registrable_domain(f"https://{own}/") or own for own in self._ids)
        self._archives = {ARCHIVE + site for site in sites}

    def key(self, domains: Sequence[str]) -> str:
        """A key that differs where pages of the domains, of all if none is given, change hands."""
        # With those above: www.bbc.com is also of bbc.com.
        ids = sorted(
            (own, source_id)
            for own, source_id in self._ids.items()
            if not domains or any(_is_below(own, x) or _is_below(x, own) for x in domains)
        )
        return hashlib.sha256(repr(ids).encode()).hexdigest()[:12]

    def has_pages_of(self, source_id: str) -> bool:
        """Whether pages of a domain that only archives knew may belong to a source now."""
        return source_id in self._archives

    def source_of(self, url: str) -> tuple[str, Source | None]:
        """The id of the source that a page belongs to, and the source where it is configured."""
        return self._of_host(_host(url))


def _is_below(host: str, domain: str) -> bool:
    return f".{host}".endswith(f".{domain}")


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".")
