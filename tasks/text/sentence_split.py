"""Splits text into sentences, and counts words."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from tasks.text.abbreviations import (
    ABBREVIATIONS,
    AFTER_GERMAN_DAY,
    BEGINS_SENTENCES,
    EARLIER_ABBREVIATIONS,
    ENDING_PAIRS,
    NUMBERED,
    OPENING_PAIRS,
    ORDINAL_FOLLOWS,
)

# Regex class of letters of scripts without spaces between words: Han, kana, Thai, Lao, Tibetan,
# Burmese, Khmer.
UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029"
    "\u3031-\u3035\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)

_UNSPACED = re.compile(f"[{UNSPACED}]")
_SPACED_WORD = re.compile(r"[^\W_]\S*")

# Full stops that need no gap behind them: of Chinese and Japanese, Indic scripts, Urdu, Armenian,
# Amharic, Burmese and Khmer. Thai and Lao have none.
FULL_STOPS = "。！？｡।॥۔։።။។"
END_SIGNS = f".!?…؟{FULL_STOPS}"
_CLOSING = "\"'”’“»›)\\]」』）】"
_OPENING = "\"'“‘„«»‹›([「『（"
_END = rf"{END_SIGNS}\n\u2029"
_ENDS_ANYWHERE = re.compile(rf"[{FULL_STOPS}\u2029]|\n\s*\n")
_ENDS_BEFORE_GAP = re.compile(r"[!?…؟]")
_EARLIER_ABBREVIATIONS = frozenset(EARLIER_ABBREVIATIONS.split())
_EARLIER_AFTER_DAY = AFTER_GERMAN_DAY - {"jahrhunderts", "jahrhunderte", "jahrhunderten"}
_BESIDE_DOTS = f"{END_SIGNS[1:]}\u2029"
# An ordinal, also the last of "12./13. September" or of "3.-5. Oktober".
_ORDINAL = re.compile(r"(?:\d{1,2}[./–-]+)*\d{1,2}")


class _Patterns(NamedTuple):
    """Matches what may end a sentence; a group matches where it does."""

    all: re.Pattern[str]
    # Searching for one character is ten times as fast as searching for a class.
    dots: re.Pattern[str]


def _patterns(abbreviations: Iterable[str], *more: str) -> _Patterns:
    """The patterns, by which no abbreviation clearly ends a sentence."""
    by_length = defaultdict(list)
    for word in sorted({word.lower() for word in abbreviations}):
        by_length[len(word)].append(word)
    # Most sentence ends: a full stop after a word that is no abbreviation, before a capital or
    # number.
    clear = (
        r"(?<=[^\W\d_]{2}\.)"
        + "".join(rf"(?<!\b(?i:{'|'.join(words)})\.)" for words in by_length.values())
        + "".join(more)
        + rf"[{_CLOSING}]*\s+(?=[A-Z0-9])"
    )
    marked = rf"(?:({clear})|[{_END}]*[{_CLOSING}]*\s*)"
    return _Patterns(re.compile(rf"[{_END}]{marked}"), re.compile(rf"\.{marked}"))


_PATTERNS = _patterns(
    (
        *ABBREVIATIONS,
        *NUMBERED,
        *(pair.split()[1] for pair in ENDING_PAIRS),
        *(pair.split()[0] for pair in OPENING_PAIRS),
    ),
    # bl.a., m.in., t.ex., Ph.D.
    r"(?<!\.[^\W\d_]{2}\.)(?<!\.[^\W\d_]{3}\.)",
)
_EARLIER_PATTERNS = _patterns(_EARLIER_ABBREVIATIONS)


def sentence_starts(text: str, until: int | None = None, *, is_earlier: bool = False) -> list[int]:
    """Start of each sentence in `text`, in order, up to the sentence that contains offset `until`.

    A sentence ends at a blank line, at `! ? …` before a gap, and at FULL_STOPS such as `。` or `।`
    anywhere. It ends at a full stop before a gap, unless a small letter follows, or the full stop
    belongs to an initial, an abbreviation (`abbreviations.py`), a dotted one (`U.S.`, `m.in.`), the
    number of an item, or an ordinal (`3. Oktober`, `das 19. Paket`). With `is_earlier`, by the
    fewer abbreviations and ordinals of version 4 of the matching rules.
    """
    first = len(text) - len(text.lstrip())
    last = len(text) - 1 if until is None else until
    starts = [first] if first < len(text) else []
    near = text[: last + 1]
    breaks = near.count(".\n\n")
    # Whether only full stops, and blank lines right after them, can end a sentence.
    has_only_dots = near.count("\n") == 2 * breaks and not any(s in near for s in _BESIDE_DOTS)
    patterns = _EARLIER_PATTERNS if is_earlier else _PATTERNS
    ends = patterns.dots if has_only_dots else patterns.all
    for mark in ends.finditer(text):
        stop = mark.end()
        if stop > last:
            break
        if stop > first and (mark.lastindex or _is_end(text, mark, is_earlier=is_earlier)):
            starts.append(stop)
    return starts


def _is_end(text: str, mark: re.Match[str], *, is_earlier: bool) -> bool:
    """Whether a mark that the pattern cannot decide on ends a sentence."""
    sign = mark[0]
    if _ENDS_ANYWHERE.search(sign):
        return True
    if not sign[-1].isspace():
        return False
    if _ENDS_BEFORE_GAP.search(sign):
        return True
    if sign[0] != ".":
        return False
    dot, stop = mark.span()
    after = text[stop : stop + 20].lstrip(_OPENING)
    if after[:1].islower():
        return False
    following = re.split(r"\W", after, maxsplit=1)[0]
    near = text[max(0, dot - 40) : dot]
    if is_earlier:
        return _was_end(near.split(), following.lower())
    return not _goes_on(near.rpartition("\n")[2].split(), following)


def _goes_on(words: list[str], following: str) -> bool:
    """Whether a sentence goes on after the full stop behind the last of the words of its line."""
    *earlier, before = (word.lstrip(_OPENING) for word in ("", *words))
    previous = earlier[-1] if earlier else ""
    if _ORDINAL.fullmatch(before):
        return _is_ordinal(previous, before, following.lower())
    if before in ABBREVIATIONS or (before.lower() in NUMBERED and following[:1].isdecimal()):
        return True
    if f"{previous.rstrip('.')} {before}".lower() in ENDING_PAIRS:
        return True
    if f"{before} {following}" in OPENING_PAIRS or _is_initial(before):
        return True
    if before and not before.strip("."):  # . . .
        return True
    parts = before.split(".")
    # Of two letters or more, one part has one, as no address has: bl.a., Ph.D.
    return (
        len(parts) > 1
        and all(part.isalpha() and len(part) < 4 for part in parts)
        and min(map(len, parts)) == 1
    )


def _is_ordinal(previous: str, number: str, following: str) -> bool:
    """Whether a number before a full stop is an ordinal, or the number of an item."""
    if following in AFTER_GERMAN_DAY:
        return True
    word = previous.rstrip(".")  # Oct. 27. is no item
    is_short = word in ABBREVIATIONS or word.lower() in NUMBERED
    if not previous or (previous[-1] in END_SIGNS and not is_short):
        return True
    return previous.lower() in ORDINAL_FOLLOWS and following not in BEGINS_SENTENCES


def _is_initial(word: str) -> bool:
    return len(word) == 1 and word.isalpha() and not _UNSPACED.match(word)


def _was_end(words: list[str], following: str) -> bool:
    """The end of a sentence behind the last of the words by version 4 of the matching rules."""
    before = words[-1].lstrip(_OPENING) if words else ""
    if before.isdecimal():
        return len(before) > 2 or following not in _EARLIER_AFTER_DAY
    is_dotted = "." in before and all(len(part) < 2 for part in before.split("."))
    return not (is_dotted or _is_initial(before) or before.lower() in _EARLIER_ABBREVIATIONS)


def word_count(text: str) -> int:
    """Number of words separated by spaces; `high-level` and `U.S.` are one each.

    In scripts without spaces (Han, kana, Thai and the like) each character counts.
    """
    if _UNSPACED.search(text) is None:
        return len(_SPACED_WORD.findall(text))
    characters, rest = len(_UNSPACED.findall(text)), _UNSPACED.sub(" ", text)
    return characters + len(_SPACED_WORD.findall(rest))
