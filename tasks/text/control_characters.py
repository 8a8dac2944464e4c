"""Removes control characters, which do not belong in records and can control a terminal."""

import re
from urllib.parse import quote

# Terminal sequences (ECMA-48) of ESC and 7-bit characters: colours, cursor positions, window
# titles, links. Their 8-bit forms are not matched: those characters are letters of wrongly decoded
# pages, such as Czech ones.
_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[]PX^_][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|[ -/]*[0-~])"
)
# C0 and C1 except tab and line feed, DEL, and characters that reorder the surrounding text.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def without_controls(text: str) -> str:
    """The text without escape sequences, C0 and C1 controls, and bidirectional overrides.

    Tabs and line feeds stay; other separators of words, such as a form feed, become a space.
    """
    if "\x1b" in text:
        text = _SEQUENCE.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return _CONTROL.sub(lambda found: " " if found[0].isspace() else "", text)


def quoted_controls(url: str) -> str:
    """The URL with its control characters percent-encoded, which is the same URL."""
    return _CONTROL.sub(lambda found: quote(found[0]), url)
