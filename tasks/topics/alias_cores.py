"""Cores of aliases: the part of an alias that is in every text with the alias, as written.

A core is a run of letters, digits and vowel signs that folding produces only from themselves, small
or capital, or from the Arabic letters that stand for one. Characters that fold to other letters are
odd: a text with an odd character is folded and searched as a whole.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from tasks.text.diacritics import ARABIC, POINTS

Array = np.ndarray[Any, np.dtype[Any]]

_MAX_CASED = 4  # Most non-ASCII letters with two cases in a core: sixteen forms
# Characters that fold to other letters or digits, or to nothing. Hangul's vowels and finals, which
# join the one before, are among the blocks.
_ODD_CHARACTERS = (
    "\u00aa\u00ad\u00b5\u00ba\u00bc-\u00be\u0130\u0132\u0133\u013f\u0140\u0149\u017f\u01c4-\u01cc"
    "\u01f0-\u01f3\u02b0-\u02b8\u02e0-\u02e4\u0345\u034f\u0390\u03b0\u03d0-\u03d6\u03f0-\u03f2"
    "\u03f4\u03f5\u03f9\u0587\u061c\u0675-\u0678\u0958-\u095f\u09dc-\u09df\u0a33\u0a36\u0a59-\u0a5e"
    "\u0b5c\u0b5d\u0e33\u0eb3\u0edc\u0edd\u0f43-\u0f69\u10fc\u13f8-\u13fd\u180b-\u180f\u1e96-\u1e9e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2071\u207f-\u2089\u2090-\u209c\u20a8\u2c7c\u2c7d\u2d6f\u2e9f\u2ef3"
    "\u3038-\u303a\u309f\u30ff\u3131-\u319f\ua69c\ua69d\ua770\ua7f2-\ua7f9\uab5c-\uab69\ufe00-\ufe0f"
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u0f73-\u0f79\u0f93-\u0fb9" + POINTS
)
# Rarely written as separate characters. Since these are odd, é and й are steady.
_LOOSE_MARKS = "\u0300-\u036f\u0653-\u0655"
# Blocks of 64 odd characters, whose UTF-8 differs in the last byte only.
_ODD_BLOCKS = (
    "1140 1180 11c0 1c80 1d00 1d40 1d80 1f40 1f80 1fc0 2100 2140 2180 2440 2480 24c0 2f00 "
    "2f40 2f80 2fc0 3200 3240 3280 32c0 3300 3340 3380 33c0 ab40 ab80 f900 f940 f980 f9c0 "
    "fa00 fa40 fa80 fac0 fb00 fb40 fb80 fbc0 fc00 fc40 fc80 fcc0 fd00 fd40 fd80 fdc0 fe40 "
    "fe80 fec0 ff40 ff80 ffc0 10780 1d400 1d440 1d480 1d4c0 1d500 1d540 1d580 1d5c0 1d600 "
    "1d640 1d680 1d6c0 1d700 1d740 1d780 1d7c0 1ee00 1ee40 1ee80 1f100 1f140 1f180 1f200 "
    "1f240 1fbc0"
)
_ODD_PLANES = ((0x2F800, 0x2FA1F), (0xE0000, 0xE0FFF))


def core(folded: str) -> str:
    """The longest run of steady characters of a folded alias; empty if there is none."""
    marked = "".join(sign if _is_steady(sign) else " " for sign in folded)
    starts = []  # beginnings of the runs, cut to the number of forms that are searched for
    for run in marked.split():
        written = [at for at, one in enumerate(run) if not one.isascii() and len(variants(one)) > 1]
        starts.append(run[: written[_MAX_CASED]] if len(written) > _MAX_CASED else run)
    # The last of equals: in most languages names and nouns follow their epithets.
    return max(reversed(starts), key=len, default="")


def _is_steady(sign: str) -> bool:
    """Whether only the same letter, digit or vowel sign, or its capital, folds to it."""
    if "\uac00" <= sign <= "\ud7a3":
        return True
    # Marks of other classes may change places.
    is_vowel_sign = unicodedata.category(sign)[0] == "M" and not unicodedata.combining(sign)
    marks = unicodedata.normalize("NFD", sign)[1:]
    return (sign.isalnum() or is_vowel_sign) and not re.search(f"[^{_LOOSE_MARKS}]", marks)


def forms(core: str) -> Iterator[str]:
    """All spellings of a core, with small ASCII letters."""
    spelt = ({sign} if sign.isascii() else variants(sign) for sign in core)
    yield from map("".join, product(*spelt))


@cache
def odd_characters() -> tuple[Array, Array]:
    """Masks of the odd characters of the BMP, and of the odd blocks of 64 in all Unicode."""
    signs, blocks = np.zeros(1 << 16, np.bool_), np.zeros(1 << 15, np.bool_)
    plane = "".join(map(chr, range(1 << 16)))
    signs[[ord(sign) for sign in re.findall(f"[{_ODD_CHARACTERS}{_LOOSE_MARKS}]", plane)]] = True
    for block in _ODD_BLOCKS.split():
        blocks[int(block, 16) >> 6] = True
    for first, last in _ODD_PLANES:
        blocks[first >> 6 : (last >> 6) + 1] = True
    signs |= np.repeat(blocks[: 1 << 10], 1 << 6)
    return signs, blocks


def variants(sign: str) -> set[str]:
    """The characters that fold to a steady letter outside ASCII, in texts without odd ones."""
    arabic = (other for other, plain in ARABIC.items() if plain == sign)
    return {sign, sign.upper(), *("ς" if sign == "σ" else ""), *arabic}
