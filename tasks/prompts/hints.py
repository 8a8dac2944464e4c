"""What the metadata tell the cleaner."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hints:
    """What the page's metadata say about its article."""

    headline: str | None = None
    description: str | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
