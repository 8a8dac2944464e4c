"""Folds text for matching, and maps matches back to offsets in the original."""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

from tasks.text.diacritics import Marks, without_marks

_INVISIBLE = (
    "\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_SPACES = "\u00a0\u2000-\u200a\u202f\u205f\u3000"
_DASHES = (
    "\u02d7\u058a\u05be\u2010-\u2015\u2043\u207b\u208b\u2212\u2e3a\u2e3b\ufe31\ufe32\ufe58\ufe63"
)
_SINGLE = (
    "\u02b9\u02bb-\u02bd\u02c8\u2018-\u201b\u2032\u2035\u2039\u203a\u0374`´\u1fef\u1ffd\uff07\uff40"
)
_DOUBLE = (
    "\u02ba\u201c-\u201f\u2033\u2036\u2e42\u300c-\u300f\u301d-\u301f\ufe41-\ufe44\uff62\uff63«»"
)
# A superscript is not part of a name: NFKC would turn "Huawei™" into HuaweiTM and "G20²" into
# G202.
_SUPERSCRIPTS = "\u2120\u2122¹²³\u2070\u2074-\u2079"
_RAISED = f"{_SUPERSCRIPTS}\u2080-\u2089"
_NOT_SUPERSCRIPT = re.compile(f"[^{_SUPERSCRIPTS}]+")
# NFKC turns these into a space and a mark, which would split the word.
_SPACING_MARKS = (
    "¨¯¸\u02d8-\u02dd\u037a\u0384\u0385\u1fbd\u1fbf-\u1fc1\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed\u1fee"
    "\u1ffe\u2017\u203e\u309b\u309c\ufc5e-\ufc63\ufdfa\ufdfb\ufe49-\ufe4c\ufe70\ufe72\ufe74\ufe76"
    "\ufe78\ufe7a\ufe7c\ufe7e\uffe3"
)
_FULL_WIDTH = "\uff01-\uff5e"
# What keyboards type for them: the Hebrew signs of abbreviations (ארה״ב is also ארה"ב) and other
# quotes; subscripts, which are part of a name (CO₂ is CO2), as footnotes' numbers are not.
_TYPED = dict(
    zip(
        "\u05f3\u055a\u275b\u275c\u05f4\u02ee\u275d\u275e₀₁₂₃₄₅₆₇₈₉",
        "''''\"\"\"\"0123456789",
        strict=True,
    )
)

_SIGNS = re.compile(
    f"[{_INVISIBLE}{_SPACES}{_DASHES}{_SINGLE}{_DOUBLE}{_RAISED}{_SPACING_MARKS}{_FULL_WIDTH}"
    f"{''.join(_TYPED)}]"
)
_PLAIN = (
    (" ", _SPACES),
    ("-", _DASHES),
    ("'", _SINGLE),
    ('"', _DOUBLE),
    ("^", _RAISED + _SPACING_MARKS),
)
# Once these are replaced, most English text is ASCII, which is folded much faster.
_COMMON = tuple(zip("`’‘“”–—\u00a0", "'''\"\"-- ", strict=True))
_ASCII_COMMON = tuple(pair for pair in _COMMON if pair[0].isascii())
_UNSEEN = re.compile(f"[{_INVISIBLE}]")
_ODD_GAPS = ("  ", " \n", "\n ", "\n\n\n", *"\t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029")
_GAP = re.compile(r"\s\s+|[^\S ]")
# Letters that NFKC composes with the one before them though they are not marks: Hangul vowels and
# finals in every form, half-width voicing marks.
_JOINING = "\u1160-\u11ff\u3131-\u318e\uff9e\uff9f\uffa0-\uffdc"
# Beyond the BMP there are many, rare marks, so all letters of these scripts count as joined (except
# the styled Latin of U+1D400): that keeps the pattern fast, but their offsets are less exact.
_RARE_SCRIPTS = "\U00010000-\U0001d3ff\U0001d800-\U0001efff"
# Characters that fold to one each: ASCII, most of Latin-1, Cyrillic, kana, Han.
_STEADY = (
    r"\x21-\x7e\u00c0-\u00d6\u00d8-\u00de\u00e0-\u00f6\u00f8-\u00fe\u0400-\u045f\u3041-\u3096"
    r"\u30a1-\u30fa\u30fc\u4e00-\u9fff"
)


def superscripts(text: str) -> str:
    """The superscripts of a text, which all fold to `^`."""
    return _NOT_SUPERSCRIPT.sub("", text)


@dataclass(frozen=True)
class Folded:
    """Folded text with the offsets of its characters in the original."""

    text: str
    original: str
    keep_case: bool
    is_aligned: bool  # Whether each folded character has the same offset as its original
    marks: Marks = "all"

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original for `text[start:end]`, without trailing invisible characters."""
        if self.is_aligned:
            return start, end
        first, stop = self._origin_of(start)[0], self._origin_of(end - 1)[1]
        while _UNSEEN.match(self.original, stop - 1):
            stop -= 1
        return first, stop

    def _origin_of(self, position: int) -> tuple[int, int]:
        """Offsets in the original of one folded character."""
        folded, origin = self._starts
        index = bisect_right(folded, position) - 1
        first, stop = origin[index], origin[index + 1]
        piece = _pieces().fullmatch(self.original, first, stop)
        if piece and piece.lastindex == 1:
            first += position - folded[index]
            return first, first + 1
        return first, stop

    @cached_property
    def _starts(self) -> tuple[list[int], list[int]]:
        """Where each piece starts in the folded and in the original text."""
        widths, origin = [], [0]
        for piece in _pieces().finditer(self.original):
            is_run = piece.lastindex == 1
            folded = piece[0] if is_run else _fold_piece(piece[0], self.keep_case, self.marks)
            widths.append(len(folded))
            origin.append(piece.end())
        return list(accumulate(widths, initial=0)), origin


def fold(text: str, *, keep_case: bool = False, marks: Marks = "all") -> Folded:
    r"""Fold different spellings of the same characters into one.

    NFKC (with compositions, so by cluster); zero-width characters and soft hyphens removed; dashes
    and quotes to ASCII; case folded; a gap of whitespace to one space or, with a blank line in it,
    to a paragraph break (`\n\n`). Superscripts become `^`: the number of a footnote or a trademark
    sign is not part of the word. `marks` selects the marks that are kept, as in `without_marks`,
    and whether Hebrew signs of abbreviations and subscripts are as typed ("typed" and "bare").
    """
    folded, is_aligned = _fold_characters(text, keep_case, marks)
    # In most texts all gaps are one space.
    if not folded.isprintable() or "  " in folded:
        is_odd = "\n" in folded.replace("\n\n", "") or any(odd in folded for odd in _ODD_GAPS)
        folded = _GAP.sub(_folded_gap, folded) if is_odd else folded
    is_aligned = is_aligned and len(folded) == len(text)
    return Folded(folded, text, keep_case, is_aligned, marks)


def _fold_characters(text: str, keep_case: bool, marks: Marks) -> tuple[str, bool]:
    """Fold all but gaps; also returns whether every character kept its offset."""
    plain = text
    for sign, ascii_sign in _ASCII_COMMON if text.isascii() else _COMMON:
        plain = plain.replace(sign, ascii_sign)
    if plain.isascii():
        return (plain if keep_case else plain.lower()), True
    # Only NFKC both adds and drops characters, so otherwise equal length means equal offsets.
    is_typed = marks in ("typed", "bare")
    plain = _SIGNS.sub(lambda sign: _plain_sign(sign[0], is_typed), plain)
    is_normal = unicodedata.is_normalized("NFKC", plain)
    normal = plain if is_normal else unicodedata.normalize("NFKC", plain)
    # Before folding case, which would make two characters of it: so most texts stay aligned.
    dotless = normal.replace("İ", "i") if marks in ("undotted", "typed") else normal
    folded = normal if keep_case else dotless.casefold()
    bare = without_marks(folded, marks)
    # Removing marks only drops characters, or replaces one by one.
    return bare, is_normal and len(plain) == len(text) == len(folded) == len(bare)


@lru_cache(maxsize=8192)
def _plain_sign(sign: str, is_typed: bool) -> str:
    if is_typed and sign in _TYPED:
        return _TYPED[sign]
    for plain, signs in _PLAIN:
        if re.match(f"[{signs}]", sign):
            return plain
    if sign in _TYPED:
        return sign
    return chr(ord(sign) - 0xFEE0) if "\uff01" <= sign <= "\uff5e" else ""


def _folded_gap(gap: re.Match[str]) -> str:
    has_blank_line = gap[0].count("\n") > 1 or "\u2029" in gap[0]
    # Never longer than the gap, so that equal length means equal offsets.
    return "\n\n"[: len(gap[0])] if has_blank_line else " "


@lru_cache(maxsize=1)
def _pieces() -> re.Pattern[str]:
    """Matches a run that folds character by character, a character with its marks, or a gap."""
    marks = "".join(
        chr(code) for code in range(0x300, 0xFFFF) if unicodedata.category(chr(code))[0] == "M"
    )
    joined = f"[{marks}{_JOINING}{_RARE_SCRIPTS}{_INVISIBLE}]"
    run = rf"([{_STEADY}]+(?: [{_STEADY}]+)*)(?!{joined})"
    gap = rf"[\s{_SPACES}][\s{_SPACES}{_INVISIBLE}]*"
    return re.compile(rf"{run}|[^\s{_SPACES}]{joined}*|{gap}")


@lru_cache(maxsize=1 << 14)
def _fold_piece(piece: str, keep_case: bool, marks: Marks) -> str:
    return _GAP.sub(_folded_gap, _fold_characters(piece, keep_case, marks)[0])
