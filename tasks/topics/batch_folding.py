"""Folding many texts at once: in most of them each character folds by itself, to one."""

import unicodedata
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from tasks.text.diacritics import Marks
from tasks.text.folding import Folded, fold

Array = np.ndarray[Any, np.dtype[Any]]

_GAP = "\n"  # Between the texts: no phrase within a paragraph contains it
_UNKNOWN = 0xFFFF_FFFF
_SEPARATE = 0  # for a character that does not fold by itself, or not to one
_JAMO = range(0x1100, 0x1200)
# By character of the BMP, filled on first use; the last entry is for all characters beyond it.
_TABLES: defaultdict[tuple[bool, Marks], Array] = defaultdict(
    lambda: np.full((1 << 16) + 1, _UNKNOWN, np.uint32)
)


@dataclass(frozen=True)
class Joined:
    """Texts that are searched as one."""

    folded: Folded
    starts: list[int]
    separate: frozenset[int]  # texts that have to be folded by themselves

    def text_at(self, position: int) -> int:
        """The index of the text that contains a character."""
        return bisect_right(self.starts, position) - 1


def join(texts: list[str], *, keep_case: bool = False, marks: Marks = "all") -> Joined:
    """Fold texts as one.

    Those with a line break, a gap longer than one space, or characters that do not fold one by one
    are `separate`.
    """
    whole = _GAP.join(texts)
    starts = list(accumulate((len(text) + 1 for text in texts[:-1]), initial=0))
    signs = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), np.uint32)
    table = _TABLES[keep_case, marks]
    folded: Array = table.take(signs, mode="clip")
    if len(unknown := np.flatnonzero(folded == _UNKNOWN)):
        for code in np.unique(signs.take(unknown)).tolist():
            table[min(code, len(table) - 1)] = _fold_of(code, keep_case, marks)
        folded = table.take(signs, mode="clip")
    is_separate = folded == _SEPARATE
    is_separate[1:] |= (folded[1:] == ord(" ")) & (folded[:-1] == ord(" "))
    held = np.searchsorted(starts, np.flatnonzero(is_separate), "right") - 1
    broken = {number for number, text in enumerate(texts) if _GAP in text}
    text = folded.tobytes().decode("utf-32-le")
    joined = Folded(text, whole, keep_case, True, marks)
    return Joined(joined, starts, frozenset(held.tolist()) | broken)


def _fold_of(code: int, keep_case: bool, marks: Marks) -> int:
    sign = chr(code)
    if sign == _GAP or code >= 1 << 16 or 0xD800 <= code < 0xE000:
        return code if sign == _GAP else _SEPARATE
    folded = fold(sign, keep_case=keep_case, marks=marks)
    if not folded.is_aligned or folded.text == _GAP:
        return _SEPARATE
    for each in (sign, folded.text):
        is_mark = unicodedata.category(each)[0] == "M" or unicodedata.combining(each) > 0
        if is_mark or ord(each) in _JAMO:  # normalising may join it with its neighbours
            return _SEPARATE
    return ord(folded.text)
