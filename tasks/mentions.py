"""Counting topics: every place where an alias names one."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import pyarrow as pa
from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from tasks.addresses import Addresses
from tasks.schemas import MENTION_SCHEMA
from tasks.text import UNSPACED, Folded, fold, sentences
from tasks.topics import Topic

_CONTEXT = 60

# A letter, digit or mark of a script that puts spaces between words. Hangul does, and yet hangs
# particles on names (G20에서), so it bounds nothing.
_HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
_MARKS = "\u0300-\u036f\u0483-\u0489\u20d0-\u20ff\u3099\u309a"
_MARK = re.compile(f"[{_MARKS}]")
_SPACED = re.compile(rf"[^\W_{UNSPACED}{_HANGUL}]|[{_MARKS}]")
_WORD_REST = re.compile(rf"(?:[^\W_{UNSPACED}{_HANGUL}]|[{_MARKS}])*")

_GAP = re.compile(r"\s+")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Hit:
    """One mention in one field; offsets are in code points of the field as it stands."""

    topic_id: str
    alias: str
    field: str
    sentence_no: int
    char_start: int
    char_end: int
    matched_text: str
    context_left: str
    context_right: str


@dataclass(frozen=True, slots=True)
class _Phrase:
    topic: str
    alias: str | None
    """None for an excluded phrase."""
    is_prefix: bool
    left: bool
    """Whether the left edge needs a boundary."""
    right: bool


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    phrase: _Phrase


class _Lexicon:
    """The phrases of the topics of one case mode in one automaton.

    Overlapping matches are asked for: leftmost-longest would let `G20 summit`, refused in
    `G20 summiteers` for want of a boundary, hide the `G20` within, and one topic's alias hide
    another's.
    """

    def __init__(self, topics: Iterable[Topic], *, keep_case: bool) -> None:
        by_pattern: dict[str, list[_Phrase]] = defaultdict(list)
        for topic in topics:
            for phrase in topic.aliases + topic.exclude:
                pattern = fold(phrase.removesuffix("*"), keep_case=keep_case).text.strip()
                alias = phrase if phrase in topic.aliases else None
                by_pattern[pattern].append(_phrase(topic.id, alias, phrase, pattern))
        self._phrases = list(by_pattern.values())
        self._automaton = AhoCorasick(
            list(by_pattern), matchkind=MatchKind.Standard, implementation=Implementation.DFA
        )

    def find(self, folded: Folded) -> Iterator[tuple[_Phrase, int, int]]:
        """Each mention's phrase and its offsets in the original text."""
        found = self._automaton.find_matches_as_indexes(folded.text, overlapping=True)
        if not found:
            return
        spans = [
            _Span(start, _end_of(phrase, folded.text, end), phrase)
            for index, start, end in found
            for phrase in self._phrases[index]
            if _is_bounded(phrase, folded.text, start, end)
        ]
        addresses = Addresses(folded.original)
        for span in _resolved(spans):
            start, end = folded.span(span.start, span.end)
            if not addresses.hold(start):
                yield span.phrase, start, end


class Matcher:
    """Finds the mentions of a set of topics in a text."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        caseless = [topic for topic in topics if not topic.case_sensitive]
        cased = [topic for topic in topics if topic.case_sensitive]
        self._caseless = _Lexicon(caseless, keep_case=False) if caseless else None
        self._cased = _Lexicon(cased, keep_case=True) if cased else None

    def find(self, text: str, field: str = "body") -> list[Hit]:
        """All mentions in one field, in the order of the text.

        Each line of the field `caption` is a text of its own.
        """
        if field != "caption":
            return self._find_in(text, field, 0, 0)[0]
        hits: list[Hit] = []
        offset = sentence_no = 0
        for line in _LINE.findall(text):
            found, sentence_no = self._find_in(line, field, offset, sentence_no)
            hits += found
            offset += len(line)
        return hits

    def _find_in(
        self, text: str, field: str, offset: int, sentence_no: int
    ) -> tuple[list[Hit], int]:
        """The hits of a part of a field, and the number of the sentence behind that part."""
        found = sorted(self._find(text), key=lambda hit: (hit[1], hit[2], hit[0].topic))
        if not found and field != "caption":
            return [], sentence_no
        starts = [start for start, _ in sentences(text)]
        hits = [
            _hit(text, field, phrase, start, end, offset, sentence_no + _index(starts, start))
            for phrase, start, end in found
        ]
        return hits, sentence_no + len(starts)

    def _find(self, text: str) -> Iterator[tuple[_Phrase, int, int]]:
        folded = fold(text, keep_case=self._cased is not None)
        cased = self._cased.find(folded) if self._cased else ()
        caseless = self._caseless.find(folded.without_case()) if self._caseless else ()
        return chain(cased, caseless)


def count(
    articles: pa.Table | pa.RecordBatch, topics: Sequence[Topic], versions: Mapping[str, int]
) -> pa.Table:
    """Count topics over articles.

    Args:
        articles: with the columns article_id, version_no, headline, standfirst, body, captions.
        topics: what to count.
        versions: the number of each topic's definition, by topic id.

    Returns:
        A table of MENTION_SCHEMA, a row a mention: by article as given, then field, then place.
    """
    matcher = _matcher(tuple(topics))
    texts = zip(
        *(articles.column(name).to_pylist() for name in ("headline", "standfirst", "body")),
        articles.column("captions").to_pylist(),
        strict=True,
    )
    rows: list[int] = []
    hits: list[Hit] = []
    for row, fields in enumerate(texts):
        found = _article_hits(matcher, *fields)
        rows += [row] * len(found)
        hits += found
    return _table(articles, rows, hits, versions)


@lru_cache(maxsize=2)
def _matcher(topics: tuple[Topic, ...]) -> Matcher:
    return Matcher(topics)


def _article_hits(
    matcher: Matcher,
    headline: str | None,
    standfirst: str | None,
    body: str | None,
    captions: list[str] | None,
) -> list[Hit]:
    fields = {
        "headline": headline,
        "standfirst": standfirst,
        "body": body,
        "caption": "\n".join(captions or ()),
    }
    return [hit for field, text in fields.items() if text for hit in matcher.find(text, field)]


def _table(
    articles: pa.Table | pa.RecordBatch,
    rows: list[int],
    hits: list[Hit],
    versions: Mapping[str, int],
) -> pa.Table:
    chosen = articles.select(["article_id", "version_no"]).take(pa.array(rows, pa.int64()))
    columns: dict[str, Any] = {name: chosen.column(name) for name in chosen.schema.names}
    columns["topic_version"] = [versions[hit.topic_id] for hit in hits]
    for name in Hit.__slots__:
        columns[name] = [getattr(hit, name) for hit in hits]
    return pa.table([columns[name] for name in MENTION_SCHEMA.names], schema=MENTION_SCHEMA)


def _phrase(topic: str, alias: str | None, phrase: str, pattern: str) -> _Phrase:
    is_prefix = phrase.endswith("*")
    return _Phrase(
        topic=topic,
        alias=alias,
        is_prefix=is_prefix,
        left=bool(_SPACED.match(pattern[0])),
        right=bool(_SPACED.match(pattern[-1])) and not is_prefix,
    )


def _is_bounded(phrase: _Phrase, text: str, start: int, end: int) -> bool:
    if phrase.left and start and _SPACED.match(text, start - 1):
        return False
    # A mark that is left after folding makes another letter of the last one.
    return not _MARK.match(text, end) and not (phrase.right and _SPACED.match(text, end))


def _end_of(phrase: _Phrase, text: str, end: int) -> int:
    if not phrase.is_prefix or not _SPACED.match(text, end - 1):
        return end
    rest = _WORD_REST.match(text, end)
    return rest.end() if rest else end


def _resolved(spans: Iterable[_Span]) -> Iterator[_Span]:
    """For each topic: without what an excluded phrase touches, leftmost and longest first."""
    by_topic: dict[str, list[_Span]] = defaultdict(list)
    for span in spans:
        by_topic[span.phrase.topic].append(span)
    for found in by_topic.values():
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


def _index(starts: list[int], position: int) -> int:
    return max(0, bisect_right(starts, position) - 1)


def _hit(
    text: str, field: str, phrase: _Phrase, start: int, end: int, offset: int, sentence_no: int
) -> Hit:
    return Hit(
        topic_id=phrase.topic,
        alias=phrase.alias or "",
        field=field,
        sentence_no=sentence_no,
        char_start=offset + start,
        char_end=offset + end,
        matched_text=text[start:end],
        context_left=_before(text, start),
        context_right=_after(text, end),
    )


def _before(text: str, start: int) -> str:
    near = _GAP.sub(" ", text[max(0, start - 2 * _CONTEXT) : start])
    kept = near[-_CONTEXT:]
    if len(near) > _CONTEXT and _SPACED.match(near[-_CONTEXT - 1]):
        rest = _WORD_REST.match(kept)
        kept = kept[rest.end() if rest else 0 :] or kept
    return kept.lstrip()


def _after(text: str, end: int) -> str:
    near = _GAP.sub(" ", text[end : end + 2 * _CONTEXT])
    kept = near[:_CONTEXT]
    if len(near) > _CONTEXT and _SPACED.match(near[_CONTEXT]):
        size = len(kept)
        while size and _SPACED.match(kept[size - 1]):
            size -= 1
        kept = kept[:size] or kept
    return kept.rstrip()
