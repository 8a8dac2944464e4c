"""The words of a block and the names of its elements, as the learned weights know them."""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
TOKEN = re.compile(r"[^\W\d_]+|\d+")
ASCII_WORDS = bytes(
    ord(chr(code).lower()) if chr(code).isalpha() else ord("0" if chr(code).isdigit() else " ")
    for code in range(128)
).ljust(256)
"""Letters in lower case, digits as `0`, all else as spaces."""
MEMORY = 8_000
"""Texts and names whose scores are kept: 10 MB of texts."""
TELLING = 4
"""Letters of the shortest word that can say what a text is about."""
KEY_PART = re.compile(r"[a-z]{2,}")


class Said(NamedTuple):
    """What a text says, wherever it stands."""

    numbers: tuple[float, ...]
    subject: frozenset[str]
    """Its telling words."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Learned weights of words and of class names."""

    article: dict[str, float]
    """Words and pairs of words: log-odds of standing in an article."""
    prompt: dict[str, float]
    """The same for prompts."""
    keys: dict[str, float]
    """Parts of class names and ids: log-odds of holding article text."""
    seen: dict[str, Said] = field(default_factory=dict, compare=False, repr=False)
    """What was worked out for texts, and for the names of elements in `named`."""
    named: dict[str, float] = field(default_factory=dict, compare=False, repr=False)

    def remember(self, text: str, said: Said) -> None:
        """Keep what was worked out for a text; start afresh when that gets much."""
        if len(self.seen) >= MEMORY:
            self.seen.clear()
        self.seen[text] = said

    def name_score(self, key: str) -> float:
        """The sum over the parts of class names and ids."""
        score = self.named.get(key)
        if score is None:
            score = sum(self.keys.get(part, 0.0) for part in key_parts(key))
            if len(self.named) >= MEMORY:
                self.named.clear()
            self.named[key] = score
        return score

    def weights(self) -> dict[str, dict[str, float]]:
        """What was learned, as model.json holds it."""
        return {"article": self.article, "prompt": self.prompt, "keys": self.keys}


def tokens(text: str) -> list[str]:
    """The words of a text's beginning, lower case; any number is `0`.

    Where words are not set apart, pairs of characters stand for them.
    """
    if text.isascii() and b"0" not in (plain := text[:400].encode().translate(ASCII_WORDS)):
        return plain.decode().split()[:60]
    words = TOKEN.findall(text[:400].lower())
    if text.isascii():
        return ["0" if word < ":" else word for word in words[:60]]
    if not CJK.search(text[:400]):
        return ["0" if word[0].isdigit() else word for word in words[:60]]
    found: list[str] = []
    for word in words:
        if word.isascii() or not CJK.search(word):
            found.append("0" if word[0].isdigit() else word)
        else:
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
    return found[:60]


def subject(words: list[str]) -> frozenset[str]:
    """The words that can say what a text is about: long ones, and pairs of characters."""
    return frozenset(word for word in words if len(word) >= TELLING or word > "\u3040")


def grams(words: list[str]) -> list[str]:
    """Words, pairs of neighbouring words, and the first word marked as such."""
    if not words:
        return []
    return [*words, *map(" ".join, pairwise(words)), "^" + words[0]]


def key_parts(key: str) -> tuple[str, ...]:
    """The parts of class names and ids, and the pairs within one name."""
    found: set[str] = set()
    for name in key.split():
        parts = KEY_PART.findall(name)
        found.update(parts)
        found.update(map("-".join, pairwise(parts)))
    return tuple(sorted(found))


def fold(text: str | None) -> str:
    """Letters and digits only, lower case: how texts are compared."""
    return re.sub(r"[\W_]+", "", text or "").lower()


def word_count(text: str) -> float:
    """Words; for scripts that do not set words apart, about one for two characters."""
    if text.isascii():
        return float(len(text.split()))
    return len(text.split()) + len(CJK.findall(text)) / 2
