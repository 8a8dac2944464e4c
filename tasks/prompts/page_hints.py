"""What is known about a page before it is cleaned."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.sources.source import NO_OVERRIDES, BlockOverrides


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages of a site have in common."""

    pages: int = 0  # Number of pages counted
    # Number of pages that contain a text, by its hash; rare texts are left out.
    counts: Mapping[int, int] = field(default_factory=dict)


NO_SITE = Site()


@dataclass(frozen=True, slots=True)
class Hints:
    """From the page's metadata, its source's settings and its site's other pages."""

    headline: str | None = None
    description: str | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    address: str = ""  # The page's own
    overrides: BlockOverrides = NO_OVERRIDES
    site: Site = NO_SITE
    body: str | None = None  # JSON-LD's `articleBody`
    is_live: bool = False  # Whether its markup says that it is a live blog
    entries: tuple[str, ...] = ()  # The texts of a live blog's entries, as JSON-LD states them
