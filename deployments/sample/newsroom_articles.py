"""The sample newsroom's article sources: small text files, one an article."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).parent
EARLIER = ".earlier"
REPEATED = ("caption", "tag", "flag")


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper of the sample newsroom."""

    id: str
    name: str
    language: str
    timezone: str
    templates: str
    """Folder below templates/."""
    port_offset: int
    crawl_delay: float
    disallow: tuple[str, ...] = ()


COURIER = Paper(
    "gb-portwick-courier",
    "The Portwick Courier",
    "en",
    "Europe/London",
    "gb",
    0,
    0.02,
    ("/print/",),
)
TAGEBLATT = Paper(
    "de-allerbruecker-tageblatt", "Allerbrücker Tageblatt", "de", "Europe/Berlin", "de", 1, 0.02
)
SHIMBUN = Paper("jp-shioura-shimbun", "汐浦新聞", "ja", "Asia/Tokyo", "jp", 2, 0.02)
PAPERS = (COURIER, TAGEBLATT, SHIMBUN)
# Has no written articles: it is in the demo's year alone, from the day on which it was added.
LEDGER = Paper(
    "us-calder-falls-ledger", "Calder Falls Ledger", "en", "America/New_York", "us", 3, 0.02
)
DEMO_PAPERS = (*PAPERS, LEDGER)
_DATE_IN_PATH = re.compile(r"(?<=/)(\d{4})(/?)(\d\d)\2(\d\d)(?=[/-])")


@dataclass(frozen=True)
class Article:
    """One version of an article, as written; header fields missing in the source are empty."""

    paper: Paper
    slug: str
    path: str
    headline: str
    kicker: str = ""
    standfirst: str = ""
    byline: str = ""
    authors: str = ""
    """Names, separated by semicolons."""
    published: str = ""
    modified: str = ""
    section: str = ""
    access: str = ""
    language: str = ""
    charset: str = ""
    """Of the page's bytes and its meta element; UTF-8 where empty."""
    header_charset: str = ""
    """A wrong charset that header and meta element declare; empty for the true one."""
    dates: str = ""
    """`printed`: the date is in the text only."""
    listed: str = ""
    captions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    blocks: tuple[str, ...] = field(default=(), repr=False)
    """Paragraphs, and `%% name` where the template puts furniture."""

    @property
    def is_saved(self) -> bool:
        """Whether it is kept as a saved file alone: an earlier state, or a text file."""
        return self.slug.endswith(EARLIER) or "saved" in self.flags

    @cached_property
    def paragraphs(self) -> tuple[str, ...]:
        """The body, without the marks where the templates put furniture."""
        return tuple(block for block in self.blocks if not block.startswith("%% "))

    @cached_property
    def published_at(self) -> datetime | None:
        """Publication time with the paper's zone; None on the undated page."""
        return datetime.fromisoformat(self.published) if self.published else None

    @cached_property
    def modified_at(self) -> datetime | None:
        """Time of the revision, where there was one."""
        return datetime.fromisoformat(self.modified) if self.modified else None

    @property
    def author_names(self) -> tuple[str, ...]:
        """Names of the authors, in the order of the byline."""
        return tuple(name.strip() for name in self.authors.split(";") if name.strip())

    @property
    def page_language(self) -> str:
        """Language of the page; the paper's where the source gives none."""
        return self.language or self.paper.language


def read_article(path: Path, paper: Paper) -> Article:
    """Read one source; a header line that is no field of an article is an error."""
    head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    header: dict[str, str] = {}
    repeated: dict[str, list[str]] = {name: [] for name in REPEATED}
    for line in head.splitlines():
        name, _, value = line.partition(": ")
        if name in repeated:
            repeated[name].append(value.strip())
        elif header.setdefault(name, value.strip()) != value.strip():
            raise ValueError(f"{path.name}: {name!r} stands twice in the header")
    blocks = (re.sub(r"\s*\n\s*", " ", block.strip()) for block in re.split(r"\n{2,}", body))
    return Article(
        paper=paper,
        slug=path.name.removesuffix(".md"),
        captions=tuple(repeated["caption"]),
        tags=tuple(repeated["tag"]),
        flags=frozenset(repeated["flag"]),
        blocks=tuple(block for block in blocks if block),
        **header,
    )


def read_articles(paper: Paper, folder: Path = HERE / "articles") -> tuple[Article, ...]:
    """All sources of a paper, newest first, the undated last."""
    found = [read_article(path, paper) for path in sorted((folder / paper.id).glob("*.md"))]
    return tuple(sorted(found, key=newest_first))


def newest_first(article: Article) -> tuple[float, str]:
    """Sort key of articles: by publication time, the latest first, the undated last."""
    published = article.published_at
    return (-published.timestamp() if published else 0.0, article.slug)


def moved(article: Article, days: int) -> Article:
    """The article as if it had been published so many days later."""
    return replace(
        article,
        path=moved_path(article.path, days),
        published=moved_time(article.published, days),
        modified=moved_time(article.modified, days),
    )


def moved_time(printed: str, days: int) -> str:
    """A time of a header so many days later; empty stays empty."""
    later = printed and datetime.fromisoformat(printed) + timedelta(days=days)
    return later.isoformat() if later else ""


def moved_path(path: str, days: int) -> str:
    """A path or URL with its date, if it has one, so many days later."""

    def later(found: re.Match[str]) -> str:
        year, separator, month, day = found.groups()
        moment = datetime(int(year), int(month), int(day)) + timedelta(days=days)  # noqa: DTZ001
        return f"{moment:%Y{separator}%m{separator}%d}"

    return _DATE_IN_PATH.sub(later, path)
