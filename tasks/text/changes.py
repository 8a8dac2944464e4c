"""What changed between two states of a text, in sentences and words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Literal, NamedTuple

from tasks.text.sentence_split import UNSPACED, sentence_starts

_WORD = re.compile(rf"[{UNSPACED}]\s*|[^\s{UNSPACED}]+\s*|\s+")
# Comparing takes quadratic time, which hostile texts exploit. Beyond this product of their numbers
# of sentences, or words, both states are shown whole.
_MOST = 400_000
# Sentences with less in common are read more easily one after the other than interleaved.
_ALIKE = 0.4


class Piece(NamedTuple):
    """A stretch of text that both states have, or one of them."""

    kind: Literal["same", "gone", "new"]
    text: str


def changes(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in their order; neighbours differ in kind."""
    joined: list[Piece] = []
    for piece in _by_sentence(before, after):
        if joined and joined[-1].kind == piece.kind:
            joined[-1] = Piece(piece.kind, joined[-1].text + piece.text)
        elif piece.text:
            joined.append(piece)
    return joined


def _by_sentence(before: str, after: str) -> Iterator[Piece]:
    for kind, gone, new in _compared(_sentences(before), _sentences(after), least=0):
        if kind == "replace":
            for _, old, other in _compared(_WORD.findall(gone), _WORD.findall(new), _ALIKE):
                yield from _pieces(old, other)
        else:
            yield from _pieces(gone, new)


def _pieces(gone: str, new: str) -> Iterable[Piece]:
    return (Piece("same", new),) if gone == new else (Piece("gone", gone), Piece("new", new))


def _sentences(text: str) -> list[str]:
    cuts = [0, *sentence_starts(text)[1:], len(text)]
    return [text[start:end] for start, end in pairwise(cuts)]


def _compared(
    old: Sequence[str], new: Sequence[str], least: float
) -> Iterator[tuple[str, str, str]]:
    """What difflib would do, with both texts; all as one where too much or too little is alike."""
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if len(old) * len(new) > _MOST or (least and matcher.ratio() < least):
        yield "replace", "".join(old), "".join(new)
        return
    for kind, i, j, k, m in matcher.get_opcodes():
        yield kind, "".join(old[i:j]), "".join(new[k:m])
