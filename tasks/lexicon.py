"""The phrases of topics, and where they stand in a folded text."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from tasks.addresses import Addresses
from tasks.text import UNSPACED, Folded, fold
from tasks.topics import Topic

# A letter, digit or mark of a script that puts spaces between words. Hangul does, and yet hangs
# particles on names (G20에서), so it bounds nothing.
_HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
_MARKS = "\u0300-\u036f\u0483-\u0489\u20d0-\u20ff\u3099\u309a"
_MARK = re.compile(f"[{_MARKS}]")
SPACED = re.compile(rf"[^\W_{UNSPACED}{_HANGUL}]|[{_MARKS}]")
_OPEN = frozenset(("", *" \n.,:;!?'\"()-"))
"""What most often stands beside a word, and bounds it."""
WORD_REST = re.compile(rf"(?:[^\W_{UNSPACED}{_HANGUL}]|[{_MARKS}])*")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One alias, or excluded phrase, of one topic."""

    topic: str
    alias: str | None
    """None for an excluded phrase."""
    is_prefix: bool
    left: bool
    """Whether the left edge needs a boundary."""
    right: bool


class _Span(NamedTuple):
    start: int
    end: int
    phrase: Phrase


class Lexicon:
    """The phrases of the topics of one case mode in one automaton.

    Overlapping matches are asked for: leftmost-longest would let `G20 summit`, refused in
    `G20 summiteers` for want of a boundary, hide the `G20` within, and one topic's alias hide
    another's.
    """

    def __init__(self, topics: Iterable[Topic], *, keep_case: bool) -> None:
        by_pattern: dict[str, list[Phrase]] = defaultdict(list)
        for topic in topics:
            for phrase in topic.aliases + topic.exclude:
                pattern = _pattern(phrase, keep_case=keep_case)
                alias = phrase if phrase in topic.aliases else None
                by_pattern[pattern].append(_phrase(topic.id, alias, phrase, pattern))
        self._phrases = list(by_pattern.values())
        self._automaton = _automaton(by_pattern)
        self._in_any_case = _automaton({pattern.casefold() for pattern in by_pattern})

    def may_stand_in(self, folded: Folded) -> bool:
        """Whether a phrase stands in the text, its case folded, in whatever case."""
        return bool(self._in_any_case.find_matches_as_indexes(folded.text))

    def find(self, folded: Folded) -> Iterator[tuple[Phrase, int, int]]:
        """Each mention's phrase and its offsets in the original text."""
        found = self._automaton.find_matches_as_indexes(folded.text, overlapping=True)
        if not found:
            return
        text = folded.text
        spans = [
            _Span(start, _end_of_word(text, end) if phrase.is_prefix else end, phrase)
            for index, start, end in found
            for phrase in self._phrases[index]
            if _is_bounded(phrase, text, start, end)
        ]
        if not spans:
            return
        addresses = Addresses(folded.original)
        for span in _resolved(spans):
            start, end = folded.span(span.start, span.end)
            if not addresses.hold(start):
                yield span.phrase, start, end


def _automaton(patterns: Iterable[str]) -> AhoCorasick:
    return AhoCorasick(
        list(patterns), matchkind=MatchKind.Standard, implementation=Implementation.DFA
    )


def _pattern(phrase: str, *, keep_case: bool) -> str:
    return fold(phrase.removesuffix("*"), keep_case=keep_case).text.strip()


def _phrase(topic: str, alias: str | None, phrase: str, pattern: str) -> Phrase:
    is_prefix = phrase.endswith("*")
    return Phrase(
        topic=topic,
        alias=alias,
        is_prefix=is_prefix,
        left=bool(SPACED.match(pattern[0])),
        right=bool(SPACED.match(pattern[-1])) and not is_prefix,
    )


def _is_bounded(phrase: Phrase, text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if phrase.left and before not in _OPEN and SPACED.match(before):
        return False
    # A mark that is left after folding makes another letter of the last one.
    return after in _OPEN or not (_MARK.match(after) or (phrase.right and SPACED.match(after)))


def _end_of_word(text: str, end: int) -> int:
    if not SPACED.match(text, end - 1):
        return end
    rest = WORD_REST.match(text, end)
    return rest.end() if rest else end


def _resolved(spans: Iterable[_Span]) -> Iterator[_Span]:
    """For each topic: without what an excluded phrase touches, leftmost and longest first."""
    by_topic: dict[str, list[_Span]] = defaultdict(list)
    for span in spans:
        by_topic[span.phrase.topic].append(span)
    for found in by_topic.values():
        if len(found) == 1:
            yield from (span for span in found if span.phrase.alias is not None)
            continue
        excluded = [span for span in found if span.phrase.alias is None]
        stop = 0
        for span in sorted(found, key=_precedence):
            is_free = span.phrase.alias is not None and span.start >= stop
            if is_free and not any(_touch(span, other) for other in excluded):
                stop = span.end
                yield span


def _precedence(span: _Span) -> tuple[int, int, int, str]:
    alias = span.phrase.alias or ""
    return span.start, -span.end, -len(alias), alias


def _touch(one: _Span, other: _Span) -> bool:
    return one.start < other.end and other.start < one.end
