"""A text in which phrases were found: its sentences, paragraphs and words, and its mentions."""

import dataclasses
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from tasks.text.sentence_split import UNSPACED, sentence_starts
from tasks.topics.alias_matcher import WORD_REST, Phrase, is_spaced
from tasks.topics.topic import SENTENCE_RULES

_CONTEXT_CHARS = 60
# A blank line ends a paragraph, as it ends a sentence.
_BREAK = re.compile(r"(?:\n[^\S\n]*\n|\u2029)\s*")
_WORD = re.compile(rf"([{UNSPACED}])|[^\W_{UNSPACED}][^\s{UNSPACED}]*")
# In scripts without spaces two characters count as a word, the usual length.
HALVES = 2

Span = tuple[int, int, Phrase]  # Offsets of a phrase in its text


class Hit(NamedTuple):
    """One mention in one field; offsets are in code points of the original field."""

    topic_id: str
    alias: str
    field: str
    sentence_no: int
    paragraph_no: int
    char_start: int
    char_end: int
    matched_text: str
    context_left: str
    context_right: str


@dataclasses.dataclass
class FieldText:
    """One field of an article, or one line of its captions."""

    field: str
    text: str
    spans: list[Span]
    # Its place in the field: code points, sentences and paragraphs before it; sentences by whether
    # the rules are earlier than SENTENCE_RULES.
    offset: int = 0
    sentences: Mapping[bool, int] = dataclasses.field(default_factory=dict)
    paragraphs: int = 0

    def __post_init__(self) -> None:
        self.spans.sort(key=lambda span: (span[0], span[1], span[2].topic))

    def sentence(self, place: int, rules: int) -> int:
        """The number of the sentence in which the offset lies, by a version of the rules."""
        is_earlier = rules < SENTENCE_RULES
        starts = self._earlier_starts if is_earlier else self._sentence_starts
        return max(0, bisect_right(starts, place) - 1) + self.sentences.get(is_earlier, 0)

    def paragraph(self, place: int) -> int:
        """The number of the paragraph in this text in which the offset lies."""
        return bisect_right(self._paragraph_starts, place)

    def half_word_span(self, start: int, end: int) -> tuple[int, int]:
        """Where the words that hold `text[start:end]` begin and end, in half words."""
        starts, ends, before = self._words
        first = bisect_right(starts, start) - 1
        if first < 0 or ends[first] <= start:  # it begins with a character before the word
            first += 1
        last = max(first, bisect_left(starts, end) - 1)
        return before[first], before[min(last + 1, len(starts))]

    def hits(self) -> list[Hit]:
        """Its mentions, in their order."""
        if not self.spans:
            return []
        text, offset = self.text, self.offset
        paragraphs = self._paragraph_starts
        return [
            Hit(
                phrase.topic,
                phrase.alias,
                self.field,
                self.sentence(start, phrase.rules),
                bisect_right(paragraphs, start) + self.paragraphs,
                start + offset,
                end + offset,
                text[start:end],
                # Read backwards, so that both contexts are cut by the same rules.
                _context(text[max(0, start - 2 * _CONTEXT_CHARS) : start][::-1])[::-1],
                _context(text[end : end + 2 * _CONTEXT_CHARS]),
            )
            for start, end, phrase in self.spans
        ]

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return sentence_starts(self.text, self.spans[-1][0])

    @cached_property
    def _earlier_starts(self) -> list[int]:
        return sentence_starts(self.text, self.spans[-1][0], is_earlier=True)

    @cached_property
    def _paragraph_starts(self) -> list[int]:
        """Where each paragraph after the first starts, up to the last phrase."""
        first = len(self.text) - len(self.text.lstrip())
        breaks = _BREAK.finditer(self.text, first, self.spans[-1][0])
        return [found.end() for found in breaks]

    @cached_property
    def _words(self) -> tuple[list[int], list[int], list[int]]:
        """Where each word starts and ends, and the half words before it and after the last."""
        words = list(_WORD.finditer(self.text))
        widths = (1 if word[1] else HALVES for word in words)
        return (
            [word.start() for word in words],
            [word.end() for word in words],
            list(accumulate(widths, initial=0)),
        )


def caption_lines(captions: str, find: Callable[[str], list[Span]]) -> Iterator[FieldText]:
    """The lines of joined captions, with the phrases that `find` finds in each."""
    lines = [(line, find(line)) for line in re.findall(r"[^\n]*\n|[^\n]+", captions)]
    # Sentences are counted by the rules of the phrases that are there, seldom by both.
    sentences = {phrase.rules < SENTENCE_RULES: 0 for _, spans in lines for _, _, phrase in spans}
    offset = 0
    for number, (line, spans) in enumerate(lines):
        yield FieldText("caption", line, spans, offset, sentences.copy(), number)
        offset += len(line)
        for is_earlier in sentences:
            sentences[is_earlier] += len(sentence_starts(line, is_earlier=is_earlier))


def _context(further: str) -> str:
    """The context after a mention: cut at the end of a word, with gaps as one space."""
    near = further[: _CONTEXT_CHARS + 1]
    # The only printable gap is one space.
    if not near.isprintable() or "  " in near:
        near = " ".join(f"|{further}|".split())[1:-1]
    kept = near[:_CONTEXT_CHARS]
    if len(near) > _CONTEXT_CHARS and is_spaced(near[_CONTEXT_CHARS]):
        rest = WORD_REST.match(kept[::-1])
        kept = kept[: len(kept) - rest.end() if rest else None] or kept
    return kept.rstrip()
