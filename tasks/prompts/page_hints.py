"""What is known of a page before it is cleaned."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.sources.block_overrides import NO_MARKS, Marks


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages of a site have in common."""

    pages: int = 0
    """Pages that were looked at."""
    counts: Mapping[int, int] = field(default_factory=dict)
    """On how many of them a text stands, by its hash; texts on few of them are left out."""


NO_SITE = Site()


@dataclass(frozen=True, slots=True)
class Hints:
    """What the page's metadata say of its article, and its source's settings of its blocks."""

    headline: str | None = None
    description: str | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    marks: Marks = NO_MARKS
    site: Site = NO_SITE
