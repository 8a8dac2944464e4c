"""What changed between two states of a text, in sentences and words."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

from tasks.text.sentence_split import UNSPACED, sentence_starts

_WORD = re.compile(rf"[{UNSPACED}]\s*|[^\s{UNSPACED}]+\s*|\s+")
# Comparing takes quadratic time, which hostile texts exploit. If the product of their numbers of
# sentences, or of words, is larger, both states are shown whole.
_MAX_COMPARISONS = 400_000
# Sentences less similar are easier to read one after the other than interleaved.
_MIN_SIMILARITY = 0.4

Pair = tuple[str, str]  # the text before and after


class Piece(NamedTuple):
    """A stretch of text that is in both states or only in one."""

    kind: Literal["same", "gone", "new"]
    text: str


def changes(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in order; adjacent pieces differ in kind, "gone" before "new"."""
    pairs: list[Pair] = []
    for gone, new in _matched_pairs(_sentences(before), _sentences(after), least=0):
        if gone and new and gone != new:
            pairs += _matched_pairs(_WORD.findall(gone), _WORD.findall(new), _MIN_SIMILARITY)
        else:
            pairs.append((gone, new))
    found: list[Piece] = []
    for is_same, run in groupby(pairs, lambda pair: pair[0] == pair[1]):
        gone, new = map("".join, zip(*run, strict=True))
        pieces = (Piece("same", new),) if is_same else (Piece("gone", gone), Piece("new", new))
        found += [piece for piece in pieces if piece.text]
    return found


def _sentences(text: str) -> list[str]:
    cuts = [0, *sentence_starts(text)[1:], len(text)]
    return [text[start:end] for start, end in pairwise(cuts)]


def _matched_pairs(old: Sequence[str], new: Sequence[str], least: float) -> Iterator[Pair]:
    """The pairs that difflib finds; one pair of the whole texts if too long or too unlike."""
    # Compared without trailing space: the last sentence of a text has none.
    bare = [part.rstrip() for part in old], [part.rstrip() for part in new]
    matcher = SequenceMatcher(None, *bare, autojunk=False)
    if len(old) * len(new) > _MAX_COMPARISONS or (least and matcher.ratio() < least):
        yield "".join(old), "".join(new)
        return
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind != "equal":
            yield "".join(old[i:j]), "".join(new[k:m])
            continue
        for text, before, after in zip(bare[0][i:j], old[i:j], new[k:m], strict=True):
            yield text, text
            yield before[len(text) :], after[len(text) :]
