"""Finds the aliases of topics in a folded text."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from unicodedata import category

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from tasks.text.diacritics import Marks
from tasks.text.folding import Folded, superscripts
from tasks.text.sentence_split import UNSPACED
from tasks.topics.topic import (
    EXCLUDES,
    HANDLE_RULES,
    RAISED_RULES,
    Topic,
    folded_phrase,
    phrases_of,
)

# Hangul separates words with spaces, but attaches particles to names (G20에서): it is no boundary.
_HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
_MARKS = "\u0300-\u036f\u0483-\u0489\u20d0-\u20ff\u3099\u309a"
_MARK = re.compile(f"[{_MARKS}]")
# Vowel signs of Indic scripts and Thaana: प्रतिबंध (ban) is not प्रतिबंधित (banned).
_VOWEL_SIGNS = "".join(
    sign
    for sign in map(chr, (*range(0x7A6, 0x7B1), *range(0x900, 0xE00)))
    if category(sign)[0] == "M"
)
# A letter, digit or mark of a script that puts spaces between words.
SPACED = re.compile(rf"[^\W_{UNSPACED}{_HANGUL}]|[{_MARKS}{_VOWEL_SIGNS}]")
# The same for version 1 of the matching rules.
_FIRST_SPACED = re.compile(rf"[^\W_{UNSPACED}{_HANGUL}]|[{_MARKS}]")
# The most frequent characters next to a word; all of them are boundaries.
_OPEN = frozenset(("", *" \n.,:;!?'\"()-"))
WORD_REST = re.compile(rf"(?:{SPACED.pattern})*")

# Patterns of web addresses: a URL, a domain, a mail address, a handle.
_TOP_LEVELS = "com|org|net|int|gov|edu|info|eu|cn|hk|tw|jp|kr|de|fr|es|uk|us|ru|ch|at|it|io|ai|tv"


def _address_pattern(letter: str) -> re.Pattern[str]:
    """The pattern of an address; `letter` matches a letter of a handle."""
    return re.compile(
        r"(?:https?://|www\.)[!-~]+(?:(?<=[/=_-])[^\W_]+[!-~]*)*"  # .../wiki/华为 is one address
        r"|(?<![a-zA-Z0-9_.+-])[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+"  # mail
        rf"|(?<![a-zA-Z0-9_])[@＠]{letter}+(?:[.@-][a-zA-Z0-9_]+)*"  # handle
        # Small letters only: "sold to Huawei.It said" lacks a space, and has no domain.
        r"|(?<![a-zA-Z0-9-])(?<![a-zA-Z0-9-]\.)(?:[a-zA-Z0-9-]+\.)+"
        rf"(?:{_TOP_LEVELS})(?![a-zA-Z0-9-])(?:[/?#:][!-~]*)?"
    )


_EARLIER_ADDRESS = _address_pattern(r"\w")
# In Japanese, @ also means "in", and kana follow the place without a gap: 開幕＠大阪で制裁を議論.
_ADDRESS = _address_pattern(r"[^\W\u3041-\u30ff\uff66-\uff9f]")
_WORD = re.compile(r"\S*")
_ADDRESS_SIGN = re.compile(r"[@＠/.]")
_GAPS = frozenset(("", " ", "\n"))
# Characters searched on each side of a match: a page may be one endless word.
_CONTEXT_CHARS = 300


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase of one topic."""

    topic: str
    alias: str  # as the definition has it
    role: int  # the number of its group, or EXCLUDES and so on
    rules: int  # the version of the matching rules of its topic
    raised: str  # the superscripts that a mention must have, where it has any
    is_bounded_left: bool  # a mention must begin at a word boundary
    extends_left: bool  # a mention extends to the beginning of the word that contains it
    is_bounded_right: bool
    extends_right: bool


# Matches: index of the pattern, start and end in a folded text.
Occurrences = list[tuple[int, int, int]]
_Span = tuple[int, int, Phrase]  # Start and end of a phrase


class AliasMatcher:
    """One automaton for the phrases of all topics of one case mode."""

    def __init__(
        self,
        topics: Iterable[Topic],
        *,
        keep_case: bool,
        marks: Marks,
        cased: Iterable[Topic] = (),
    ) -> None:
        spaced = _FIRST_SPACED if marks == "all" else SPACED
        self._is_spaced = lru_cache(maxsize=4096)(lambda sign: bool(spaced.match(sign)))
        self._word_rest = re.compile(f"(?:{spaced.pattern})*")
        by_pattern: dict[str, list[Phrase]] = defaultdict(list)
        for topic in topics:
            for phrase, role in phrases_of(topic):
                pattern = folded_phrase(phrase, keep_case=keep_case, marks=marks)
                found = Phrase(
                    topic.topic_id,
                    phrase,
                    role,
                    topic.rules,
                    superscripts(phrase) if topic.rules >= RAISED_RULES else "",
                    *self._edge(pattern[0], is_open=phrase.startswith("*")),
                    *self._edge(pattern[-1], is_open=phrase.endswith("*")),
                )
                by_pattern[pattern].append(found)
        others = {
            folded_phrase(phrase, marks=marks) for topic in cased for phrase, _ in phrases_of(topic)
        }
        patterns = list(by_pattern | {other: by_pattern.get(other, []) for other in others})
        self._phrases = [by_pattern.get(pattern, []) for pattern in patterns]
        self._cased = frozenset(map(patterns.index, others))
        self._automaton = AhoCorasick(
            patterns, matchkind=MatchKind.Standard, implementation=Implementation.DFA
        )

    def find_occurrences(self, folded: Folded) -> Occurrences:
        """All occurrences of the patterns, also within words."""
        # With leftmost-longest matching, `G20 summit`, rejected in `G20 summiteers` because it
        # lacks a boundary, would hide `G20`, and one topic's alias would hide another's.
        return self._automaton.find_matches_as_indexes(folded.text, overlapping=True)

    def cased_starts(self, found: Occurrences) -> list[int]:
        """Starts of phrases of the `cased` topics, written in any case."""
        return [start for index, start, _ in found if index in self._cased]

    def mentions(self, folded: Folded, found: Occurrences) -> list[tuple[int, int, Phrase]]:
        """Select the mentions among all occurrences: offsets in the original text, and phrase."""
        text, spans = folded.text, list[_Span]()
        for index, start, end in found:
            before, after = text[start - 1 : start], text[end : end + 1]
            for phrase in self._phrases[index]:
                if phrase.is_bounded_left and before not in _OPEN and self._is_spaced(before):
                    continue
                # A mark that remains after folding makes the last letter another letter.
                if after not in _OPEN and (
                    (phrase.is_bounded_right and self._is_spaced(after)) or _MARK.match(after)
                ):
                    continue
                if phrase.raised and phrase.raised != superscripts(
                    folded.original[slice(*folded.span(start, end))]
                ):
                    continue
                first, last = start, end
                if phrase.extends_left:
                    rest = self._word_rest.match(text[max(0, start - _CONTEXT_CHARS) : start][::-1])
                    first -= rest.end() if rest else 0
                if phrase.extends_right and (rest := self._word_rest.match(text, end)):
                    last = rest.end()
                spans.append((first, last, phrase))
        if not spans:
            return []
        earlier = _Addresses(folded.original, _EARLIER_ADDRESS)
        latest = _Addresses(folded.original, _ADDRESS)
        places = ((*folded.span(start, end), phrase) for start, end, phrase in _resolved(spans))
        return [
            mention
            for mention in places
            if not (latest if mention[2].rules >= HANDLE_RULES else earlier).hold(*mention[:2])
        ]

    def _edge(self, sign: str, *, is_open: bool) -> tuple[bool, bool]:
        """For the outer character of a phrase: (is bounded, extends over the word)."""
        is_spaced = self._is_spaced(sign)
        return is_spaced and not is_open, is_spaced and is_open


@lru_cache(maxsize=4096)
def is_spaced(sign: str) -> bool:
    """Whether the character is a letter, digit or mark of a script with spaces between words."""
    return bool(SPACED.match(sign))


def _resolved(spans: list[_Span]) -> Iterator[_Span]:
    """The spans to keep: for each group of a topic the leftmost and longest, without overlaps.

    Spans that overlap an `exclude` phrase are dropped. All phrases that only set conditions stay.
    """
    spans.sort(key=itemgetter(0))
    first = stop = 0
    for number, span in enumerate(spans):
        if span[0] >= stop:
            yield from _resolve_chain(spans[first:number])
            first = number
        stop = max(stop, span[1])
    yield from _resolve_chain(spans[first:])


def _resolve_chain(spans: list[_Span]) -> Iterator[_Span]:
    """The spans to keep of one chain of overlapping spans, by the rules of `_resolved`."""
    if len(spans) < 2:
        yield from (span for span in spans if span[2].role != EXCLUDES)
        return
    by_topic: dict[str, list[_Span]] = defaultdict(list)
    # Of aliases at the same place, that with the longest spelling, then the alphabetically first.
    for span in sorted(spans, key=lambda s: (s[0], -s[1], -len(s[2].alias), s[2].alias)):
        by_topic[span[2].topic].append(span)
    for own in by_topic.values():
        excluded = [span for span in own if span[2].role == EXCLUDES]
        stops: dict[int, int] = {}
        for span in own:
            role = span[2].role
            if role < 0:
                if role != EXCLUDES:
                    yield span
            elif span[0] >= stops.get(role, 0) and not any(
                span[0] < other[1] and other[0] < span[1] for other in excluded
            ):
                stops[role] = span[1]
                yield span


class _Addresses:
    """The URLs, mail addresses and handles of a text, searched for word by word on demand."""

    def __init__(self, text: str, pattern: re.Pattern[str]) -> None:
        self._text = text
        self._pattern = pattern
        self._known: dict[tuple[int, int], list[tuple[int, int]]] = {}

    def hold(self, start: int, end: int) -> bool:
        """Whether the text from `start` to `end` begins within a web address."""
        text = self._text
        is_apart = text[end : end + 1] in _GAPS and text[start - 1 : start] in _GAPS
        # Most matches are separate words without the characters of an address.
        if is_apart and (text[start:end].isalnum() or not _ADDRESS_SIGN.search(text, start, end)):
            return False
        before = text[max(0, start - _CONTEXT_CHARS) : start]
        word = start
        if before and not before[-1].isspace():
            word -= len(before.rsplit(None, 1)[-1])
        rest = _WORD.match(text, start, start + _CONTEXT_CHARS)
        place = word, rest.end() if rest else start
        if place not in self._known:
            has_sign = _ADDRESS_SIGN.search(text, *place)
            found = self._pattern.finditer(text, *place) if has_sign else ()
            self._known[place] = [match.span() for match in found]
        return any(first <= start < last for first, last in self._known[place])
