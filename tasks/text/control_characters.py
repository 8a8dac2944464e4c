"""Control characters, which have no place in a record and act on a terminal that shows them."""

import re
from urllib.parse import quote

# Sequences for terminals (ECMA-48), of ESC and 7-bit characters: a colour, the cursor's place, the
# window's title, a link. Their 8-bit forms are not looked for: those bytes are letters of a page
# that was decoded wrongly, such as a Czech one.
_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[]PX^_][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|[ -/]*[0-~])"
)
# C0 and C1 but for tab and line feed, DEL, and what reorders the text on both sides of it.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def without_controls(text: str) -> str:
    """The text without escape sequences, C0 and C1 controls, and bidirectional overrides.

    Tabs and line feeds stay; what else separates words, such as a form feed, becomes a space.
    """
    if "\x1b" in text:
        text = _SEQUENCE.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return _CONTROL.sub(lambda found: " " if found[0].isspace() else "", text)


def quoted_controls(url: str) -> str:
    """The URL with its control characters percent-encoded, which is the same URL."""
    return _CONTROL.sub(lambda found: quote(found[0]), url)
