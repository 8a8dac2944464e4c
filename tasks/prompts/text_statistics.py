"""Columns from the characters of each text: words, sentences, capitals, prices and so on.

All texts of a page are counted at once, as one array of characters: block by block, the model's
columns took a fifth more CPU.
"""

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from tasks.prompts.tree_arrays import Column, Columns, Index, Mask
from tasks.prompts.word_weights import UNSPACED
from tasks.text.sentence_split import END_SIGNS

# Thai and Lao end no sentence with a sign: a text that ends in their letters and is so long is one.
UNMARKED, MIN_UNMARKED_CHARS = ("\u0e00", "\u0eff"), 100
SENTENCE_END = re.compile(rf"[{END_SIGNS}][\"'”’»“)\]）」』]*(?:\s*\[\d+\])*$")
PLACEHOLDER = re.compile(
    r"\{\{.{,60}?\}\}|\$\{.{,60}?\}|%[A-Z_]{3,60}%|\[\[.{,60}?\]\]|<%.{,60}?%>"
)
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "kr", "zł", "TL")
PRICE = re.compile(rf"[$€£¥₹₩₽]\s?\d|\d\s?(?:[$€£¥₹₩₽]|(?:{'|'.join(CURRENCIES)})\b)")
SIGNS = {
    "end": END_SIGNS,
    "closing": "\"'”’»“)]）」』",
    "money": "$€£¥₹₩₽",
    "mark": "|»›→•©@#",
    "quote": '"“”„«»「」',
    "colon": ":：",
    "question": "?？؟",
}
LETTERS = {
    "space": np.strings.isspace,
    "upper": np.strings.isupper,
    "lower": np.strings.islower,
    "digit": np.strings.isdecimal,
}
KINDS = (*LETTERS, "cjk", *SIGNS)
BIT = {kind: 1 << at for at, kind in enumerate(KINDS)}
MAX_TEXT_CHARS = 20_000  # that are read
OPENING_WORDS = 12  # of a text, whose capitals are counted
TAIL_CHARS = 12  # of a text, within which its last sentence ends
TABLE_SIZE = 1 << 16  # Characters from it on are not in the table

Letters = npt.NDArray[np.uint32]
Kinds = npt.NDArray[np.uint16]


def ends_as_sentence(text: str) -> bool:
    """Whether a text ends like a sentence: with a sign within its last TAIL_CHARS.

    Thai and Lao have no full stop: a long text that ends in their letters counts.
    """
    if SENTENCE_END.search(text, max(0, len(text) - TAIL_CHARS)):
        return True
    return len(text) >= MIN_UNMARKED_CHARS and UNMARKED[0] <= text[-1] <= UNMARKED[1]


def sign_columns(texts: Sequence[str]) -> Columns:
    """The columns; no text is empty, starts with white space or contains a new line."""
    return _Signs(texts).columns()


class _Signs:
    """All texts as one, each with a new line behind it."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = [text[:MAX_TEXT_CHARS] for text in texts]
        self.uncut = texts
        self.whole = "\n".join(self.texts) + "\n"
        raw = self.whole.encode("utf-32-le", "surrogatepass")
        self.letters: Letters = np.frombuffer(raw, np.uint32)
        self.kinds = _table().take(self.letters, mode="clip")
        if self.letters.max() >= TABLE_SIZE:
            for at in np.flatnonzero(self.letters >= TABLE_SIZE).tolist():
                self.kinds[at] = _kinds_of_letter(chr(self.letters[at]))
        stops = np.array([*map(len, self.texts)]).cumsum() + np.arange(1, len(texts) + 1)
        self.first: Index = np.concatenate([[0], stops[:-1]])
        self.last = stops - 2

    def columns(self) -> Columns:
        """The columns by name."""
        gap = self.kinds & BIT["space"] > 0
        begins = ~gap
        begins[1:] &= gap[:-1]
        words = self._count(begins)
        # The pattern matches no new line, so one search goes through all texts.
        placeholder = np.zeros(len(self.texts), np.bool_)
        starts = [match.start() for match in PLACEHOLDER.finditer(self.whole)]
        placeholder[np.searchsorted(self.first, starts, "right") - 1] = True
        final = self.kinds[self.last]
        for at, text in enumerate(self.texts):
            if len(text) == MAX_TEXT_CHARS:  # its real end was cut off
                final[at] = _kinds_of_letter(self.uncut[at][-1])
        ends_sentence = final & BIT["end"] > 0
        last = self.letters[self.last]
        unmarked = (last >= ord(UNMARKED[0])) & (last <= ord(UNMARKED[1]))
        for at in np.flatnonzero((final & BIT["closing"] > 0) | unmarked).tolist():
            ends_sentence[at] = ends_as_sentence(self.uncut[at])
        # In plain ASCII a sentence ends before a space: there are full stops in 3.5 and U.S.
        ends = self.kinds & BIT["end"] > 0
        before_space = ends.copy()
        before_space[:-1] &= self.letters[1:] == ord(" ")
        is_plain = np.maximum.reduceat(self.letters, self.first) < 128
        found = {
            "words": words + self._count(self.kinds & BIT["cjk"] > 0) / 2,
            "ends_sentence": ends_sentence,
            "ends_colon": final & BIT["colon"] > 0,
            "sentences": 1 + np.where(is_plain, self._count(before_space), self._count(ends)),
            "capitals": self._capitals(np.flatnonzero(begins), words),
            "starts_lower": self.kinds[self.first] & BIT["lower"] > 0,
            "placeholder": placeholder,
            "price": self._prices(),
            "marks": self._count(self.kinds & BIT["mark"] > 0) / words,
            "quotes": self._count(self.kinds & BIT["quote"] > 0) > 1,
            "starts_quote": self.kinds[self.first] & BIT["quote"] > 0,
            "questions": self._count(self.kinds & BIT["question"] > 0),
        }
        return {name: column.astype(np.float32) for name, column in found.items()}

    def _count(self, is_there: Mask) -> Index:
        """How many characters of a mask each text has."""
        return np.add.reduceat(is_there, self.first, dtype=np.intp)

    def _capitals(self, begins: Index, words: Index) -> Column:
        """The share of capitals among the first words."""
        owner = np.repeat(np.arange(len(words)), words)
        number = np.arange(len(begins)) - (words.cumsum() - words)[owner]
        is_upper = (self.kinds[begins] & BIT["upper"] > 0) & (number < OPENING_WORDS)
        share = np.bincount(owner, is_upper, len(words)) / np.minimum(words, OPENING_WORDS)
        return share.astype(np.float32)

    def _prices(self) -> Mask:
        """Which texts hold a price."""
        found = self._count(self.kinds & BIT["digit"] > 0) > 0
        if not any(currency in self.whole for currency in CURRENCIES):
            found &= self._count(self.kinds & BIT["money"] > 0) > 0
        for at in np.flatnonzero(found).tolist():
            found[at] = PRICE.search(self.texts[at]) is not None
        return found


@cache
def _table() -> Kinds:
    """The kinds of each character of the first plane; none for the last character."""
    numbers = np.arange(TABLE_SIZE, dtype=np.uint32)
    letters = numbers.view("<U1")
    found = np.zeros(TABLE_SIZE, np.uint16)
    for kind, is_one in LETTERS.items():
        found[is_one(letters)] |= BIT[kind]
    for first, last in UNSPACED:
        found[first : last + 1] |= BIT["cjk"]
    for kind, signs in SIGNS.items():
        found[[*map(ord, signs)]] |= BIT[kind]
    found[-1] = 0
    return found


def _kinds_of_letter(letter: str) -> int:
    if ord(letter) < TABLE_SIZE:
        return int(_table()[ord(letter)])
    found = (BIT[kind] for kind, is_one in LETTERS.items() if is_one(np.array(letter)))
    return sum(found)
