"""Finds at little cost the few texts of an Arrow column that can contain a mention.

One automaton searches the column's bytes in memory, without decoding. It looks for the *core* of
each alias, a run of letters and digits that folding produces only from themselves, small or
capital. A text with one of the few characters that fold to other letters is folded and searched as
a whole. Where a core is found, only its paragraph is searched further.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ahocorasick_rs import AhoCorasick, BytesAhoCorasick, Implementation, MatchKind

from tasks.text.diacritics import Marks
from tasks.text.folding import fold
from tasks.topics.alias_cores import core, forms, odd_characters
from tasks.topics.topic import FORBIDS, Topic, folded_phrase, phrases_of

Array = np.ndarray[Any, np.dtype[Any]]
# Offsets in a text's UTF-8; each mention is in the paragraph of one of them.
Places = list[int]

# Bytes searched at a time. Larger arrays would not stay in the CPU's cache, and their memory would
# be requested from the system each time.
BATCH_BYTES = 500_000
_BREAK = b"\n\n"
_MAX_BITS = 62  # Groups of boolean topics that are distinguished
_ALWAYS = 1  # The bit of the other topics
_EVERY = np.uint64((1 << 64) - 1)
_FIRST_LEAD = 0xC2
_MAX_CHARACTER_BYTES = 4  # Bytes of a character in UTF-8
_SHARP_S = "ß".encode()
_IS_ODD, _IS_SHARP = 1, 2


@dataclass(frozen=True)
class FoundForms:
    """The forms found in the texts of a column."""

    rows: int
    whole: Array  # Rows to be searched as a whole
    # For each match: number of the form, row, and offset in the text's UTF-8.
    form: Array
    row: Array
    place: Array


class Prefilter:
    """Finds the texts that may mention one of the given topics, and the places in them."""

    def __init__(self, topics: Iterable[Topic], marks: Marks = "written") -> None:
        self._marks = marks
        aliases, phrases = set[str](), set[str]()
        # By form: the groups of boolean topics that it stands for, and the topics that need it.
        stands_for: dict[str, int] = defaultdict(int)
        needed_by: dict[str, int] = defaultdict(int)
        self._groups: list[int] = []  # bits of the groups, by boolean topic
        bits = far = 0
        for topic in topics:
            is_known = 0 < len(topic.all_of) <= _MAX_BITS - bits
            if is_known:
                self._groups.append(((1 << len(topic.all_of)) - 1) << bits)
                far |= self._groups[-1] if topic.within == "article" else 0
            need = 1 << len(self._groups) if is_known else _ALWAYS
            for phrase, role in phrases_of(topic):
                phrases.add(folded := folded_phrase(phrase, marks=marks))
                # Other phrases matter only in the paragraph of a phrase that counts.
                if role < 0 and not (role == FORBIDS and topic.within in ("article", "words")):
                    continue
                aliases.add(folded)
                for form in forms(core(folded)):
                    needed_by[form] |= need
                    stands_for[form] |= 1 << (bits + role) if is_known and role >= 0 else 0
            bits += len(topic.all_of) if is_known else 0
        self._whole = AhoCorasick(sorted(aliases), implementation=Implementation.DFA)
        stays = not any("\n" in phrase for phrase in phrases)  # within its paragraph
        self._sees_all = "" not in needed_by and stays
        written = sorted(form for form in needed_by if form)
        self._far = np.uint64(far)  # Groups that may stand in different fields
        self._needed_by = np.array([needed_by[form] for form in written], np.uint64)
        self._stands_for = np.array([stands_for[form] for form in written], np.uint64)
        self._automaton = BytesAhoCorasick(
            [form.encode() for form in written],
            # A form must not hide one of another group.
            matchkind=MatchKind.Standard if self.has_groups else MatchKind.LeftmostFirst,
            implementation=Implementation.DFA,
        )

    @property
    def has_groups(self) -> bool:
        """Whether any of the topics is boolean."""
        return bool(self._groups)

    def find_forms(self, texts: pa.StringArray) -> FoundForms | None:
        """The forms in a column; None if a text may contain a mention without any form."""
        if not self._sees_all:
            return None
        rows = max(1, len(texts) * BATCH_BYTES // max(1, texts.nbytes))
        parts = []
        for before in range(0, len(texts), rows):
            starts, content, odd = _lowered(texts.slice(before, rows))
            found = self._automaton.find_matches_as_indexes(
                content.data, overlapping=self.has_groups
            )
            form, start, end = np.array(found, np.int64).reshape(-1, 3).T
            first, last = _rows(starts, start), _rows(starts, end - 1)
            inside = first == last
            # A match across two texts may hide one that begins in the second.
            across = zip(first[~inside], last[~inside] + 1, strict=True)
            whole = np.hstack([_rows(starts, odd), *(np.arange(*pair) for pair in across)])
            row = first[inside]
            parts.append((whole + before, form[inside], row + before, start[inside] - starts[row]))
        if not parts:
            return FoundForms(0, *[np.zeros(0, np.int64)] * 4)
        return FoundForms(len(texts), *map(np.hstack, zip(*parts, strict=True)))

    def possible_groups(self, found: FoundForms) -> Array:
        """The groups of boolean topics that each row may contain, as bits."""
        present = np.zeros(found.rows, np.uint64)
        np.bitwise_or.at(present, found.row, self._stands_for[found.form])
        present[found.whole] = _EVERY
        return present

    def keep(
        self, found: FoundForms, present: Array | None = None
    ) -> list[tuple[int, Places | None]]:
        """The rows that may contain a mention, in order, with the places; None for anywhere.

        `present` has the groups that each row's article may contain, if any topic has groups.
        """
        kept: dict[int, Places | None] = dict.fromkeys(found.whole.tolist())
        row, place = found.row, found.place
        if present is not None:
            # A topic that needs the form may count in the row.
            both = (present & self._far) | (self.possible_groups(found) & ~self._far)
            possible = np.full(found.rows, _ALWAYS, np.uint64)
            for number, groups in enumerate(map(np.uint64, self._groups), 1):
                possible |= ((both & groups) == groups).astype(np.uint64) << np.uint64(number)
            is_needed = (self._needed_by[found.form] & possible[found.row]) != 0
            row, place = row[is_needed], place[is_needed]
        for number, offset in zip(row.tolist(), place.tolist(), strict=True):
            if (places := kept.setdefault(number, [])) is not None:
                places.append(offset)
        return sorted(kept.items(), key=lambda item: item[0])

    def keeps(self, text: str) -> bool:
        """Whether the folded text contains an alias, as a word or within one."""
        return bool(self._whole.find_matches_as_indexes(fold(text, marks=self._marks).text))


def contents_of(column: pa.StringArray, rows: Sequence[int]) -> Iterator[bytes]:
    """The UTF-8 bytes of the texts of some rows, from the column's buffers; empty for a null."""
    _, offsets, characters = column.buffers()
    bounds = np.frombuffer(offsets, np.int32)[column.offset :]
    content = memoryview(characters or b"")
    chosen = np.array(rows, np.int64)
    for start, end in zip(bounds[chosen].tolist(), bounds[chosen + 1].tolist(), strict=True):
        yield bytes(content[start:end])


def passages(content: bytes, text: str, places: Places) -> list[tuple[int, int]]:
    """Offsets in code points of the paragraphs with these places; a blank line ends a paragraph.

    `content` is the text in UTF-8, `places` are offsets in it.
    """
    bounds = []
    stop = -1
    for place in places:
        if place >= stop:
            cut = content.rfind(_BREAK, max(stop, 0), place)
            start = max(stop, 0) if cut < 0 else cut + len(_BREAK)
            stop = content.find(_BREAK, place) % (len(content) + 1)  # not found: the text's end
            bounds.append((start, stop))
    if len(content) == len(text):
        return bounds
    decoded = characters = 0
    counted = []
    for start, stop in bounds:
        first = characters + len(content[decoded:start].decode())
        characters = first + len(content[start:stop].decode())
        counted.append((first, characters))
        decoded = stop
    return counted


def _lowered(texts: pa.StringArray) -> tuple[Array, Array, Array]:
    """Starts of the texts; their bytes, with small A-Z, and ss for ß; places of odd characters."""
    lowered = pc.ascii_lower(texts)
    _, offsets, characters = lowered.buffers()
    starts = np.frombuffer(offsets, np.int32)[lowered.offset : lowered.offset + len(texts) + 1]
    content = np.zeros(int(starts[-1]) + _MAX_CHARACTER_BYTES, np.uint8)
    content[:-_MAX_CHARACTER_BYTES] = np.frombuffer(characters or b"", np.uint8, int(starts[-1]))
    leads = np.flatnonzero(content >= _FIRST_LEAD)
    # A character is found up by six bits of each of its first three bytes.
    keys = (content.take(leads) & 0x3F).astype(np.int32)
    for more in (1, 2):
        keys <<= 6
        keys |= content.take(leads + more) & 0x3F
    kinds = _kinds().take(keys)
    sharp = leads[kinds == _IS_SHARP]
    content[sharp] = content[sharp + 1] = ord("s")
    return starts, content, leads[kinds == _IS_ODD]


@cache
def _kinds() -> Array:
    """By the key of `_lowered`: whether the character is odd, or a ß."""
    signs, blocks = odd_characters()
    kinds = np.zeros((64, 64, 64), np.uint8)
    for lead in range(_FIRST_LEAD, 0xE0):
        first = (lead & 0x1F) << 6
        kinds[lead & 0x3F] = signs[first : first + 64, np.newaxis]
    kinds[0x20:0x30] = signs.reshape(16, 64, 64)
    kinds[0x30:0x38] = blocks.reshape(8, 64, 64)
    kinds[_SHARP_S[0] & 0x3F, _SHARP_S[1] & 0x3F] = _IS_SHARP
    return kinds.ravel()


def _rows(starts: Array, places: Array) -> Array:
    """The index of the text that contains each byte."""
    return np.searchsorted(starts, places, "right") - 1
