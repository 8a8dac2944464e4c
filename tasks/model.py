"""Types that pass between steps, and the outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID


class CaptureKind(StrEnum):
    """What an attempt was for."""

    ROBOTS = "robots"
    LISTING = "listing"
    PAGE = "page"
    FILE = "file"
    INDEX = "index"  # an archive's list of pages: an answer of the CDX API, a sitemap of the past


class Provenance(StrEnum):
    """Who a page was obtained from."""

    SOURCE = "source"  # the source itself, when its listings named it
    SOURCE_ARCHIVE = "source_archive"  # the source itself, by its sitemaps of the past
    WAYBACK = "wayback"  # a capture of the Wayback Machine, or of an archive with its interface
    WARC = "warc"  # a WARC file that others wrote
    FILE = "file"  # a saved file


class Outcome(StrEnum):
    """How one attempt at a URL ended. Each attempt has exactly one."""

    # The attempt brought what it was for.
    FETCHED = "fetched"  # page or file archived, not yet extracted; never in the `captures` table
    ARTICLE = "article"  # a new article
    REVISED = "revised"  # a known article with another text, dated at last, or of an archive
    UNCHANGED = "unchanged"  # a known article with the same text, or known whole and now cut
    LISTED = "listed"  # a feed, sitemap or section page that was read
    NOT_MODIFIED = "not_modified"  # HTTP 304
    ROBOTS_READ = "robots_read"

    # Refused before or during the request.
    ROBOTS_DENIED = "robots_denied"
    ROBOTS_UNREACHABLE = "robots_unreachable"
    SCHEME_REFUSED = "scheme_refused"
    ADDRESS_REFUSED = "address_refused"
    URL_INVALID = "url_invalid"
    URL_TOO_LONG = "url_too_long"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    LEFT_FOR_LATER = "left_for_later"  # past a limit, no time left, or its host fell silent

    # The network or the server failed.
    DNS_FAILED = "dns_failed"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    TIMED_OUT = "timed_out"
    BROKEN_RESPONSE = "broken_response"  # bad headers, header flood, broken chunk or compression
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"  # 429
    SERVER_ERROR = "server_error"  # 5xx
    NOT_FOUND = "not_found"  # 404, 410
    DENIED = "denied"  # 401, 402, 403, 451
    HTTP_ERROR = "http_error"  # any other status
    UNREADABLE_FILE = "unreadable_file"
    LOST = "lost"  # gave an article whose rows were later damaged on the disk

    # The payload is not what it was listed as.
    LISTING_UNREADABLE = "listing_unreadable"
    ENTITIES_REFUSED = "entities_refused"  # XML that declares entities
    NOT_A_PAGE = "not_a_page"  # a content type that is neither HTML nor text
    UNDECODABLE = "undecodable"

    # A page without an article.
    SECTION_PAGE = "section_page"
    VIDEO_PAGE = "video_page"
    CONSENT_WALL = "consent_wall"
    BOT_CHALLENGE = "bot_challenge"
    SOFT_404 = "soft_404"
    NEEDS_JAVASCRIPT = "needs_javascript"  # an app's empty frame, which scripts would fill
    EMPTY_PAGE = "empty_page"
    NO_ARTICLE = "no_article"
    PAGE_TIMED_OUT = "page_timed_out"  # extraction took longer than its limit
    PAGE_CRASHED = "page_crashed"  # extraction ended its process or raised


ARTICLE_OUTCOMES = frozenset({Outcome.ARTICLE, Outcome.REVISED, Outcome.UNCHANGED})
LISTING_OUTCOMES = frozenset({Outcome.LISTED, Outcome.NOT_MODIFIED, Outcome.ROBOTS_READ})


class RunFailed(Exception):  # noqa: N818 - named for what happened
    """Every source or shard of a run failed, or the run cannot work in its environment."""


class Failure(Exception):  # noqa: N818 - it carries an expected outcome, not an error
    """An expected end of an attempt; becomes its outcome."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(outcome, detail)  # with both it passes between processes
        self.outcome, self.detail = outcome, detail

    def __str__(self) -> str:
        return self.detail


@dataclass(frozen=True, slots=True)
class Entry:
    """One page that a listing or a glob of saved files names, before it is fetched."""

    url: str  # as listed, without tracking parameters; of a saved file its `file:` URL
    found_in: str  # URL of the listing, or the glob
    headline: str | None = None
    published_raw: str | None = None  # publication time as the listing prints it
    published_at: datetime | None = None
    given_url: str | None = None  # saved files: the URL that FILE.meta.json gives
    given_fetched_at: datetime | None = None  # saved files: the time that FILE.meta.json gives


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request and its response, byte for byte as on the wire."""

    url: str
    request: bytes
    response: bytes
    ip: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class ListingSummary:
    """What one read of a listing named, compared with what was known before it."""

    kind: str  # feed, jsonfeed, sitemap or section
    entries: int
    # Collected by an earlier run, named by another listing of this run, or by the previous read.
    known: int
    added: int | None  # entries that the previous read did not name; None without one
    # Whether the previous read's newest entry, or most of its newest, are there; None without one.
    is_continued: bool | None
    oldest_at: datetime | None  # publication times, as the listing dates its entries
    newest_at: datetime | None
    window_from: datetime | None  # what was published since is listed; None without enough dates
    window_entries: int  # published since `window_from`
    # Of earlier reads: the time of the last one; over thirty days the most entries and the longest
    # window. No most entries where the newest have left at an age within the longest window.
    previous_read_at: datetime | None = None
    most_entries: int | None = None
    longest_window: float | None = None  # seconds
    before_window: int = 0  # entries published after the previous read, before `window_from`
    # Of a sitemap: the share of the feeds' entries within its window that it names, in this run.
    feed_share: float | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a URL, with every hop and retry, as the fetcher saw it."""

    kind: CaptureKind
    url_requested: str
    url_final: str
    outcome: Outcome
    attempted_at: datetime
    seconds: float
    detail: str = ""
    status: int | None = None
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    # Body after transfer and content decoding; empty unless the outcome is a good one.
    payload: bytes = b""
    exchanges: tuple[Exchange, ...] = ()
    listing: ListingSummary | None = None  # of a listing that was read
    obtained_from: Provenance = Provenance.SOURCE


@dataclass(frozen=True, slots=True)
class Capture:
    """An attempt as the raw archive's metadata record stores it."""

    capture_id: UUID
    run_id: str
    source_id: str
    kind: CaptureKind
    url_requested: str
    url_final: str
    found_in: str
    outcome: Outcome
    detail: str
    # Of a saved file with a given fetch time, that time; of an archived page, when it was archived.
    attempted_at: datetime
    seconds: float
    http_status: int | None = None
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    payload_bytes: int = 0
    payload_sha256: str | None = None
    entry_headline: str | None = None
    entry_published_raw: str | None = None
    entry_published_at: datetime | None = None
    given_url: str | None = None
    # `<source_id>/<run_id>.warc.gz#<offset>` of the last response or resource record.
    raw_ref: str | None = None
    article_id: UUID | None = None
    version_no: int | None = None
    listing: ListingSummary | None = None  # of a listing that was read
    prose_words: int | None = None  # in sentences, of a page that was rejected
    # The earliest publication time that was stated, where all were too far ahead to be believed.
    published_ahead_at: datetime | None = None
    obtained_from: Provenance | None = None  # None in archive files of versions before 0.2


@dataclass(frozen=True, slots=True)
class StrippedBlock:
    """One text block removed from a page."""

    text: str
    # metering, paywall, registration, newsletter, trial_offer, donation, sponsored, app_promo,
    # cookie_adblock, other (prompts); related, share, furniture (not prompts).
    kind: str
    rule: str  # layer and name of the rule that removed it, such as `text:en/metering-left`
    position: int  # index among the page's text blocks, from 0
    in_article: bool = True  # whether it stood between the article's first and last kept block


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The article part of a page, split into its roles, and the removed blocks."""

    paragraphs: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    kicker: str | None = None
    headline: str | None = None
    standfirst: str | None = None
    byline: str | None = None
    section: str | None = None
    stripped: tuple[StrippedBlock, ...] = ()
    signals: Mapping[str, float] = field(default_factory=dict)  # of page_signals; none for text
    prose_words: int = 0  # of the kept paragraphs that are certainly sentences of an article


@dataclass(frozen=True, slots=True)
class PageText:
    """One page's article as extracted, before anything about its capture is known."""

    headline: str
    paragraphs: tuple[str, ...]
    captions: tuple[str, ...] = ()
    kicker: str | None = None
    standfirst: str | None = None
    byline: str | None = None
    authors: tuple[str, ...] = ()
    dateline: str | None = None
    section: str | None = None
    language: str | None = None
    language_source: str = "none"  # page, text, source or none
    published_at: datetime | None = None
    published_raw: str | None = None
    published_has_time: bool | None = None  # a time of day was read; None without a date
    published_source: str = "none"  # jsonld, meta, page, url, feed, given or none
    modified_at: datetime | None = None
    access: str = "unknown"  # free, metered, paywalled or unknown
    is_truncated: bool = False
    doubt: str | None = None  # why the page may list articles rather than be one
    rights_notice: str | None = None
    tdm_reservation: str | None = None
    declared_url: str | None = None  # the canonical URL that the page declares, not yet checked


@dataclass(frozen=True, slots=True)
class Extraction:
    """The result for one page: an article, or a rejection with its reason."""

    outcome: Outcome  # ARTICLE, or one of the rejections
    detail: str = ""
    page: PageText | None = None
    stripped: tuple[StrippedBlock, ...] = ()
    prose_words: int | None = None  # of a page that was cleaned and rejected


@dataclass(frozen=True, slots=True)
class Damage:
    """A place in an archive file where no record could be read."""

    offset: int
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The pages of one raw archive file, extracted and waiting to be partitioned."""

    run_id: str
    source_id: str
    warc: Path | str  # a URL if it is in a bucket
    # Folder with captures.arrow and, where there are rows, articles.arrow, stripped_blocks.arrow.
    stage: Path
    counts: dict[str, int] = field(default_factory=dict)  # of pages and saved files, by outcome
    damage: tuple[Damage, ...] = ()  # records of the file that could not be read
