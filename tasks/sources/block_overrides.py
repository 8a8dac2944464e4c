"""A source's `strip` and `keep`: CSS selectors, and texts with `text:` before them."""

import re
from dataclasses import dataclass
from hashlib import sha256

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

TEXT = "text:"  # prefix of an override that names a block by its text; any other is a CSS selector
WORDS = re.compile(r"[\w\s-]+")
ELEMENT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.I)
KNOWN_TAGS = 1 << 10  # the parser numbers HTML's elements below it, and any other name far above


@dataclass(frozen=True, slots=True)
class BlockOverrides:
    """Which blocks a source wants stripped, and which kept."""

    strip: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Suffix of `extractor_version` in rows made under these overrides, such as `+4f2e1a`."""
        if not (self.strip or self.keep):
            return ""
        named = repr((sorted(self.strip), sorted(self.keep)))
        return "+" + sha256(named.encode("utf-8", "replace")).hexdigest()[:6]


NO_OVERRIDES = BlockOverrides()


def texts(overrides: tuple[str, ...]) -> list[str]:
    """The texts among overrides."""
    return [override.removeprefix(TEXT) for override in overrides if override.startswith(TEXT)]


def selectors(overrides: tuple[str, ...]) -> list[str]:
    """The CSS selectors among overrides."""
    return [override for override in overrides if not override.startswith(TEXT)]


def checked_override(text: str) -> str:
    """The override; ValueError if it is neither a selector nor a text that a page could have."""
    if text.startswith(TEXT):
        if not any(character.isalnum() for character in text.removeprefix(TEXT)):
            raise ValueError(f"must hold a letter or digit after {TEXT}, got {text!r}")
        return text
    try:
        LexborHTMLParser("").css(text)
    except (SelectolaxError, UnicodeError):
        raise ValueError(f"must be a CSS selector or start with '{TEXT}', got {text!r}") from None
    # "Lesen Sie mehr" is a selector too: a <mehr> in a <sie> in a <lesen>.
    if WORDS.fullmatch(text) and not all(map(_is_element, text.split())):
        raise ValueError(f"names no HTML element, write '{TEXT}{text}' for a text, got {text!r}")
    return text


def _is_element(name: str) -> bool:
    if not ELEMENT.fullmatch(name):
        return False
    node = LexborHTMLParser(f"<{name}>").css_first(name)
    return "-" in name or node is None or node.tag_id < KNOWN_TAGS
