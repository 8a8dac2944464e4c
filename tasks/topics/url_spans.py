"""Where a text holds an address: a URL, a domain, a mail address, a handle."""

import re

_TOP_LEVELS = "com|org|net|int|gov|edu|info|eu|cn|hk|tw|jp|kr|de|fr|es|uk|us|ru|ch|at|it|io|ai|tv"
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[!-~]+(?:(?<=[/=_-])[^\W_]+[!-~]*)*"  # .../wiki/华为 is one address
    r"|(?<![a-zA-Z0-9_.+-])[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+"  # mail
    r"|(?<![a-zA-Z0-9_])[@＠]\w+(?:[.@-][a-zA-Z0-9_]+)*"  # handle
    # Small letters only: in "sold to Huawei.It said" a gap is missing, and no domain is meant.
    r"|(?<![a-zA-Z0-9-])(?<![a-zA-Z0-9-]\.)(?:[a-zA-Z0-9-]+\.)+"
    rf"(?:{_TOP_LEVELS})(?![a-zA-Z0-9-])(?:[/?#:][!-~]*)?"
)
_WORD = re.compile(r"\S*")
_ADDRESS_SIGN = re.compile(r"[@＠/.]")
_GAPS = frozenset(("", " ", "\n"))
# Further away nothing is looked at: a page may be one endless word.
_REACH = 300


class Addresses:
    """The URLs, mail addresses and handles of a text, looked for word by word when asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[tuple[int, int], list[tuple[int, int]]] = {}

    def hold(self, start: int, end: int) -> bool:
        """Whether the text from `start` to `end` begins within a web address."""
        text = self._text
        is_apart = text[end : end + 1] in _GAPS and text[start - 1 : start] in _GAPS
        # Most stand by themselves and without an address's signs.
        if is_apart and (text[start:end].isalnum() or not _ADDRESS_SIGN.search(text, start, end)):
            return False
        before = text[max(0, start - _REACH) : start]
        word = start
        if before and not before[-1].isspace():
            word -= len(before.rsplit(None, 1)[-1])
        rest = _WORD.match(text, start, start + _REACH)
        place = word, rest.end() if rest else start
        if place not in self._known:
            has_sign = _ADDRESS_SIGN.search(text, *place)
            found = _ADDRESS.finditer(text, *place) if has_sign else ()
            self._known[place] = [match.span() for match in found]
        return any(first <= start < last for first, last in self._known[place])
