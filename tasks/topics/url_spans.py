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

    def hold(self, position: int, end: int) -> bool:
        """Whether the text from `position` to `end` begins within a web address."""
        return not self._is_word(position, end) and self._is_within(position)

    def _is_word(self, start: int, end: int) -> bool:
        """Whether words without an address's signs stand there by themselves, as they mostly do."""
        text = self._text
        if text[end : end + 1] not in _GAPS or text[start - 1 : start] not in _GAPS:
            return False
        return text[start:end].isalnum() or not _ADDRESS_SIGN.search(text, start, end)

    def _is_within(self, position: int) -> bool:
        word = self._word(position)
        spans = self._known.get(word)
        if spans is None:
            spans = self._known[word] = self._within(*word)
        return bool(spans) and any(first <= position < last for first, last in spans)

    def _word(self, position: int) -> tuple[int, int]:
        before = self._text[max(0, position - _REACH) : position]
        if not before or before[-1].isspace():
            start = position
        else:
            start = position - len(before.rsplit(None, 1)[-1])
        rest = _WORD.match(self._text, position, position + _REACH)
        return start, rest.end() if rest else position

    def _within(self, start: int, stop: int) -> list[tuple[int, int]]:
        if not _ADDRESS_SIGN.search(self._text, start, stop):
            return []
        return [match.span() for match in _ADDRESS.finditer(self._text, start, stop)]
