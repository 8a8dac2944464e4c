"""Splits texts into words or characters, and finds frequent phrases of these."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from tasks.text.folding import fold

# Phrases of words are tuples; phrases of characters, in scripts without spaces, are strings.
Phrase = str | tuple[str, ...]
Document = Sequence[Phrase]
"""The runs of words or characters of one article that only spaces interrupt."""

MAX_WORDS, MAX_CHARACTERS = 3, 6
MIN_CHARACTERS = 2

_HAN_AND_KANA = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3040-\u30fa\u30fc-\u30ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# In most scripts of India and South East Asia every other character of a word is a mark.
_MARKS = "".join(
    chr(code) for code in range(0x0300, 0x1B00) if unicodedata.category(chr(code))[0] == "M"
)
_LETTERS = rf"(?:[^\W_{_HAN_AND_KANA}]+|[{_MARKS}]+)+"
_TOKEN = re.compile(rf"([{_HAN_AND_KANA}]+)|{_LETTERS}(?:['.&-]{_LETTERS})*")
_ADDRESS_SIGN = re.compile(r"://|www\.|@")
_ADDRESS = re.compile(r"\S*(?:://|www\.|@)\S*")
_HAS_LETTER = re.compile(r"[^\W\d_]")
# Hiragana (endings and particles), and Chinese particles, prepositions and copulas: a phrase that
# begins or ends with one is a fragment of a sentence.
_BARRED = re.compile(
    "[\u3041-\u309f的了在是和与與及对對将將为為被从從以也就都而并並这這那着著把等]"
)


def document(texts: Iterable[str], *, keep_case: bool) -> Document:
    """The runs of an article, given by paragraphs."""
    runs: list[Phrase] = []
    for text in texts:
        plain = _ADDRESS.sub("|", text) if _ADDRESS_SIGN.search(text) else text
        folded = fold(plain, keep_case=keep_case).text
        words: list[str] = []
        end = 0
        for token in _TOKEN.finditer(folded):
            if words and folded[end : token.start()] != " ":
                runs.append(tuple(words))
                words = []
            if token[1]:
                runs.append(token[1])
            else:
                words.append(token[0])
            end = token.end()
        if words:
            runs.append(tuple(words))
    return runs


def parts(document: Document, length: int, known: AbstractSet[Phrase] | None = None) -> set[Phrase]:
    """The phrases of `length` words or characters whose two shorter parts are both in `known`."""
    found: set[Phrase] = set()
    for run in document:
        for start in range(len(run) - length + 1):
            phrase = run[start : start + length]
            if known is None or (phrase[:-1] in known and phrase[1:] in known):
                found.add(phrase)
    return found


def frequent(documents: Iterable[Document], least: int) -> dict[Phrase, int]:
    """The phrases that are in `least` documents or more, with the number of documents.

    Up to one word or character more than an alias may have, which shows whether a phrase is part
    of a longer one. By increasing length, so that rare phrases are not held in memory.
    """
    remaining = list(documents)
    found: dict[Phrase, int] = {}
    kept: set[Phrase] | None = None
    for length in range(1, MAX_CHARACTERS + 2):
        if length == MAX_WORDS + 2:
            remaining = [
                [run for run in document if isinstance(run, str)] for document in remaining
            ]
        counts: Counter[Phrase] = Counter()
        for document in remaining:
            counts.update(parts(document, length, kept))
        enough = {phrase: number for phrase, number in counts.items() if number >= least}
        found |= enough
        kept = set(enough)
    return found


def contained_phrases(document: Document, phrases: AbstractSet[Phrase]) -> set[Phrase]:
    """The given phrases that a document contains."""
    lengths = range(1, MAX_CHARACTERS + 1)
    return {
        phrase
        for run in document
        for length in (lengths if isinstance(run, str) else range(1, MAX_WORDS + 1))
        for start in range(len(run) - length + 1)
        if (phrase := run[start : start + length]) in phrases
    }


def is_whole(phrase: Phrase, common: AbstractSet[Phrase]) -> bool:
    """Whether a phrase neither begins nor ends with a function word."""
    if isinstance(phrase, str):
        return not (_BARRED.match(phrase[0]) or _BARRED.match(phrase[-1]))
    if (phrase[0],) in common or (phrase[-1],) in common:
        return False
    # A number at the beginning is accidental ("20 richest"), one at the end is not ("Group of 20").
    return bool(_HAS_LETTER.search(phrase[0])) and sum(map(len, phrase)) > 1


def may_be_alias(phrase: Phrase) -> bool:
    """Whether its number of words or characters is allowed for a suggested alias."""
    if isinstance(phrase, str):
        return MIN_CHARACTERS <= len(phrase) <= MAX_CHARACTERS
    return len(phrase) <= MAX_WORDS


def subphrases(phrase: Phrase) -> Iterator[Phrase]:
    """The shorter phrases within a phrase."""
    for size in range(1, len(phrase)):
        for at in range(len(phrase) - size + 1):
            yield phrase[at : at + size]


def phrase_text(phrase: Phrase) -> str:
    """A phrase as it is written in a folded text."""
    return phrase if isinstance(phrase, str) else " ".join(phrase)
