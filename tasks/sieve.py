"""Tells at little cost which texts of a whole Arrow column can hold a mention: few do.

One automaton runs over the column's bytes as they lie in memory. It looks for the *core* of each
alias, a run of letters and digits that folding only ever makes from the same letters, small or
capital; and for the few characters of which that does not hold. A text with one of those is folded
and looked through as a whole. Where a core stands, only its paragraph needs a closer look.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ahocorasick_rs import AhoCorasick, BytesAhoCorasick, Implementation, MatchKind

from tasks.text import fold
from tasks.topics import Topic

Places = list[int]
"""Offsets in the UTF-8 of a text: each mention shares its paragraph with one of them."""

_BREAK = b"\n\n"
_CASED_LETTERS = 4
"""Of a core beyond ASCII, written small or capital each: sixteen forms."""
_ODD_CHARACTERS = (
    "\u00aa\u00ad\u00b5\u00ba\u00bc-\u00be\u0130\u0132\u0133\u013f\u0140\u0149\u017f\u01c4-\u01cc"
    "\u01f0-\u01f3\u02b0-\u02b8\u02e0-\u02e4\u0345\u034f\u0390\u03b0\u03d0-\u03d6\u03f0-\u03f2"
    "\u03f4\u03f5\u03f9\u0587\u061c\u0675-\u0678\u0958-\u095f\u09dc-\u09df\u0a33\u0a36\u0a59-\u0a5e"
    "\u0b5c\u0b5d\u0e33\u0eb3\u0edc\u0edd\u0f43-\u0f69\u10fc\u13f8-\u13fd\u180b-\u180f\u1e96-\u1e9e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2071\u207f\u2090-\u209c\u20a8\u2c7c\u2c7d\u2d6f\u2e9f\u2ef3"
    "\u3038-\u303a\u309f\u30ff\u3131-\u319f\ua69c\ua69d\ua770\ua7f2-\ua7f9\uab5c-\uab69\ufe00-\ufe0f"
    "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a"
)
"""That fold to letters or digits other than themselves, or to nothing. Hangul's vowels and finals,
which join the one before, are among the blocks."""
_ODD_BLOCKS = (
    "1140 1180 11c0 1c80 1d00 1d40 1d80 1f40 1f80 1fc0 2100 2140 2180 2440 2480 24c0 2f00 "
    "2f40 2f80 2fc0 3200 3240 3280 32c0 3300 3340 3380 33c0 ab40 ab80 f900 f940 f980 f9c0 "
    "fa00 fa40 fa80 fac0 fb00 fb40 fb80 fbc0 fc00 fc40 fc80 fcc0 fd00 fd40 fd80 fdc0 fe40 "
    "fe80 fec0 ff40 ff80 ffc0 10780 1d400 1d440 1d480 1d4c0 1d500 1d540 1d580 1d5c0 1d600 "
    "1d640 1d680 1d6c0 1d700 1d740 1d780 1d7c0 1ee00 1ee40 1ee80 1f100 1f140 1f180 1f200 "
    "1f240 1fbc0"
)
"""The same where sixty-four neighbours, which share all bytes but the last, are all taken."""
_ODD_PLANES = (b"\xf0\xaf", b"\xf3\xa0")
_SHARP_S = "ß".encode()


class Sieve:
    """Finds the texts that may name one of some topics, and where in them."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        aliases = {
            fold(alias.removesuffix("*")).text.strip()
            for topic in topics
            for alias in topic.aliases
        }
        self._whole = AhoCorasick(sorted(aliases), implementation=Implementation.DFA)
        cores = {core(alias) for alias in aliases}
        forms = sorted({form.encode() for one in cores for form in _forms(one)})
        # A pattern with a blank line could reach into the next paragraph.
        self._sees_all = "" not in cores and not any("\n" in alias for alias in aliases)
        self._cores = len(forms)
        self._automaton = BytesAhoCorasick(
            [form for form in forms if form] + sorted(odd_signs()),
            matchkind=MatchKind.LeftmostFirst,
            implementation=Implementation.DFA,
        )

    def keep(self, texts: pa.StringArray) -> Iterator[tuple[int, Places | None]]:
        """The rows that may hold a mention, in order, and where; None for anywhere."""
        if not self._sees_all:
            yield from ((row, None) for row in range(len(texts)))
            return
        offsets, content = _lowered(texts)
        found = self._automaton.find_matches_as_indexes(content)
        if not found:
            return
        pattern, start, end = np.array(found).T
        first = np.searchsorted(offsets, start, "right") - 1
        last = np.searchsorted(offsets, end - 1, "right") - 1
        is_plain = (pattern < self._cores) & (first == last)
        kept: dict[int, Places | None] = {}
        places = (start - offsets[first]).tolist()
        for row, stop, plain, place in zip(
            first.tolist(), last.tolist(), is_plain.tolist(), places, strict=True
        ):
            if not plain:
                kept |= dict.fromkeys(range(row, stop + 1))
            elif (known := kept.setdefault(row, [])) is not None:
                known.append(place)
        yield from sorted(kept.items())

    def keeps(self, text: str) -> bool:
        """Whether an alias stands in the folded text, as a word or within one."""
        return bool(self._whole.find_matches_as_indexes(fold(text).text))


def passages(text: str, places: Places) -> list[tuple[int, int]]:
    """Offsets in code points of the paragraphs that hold the places; a blank line ends one."""
    content = text.encode()
    found: list[tuple[int, int]] = []
    done = stop = characters = 0
    for place in places:
        if found and place < stop:
            continue
        cut = content.rfind(_BREAK, stop, place)
        start = stop if cut < 0 else cut + len(_BREAK)
        stop = content.find(_BREAK, place) % (len(content) + 1)
        first = characters + len(content[done:start].decode())
        characters = first + len(content[start:stop].decode())
        found.append((first, characters))
        done = stop
    return found


def core(folded: str) -> str:
    """The longest run of an alias in which folded letters stand as they are written; or none."""
    marked = "".join(sign if _is_steady(sign) else " " for sign in folded)
    return max(_runs(marked), key=len, default="")


def odd_signs() -> set[bytes]:
    """Starts of the UTF-8 of all characters whose folding no core foresees."""
    blocks = (chr(int(block, 16)).encode()[:-1] for block in _ODD_BLOCKS.split())
    return {sign.encode() for sign in _expanded(_ODD_CHARACTERS)} | {*blocks, *_ODD_PLANES}


def _expanded(ranges: str) -> Iterator[str]:
    signs = iter(ranges)
    last = ""
    for sign in signs:
        if sign == "-":
            yield from map(chr, range(ord(last) + 1, ord(next(signs)) + 1))
        else:
            yield (last := sign)


def _is_steady(sign: str) -> bool:
    """Whether only this letter or digit folds to it, or its capital."""
    is_hangul = "\uac00" <= sign <= "\ud7a3"
    return sign.isalnum() and (is_hangul or unicodedata.normalize("NFD", sign) == sign)


def _runs(marked: str) -> Iterator[str]:
    """Each run of steady signs: ASCII, or the start of one in another script with its capitals."""
    for word in marked.split():
        yield from ("".join(sign if sign.isascii() else " " for sign in word)).split()
        for run in ("".join(" " if sign.isascii() else sign for sign in word)).split():
            cased = [at for at, sign in enumerate(run) if len(variants(sign)) > 1]
            yield run[: cased[_CASED_LETTERS]] if len(cased) > _CASED_LETTERS else run


def variants(sign: str) -> set[str]:
    """What folds to a steady letter outside ASCII, in texts without odd signs."""
    return {sign, sign.upper(), *("ς" if sign == "σ" else "")}


def _forms(steady: str) -> Iterator[str]:
    if steady.isascii():
        yield steady
    else:
        yield from map("".join, product(*map(variants, steady)))


def _lowered(texts: pa.StringArray) -> tuple["np.ndarray[tuple[int], np.dtype[np.int32]]", bytes]:
    """Where each text starts, and all their bytes, ASCII letters small and each ß as ss."""
    lowered = pc.ascii_lower(texts)
    _, offsets, content = lowered.buffers()
    if content is None:
        return np.zeros(len(texts) + 1, np.int32), b""
    starts = np.frombuffer(offsets, np.int32)[lowered.offset : lowered.offset + len(texts) + 1]
    return starts, content.to_pybytes().replace(_SHARP_S, b"ss")
