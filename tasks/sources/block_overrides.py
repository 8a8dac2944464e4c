"""What a source's `strip` and `keep` say: CSS selectors, and texts behind `text:`."""

import re
from dataclasses import dataclass
from hashlib import sha256

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

TEXT = "text:"
"""What a mark starts with that names a block by its text; any other is a CSS selector."""
WORDS = re.compile(r"[\w\s-]+")
ELEMENT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.I)
KNOWN_TAGS = 1 << 10
"""The parser numbers HTML's elements below it, and any other name far above."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Which blocks a source wants stripped, and which kept."""

    strip: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """What rows made under these marks add to their version, such as `+4f2e1a`."""
        if not (self.strip or self.keep):
            return ""
        named = repr((sorted(self.strip), sorted(self.keep)))
        return "+" + sha256(named.encode("utf-8", "replace")).hexdigest()[:6]


NO_MARKS = Marks()


def texts(marks: tuple[str, ...]) -> list[str]:
    """The texts among marks."""
    return [mark.removeprefix(TEXT) for mark in marks if mark.startswith(TEXT)]


def selectors(marks: tuple[str, ...]) -> list[str]:
    """The CSS selectors among marks."""
    return [mark for mark in marks if not mark.startswith(TEXT)]


def checked_mark(mark: str) -> str:
    """The mark itself.

    Raises:
        ValueError: it is neither a CSS selector nor a text that could stand on a page.
    """
    if mark.startswith(TEXT):
        if not any(character.isalnum() for character in mark.removeprefix(TEXT)):
            raise ValueError(f"must hold a letter or digit after {TEXT}, got {mark!r}")
        return mark
    try:
        LexborHTMLParser("").css(mark)
    except (SelectolaxError, UnicodeError):
        raise ValueError(f"is no CSS selector, nor a {TEXT}..., got {mark!r}") from None
    # "Lesen Sie mehr" is a selector too: a <mehr> in a <sie> in a <lesen>.
    if WORDS.fullmatch(mark) and not all(map(_is_element, mark.split())):
        raise ValueError(f"names no HTML element, write '{TEXT}{mark}' for a text, got {mark!r}")
    return mark


def _is_element(name: str) -> bool:
    if not ELEMENT.fullmatch(name):
        return False
    node = LexborHTMLParser(f"<{name}>").css_first(name)
    return "-" in name or node is None or node.tag_id < KNOWN_TAGS
